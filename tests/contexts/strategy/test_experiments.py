"""The life of an experiment: who may do what, what is refused, and what is written down."""

from __future__ import annotations

from datetime import timedelta

import pytest

from recaudo.engine import experiment as engine
from recaudo.engine.experiment.power import UnfitPlan
from recaudo.journal.models import Event
from recaudo.strategy import queries, services
from recaudo.strategy.models import ExperimentMember


def arms(version=None, share=1_000):
    return [services.ArmDraft("champion", "En vigor", 10_000 - share), services.ArmDraft("challenger", "Retadora", share, version)]


def holdout(share=500):
    return [services.ArmDraft("control", "Grupo de control", share, None, True), services.ArmDraft("worked", "Con gestión", 10_000 - share)]


def propose(cast, active, given, kind="holdout", **more):
    values = {"name": "Prueba", "base_bp": 2000, "lift_bp": 300, "by": cast.elena, "at": cast.now}
    return services.propose(active.strategy, kind=kind, arms=given, **{**values, **more})


@pytest.fixture
def submitted(cast, active):
    return services.submit_experiment(propose(cast, active, holdout()), by=cast.elena, at=cast.now)


@pytest.fixture
def running(cast, submitted):
    services.approve_experiment(submitted, starts_on=cast.today, today=cast.today, by=cast.gabriel, at=cast.now)
    services.start_due_experiments(on=cast.today, by=cast.gabriel, at=cast.now)
    return queries.running_experiments()[0]


def test_the_size_is_that_of_the_engine_and_is_kept(cast, active):
    made = propose(cast, active, holdout())
    plan = engine.Plan(0.20, 0.03, 0.95)
    assert made.planned_count == engine.persons_needed(plan)
    assert [(arm.code, arm.share_bp, arm.is_holdout) for arm in made.arms.all()] == [("control", 500, True), ("worked", 9_500, False)]


def test_an_experiment_with_one_arm_is_refused(cast, active):
    with pytest.raises(engine.OneArm):
        propose(cast, active, [services.ArmDraft("control", "Control", 10_000, None, True)])


def test_two_arms_that_do_the_same_are_refused(cast, active):
    with pytest.raises(services.UnfitExperiment, match="lo mismo"):
        propose(cast, active, arms(None), kind="challenger")


def test_only_the_first_arm_may_be_left_alone(cast, active):
    with pytest.raises(services.UnfitExperiment):
        propose(cast, active, [*reversed(holdout())])


def test_a_version_that_nobody_approved_is_not_tried_on_people(cast, active, draft):
    with pytest.raises(services.VersionNotApproved):
        propose(cast, active, arms(draft), kind="challenger")


@pytest.mark.parametrize("more", [{"base_bp": 0}, {"lift_bp": 0}, {"base_bp": 9_000, "lift_bp": 2_000}])
def test_a_difference_that_cannot_be_is_refused(cast, active, more):
    with pytest.raises(UnfitPlan):
        propose(cast, active, holdout(), **more)


@pytest.mark.parametrize("more", [{"outcome_days": 0}, {"outcome_days": 181}, {"scope": {"dpd": ["3"]}}, {"scope": {"nope": ["x"]}}])
def test_what_cannot_be_drawn_or_waited_for_is_refused(cast, active, more):
    with pytest.raises(services.UnfitExperiment):
        propose(cast, active, holdout(), **more)


def test_who_proposed_it_does_not_decide_on_it(cast, active, boss):
    made = services.submit_experiment(propose(cast, active, holdout(), by=boss), by=boss, at=cast.now)
    with pytest.raises(services.OwnExperiment):
        services.approve_experiment(made, starts_on=cast.today, today=cast.today, by=boss, at=cast.now)
    with pytest.raises(services.OwnExperiment):
        services.reject_experiment(made, note="No", by=boss, at=cast.now)


