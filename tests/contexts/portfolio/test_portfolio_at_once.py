"""Several people at the same money at the same time, with real transactions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from tests.cast import make_cast

from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, LedgerEntry, Payment
from recaudo.portfolio.services.payments import NotReversible, PaymentDiffers
from recaudo.store import tenancy


@pytest.fixture
def people(own_database):
    return make_cast()


def at_once(cast, jobs):
    """Run each job in a connection of its own, all starting together. Returns results, exceptions included."""
    start = Barrier(len(jobs))

    def run(job):
        try:
            start.wait(timeout=30)
            with tenancy.acting(cast.tenant.id):
                return job()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def pay(cast, key, minor=1_000):
    return lambda: portfolio.record_payment(
        account=cast.accounts["maria"], amount_minor=minor, currency="MXN", paid_on=cast.today, external_id=key, by=cast.raul, at=cast.now
    )


def balance(cast):
    with tenancy.acting(cast.tenant.id):
        account = Account.objects.get(id=cast.accounts["maria"].id)
        assert account.balance_minor == sum(LedgerEntry.objects.filter(account=account).values_list("amount_minor", flat=True))
        applied = sum(Payment.objects.filter(account=account, status="applied").values_list("amount_minor", flat=True))
        assert sum(account.instalments.values_list("paid_minor", flat=True)) == applied
        return account.balance_minor


def test_one_payment_reported_by_four_at_once_is_one_payment(people):
    results = at_once(people, [pay(people, "same")] * 4)
    assert len({payment.id for payment in results}) == 1
    assert balance(people) == 1_249_000


def test_two_payments_under_one_key_at_once_leave_one_and_tell_the_other(people):
    results = at_once(people, [pay(people, "same", 1_000), pay(people, "same", 2_000)])
    assert sorted(type(result).__name__ for result in results) == ["Payment", PaymentDiffers.__name__]
    assert balance(people) in {1_249_000, 1_248_000}


def test_payments_to_one_account_at_once_are_all_applied(people):
    results = at_once(people, [pay(people, f"k{number}") for number in range(6)])
    assert {result.status for result in results} == {"applied"}
    assert balance(people) == 1_244_000


def test_a_payment_reversed_by_two_at_once_is_reversed_once(people):
    with tenancy.acting(people.tenant.id):
        payment = pay(people, "p")()
    undo = lambda: portfolio.reverse_payment(payment, reason="Devuelto", by=people.gabriel, at=people.now)  # noqa: E731
    results = at_once(people, [undo, undo, pay(people, "q", 500)])
    assert sorted(type(result).__name__ for result in results) == [NotReversible.__name__, "Payment", "Payment"]
    assert balance(people) == 1_249_500
