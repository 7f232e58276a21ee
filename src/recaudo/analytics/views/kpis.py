"""The page of all indicators and the page of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from recaudo.analytics import packing, queries, services
from recaudo.analytics.forms import ScopeForm
from recaudo.analytics.queries import Scope
from recaudo.analytics.views import shapes
from recaudo.analytics.words import CUTS, GROUPS, NOTES, TABLE_CUTS, cut_es
from recaudo.engine.measure import KPIS, UNIT_ES, Kpi, Row
from recaudo.journal import services as journal
from recaudo.kernel.money import Money
from recaudo.kernel.problems import NotFound
from recaudo.ui.access import allow
from recaudo.ui.export import Cell, list_response


@allow("kpi.view")
@require_safe
def kpis(request: HttpRequest) -> HttpResponse:
    form, scope = _scope(request)
    looked = _look(request, "figures", scope)
    if looked.lists is None:
        return render(request, "analytics/waiting.html", {"form": form, "scope": scope, "last_day": scope.closed_on, "looked": looked, "what": "figures"})
    rows = looked.rows()
    groups = _groups(rows, [])
    matrices = [("cuentas", shapes.matrix(rows, key="K-10c"))]
    matrices += [(f"saldo {currency}", shapes.matrix(rows, key="K-10", currency=currency)) for currency in shapes.currencies(queries.of(rows, "K-10"))]
    context = {
        "form": form, "scope": scope, "groups": groups, "cards": [card for _, cards in groups for card in cards],
        "distribution": shapes.distribution(rows), "distribution_kpi": KPIS["K-04"], "matrix_kpi": KPIS["K-10"], "unit_es": UNIT_ES["percent"],
        "matrices": [(name, found, f"matrix-{place}") for place, (name, found) in enumerate(matrices) if found], "last_day": scope.closed_on,
        "days": (scope.previous.end - scope.previous.start).days, "looked": looked, "what": "figures",
    }  # fmt: skip
    return render(request, "analytics/kpis.html", context)


@allow("kpi.view")
@require_safe
def compared(request: HttpRequest) -> HttpResponse:
    """The figures again, each with its change from the period before: a second reading, asked for once the page stands."""
    _, scope = _scope(request)
    now, before = _look(request, "figures", scope), _look(request, "figures", scope.previous)
    return render(request, "analytics/_groups.html", {"groups": _groups(now.rows(), before.rows()), "compared": before.lists is not None})


@allow("kpi.view")
@require_safe
def patterns(request: HttpRequest) -> HttpResponse:
    """The pictures below the figures, asked for once the page stands."""
    _, scope = _scope(request)
    found = _look(request, "patterns", scope).lists
    if found is None:
        return render(request, "analytics/_patterns_coming.html", {"again": True})
    context = {
        "roll": shapes.by_bucket(found["by_bucket"], [("K-05c", "Rodamiento (cuentas)"), ("K-05", "Rodamiento")]),
        "recovery": shapes.by_bucket(found["by_bucket"], [("K-62", "Recuperación")]), "early": shapes.early(found["early"]),
        "hours": shapes.hours(found["hours"]), "speed": shapes.speed(found["first_attempt"], found["first_contact"]),
        "money": shapes.money_by_day(found["money"], scope.start, scope.end), "scope": scope,
    }  # fmt: skip
    return render(request, "analytics/_patterns.html", context)


@allow("kpi.view")
@require_safe
def kpi(request: HttpRequest, key: str) -> HttpResponse:
    one = _known(key)
    form, scope = _scope(request)
    cut, cuts = _cut(one, request.GET.get("corte", ""))
    name = f"one.{one.id}.{cut}"
    looked = _look(request, name, scope)
    if looked.lists is None:
        waiting = {"form": form, "scope": scope, "last_day": scope.closed_on, "looked": looked, "what": name, "kpi": one, "cut": cut}
        return render(request, "analytics/waiting.html", waiting)
    whole, rows = looked.rows("whole"), _ordered(looked.rows("split"), cut)
    shown = [row for row in rows if row.has_data]
    pictures = []
    for currency in shapes.currencies(shown) or [""]:
        part = [row for row in shown if row.group.get("currency", "") == currency]
        if (chart := shapes.bars(one, part, cut)) is not None:
            pictures.append((currency, chart, f"cut-{currency or 'all'}"))
    context = {
        "kpi": one, "unit_es": UNIT_ES[one.unit], "note": NOTES.get(one.id, ""), "form": form, "scope": scope, "cut": cut, "cut_es": CUTS.get(cut, "Total"),
        "cuts": [(code, CUTS[code]) for code in cuts], "lines": [_line(one, row, cut) for row in shown], "pictures": pictures,
        "height": "" if len(pictures) == 1 else "sm", "card": shapes.card(one.id, whole, []) if not one.own_cuts else None, "last_day": scope.closed_on,
        "looked": looked, "what": name,
    }  # fmt: skip
    return render(request, "analytics/kpi.html", context)


@allow("kpi.view")
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Whether the figures that a page waits for are there; then it is told to show them."""
    _, scope = _scope(request)
    what = request.GET.get("que", "")[:60]
    found, seen = queries.kept(what, scope) if what.isprintable() else None, _seen(request)
    response = render(request, "analytics/_coming.html", {"what": what})
    if found is not None and (seen is None or found.made_at > seen):
        response["HX-Refresh"] = "true"
    return response


