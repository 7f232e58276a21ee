"""Payments: money that came in, whose it is, and taking it back.

A payment is known by `external_id`, the key of whoever reports it (the bank's, the file's, the caller's): the same payment
reported twice is one payment.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from recaudo.journal import services as journal
from recaudo.kernel.money import minor_digits
from recaudo.kernel.problems import Problem
from recaudo.portfolio.models import Account, AccountParty, Payment
from recaudo.portfolio.services.accrual import accrue_account
from recaudo.portfolio.services.calendar import local_day
from recaudo.portfolio.services.ledger import spread, write_payment, write_reversal
from recaudo.store import locks

EXTERNAL_ID_LENGTH = 80


class BadPayment(Problem):
    code = "bad_payment"
    message = "El pago no se registró: {reason}"


class PaymentDiffers(Problem):
    code = "payment_differs"
    message = (
        "Ya hay un pago con esa clave y otro contenido ({fields}). Si es otro pago, use otra clave; si el primero está mal, "
        "revérselo."
    )


class WrongCurrency(Problem):
    code = "wrong_currency"
    message = "El pago está en {paid} y la cuenta en {owed}. Busque la cuenta en esa moneda o corrija el pago."


class NotIdentifiable(Problem):
    code = "payment_not_identifiable"
    message = "Sólo se asigna una cuenta a un pago sin identificar; éste está «{status}»."
    status = 409


class NotReversible(Problem):
    code = "payment_not_reversible"
    message = "Este pago no se puede reversar: está «{status}»."
    status = 409


@transaction.atomic
def record_payment(
    *,
    account: Account | None,
    amount_minor: int,
    currency: str,
    paid_on: date,
    method: str = "",
    reference: str = "",
    external_id: str,
    by: Any,
    at: datetime,
    batch_id: UUID | None = None,
    payer: str | None = None,
    channel: str = "",
) -> Payment:
    """Register money that came in and apply it to an account; without an account it waits to be identified.

    amount_minor  1 or more, in minor units of `currency`, which must be the account's
    paid_on       not after the day of `at`
    external_id   1 to 80 characters, the key by which a second report of the same payment is recognised
    Returns       the payment; the one already there when the same was recorded before
    Raises        BadPayment, UnknownCurrency, WrongCurrency, PaymentDiffers
    """
    _check(amount_minor, currency, paid_on, external_id, account, at)
    payment = Payment(
        account=account, amount_minor=amount_minor, currency=currency, paid_on=paid_on, method=method, reference=reference,
        external_id=external_id, payer=payer, status="applied" if account else "unidentified", channel=channel,
        batch_id=batch_id, by_id=by.id, created_at=at,
    )  # fmt: skip
    _hold_parties(payment.account_id)
    if (known := _insert(payment)) is not None:
        return known
    if account is None:
        journal.record("payment.received", by=by, at=at, subject="payment", subject_id=payment.id, **_detail(payment))
        return payment
    _apply(payment, by=by, at=at)
    return payment


@transaction.atomic
def identify_payment(payment: Payment, *, account: Account, by: Any, at: datetime) -> Payment:
    """Say whose an unidentified payment is, and apply it.

    Raises  NotIdentifiable, WrongCurrency
    """
    _hold_parties(account.id)
    payment = Payment.objects.select_for_update().get(id=payment.id)
    if payment.status != "unidentified":
        raise NotIdentifiable(status=payment.status)
    if payment.currency != account.currency:
        raise WrongCurrency(paid=payment.currency, owed=account.currency)
    payment.account, payment.status = account, "applied"
    payment.save(update_fields=["account", "status"])
    journal.record(
        "payment.identified", by=by, at=at, subject="payment", subject_id=payment.id, account_id=account.id
    )
    _apply(payment, by=by, at=at)
    return payment


@transaction.atomic
def reverse_payment(payment: Payment, *, reason: str, by: Any, at: datetime) -> Payment:
    """Take a payment back: opposite entries in the ledger, instalments as owed again, figures of the account renewed.

    reason  why, at most 200 characters, not empty
    Raises  NotReversible, BadPayment
    """
    if not reason.strip():
        raise BadPayment(reason="diga por qué se reversa.")
    # The account first, always in this order: two people at once wait for each other instead of locking each other out.
    account = _locked(payment.account_id)
    payment = Payment.objects.select_for_update(of=("self",)).get(id=payment.id)
    if payment.status not in {"applied", "unidentified"}:
        raise NotReversible(status=payment.status)
    was_applied = payment.status == "applied"
    payment.status, payment.reversed_at, payment.reversal_reason = "reversed", at, reason.strip()[:200]
    payment.save(update_fields=["status", "reversed_at", "reversal_reason"])
    if was_applied and account is not None:
        on = local_day(at)
        write_reversal(payment, on=on, by=by, at=at)
        _renew(account, on=on, at=at)
    journal.record(
        "payment.reversed", by=by, at=at, subject="account" if account else "payment",
        subject_id=account.id if account else payment.id, **_detail(payment),
    )  # fmt: skip
    return payment


def _check(
    amount_minor: int, currency: str, paid_on: date, external_id: str, account: Account | None, at: datetime
) -> None:
    minor_digits(currency)
    if amount_minor <= 0:
        raise BadPayment(reason="el importe debe ser mayor que cero.")
    if not external_id.strip() or len(external_id) > EXTERNAL_ID_LENGTH:
        raise BadPayment(reason=f"la clave externa debe tener de 1 a {EXTERNAL_ID_LENGTH} caracteres.")
    if paid_on > local_day(at):
        raise BadPayment(reason="la fecha de pago es futura. Revise el día o registre el pago cuando ocurra.")
    if account is not None and account.currency != currency:
        raise WrongCurrency(paid=currency, owed=account.currency)


def _insert(payment: Payment) -> Payment | None:
    """Insert, or give back the payment that holds the key. The unique key decides, so two at once cannot both win."""
    try:
        with transaction.atomic():
            payment.save(force_insert=True)
    except IntegrityError:
        known = Payment.objects.filter(external_id=payment.external_id).first()
        if known is None:
            raise
        _same(known, payment)
        return known
    return None


def _same(known: Payment, told: Payment) -> None:
    """Raises PaymentDiffers when two reports under one key are not the same payment."""
    differing = [
        label
        for name, label in _CONTENT.items()
        if getattr(known, name) != getattr(told, name)
        # Reported without an account and identified since: still the same report.
        and not (name == "account_id" and told.account_id is None)
    ]
    if differing:
        raise PaymentDiffers(fields=", ".join(differing))


_CONTENT = {
    "account_id": "cuenta", "amount_minor": "importe", "currency": "moneda", "paid_on": "fecha", "method": "medio",
    "reference": "referencia", "channel": "canal",
}  # fmt: skip


def _apply(payment: Payment, *, by: Any, at: datetime) -> None:
    account = _locked(payment.account_id)
    if account is None:  # pragma: no cover - callers apply payments that have an account
        raise BadPayment(reason="falta la cuenta.")
    write_payment(payment, spread(account, payment.amount_minor), by=by, at=at)
    _renew(account, on=local_day(at), at=at)
    payment.account = account
    journal.record("payment.applied", by=by, at=at, subject="account", subject_id=account.id, **_detail(payment))


def _hold_parties(account_id: UUID | None) -> None:
    """Whoever answers for the account: nothing goes out to them while their payment is being written. Before any row is touched."""
    if account_id is not None:
        holders = Account.objects.filter(id=account_id).values_list("holder_id", flat=True)
        locks.hold_persons([*holders, *AccountParty.objects.filter(account_id=account_id).values_list("person_id", flat=True)])


def _locked(account_id: UUID | None) -> Account | None:
    if account_id is None:
        return None
    locked: Account = Account.objects.select_for_update(of=("self",)).select_related("creditor").get(id=account_id)
    return locked


def _renew(account: Account, *, on: date, at: datetime) -> None:
    """Last payment and delay of an account after its ledger moved."""
    last = account.payments.filter(status="applied").order_by("-paid_on", "-created_at").first()
    Account.objects.filter(id=account.id).update(
        last_payment_on=last.paid_on if last else None, last_payment_minor=last.amount_minor if last else None, updated_at=at
    )
    accrue_account(account, on=on, at=at)


def _detail(payment: Payment) -> dict[str, Any]:
    return {
        "payment_id": payment.id, "account_id": payment.account_id, "amount_minor": payment.amount_minor,
        "currency": payment.currency, "paid_on": payment.paid_on,
        "person_id": payment.account.holder_id if payment.account else None,
    }  # fmt: skip
