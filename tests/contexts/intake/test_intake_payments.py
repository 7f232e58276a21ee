"""Stories of payment files: whose they are, what they settle, and what they must not do twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.cast import NOW
from tests.contexts.intake.files import ROSA, csv

from recaudo.intake import services as intake
from recaudo.intake.models import Layout, Rejection
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, LedgerEntry, Payment

TITLES = "Folio,Cuenta,Importe,Fecha,Medio"
MAPPING = {"external_id": "Folio", "account_ref": "Cuenta", "amount": "Importe", "paid_on": "Fecha", "method": "Medio", "payer": "Medio"}


@pytest.fixture
def pays(cast, tmp_state) -> Layout:
    return intake.save_layout(name="pagos", target="payments", mapping=MAPPING, options={"currency": "MXN", "date": "ymd"}, by=cast.raul, at=NOW)


def pay(*rows: str) -> str:
    return csv(*rows, titles=TITLES)


def test_a_payment_settles_the_oldest_instalment_first(cast, pays, load) -> None:
    batch = load(pay("F1,CTA-MARIA,1000.00,2026-11-24,SPEI", "F2,CTA-MARIA,2000.00,2026-11-24,SPEI"), pays)
    maria = Account.objects.get(number="CTA-MARIA")
    assert batch.status == "applied", batch.problem
    assert maria.balance_minor == 1_250_000 - 300_000
    assert list(maria.instalments.order_by("number").values_list("paid_minor", flat=True)) == [250_000, 50_000]
    assert (maria.dpd, maria.overdue_minor, maria.status) == (0, 0, "current")
    assert maria.last_payment_minor == 200_000
    assert sum(maria.entries.values_list("amount_minor", flat=True)) == maria.balance_minor


def test_a_file_spreads_money_as_one_payment_by_hand_does(cast, pays, load) -> None:
    """The set-based spread and portfolio's own agree, component by component."""
    maria = cast.accounts["maria"]
    portfolio.book_charge(account=maria, kind="interest", component="interest", amount_minor=30_000, on=cast.today, by=cast.raul, at=NOW)
    portfolio.book_charge(account=maria, kind="fee", component="fees", amount_minor=5_000, on=cast.today, by=cast.raul, at=NOW)
    load(pay("F1,CTA-MARIA,2600.00,2026-11-24,SPEI"), pays)
    by_file = _lines("F1")
    portfolio.reverse_payment(Payment.objects.get(external_id="F1"), reason="prueba", by=cast.raul, at=NOW)
    maria.refresh_from_db()
    portfolio.record_payment(account=maria, amount_minor=260_000, currency="MXN", paid_on=cast.today, external_id="H1", by=cast.raul, at=NOW)
    assert by_file == _lines("H1")
    assert sum(minor for *_, minor in by_file) == -260_000


def test_a_payment_nobody_can_place_waits_to_be_identified(cast, pays, load) -> None:
    batch = load(pay("F1,NO-EXISTE,100.00,2026-11-24,SPEI"), pays)
    payment = Payment.objects.get(external_id="F1")
    assert (payment.status, payment.account, payment.reference) == ("unidentified", None, "NO-EXISTE")
    assert batch.changes["unidentified"] == 1


def test_the_payment_reference_finds_the_account(cast, pays, load) -> None:
    load(pay("F1,REFMARIA,100.00,2026-11-24,SPEI"), pays)
    assert Payment.objects.get(external_id="F1").account == cast.accounts["maria"]


def test_the_same_payment_twice_is_one_payment(cast, pays, load) -> None:
    load(pay("F1,CTA-MARIA,100.00,2026-11-24,SPEI"), pays)
    batch = load(pay("F1,CTA-MARIA,100.00,2026-11-24,SPEI", "F2,CTA-MARIA,50.00,2026-11-24,SPEI", "F2,CTA-MARIA,50.00,2026-11-24,SPEI"), pays)
    assert Payment.objects.count() == 2
    assert (batch.changes["duplicates"], batch.changes["created"], batch.rejected_count) == (1, 1, 1)
    assert batch.totals["MXN"] == {"source": 20_000, "accepted": 15_000, "refused": 5_000, "applied": 5_000, "unchanged": 10_000}


def test_a_known_key_with_another_amount_is_refused(cast, pays, load) -> None:
    load(pay("F1,CTA-MARIA,100.00,2026-11-24,SPEI"), pays)
    batch = load(pay("F1,CTA-MARIA,999.00,2026-11-24,SPEI"), pays)
    assert Rejection.objects.get(batch=batch).code == "payment_differs"
    assert (batch.accepted_count, batch.rejected_count) == (0, 1)
    assert Payment.objects.get().amount_minor == 10_000


def test_a_payment_from_before_the_statement_does_not_lower_it_again(cast, cards, pays, load) -> None:
    load(csv(ROSA), cards)
    batch = load(pay("F1,T-1,500.00,2026-11-20,SPEI", "F2,T-1,300.00,2026-11-24,SPEI"), pays)
    rosa = Account.objects.get(number="T-1")
    assert rosa.balance_minor == 1_250_050 - 30_000
    assert batch.changes["already_in_balance"] == 1
    assert rosa.payments.filter(status="applied").count() == 2


def test_statement_and_payment_files_commute(cast, cards, pays, load) -> None:
    tomorrow = cast.today + timedelta(days=1)
    load(csv(ROSA), cards)
    load(pay("F1,T-1,500.00,2026-11-24,SPEI"), pays)
    load(csv(ROSA.replace('"12,500.50"', '"12,000.50"').replace('"2,500.00"', '"2,000.00"').replace(",40,", ",41,")), cards, on=tomorrow, at=NOW + timedelta(days=1))
    rosa = Account.objects.get(number="T-1")
    assert (rosa.balance_minor, rosa.overdue_minor, rosa.dpd) == (1_200_050, 200_000, 41)
    unpaid = sum(due.amount_minor - due.paid_minor for due in rosa.instalments.filter(due_on__lt=tomorrow))
    assert unpaid == 200_000


def test_bad_amounts_days_and_keys_are_refused(cast, pays, load) -> None:
    batch = load(pay("F1,CTA-MARIA,-5.00,2026-11-24,SPEI", "F2,CTA-MARIA,1e308,2026-11-24,SPEI", "F3,CTA-MARIA,5.00,2027-01-01,SPEI",
                     "F4,CTA-MARIA,NaN,2026-02-31,SPEI", ",CTA-MARIA,5.00,2026-11-24,SPEI", "F6,CTA-MARIA,0,2026-11-24,SPEI"), pays)  # fmt: skip
    assert batch.accepted_count == 0
    codes = {(one.row_number, one.code) for one in Rejection.objects.filter(batch=batch)}
    assert codes == {(2, "not_positive"), (3, "not_a_number"), (4, "future_date"), (5, "not_a_number"), (5, "no_such_day"), (6, "empty"), (7, "not_positive")}
    assert not LedgerEntry.objects.filter(kind="payment").exists()


def _lines(external_id: str) -> list[tuple[int, str, int]]:
    rows = LedgerEntry.objects.filter(payment__external_id=external_id, kind="payment")
    return sorted((row.instalment.number if row.instalment else 0, row.component, row.amount_minor) for row in rows.select_related("instalment"))


