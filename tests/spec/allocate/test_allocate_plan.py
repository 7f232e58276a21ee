"""The day's work fits the capacity, reaches each person at most once, is worth as much as can be, and says who is left out."""

import random
from itertools import product

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recaudo.engine.allocate import MissingColumn, plan

SCHEMA = {
    "account_id": pa.string(), "person_id": pa.string(), "channel": pa.string(), "value": pa.float64(), "cost_minor": pa.int64(),
    "priority": pa.int32(), "forced": pa.bool_(), "team": pa.string(), "quota": pa.string(),
}  # fmt: skip


def options(*rows: dict) -> pa.Table:
    """Rows of options; what is not said is a call of cost 0, priority 1, not forced, for a person of its own."""
    whole = [{"channel": "call", "cost_minor": 0, "priority": 1, "forced": False, "person_id": f"p-{row['account_id']}", **row} for row in rows]
    return pa.Table.from_pylist(whole, pa.schema(SCHEMA))


def chosen(found) -> list[tuple]:
    return [(row["account_id"], row["channel"]) for row in found.chosen.to_pylist()]


def reasons(found) -> dict[str, str]:
    return {row["account_id"]: row["reason"] for row in found.refused.to_pylist()}


def test_the_worthiest_are_called_while_there_are_agents():
    found = plan(options({"account_id": "a", "value": 5}, {"account_id": "b", "value": 9}, {"account_id": "c", "value": 7}), {"call": 2})
    assert chosen(found) == [("b", "call"), ("c", "call")]
    assert reasons(found) == {"a": "over_capacity"}
    assert found.used == {"call": 2} and found.prices == {"call": 5.0} and found.gap == 0


def test_a_scarce_place_goes_to_whom_the_other_channel_serves_worst():
    found = plan(
        options(
            {"account_id": "a", "value": 10}, {"account_id": "a", "channel": "sms", "value": 9},
            {"account_id": "b", "value": 8}, {"account_id": "b", "channel": "sms", "value": 1},
        ), {"call": 1, "sms": 5},
    )  # fmt: skip
    assert chosen(found) == [("a", "sms"), ("b", "call")]


def test_a_person_with_two_accounts_is_reached_once():
    found = plan(options({"account_id": "a", "person_id": "p", "value": 5}, {"account_id": "b", "person_id": "p", "value": 9}), {"call": 5})
    assert chosen(found) == [("b", "call")]
    assert reasons(found) == {"a": "person_already_chosen"}


def test_accounts_without_a_person_stand_for_themselves():
    found = plan(options({"account_id": "a", "person_id": None, "value": 5}, {"account_id": "b", "person_id": None, "value": 9}), {"call": 5})
    assert len(chosen(found)) == 2


def test_priority_1_is_served_before_any_value():
    found = plan(options({"account_id": "a", "value": 100, "priority": 2}, {"account_id": "b", "value": 1, "priority": 1}), {"call": 1})
    assert chosen(found) == [("b", "call")]


def test_a_forced_option_comes_first_even_if_worth_nothing_but_not_beyond_capacity():
    rows = [{"account_id": "a", "value": -3, "forced": True}, {"account_id": "b", "value": 100}, {"account_id": "c", "value": -5, "forced": True}]
    assert chosen(plan(options(*rows), {"call": 2})) == [("a", "call"), ("c", "call")]
    found = plan(options(*rows), {"call": 1})
    assert chosen(found) == [("a", "call")] and reasons(found) == {"b": "over_capacity", "c": "over_capacity"}


def test_a_person_with_a_forced_contact_gets_no_second_one():
    rows = [{"account_id": "a", "person_id": "p", "value": 1, "forced": True}, {"account_id": "b", "person_id": "p", "value": 99, "channel": "sms"}]
    found = plan(options(*rows), {"call": 1, "sms": 1})
    assert chosen(found) == [("a", "call")] and reasons(found) == {"b": "person_already_chosen"}


def test_what_is_worth_nothing_is_not_done():
    assert reasons(plan(options({"account_id": "a", "value": 0}), {"call": 5})) == {"a": "no_value"}


