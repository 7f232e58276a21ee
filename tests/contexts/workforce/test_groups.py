"""Teams, agencies, capacity, settings, and how an organisation begins."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.cast import NOW, TODAY, Cast

from recaudo.journal.models import Event
from recaudo.kernel.money import UnknownCurrency
from recaudo.store import tenancy
from recaudo.workforce import queries, services
from recaudo.workforce.models import Tenant
from recaudo.workforce.services.groups import CapacityInThePast

WEEK = [100, 100, 100, 100, 100, 50, 0]


def as_user(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="recaudo.workforce.backends.StaffBackend")
    return client


def test_capacity_counts_from_its_day_and_by_weekday(cast: Cast) -> None:
    by = {"by": cast.ignacio, "at": NOW, "today": TODAY}
    assert services.set_capacity({"call": WEEK}, valid_from=TODAY, **by) == 6
    later = TODAY + timedelta(days=7)
    services.set_capacity({"call": [200] * 7}, valid_from=later, **by)
    assert queries.capacity_on(TODAY) == {"call": 100}
    assert queries.capacity_on(date(2026, 11, 28)) == {"call": 50}  # a Saturday
    assert queries.capacity_on(later) == {"call": 200}
    assert queries.capacity_on(TODAY - timedelta(days=1)) == {}
    assert queries.coming_capacity(TODAY) == [later]


def test_saving_the_same_capacity_again_changes_nothing(cast: Cast) -> None:
    by = {"by": cast.ignacio, "at": NOW, "today": TODAY}
    services.set_capacity({"call": WEEK}, valid_from=TODAY, **by)
    assert services.set_capacity({"call": WEEK}, valid_from=TODAY, **by) == 0
    assert Event.objects.filter(name="capacity.changed").count() == 1


def test_capacity_of_an_agency_is_its_own(cast: Cast) -> None:
    norte = cast.agencies["NORTE"].id
    services.set_capacity({"call": WEEK}, valid_from=TODAY, today=TODAY, by=cast.ignacio, at=NOW, agency_id=norte)
    assert queries.capacity_on(TODAY) == {} and queries.capacity_on(TODAY, agency_id=norte) == {"call": 100}


def test_the_past_and_nonsense_are_refused(cast: Cast) -> None:
    by = {"by": cast.ignacio, "at": NOW, "today": TODAY}
    with pytest.raises(CapacityInThePast):
        services.set_capacity({"call": WEEK}, valid_from=TODAY - timedelta(days=1), **by)
    for week in ([1] * 6, [-1] * 7, [10**9] * 7):
        with pytest.raises(services.WrongCapacity):
            services.set_capacity({"call": week}, valid_from=TODAY, **by)
    assert queries.capacity_on(TODAY) == {}


def test_ignacio_edits_capacity_on_the_page(cast: Cast) -> None:
    from django.utils import timezone

    from recaudo.kernel.time import local

    today = local(timezone.now(), cast.tenant.zone).date()
    cells = {f"{channel}_{day}": 0 for channel in queries.CAPACITY_CHANNELS for day in range(7)}
    page = as_user(cast.ignacio).post("/usuarios/capacidad/", {**cells, **{f"call_{day}": 70 for day in range(7)}, "valid_from": today.isoformat()})
    assert page.status_code == 302
    assert queries.capacity_on(today)["call"] == 70
    wrong = as_user(cast.ignacio).post("/usuarios/capacidad/", {**cells, "call_0": "-3", "valid_from": "2001-01-01"})
    assert wrong.status_code == 200 and queries.capacity_on(today)["call"] == 70


def test_who_only_looks_sees_numbers_and_no_form(cast: Cast) -> None:
    services.change_user(cast.elena, name="Elena", roles=["auditor"], by=cast.ignacio, at=NOW)
    client = as_user(cast.elena)
    assert "Guardar capacidad" not in client.get("/usuarios/capacidad/").content.decode()
    assert client.post("/usuarios/capacidad/", {}).status_code == 403


def test_a_team_keeps_its_members_and_its_name_is_its_own(cast: Cast) -> None:
    given = {"channel": "call", "supervisor": cast.sofia, "by": cast.ignacio, "at": NOW}
    team = services.save_team(None, name="Mañana", members=[cast.ana, cast.beto], **given)
    services.save_team(team, name="Mañana", members=[cast.beto], **given)
    assert [user.name for user in team.members.all()] == ["Beto Luna"]
    with pytest.raises(services.NameTaken):
        services.save_team(None, name="mañana", members=[], **given)
    assert queries.teams().get().member_count == 1


def test_teams_and_agencies_are_made_on_the_page(cast: Cast) -> None:
    client = as_user(cast.ignacio)
    made = client.post("/usuarios/equipos/nuevo/", {"name": "Tarde", "channel": "call", "supervisor": str(cast.sofia.id), "agency": "", "members": [str(cast.ana.id)]})
    assert made.status_code == 302
    agency = {"name": "Despacho Este", "code": "este", "country": "MX", "registry_id": "", "address_phone": "", "is_active": "on"}
    assert client.post("/usuarios/despachos/nuevo/", agency).status_code == 302
    again = client.post("/usuarios/despachos/nuevo/", agency)
    assert "Ya hay un despacho con ese código" in again.content.decode()
    page = client.get("/usuarios/equipos/").content.decode()
    assert "Tarde" in page and "ESTE" in page
    stranger = client.post("/usuarios/equipos/nuevo/", {"name": "Ajenos", "channel": "call", "supervisor": "", "agency": "", "members": [str(cast.victor.id)]})
    assert stranger.status_code == 200, "a person of another organisation was let into a team"


def test_settings_change_the_clock_of_every_page(cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
    client = as_user(cast.ignacio)
    assert "America/Mexico_City" in client.get("/ajustes/").content.decode()
    given = {"name": "Cobranza del Valle", "zone": "America/Santiago", "currency": "CLP"}
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post("/ajustes/", given).status_code == 302
    assert queries.organisation(cast.tenant.id).zone == "America/Santiago"
    event = Event.objects.get(name="organisation.changed")
    assert event.detail["changed"]["zone"] == ["America/Mexico_City", "America/Santiago"]
    page = client.get(f"/usuarios/{cast.ana.id}/").content.decode()
    assert "24 nov 2026 14:00" in page, "17:00 UTC is 14:00 in Santiago"
    wrong = client.post("/ajustes/", {**given, "zone": "Marte/Olimpo"})
    assert "no existe" in wrong.content.decode()


def test_settings_say_when_the_day_begins_by_itself(cast: Cast) -> None:
    client = as_user(cast.ignacio)
    given = {"name": "Cobranza del Valle", "zone": "America/Mexico_City", "currency": "MXN", "day_at": "06:15"}
    client.post("/ajustes/", given)
    assert Tenant.objects.get(pk=cast.tenant.id).settings["day_at"] == "06:15"
    assert 'value="06:15"' in client.get("/ajustes/").content.decode()
    client.post("/ajustes/", {**given, "day_at": ""})
    assert not Tenant.objects.get(pk=cast.tenant.id).settings["day_at"], "an empty hour leaves the day to people"


def test_two_people_who_change_settings_at_once_both_keep_what_they_wrote(cast: Cast) -> None:
    """Both pages were opened before either was sent; the second waits for the first and starts from what it left."""
    by = {"by": cast.ignacio, "at": NOW}
    one, other = Tenant.objects.get(pk=cast.tenant.id), Tenant.objects.get(pk=cast.tenant.id)
    given = {"name": one.name, "zone": one.zone, "currency": one.currency, "sender_agent": "Ana"}
    with CaptureQueriesContext(connection) as asked:
        services.set_unit_costs(one, costs={"call": Decimal("2.5")}, **by)
        services.change_settings(other, **given, **by)
    settings = Tenant.objects.get(pk=cast.tenant.id).settings
    assert settings["unit_costs"] == {"call": "2.5"} and settings["sender"]["agent"] == "Ana"
    assert sum("FOR NO KEY UPDATE" in one["sql"] for one in asked.captured_queries) == 2


def test_an_organisation_begins_with_an_administrator(db: Any) -> None:
    given = {"name": "Crédito Sur", "country": "cl", "admin_email": "Ada@Sur.example", "admin_name": "Ada Sur", "at": NOW}
    tenant, ada = services.create_organisation(**given, password="una-frase-bien-larga-7", may_be_another=True)
    assert (tenant.slug, tenant.zone, tenant.currency) == ("credito-sur", "America/Santiago", "CLP")
    assert ada.email == "ada@sur.example" and ada.may("user.edit") and ada.may("setting.edit")
    with tenancy.acting(tenant.id):
        assert Event.objects.get().name == "organisation.created"
    with pytest.raises(services.OrganisationExists):
        services.create_organisation(**{**given, "admin_email": "b@sur.example"}, password="una-frase-bien-larga-7")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"country": "ZZ"}, services.UnknownCountry),
        ({"zone": "America/Atlantis"}, services.UnknownZone),
        ({"currency": "XYZ"}, UnknownCurrency),
        ({"password": "corta"}, services.WeakPassword),
    ],
)
def test_a_wrong_beginning_leaves_nothing_behind(db: Any, change: dict[str, str], problem: type[Exception]) -> None:
    given = {"name": "Nueva", "country": "MX", "admin_email": "a@nueva.example", "admin_name": "A", "password": "una-frase-bien-larga-7"}
    before = Tenant.objects.count()
    with pytest.raises(problem):
        services.create_organisation(**{**given, **change}, at=NOW, may_be_another=True)
    assert Tenant.objects.count() == before
