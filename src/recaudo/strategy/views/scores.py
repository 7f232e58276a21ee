"""Score models: what is in force, what is proposed, how good it is, why one account has its score, and who corrected it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from recaudo.engine import score
from recaudo.engine.score.card import shown_points
from recaudo.engine.score.measure import MOVED
from recaudo.kernel.problems import NotFound, Problem
from recaudo.portfolio.models import Account
from recaudo.store.workers import has_worker
from recaudo.strategy import queries
from recaudo.strategy.forms import DecideForm, ExplainForm, LoadModelForm, OverrideForm, RejectForm, TrainForm
from recaudo.strategy.models import ScoreDay, ScoreModel
from recaudo.strategy.queries import scores as reads
from recaudo.strategy.queries import watch as watched
from recaudo.strategy.services import scores as services
from recaudo.strategy.services.watch import measure_fairness
from recaudo.strategy.views.page import tell, today
from recaudo.strategy.words import MODEL_ES, MODEL_HELP_ES, REACH, SCORE_STATUS_ES, SCORE_STATUS_TONE
from recaudo.ui.access import allow
from recaudo.ui.lookup import one

PAGE_SIZE = 25
# Below four fifths of the most favoured group people usually ask why (the rule of thumb of US selection procedures, 29 CFR 1607.4 D).
FAIR_RATIO = 0.8


@allow("strategy.view")
@require_safe
def models(request: HttpRequest) -> HttpResponse:
    return _list(request)


def _list(request: HttpRequest, train: TrainForm | None = None, load: LoadModelForm | None = None) -> HttpResponse:
    page = Paginator(reads.models(), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    names = queries.people(rows)
    active, trainings, strayed = reads.in_force(), reads.trainings(), watched.alerts()
    context = {
        "page": page, "lines": [_line(one, names) for one in rows],
        "targets": [{"label": label, "help": MODEL_HELP_ES[target], "fact": reads.fact_of(target), "model": active.get(target), "alert": watched.ALERT_ES[strayed[target].alert] if target in strayed else ""} for target, label in MODEL_ES.items()],
        "trainings": [(one, MODEL_ES.get(one.target, "")) for one in trainings],
        "is_stuck": any(one.is_waiting for one in trainings) and not has_worker(at=timezone.now()),
        "train_form": train or TrainForm(), "load_form": load or LoadModelForm(), "may_edit": request.user.may("strategy.edit"),
    }  # fmt: skip
    return render(request, "strategy/models.html", context, status=422 if train or load else 200)


def _line(found: ScoreModel, names: dict[UUID, str]) -> dict[str, Any]:
    return {
        "model": found, "target": MODEL_ES[found.target], "label": SCORE_STATUS_ES[found.status], "tone": SCORE_STATUS_TONE[found.status],
        "horizon": reads.horizon_of(found), "test": found.quality.get("test"), "author": names.get(found.created_by_id, "recaudo"),
        "decider": names.get(found.decided_by_id, ""),
    }  # fmt: skip


@allow("strategy.edit")
@require_POST
def train(request: HttpRequest) -> HttpResponse:
    form = TrainForm(request.POST)
    if not form.is_valid():
        return _list(request, train=form)
    given = form.cleaned_data
    services.request_training(
        target=given["target"], horizon_days=given["horizon_days"], note=given["note"], by=request.user, at=timezone.now(), today=today(request)
    )
    messages.success(request, "Se pidió el entrenamiento. Al terminar, el modelo aparece aquí como propuesto; si algo falta, se dice aquí mismo.")
    return redirect("strategy:models")


@allow("strategy.edit")
@require_POST
def load(request: HttpRequest) -> HttpResponse:
    form = LoadModelForm(request.POST, request.FILES)
    if form.is_valid():
        given = form.cleaned_data
        try:
            found = services.load(given["file"], target=given["target"], note=given["note"], by=request.user, at=timezone.now())
        except Problem as problem:
            form.add_error("file", problem.text)
        else:
            messages.success(request, "El modelo quedó propuesto: otra persona puede ponerlo en vigor.")
            return redirect("strategy:model", model_id=found.id)
    return _list(request, load=form)


@allow("strategy.view")
@require_safe
def model(request: HttpRequest, model_id: UUID) -> HttpResponse:
    return _page(request, reads.model_by_id(model_id))


def _page(request: HttpRequest, found: ScoreModel, **more: Any) -> HttpResponse:
    is_reach = found.target == REACH
    is_own = found.created_by_id == request.user.id
    may_decide = request.user.may("strategy.approve")
    context = {
        **_line(found, queries.people([found])), "help": MODEL_HELP_ES[found.target], "fact": reads.fact_of(found.target),
        "facts": [] if is_reach else _facts(score.from_json(found.card)), "families": reads.families(found) if is_reach else [], "measured": _measured(found), "bands": _bands(found.quality.get("test") or {}),
        "may_decide": may_decide and found.status == "proposed" and not is_own, "is_own": may_decide and found.status == "proposed" and is_own,
        "may_measure": any(request.user.may(one) for one in ("strategy.edit", "strategy.approve", "audit.manage")), "may_retire": may_decide and found.status == "active", "may_explain": request.user.may("portfolio.view") and not is_reach,
        "may_override": request.user.may("strategy.edit"), **({} if is_reach else _watched(found)), "decide_form": DecideForm(), "reject_form": RejectForm(auto_id="reject_%s"), "explain_form": ExplainForm(), **more,
    }  # fmt: skip
    return render(request, "strategy/model.html", context)


def _watched(found: ScoreModel) -> dict[str, Any]:
    """How the card fared day by day, as charts; what should be looked at; and how it treats each group."""
    days = watched.days_of(found)
    last = days[-1] if days else None
    fairness = found.quality.get("fairness") or {}
    return {
        "days": days, "last_day": last, "alert": watched.ALERT_ES.get(last.alert, "") if last and found.status == "active" else "",
        "moved": MOVED, "loose": watched.LOOSE, "judged": next((one for one in reversed(days) if one.judged_on), None),
        "shift_chart": _line_chart(days, {"Cambio de la población": lambda one: one.shift}, target=MOVED, name="otra población"),
        "truth_chart": _line_chart(days, {"Dijo": lambda one: _hundred(one.said), "Pasó": lambda one: _hundred(one.seen)}),
        "fair_on": date.fromisoformat(fairness["on"]) if fairness else None, "fair": fairness.get("groups", []),
        "unfair": [one for one in fairness.get("groups", []) if not one["is_small"] and one["ratio"] < FAIR_RATIO],
    }  # fmt: skip


def _hundred(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def _line_chart(days: list[ScoreDay], series: dict[str, Callable[[ScoreDay], float | None]], *, target: float | None = None, name: str = "") -> dict[str, Any]:
    goal = {"target": target, "target_name": name} if target is not None else {}
    return {
        "type": "line", "format": "decimal", "categories": [f"{one.on:%d/%m}" for one in days], **goal,
        "series": [
            {"name": label, "data": [None if (value := read(one)) is None else round(value, 3) for one in days], "tone": tone}
            for (label, read), tone in zip(series.items(), ("brand", "ok"), strict=False)
        ],
    }  # fmt: skip


def _facts(card: score.Card) -> list[dict[str, Any]]:
    """The scorecard as it is printed: each fact with its bins and points, the one that moves most first."""
    ordered = sorted(card.facts, key=lambda one: (-(max(one.points) - min(one.points)), one.name))
    return [
        {"label": reads.fact_es(one.name), "bins": [(name, shown_points(points - one.mean)) for name, points in zip(reads.bins_es(one), (*one.points, one.missing), strict=True)]}
        for one in ordered
    ]  # fmt: skip


MEASURED = (("test", "Cuentas que no vio"), ("in_train", "Cuentas de las que aprendió"), ("opaque", "Modelo opaco de referencia, mismas cuentas que no vio"))


def _measured(found: ScoreModel) -> list[dict[str, Any]]:
    return [{"label": label, **found.quality[key]} for key, label in MEASURED if found.quality.get(key)]


def _bands(test: dict[str, Any]) -> list[dict[str, Any]]:
    bands = test.get("bands") or []
    top = max((max(one["given"], one["seen"]) for one in bands), default=0) or 1
    return [
        {"number": place, **one, "given_bar": round(100 * one["given"] / top), "seen_bar": round(100 * one["seen"] / top)}
        for place, one in enumerate(bands, 1)
    ]


@allow("strategy.view")
@require_safe
def download(request: HttpRequest, model_id: UUID) -> HttpResponse:
    found = reads.model_by_id(model_id)
    response = HttpResponse(found.card, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="modelo-{found.target}-{found.version[:8]}.json"'
    return response


@allow("strategy.edit|strategy.approve|audit.manage")
@require_POST
def fairness(request: HttpRequest, model_id: UUID) -> HttpResponse:
    found = reads.model_by_id(model_id)
    try:
        measure_fairness(found, by=request.user, at=timezone.now(), today=today(request))
    except Problem as problem:
        messages.error(request, problem.text)
    else:
        messages.success(request, "Se midió cómo trata el modelo a cada grupo.")
    return redirect("strategy:model", model_id=model_id)


@allow("strategy.approve")
@require_POST
def activate(request: HttpRequest, model_id: UUID) -> HttpResponse:
    return _done(request, model_id, DecideForm(request.POST), services.activate, "El modelo está en vigor: la próxima jornada lo usa.")


@allow("strategy.approve")
@require_POST
def reject(request: HttpRequest, model_id: UUID) -> HttpResponse:
    return _done(request, model_id, RejectForm(request.POST), services.reject, "El modelo quedó rechazado.")


@allow("strategy.approve")
@require_POST
def retire(request: HttpRequest, model_id: UUID) -> HttpResponse:
    return _done(request, model_id, Form(request.POST), services.retire, "El modelo se retiró: desde la próxima jornada su hecho queda vacío.")


def _done(request: HttpRequest, model_id: UUID, form: Form, do: Callable[..., Any], said: str) -> HttpResponse:
    """One decision about a model with what its form says; whatever is wrong is said on the page of the model."""
    found = reads.model_by_id(model_id)
    if not form.is_valid():
        tell(request, form)
        return redirect("strategy:model", model_id=model_id)
    try:
        do(found, **form.cleaned_data, by=request.user, at=timezone.now())
    except Problem as problem:
        messages.error(request, problem.text)
    else:
        messages.success(request, said)
    return redirect("strategy:model", model_id=model_id)


@allow("portfolio.view")
@require_POST
def explain(request: HttpRequest, model_id: UUID) -> HttpResponse:
    """Why an account has its score. Asked for in the body: the address keeps no account number."""
    found = reads.model_by_id(model_id)
    form = ExplainForm(request.POST)
    account = Account.objects.filter(number=form.cleaned_data["number"].strip()).first() if form.is_valid() else None
    if account is None:
        form.add_error("number", "No hay una cuenta con ese número a su alcance.")
        return _page(request, found, explain_form=form)
    try:
        told = reads.explained(found, account.id, today=today(request))
    except NotFound:
        form.add_error("number", "La cuenta no está en la última jornada: no hay hechos con que puntuarla.")
        return _page(request, found, explain_form=form)
    return _page(request, found, explain_form=form, told=told, account=account, override_form=OverrideForm())


@allow("strategy.edit")
@require_POST
def override(request: HttpRequest, model_id: UUID, account_id: UUID) -> HttpResponse:
    found, account, form = reads.model_by_id(model_id), one(Account.objects, id=account_id), OverrideForm(request.POST)
    if not form.is_valid():
        tell(request, form)
        return redirect("strategy:model", model_id=model_id)
    given = form.cleaned_data
    try:
        services.override(
            target=found.target, account_id=account.id, probability=float(given["percent"]) / 100, reason=given["reason"], until_on=given["until_on"],
            by=request.user, at=timezone.now(), today=today(request),
        )  # fmt: skip
    except Problem as problem:
        messages.error(request, problem.text)
    else:
        messages.success(request, f"La cuenta {account.number} tendrá esa probabilidad desde la próxima jornada.")
    return redirect("strategy:model", model_id=model_id)


@allow("strategy.edit")
@require_POST
def withdraw_override(request: HttpRequest, model_id: UUID, account_id: UUID) -> HttpResponse:
    found, account = reads.model_by_id(model_id), one(Account.objects, id=account_id)
    said = reads.override_of(found.target, account.id, on=today(request))
    if said is not None:
        services.withdraw_override(said, by=request.user, at=timezone.now())
    messages.success(request, f"Se quitó la corrección: desde la próxima jornada el modelo habla otra vez de la cuenta {account.number}.")
    return redirect("strategy:model", model_id=model_id)
