"""One table of a version: look, edit a cell, change its rows, take it out as a list."""

from __future__ import annotations

import re
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recaudo.engine.decide.problems import UnknownRule
from recaudo.journal import services as journal
from recaudo.kernel.problems import NotFound
from recaudo.strategy import queries, services
from recaudo.strategy.models import StrategyVersion
from recaudo.strategy.queries.tables import (
    ANNOTATION,
    CellView,
    Column,
    RowView,
    TableView,
    column_of,
    columns_of,
    suggestions,
    table_view,
)
from recaudo.strategy.queries.versions import model_of
from recaudo.strategy.views.page import version_page, work_fragment
from recaudo.ui.access import allow
from recaudo.ui.export import Cell, list_response

PLACE = re.compile(r"\d{1,6}-\d{1,4}")


@allow("strategy.view")
@require_safe
def table(request: HttpRequest, version_id: UUID, decision: str) -> HttpResponse:
    version = queries.version_by_id(version_id)
    model_of(version).decision(decision)
    answer = work_fragment if request.htmx else version_page  # type: ignore[attr-defined]
    return answer(request, version, decision)


@allow("strategy.edit")
@require_http_methods(["GET", "POST"])
def cell(request: HttpRequest, version_id: UUID, decision: str) -> HttpResponse:
    """A cell as a form; what is wrong with what was typed is said in it."""
    version = queries.version_by_id(version_id)
    given = request.POST if request.method == "POST" else request.GET
    rule_id, place = given.get("rule", ""), given.get("place", "")
    row, column = _row(version, decision, rule_id), _column(version, decision, place)
    key = column.key
    if request.method == "GET":
        return _cell_form(request, version, decision, row, column, text=_text(row, key), problem="")
    typed = request.POST.get("text", "")
    # People type back what they read: the signs of the page are the operators of the language.
    meant = typed if key == ANNOTATION else typed.replace("≥", ">=").replace("≤", "<=").replace("≠", "!=")
    try:
        version = services.change_cell(version, decision=decision, rule_id=rule_id, column=key, text=meant, by=request.user, at=timezone.now())
    except services.CellRefused as problem:
        return _cell_form(request, version, decision, row, column, text=typed, problem=problem.text)
    shown = _shown(_row(version, decision, rule_id), key)
    return _done(request, version, decision, f"Fila {row.number}, {column.label}: {shown}.")


@allow("strategy.edit")
@require_POST
def row(request: HttpRequest, version_id: UUID, decision: str) -> HttpResponse:
    version = queries.version_by_id(version_id)
    rule_id, what = request.POST.get("rule", ""), request.POST.get("do", "")
    number = _row(version, decision, rule_id).number
    common: dict[str, Any] = {"decision": decision, "by": request.user, "at": timezone.now()}
    if what not in DO:
        raise services.UnknownMove(what=what[:40])
    change, told = DO[what]
    return _done(request, change(version, rule_id, common), decision, told.format(number=number))


def _add(is_before: bool, is_copy: bool, version: StrategyVersion, rule_id: str, common: dict[str, Any]) -> StrategyVersion:
    return services.add_row(version, beside=rule_id, is_before=is_before, is_copy=is_copy, **common)


def _move(steps: int, version: StrategyVersion, rule_id: str, common: dict[str, Any]) -> StrategyVersion:
    return services.move_row(version, rule_id=rule_id, steps=steps, **common)


def _delete(version: StrategyVersion, rule_id: str, common: dict[str, Any]) -> StrategyVersion:
    return services.delete_row(version, rule_id=rule_id, **common)


DO = {
    "before": (partial(_add, True, False), "Fila nueva antes de la {number}: diga cuándo se cumple y qué da."),
    "after": (partial(_add, False, False), "Fila nueva después de la {number}: diga cuándo se cumple y qué da."),
    "copy": (partial(_add, False, True), "Copia de la fila {number}, justo después."),
    "up": (partial(_move, -1), "La fila {number} subió."),
    "down": (partial(_move, 1), "La fila {number} bajó."),
    "delete": (_delete, "Se borró la fila {number}."),
}


@allow("list.export")
@require_safe
def export(request: HttpRequest, version_id: UUID, decision: str) -> HttpResponseBase:
    if not request.user.may("strategy.view"):
        raise NotFound()
    version = queries.version_by_id(version_id)
    view = _view(version, decision)
    columns = ["Fila", *(column.label for column in view.columns), view.reason_label]
    name = f"{version.strategy.code}-v{version.number}-{decision}"
    return list_response(request.GET.get("formato"), name, columns, map(_line, view.rows), record=partial(_record, request))


def _line(row: RowView) -> list[Cell]:
    return [row.number, *(cell.text for cell in row.cells), row.annotation]


def _record(request: Any, count: int) -> None:
    journal.record("list.exported", by=request.user, at=timezone.now(), list="estrategia", rows=count)


def _view(version: StrategyVersion, decision: str) -> TableView:
    view = table_view(model_of(version), decision)
    if view is None:
        raise NotFound()
    return view


def _row(version: StrategyVersion, decision: str, rule_id: str) -> RowView:
    found = next((row for row in _view(version, decision).rows if row.id == rule_id), None)
    if found is None:
        raise UnknownRule(decision=decision, rule=rule_id[:60])
    return found


def _column(version: StrategyVersion, decision: str, place: str) -> Column:
    """The column of a cell on the page: «12-3» is the third of row 12, «12-0» its reason."""
    shape = model_of(version).decision(decision).table
    if shape is None or not PLACE.fullmatch(place):
        raise NotFound()
    number = int(place.partition("-")[2])
    columns = columns_of(shape, decision)
    if number > len(columns):
        raise NotFound()
    return columns[number - 1] if number else column_of(shape, ANNOTATION)


def _cell(row: RowView, key: str) -> CellView | None:
    return next((cell for cell in row.cells if cell.column.key == key), None)


def _text(row: RowView, key: str) -> str:
    found = _cell(row, key)
    return row.annotation if key == ANNOTATION or found is None else found.text


def _shown(row: RowView, key: str) -> str:
    found = _cell(row, key)
    return row.annotation if found is None else found.shown


def _cell_form(request: Any, version: StrategyVersion, decision: str, row: RowView, column: Column, *, text: str, problem: str) -> HttpResponse:
    place = (request.POST if request.method == "POST" else request.GET).get("place", "")
    context = {
        "version": version, "decision": decision, "row": row, "column": column, "text": text, "problem": problem,
        "options": suggestions(model_of(version), decision, column.key), "place": place, "is_reason": column.key == ANNOTATION,
    }  # fmt: skip
    template = "strategy/_cell.html" if request.htmx else "strategy/cell.html"
    response = render(request, template, context, status=422 if problem else 200)
    if problem and request.htmx:
        response["HX-Retarget"], response["HX-Reswap"] = f"#c-{context['place']}", "innerHTML"
    return response


def _done(request: Any, version: StrategyVersion, decision: str, said: str) -> HttpResponse:
    if request.htmx:
        return work_fragment(request, version, decision, said=said)
    return redirect("strategy:table", version.id, decision)


