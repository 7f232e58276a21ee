"""The simulator: what it says of the version in force is what the day did; what it says of another has its accounts behind it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import storages
from tests.cast import NOW, TODAY, Cast
from tests.contexts.flow.test_arms import approved, challenger
from tests.contexts.flow.worlds import ready, run, signed_in, text

from recaudo.flow.models import WhatIf
from recaudo.flow.queries import whatif as queries
from recaudo.flow.services import whatif
from recaudo.flow.services.limits import set_limits
from recaudo.portfolio.models import Payment
from recaudo.store.tenancy import acting
from recaudo.strategy import queries as strategy
from recaudo.strategy import services
from recaudo.strategy.queries.snapshots import SnapshotGone
from recaudo.workforce.models import Capacity


def simulated(cast: Cast, new: Any, *, on: Any = TODAY, horizon_days: int = 30) -> WhatIf:
    with acting(cast.tenant.id):
        asked = whatif.ask(
            old=strategy.active_version(), new=new, snapshot=strategy.snapshot_of(on), horizon_days=horizon_days, by=cast.elena, at=NOW
        )
    return whatif.work_out(cast.tenant, asked.pk, by=cast.elena, clock=lambda: NOW)


def same_draft(cast: Cast) -> Any:
    return services.draft(strategy.active_version(), note="Igual", by=cast.elena, at=NOW)


@pytest.fixture
def world(own_database: Any, tmp_state: Any) -> tuple[Cast, Any]:
    cast = ready()
    cast.tenant.settings = {"usd_rates": {"MXN": "18.50", "CLP": "950", "COP": "4100"}}
    cast.tenant.save()
    return cast, run(cast)


def test_the_version_in_force_comes_out_as_the_day_did(world: Any) -> None:
    cast, day = world
    with acting(cast.tenant.id):
        draft = same_draft(cast)
    found = simulated(cast, draft)
    assert found.status == "finished", found.problem
    for side in ("old", "new"):
        got = found.result["sides"][side]
        assert got["outcomes"] == day.counts["accounts_by_outcome"]
        assert got["refused"] == day.counts["refused_by_rule"]
        assert got["planned"] == day.counts["actions_opened"]
        assert got["treatments"] == day.counts["treatments"]
    assert found.result["changed"] == 0 and all(not one["moves"] for one in found.result["dimensions"])


def test_a_simulation_keeps_to_the_budget_of_that_day(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    cast.tenant.settings = {"unit_costs": dict.fromkeys(("call", "sms", "im", "email", "visit", "letter"), "10")}
    cast.tenant.save()
    with acting(cast.tenant.id):
        set_limits(cast.tenant, {("budget", None): 1_500}, valid_from=TODAY, today=TODAY, by=cast.gabriel, at=NOW)
        draft = same_draft(cast)
    day = run(cast)
    found = simulated(cast, draft)
    assert day.counts["accounts_by_outcome"]["over_budget"] >= 1
    for got in found.result["sides"].values():
        assert got["outcomes"] == day.counts["accounts_by_outcome"] and got["cost_minor"] == day.counts["spent_minor"] == 1_000


def test_the_arms_of_the_day_are_drawn_again_in_a_simulation(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    with acting(cast.tenant.id):
        approved(cast, is_default=True)  # nearly everybody is in the control group
        version = challenger(cast)
    day = run(cast)
    assert day.counts["accounts_by_outcome"]["control"] >= 1
    found = simulated(cast, version)
    assert found.status == "finished", found.problem
    old, new = (found.result["sides"][side] for side in ("old", "new"))
    assert old["outcomes"] == day.counts["accounts_by_outcome"] and old["arms"] == day.counts["arms"] == new["arms"]
    assert new["outcomes"].get("control"), "the control group is left alone under any version"
    assert found.result["experiments"] == ["Prueba"]
    with acting(cast.tenant.id):
        from recaudo.strategy.models import ExperimentMember

        assert ExperimentMember.objects.count() == 3, "a simulation draws nobody"


def test_the_persons_of_an_arm_are_simulated_with_its_version(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    with acting(cast.tenant.id):
        version = challenger(cast)
        approved(cast, kind="challenger", first=1, version=version)
    day = run(cast)
    with acting(cast.tenant.id):
        draft = same_draft(cast)
    found = simulated(cast, draft)
    assert found.result["sides"]["old"]["treatments"] == day.counts["treatments"] and day.counts["treatments"].get("VISIT")
    assert found.result["changed"] == 0


def test_a_simulation_says_when_what_it_rests_on_has_changed(world: Any) -> None:
    cast, _ = world
    with acting(cast.tenant.id):
        draft = same_draft(cast)
    found = simulated(cast, draft)
    client = signed_in(cast.elena)
    page = f"/estrategia/simulaciones/{found.pk}/"
    assert "Desde que se hizo cambió" not in text(client.get(page))
    with acting(cast.tenant.id):
        set_limits(cast.tenant, {("portfolio", cast.accounts["maria"].portfolio_id): 1}, valid_from=TODAY, today=TODAY, by=cast.gabriel, at=NOW)
    assert "Desde que se hizo cambió el presupuesto, una cobertura o un monto mínimo." in text(client.get(page))
    with acting(cast.tenant.id):
        Capacity.objects.update(units=3)
    assert "cambió la capacidad; el presupuesto" in text(client.get(page))
    assert "Ya no es lo de hoy" in text(client.get("/estrategia/simulaciones/"))
    assert simulated(cast, draft).pk != found.pk, "the same question on another ground is worked out again"


def test_every_number_has_its_accounts_behind_it(world: Any) -> None:
    cast, _ = world
    with acting(cast.tenant.id):
        version = challenger(cast)
    found = simulated(cast, version)
    with acting(cast.tenant.id):
        assert found.result["changed"] > 0 and queries.count(found, {"changed": "1"}) == found.result["changed"]
        for dimension in found.result["dimensions"]:
            name = dimension["name"]
            for old, new, count, _ in dimension["moves"]:
                assert queries.count(found, {f"old_{name}": old or "-", f"new_{name}": new or "-"}) == count
            assert queries.count(found, {f"changed_{name}": "1"}) == dimension["changed"]
        for side in ("old", "new"):
            for outcome, count in found.result["sides"][side]["outcomes"].items():
                assert queries.count(found, {f"{side}_outcome": outcome}) == count
        page, cursor = queries.lines(found, {}, limit=3)
        rest, end = queries.lines(found, {}, after=cursor, limit=3)
        assert [str(one.row["account_id"]) for one in page + rest] == sorted(str(account.id) for account in cast.accounts.values())
        assert (len(page), end) == (3, "")
        assert list(queries.all_lines(found, {"new_treatment": "VISIT"}))


def test_an_unknown_filter_changes_nothing_and_a_hostile_value_finds_nothing(world: Any) -> None:
    cast, _ = world
    with acting(cast.tenant.id):
        found = simulated(cast, challenger(cast))
    with acting(cast.tenant.id):
        assert queries.count(found, {"1=1); DROP TABLE x; --": "1"}) == 4
        assert queries.count(found, {"old_treatment": "x' OR true --"}) == 0


def test_cost_is_counted_by_channel_and_a_channel_without_cost_is_named(world: Any) -> None:
    cast, day = world
    cast.tenant.settings = {**cast.tenant.settings, "unit_costs": {"call": "10.50"}}
    cast.tenant.save()
    with acting(cast.tenant.id):
        draft = same_draft(cast)
    found = simulated(cast, draft)
    side = found.result["sides"]["old"]
    opened = day.counts["actions_opened"]
    assert side["cost_minor"] == opened.get("call", 0) * 1050 and opened.get("call")
    assert side["without_cost"] == sorted(channel for channel in opened if channel != "call")


def test_with_too_few_past_accounts_nothing_is_foretold(world: Any) -> None:
    cast, _ = world
    with acting(cast.tenant.id):
        draft = same_draft(cast)
    expected = simulated(cast, draft).result["sides"]["old"]["expected"]
    assert (expected["accounts"], expected["mean"]) == (0, 0.0) and expected["without_data"] > 0


def test_what_came_in_after_past_days_is_learned_once_and_only_from_days_whose_time_is_over(world: Any, monkeypatch: Any) -> None:
    cast, _ = world
    monkeypatch.setattr("recaudo.engine.experiment.expected.MIN_SEEN", 1)
    with acting(cast.tenant.id):
        account = cast.accounts["pedro"]
        Payment.objects.create(
            account=account, paid_on=TODAY + timedelta(days=2), external_id="despues",
            amount_minor=account.overdue_minor, currency=account.currency, status="applied", created_at=NOW,
        )  # fmt: skip
        draft = same_draft(cast)
    run(cast, on=TODAY + timedelta(days=7))
    found = simulated(cast, draft, on=TODAY + timedelta(days=7), horizon_days=7)
    assert found.result["past"] == {"seen": 3, "days": [TODAY.isoformat()]}
    assert found.result["sides"]["old"]["expected"]["mean"] > 0
    again = simulated(cast, draft, on=TODAY, horizon_days=7)
    assert again.result["past"] == {"seen": 0, "days": []}, "nothing is learned from the day that is foretold"


def test_the_same_question_is_answered_by_what_is_kept(world: Any) -> None:
    cast, _ = world
    with acting(cast.tenant.id):
        draft = same_draft(cast)
    first = simulated(cast, draft)
    assert simulated(cast, draft).pk == first.pk
    with acting(cast.tenant.id):
        from recaudo.strategy.queries.versions import model_of

        table = model_of(draft).decision("treatment").table
        services.change_cell(draft, decision="treatment", rule_id=table.rules[0].id, column="treatment_out1", text='"VISIT"', by=cast.elena, at=NOW)
        draft.refresh_from_db()
    assert simulated(cast, draft).pk != first.pk, "a draft that changed is another question"


def test_what_cannot_be_worked_out_says_why_and_does_not_stand_still(world: Any) -> None:
    cast, _ = world
    with acting(cast.tenant.id):
        draft = same_draft(cast)
        snapshot = strategy.snapshot_of(TODAY)
        asked = whatif.ask(old=strategy.active_version(), new=draft, snapshot=snapshot, horizon_days=30, by=cast.elena, at=NOW)
        storages["snapshots"].delete(snapshot.key)
    found = whatif.work_out(cast.tenant, asked.pk, by=cast.elena, clock=lambda: NOW)
    assert found.status == "failed" and "almacén de fotos" in found.problem
    with acting(cast.tenant.id), pytest.raises(SnapshotGone):
        whatif.ask(old=strategy.active_version(), new=draft, snapshot=snapshot, horizon_days=30, by=cast.elena, at=NOW)


def test_a_version_is_not_compared_with_itself(world: Any) -> None:
    cast, _ = world
    with acting(cast.tenant.id):
        active = strategy.active_version()
        with pytest.raises(whatif.SameVersion):
            whatif.ask(old=active, new=active, snapshot=strategy.snapshot_of(TODAY), horizon_days=30, by=cast.elena, at=NOW)
        with pytest.raises(whatif.UnknownHorizon):
            whatif.ask(old=active, new=same_draft(cast), snapshot=strategy.snapshot_of(TODAY), horizon_days=3, by=cast.elena, at=NOW)


def test_old_simulations_go_with_their_lists(world: Any, monkeypatch: Any) -> None:
    cast, _ = world
    monkeypatch.setattr(whatif, "KEPT", 1)
    with acting(cast.tenant.id):
        first = simulated(cast, same_draft(cast))
    with acting(cast.tenant.id):
        second = simulated(cast, same_draft(cast))
        assert not storages["snapshots"].exists(first.key) and storages["snapshots"].exists(second.key)
        assert list(WhatIf.objects.values_list("pk", flat=True)) == [second.pk]
