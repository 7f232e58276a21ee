"""Plans with goals, the plan of a day against what was done, before and after a version, the five stages, places that come free."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from tests.cast import NOW, TODAY
from tests.contexts.flow.worlds import ready, run, signed_in, text

from recaudo.casework import services as casework
from recaudo.casework.models import Action
from recaudo.flow.models import CollectionPlan
from recaudo.flow.queries import execution, plans
from recaudo.flow.queries.effect import effect
from recaudo.flow.services import plans as services
from recaudo.flow.services import reallocate
from recaudo.journal.models import Event
from recaudo.journal.services import SYSTEM
from recaudo.portfolio.models import Account, Payment
from recaudo.store.tenancy import acting
from recaudo.strategy import queries as strategy
from recaudo.workforce.models import Capacity

LATER = NOW + timedelta(hours=1)
ZONE = "America/Mexico_City"


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    cache.clear()


@pytest.fixture
def cast(own_database: Any, tmp_state: Any) -> Any:
    return ready()


def goal(kpi: str, target: str, currency: str = "") -> dict[str, Any]:
    return {"kpi": kpi, "currency": currency, "target": Decimal(target)}


def opened(cast: Any, **more: Any) -> CollectionPlan:
    given = {"name": "Marzo", "owner_id": cast.sofia.pk, "starts_on": TODAY, "ends_on": TODAY + timedelta(days=9), "goals": [goal("K-61", "100000", "MXN")], **more}
    return services.open_plan(**given, by=cast.gabriel, at=NOW)


def test_a_plan_says_how_far_each_goal_is(cast: Any) -> None:
    with acting(cast.tenant.id):
        account = cast.accounts["maria"]
        Payment.objects.create(
            account=account, paid_on=TODAY, external_id="p", amount_minor=30_000, currency="MXN", status="applied", created_at=NOW
        )  # fmt: skip
        made = opened(cast, goals=[goal("K-61", "100000", "MXN"), goal("K-30", "0.5"), goal("K-23", "0.1")])
    with acting(cast.tenant.id):  # the indicators are read from what is committed
        money, coverage, idle = plans.progress(made, today=TODAY, zone=ZONE)
        assert (money.value, round(money.due), money.is_on_course, money.is_met) == (30_000, 10_000, True, False)
        assert coverage.value == 0 and not coverage.is_on_course
        assert idle.falls and idle.value == 1 and not idle.is_met
        assert plans.progress(made, today=TODAY - timedelta(days=1), zone=ZONE)[0].value is None
        assert Event.objects.filter(name="plan.opened", subject_id=made.pk).count() == 1


@pytest.mark.parametrize("wrong, said", [
    ({"goals": []}, "al menos una meta"), ({"goals": [goal("K-30", "1.5")]}, "de 0 a 100"), ({"goals": [goal("K-61", "5")]}, "moneda"),
    ({"goals": [goal("K-99", "5")]}, "indicador de la lista"), ({"goals": [goal("K-30", "NaN")]}, "cero o más"), ({"ends_on": TODAY - timedelta(days=1)}, "termina"),
    ({"ends_on": TODAY + timedelta(days=800)}, "un año"), ({"name": " "}, "nombre"), ({"stages": ["x"]}, "etapas"),
    ({"goals": [goal("K-30", "0.1"), goal("K-30", "0.2")]}, "una sola meta"),
])  # fmt: skip
def test_a_plan_that_cannot_be_is_refused_with_its_remedy(cast: Any, wrong: Any, said: str) -> None:
    with acting(cast.tenant.id), pytest.raises(services.WrongPlan) as refused:
        opened(cast, **wrong)
    assert said in refused.value.text


def test_a_plan_is_written_changed_and_closed_on_its_pages(cast: Any) -> None:
    client = signed_in(cast.gabriel)
    given = {
        "name": "Recuperar temprana", "owner_id": str(cast.sofia.pk), "starts_on": TODAY.isoformat(), "ends_on": (TODAY + timedelta(days=30)).isoformat(), "review": "0",
        "stages": ["early"], "channels": ["call"], "kpi_0": "K-61", "currency_0": "MXN", "target_0": "1500.50", "kpi_1": "K-53", "target_1": "60",
    }  # fmt: skip
    assert "lleva su indicador" in text(client.post("/planes/nuevo/", {**given, "target_1": ""}))
    assert client.post("/planes/nuevo/", given).status_code == 302
    with acting(cast.tenant.id):
        made = CollectionPlan.objects.get()
        assert made.goals == [{"kpi": "K-61", "currency": "MXN", "target": "150050"}, {"kpi": "K-53", "currency": "", "target": "0.6"}]
    run(cast)
    page = text(client.get(f"/planes/{made.pk}/"))
    assert "1,500.50 MXN" in page and "60,0 %" in page and cast.sofia.name in page and "Temprana" in page
    assert "Recuperar temprana" in text(client.get("/planes/"))
    assert 'value="1500.50"' in client.get(f"/planes/{made.pk}/cambiar/").content.decode()
    assert client.post(f"/planes/{made.pk}/cambiar/", {**given, "name": "Otra"}).status_code == 302
    assert client.post(f"/planes/{made.pk}/cerrar/").status_code == 302
    assert client.post(f"/planes/{made.pk}/cerrar/").status_code == 409
    assert "Otra" in text(client.get("/planes/?todos=1")) and "Otra" not in text(client.get("/planes/"))
    assert signed_in(cast.ana).get("/planes/").status_code == 403


def test_what_was_done_is_told_against_what_was_planned_with_its_accounts(cast: Any) -> None:
    day = run(cast)
    with acting(cast.tenant.id):
        actions = list(Action.objects.filter(run_id=day.pk).order_by("id"))
        assert len(actions) >= 2
        Action.objects.filter(pk=actions[0].pk).update(status="done", is_attempt=True, is_contact=True, occurred_at=NOW)
        casework.cancel_action(actions[1], reason="payment", by=SYSTEM, at=NOW)
        Action.objects.create(
            person_id=cast.maria.id, account_id=cast.accounts["maria"].id, channel="call", status="done", is_attempt=True, occurred_at=NOW, created_at=NOW
        )  # fmt: skip
        found = execution.execution(day, zone=ZONE, at=LATER)
        assert found.planned == len(actions) and found.totals["reached"] == 1 and found.totals["needless"] == 1
        assert found.kept == 2 / len(actions) and found.besides == (("call", 1, 0),)
        late = execution.execution(day, zone=ZONE, at=NOW + timedelta(days=2))
        assert late.totals["expired"] == len(actions) - 2 and late.totals["pending"] == 0
        for part in found.parts:
            for fate, count in part.counts.items():
                where = {"treatment": part.treatment, "channel": part.channel, "fate": fate}
                assert len(execution.planned(day, where, zone=ZONE, at=LATER, limit=50)) == count
        assert len(list(execution.all_planned(day, {}, zone=ZONE, at=LATER))) == len(actions)
    client = signed_in(cast.gabriel)
    assert "Ya no hizo falta" in text(client.get(f"/jornadas/{day.pk}/ejecucion/"))
    assert "por un pago" in text(client.get(f"/jornadas/{day.pk}/ejecucion/cuentas/?destino=needless")).lower()
    assert client.get(f"/jornadas/{day.pk}/ejecucion/exportar/?formato=csv").status_code == 200
    assert "no hay gestiones planeadas" in text(client.get(f"/jornadas/{day.pk}/ejecucion/cuentas/?destino=x' OR true --")).lower()
    page = text(client.get("/ciclo/"))
    for stage in ("1. Procesar", "2. Segmentar", "3. Definir", "4. Ejecutar", "5. Controlar"):
        assert stage in page


def test_the_indicators_before_and_after_a_version_stand_side_by_side(cast: Any) -> None:
    with acting(cast.tenant.id):
        version = strategy.active_version()
        Account.objects.update(created_at=NOW - timedelta(days=30))
        for days_ago, amount in ((2, 10_000), (-1, 40_000)):
            Payment.objects.create(
                account=cast.accounts["maria"], paid_on=TODAY - timedelta(days=days_ago), external_id=f"e{days_ago}", amount_minor=amount, currency="MXN",
                status="applied", created_at=NOW,
            )  # fmt: skip
    with acting(cast.tenant.id):
        assert effect(version, days=14, today=TODAY, zone=ZONE) is None
        found = effect(version, days=14, today=TODAY + timedelta(days=3), zone=ZONE)
        assert found is not None and found.days == 3
        money = next(one for one in found.changes if one.kpi.id == "K-61" and one.currency == "MXN")
        assert (money.before, money.after, money.tone) == (10_000, 40_000, "ok")
    client = signed_in(cast.elena)
    assert client.get(f"/estrategia/versiones/{version.pk}/efecto/?dias=7").status_code == 200
    assert client.get(f"/estrategia/versiones/{version.pk}/efecto/?dias=9999999").status_code == 200


def test_places_that_come_free_go_to_who_did_not_fit(cast: Any) -> None:
    with acting(cast.tenant.id):
        Capacity.objects.update(units=0)
        Capacity.objects.filter(channel="email").update(units=1)
    day = run(cast)
    with acting(cast.tenant.id):
        waiting = [str(key) for key, _ in reallocate.left_out(day)]
        assert waiting
        Capacity.objects.update(units=0)
        with pytest.raises(reallocate.NothingFree):
            reallocate.reallocate(day, by=cast.gabriel, at=LATER)
        Capacity.objects.update(units=5)
        opened_now = reallocate.reallocate(day, by=cast.gabriel, at=LATER)
        assert sum(opened_now.values()) >= 1
        made = Action.objects.filter(run_id=day.pk, status="planned", created_at=LATER)
        assert made.count() == sum(opened_now.values()) and {str(one.account_id) for one in made} <= set(waiting)
        assert Event.objects.filter(name="places.reallocated", subject_id=day.pk).count() == 1
        with pytest.raises(reallocate.NotToday):
            reallocate.reallocate(day, by=cast.gabriel, at=LATER + timedelta(days=1))
