"""Payments: the list, a payment by hand, whose an unidentified one is, and taking one back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from recaudo.journal import services as journal
from recaudo.kernel.money import Money
from recaudo.kernel.problems import NotFound, Problem
from recaudo.portfolio import queries, services
from recaudo.portfolio.forms import PaymentFilterForm, PaymentForm, ReasonForm
from recaudo.portfolio.models import Account, Payment
from recaudo.portfolio.queries import METHOD_ES, PAYMENT_ES, PaymentFilters
from recaudo.store.keys import uuid7
from recaudo.ui.access import allow
from recaudo.ui.export import Cell, list_response
from recaudo.ui.lookup import one

PAGE_SIZE = 50
SHOWN_CANDIDATES = 10
COLUMNS = ["Fecha de pago", "Cuenta", "Cartera", "Importe", "Moneda", "Medio", "Referencia", "Estado", "Clave externa", "Motivo de reversa"]


@allow("payment.view")
@require_safe
def payments(request: HttpRequest) -> HttpResponse:
    form = PaymentFilterForm(request.GET or None)
    filters = _filters(form)
    found = queries.listed_payments(queries.find_payments(filters, after=_cursor(request.GET.get("after", ""))), limit=PAGE_SIZE + 1)
    page = found[:PAGE_SIZE]
    waiting, is_exact = queries.bounded_count(queries.unidentified(), 1_000)
    context = {
        "form": form,
        "payments": page,
        "next_cursor": f"{page[-1].paid_on.isoformat()}_{page[-1].id}" if len(found) > PAGE_SIZE else "",
        "waiting": queries.unidentified()[:SHOWN_CANDIDATES] if waiting else [],
        "waiting_count": waiting if is_exact else f"más de {waiting}",
        "today": queries.money_received(services.local_day(timezone.now())),
        "statuses": PAYMENT_ES,
        "methods": METHOD_ES,
    }
    return render(request, "portfolio/payments.html", context)


@allow("list.export")
@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    if not request.user.may("payment.view"):
        raise NotFound()
    filters = _filters(PaymentFilterForm(request.GET or None))
    record = partial(_record_export, request)
    return list_response(request.GET.get("formato"), "pagos", COLUMNS, _rows(filters), record=record)


@allow("payment.record")
@require_http_methods(["GET", "POST"])
def record(request: HttpRequest) -> HttpResponse:
    today = services.local_day(timezone.now())
    first = {"key": uuid7(), "paid_on": today, "currency": request.organisation.currency, "number": request.GET.get("cuenta", "")}
    form = PaymentForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            payment = _take(form.cleaned_data, request.user)
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, "Se aplicó el pago." if payment.account_id else "Se registró el pago; falta decir de quién es.")
            return redirect("portfolio:payments")
    return render(request, "portfolio/payment.html", {"form": form})


@allow("payment.record")
@require_http_methods(["GET", "POST"])
def identify(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    payment = one(Payment.objects.all(), id=payment_id)
    if request.method == "POST":
        account = one(Account.objects.all(), id=_uuid(request.POST.get("account", "")))
        services.identify_payment(payment, account=account, by=request.user, at=timezone.now())
        messages.success(request, f"Se aplicó el pago a la cuenta {account.number}.")
        return redirect("portfolio:payments")
    text = payment.reference
    return render(request, "portfolio/identify.html", {"payment": payment, "q": text, "accounts": _candidates(payment, text), "methods": METHOD_ES})


@allow("payment.record")
@require_safe
def candidates(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """A fragment: accounts found by what was typed, in the payment's currency."""
    payment = one(Payment.objects.defer("payer"), id=payment_id)
    text = request.GET.get("q", "")[:80]
    return render(request, "portfolio/_candidates.html", {"payment": payment, "q": text, "accounts": _candidates(payment, text)})


@allow("payment.reverse")
@require_http_methods(["GET", "POST"])
def reverse(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    payment = one(Payment.objects.select_related("account").defer("payer"), id=payment_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.reverse_payment(payment, reason=form.cleaned_data["reason"], by=request.user, at=timezone.now())
        messages.success(request, "Se reversó el pago. La cuenta vuelve a deber lo que debía.")
        return redirect("portfolio:payments")
    return render(request, "portfolio/reverse.html", {"payment": payment, "form": form, "methods": METHOD_ES})


def _take(given: dict[str, Any], user: Any) -> Payment:
    return services.record_payment(
        account=given.get("account"), amount_minor=given["amount_minor"], currency=given["currency"], paid_on=given["paid_on"],
        method=given["method"], reference=given["reference"], external_id=f"manual-{given['key']}", payer=given["payer"] or None,
        channel="manual", by=user, at=timezone.now(),
    )  # fmt: skip


def _filters(form: PaymentFilterForm) -> PaymentFilters:
    chosen = form.cleaned_data if form.is_bound and form.is_valid() else {}
    portfolio = chosen.get("portfolio")
    return PaymentFilters(
        text=chosen.get("q", ""), status=chosen.get("status", ""), portfolio_id=portfolio.id if portfolio else None,
        from_on=chosen.get("from_on"), until_on=chosen.get("until_on"),
    )  # fmt: skip


def _candidates(payment: Payment, text: str) -> list[Account]:
    found = queries.search(text).filter(currency=payment.currency).select_related("holder", "portfolio")
    return list(found.order_by("-overdue_minor", "id")[:SHOWN_CANDIDATES]) if text.strip() else []


def _cursor(text: str) -> tuple[date, UUID] | None:
    day, _, key = text.partition("_")
    try:
        return date.fromisoformat(day), UUID(key)
    except ValueError:
        return None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound() from None


def _rows(filters: PaymentFilters) -> Iterator[list[Cell]]:
    for payment in queries.find_payments(filters).iterator(chunk_size=2000):
        account = payment.account
        yield [
            payment.paid_on, account.number if account else None, account.portfolio.name if account else None,
            Money(payment.amount_minor, payment.currency).decimal(), payment.currency, METHOD_ES.get(payment.method, payment.method),
            payment.reference, PAYMENT_ES.get(payment.status, payment.status), payment.external_id, payment.reversal_reason,
        ]  # fmt: skip


def _record_export(request: HttpRequest, count: int) -> None:
    journal.record("list.exported", by=request.user, at=timezone.now(), list="payments", rows=count)
