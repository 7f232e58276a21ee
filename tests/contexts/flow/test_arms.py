"""Experiments in the day: the lot is drawn once, each arm is decided by its version, a control group is left alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.cast import NOW, TODAY
from tests.contexts.flow.worlds import place, ready, run

from recaudo.analytics import queries as analytics
from recaudo.analytics.queries import Scope
from recaudo.casework.models import Action
from recaudo.flow.queries.why import why
from recaudo.store import tenancy
from recaudo.strategy import queries, services
from recaudo.strategy.models import Experiment, ExperimentMember, Snapshot
from recaudo.strategy.queries.versions import model_of


def submitted(cast: Any, *, kind: str = "holdout", first: int = 9_999, version: Any = None, **more: Any) -> Experiment:
    """An experiment that waits for approval; its first arm holds nearly everybody."""
    strategy = queries.active_version().strategy
    arms = [
        services.ArmDraft("control", "Grupo de control", first, None, kind == "holdout"),
        services.ArmDraft("treated", "Con gestión", 10_000 - first, version),
    ]
    made = services.propose(strategy, name="Prueba", kind=kind, arms=arms, base_bp=2000, lift_bp=500, by=cast.elena, at=NOW, **more)
    return services.submit_experiment(made, by=cast.elena, at=NOW)


def approved(cast: Any, **given: Any) -> Experiment:
    """The same, and the next day starts it."""
    return services.approve_experiment(submitted(cast, **given), starts_on=TODAY, today=TODAY, by=cast.gabriel, at=NOW)


def challenger(cast: Any) -> Any:
    """A version approved by Gabriel that would visit everybody."""
    made = services.draft(queries.active_version(), note="Visitar a todos", by=cast.elena, at=NOW)
    for rule in model_of(made).decision("treatment").table.rules:
        made = services.change_cell(made, decision="treatment", rule_id=rule.id, column="treatment_out1", text='"VISIT"', by=cast.elena, at=NOW)
    services.submit(made, by=cast.elena, at=NOW)
    return services.approve(made, by=cast.gabriel, at=NOW)


def rows(cast: Any, on: Any = TODAY) -> dict[str, dict[str, Any]]:
    """The snapshot by debtor."""
    snapshot = queries.snapshot_of(on)
    columns = ["account_id", "outcome", "arm", "experiment", "decided_by", "treatment", "channel", "refused_rule"]
    names = {str(account.id): key for key, account in cast.accounts.items()}
    return {names[row["account_id"]]: row for row in queries.snapshot_rows(snapshot, columns=columns, where={})}


def test_a_control_group_is_not_contacted_and_the_page_says_why(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    with tenancy.acting(cast.tenant.id):
        approved(cast)
    done = run(cast)
    with tenancy.acting(cast.tenant.id):
        found = rows(cast)
        drawn = dict(ExperimentMember.objects.values_list("person_id", "arm"))
        assert set(drawn) == {cast.people[key].id for key in ("maria", "pedro", "esquina")}, "who owes nothing overdue is not drawn"
        assert set(drawn.values()) == {"control"}
        assert not Action.objects.filter(person_id__in=drawn, direction="out").exists()
        wanted = [row for key, row in found.items() if key != "lucia" and row["channel"] not in ("none", "agency", "legal")]
        assert wanted and {(row["outcome"], row["refused_rule"]) for row in wanted} == {("control", "HOUSE-CONTROL")}
        explained = why(cast.accounts["maria"], zone=cast.tenant.zone, at=cast.now)
    assert "grupo de control" in explained.sentence and explained.rule.code == "HOUSE-CONTROL"
    assert done.counts["accounts_by_outcome"]["control"] == len(wanted)
    assert done.counts["arms"] == {"control": 3}


def test_work_at_an_agency_goes_on(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    place(cast, "maria")
    with tenancy.acting(cast.tenant.id):
        approved(cast)
    run(cast)
    with tenancy.acting(cast.tenant.id):
        assert not ExperimentMember.objects.filter(person_id=cast.maria.id).exists()
        assert rows(cast)["maria"]["outcome"] != "control"


def test_the_version_of_an_arm_decides_for_its_persons_and_explains_them(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    with tenancy.acting(cast.tenant.id):
        version = challenger(cast)
        approved(cast, kind="challenger", first=1, version=version)
        champion = queries.active_version()
    run(cast)
    with tenancy.acting(cast.tenant.id):
        found = rows(cast)
        for key in ("maria", "pedro", "esquina"):
            assert (found[key]["arm"], found[key]["treatment"], found[key]["decided_by"]) == ("treated", "VISIT", version.sha256)
        assert (found["lucia"]["arm"], found["lucia"]["decided_by"]) == (None, champion.sha256)
        explained = why(cast.accounts["maria"], zone=cast.tenant.zone, at=cast.now)
        assert (explained.version_number, explained.differences) == (version.number, ())
        assert Snapshot.objects.get().version_id == champion.pk


def test_persons_stay_in_their_arm_and_a_control_group_ends_with_its_time(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    with tenancy.acting(cast.tenant.id):
        approved(cast, outcome_days=2)
    run(cast)
    with tenancy.acting(cast.tenant.id):
        first = sorted(ExperimentMember.objects.values_list("person_id", "arm", "enrolled_on"))
    run(cast, on=TODAY + timedelta(days=1))
    run(cast, on=TODAY + timedelta(days=2))
    with tenancy.acting(cast.tenant.id):
        assert sorted(ExperimentMember.objects.values_list("person_id", "arm", "enrolled_on")) == first
        second, third = (rows(cast, TODAY + timedelta(days=days)) for days in (1, 2))
    assert second["maria"]["outcome"] == "control"
    assert third["maria"]["outcome"] != "control" and third["maria"]["arm"] is None


def test_who_is_in_the_default_control_group_is_in_no_other_experiment(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    with tenancy.acting(cast.tenant.id):
        approved(cast, is_default=True)
        version = challenger(cast)
        approved(cast, kind="challenger", first=5_000, version=version)
    run(cast)
    with tenancy.acting(cast.tenant.id):
        assert {one.experiment.kind for one in ExperimentMember.objects.select_related("experiment")} == {"holdout"}


def test_only_whom_the_scope_names_is_drawn(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    with tenancy.acting(cast.tenant.id):
        approved(cast, scope={"country": ["CL"], "stage": ["early"]})
    run(cast)
    with tenancy.acting(cast.tenant.id):
        assert [one.person_id for one in ExperimentMember.objects.all()] == [cast.pedro.id]


def test_a_day_without_experiments_keeps_who_decided(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    done = run(cast)
    with tenancy.acting(cast.tenant.id):
        assert {row["decided_by"] for row in rows(cast).values()} == {queries.active_version().sha256}
    assert done.counts["arms"] == {} and done.counts["drawn"] == {}


@pytest.mark.django_db
def test_a_second_running_experiment_on_the_same_strategy_is_refused(cast: Any) -> None:
    from tests.contexts.flow.worlds import put_in_force

    put_in_force(cast)
    approved(cast)
    with pytest.raises(services.AnotherRuns):
        approved(cast)


def test_an_indicator_is_cut_by_the_arm_of_its_holders(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    with tenancy.acting(cast.tenant.id):
        approved(cast)
    run(cast)
    with tenancy.acting(cast.tenant.id):
        scope = Scope(start=TODAY, end=TODAY + timedelta(days=1), today=TODAY, zone=cast.tenant.zone)
        split, whole = analytics.one("K-30", scope, ["arm"])
    found = {row.group["arm"]: row.denominator for row in split}
    assert found["Prueba: Grupo de control"] == 3 and sum(found.values()) == whole[0].denominator
    assert found[""] == whole[0].denominator - 3, "who was not drawn stands apart"
