"""The runs: the list, one run, and the accounts behind its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from recaudo.flow.day import STEPS
from recaudo.flow.forms import DecidedForm
from recaudo.flow.models import Run
from recaudo.flow.queries import limits
from recaudo.flow.queries import runs as queries
from recaudo.flow.services import reallocate as services
from recaudo.flow.views import shapes
from recaudo.flow.views.links import link
from recaudo.flow.words import (
    OUTCOME_ES,
    OUTCOME_SHORT,
    OUTCOME_TONE,
    RUN_ES,
    RUN_TONE,
    STEP_ES,
    TREATMENT_ES,
    segment_es,
)
from recaudo.journal import services as journal
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.money import Money
from recaudo.kernel.problems import NotAllowed, NotFound, Problem
from recaudo.kernel.time import local
from recaudo.ui.access import allow
from recaudo.ui.export import Cell, list_response

PAGE_SIZE = 50
COLUMNS = ["Cuenta", "Cartera", "Tramo", "Días de atraso", "Vencido", "Moneda", "Qué pasó", "Segmento", "Tratamiento", "Canal", "Prioridad",
           "Norma que negó", "Permitido desde"]  # fmt: skip


@allow("day.view")
@require_safe
def runs(request: HttpRequest) -> HttpResponse:
    page = Paginator(queries.runs(), PAGE_SIZE).get_page(request.GET.get("page"))
    lines = [
        {"run": one, "label": RUN_ES.get(one.status, one.status), "tone": RUN_TONE.get(one.status, "muted"), "seconds": sum(one.seconds.values()),
         "opened": sum(one.counts.get("actions_opened", {}).values()), "refused": one.counts.get("accounts_by_outcome", {}).get("refused"),
         "step": STEP_ES.get(one.step, one.step)}
        for one in page
    ]  # fmt: skip
    return render(request, "flow/runs.html", {"lines": lines, "page": page, "is_agency": request.user.agency_id is not None})


@allow("day.view")
@require_safe
def run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    found = _run(run_id)
    figures = queries.figures(found)
    kept = queries.snapshot_of(found)
    listed = link(request.user, "flow:run-accounts", found.id) if kept and request.user.may("portfolio.view") else ""
    version = queries.version_of(found)
    floors = limits.names(found.counts.get("floors_of", "portfolio"), list(found.counts.get("floors", {})))
    context = {
        "run": found, "label": RUN_ES.get(found.status, found.status), "tone": RUN_TONE.get(found.status, "muted"),
        "step": STEP_ES.get(found.step, found.step), "figures": figures, "listed": listed, "kept": kept, "version": version,
        "version_url": link(request.user, "strategy:version", version.id) if version else "",
        "law_url": link(request.user, "law:rules"), "total": sum(found.seconds.values()), "steps": len(STEPS),
        "seconds": shapes.seconds(found), "funnel": shapes.funnel(figures, listed), "channels": shapes.channels(figures, listed),
        "refused": shapes.refused(figures, listed), "treatments": shapes.treatments(figures, listed), "outcomes": shapes.outcomes(figures, listed),
        "buckets": shapes.buckets(figures, listed), "terms": shapes.terms(found, figures, floors), "hours": shapes.hours(found), "is_agency": request.user.agency_id is not None,
        "may_reallocate": _may_reallocate(request, found), "limits_url": link(request.user, "flow:limits"), "capacity_url": link(request.user, "workforce:capacity"), "promises": found.counts.get("promises", {}), "cases": (found.counts.get("cases_opened", 0), found.counts.get("cases_closed", 0)),
    }  # fmt: skip
    return render(request, "flow/run.html", context)


@allow("day.view")
@require_safe
def accounts(request: HttpRequest, run_id: UUID) -> HttpResponse:
    found = _run(run_id)
    if not request.user.may("portfolio.view"):
        raise NotAllowed()
    form, where = _filters(request, found)
    rows, cursor = queries.decided(found, where=where, after=request.GET.get("after", "")[:40], limit=PAGE_SIZE)
    count = queries.count_decided(found, where=where)
    context = {
        "run": found, "form": form, "rows": [_line(one) for one in rows], "next_cursor": cursor, "previous_cursor": "",
        "count_text": f"{intcomma(count)} cuentas", "kept": queries.snapshot_of(found) is not None,
        "rule": queries.rule_text(where["refused_rule"]) if "refused_rule" in where else None,
        "sees_person": request.user.may("person.view"),
    }  # fmt: skip
    return render(request, "flow/run_accounts.html", context)


@allow("day.run")
@require_POST
def reallocate(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Give the places that came free to whoever did not fit."""
    try:
        opened = services.reallocate(_run(run_id), by=request.user, at=timezone.now())
    except Problem as problem:
        if problem.status == 404:
            raise
        messages.error(request, problem.text)
    else:
        told = ", ".join(f"{CHANNEL_ES.get(channel, channel)}: {count}" for channel, count in opened.items())
        messages.success(request, f"Se abrieron gestiones en plazas que quedaron libres ({told})." if told else "Nadie de los que quedaron sin cupo puede contactarse ahora.")
    return redirect("flow:run", run_id)


@allow("list.export")
@require_safe
def export(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    if not (request.user.may("day.view") and request.user.may("portfolio.view")):
        raise NotAllowed()
    found = _run(run_id)
    _, where = _filters(request, found)
    rows = _cells(found, where)
    return list_response(request.GET.get("formato"), f"jornada-{found.on}", COLUMNS, rows, record=partial(_record, request))


def _record(request: Any, count: int) -> None:
    journal.record("list.exported", by=request.user, at=timezone.now(), list="jornada", rows=count)


def _run(run_id: UUID) -> Run:
    found = queries.run_by_id(run_id)
    if found is None:
        raise NotFound()
    return found


def _may_reallocate(request: Any, run: Run) -> bool:
    today = local(timezone.now(), request.zone).date()
    left = run.counts.get("accounts_by_outcome", {})
    return bool(run.status == "finished" and run.on == today and request.user.may("day.run") and any(left.get(one) for one in services.LEFT_OUT))


def _filters(request: HttpRequest, run: Run) -> tuple[DecidedForm, dict[str, str]]:
    rules = list(run.counts.get("refused_by_rule", {}))
    form = DecidedForm(request.GET, rules=rules, treatments=list(run.counts.get("treatments", {})))
    if not form.is_valid():
        return form, {}
    return form, {queries.FILTERS[name]: value for name, value in form.cleaned_data.items() if value}


def _line(one: queries.Decided) -> dict[str, Any]:
    row = one.row
    return {
        "account": one.account, "row": row, "outcome": OUTCOME_ES.get(row["outcome"], row["outcome"]), "short": OUTCOME_SHORT.get(row["outcome"], row["outcome"]),
        "tone": OUTCOME_TONE.get(row["outcome"], "muted"), "treatment": TREATMENT_ES.get(row["treatment"], row["treatment"]),
        "segment": segment_es(row["segment"] or ""), "channel": row["planned_channel"] or row["channel"],
    }  # fmt: skip


def _cells(run: Run, where: dict[str, str]) -> Iterator[list[Cell]]:
    for one in queries.all_decided(run, where=where):
        row, line = one.row, _line(one)
        yield [
            one.account.number, one.account.portfolio.name, row["bucket"], row["dpd"], Money(row["overdue_minor"], row["currency"]).decimal(),
            row["currency"], line["outcome"], line["segment"], line["treatment"], CHANNEL_ES.get(line["channel"], line["channel"]), row["priority"],
            row["refused_rule"], row["next_allowed_at"],
        ]  # fmt: skip
