"""Few attempts say little: a rate is drawn towards its kind until its own experience weighs more."""

import numpy as np
import pyarrow as pa
import pytest

from recaudo.engine import score


def cells(*rows):
    return pa.Table.from_pylist([dict(zip(("segment", "person", "hour", "tried", "reached"), row, strict=True)) for row in rows])


def rates(table, levels=("segment", "person")):
    return score.pooled(table, levels=list(levels)).column("rate").to_pylist()


def test_nobody_called_yet_has_the_rate_of_the_kind():
    table = cells(("s", "a", "9", 100, 20), ("s", "b", "9", 100, 20), ("s", "new", "9", 0, 0), ("t", "c", "9", 100, 60), ("t", "d", "9", 0, 0))
    a, _, new, c, d = rates(table)
    assert new == pytest.approx(a, abs=0.03) and d > 0.4 > new
    assert abs(c - 0.6) < 0.05


def test_one_lucky_call_moves_a_rate_less_than_thirty():
    people = [("s", f"p{n}", "9", 50, int(10 + n % 3)) for n in range(40)]
    once, often, *_ = rates(cells(("s", "once", "9", 1, 1), ("s", "often", "9", 30, 30), *people))
    assert 0.2 < once < 0.3 < 0.4 < often < 1


def test_cells_that_differ_by_chance_only_are_drawn_together():
    dice = np.random.default_rng(2)
    same = cells(*(("s", f"p{n}", "9", 10, int(dice.binomial(10, 0.3))) for n in range(400)))
    other = cells(*(("s", f"p{n}", "9", 10, int(dice.binomial(10, dice.choice([0.05, 0.55])))) for n in range(400)))
    assert np.std(rates(same)) < 0.05 < 0.15 < np.std(rates(other))


def test_pooling_foretells_better_than_the_raw_rate():
    dice = np.random.default_rng(3)
    truth = dice.beta(3, 9, 500)
    tried = dice.integers(1, 12, 500)
    table = cells(*(("s", f"p{n}", "9", int(tried[n]), int(dice.binomial(tried[n], truth[n]))) for n in range(500)))
    raw = np.asarray(table.column("reached")) / np.asarray(table.column("tried"))
    assert np.mean((np.array(rates(table)) - truth) ** 2) < 0.4 * np.mean((raw - truth) ** 2)


def test_the_best_hour_of_each_person():
    table = cells(("s", "a", "09", 20, 1), ("s", "a", "18", 20, 12), ("s", "b", "09", 20, 11), ("s", "b", "18", 20, 2), ("s", "c", "09", 0, 0), ("s", "c", "18", 0, 0))
    pooled = score.pooled(table, levels=["segment", "hour", "person"])
    best = {row["person"]: row["hour"] for row in score.best(pooled, of="person", choice="hour").to_pylist()}
    assert best["a"] == "18" and best["b"] == "09" and best["c"] in {"09", "18"}


def test_nothing_tried_anywhere_is_no_error():
    assert rates(cells(("s", "a", "9", 0, 0))) == [0.5]
