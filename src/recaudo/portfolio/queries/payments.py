"""Payments that came in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Case, Count, IntegerField, QuerySet, Sum, Value, When

from recaudo.portfolio.models import Payment


@dataclass(frozen=True, slots=True)
class PaymentFilters:
    """What the list is narrowed to; `text` is the payment's reference or key, whole, or the account's number."""

    text: str = ""
    status: str = ""
    portfolio_id: UUID | None = None
    account_id: UUID | None = None
    from_on: date | None = None
    until_on: date | None = None


def find_payments(filters: PaymentFilters) -> QuerySet[Payment]:
    """Payments that fit: unidentified first (they wait for a person), then newest first. The payer stays unread."""
    payments = Payment.objects.select_related("account", "account__portfolio").defer("payer")
    exact = {
        "status": filters.status, "account_id": filters.account_id, "account__portfolio_id": filters.portfolio_id,
        "paid_on__gte": filters.from_on, "paid_on__lte": filters.until_on,
    }  # fmt: skip
    payments = payments.filter(**{name: value for name, value in exact.items() if value not in (None, "")})
    if text := filters.text.strip():
        by_key = payments.filter(external_id=text)
        payments = by_key | payments.filter(reference=text) | payments.filter(account__number=text.upper())
    waiting = Case(When(status="unidentified", then=Value(0)), default=Value(1), output_field=IntegerField())
    return payments.order_by(waiting, "-paid_on", "-id")


def money_received(filters: PaymentFilters, most: int = 50_000) -> list[dict[str, object]]:
    """Per currency and status: how many and how much, of at most `most` of the newest payments that fit."""
    newest = find_payments(filters).order_by("-paid_on", "-id").values("id")[:most]
    rows = Payment.objects.filter(id__in=newest).values("currency", "status")
    return list(rows.annotate(count=Count("id"), minor=Sum("amount_minor")).order_by("currency", "status"))
