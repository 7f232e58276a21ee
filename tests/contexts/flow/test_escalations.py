"""What nobody works in time comes before the supervisors, and goes when it is worked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.cast import NOW, TODAY
from tests.contexts.flow.test_stops import tried
from tests.contexts.flow.worlds import place, ready, run, signed_in, text

from recaudo.casework.models import Case, Hold
from recaudo.flow.models import Escalation
from recaudo.flow.services import escalations
from recaudo.flow.services.limits import set_limits
from recaudo.journal.models import Event
from recaudo.journal.services import SYSTEM
from recaudo.kernel.problems import NotFound
from recaudo.portfolio.models import Account
from recaudo.store.tenancy import acting

LATER = NOW + timedelta(days=1)


@pytest.fixture
def cast(own_database: Any, tmp_state: Any) -> Any:
    cast = ready()
    with acting(cast.tenant.id):
        Account.objects.filter(overdue_minor__gt=0).update(dpd=5, oldest_due_on=TODAY - timedelta(days=5), created_at=NOW - timedelta(days=9))
    return cast


def escalate(cast: Any, at: Any = NOW) -> dict[str, int]:
    return escalations.escalate(on=at.date(), by=SYSTEM, at=at)


def standing(cast: Any) -> set[str]:
    names = {account.id: key for key, account in cast.accounts.items()}
    return {names[key] for key in Escalation.objects.filter(closed_on=None).values_list("account_id", flat=True)}


def test_what_nobody_tried_in_time_is_escalated_once_and_ends_when_it_is_worked(cast: Any) -> None:
    with acting(cast.tenant.id):
        tried(cast, "pedro", days_ago=1)
        Hold.objects.create(person=cast.people["esquina"], kind="vulnerability", reason="x", from_at=NOW - timedelta(days=1), created_at=NOW)
        assert escalate(cast)["opened"] == 1 and standing(cast) == {"maria"}
        assert escalate(cast) == {"closed": 0, "opened": 0}
        tried(cast, "maria", days_ago=-1)
        assert escalate(cast, LATER + timedelta(hours=1))["closed"] == 1
        assert Escalation.objects.get().closed_why == "worked"
        assert Event.objects.filter(name="accounts.escalated").count() == 2


def test_the_days_are_the_organisations_and_a_paid_account_leaves_the_list(cast: Any) -> None:
    with acting(cast.tenant.id):
        set_limits(cast.tenant, {("first", None): 6}, valid_from=TODAY, today=TODAY, by=cast.gabriel, at=NOW)
        assert escalate(cast)["opened"] == 0
        set_limits(cast.tenant, {("first", None): 5, ("idle", None): 4}, valid_from=TODAY, today=TODAY, by=cast.gabriel, at=NOW)
        assert escalate(cast)["opened"] == 3
        Account.objects.filter(pk=cast.accounts["maria"].pk).update(overdue_minor=0)
        assert escalate(cast, LATER)["closed"] == 1 and "maria" not in standing(cast)


def test_a_supervisor_gives_it_to_somebody_and_an_agency_sees_its_own(cast: Any) -> None:
    place(cast, "pedro")
    run(cast)
    with acting(cast.tenant.id):
        found = {one.account_id: one for one in Escalation.objects.all()}
        mine, theirs = found[cast.accounts["maria"].id], found[cast.accounts["pedro"].id]
    client = signed_in(cast.sofia)
    page = text(client.get("/cuentas/escaladas/"))
    assert "Sin primera gestión" in page and cast.accounts["maria"].number in page
    assert "Escaladas sin tomar" in text(client.get("/hoy/detenido/"))
    assert client.post(f"/cuentas/escaladas/{mine.pk}/asignar/", {"to": str(cast.ana.pk)}).status_code == 302
    with acting(cast.tenant.id):
        assert Case.objects.get(person_id=mine.person_id, status="open").assigned_to_id == cast.ana.pk
        assert Escalation.objects.get(pk=mine.pk).status == "taken"
    assert cast.ana.name in text(client.get("/cuentas/escaladas/?estado=taken"))
    assert client.post(f"/cuentas/escaladas/{mine.pk}/quitar/").status_code == 302
    assert client.post(f"/cuentas/escaladas/{mine.pk}/quitar/").status_code == 404
    with acting(cast.tenant.id):
        with pytest.raises(NotFound):
            escalations.close(mine, on=TODAY, by=cast.sofia, at=NOW)
        assert escalate(cast)["opened"] == 0, "what a person closed is not escalated again at once"
    with acting(cast.tenant.id, cast.agencies["NORTE"].id):
        assert list(Escalation.objects.values_list("pk", flat=True)) == [theirs.pk]


def test_the_first_day_late_is_told_that_day(cast: Any) -> None:
    with acting(cast.tenant.id):
        Account.objects.filter(pk=cast.accounts["maria"].pk).update(dpd=1, oldest_due_on=TODAY - timedelta(days=1))
    client = signed_in(cast.sofia)
    assert "Primer día de atraso" in text(client.get("/hoy/detenido/"))
    page = text(client.get("/hoy/pendientes/primer-dia/"))
    assert cast.accounts["maria"].number in page and cast.accounts["pedro"].number not in page
