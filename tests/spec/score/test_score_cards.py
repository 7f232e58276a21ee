"""A card learns what is true, says the same everywhere, gives reasons, and is refused what it may not use."""

import math
from datetime import date, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recaudo.engine import score

FACTS = ("dpd", "amount", "product", "has_phone")


def world(rows: int = 6000, seed: int = 3, *, days: bool = False) -> pa.Table:
    """Accounts whose odds are known: late ones pay less, cards more; the amount says nothing."""
    dice = np.random.default_rng(seed)
    dpd = dice.integers(0, 180, rows)
    product = dice.choice(["card", "loan"], rows)
    phone = dice.random(rows) < 0.8
    odds = 1.0 - dpd / 60 + np.where(product == "card", 0.8, 0.0) + np.where(phone, 0.5, 0.0)
    paid = dice.random(rows) < 1 / (1 + np.exp(-odds))
    empty = dice.random(rows) < 0.05
    columns = {
        "dpd": pa.array(dpd, mask=empty), "amount": pa.array(dice.lognormal(7, 1, rows)), "product": pa.array(product),
        "has_phone": pa.array(phone), "paid": pa.array(paid), "truth": pa.array(1 / (1 + np.exp(-odds))),
    }  # fmt: skip
    if days:
        columns["on"] = pa.array([date(2026, 1, 1) + timedelta(days=int(n)) for n in np.arange(rows) * 100 // rows])
    return pa.table(columns)


@pytest.fixture(scope="module")
def trained():
    return score.train(world(), "paid", name="pays", facts=FACTS, horizon_days=30, compare=False)


def test_a_card_comes_close_to_the_truth_it_was_drawn_from(trained):
    fresh = world(seed=99)
    given_, truth = score.probabilities(trained.card, fresh), fresh.column("truth").to_numpy()
    assert np.abs(given_ - truth).mean() < 0.05
    found, best = (score.quality(np.asarray(fresh.column("paid").cast("double")), one).auc for one in (given_, truth))
    assert best - found < 0.02
    assert trained.test.error < 0.05 and 0.8 < trained.test.slope < 1.25


def test_what_says_nothing_stays_out(trained):
    spread = {fact.name: np.ptp(fact.points) for fact in trained.card.facts}
    assert spread["dpd"] > 1.5
    assert spread.get("amount", 0) < 0.4


def test_the_same_rows_give_the_same_card(trained):
    again = score.train(world(), "paid", name="pays", facts=FACTS, horizon_days=30, compare=False)
    assert again.card == trained.card and again.card.version == trained.card.version


def test_the_mean_of_the_scores_is_the_rate_that_was_seen(trained):
    assert score.probabilities(trained.card, world()).mean() == pytest.approx(np.asarray(world().column("paid").cast("double")).mean(), abs=0.01)


CELL = {
    "dpd": st.none() | st.integers(-5, 400), "amount": st.none() | st.floats(allow_nan=True, allow_infinity=True),
    "product": st.none() | st.sampled_from(["card", "loan", "other", "O'Higgins", ""]), "has_phone": st.none() | st.booleans(),
}  # fmt: skip
TYPES = pa.schema({"dpd": pa.int64(), "amount": pa.float64(), "product": pa.string(), "has_phone": pa.bool_()})


@settings(deadline=None, max_examples=150)
@given(st.lists(st.fixed_dictionaries(CELL), min_size=1, max_size=8))
def test_sql_and_python_say_the_same_of_any_row(trained, rows):
    table = pa.Table.from_pylist(rows, TYPES)
    with duckdb.connect() as db:
        db.register("accounts", table)
        told = [row[0] for row in db.sql(f"SELECT {score.sql(trained.card)} FROM accounts").fetchall()]
    assert told == pytest.approx(score.probabilities(trained.card, table).tolist(), abs=1e-12)
    assert all(0 < one < 1 for one in told)


def test_reasons_add_up_to_the_distance_from_the_average(trained):
    row = {"dpd": 170, "amount": 900.0, "product": "loan", "has_phone": False}
    told = score.reasons(trained.card, row, most=9)
    assert [told[0].fact, told[0].bin[:6]] == ["dpd", "más de"] and told[0].points < 0
    table = pa.Table.from_pylist([row], TYPES)
    average = trained.card.base + sum(fact.mean for fact in trained.card.facts)
    p = score.probabilities(trained.card, table)[0]
    away = (math.log(p / (1 - p)) - average) * 20 / math.log(2)
    assert sum(one.points for one in told) == pytest.approx(away, abs=1.5)


def test_a_missing_fact_has_a_reason_of_its_own(trained):
    told = {one.fact: one.bin for one in score.reasons(trained.card, {"product": "card", "has_phone": True, "amount": 1.0}, most=9)}
    assert told.get("dpd", "vacío") == "vacío"


def test_a_card_survives_its_json_and_damage_is_refused(trained):
    text = score.to_json(trained.card)
    assert score.from_json(text) == trained.card
    for broken in ("{}", "[]", text.replace('"points":[', '"points":[1.5,', 1), text.replace('"base":', '"base":1e999,"x":'), text[:-3]):
        with pytest.raises(ValueError):
            score.from_json(broken)


@pytest.mark.parametrize(
    "head",
    ['"base":1e999', '"base":-Infinity', '"base":NaN', '"base":1e300', '"base":0,"horizon_days":1e999', '"base":0,"horizon_days":0', '"base":0,"name":"a\\u0000"'],
)
def test_a_card_without_facts_cannot_carry_a_number_that_breaks_the_days_query(head):
    with pytest.raises(ValueError):
        score.from_json('{"name":"pay","horizon_days":30,"facts":[],' + head + "}")


@pytest.mark.parametrize(("values", "points"), [('"a\\u0000b"', "1,2"), ('"\\ud800"', "1,2"), ('"a"', "1e308,1e308"), ('"a"', "1," + "9" * 400)])
def test_a_card_cannot_carry_a_text_or_points_that_break_the_days_query(values, points):
    fact = '{"name":"stage","edges":[],"values":[' + values + '],"points":[' + points + '],"missing":0,"mean":0}'
    with pytest.raises(ValueError):
        score.from_json('{"name":"pay","horizon_days":30,"base":0,"facts":[' + fact + "]}")


def test_points_may_be_held_to_one_direction():
    card = score.train(world(1500, seed=5), "paid", name="x", facts=FACTS, horizon_days=30, rising={"dpd": -1}, compare=False).card
    (dpd,) = (fact for fact in card.facts if fact.name == "dpd")
    assert list(dpd.points) == sorted(dpd.points, reverse=True)


def test_the_latest_days_are_kept_aside_never_the_past():
    table = world(days=True)
    found = score.train(table, "paid", name="x", facts=FACTS, horizon_days=30, at="on", compare=False)
    days = table.column("on").to_numpy()
    aside = np.zeros(len(days), bool)
    aside[found.test_rows] = True
    assert days[~aside].max() < days[aside].min()
    assert 0.25 < aside.mean() < 0.35


@pytest.mark.parametrize("name", ["sex", "AGE", "marital_status", "age_in_years", "Foreign.worker"])
def test_a_protected_attribute_is_refused(name):
    with pytest.raises(score.ProtectedFact, match=name):
        score.train(world(600), "paid", name="x", facts=[*FACTS, name], horizon_days=30)


def test_a_name_that_only_looks_like_one_is_not():
    assert not any(score.is_protected(name) for name in ("average_balance", "usage", "message_count", "stage"))


def test_too_few_rows_or_one_outcome_only_is_told():
    with pytest.raises(score.TooFewRows, match="499 filas"):
        score.train(world(499), "paid", name="x", facts=FACTS, horizon_days=30)
    never = world(2000).drop_columns(["paid"]).append_column("paid", pa.array(np.zeros(2000, bool)))
    with pytest.raises(score.TooFewRows, match="0 con el resultado"):
        score.train(never, "paid", name="x", facts=FACTS, horizon_days=30)


@pytest.mark.parametrize("target", [pa.array([2] * 600), pa.array([None, *[1] * 599]), pa.array(["sí"] * 600)], ids=["two", "empty", "text"])
def test_a_target_that_is_not_yes_or_no_is_refused(target):
    table = world(600).drop_columns(["paid"]).append_column("paid", target)
    with pytest.raises(score.ConstantTarget):
        score.train(table, "paid", name="x", facts=FACTS, horizon_days=30)


def test_facts_that_nobody_has_or_that_are_days_are_left_out_of_both_models():
    table = world(1000).append_column("empty", pa.nulls(1000, pa.float64())).append_column("day", pa.array([date(2026, 1, 1)] * 1000))
    found = score.train(table, "paid", name="x", facts=["dpd", "empty", "day"], horizon_days=30)
    assert [fact.name for fact in found.card.facts] == ["dpd"] and found.opaque is not None
    with pytest.raises(score.NothingToLearn):
        score.train(table, "paid", name="x", facts=["empty"], horizon_days=30)


def ended(last: int, first: int = 0) -> pa.Table:
    """Ten rows a day, of which every second one paid from one row up to another, and none before or after."""
    paid = [bool(n % 2) and first <= n < last for n in range(1000)]
    return world(1000, days=True).drop_columns(["paid"]).append_column("paid", pa.array(paid))


def test_latest_days_of_one_outcome_are_told_and_early_ones_are_no_obstacle():
    with pytest.raises(score.OneOutcome, match="siempre el mismo"):
        score.train(ended(650), "paid", name="x", facts=["dpd"], horizon_days=30, at="on", compare=False)
    found = score.train(ended(1000, first=550), "paid", name="x", facts=["dpd"], horizon_days=30, at="on", compare=False)
    assert found.test.count == 300


def test_the_opaque_model_is_told_beside_and_is_not_far_above(trained):
    both = score.train(world(), "paid", name="pays", facts=FACTS, horizon_days=30)
    assert both.opaque is not None
    assert abs(both.opaque.auc - both.test.auc) < 0.03


def test_drift_is_nothing_for_the_same_people_and_much_for_others():
    dice = np.random.default_rng(1)
    before = dice.normal(0, 1, 5000)
    assert score.drift(before, dice.normal(0, 1, 5000)) < 0.02
    assert score.drift(before, dice.normal(1, 1, 5000)) > 0.25


def test_fairness_shows_a_group_that_is_scored_too_high():
    dice = np.random.default_rng(1)
    given_ = dice.random(4000)
    group = np.where(dice.random(4000) < 0.5, "a", "b")
    happened = (dice.random(4000) < np.where(group == "a", given_, given_ * 0.5)).astype(float)
    a, b, unknown = score.fairness(np.r_[happened, 1.0], np.r_[given_, 0.4], [*group.tolist(), None], threshold=0.7)
    assert (a.group, b.group, unknown.group) == ("a", "b", "sin dato")
    assert abs(a.gap) < 0.04 < 0.15 < b.gap
    assert unknown.is_small and unknown.auc is None
