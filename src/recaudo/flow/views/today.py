"""Hoy: the state of the day's run, what it decided, what moves, what is stuck."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from recaudo.casework import queries as casework
from recaudo.flow.day import STEPS
from recaudo.flow.models import Run
from recaudo.flow.queries import runs
from recaudo.flow.queries import today as queries
from recaudo.flow.services import request as services
from recaudo.flow.views import shapes
from recaudo.flow.views.links import link
from recaudo.flow.words import STEP_ES
from recaudo.kernel.problems import NotAllowed, NotFound
from recaudo.ui.access import allow

PAGE_SIZE = 50


@allow("day.view")
@require_safe
def today(request: HttpRequest) -> HttpResponse:
    on, now = _today(request)
    state = queries.day_state(on, steps=STEPS, at=now)
    run = state.run if state.state == "finished" else runs.last_finished()
    context = {"on": on, "run": run, **_state(request, state), "moving": _moving(request, on), "pauses": casework.open_pauses()}
    if run is not None:
        context |= _decided(request, run)
    return render(request, "flow/today.html", context)


@allow("day.view")
@require_safe
def state(request: HttpRequest) -> HttpResponse:
    """The box that says how far today's run is, asked for every three seconds while it runs."""
    on, now = _today(request)
    found = queries.day_state(on, steps=STEPS, at=now)
    response = render(request, "flow/_state.html", _state(request, found))
    if found.state not in {"queued", "running"}:
        response["HX-Refresh"] = "true"  # it just ended: the whole page has something new to say
    return response


@allow("day.view")
@require_safe
def moving(request: HttpRequest) -> HttpResponse:
    on, _ = _today(request)
    return render(request, "flow/_moving.html", {"moving": _moving(request, on), "on": on})


@allow("day.view")
@require_safe
def stuck(request: HttpRequest) -> HttpResponse:
    on, now = _today(request)
    lines = []
    for one in queries.stuck(on, at=now):
        args = [one.kind] if one.kind else []
        may_open = one.name != "flow:waiting" or request.user.may("portfolio.view")
        lines.append((one, link(request.user, one.name, *args, **dict(parse_qsl(one.query))) if may_open else ""))
    return render(request, "flow/_stuck.html", {"lines": lines})


@allow("day.view")
@require_safe
def waiting(request: HttpRequest, kind: str) -> HttpResponse:
    """The accounts behind a number of what is stuck."""
    if kind not in queries.WAITING:
        raise NotFound()
    if not request.user.may("portfolio.view"):
        raise NotAllowed()
    on, now = _today(request)
    found = queries.waiting(kind, on=on, at=now, after=_cursor(request.GET.get("after", "")), limit=PAGE_SIZE + 1)
    page = found[:PAGE_SIZE]
    title, sentence = queries.waiting_words(kind, on=on, at=now)
    context = {
        "title": title, "sentence": sentence, "accounts": page, "sees_person": request.user.may("person.view"),
        "next_cursor": f"{page[-1].overdue_minor}_{page[-1].id}" if len(found) > PAGE_SIZE else "",
    }  # fmt: skip
    return render(request, "flow/waiting.html", context)


@allow("day.run")
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    on, now = _today(request)
    services.request_day(on=on, by=request.user, at=now)
    messages.success(request, "Se pidió la jornada de hoy.")
    return redirect("today")


def _today(request: HttpRequest) -> tuple[date, datetime]:
    now = timezone.now()
    return timezone.localtime(now, ZoneInfo(request.zone)).date(), now  # type: ignore[attr-defined]


def _state(request: HttpRequest, state: queries.DayState) -> dict[str, Any]:
    step = STEP_ES.get(state.run.step, state.run.step) if state.run else ""
    return {
        "state": state, "step": step, "percent": round(state.share * 100), "failed_step": step,
        "may_run": request.user.may("day.run"), "is_agency": request.user.agency_id is not None,
    }  # fmt: skip


def _decided(request: HttpRequest, run: Run) -> dict[str, Any]:
    figures = runs.figures(run)
    listed = link(request.user, "flow:run-accounts", run.id) if request.user.may("portfolio.view") else ""
    return {
        "figures": figures, "listed": listed, "funnel": shapes.funnel(figures, listed), "channels": shapes.channels(figures, listed),
        "refused": shapes.refused(figures, listed), "treatments": shapes.treatments(figures, listed),
        "buckets": shapes.buckets(figures, listed), "outcomes": shapes.outcomes(figures, listed),
    }  # fmt: skip


def _moving(request: HttpRequest, on: date) -> queries.Moving:
    return queries.moving(on, zone=request.zone)  # type: ignore[attr-defined]


def _cursor(text: str) -> tuple[int, UUID] | None:
    try:
        overdue, last = text.split("_")
        return int(overdue), UUID(last)
    except ValueError:
        return None