@allow("list.export")
@require_safe
def export(request: HttpRequest, key: str) -> HttpResponseBase:
    if not request.user.may("kpi.view"):
        raise NotFound()
    one = _known(key)
    _, scope = _scope(request)
    cut, _ = _cut(one, request.GET.get("corte", ""))
    rows = _ordered(_kept_or_now(f"one.{one.id}.{cut}", scope)["split"], cut)
    columns = [*(CUTS.get(name, name) for name in _columns(rows, cut)), "Valor", "Numerador", "Denominador"]
    return list_response(
        request.GET.get("formato"), f"{one.id}-{scope.start}-{scope.closed_on}", columns, _cells(one, rows, cut), record=partial(_record, request, one.id)
    )


def _look(request: HttpRequest, name: str, scope: Scope) -> services.Looked:
    return services.look(name, scope, at=timezone.now(), newer_than=_seen(request))


def _seen(request: HttpRequest) -> datetime | None:
    """The reading that somebody has before them and wants renewed, by when it was made."""
    text = request.GET.get("desde_las", "")
    return datetime.fromtimestamp(int(text) / 1000, UTC) if text.isascii() and text.isdigit() and len(text) <= 13 else None


def _kept_or_now(name: str, scope: Scope) -> packing.Lists:
    """What the page showed; a file waits for nobody."""
    found = queries.kept(name, scope)
    return packing.unpack(found.rows) if found else queries.compute(name, scope)


def _groups(rows: Sequence[Row], before: Sequence[Row]) -> list[tuple[str, list[shapes.Card]]]:
    return [(title, [shapes.card(key, rows, before) for key in keys]) for title, keys in GROUPS]


def _record(request: Any, kpi: str, count: int) -> None:
    journal.record("list.exported", by=request.user, at=timezone.now(), list=f"indicador {kpi}", rows=count)


def _cells(kpi: Kpi, rows: Sequence[Row], cut: str) -> Iterator[list[Cell]]:
    names = _columns(rows, cut)
    for row in rows:
        if not row.has_data:
            continue
        value: Cell = row.value
        if kpi.unit == "money" and row.value is not None and "currency" in row.group:
            value = Money(int(row.value), row.group["currency"]).decimal()
        cells: list[Cell] = [cut_es(name, row.group.get(name)) for name in names]
        yield [*cells, value if not isinstance(value, Decimal) else round(value, 6), row.numerator, row.denominator]


def _columns(rows: Sequence[Row], cut: str) -> list[str]:
    return list(dict.fromkeys([*([cut] if cut else []), *(name for row in rows for name in row.group)]))


def _known(key: str) -> Kpi:
    if key not in KPIS:
        raise NotFound()
    return KPIS[key]


def _cut(kpi: Kpi, asked: str) -> tuple[str, tuple[str, ...]]:
    """The cut of the page and those that the indicator has."""
    cuts = tuple(cut for cut in TABLE_CUTS[kpi.numerator.table] if not (cut == "currency" and kpi.is_money) and cut not in kpi.own_cuts)
    return (asked if asked in cuts else next(iter(cuts), "")), cuts


def _ordered(rows: Sequence[Row], cut: str) -> list[Row]:
    if cut in {"bucket0", "bucket1"}:
        return sorted(rows, key=lambda row: shapes.ENDS.index(row.group[cut]) if row.group.get(cut) in shapes.ENDS else 99)
    if cut == "on":
        return list(rows)
    return sorted(rows, key=lambda row: (row.group.get("currency", ""), -(row.value if row.value is not None else Decimal("-1"))))


def _line(kpi: Kpi, row: Row, cut: str) -> dict[str, Any]:
    currency = row.group.get("currency", "")
    others = [cut_es(name, value) for name, value in row.group.items() if name not in {cut, "currency"}]
    return {
        "name": cut_es(cut, row.group.get(cut)) if cut else "Todo", "others": others, "currency": currency, "value": shapes.value_es(kpi, row),
        "numerator": shapes.part_es(kpi, kpi.numerator.sql, row.numerator, currency),
        "denominator": shapes.part_es(kpi, kpi.denominator.sql, row.denominator, currency) if kpi.denominator else "",
    }  # fmt: skip


def _scope(request: HttpRequest) -> tuple[ScopeForm, Scope]:
    zone = request.zone  # type: ignore[attr-defined]
    today: date = timezone.localtime(timezone.now(), ZoneInfo(zone)).date()
    form = ScopeForm({"periodo": "mes", **request.GET.dict()})
    return form, form.scope(today=today, zone=zone)
