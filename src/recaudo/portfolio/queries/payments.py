"""Payments that came in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from recaudo.portfolio.models import Account, Payment


@dataclass(frozen=True, slots=True)
class PaymentFilters:
    """What the list is narrowed to; `text` is the payment's reference or key, or the account's number, each whole."""

    text: str = ""
    status: str = ""
    portfolio_id: UUID | None = None
    account_id: UUID | None = None
    from_on: date | None = None
    until_on: date | None = None


# Of the account and its portfolio only what names them: the payer stays encrypted and unread.
OWN = ("id", "created_at", "account_id", "amount_minor", "currency", "paid_on", "method", "reference", "external_id", "status", "reversal_reason")
SHOWN = (*OWN, "account__number", "account__portfolio__name")


def find_payments(filters: PaymentFilters, *, after: tuple[date, UUID] | None = None) -> QuerySet[Payment]:
    """Payments that fit, newest first, with account and portfolio; who paid stays unread. `after` is the last of the page before."""
    payments = Payment.objects.select_related("account", "account__portfolio").only(*SHOWN)
    exact = {
        "status": filters.status, "account_id": filters.account_id, "account__portfolio_id": filters.portfolio_id,
        "paid_on__gte": filters.from_on, "paid_on__lte": filters.until_on,
    }  # fmt: skip
    payments = payments.filter(**{name: value for name, value in exact.items() if value not in (None, "")})
    if text := filters.text.strip():
        accounts = list(Account.objects.filter(number__in={text, text.upper()}).values_list("id", flat=True)[:200])
        payments = payments.filter(Q(external_id=text) | Q(reference=text) | Q(account_id__in=accounts))
    if after is not None:
        payments = payments.filter(Q(paid_on__lt=after[0]) | Q(paid_on=after[0], id__lt=after[1]))
    return payments.order_by("-paid_on", "-id")


def listed_payments(payments: QuerySet[Payment], *, limit: int) -> list[Payment]:
    """The first of a list with their accounts and portfolios. Two queries.

    The accounts are read apart: joined, a day of twenty thousand payments would look up as many accounts before fifty are shown.
    """
    rows = list(payments.select_related(None).only(*OWN)[:limit])
    accounts = Account.objects.select_related("portfolio").only("id", "number", "portfolio__name").in_bulk({row.account_id for row in rows if row.account_id})
    for row in rows:
        row.account = accounts.get(row.account_id)
    return rows


def unidentified() -> QuerySet[Payment]:
    """Payments that wait for somebody to say whose they are, oldest first."""
    return Payment.objects.filter(status="unidentified").defer("payer").order_by("created_at", "id")


def money_received(on: date) -> list[dict[str, object]]:
    """What was paid on a day and stands, by currency: currency, count, minor."""
    rows = Payment.objects.filter(paid_on=on, status__in=["applied", "unidentified"]).values("currency")
    return list(rows.annotate(count=Count("id"), minor=Sum("amount_minor")).order_by("currency"))
