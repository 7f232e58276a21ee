"""Payments: recorded once, applied by the waterfall, identified, reversed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from recaudo.journal.models import Event
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, Instalment, LedgerEntry, Payment
from recaudo.portfolio.services.payments import (
    BadPayment,
    NotIdentifiable,
    NotReversible,
    PaymentDiffers,
    WrongCurrency,
)


def pay(cast, account, minor, key, **more):
    values = {"currency": account.currency if account else "MXN", "paid_on": cast.today, "by": cast.raul, "at": cast.now} | more
    return portfolio.record_payment(account=account, amount_minor=minor, external_id=key, **values)


def sums_hold(account):
    account.refresh_from_db()
    entries = sum(LedgerEntry.objects.filter(account=account).values_list("amount_minor", flat=True))
    assert account.balance_minor == entries


def test_a_payment_lowers_the_balance_and_the_oldest_instalment(cast):
    account = cast.accounts["maria"]
    payment = pay(cast, account, 100_000, "p-1")
    account.refresh_from_db()
    oldest, future = account.instalments.order_by("due_on")
    assert payment.status == "applied"
    assert (account.balance_minor, account.overdue_minor, account.dpd) == (1_150_000, 150_000, 40)
    assert (oldest.paid_minor, future.paid_minor) == (100_000, 0)
    assert (account.last_payment_on, account.last_payment_minor) == (cast.today, 100_000)
    sums_hold(account)


def test_paying_what_is_overdue_brings_the_account_up_to_date(cast):
    account = cast.accounts["maria"]
    pay(cast, account, 250_000, "p-1")
    account.refresh_from_db()
    assert (account.dpd, account.bucket, account.stage, account.status) == (0, "CUR", "preventive", "current")
    assert account.instalments.get(number=1).paid_on == cast.today
    applied = Event.objects.get(name="payment.applied")
    assert applied.subject_id == account.id
    assert applied.detail["person_id"] == str(cast.maria.id)


def test_paying_more_than_is_owed_leaves_a_balance_in_favour(cast):
    account = cast.accounts["pedro"]
    pay(cast, account, 1_000_000, "p-1", currency="CLP")
    sums_hold(account)
    assert account.balance_minor == -100_000
    assert account.status == "closed_paid"
    assert account.entries.filter(kind="payment", instalment=None).get().amount_minor == -100_000


def test_the_waterfall_of_the_creditor_decides_what_is_paid_first(cast):
    account = cast.accounts["maria"]
    for component, minor in (("fees", 3_000), ("default_interest", 5_000), ("collection_cost", 2_000)):
        portfolio.book_charge(account=account, kind="charge", component=component, amount_minor=minor, on=cast.today,
                              by=cast.raul, at=cast.now)  # fmt: skip
    account.creditor.waterfall = ["default_interest"]
    account.creditor.save()
    pay(cast, account, 6_000, "p-1")
    paid = dict(account.entries.filter(kind="payment").values_list("component", "amount_minor"))
    assert paid == {"default_interest": -5_000, "collection_cost": -1_000}


def test_a_charge_on_an_instalment_is_paid_with_that_instalment(cast):
    account = cast.accounts["maria"]
    later = account.instalments.get(number=2)
    portfolio.book_charge(account=account, kind="interest", component="interest", amount_minor=9_000, on=cast.today,
                          instalment=later, by=cast.raul, at=cast.now)  # fmt: skip
    pay(cast, account, 250_000, "p-1")
    assert not account.entries.filter(kind="payment", component="interest").exists()
    pay(cast, account, 10_000, "p-2")
    interest = account.entries.get(kind="payment", component="interest")
    assert (interest.instalment_id, interest.amount_minor) == (later.id, -9_000)


def test_the_same_payment_reported_twice_is_one_payment(cast):
    account = cast.accounts["maria"]
    first = pay(cast, account, 100_000, "bank-7")
    again = pay(cast, account, 100_000, "bank-7")
    account.refresh_from_db()
    assert again.id == first.id
    assert (Payment.objects.count(), account.balance_minor) == (1, 1_150_000)
    assert Event.objects.filter(name="payment.applied").count() == 1


@pytest.mark.parametrize("change", [{"minor": 99_999}, {"paid_on": -1}, {"reference": "otra"}, {"account": "lucia"}])
def test_another_payment_under_the_same_key_is_refused(cast, change):
    pay(cast, cast.accounts["maria"], 100_000, "bank-7")
    account = cast.accounts[change.get("account", "maria")]
    more = {"reference": change["reference"]} if "reference" in change else {}
    if "paid_on" in change:
        more["paid_on"] = cast.today + timedelta(days=change["paid_on"])
    with pytest.raises(PaymentDiffers):
        pay(cast, account, change.get("minor", 100_000), "bank-7", **more)
    assert Payment.objects.count() == 1


@pytest.mark.parametrize(
    ("minor", "more", "problem"),
    [(0, {}, BadPayment), (-5, {}, BadPayment), (10, {"currency": "COP"}, WrongCurrency), (10, {"days": 1}, BadPayment)],
)
def test_bad_payments_are_refused_with_a_reason(cast, minor, more, problem):
    more = dict(more)
    more["paid_on"] = cast.today + timedelta(days=more.pop("days", 0))
    with pytest.raises(problem) as caught:
        pay(cast, cast.accounts["maria"], minor, "p-1", **more)
    assert len(caught.value.text) > 20
    assert not Payment.objects.exists()


@pytest.mark.parametrize("key", ["", " ", "x" * 81])
def test_a_payment_needs_a_key(cast, key):
    with pytest.raises(BadPayment):
        pay(cast, cast.accounts["maria"], 10, key)


def test_a_payment_without_account_waits_and_is_applied_when_identified(cast):
    payment = pay(cast, None, 250_000, "p-1", payer="TRANSFERENCIA DE M LOPEZ")
    assert payment.status == "unidentified"
    assert not LedgerEntry.objects.filter(payment=payment).exists()
    assert Event.objects.filter(name="payment.received").count() == 1
    portfolio.identify_payment(payment, account=cast.accounts["maria"], by=cast.raul, at=cast.now)
    sums_hold(cast.accounts["maria"])
    assert cast.accounts["maria"].dpd == 0
    assert set(Event.objects.filter(name__in=["payment.identified", "payment.applied"]).values_list("name", flat=True)) == {
        "payment.identified", "payment.applied",
    }  # fmt: skip
    with pytest.raises(NotIdentifiable):
        portfolio.identify_payment(payment, account=cast.accounts["lucia"], by=cast.raul, at=cast.now)
    assert pay(cast, None, 250_000, "p-1").id == payment.id  # the bank reports it again, still without an account


def test_a_payment_in_another_currency_cannot_be_identified(cast):
    payment = pay(cast, None, 250_000, "p-1")
    with pytest.raises(WrongCurrency):
        portfolio.identify_payment(payment, account=cast.accounts["pedro"], by=cast.raul, at=cast.now)


def test_a_reversal_gives_everything_back_and_keeps_the_trace(cast):
    account = cast.accounts["maria"]
    payment = pay(cast, account, 300_000, "p-1")
    portfolio.reverse_payment(payment, reason="Cheque devuelto", by=cast.gabriel, at=cast.now)
    sums_hold(account)
    assert (account.balance_minor, account.overdue_minor, account.dpd, account.bucket) == (1_250_000, 250_000, 40, "B2")
    assert account.last_payment_on is None
    assert not Instalment.objects.filter(account=account, paid_minor__gt=0).exists()
    assert account.entries.filter(kind="reversal").count() == account.entries.filter(kind="payment").count() == 2
    with pytest.raises(NotReversible):
        portfolio.reverse_payment(payment, reason="otra vez", by=cast.gabriel, at=cast.now)


def test_a_reversal_needs_a_reason(cast):
    payment = pay(cast, cast.accounts["maria"], 10, "p-1")
    with pytest.raises(BadPayment):
        portfolio.reverse_payment(payment, reason="  ", by=cast.gabriel, at=cast.now)


def test_a_reversed_last_payment_opens_a_paid_loan_again(cast):
    account = cast.accounts["pedro"]
    payment = pay(cast, account, 900_000, "p-1", currency="CLP")
    account.refresh_from_db()
    assert (account.status, account.closed_on) == ("closed_paid", cast.today)
    portfolio.reverse_payment(payment, reason="Duplicado", by=cast.gabriel, at=cast.now)
    account.refresh_from_db()
    assert (account.status, account.closed_on, account.dpd) == ("delinquent", None, 5)


def test_the_ledger_refuses_to_be_changed(cast):
    from django.db import DatabaseError, transaction

    with pytest.raises(DatabaseError), transaction.atomic():
        LedgerEntry.objects.filter(account=cast.accounts["maria"]).update(amount_minor=1)
    assert Account.objects.get(id=cast.accounts["maria"].id).balance_minor == 1_250_000


def test_the_payer_is_not_readable_in_the_database(cast):
    from django.db import connection

    payment = pay(cast, None, 10, "p-1", payer="MARIA LOPEZ")
    with connection.cursor() as cursor:
        cursor.execute("SELECT payer FROM portfolio_payment WHERE id = %s", [payment.id])
        assert b"MARIA" not in bytes(cursor.fetchone()[0])
    assert Payment.objects.get(id=payment.id).payer == "MARIA LOPEZ"
