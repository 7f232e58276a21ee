"""Ignacio, the administrator, invites Nora; what he may do to others, and what nobody may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from tests.cast import NOW, Cast

from recaudo.journal.models import Event
from recaudo.store import tenancy
from recaudo.workforce import queries, services
from recaudo.workforce.models import Invitation, User

GOOD = "una-frase-bien-larga-7"


def invited(cast: Cast, **changes: Any) -> tuple[Invitation, str]:
    given = {"email": "Nora@Valle.example", "name": "Nora Gil", "roles": ["call_agent"], "by": cast.ignacio, "at": NOW}
    return services.invite(**{**given, **changes})


def names(cast: Cast) -> list[str]:
    return list(Event.objects.order_by("created_at", "id").values_list("name", flat=True))


def test_an_invited_person_joins_with_the_roles_that_were_given(cast: Cast) -> None:
    _, token = invited(cast)
    nora = services.accept_invitation(token, name="Nora Gil", password=GOOD, at=NOW)
    assert (nora.email, nora.roles, nora.tenant_id) == ("nora@valle.example", ["call_agent"], cast.tenant.id)
    assert nora.check_password(GOOD) and nora.may("work.take") and not nora.may("user.edit")
    assert names(cast)[-2:] == ["user.invited", "user.joined"]


def test_the_token_is_not_kept_and_works_once(cast: Cast) -> None:
    invitation, token = invited(cast)
    assert token.encode() not in bytes(invitation.token_hash) and len(token) >= 43
    services.accept_invitation(token, name="Nora", password=GOOD, at=NOW)
    with pytest.raises(services.InvitationNotValid):
        services.accept_invitation(token, name="Otra", password=GOOD, at=NOW)


def test_an_invitation_ends_after_seven_days(cast: Cast) -> None:
    _, token = invited(cast)
    assert services.find_invitation(token, at=NOW + timedelta(days=7, seconds=-1))
    with pytest.raises(services.InvitationNotValid):
        services.find_invitation(token, at=NOW + timedelta(days=7))


def test_a_second_invitation_ends_the_first_and_a_withdrawn_one_is_over(cast: Cast) -> None:
    _, first = invited(cast)
    second, token = invited(cast, at=NOW + timedelta(hours=1))
    later = NOW + timedelta(hours=2)
    with pytest.raises(services.InvitationNotValid):
        services.find_invitation(first, at=later)
    services.withdraw_invitation(second, by=cast.ignacio, at=later)
    with pytest.raises(services.InvitationNotValid):
        services.find_invitation(token, at=later)


def test_a_weak_password_keeps_the_invitation_alive(cast: Cast) -> None:
    _, token = invited(cast)
    for weak in ("corta", "contraseña", "123456789012", "nora@valle.example"):
        with pytest.raises(services.WeakPassword):
            services.accept_invitation(token, name="Nora", password=weak, at=NOW)
    assert services.find_invitation(token, at=NOW)
    assert not queries.users().filter(email="nora@valle.example").exists()


def test_an_address_belongs_to_one_account_in_the_whole_installation(cast: Cast) -> None:
    for taken in (cast.ana.email, cast.ana.email.upper(), cast.victor.email):
        with pytest.raises(services.EmailTaken):
            invited(cast, email=taken)


def test_agency_roles_and_an_agency_come_together(cast: Cast) -> None:
    norte = cast.agencies["NORTE"]
    for roles, agency in ((["agency_agent"], None), (["call_agent"], norte), (["agency_agent", "call_agent"], norte)):
        with pytest.raises(services.AgencyRoleMismatch):
            invited(cast, roles=roles, agency=agency)
    for roles in ([], ["jefe_supremo"]):
        with pytest.raises(services.UnknownRole):
            invited(cast, roles=roles)
    assert invited(cast, roles=["agency_agent"], agency=norte)


def test_new_roles_count_at_the_next_click(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.ana, backend="recaudo.workforce.backends.StaffBackend")
    assert client.get("/usuarios/").status_code == 403
    services.change_user(cast.ana, name=cast.ana.name, roles=["auditor"], by=cast.ignacio, at=NOW)
    assert client.get("/usuarios/").status_code == 200
    detail = Event.objects.filter(name="user.changed").get().detail
    assert detail["roles"] == [["call_agent"], ["auditor"]]


def test_nobody_changes_the_own_roles_but_may_mend_the_own_name(cast: Cast) -> None:
    with pytest.raises(services.NotOneself):
        services.change_user(cast.ignacio, name="Ignacio", roles=["tenant_admin", "collections_manager"], by=cast.ignacio, at=NOW)
    with pytest.raises(services.NotOneself):
        services.deactivate_user(cast.ignacio, by=cast.ignacio, at=NOW)
    assert services.change_user(cast.ignacio, name="Ignacio Paz R.", roles=["tenant_admin"], by=cast.ignacio, at=NOW).name == "Ignacio Paz R."


def test_the_last_administrator_cannot_be_removed(cast: Cast) -> None:
    with pytest.raises(services.LastAdministrator):
        services.change_user(cast.ignacio, name="Ignacio", roles=["auditor"], by=cast.gabriel, at=NOW)
    with pytest.raises(services.LastAdministrator):
        services.deactivate_user(cast.ignacio, by=cast.gabriel, at=NOW)
    services.change_user(cast.elena, name="Elena", roles=["tenant_admin"], by=cast.ignacio, at=NOW)
    assert not services.deactivate_user(cast.ignacio, by=cast.elena, at=NOW).is_active


def test_an_administrator_of_another_organisation_does_not_count_nor_reach_in(cast: Cast) -> None:
    # Víctor administers Otra Casa: he neither keeps this one alive, nor is within reach from here.
    assert list(queries.administrators()) == [cast.ignacio]
    from recaudo.kernel.problems import NotFound

    with pytest.raises(NotFound):
        services.deactivate_user(cast.victor, by=cast.ignacio, at=NOW)


def test_a_person_returns_with_the_same_roles(cast: Cast) -> None:
    services.deactivate_user(cast.beto, by=cast.ignacio, at=NOW)
    again = services.reactivate_user(cast.beto, by=cast.ignacio, at=NOW)
    assert again.is_active and again.roles == ["call_agent"] and again.session_round == 1


@pytest.fixture
def ignacio(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.ignacio, backend="recaudo.workforce.backends.StaffBackend")
    return client


def test_ignacio_invites_on_the_page_and_the_link_opens_the_way_in(cast: Cast, ignacio: Client, settings: Any) -> None:
    settings.PUBLIC_URL = "https://cobranza.example"
    page = ignacio.post("/usuarios/invitar/", {"email": "nora@valle.example", "name": "Nora Gil", "roles": ["call_agent"], "agency": ""})
    assert "Invitación lista" in page.content.decode()
    link = page.context["link"]
    assert link in mail.outbox[0].body and mail.outbox[0].to == ["nora@valle.example"]
    path = link.removeprefix("https://cobranza.example")
    visitor = Client()
    shown = visitor.get(path).content.decode()
    assert "Cobranza del Valle" in shown and "Ejecutivo de cobranza" in shown
    wrong = visitor.post(path, {"name": "Nora", "password": GOOD, "again": "otra-cosa-larga"})
    assert "No es igual" in wrong.content.decode()
    assert visitor.post(path, {"name": "Nora Gil", "password": GOOD, "again": GOOD}).status_code == 302
    assert visitor.get(path).status_code == 404
    entered = visitor.post("/cuenta/entrar/", {"login": "nora@valle.example", "password": GOOD})
    assert entered.status_code == 302 and "entrar" not in entered["Location"]


def test_a_wrong_link_says_the_same_whatever_is_wrong(cast: Cast) -> None:
    from django.utils import timezone

    invitation, token = invited(cast)
    services.withdraw_invitation(invitation, by=cast.ignacio, at=timezone.now())
    pages = [Client().get(f"/invitacion/{given}/") for given in (token, "x" * 43)]
    assert [page.status_code for page in pages] == [404, 404]
    assert pages[0].content == pages[1].content


def test_the_form_says_what_the_service_refuses(cast: Cast, ignacio: Client) -> None:
    page = ignacio.post("/usuarios/invitar/", {"email": cast.ana.email, "name": "X", "roles": ["call_agent"], "agency": ""})
    assert "pertenece a una cuenta" in page.content.decode()
    page = ignacio.post(f"/usuarios/{cast.ignacio.id}/", {"name": "I", "roles": ["auditor"], "agency": ""})
    assert "Nadie cambia sus propios roles" in page.content.decode()
    page = ignacio.post(f"/usuarios/{cast.ignacio.id}/desactivar/", follow=True)
    assert "Nadie cambia sus propios roles" in page.content.decode()


def test_the_list_filters_and_stays_within_twelve_queries(cast: Cast, ignacio: Client) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    ignacio.get("/usuarios/")  # the session's time is written once a minute
    with CaptureQueriesContext(connection) as captured:
        page = ignacio.get("/usuarios/", {"role": "call_agent", "state": "active", "q": "ana", "agency": ""})
    housekeeping = ("SAVEPOINT", "RELEASE", "SELECT set_config", "SELECT current_setting")
    assert len([query for query in captured if not query["sql"].startswith(housekeeping)]) <= 12
    body = page.content.decode()
    assert "Ana Pérez" in body and "Beto Luna" not in body
    everybody = ignacio.get("/usuarios/").content.decode()
    assert "Víctor Ajeno" not in everybody and "Nadia Cruz" in everybody


def test_a_person_of_another_organisation_does_not_exist(cast: Cast, ignacio: Client) -> None:
    from uuid import uuid4

    theirs, nobody = (ignacio.get(f"/usuarios/{key}/") for key in (cast.victor.id, uuid4()))
    assert theirs.status_code == nobody.status_code == 404
    strip = lambda page: page.content.replace(str(cast.victor.id).encode(), b"")  # noqa: E731
    import re

    plain = [re.sub(rb'(csrf[^>]*value|name="next" value)="[^"]*"', b"", strip(page)) for page in (theirs, nobody)]
    assert plain[0] == plain[1]


def test_sofia_looks_but_does_not_touch(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.sofia, backend="recaudo.workforce.backends.StaffBackend")
    assert client.get(f"/usuarios/{cast.ana.id}/").status_code == 200
    assert client.post(f"/usuarios/{cast.ana.id}/", {"name": "X", "roles": ["auditor"], "agency": ""}).status_code == 403
    assert client.post(f"/usuarios/{cast.ana.id}/desactivar/").status_code == 403
    assert client.get("/usuarios/invitar/").status_code == 403
    assert "Invitar" not in client.get("/usuarios/").content.decode()


def test_two_administrators_cannot_remove_each_other_at_once(own_database: Any) -> None:
    """Two transactions at the same time: one waits for the other, then sees that it would be the last."""
    import threading

    from django.db import connections, transaction
    from tests.cast import make_cast

    cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        User.objects.filter(pk=cast.elena.pk).update(roles=["tenant_admin"])
    start, answers = threading.Barrier(2, timeout=30), []

    def remove(whom: User, by: User) -> None:
        try:
            start.wait()
            with transaction.atomic(), tenancy.acting(cast.tenant.id):
                services.deactivate_user(whom, by=by, at=NOW)
            answers.append("done")
        except services.LastAdministrator:
            answers.append("refused")
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=remove, args=pair) for pair in ((cast.ignacio, cast.elena), (cast.elena, cast.ignacio))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(answers) == ["done", "refused"]
