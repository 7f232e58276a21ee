"""Fees, deadlines, notices and retention."""

from datetime import date
from decimal import Decimal

import pytest

from recaudo.engine.comply import NoSuchRule, UnknownTerm, UnknownUnit, count, deadline, fee, lawbook, notice, retention

D = date.fromisoformat

FEES = [
    # UF     day  notice  done   most UF
    ("8", 25, 10, True, "0.72"),
    ("10", 25, 10, True, "0.9"),
    ("40", 25, 10, True, "2.7"),
    ("60", 25, 10, True, "3.6"),
    ("10.01", 25, 15, True, "0.9006"),
    ("40", 20, 10, True, "0"),  # not before day 21
    ("40", 21, 10, True, "2.7"),
    ("40", 60, 10, False, "0"),  # nothing was done
    ("8", 25, 16, True, "0.52"),  # the free notice came late
    ("8", 25, None, True, "0.52"),
    ("1", 25, None, True, "0"),  # never below nothing
    ("0", 25, 10, True, "0"),
]


@pytest.mark.parametrize(("amount", "day", "notice_day", "done", "most"), FEES)
def test_the_chilean_fee(amount, day, notice_day, done, most):
    got = fee(lawbook().pack("CL"), Decimal(amount), days_past_due=day, on=D("2026-11-21"), useful_notice_day=notice_day, gestiones_performed=done)
    assert (got.amount, got.unit, got.rule_id) == (Decimal(most), "UF", "CL-FEE")


def test_where_the_law_has_no_fee_none_is_made_up():
    with pytest.raises(NoSuchRule):
        fee(lawbook().pack("MX"), Decimal(8), days_past_due=30, on=D("2026-11-21"))


DEADLINES = [
    ("CL", "CL-DATA-REQUEST", "2026-12-02", "2027-01-01"),  # 30 calendar days
    ("CL", "CL-DATA-REQUEST", "2026-11-27", "2026-12-01"),  # before the new law: 2 business days
    ("PE", "PE-CLAIM", "2026-12-01", "2026-12-24"),  # two holidays
    ("PE", "PE-ARCO-ACCESS", "2026-10-01", "2026-10-30"),
    ("CO", "CO-CONSULTA", "2026-07-01", "2026-07-16"),  # the 13th is a holiday
    ("US", "US-VALIDATION-PERIOD", "2026-09-04", "2026-10-14"),
    ("CO", "CO-BUREAU-LATEST", "2026-01-31", "2027-07-31"),
]


@pytest.mark.parametrize(("country", "rule", "start", "due"), DEADLINES)
def test_deadlines(country, rule, start, due):
    assert deadline(lawbook().pack(country), rule, start=D(start)).on == D(due)


def test_an_extension_adds_its_days():
    pack = lawbook().pack("CO")
    assert deadline(pack, "CO-CONSULTA", start=D("2026-08-03"), extended=True).on == count(pack, D("2026-08-03"), 15, "business_days")


@pytest.mark.parametrize(("start", "n", "unit", "end"), [
    ("2024-02-29", 1, "years", "2025-02-28"), ("2024-02-29", 4, "years", "2028-02-29"), ("2026-08-31", 1, "months", "2026-09-30"),
    ("2026-12-15", 1, "months", "2027-01-15"), ("2028-02-28", 2, "calendar_days", "2028-03-01"),
])  # fmt: skip
def test_years_and_months_end_on_the_same_day_or_the_last(start, n, unit, end):
    assert count(None, D(start), n, unit) == D(end)


def test_a_unit_that_nobody_counts_in_is_refused():
    with pytest.raises(UnknownUnit):
        count(None, D("2026-01-01"), 3, "lunas")


NOTICES = [
    # last notice   act on        notices                        small   allowed
    ("2026-10-01", "2026-10-21", None, False, False),  # day 20
    ("2026-10-01", "2026-10-22", None, False, True),
    ("2026-10-01", "2026-10-30", ["2026-10-01"], True, False),
    ("2026-10-05", "2026-10-26", ["2026-10-01", "2026-10-05"], True, True),
    ("2026-10-05", "2026-10-26", ["2026-10-05", "2026-10-05"], True, False),  # the same day is one notice
]


@pytest.mark.parametrize(("start", "act", "sent", "small", "allowed"), NOTICES)
def test_colombia_notice_before_the_bureau(start, act, sent, small, allowed):
    days = None if sent is None else [D(day) for day in sent]
    got = notice(lawbook().pack("CO"), start=D(start), action_on=D(act), notices=days, low_amount=small)
    assert (got.allowed, got.rule_id) == (allowed, "CO-BUREAU-20D")


def test_united_states_fourteen_days_with_the_sending_day_as_the_first():
    pack = lawbook().pack("US")
    assert not notice(pack, start=D("2026-05-01"), action_on=D("2026-05-14")).allowed
    assert notice(pack, start=D("2026-05-01"), action_on=D("2026-05-15")).allowed


@pytest.mark.parametrize(("country", "rule", "start", "act", "allowed"), [
    ("CL", "CL-RET-GESTIONES", "2024-11-20", "2026-11-20", False), ("CL", "CL-RET-GESTIONES", "2024-11-20", "2026-11-21", True),
    ("US", "US-RET-CALLS", "2024-11-20", "2026-11-21", False), ("US-NY-NYC", "NYC-RET", "2024-11-20", "2027-11-21", True),
])  # fmt: skip
def test_records_are_kept_as_long_as_the_law_says(country, rule, start, act, allowed):
    assert retention(lawbook().pack(country), rule, start=D(start), action_on=D(act)).allowed is allowed


def test_what_has_no_known_term_is_not_deleted_by_rule():
    with pytest.raises(UnknownTerm):
        retention(lawbook().pack("MX"), "MX-RET", start=D("2020-01-01"), action_on=D("2026-01-01"))