def test_a_channel_without_stated_capacity_has_none():
    assert reasons(plan(options({"account_id": "a", "value": 3}), {})) == {"a": "over_capacity"}


def test_a_team_may_be_full_while_its_channel_is_not():
    rows = [{"account_id": x, "value": v, "team": t} for x, v, t in (("a", 9, "north"), ("b", 8, "north"), ("c", 1, "south"))]
    found = plan(options(*rows), {"call": 3}, team_capacity={"north": 1, "south": 1})
    assert chosen(found) == [("a", "call"), ("c", "call")]
    assert reasons(found) == {"b": "over_capacity"}


def test_the_budget_buys_the_most_worth_per_cost():
    rows = [{"account_id": "a", "value": 10, "cost_minor": 100}, {"account_id": "b", "value": 6, "cost_minor": 50}, {"account_id": "c", "value": 6, "cost_minor": 50}]
    found = plan(options(*rows), {"call": 9}, budget_minor=100)
    assert chosen(found) == [("b", "call"), ("c", "call")] and found.spent_minor == 100
    assert reasons(found) == {"a": "over_budget"}


def test_a_floor_of_coverage_is_kept_for_a_quota_of_low_value():
    rows = [{"account_id": f"rich{n}", "value": 100, "quota": "A"} for n in range(5)] + [{"account_id": f"poor{n}", "value": n, "quota": "B"} for n in range(5)]
    found = plan(options(*rows), {"call": 5}, floors={"B": 2})
    assert [account for account, _ in chosen(found) if account.startswith("poor")] == ["poor3", "poor4"]
    assert found.used == {"call": 5}


def test_a_forced_contact_counts_towards_the_floor():
    rows = [{"account_id": "x", "value": 0, "quota": "B", "forced": True}, {"account_id": "y", "value": 1, "quota": "B"}, {"account_id": "z", "value": 9, "quota": "A"}]
    assert chosen(plan(options(*rows), {"call": 2}, floors={"B": 1})) == [("x", "call"), ("z", "call")]


def test_no_options_give_an_empty_plan():
    found = plan(options(), {"call": 5})
    assert (found.chosen.num_rows, found.refused.num_rows, found.value, found.gap) == (0, 0, 0, 0)


def test_a_missing_column_is_named():
    with pytest.raises(MissingColumn, match="value"):
        plan(options().drop_columns(["value"]), {})


row = st.fixed_dictionaries({
    "account_id": st.sampled_from("abcdef"), "channel": st.sampled_from(["call", "sms", "visit"]), "value": st.integers(-3, 20).map(float),
    "cost_minor": st.integers(0, 5), "team": st.none() | st.sampled_from(["n", "s"]),
})  # fmt: skip
OWNER = {"a": "p", "b": "p", "c": "q", "d": "r", "e": "s", "f": "t"}
rows_ = st.lists(row, max_size=9).map(lambda rows: [{**one, "person_id": OWNER[one["account_id"]]} for one in rows])
capacity_ = st.fixed_dictionaries({"call": st.integers(0, 2), "sms": st.integers(0, 3), "visit": st.integers(0, 1)})


def best_value(rows, capacity, teams=None, budget=None) -> float:
    """By trying everything."""
    people = [[None, *[one for one in rows if one["person_id"] == person]] for person in sorted({one["person_id"] for one in rows})]
    worth = [sum(one["value"] for one in pick if one) for pick in product(*people) if fits([one for one in pick if one], capacity, teams, budget)]
    return max(worth, default=0.0)


def fits(picked, capacity, teams, budget) -> bool:
    by_channel = all(sum(one["channel"] == name for one in picked) <= capacity.get(name, 0) for name in ("call", "sms", "visit"))
    by_team = teams is None or all(sum(one["team"] == name for one in picked) <= teams.get(name, 0) for name in ("n", "s"))
    return by_channel and by_team and (budget is None or sum(one["cost_minor"] for one in picked) <= budget)


@settings(deadline=None, max_examples=300)
@given(rows_, capacity_)
def test_with_channels_alone_no_plan_is_worth_more(rows, capacity):
    found = plan(options(*rows).drop_columns(["team"]), capacity)
    assert fits(found.chosen.to_pylist(), capacity, None, None)
    assert found.value == pytest.approx(best_value(rows, capacity))
    assert found.bound >= found.value


