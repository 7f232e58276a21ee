"""One worked month of ten accounts: every KPI agrees with the figures computed by hand, to two decimals."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from recaudo.engine.measure import TABLES, Params, compute, migration_matrix

# account, overdue at the start, bucket at the start and at the end, paid in the month
ACCOUNTS = [
    ("A1", 1000, "B1", "CUR", 1000), ("A2", 2000, "B1", "B1", 300), ("A3", 1500, "B1", "B2", 0), ("A4", 3000, "B1", "B2", 0),
    ("A5", 2500, "B2", "B1", 500), ("A6", 4000, "B2", "B3", 0), ("A7", 1000, "B2", "CUR", 1000), ("A8", 5000, "B3", "B3", 0),
    ("A9", 6000, "B3", "WO", 0), ("A10", 4000, "B3", "CUR", 2800),
]  # fmt: skip
# account, promised, paid by the due day and grace, due in the month
PROMISES = [
    ("A1", 1000, 1000, True), ("A2", 500, 300, True), ("A5", 500, 500, True), ("A7", 1000, 1000, True), ("A4", 1500, 0, True),
    ("A10", 2800, 2800, True), ("A6", 700, 0, False),
]  # fmt: skip
# channel, attempts, of them answered, of them by the holder
ATTEMPTS = [("call", 40, 16, 9), ("visit", 10, 6, 3), ("sms", 50, 0, 0)]
COST = 600


def golden() -> dict[str, pa.Table]:
    accounts = [
        {"account_id": a, "person_id": f"p{a}", "creditor": "Banco", "portfolio": "Tarjetas", "product": "credit_card", "currency": "MXN", "bucket0": b0, "bucket1": b1, "bal0_minor": bal * 100, "entered": False}
        for a, bal, b0, b1, _ in ACCOUNTS
    ]  # fmt: skip
    promises = [
        {"promise_id": f"P{a}", "account_id": a, "amount_minor": amount * 100, "paid_by_grace_minor": paid * 100, "due_in_period": due, "created_in_period": True}
        for a, amount, paid, due in PROMISES
    ]  # fmt: skip
    payments = [{"account_id": a, "amount_minor": paid * 100} for a, *_, paid in ACCOUNTS if paid]
    costs = [{"account_id": None, "currency": "MXN", "channel": "call", "amount_minor": COST * 100}]
    rows = {"accounts": accounts, "promises": promises, "payments": payments, "costs": costs, "attempts": attempts()}
    return {name: pa.Table.from_pylist(some, TABLES[name]) for name, some in rows.items()}


def attempts() -> list[dict]:
    """A hundred attempts on nine accounts; the twelve talks with a holder fall on seven of them."""
    rows = []
    for channel, count, contacts, rpc in ATTEMPTS:
        for n in range(count):
            account = f"A{n % (7 if n < rpc else 9) + 1}"
            rows.append({
                "account_id": account, "person_id": f"p{account}", "channel": channel, "at": datetime(2026, 3, 2, tzinfo=UTC), "attempt": True,
                "human": channel != "sms", "contact": n < contacts, "rpc": n < rpc, "tpc": rpc <= n < contacts,
            })  # fmt: skip
    return rows


EXPECTED = [
    ("K-62", "18.67", 560_000, 3_000_000), ("K-30", "90.00", 9, 10), ("K-34", "44.00", 22, 50), ("K-36", "54.55", 12, 22), ("K-37", "24.00", 12, 50),
    ("K-39", "45.45", 10, 22), ("K-38", "70.00", 7, 10), ("K-50", "58.33", 7, 12), ("K-53", "66.67", 4, 6), ("K-55", "16.67", 1, 6), ("K-56", "16.67", 1, 6),
    ("K-54", "76.71", 560_000, 730_000), ("K-65", "10.71", 60_000, 560_000),
]  # fmt: skip
BY_BUCKET = [
    ("K-05", {"B1": "60.00", "B2": "53.33", "B3": "40.00"}), ("K-09", {"B1": "40.00", "B2": "46.67", "B3": "60.00"}),
    ("K-06", {"B1": "0.00", "B2": "33.33", "B3": "0.00"}), ("K-07", {"B1": "13.33", "B2": "13.33", "B3": "26.67"}),
    ("K-08", {"B1": "26.67", "B2": "0.00", "B3": "33.33"}),
]  # fmt: skip


def percent(value: Decimal) -> str:
    return f"{value * 100:.2f}"


@pytest.mark.parametrize(("kpi", "shown", "numerator", "denominator"), EXPECTED)
def test_the_worked_month(kpi, shown, numerator, denominator):
    (row,) = compute([kpi], golden())
    assert (row.numerator, row.denominator, percent(row.value), row.has_data) == (numerator, denominator, shown, True)


@pytest.mark.parametrize(("kpi", "shown"), BY_BUCKET)
def test_the_worked_month_by_bucket(kpi, shown):
    rows = compute([kpi], golden(), by=["bucket0"])
    assert {row.group["bucket0"]: percent(row.value) for row in rows} == shown


def test_intensity_is_ten_and_eleven_for_the_accounts_worked():
    (all_, worked) = compute(["K-32", "K-32w"], golden())
    assert (all_.value, f"{worked.value:.2f}") == (10, "11.11")


def test_totals_are_money_in_minor_units():
    promised, average, collected, cost, per_talk = compute(["K-51", "K-52", "K-61", "K-60", "K-68"], golden())
    assert (promised.value, collected.value, cost.value, per_talk.value) == (800_000, 560_000, 60_000, 5_000)
    assert f"{average.value:.2f}" == "114285.71"
    assert promised.group == {"currency": "MXN"}


def test_the_migration_matrix():
    found = {(row.group["bucket0"], row.group["bucket1"]): percent(row.value) for row in migration_matrix(golden())}
    assert found == {
        ("B1", "CUR"): "13.33", ("B1", "B1"): "26.67", ("B1", "B2"): "60.00",
        ("B2", "CUR"): "13.33", ("B2", "B1"): "33.33", ("B2", "B3"): "53.33",
        ("B3", "CUR"): "26.67", ("B3", "B3"): "33.33", ("B3", "WO"): "40.00",
    }  # fmt: skip


def test_the_matrix_by_accounts_counts_accounts():
    found = {(row.group["bucket0"], row.group["bucket1"]): row.numerator for row in migration_matrix(golden(), weight="count")}
    assert found[("B1", "B2")] == 2 and sum(found.values()) == 10


def test_coverage_by_channel_is_over_all_accounts():
    found = {row.group["channel"]: (row.numerator, row.denominator) for row in compute(["K-30"], golden(), by=["channel"])}
    assert found == {"call": (9, 10), "sms": (9, 10), "visit": (9, 10)}


def test_contact_rate_by_channel_has_its_own_base():
    found = {row.group["channel"]: row.value for row in compute(["K-34"], golden(), by=["channel"])}
    assert found == {"call": Decimal("0.4"), "visit": Decimal("0.6"), "sms": None}


def test_accounts_without_work_in_the_last_days():
    (row,) = compute(["K-23"], golden(), params=Params(closed_on=date(2026, 3, 31), unworked_days=30))
    assert (row.numerator, row.denominator) == (1, 10)
    (row,) = compute(["K-23"], golden(), params=Params(closed_on=date(2026, 4, 1), unworked_days=30))
    assert row.numerator == 10
