"""The plan of a day against what was done, with the accounts behind every number."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from recaudo.casework.words import CANCEL_ES
from recaudo.flow.models import Run
from recaudo.flow.queries import execution as queries
from recaudo.flow.queries import runs
from recaudo.flow.views.links import link
from recaudo.flow.words import FATE_ES, FATE_TONE, TREATMENT_ES
from recaudo.journal import services as journal
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.money import Money
from recaudo.kernel.problems import NotAllowed, NotFound
from recaudo.ui.access import allow
from recaudo.ui.export import Cell, list_response

PAGE_SIZE = 50
COLUMNS = ["Cuenta", "Cartera", "Tratamiento", "Canal", "Qué pasó", "Por qué", "Días de atraso", "Vencido", "Moneda"]


@allow("day.view")
@require_safe
def execution(request: HttpRequest, run_id: UUID) -> HttpResponse:
    run = _run(run_id)
    found = queries.execution(run, zone=request.zone, at=timezone.now())  # type: ignore[attr-defined]
    listed = link(request.user, "flow:execution-accounts", run.pk)
    context = {
        "run": run, "found": found, "lines": [_part(one, listed) for one in found.parts], "listed": listed,
        "totals": [(FATE_ES[fate], FATE_TONE[fate], count, f"{listed}?destino={fate}" if listed and count else "") for fate, count in found.totals.items()],
        "heads": [FATE_ES[fate] for fate in queries.FATES],
        "why": [(FATE_ES[fate], _why(reason), count) for fate, reason, count in found.why],
        "besides": [(channel, CHANNEL_ES.get(channel, channel), count, reached) for channel, count, reached in found.besides],
    }  # fmt: skip
    return render(request, "flow/execution.html", context)


@allow("portfolio.view")
@require_safe
def accounts(request: HttpRequest, run_id: UUID) -> HttpResponse:
    if not request.user.may("day.view"):
        raise NotAllowed()
    run, where = _run(run_id), _where(request)
    found = queries.planned(run, where, zone=request.zone, at=timezone.now(), after=_after(request), limit=PAGE_SIZE + 1)  # type: ignore[attr-defined]
    page = found[:PAGE_SIZE]
    context = {
        "run": run, "rows": [(one, TREATMENT_ES.get(one.treatment, one.treatment), FATE_ES[one.fate], FATE_TONE[one.fate], _why(one.why)) for one in page],
        "said": _said(where), "next_cursor": str(page[-1].id) if len(found) > PAGE_SIZE else "", "sees_person": request.user.may("person.view"),
    }  # fmt: skip
    return render(request, "flow/execution_accounts.html", context)


@allow("list.export")
@require_safe
def export(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    if not (request.user.may("day.view") and request.user.may("portfolio.view")):
        raise NotAllowed()
    run = _run(run_id)
    rows = _cells(queries.all_planned(run, _where(request), zone=request.zone, at=timezone.now()))  # type: ignore[attr-defined]
    return list_response(request.GET.get("formato"), f"ejecucion-{run.on}", COLUMNS, rows, record=partial(_record, request))


def _record(request: Any, count: int) -> None:
    journal.record("list.exported", by=request.user, at=timezone.now(), list="ejecucion", rows=count)


def _cells(found: Iterator[queries.Planned]) -> Iterator[list[Cell]]:
    for one in found:
        account = one.account
        yield [
            account.number, account.portfolio.name, TREATMENT_ES.get(one.treatment, one.treatment), CHANNEL_ES.get(one.channel, one.channel), FATE_ES[one.fate],
            _why(one.why), account.dpd, Money(account.overdue_minor, account.currency).decimal(), account.currency,
        ]  # fmt: skip


def _part(one: queries.Part, listed: str) -> dict[str, Any]:
    asked = {"tratamiento": one.treatment, "canal": one.channel}
    cells = [(one.counts.get(fate, 0), f"{listed}?{urlencode({**asked, 'destino': fate})}" if listed and one.counts.get(fate) else "") for fate in queries.FATES]
    return {
        "name": TREATMENT_ES.get(one.treatment, one.treatment) or "Sin tratamiento", "channel": one.channel, "planned": one.planned, "cells": cells, "kept": one.kept,
        "url": f"{listed}?{urlencode(asked)}" if listed else "",
    }  # fmt: skip


def _why(reason: str) -> str:
    if not reason:
        return ""
    return CANCEL_ES.get(reason) or runs.rule_text(reason).text_es


def _said(where: dict[str, str]) -> list[str]:
    names = {"treatment": TREATMENT_ES, "channel": CHANNEL_ES, "fate": FATE_ES}
    return [names[column].get(value, value) for column, value in where.items()]


def _where(request: HttpRequest) -> dict[str, str]:
    return {column: value[:40] for name, column in queries.FILTERS.items() if (value := request.GET.get(name))}


def _after(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET.get("after", ""))
    except ValueError:
        return None


def _run(run_id: UUID) -> Run:
    found = runs.run_by_id(run_id)
    if found is None:
        raise NotFound()
    return found
