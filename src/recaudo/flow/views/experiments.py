"""Experiments: the list, a new one with its size, one with its arms and its result, and the steps of its life."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recaudo.engine import experiment as engine
from recaudo.flow.forms import ExperimentForm, ReasonForm, StartForm
from recaudo.flow.queries import experiments as queries
from recaudo.flow.services import experiments as measuring
from recaudo.flow.views import results
from recaudo.flow.views.links import link
from recaudo.kernel.problems import Problem
from recaudo.kernel.time import local
from recaudo.strategy import queries as strategy
from recaudo.strategy import services
from recaudo.strategy.models import Experiment, Strategy
from recaudo.strategy.words import EXPERIMENT_STATUS_ES, EXPERIMENT_STATUS_TONE
from recaudo.ui.access import allow
from recaudo.ui.templatetags.ui import day

# The control group that a strategy keeps always, unless somebody asks for another share.
CONTROL_BP = 300
CONTROL_NAME = "Grupo de control permanente"


@allow("strategy.view")
@require_safe
def experiments(request: HttpRequest) -> HttpResponse:
    found = list(strategy.experiments()[:200])
    daily = _daily()
    kept = strategy.default_control(daily) if daily else None
    context = {
        "lines": [{"one": one, **_state(one), **results.short(one)} for one in found], "may_edit": request.user.may("strategy.edit"),
        "may_propose": daily is not None, "control": kept, "control_share": CONTROL_BP / 10_000,
    }  # fmt: skip
    return render(request, "flow/experiments.html", context)


@allow("strategy.edit")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    daily = _daily()
    if daily is None:
        messages.error(request, "Primero ponga en vigor una versión de la estrategia: un experimento compara con ella.")
        return redirect("flow:experiments")
    form = _form(request.POST or None, daily)
    if request.method == "POST" and form.is_valid():
        try:
            made = _propose(request, daily, form.cleaned_data)
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, "El experimento se guardó como borrador. Revíselo y envíelo a aprobación.")
            return redirect("flow:experiment", made.pk)
    size = _size(form) if form.is_bound and form.is_valid() else _size(_form(_first(), daily))
    return render(request, "flow/experiment_new.html", {"form": form, "size": size}, status=422 if form.errors else 200)


@allow("strategy.edit")
@require_safe
def size(request: HttpRequest) -> HttpResponse:
    """How many persons it takes, as the form stands."""
    daily = _daily()
    if daily is None:
        return HttpResponse("")
    form = _form(request.GET, daily)
    form.is_valid()
    return render(request, "flow/_experiment_size.html", {"size": _size(form)})


@allow("strategy.edit")
@require_POST
def control(request: HttpRequest) -> HttpResponse:
    """Propose the control group that a strategy keeps always."""
    daily = _daily()
    if daily is None or strategy.default_control(daily):
        messages.error(request, "La estrategia ya tiene un grupo de control, o todavía no tiene una versión en vigor.")
        return redirect("flow:experiments")
    made = services.propose(
        daily, name=CONTROL_NAME, kind="holdout", is_default=True, arms=_holdout(CONTROL_BP), base_bp=2000, lift_bp=300,
        hypothesis="Medir siempre cuánto se recupera por gestionar y cuánto se habría pagado solo.", by=request.user, at=timezone.now(),
    )  # fmt: skip
    return redirect("flow:experiment", made.pk)


@allow("strategy.view")
@require_safe
def experiment(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    found = strategy.experiment_by_id(experiment_id)
    people = queries.people(found)
    may_approve, is_own = request.user.may("strategy.approve"), found.created_by_id == request.user.id
    today = _today(request)
    may_edit = request.user.may("strategy.edit")
    context = {
        "found": found, **_state(found), **results.result(found), "author": people.get(found.created_by_id, "recaudo"),
        "decider": people.get(found.decided_by_id, ""), "stopper": people.get(found.stopped_by_id, ""), "arms": _arms(request, found),
        "scope": results.scope(found), "may_submit": found.status == "draft" and may_edit, "may_discard": found.status in ("draft", "rejected") and may_edit,
        "may_decide": found.status == "submitted" and may_approve and not is_own, "own_waits": found.status == "submitted" and may_approve and is_own,
        "may_stop": found.status in ("running", "approved") and may_approve, "may_measure": found.status in ("running", "stopped") and may_edit,
        "start_form": StartForm(first=queries.first_day(today), today=today, auto_id="st_%s"), "short": _short(found), "reject_form": ReasonForm(auto_id="re_%s"), "stop_form": ReasonForm(auto_id="sp_%s"),
    }  # fmt: skip
    return render(request, "flow/experiment.html", context)


@allow("strategy.edit")
@require_POST
def submit(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    services.submit_experiment(strategy.experiment_by_id(experiment_id), by=request.user, at=timezone.now())
    messages.success(request, "Enviado. Otra persona debe aprobarlo.")
    return redirect("flow:experiment", experiment_id)


@allow("strategy.edit")
@require_POST
def discard(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    services.discard(strategy.experiment_by_id(experiment_id), by=request.user, at=timezone.now())
    messages.success(request, "El borrador se borró.")
    return redirect("flow:experiments")


@allow("strategy.approve")
@require_POST
def approve(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    today = _today(request)
    form = StartForm(request.POST, first=queries.first_day(today), today=today)
    if not form.is_valid():
        return _refuse(request, form, experiment_id)
    services.approve_experiment(
        strategy.experiment_by_id(experiment_id), starts_on=form.cleaned_data["on"], today=today, note=form.cleaned_data["note"],
        by=request.user, at=timezone.now(),
    )  # fmt: skip
    messages.success(request, f"Aprobado: sortea desde la jornada del {day(form.cleaned_data['on'])}.")
    return redirect("flow:experiment", experiment_id)


@allow("strategy.approve")
@require_POST
def reject(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _refuse(request, form, experiment_id)
    services.reject_experiment(strategy.experiment_by_id(experiment_id), note=form.cleaned_data["note"], by=request.user, at=timezone.now())
    messages.success(request, "Rechazado.")
    return redirect("flow:experiment", experiment_id)


@allow("strategy.approve")
@require_POST
def stop(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _refuse(request, form, experiment_id)
    services.stop_experiment(
        strategy.experiment_by_id(experiment_id), on=_today(request), reason=form.cleaned_data["note"], by=request.user, at=timezone.now()
    )
    messages.success(request, "Detenido: desde la próxima jornada todas las personas se trabajan como siempre. Las ya sorteadas se siguen hasta su plazo.")
    return redirect("flow:experiment", experiment_id)


@allow("strategy.edit")
@require_POST
def measure(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    measuring.measure(measuring.tenant_now(), strategy.experiment_by_id(experiment_id), on=_today(request), by=request.user, at=timezone.now())
    messages.success(request, "Medido con lo que se sabe ahora. Mirarlo seguido no cambia su validez.")
    return redirect("flow:experiment", experiment_id)


def _refuse(request: HttpRequest, form: Any, experiment_id: UUID) -> HttpResponse:
    for errors in form.errors.values():
        for text in errors:
            messages.error(request, text)
    return redirect("flow:experiment", experiment_id)


def _daily() -> Strategy | None:
    """The strategy that the day applies, when a version of it is in force."""
    try:
        found: Strategy = strategy.active_version().strategy
    except Problem:
        return None
    return found


def _form(data: Any, daily: Strategy) -> ExperimentForm:
    active = strategy.active_version()
    versions = [one for one in strategy.usable_versions(daily) if one.pk != active.pk]
    return ExperimentForm(data, versions=versions, countries=queries.countries())


def _first() -> dict[str, Any]:
    """The form as it opens, to show a size at once."""
    return {"kind": "challenger", "name": "x", "version": "", "share": "10", "metric": "paid", "days": "30", "base": "20", "lift": "3"}


def _size(form: ExperimentForm) -> dict[str, Any]:
    """Persons needed and persons there, or what the plan lacks."""
    data = form.cleaned_data if form.is_bound and form.is_valid() else getattr(form, "cleaned_data", {})
    if not all(data.get(name) is not None for name in ("share", "base", "lift")):
        return {"problem": "Complete la parte, lo que se espera y la diferencia para ver cuántas personas hacen falta."}
    share = float(data["share"]) / 100
    try:
        plan = engine.Plan(float(data["base"]) / 100, float(data["lift"]) / 100, 1 - share if data.get("kind") == "holdout" else share)
        needed = engine.persons_needed(plan)
    except Problem as problem:
        return {"problem": problem.text}
    there = queries.persons({"country": data.get("country") or [], "stage": data.get("stage") or []})
    smallest = engine.smallest_lift(plan, there) if there else None
    return {
        "needed": needed, "once": engine.persons_needed(plan, is_sequential=False), "there": there, "in_arm": round(there * share), "power": engine.power_at(plan, there),
        "smallest": smallest, "is_enough": there >= needed, "lift": plan.lift,
    }  # fmt: skip


def _short(one: Experiment) -> dict[str, Any] | None:
    """What an experiment that has still to draw its persons lacks, or nothing. Those already drawn count, whatever they owe today."""
    if one.status not in ("draft", "submitted", "approved", "running"):
        return None
    there = max(queries.persons(one.scope), results.short(one)["drawn"])
    return None if there >= one.planned_count else {"needed": one.planned_count, "there": there}


def _propose(request: Any, daily: Strategy, data: dict[str, Any]) -> Experiment:
    share = round(data["share"] * 100)
    if data["kind"] == "holdout":
        arms = _holdout(share)
    else:
        version = strategy.version_by_id(UUID(data["version"]))
        arms = [
            services.ArmDraft("champion", "En vigor", 10_000 - share),
            services.ArmDraft("challenger", f"Retadora: versión {version.number}", share, version),
        ]
    return services.propose(
        daily, name=data["name"], kind=data["kind"], hypothesis=data["hypothesis"], arms=arms, metric=data["metric"], outcome_days=data["days"],
        base_bp=_bp(data["base"]), lift_bp=_bp(data["lift"]), scope={"country": data["country"], "stage": data["stage"]}, by=request.user, at=timezone.now(),
    )  # fmt: skip


def _holdout(share_bp: int) -> list[services.ArmDraft]:
    return [services.ArmDraft("control", "Grupo de control", share_bp, None, True), services.ArmDraft("worked", "Con gestión", 10_000 - share_bp)]


def _bp(percent: Decimal) -> int:
    return round(percent * 100)


def _state(one: Experiment) -> dict[str, Any]:
    return {"label": EXPERIMENT_STATUS_ES.get(one.status, one.status), "tone": EXPERIMENT_STATUS_TONE.get(one.status, "muted")}


def _arms(request: HttpRequest, found: Experiment) -> list[dict[str, Any]]:
    lines = []
    for arm in found.arms.all():
        version = arm.version
        lines.append({
            "arm": arm, "share": arm.share_bp / 10_000, "version": version,
            "url": link(request.user, "strategy:version", version.pk) if version else "",
        })  # fmt: skip
    return lines


def _today(request: HttpRequest) -> date:
    return local(timezone.now(), request.zone).date()  # type: ignore[attr-defined]
