"""Programs read accounts and portfolios and report payments."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Header, Query, Router, Schema, Status

from recaudo.kernel.problems import NotFound
from recaudo.portfolio import queries, services
from recaudo.portfolio.models import Account, Payment
from recaudo.ui.api import need
from recaudo.workforce import services as workforce

router = Router(tags=["cartera"])
PAGE = 100
# What the columns hold; a larger number is refused here and not by the database.
Minor = Annotated[int, Field(ge=1, le=9_000_000_000_000_000)]
Text = Annotated[str, Field(max_length=60, pattern=r"^[^\x00]*$")]


class AccountOut(Schema):
    """An account, money in minor units of its currency. No personal data: the holder is an id."""

    id: UUID
    number: str
    creditor_id: UUID
    portfolio_id: UUID
    holder_id: UUID
    product: str
    currency: str
    status: str
    balance_minor: int
    overdue_minor: int
    instalments_overdue: int
    oldest_due_on: date | None
    next_due_on: date | None
    dpd: int
    bucket: str
    stage: str
    accrued_on: date | None
    last_payment_on: date | None
    last_payment_minor: int | None
    pay_reference: str


class AccountPage(Schema):
    """A page of accounts by id; `next` is the `after` of the following page, null on the last one."""

    items: list[AccountOut]
    next: UUID | None


class InstalmentOut(Schema):
    number: int
    due_on: date
    amount_minor: int
    paid_minor: int
    paid_on: date | None


class AccountDetail(AccountOut):
    """An account with its instalments, oldest first."""

    instalments: list[InstalmentOut]


class AccountQuery(Schema):
    number: Text = ""
    portfolio_id: UUID | None = None
    stage: Text = ""
    bucket: Text = ""
    status: Text = ""
    after: UUID | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = PAGE


class PortfolioOut(Schema):
    id: UUID
    code: str
    name: str
    creditor_id: UUID
    creditor_name: str
    product: str
    kind: str
    currency: str
    country: str
    account_count: int
    balance_minor: int
    overdue_minor: int
    par30: float | None
    as_of: date | None


class PaymentIn(Schema):
    """A payment as reported; without an account it waits to be identified."""

    account_id: UUID | None = None
    amount_minor: Minor
    currency: Annotated[str, Field(min_length=2, max_length=4)]
    paid_on: date
    method: Annotated[str, Field(max_length=20, pattern=r"^[^\x00]*$")] = ""
    reference: Text = ""
    external_id: Text = ""


class PaymentOut(Schema):
    """What was taken: the same answer each time the same payment is reported. `received_as` is applied or unidentified."""

    id: UUID
    external_id: str
    account_id: UUID | None
    amount_minor: int
    currency: str
    paid_on: date
    received_as: str


@router.get("/accounts", response=AccountPage)
def accounts(request: HttpRequest, query: Query[AccountQuery]) -> dict[str, Any]:
    """Accounts by id, a page at a time, narrowed by what is given."""
    need(request, "portfolio.view")
    exact = {"number": query.number, "portfolio_id": query.portfolio_id, "stage": query.stage, "bucket": query.bucket,
             "status": query.status, "id__gt": query.after}  # fmt: skip
    found = Account.objects.filter(**{name: value for name, value in exact.items() if value not in (None, "")})
    items = list(found.order_by("id")[: query.limit + 1])
    return {"items": items[: query.limit], "next": items[query.limit - 1].id if len(items) > query.limit else None}


@router.get("/accounts/{account_id}", response=AccountDetail)
def account(request: HttpRequest, account_id: UUID) -> dict[str, Any]:
    """One account with its instalments."""
    need(request, "portfolio.view")
    found = _account(account_id)
    fields = {name: getattr(found, name) for name in AccountOut.model_fields}
    return {**fields, "instalments": list(found.instalments.order_by("due_on", "number"))}


@router.get("/portfolios", response=list[PortfolioOut])
def portfolios(request: HttpRequest) -> list[dict[str, Any]]:
    """Every portfolio with its figures; `as_of` is the day they are of, null when counted now."""
    need(request, "portfolio.view")
    return [
        {
            **{name: getattr(line.portfolio, name) for name in ("id", "code", "name", "creditor_id", "product", "kind", "currency", "country")},
            "creditor_name": line.portfolio.creditor.name, "account_count": line.account_count, "balance_minor": line.balance_minor,
            "overdue_minor": line.overdue_minor, "par30": line.par30, "as_of": line.as_of,
        }
        for line in queries.portfolio_lines()
    ]  # fmt: skip


@router.post("/payments", response={201: PaymentOut})
def payments(
    request: HttpRequest,
    body: PaymentIn,
    key: Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=80, pattern=r"^[^\x00]*$")],
) -> Status[dict[str, Any]]:
    """Report a payment. The same key with the same body answers the same; with another body it is refused (422).

    Keys are the program's own. `external_id` is the bank's number of the payment: whoever reports it again, under whatever
    key, adds nothing.
    """
    need(request, "payment.record")
    request_of = {"key": key, "operation": "payments", "content": body.model_dump(mode="json"), "by": request.user}
    before = workforce.answered(**request_of)
    if before is not None:
        return Status(201, before)
    paid = services.record_payment(
        account=_account(body.account_id) if body.account_id else None, amount_minor=body.amount_minor, currency=body.currency,
        paid_on=body.paid_on, method=body.method, reference=body.reference, external_id=body.external_id or _external(request, key),
        channel="api", by=request.user, at=timezone.now(),
    )  # fmt: skip
    answer = PaymentOut(**_taken(paid, body)).model_dump(mode="json")
    workforce.keep_answer(answer, **request_of, at=timezone.now())
    return Status(201, answer)


def _external(request: HttpRequest, key: str) -> str:
    """The number of a payment that came without one: of this program's key, which another program may use too."""
    return "api-" + sha256(f"{request.user.pk} {key}".encode()).hexdigest()[:32]


def _account(account_id: UUID) -> Account:
    found: Account | None = Account.objects.filter(id=account_id).first()
    if found is None:
        raise NotFound()
    return found


def _taken(payment: Payment, body: PaymentIn) -> dict[str, Any]:
    # From the report, not from how the payment stands by now: the answer never changes.
    return {
        "id": payment.id, "external_id": payment.external_id, "account_id": body.account_id, "amount_minor": payment.amount_minor,
        "currency": payment.currency, "paid_on": payment.paid_on, "received_as": "applied" if body.account_id else "unidentified",
    }  # fmt: skip
