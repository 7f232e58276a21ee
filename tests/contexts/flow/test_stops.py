"""What the house keeps from the plan: small amounts, its pace, decisions by hand, the channel a person chose. Never more than the law lets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.cast import NOW, TODAY
from tests.contexts.flow.test_arms import rows
from tests.contexts.flow.worlds import ready, run, signed_in, text

from recaudo.casework.models import Action, Case
from recaudo.engine.facts import FACTS
from recaudo.flow.models import Override, Pace
from recaudo.flow.queries import facts as read
from recaudo.flow.services import pacing, stops
from recaudo.flow.services.limits import set_limits
from recaudo.journal.models import Event
from recaudo.kernel.problems import NotFound
from recaudo.portfolio.models import Account, Preference
from recaudo.store.tenancy import acting


@pytest.fixture
def cast(own_database: Any, tmp_state: Any) -> Any:
    return ready()


def tried(cast: Any, who: str, *, days_ago: int, level: str = "NC") -> None:
    account = cast.accounts[who]
    Action.objects.create(
        person_id=account.holder_id, account_id=account.id, creditor_id=account.creditor_id, channel="call", status="done", disposition="NC01",
        contact_level=level, is_attempt=True, occurred_at=NOW - timedelta(days=days_ago), created_at=NOW - timedelta(days=days_ago), by_id=cast.ana.id,
    )  # fmt: skip


def pace(cast: Any, **more: Any) -> Pace:
    given = {"contacts": 1, "period_days": 7, "gap_days": 0, **more}
    return pacing.set_pace(**given, valid_from=TODAY, today=TODAY, by=cast.gabriel, at=NOW)


def override(cast: Any, who: str, **more: Any) -> Override:
    given = {"whole_person": False, "want": "none", "reason": "sensitive", "until_on": TODAY + timedelta(days=5), **more}
    return pacing.decide_by_hand(account=cast.accounts[who], **given, today=TODAY, by=cast.sofia, at=NOW)


def test_the_day_leaves_out_what_the_house_keeps_from_it(cast: Any) -> None:
    with acting(cast.tenant.id):
        maria, pedro = cast.accounts["maria"], cast.accounts["pedro"]
        tried(cast, "maria", days_ago=2)
        pace(cast)
        set_limits(cast.tenant, {("tolerance", pedro.portfolio_id): pedro.overdue_minor}, valid_from=TODAY, today=TODAY, by=cast.gabriel, at=NOW)
        override(cast, "esquina")
    run(cast)
    with acting(cast.tenant.id):
        found = rows(cast)
        wanted = {key for key, row in found.items() if row["channel"] not in ("none", "agency", "legal")}
        rules = {key: found[key]["refused_rule"] for key in wanted}
        assert maria.portfolio_id != pedro.portfolio_id
        for key, rule in (("maria", "HOUSE-PACE"), ("pedro", "HOUSE-TOLERANCE"), ("esquina", "HOUSE-OVERRIDE")):
            if key in wanted:
                assert rules[key] == rule, rules
        assert {"HOUSE-PACE", "HOUSE-OVERRIDE"} <= set(rules.values())
        assert not Action.objects.filter(status="planned", direction="out", run_id__isnull=False, account_id__in=[cast.accounts[key].id for key in rules if rules[key]]).exists()


@pytest.mark.parametrize("level, days_ago, given, is_stopped", [
    ("NC", 2, {"contacts": 1}, True), ("NC", 8, {"contacts": 1}, False), ("NC", 2, {"contacts": 2}, False), ("NC", 2, {"contacts": 5, "gap_days": 2}, True),
    ("NC", 3, {"contacts": 5, "gap_days": 2}, False), ("RPC", 2, {"contacts": 1, "after": "nobody"}, False), ("TPC", 2, {"contacts": 1, "after": "third"}, True),
    ("RPC", 2, {"contacts": 0}, True), ("NC", 2, {"contacts": 1, "kind": "commercial"}, False), ("NC", 2, {"contacts": 1, "stage": "preventive"}, False),
])  # fmt: skip
def test_the_plan_and_one_account_are_stopped_alike(cast: Any, tmp_path: Any, level: str, days_ago: int, given: Any, is_stopped: bool) -> None:
    with acting(cast.tenant.id):
        tried(cast, "maria", days_ago=days_ago, level=level)
        pace(cast, **given)
    with read.workspace(tmp_path) as db, acting(cast.tenant.id):
        read.gather(db, tenant=str(cast.tenant.id), on=TODAY, at=NOW, usd_rates={})
        stops.gather(db, tenant=cast.tenant, on=TODAY, at=NOW)
        bulk = {str(key): rule for key, rule in read.run(db, "SELECT account_id, rule FROM stopped")}
        names = [name for name in FACTS if name in {row[0] for row in read.run(db, "DESCRIBE facts")}]
        for row in read.arrow(db, f"SELECT {', '.join(names)} FROM facts").to_pylist():
            account = Account.objects.get(pk=str(row["account_id"]))
            assert stops.stop_of(account, row, tenant=cast.tenant, on=TODAY, at=NOW) == (bulk.get(str(account.pk)) or "")
        assert (str(cast.accounts["maria"].id) in bulk) is is_stopped


def test_the_row_with_most_conditions_counts_and_of_several_the_strictest(cast: Any) -> None:
    from recaudo.flow.queries.pacing import pace_of, paces_on

    with acting(cast.tenant.id):
        pace(cast, contacts=9)
        pace(cast, contacts=3, kind="consumer")
        pace(cast, contacts=2, stage="late")
        pace(cast, contacts=8, kind="consumer", stage="late")
        found = paces_on(TODAY)
        told = {"creditor_id": "x", "kind": "consumer", "stage": "late", "after": "none"}
        assert [pace_of(found, {**told, **more}).contacts for more in ({}, {"kind": "commercial"}, {"stage": "early"}, {"kind": "commercial", "stage": "early"})] == [8, 2, 3, 9]  # type: ignore[union-attr]
        changed = pace(cast, contacts=1)
        assert Pace.objects.filter(ended_on=None).count() == 4 and changed.contacts == 1
        with pytest.raises(pacing.WrongPace):
            pace(cast, contacts=40)
        with pytest.raises(pacing.PaceInThePast):
            pacing.set_pace(contacts=1, period_days=1, gap_days=0, valid_from=TODAY - timedelta(days=1), today=TODAY, by=cast.gabriel, at=NOW)


def test_a_channel_that_the_person_chose_is_the_only_one_planned(cast: Any) -> None:
    with acting(cast.tenant.id):
        for who in ("maria", "pedro", "esquina"):
            Preference.objects.create(person=cast.people[who], channel="push", source="debtor", created_at=NOW)
    done = run(cast)
    assert not done.counts["actions_opened"] and done.counts["refused_by_rule"]["HOUSE-PREFERENCE"] >= 2


def test_a_person_takes_it_from_the_machine(cast: Any) -> None:
    run(cast)
    client = signed_in(cast.sofia)
    with acting(cast.tenant.id):
        maria = cast.accounts["maria"]
        assert Action.objects.filter(account_id=maria.id, status="planned", run_id__isnull=False).exists()
    page = f"/cuentas/{maria.id}/a-mano/"
    assert "Decidir a mano" in text(client.get(page))
    given = {"want": "human", "reason": "complex", "until_on": (TODAY + timedelta(days=3)).isoformat()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.utils.timezone.now", lambda: NOW)
        assert "diga quién la lleva" in text(client.post(page, given))
        assert "a lo más" not in text(client.post(page, {**given, "until_on": "2099-01-01", "to": str(cast.ana.pk)}))
        assert client.post(page, {**given, "to": str(cast.ana.pk)}).status_code == 302
        assert "Ya hay una decisión a mano" in text(client.post(page, {**given, "to": str(cast.ana.pk)}))
        assert "La lleva una persona del equipo" in text(client.get("/estrategia/ritmo/"))
    with acting(cast.tenant.id):
        assert Case.objects.get(person_id=maria.holder_id, status="open").assigned_to_id == cast.ana.pk
        assert not Action.objects.filter(account_id=maria.id, status="planned", run_id__isnull=False).exists()
        assert Action.objects.filter(account_id=maria.id, status="planned", channel="call", run_id=None).count() == 1
        assert Event.objects.filter(name="override.opened", subject_id=maria.id).count() == 1
        found = Override.objects.get()
        pacing.end_override(found, by=cast.sofia, at=NOW)
        with pytest.raises(NotFound):
            pacing.end_override(found, by=cast.sofia, at=NOW)


def test_the_pace_is_set_on_its_page_by_who_runs_the_day(cast: Any) -> None:
    given = {"contacts": "2", "period_days": "7", "gap_days": "1", "after": "broken", "kind": "consumer", "valid_from": "2099-01-01"}
    client = signed_in(cast.gabriel)
    assert client.post("/estrategia/ritmo/", {**given, "contacts": "99"}).status_code == 422
    assert client.post("/estrategia/ritmo/", given).status_code == 302
    page = text(client.get("/estrategia/ritmo/"))
    assert "2 en 7 días" in page and "Rompió una promesa" in page and "por venir" in page
    assert signed_in(cast.elena).post("/estrategia/ritmo/", given).status_code == 403
    with acting(cast.tenant.id):
        key = Pace.objects.get().pk
    assert client.post(f"/estrategia/ritmo/{key}/terminar/").status_code == 302
    assert client.post(f"/estrategia/ritmo/{key}/terminar/").status_code == 404
