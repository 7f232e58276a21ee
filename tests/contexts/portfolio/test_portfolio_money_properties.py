"""Whatever is paid and taken back, in whatever order: the sums hold."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, LedgerEntry, Payment
from recaudo.portfolio.models.ledger import COMPONENTS

steps = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), st.integers(1, 700_000)),
        st.tuples(st.just("reverse"), st.integers(0, 9)),
        st.tuples(st.just("charge"), st.integers(1, 60_000), st.sampled_from(COMPONENTS)),
    ),
    max_size=10,
)


class Undone(Exception):
    pass


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps, order=st.permutations(COMPONENTS))
def test_balance_is_the_sum_of_entries_and_instalments_hold_what_was_applied(cast, steps, order):
    try:
        with transaction.atomic():
            play(cast, steps, order)
            raise Undone
    except Undone:
        pass


def play(cast, steps, order):
    account = cast.accounts["maria"]
    account.creditor.waterfall = list(order)
    account.creditor.save()
    paid, charged = [], 0
    for number, step in enumerate(steps):
        if step[0] == "pay":
            paid.append(
                portfolio.record_payment(account=account, amount_minor=step[1], currency="MXN", paid_on=cast.today - timedelta(days=number),
                                         external_id=f"k{number}", by=cast.raul, at=cast.now)
            )  # fmt: skip
        elif step[0] == "charge":
            portfolio.book_charge(account=account, kind="charge", component=step[2], amount_minor=step[1], on=cast.today,
                                  by=cast.raul, at=cast.now)  # fmt: skip
            charged += step[1]
        elif paid:
            payment = paid.pop(step[1] % len(paid))
            portfolio.reverse_payment(payment, reason="prueba", by=cast.gabriel, at=cast.now)
        holds(account.id, sum(payment.amount_minor for payment in paid), charged)


def holds(account_id, applied, charged):
    account = Account.objects.get(id=account_id)
    entries = list(LedgerEntry.objects.filter(account=account))
    assert account.balance_minor == sum(e.amount_minor for e in entries) == 1_250_000 + charged - applied
    for payment in Payment.objects.filter(account=account):
        lines = sum(e.amount_minor for e in entries if e.payment_id == payment.id)
        assert lines == (0 if payment.status == "reversed" else -payment.amount_minor)
    instalments = list(account.instalments.all())
    on_account = -sum(e.amount_minor for e in entries if e.payment_id and e.instalment_id is None)
    assert sum(item.paid_minor for item in instalments) + on_account == applied
    for item in instalments:
        assert item.paid_minor == -sum(e.amount_minor for e in entries if e.payment_id and e.instalment_id == item.id)
        assert (item.paid_on is not None) == (item.paid_minor == item.amount_minor)
    assert account.overdue_minor == sum(i.amount_minor - i.paid_minor for i in instalments if i.due_on < account_day(account))


def account_day(account):
    from tests.cast import TODAY

    return TODAY
