"""What may be expected: shrunk where little is known, honest where nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from recaudo.engine import experiment
from recaudo.engine.experiment import expected


def cell(group: str, treatment: str, values: np.ndarray) -> experiment.Cell:
    return experiment.Cell(group, treatment, len(values), float(values.sum()), float((values**2).sum()))


def test_a_large_cell_keeps_its_own_mean_and_a_small_one_leans_on_its_group() -> None:
    lot = np.random.default_rng(1)
    past = experiment.learn([
        cell("B1", "CALL", (lot.random(4_000) < 0.40).astype(float)), cell("B1", "SMS", (lot.random(4_000) < 0.20).astype(float)),
        cell("B1", "VISIT", np.ones(4)),
    ])  # fmt: skip
    assert past.of("B1", "CALL").mean == pytest.approx(0.40, abs=0.03)
    assert 0.30 < past.of("B1", "VISIT").mean < 0.95


def test_a_cell_never_seen_is_its_group_with_more_doubt() -> None:
    lot = np.random.default_rng(2)
    past = experiment.learn([cell("B1", name, (lot.random(2_000) < share).astype(float)) for name, share in (("CALL", 0.4), ("SMS", 0.2))])
    assert past.of("B1", "LETTER").mean == pytest.approx(0.3, abs=0.03)
    assert past.of("B1", "LETTER").doubt > 10 * past.of("B1", "CALL").doubt


def test_too_few_accounts_are_no_data() -> None:
    past = experiment.learn([cell("B6", "CALL", np.ones(expected.MIN_SEEN - 1))])
    assert past.of("B6", "CALL") is None
    found = experiment.expect(past, [("B6", "CALL", 10, 1_000.0, 100_000.0)])
    assert (found.is_known, found.without_data) == (False, 10)


def test_the_interval_of_a_plan_holds_the_truth_as_often_as_it_says() -> None:
    """Cells drawn around a group, plans of fresh accounts: 95 % of the intervals hold what came in."""
    held = 0
    for seed in range(300):
        lot = np.random.default_rng(seed)
        rates = np.clip(0.25 + 0.08 * lot.standard_normal(6), 0.02, 0.9)
        past = experiment.learn([cell("B2", str(n), (lot.random(300) < rate).astype(float)) for n, rate in enumerate(rates)])
        debts = [lot.lognormal(3, 0.5, 200) for _ in rates]
        came = sum(float((debt * (lot.random(200) < rate)).sum()) for debt, rate in zip(debts, rates, strict=True))
        plan = [("B2", str(n), 200, float(debt.sum()), float((debt**2).sum())) for n, debt in enumerate(debts)]
        found = experiment.expect(past, plan)
        held += found.low <= came <= found.high
    assert held / 300 >= 0.92


def test_accounts_that_never_paid_are_not_certain_never_to_pay() -> None:
    past = experiment.learn([cell("WO", "CALL", np.zeros(500))])
    found = experiment.expect(past, [("WO", "CALL", 100, 1e6, 1e10)])
    assert found.mean == 0 and found.high > 0