def test_it_starts_on_its_day_and_not_before(cast, submitted):
    tomorrow = cast.today + timedelta(days=1)
    services.approve_experiment(submitted, starts_on=tomorrow, today=cast.today, by=cast.gabriel, at=cast.now)
    assert services.start_due_experiments(on=cast.today, by=cast.gabriel, at=cast.now) == 0
    assert queries.running_experiments() == []
    assert services.start_due_experiments(on=tomorrow, by=cast.gabriel, at=cast.now) == 1
    assert [one.pk for one in queries.running_experiments()] == [submitted.pk]


def test_it_does_not_start_in_the_past(cast, submitted):
    with pytest.raises(services.PastStart):
        services.approve_experiment(submitted, starts_on=cast.today - timedelta(days=1), today=cast.today, by=cast.gabriel, at=cast.now)


def test_what_was_submitted_is_not_discarded_and_what_runs_is_not_approved_again(cast, submitted, running):
    with pytest.raises(services.NotThatState):
        services.discard(running, by=cast.elena, at=cast.now)
    with pytest.raises(services.NotThatState):
        services.approve_experiment(running, starts_on=cast.today, today=cast.today, by=cast.gabriel, at=cast.now)


def test_a_person_is_drawn_once_and_stays(cast, running):
    rows = [(str(cast.maria.id), "control", 250_000, "MXN"), (str(cast.pedro.id), "worked", None, "CLP")]
    assert services.enrol(running, rows, on=cast.today, by=cast.gabriel, at=cast.now) == 2
    moved = [(str(cast.maria.id), "worked", 1, "MXN")]
    assert services.enrol(running, moved, on=cast.today + timedelta(days=1), by=cast.gabriel, at=cast.now) == 0
    assert ExperimentMember.objects.get(person_id=cast.maria.id).arm == "control"
    assert {code: one.persons for code, one in queries.arm_counts(running).items()} == {"control": 1, "worked": 1}


def test_an_arm_that_does_not_exist_is_not_written(cast, running):
    with pytest.raises(ValueError, match="does not have"):
        services.enrol(running, [(str(cast.maria.id), "other", 1, "MXN")], on=cast.today, by=cast.gabriel, at=cast.now)


def test_the_first_reason_that_breaks_a_comparison_stays(cast, running):
    services.enrol(running, [(str(cast.maria.id), "control", 1, "MXN")], on=cast.today, by=cast.gabriel, at=cast.now)
    later = cast.today + timedelta(days=3)
    found = [(str(cast.maria.id), "placed", later), (str(cast.maria.id), "contacted", cast.today)]
    assert services.mark_contaminated(running, found, by=cast.gabriel, at=cast.now) == 1
    assert services.mark_contaminated(running, [(str(cast.maria.id), "merged", later)], by=cast.gabriel, at=cast.now) == 0
    assert queries.contaminated_counts(running) == {("control", "contacted"): 1}


def test_a_control_group_is_known_until_its_time_is_over(cast, running):
    services.enrol(running, [(str(cast.maria.id), "control", 1, "MXN"), (str(cast.pedro.id), "worked", 1, "CLP")], on=cast.today, by=cast.gabriel, at=cast.now)
    last = cast.today + timedelta(days=running.outcome_days - 1)
    assert queries.control_of(cast.maria.id, on=last).until == last + timedelta(days=1)
    assert queries.control_of(cast.maria.id, on=last + timedelta(days=1)) is None
    assert queries.control_of(cast.pedro.id, on=cast.today) is None
    services.stop_experiment(running, on=cast.today, reason="Basta", by=cast.gabriel, at=cast.now)
    assert queries.control_of(cast.maria.id, on=cast.today) is None


def test_every_step_is_in_the_journal(cast, running):
    services.stop_experiment(running, on=cast.today, reason="Basta", by=cast.gabriel, at=cast.now)
    names = list(Event.objects.filter(name__startswith="experiment.").order_by("id").values_list("name", flat=True))
    assert sorted(names) == sorted(f"experiment.{step}" for step in ("drafted", "submitted", "approved", "started", "stopped"))
