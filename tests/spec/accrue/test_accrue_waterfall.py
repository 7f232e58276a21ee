"""Applying payments and late interest: exact to the minor unit, in the declared order, and no charge is forgotten."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recaudo.engine.accrue import (
    COMPONENTS,
    DEFAULT_ORDER,
    BadOrder,
    Due,
    NegativeAmount,
    NegativeDays,
    NegativePrincipal,
    apply_payment,
    late_interest,
)
from recaudo.kernel.money import MixedCurrencies, Money

JAN = Due("ene", date(2026, 1, 15), "MXN", {"costs": 50, "default_interest": 30, "interest": 100, "principal": 1000})
FEB = Due("feb", date(2026, 2, 15), "MXN", {"costs": 20, "interest": 90, "principal": 1010})
PRINCIPAL_FIRST = ("principal", "interest", "default_interest", "costs", "taxes", "insurance", "fees")


def paid(applied):
    return [(line.instalment_id, line.component, line.minor) for line in applied.lines]


def test_the_oldest_instalment_is_settled_in_order_before_the_next():
    applied = apply_payment(Money(1200, "MXN"), [FEB, JAN])
    assert paid(applied) == [
        ("ene", "costs", 50), ("ene", "default_interest", 30), ("ene", "interest", 100), ("ene", "principal", 1000), ("feb", "costs", 20),
    ]  # fmt: skip
    assert applied.remainder == Money(0, "MXN")


def test_oldest_is_by_due_day_and_not_by_the_order_given():
    for dues in ([JAN, FEB], [FEB, JAN]):
        assert paid(apply_payment(Money(10, "MXN"), dues)) == [("ene", "costs", 10)]


def test_by_component_all_costs_are_paid_before_any_interest():
    applied = apply_payment(Money(120, "MXN"), [FEB, JAN], depth="component")
    assert paid(applied) == [("ene", "costs", 50), ("feb", "costs", 20), ("ene", "default_interest", 30), ("ene", "interest", 20)]


def test_a_contract_may_put_principal_first_and_the_charges_survive_it():
    applied = apply_payment(Money(1000, "MXN"), [JAN], PRINCIPAL_FIRST)
    assert paid(applied) == [("ene", "principal", 1000)]
    assert applied.left[0].owed == {"costs": 50, "default_interest": 30, "interest": 100, "principal": 0}


def test_what_is_paid_beyond_the_debt_is_left_over():
    assert apply_payment(Money(5000, "MXN"), [JAN, FEB]).remainder == Money(5000 - 1180 - 1120, "MXN")


def test_an_order_that_forgets_what_is_owed_is_refused():
    with pytest.raises(BadOrder, match="default_interest"):
        apply_payment(Money(1, "MXN"), [JAN], ("costs", "interest", "principal"))
    with pytest.raises(BadOrder, match="costs"):
        apply_payment(Money(1, "MXN"), [JAN], ("costs", *DEFAULT_ORDER))
    with pytest.raises(BadOrder, match="propina"):
        apply_payment(Money(1, "MXN"), [JAN], (*DEFAULT_ORDER, "propina"))


def test_currencies_are_not_mixed_and_nothing_is_negative():
    with pytest.raises(MixedCurrencies):
        apply_payment(Money(1, "CLP"), [JAN])
    with pytest.raises(NegativeAmount):
        apply_payment(Money(-1, "MXN"), [JAN])
    with pytest.raises(NegativeAmount):
        apply_payment(Money(1, "MXN"), [Due("x", date(2026, 1, 1), "MXN", {"principal": -1})])


dues_ = st.lists(
    st.builds(Due, st.text("abc", min_size=1, max_size=2), st.dates(date(2025, 1, 1), date(2026, 1, 1)), st.just("CLP"), st.dictionaries(st.sampled_from(sorted(COMPONENTS)), st.integers(0, 10**12))),
    max_size=6,
)  # fmt: skip


@settings(deadline=None)
@given(st.integers(0, 10**13), dues_, st.permutations(DEFAULT_ORDER), st.sampled_from(["instalment", "component"]))
def test_not_a_cent_is_made_or_lost(minor, dues, order, depth):
    applied = apply_payment(Money(minor, "CLP"), dues, order, depth=depth)
    total = sum(sum(due.owed.values()) for due in dues)
    assert sum(line.minor for line in applied.lines) + applied.remainder.minor == minor
    assert applied.remainder.minor == max(minor - total, 0)
    assert sum(sum(due.owed.values()) for due in applied.left) == max(total - minor, 0)
    assert all(type(line.minor) is int and line.minor > 0 for line in applied.lines)
    assert all(still >= 0 for due in applied.left for still in due.owed.values())


@settings(deadline=None)
@given(st.integers(0, 10**12), st.integers(0, 10**12), dues_)
def test_two_payments_reach_as_far_as_their_sum(one, two, dues):
    whole = apply_payment(Money(one + two, "CLP"), dues)
    first = apply_payment(Money(one, "CLP"), dues)
    second = apply_payment(Money(two, "CLP"), first.left)
    assert [due.owed for due in second.left] == [due.owed for due in whole.left]


def test_late_interest_is_simple_and_rounds_half_even():
    assert late_interest(Money(100_000, "MXN"), rate=Decimal("0.365"), days=10) == Money(1000, "MXN")
    assert late_interest(Money(100_000, "MXN"), rate=Decimal("0.36"), days=30, year_days=360) == Money(3000, "MXN")
    assert late_interest(Money(365, "CLP"), rate=Decimal("0.5"), days=1) == Money(0, "CLP")  # 0.5 goes to the even 0
    assert late_interest(Money(1095, "CLP"), rate=Decimal("0.5"), days=1) == Money(2, "CLP")  # 1.5 goes to the even 2


def test_late_interest_stops_at_the_lawful_ceiling():
    assert late_interest(Money(100_000, "COP"), rate=Decimal("0.9"), days=365, ceiling=Decimal("0.25")) == Money(25_000, "COP")


def test_late_interest_refuses_the_impossible():
    with pytest.raises(NegativeDays):
        late_interest(Money(1, "MXN"), rate=Decimal("0.1"), days=-1)
    with pytest.raises(NegativePrincipal):
        late_interest(Money(-1, "MXN"), rate=Decimal("0.1"), days=1)
