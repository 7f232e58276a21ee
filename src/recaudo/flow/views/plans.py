"""Plans of collection with their progress, and the five stages of the work on one page."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recaudo.analytics.words import number_es
from recaudo.engine.facts import STAGE_ES
from recaudo.flow.forms import PlanForm
from recaudo.flow.models import CollectionPlan
from recaudo.flow.queries import execution, runs
from recaudo.flow.queries import plans as queries
from recaudo.flow.services import plans as services
from recaudo.flow.views.links import link
from recaudo.flow.words import TREATMENT_ES
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.problems import Problem
from recaudo.kernel.time import local
from recaudo.portfolio.models import Portfolio
from recaudo.strategy import queries as strategy
from recaudo.ui.access import allow
from recaudo.workforce.queries import capacity_on, users

WEEKDAY_ES = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
MOST_SHOWN = 100


@allow("day.view")
@require_safe
def cycle(request: HttpRequest) -> HttpResponse:
    """Information, planning, strategy, execution, control: where each stands today and where it is worked."""
    today = _today(request)
    found = queries.cycle(today=today, at=timezone.now())
    run = found.execution["run"]
    kept = execution.execution(run, zone=request.zone, at=timezone.now()).kept if run and run.status == "finished" else None  # type: ignore[attr-defined]
    names = ("intake:batches", "portfolio:payments", "portfolio:duplicates", "flow:plans", "workforce:capacity", "flow:limits", "portfolio:portfolios", "strategy:strategies",
             "flow:what-ifs", "flow:experiments", "flow:pace", "today", "messaging:waves", "desk:queue", "analytics:kpis", "compliance:board", "flow:escalations", "flow:runs")  # fmt: skip
    links = {name.replace(":", "_").replace("-", "_"): link(request.user, name) for name in names}
    links["execution"] = link(request.user, "flow:execution", run.pk) if run else ""
    return render(request, "flow/cycle.html", {"found": found, "kept": kept, "links": links, "today": today})


@allow("kpi.view")
@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    today = _today(request)
    names, books = dict(users().values_list("pk", "name")), dict(Portfolio.objects.values_list("pk", "name"))
    lines = [
        {"plan": one, "owner": names.get(one.owner_id, "—"), "book": books.get(one.portfolio_id, "Todas las carteras"), **_state(one, today)}
        for one in queries.plans(open_only=request.GET.get("todos") != "1")[:MOST_SHOWN]
    ]
    return render(request, "flow/plans.html", {"lines": lines, "may_edit": request.user.may("day.run"), "is_all": request.GET.get("todos") == "1"})


@allow("kpi.view")
@require_safe
def plan(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    found, today = queries.plan_by_id(plan_id), _today(request)
    run, user = runs.last_finished(), request.user
    snapshot = runs.snapshot_of(run) if run else None
    book = Portfolio.objects.filter(pk=found.portfolio_id).first() if found.portfolio_id else None
    segments = []
    for stage in found.stages or list(STAGE_ES):
        where = {"stage": stage, **({"portfolio_code": book.code} if book else {})}
        counts = strategy.snapshot_counts(snapshot, by="treatment", where=where) if snapshot else {}
        if counts:
            segments.append((STAGE_ES[stage], sum(counts.values()), [(TREATMENT_ES.get(name, name), count) for name, count in list(counts.items())[:6]]))
    places = capacity_on(today)
    context = {
        "plan": found, **_state(found, today), "goals": [_goal(one) for one in queries.progress(found, today=today, zone=request.zone)],  # type: ignore[attr-defined]
        "owner": users().filter(pk=found.owner_id).values_list("name", flat=True).first() or "—", "book": book, "segments": segments, "run": run,
        "stages": [STAGE_ES[one] for one in found.stages], "channels": [(one, CHANNEL_ES[one], places.get(one, 0)) for one in found.channels or places],
        "review": WEEKDAY_ES[found.review], "elapsed": queries.elapsed(found, today), "may_edit": user.may("day.run") and not found.closed_at,
        "execution_url": link(user, "flow:execution", run.pk) if run else "", "strategy_url": link(user, "strategy:strategies"),
    }  # fmt: skip
    return render(request, "flow/plan.html", context)


@allow("day.run")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    today = _today(request)
    form = _form(request, {"owner_id": request.user.pk, "starts_on": today, "ends_on": today + timedelta(days=30)})
    if request.method == "POST" and form.is_valid():
        try:
            made = services.open_plan(**form.told(), by=request.user, at=timezone.now())
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, "El plan quedó abierto.")
            return redirect("flow:plan", made.pk)
    return render(request, "flow/plan_form.html", {"form": form, "title": "Nuevo plan de cobranza"}, status=422 if form.errors else 200)


@allow("day.run")
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    found = queries.plan_by_id(plan_id)
    form = _form(request, PlanForm.shown(found))
    if request.method == "POST" and form.is_valid():
        try:
            services.change_plan(found, **form.told(), by=request.user, at=timezone.now())
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, "El plan quedó cambiado.")
            return redirect("flow:plan", found.pk)
    return render(request, "flow/plan_form.html", {"form": form, "plan": found, "title": "Cambiar el plan"}, status=422 if form.errors else 200)


@allow("day.run")
@require_POST
def close(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    services.close_plan(queries.plan_by_id(plan_id), by=request.user, at=timezone.now())
    messages.success(request, "El plan quedó cerrado.")
    return redirect("flow:plans")


def _form(request: HttpRequest, initial: dict[str, Any]) -> PlanForm:
    people = users().filter(is_active=True, agency_id=None).order_by("name").values_list("pk", "name")
    books = list(Portfolio.objects.order_by("name").values_list("pk", "name", "currency"))
    return PlanForm(request.POST or None, people=list(people), books=books, initial=initial)


def _state(one: CollectionPlan, today: date) -> dict[str, str]:
    if one.closed_at:
        return {"state_es": "Cerrado", "state_tone": "muted"}
    if one.starts_on > today:
        return {"state_es": "Por empezar", "state_tone": "info"}
    return {"state_es": "Terminó su plazo", "state_tone": "warn"} if one.ends_on < today else {"state_es": "En curso", "state_tone": "ok"}


def _goal(one: queries.Progress) -> dict[str, Any]:
    tone = "muted" if one.value is None else "ok" if one.is_met else "info" if one.is_on_course else "warn"
    said = "Sin datos aún" if one.value is None else "Alcanzada" if one.is_met else "En camino" if one.is_on_course else "Por debajo" if not one.falls else "Por encima"
    return {
        "kpi": one.kpi, "currency": one.currency, "target": number_es(one.kpi, one.target, one.currency), "value": number_es(one.kpi, one.value, one.currency),
        "due": number_es(one.kpi, one.due, one.currency) if one.kpi.unit == "money" else "", "tone": tone, "said": said, "percent": round(100 * one.share), "falls": one.falls,
    }  # fmt: skip


def _today(request: HttpRequest) -> date:
    return local(timezone.now(), request.zone).date()  # type: ignore[attr-defined]
