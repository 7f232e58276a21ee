"""The list of accounts: filters, search, export."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from recaudo.desk import queries
from recaudo.desk.forms import STAGE_ES, STATUS_ES, AccountFilterForm
from recaudo.engine.accrue import DEFAULT_BUCKETS
from recaudo.engine.facts import PRODUCT_ES
from recaudo.journal import services as journal
from recaudo.kernel.money import Money
from recaudo.kernel.problems import NotFound
from recaudo.portfolio import queries as portfolio
from recaudo.portfolio.models import Portfolio
from recaudo.portfolio.queries import AccountFilters
from recaudo.ui.access import allow
from recaudo.ui.export import Cell, list_response
from recaudo.workforce.models import Agency

PAGE_SIZE = 50
COUNT_LIMIT = 1_000
COLUMNS = ["Cuenta", "Titular", "Acreedor", "Cartera", "Producto", "Estado", "Etapa", "Tramo", "Días de atraso", "Vencido", "Saldo", "Moneda",
           "Próximo vencimiento", "Referencia de pago"]  # fmt: skip


@allow("portfolio.view")
@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    form, filters = _filters(request)
    found = portfolio.find_accounts(filters)
    sees_person = request.user.may("person.view")
    rest = queries.after(found, _cursor(request.GET.get("after", "")))
    page = queries.listed_accounts(rest, limit=PAGE_SIZE + 1, sees_person=sees_person)
    count, is_exact = portfolio.bounded_count(found, COUNT_LIMIT)
    books = dict(form.fields["cartera"].choices)
    last = page[PAGE_SIZE - 1] if len(page) > PAGE_SIZE else None
    context = {
        "form": form,
        "rows": [(one, books.get(str(one.portfolio_id), ""), STATUS_ES.get(one.status, one.status)) for one in page[:PAGE_SIZE]],
        "next_cursor": f"{last.dpd}_{last.overdue_minor}_{last.id}" if last else "",
        "previous_cursor": "",
        "count_text": f"{count:,} cuentas".replace(",", ".") if is_exact else f"Más de {count:,} cuentas".replace(",", "."),
        "sees_person": sees_person,
    }
    return render(request, "desk/accounts.html", context)


@allow("list.export")
@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    if not request.user.may("portfolio.view"):
        raise NotFound()
    _, filters = _filters(request)
    rows = _rows(filters, request.user.may("person.view"))
    return list_response(request.GET.get("formato"), "cuentas", COLUMNS, rows, record=partial(_record, request))


def _record(request: Any, count: int) -> None:
    journal.record("list.exported", by=request.user, at=timezone.now(), list="cuentas", rows=count)


def _rows(filters: AccountFilters, sees_person: bool) -> Iterator[list[Cell]]:
    for a in portfolio.find_accounts(filters).select_related("portfolio", "holder", "creditor").iterator(chunk_size=2_000):
        yield [
            a.number, a.holder.name if sees_person else "", a.creditor.name, a.portfolio.name, PRODUCT_ES.get(a.product, a.product),
            STATUS_ES.get(a.status, a.status), STAGE_ES.get(a.stage, a.stage), a.bucket, a.dpd, Money(a.overdue_minor, a.currency).decimal(),
            Money(a.balance_minor, a.currency).decimal(), a.currency, a.next_due_on, a.pay_reference,
        ]  # fmt: skip


def _filters(request: HttpRequest) -> tuple[AccountFilterForm, AccountFilters]:
    portfolios = [(str(p.id), p.name) for p in Portfolio.objects.order_by("name")]
    agencies = [(str(a.id), a.name) for a in Agency.objects.order_by("name")] if request.user.agency_id is None else []
    form = AccountFilterForm(request.GET, portfolios=portfolios, buckets=list(DEFAULT_BUCKETS.codes), agencies=agencies)
    if not form.is_valid():
        return form, AccountFilters()
    typed = form.cleaned_data
    return form, AccountFilters(
        text=typed["q"], portfolio_id=_uuid(typed["cartera"]), bucket=typed["tramo"], stage=typed["etapa"], status=typed["estado"],
        product=typed["producto"], agency_id=_uuid(typed.get("despacho", "")),
    )  # fmt: skip


def _uuid(text: str) -> UUID | None:
    return UUID(text) if text else None


def _cursor(text: str) -> tuple[int, int, UUID] | None:
    try:
        dpd, overdue, last = text.split("_")
        return int(dpd), int(overdue), UUID(last)
    except ValueError:
        return None


