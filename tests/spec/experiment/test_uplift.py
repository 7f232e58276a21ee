"""What an arm added: the planted difference is found, the interval holds at every look, and too little is said to be too little."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from recaudo.engine import experiment
from recaudo.engine.experiment import power, uplift

ALPHA = 0.05


def stream(seed: int, *, persons: int, base: float, lift: float, share: float = 0.5):
    """Who was drawn for which arm, and whether they paid, in the order in which they are seen."""
    lot = np.random.default_rng(seed)
    treated = lot.random(persons) < share
    return treated, (lot.random(persons) < base + lift * treated).astype(float)


def at_looks(treated, paid, every: int, planned: int):
    for size in range(every, len(paid) + 1, every):
        one, zero = paid[:size][treated[:size]], paid[:size][~treated[:size]]
        yield experiment.compare(uplift._side(one), uplift._side(zero), planned=planned, alpha=ALPHA)


def test_the_planted_uplift_lies_in_the_interval() -> None:
    treated, paid = stream(11, persons=40_000, base=0.20, lift=0.03)
    found = list(at_looks(treated, paid, 40_000, 40_000))[-1]
    assert found.low < 0.03 < found.high
    assert found.low > 0 and found.verdict == "better" and found.p_value < ALPHA


def test_the_interval_holds_at_all_looks_together_as_often_as_it_says() -> None:
    """400 experiments, 20 looks each: the truth may leave the interval in at most about 5 %, at any look."""
    missed = 0
    for seed in range(400):
        treated, paid = stream(seed, persons=2_000, base=0.25, lift=0.04)
        missed += any(not one.low <= 0.04 <= one.high for one in at_looks(treated, paid, 100, 2_000) if one.is_enough)
    assert missed / 400 <= 0.06


def test_looking_every_time_raises_no_more_false_alarms() -> None:
    """Without any effect, stopping at the first interval that leaves out zero; the textbook interval would stop in about one of four."""
    alarms = textbook = 0
    for seed in range(400):
        treated, paid = stream(10_000 + seed, persons=2_000, base=0.25, lift=0.0)
        seen = [one for one in at_looks(treated, paid, 100, 2_000) if one.is_enough]
        alarms += any(one.verdict != "unclear" for one in seen)
        textbook += any(
            abs(one.difference) > 1.96 * (one.treated.variance / one.treated.persons + one.control.variance / one.control.persons) ** 0.5 for one in seen
        )
    assert alarms / 400 <= 0.06
    assert textbook / 400 > 0.12


def test_the_number_of_persons_asked_for_shows_the_difference_as_often_as_promised() -> None:
    plan = experiment.Plan(base=0.25, lift=0.06, share=0.5, alpha=ALPHA, power=0.8)
    persons = experiment.persons_needed(plan)
    assert persons > experiment.persons_needed(plan, is_sequential=False)
    seen = 0
    for seed in range(300):
        treated, paid = stream(50_000 + seed, persons=persons, base=0.25, lift=0.06)
        seen += next(at_looks(treated, paid, persons, persons)).verdict == "better"
    assert 0.72 <= seen / 300 <= 0.88


def test_the_textbook_size_is_the_textbooks() -> None:
    """Two halves, 50 % against 55 %, alpha 5 %, power 80 %: 1,562 in each arm with unpooled variances (Fleiss)."""
    plan = experiment.Plan(base=0.50, lift=0.05, share=0.5)
    assert experiment.persons_needed(plan, is_sequential=False) == pytest.approx(2 * 1_562, abs=3)


def test_a_smaller_control_needs_more_persons() -> None:
    half, small = (experiment.persons_needed(experiment.Plan(0.2, 0.03, share)) for share in (0.5, 0.95))
    assert small > 3 * half


def test_the_smallest_difference_that_shows_is_the_one_that_was_planned() -> None:
    plan = experiment.Plan(base=0.2, lift=0.05, share=0.5)
    assert experiment.smallest_lift(plan, experiment.persons_needed(plan)) == pytest.approx(0.05, rel=0.01)
    assert experiment.smallest_lift(plan, 3) is None


@pytest.mark.parametrize(("base", "lift", "share"), [(0.0, 0.1, 0.5), (0.9, 0.2, 0.5), (0.2, 0.0, 0.5), (0.2, 0.1, 1.0)])
def test_a_plan_that_cannot_be_is_refused(base: float, lift: float, share: float) -> None:
    with pytest.raises(power.UnfitPlan):
        experiment.Plan(base, lift, share)


def test_few_persons_say_nothing() -> None:
    found = experiment.compare(experiment.Side(29, 0.9, 0.1), experiment.Side(4_000, 0.1, 0.1), planned=4_000)
    assert (found.verdict, found.low, found.p_value) == ("no_data", None, 1.0)


def test_arms_in_which_nobody_differs_say_nothing() -> None:
    found = experiment.compare(experiment.Side(500, 0.0, 0.0), experiment.Side(500, 0.0, 0.0), planned=1_000)
    assert found.verdict == "no_data"


def test_self_cure_is_what_the_control_paid_and_only_the_rest_was_added() -> None:
    found = experiment.compare(experiment.Side(1_000, 0.30, 0.21), experiment.Side(500, 0.22, 0.1716), planned=1_500)
    assert found.self_cured == pytest.approx(220)
    assert found.added == pytest.approx(80)
    assert found.self_cured + found.added == pytest.approx(found.treated.total)


def test_looks_come_by_day_and_their_p_value_never_grows() -> None:
    treated, paid = stream(3, persons=3_000, base=0.2, lift=0.08)
    rows = pa.table({
        "arm": ["challenger" if one else "champion" for one in treated], "paid": paid,
        "day": pa.array([date(2026, 11, 1) + timedelta(days=n // 300) for n in range(3_000)], pa.date32()),
    })  # fmt: skip
    found = experiment.looks(rows, "paid", day="day", treated="challenger", control="champion", planned=3_000)
    assert [one.on for one in found] == [date(2026, 11, 1) + timedelta(days=n) for n in range(10)]
    values = [one.result.p_value for one in found]
    assert values == sorted(values, reverse=True) and values[-1] < ALPHA
    last = experiment.sides(rows, "paid")
    assert found[-1].result.treated.persons == last["challenger"].persons
    assert found[-1].result.difference == pytest.approx(last["challenger"].mean - last["champion"].mean)
