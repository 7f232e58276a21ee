"""Stories of the daily update file, and of cards that come with monthly statuses."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.cast import NOW
from tests.contexts.intake.files import HUGO, ROSA, csv

from recaudo.intake import services as intake
from recaudo.intake.models import Layout, Rejection
from recaudo.portfolio.models import Account

TITLES = "Cuenta,Saldo,Vencido,Dias,Estado"


@pytest.fixture
def daily(cast, book) -> Layout:
    mapping = {"number": "Cuenta", "balance": "Saldo", "overdue": "Vencido", "dpd": "Dias", "status": "Estado"}
    return intake.save_layout(name="diario", target="update", mapping=mapping, options={}, portfolio=book, by=cast.raul, at=NOW)


def test_an_update_moves_balances_and_closes_what_was_paid(cards, daily, load) -> None:
    load(csv(ROSA, HUGO), cards)
    batch = load(csv("T-1,12000.00,2000.00,41,", "T-2,0,0,0,Pagada", titles=TITLES), daily, on=date(2026, 11, 25))
    rosa, hugo = Account.objects.get(number="T-1"), Account.objects.get(number="T-2")
    assert (rosa.balance_minor, rosa.overdue_minor, rosa.dpd, rosa.holder.name) == (1_200_000, 200_000, 41, "Rosa Diaz Peña")
    assert (hugo.status, hugo.balance_minor, hugo.closed_on) == ("closed_paid", 0, date(2026, 11, 25))
    assert (batch.changes["updated"], batch.changes["adjusted"]) == (2, 2)


def test_an_update_never_makes_an_account(cards, daily, load) -> None:
    batch = load(csv("T-404,1.00,0,0,", titles=TITLES), daily)
    assert Rejection.objects.get(batch=batch).code == "unknown_account"
    assert batch.totals["MXN"] == {"source": 100, "accepted": 0, "refused": 100, "applied": 0, "unchanged": 0}
    assert not Account.objects.filter(number="T-404").exists()


def test_an_update_without_a_balance_keeps_it(cast, cards, book, load) -> None:
    load(csv(ROSA), cards)
    layout = intake.save_layout(name="dias", target="update", mapping={"number": "Cuenta", "risk_score": "Score"}, portfolio=book, by=cast.raul, at=NOW)
    load(csv("T-1,712", titles="Cuenta,Score"), layout, on=date(2026, 11, 25))
    rosa = Account.objects.get(number="T-1")
    assert (rosa.balance_minor, rosa.risk_score, rosa.dpd) == (1_250_050, 712, 40)


def test_yesterdays_file_does_not_undo_todays(cards, daily, load) -> None:
    load(csv(ROSA), cards, on=date(2026, 11, 20))
    load(csv("T-1,9000.00,100.00,5,", titles=TITLES), daily, on=date(2026, 11, 24))
    batch = load(csv("T-1,9999.00,999.00,4,", titles=TITLES), daily, on=date(2026, 11, 23))
    rosa = Account.objects.get(number="T-1")
    assert (rosa.balance_minor, rosa.overdue_minor, rosa.dpd) == (900_000, 10_000, 5)
    assert batch.changes["stale"] == 1


def test_monthly_statuses_become_days_and_are_marked_as_derived(cast, book, load) -> None:
    mapping = {
        "number": "ID", "holder_name": {"default": "Persona Inventada"}, "balance": {"column": "BILL_AMT1", "negative": "accept"},
        "credit_limit": "LIMIT_BAL", "last_payment": "PAY_AMT1", **{f"month_status_{n}": f"PAY_{n if n == 0 else n + 1}" for n in range(6)},
    }  # fmt: skip
    layout = intake.save_layout(name="uci", target="accounts", mapping=mapping, options={"derive": "monthly_status_v1"}, portfolio=book, by=cast.raul, at=NOW)
    titles = "ID,LIMIT_BAL,PAY_0,PAY_2,PAY_3,PAY_4,PAY_5,PAY_6,BILL_AMT1,PAY_AMT1"
    rows = ("1,20000,2,2,-1,-1,-2,-2,3913,0", "2,120000,-1,2,0,0,0,2,2682,700", "27,60000,1,-2,-1,-1,-1,-1,-109,0")
    load("\r".join((titles, *rows)) + "\r", layout)
    late, fine, credit = (Account.objects.get(number=number) for number in ("1", "2", "27"))
    minimum = 19_565  # 5 % of 3,913.00
    assert (late.dpd, late.overdue_minor, late.instalments_overdue, late.worst_status_6m) == (45, 2 * minimum, 2, 2)
    assert late.oldest_due_on == cast.today - timedelta(days=45)
    assert late.next_due_on == cast.today + timedelta(days=15)
    assert "dpd" in late.derived and late.instalments.filter(is_derived=True).count() == 3
    assert (fine.dpd, fine.overdue_minor, fine.last_payment_minor, fine.worst_status_6m) == (0, 0, 70_000, 2)
    assert (credit.balance_minor, credit.dpd, credit.overdue_minor) == (-10_900, 0, 0)