@settings(deadline=None, max_examples=200)
@given(rows_, capacity_, st.fixed_dictionaries({"n": st.integers(0, 2), "s": st.integers(0, 2)}), st.none() | st.integers(0, 10))
def test_with_teams_and_a_budget_it_fits_leaves_no_free_gain_and_the_bound_holds(rows, capacity, teams, budget):
    found = plan(options(*rows), capacity, team_capacity=teams, budget_minor=budget)
    picked = found.chosen.to_pylist()
    assert fits(picked, capacity, teams, budget)
    assert len({one["person_id"] for one in picked}) == len(picked)
    best = best_value(rows, capacity, teams, budget)
    assert found.value <= best + 1e-9 <= found.bound + 2e-9
    reached = {one["person_id"] for one in picked}
    assert not any(fits([*picked, one], capacity, teams, budget) for one in rows if one["person_id"] not in reached and one["value"] > 0)


@settings(deadline=None)
def drawn(dice: random.Random) -> tuple[list[dict], dict[str, int]]:
    """A harder day than the property tests draw: many options, few places, ties."""
    rows = [
        {"account_id": (key := dice.choice("abcdef")), "person_id": OWNER[key], "channel": dice.choice(["call", "sms", "visit"]), "value": float(dice.randint(-3, 20)),
         "cost_minor": dice.randint(0, 5), "team": dice.choice([None, "n", "s"])}
        for _ in range(dice.randint(6, 12))
    ]  # fmt: skip
    return rows, {"call": dice.randint(0, 2), "sms": dice.randint(0, 2), "visit": dice.randint(0, 1)}


def test_over_many_crowded_days_channels_alone_are_always_filled_in_the_best_way():
    dice = random.Random(5)
    for _ in range(400):
        rows, capacity = drawn(dice)
        assert plan(options(*rows).drop_columns(["team"]), capacity).value == pytest.approx(best_value(rows, capacity))


def test_over_many_crowded_days_teams_and_budget_hold_and_little_is_lost():
    dice = random.Random(6)
    reached = possible = 0.0
    for _ in range(400):
        rows, capacity = drawn(dice)
        teams, budget = {"n": dice.randint(0, 2), "s": dice.randint(0, 2)}, dice.randint(0, 8)
        found = plan(options(*rows), capacity, team_capacity=teams, budget_minor=budget)
        best = best_value(rows, capacity, teams, budget)
        assert fits(found.chosen.to_pylist(), capacity, teams, budget)
        assert found.value <= best + 1e-9 <= found.bound + 2e-9
        reached, possible = reached + found.value, possible + best
    assert reached / possible > 0.98


@settings(deadline=None)
@given(rows_, capacity_, st.integers(0, 99))
def test_the_order_of_the_rows_changes_nothing(rows, capacity, seed):
    unique = list({(one["account_id"], one["channel"]): one for one in rows}.values())
    shuffled = random.Random(seed).sample(unique, len(unique))
    assert plan(options(*unique), capacity, budget_minor=7).chosen.equals(plan(options(*shuffled), capacity, budget_minor=7).chosen)


@settings(deadline=None)
@given(rows_, capacity_)
def test_every_account_is_chosen_or_refused_with_a_reason(rows, capacity):
    found = plan(options(*rows), capacity)
    done, out = {account for account, _ in chosen(found)}, set(reasons(found))
    assert done | out == {one["account_id"] for one in rows} and not done & out


def test_many_accounts_come_close_to_the_bound():
    dice = random.Random(7)
    rows = [{"account_id": f"{n}", "channel": channel, "value": dice.random() * worth, "cost_minor": cost} for n in range(4000) for channel, worth, cost in (("call", 10, 20), ("sms", 3, 2), ("visit", 30, 300))]
    found = plan(options(*rows), {"call": 800, "sms": 1500, "visit": 100}, budget_minor=30_000)
    assert found.spent_minor <= 30_000 and found.gap < 0.01


def test_two_channels_worth_nearly_the_same_get_prices_that_prove_the_plan():
    dice = random.Random(8)
    rows = []
    for n in range(3000):
        worth = dice.randint(1, 40) / 2
        rows += [{"account_id": f"{n}", "channel": "call", "value": worth}, {"account_id": f"{n}", "channel": "sms", "value": worth - 0.5}]
    found = plan(options(*rows), {"call": 600, "sms": 750})
    # No price alone can rise: only both together. The worth of a place is near that of the last who gets none.
    assert found.gap < 0.005
    assert found.prices["call"] == pytest.approx(11, abs=1) and found.prices["call"] - found.prices["sms"] == pytest.approx(0.5, abs=0.1)


def test_the_bound_is_as_tight_as_the_linear_programme():
    from scipy.optimize import linprog

    dice = random.Random(9)
    for _ in range(8):
        rows = [
            {"account_id": f"{n}", "channel": channel, "value": round(dice.random() * 20, 1), "cost_minor": cost, "team": dice.choice([None, "n", "s"])}
            for n in range(150) for channel, cost in (("call", 9), ("sms", 1), ("im", 2)) if dice.random() < 0.8
        ]  # fmt: skip
        capacity, teams, budget = {"call": 25, "sms": 30, "im": 20}, {"n": 20, "s": 10}, 300
        limits = [([one["account_id"] == f"{n}" for one in rows], 1) for n in range(150)]
        limits += [([one["channel"] == name for one in rows], places) for name, places in capacity.items()]
        limits += [([one["team"] == name for one in rows], places) for name, places in teams.items()]
        limits += [([one["cost_minor"] for one in rows], budget)]
        best = -linprog([-one["value"] for one in rows], [row for row, _ in limits], [most for _, most in limits], bounds=(0, 1)).fun
        found = plan(options(*rows), capacity, team_capacity=teams, budget_minor=budget)
        assert found.value <= best + 1e-6 <= found.bound + 2e-6
        assert found.bound <= best * 1.003


def test_what_had_to_be_done_and_did_not_fit_is_told_with_what_to_relax():
    rows = [{"account_id": f"f{n}", "value": 1, "forced": True} for n in range(3)] + [{"account_id": f"q{n}", "value": 1, "quota": "agency-A", "team": "norte"} for n in range(4)]
    found = plan(options(*rows), {"call": 5}, team_capacity={"norte": 9}, floors={"agency-A": 4, "agency-B": 2})
    assert [(one.kind, one.name, one.wanted, one.done, one.lacking) for one in found.shortfalls] == [
        ("floor", "agency-A", 4, 2, ("call",)), ("floor", "agency-B", 2, 0, ())]  # fmt: skip
    (forced,) = plan(options(*rows[:3]), {"call": 2}).shortfalls
    assert (forced.kind, forced.name, forced.wanted, forced.done, forced.lacking) == ("forced", "call", 3, 2, ("call",))
    (team,) = plan(options(*rows[3:]), {"call": 9}, team_capacity={"norte": 1}, floors={"agency-A": 2}).shortfalls
    assert team.lacking == ("norte",)
    (poor,) = plan(options({"account_id": "a", "value": 1, "quota": "x", "cost_minor": 9}), {"call": 9}, budget_minor=5, floors={"x": 1}).shortfalls
    assert poor.lacking == ("budget",)


def test_a_plan_in_which_all_fits_has_no_shortfalls():
    assert plan(options({"account_id": "a", "value": 1, "forced": True, "quota": "x"}), {"call": 1}, floors={"x": 1}).shortfalls == ()


def test_a_short_budget_goes_where_it_buys_most_when_crowds_are_worth_just_what_they_cost():
    rows = [{"account_id": f"c{n}", "value": 480, "cost_minor": 950} for n in range(600)]
    rows += [{"account_id": f"m{n}", "channel": "im", "value": 480, "cost_minor": 90} for n in range(900)]
    found = plan(options(*rows), {"call": 400, "im": 700}, budget_minor=200_000)
    assert found.used == {"call": 144, "im": 700}
    assert found.gap < 0.002
