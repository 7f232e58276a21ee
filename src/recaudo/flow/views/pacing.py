"""The pace of contact, and what is decided by hand on an account or a person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from recaudo.engine.facts import KIND_ES, STAGE_ES
from recaudo.flow.forms import OverrideForm, PaceForm
from recaudo.flow.models import Override, Pace
from recaudo.flow.queries import pacing as queries
from recaudo.flow.services import pacing as services
from recaudo.flow.views.links import link
from recaudo.flow.words import AFTER_ES, OVERRIDE_REASON_ES, WANT_ES
from recaudo.kernel.problems import NotAllowed, NotFound, Problem
from recaudo.kernel.time import local
from recaudo.law.queries import rules
from recaudo.portfolio.models import Account, Creditor
from recaudo.ui.access import allow
from recaudo.workforce.queries import users

MOST_SHOWN = 200


@allow("strategy.view")
@require_http_methods(["GET", "POST"])
def pace(request: HttpRequest) -> HttpResponse:
    """The rows of the pace beside the house's caps, and the decisions by hand that count today. Set by who runs the day."""
    user: Any = request.user
    if request.method == "POST" and not user.may("day.run"):
        raise NotAllowed()
    today = _today(request)
    creditors = list(Creditor.objects.order_by("name").values_list("pk", "name"))
    form = PaceForm(request.POST or None, creditors=creditors, initial={"valid_from": today})
    if request.method == "POST" and form.is_valid():
        try:
            services.set_pace(**form.cleaned_data, today=today, by=user, at=timezone.now())
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, "El ritmo quedó guardado. La jornada lo usa desde ese día.")
            return redirect("flow:pace")
    caps = [(cap.max_contacts_per_person, cap.period_days) for cap in rules().caps]
    context = {
        "form": form, "may_edit": user.may("day.run"), "lines": [_line(one, dict(creditors), caps, today) for one in queries.paces()], "caps": caps,
        "by_hand": _by_hand(request, today) if user.may("portfolio.view") else None, "may_end": user.may("work.assign"),
    }  # fmt: skip
    return render(request, "flow/pace.html", context, status=422 if form.errors else 200)


@allow("day.run")
@require_POST
def end(request: HttpRequest, pace_id: UUID) -> HttpResponse:
    found = Pace.objects.filter(pk=pace_id).first()
    if found is None:
        raise NotFound()
    services.end_pace(found, today=_today(request), by=request.user, at=timezone.now())
    messages.success(request, "Esa fila del ritmo ya no cuenta.")
    return redirect("flow:pace")


@allow("work.assign")
@require_http_methods(["GET", "POST"])
def by_hand(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Decide by hand on an account that one may see."""
    account = Account.objects.select_related("holder", "portfolio").filter(pk=account_id).first()
    if account is None:
        raise NotFound()
    user: Any = request.user
    today = _today(request)
    people = users().filter(is_active=True, agency_id=user.agency_id).order_by("name")
    form = OverrideForm(request.POST or None, people=people, initial={"until_on": today})
    if request.method == "POST" and form.is_valid():
        try:
            services.decide_by_hand(account=account, **form.cleaned_data, today=today, by=user, at=timezone.now())
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, "Quedó decidido a mano: el plan no toca la cuenta hasta ese día.")
            return redirect("flow:why", account.pk)
    standing = [_told(one) for one in queries.overrides_on(today).filter(person_id=account.holder_id) if one.account_id in (None, account.pk)]
    context = {"account": account, "form": form, "standing": standing, "account_url": link(user, "desk:account", account.pk), "sees_person": user.may("person.view")}
    return render(request, "flow/by_hand.html", context, status=422 if form.errors else 200)


@allow("work.assign")
@require_POST
def by_hand_end(request: HttpRequest, override_id: UUID) -> HttpResponse:
    found = Override.objects.filter(pk=override_id).first()
    if found is None:
        raise NotFound()
    services.end_override(found, by=request.user, at=timezone.now())
    messages.success(request, "La decisión a mano terminó: la próxima jornada decide de nuevo.")
    return redirect("flow:pace" if request.user.may("strategy.view") else "today")


def _today(request: HttpRequest) -> Any:
    return local(timezone.now(), request.zone).date()  # type: ignore[attr-defined]


def _line(one: Pace, creditors: dict[UUID, str], caps: list[tuple[int, int]], today: Any) -> dict[str, Any]:
    """A row in words; `beyond` when a cap of the house is stricter whatever it says."""
    whom = [
        creditors.get(one.creditor_id, "") if one.creditor_id else "", KIND_ES.get(one.kind, ""), STAGE_ES.get(one.stage, ""),
    ]  # fmt: skip
    beyond = next(((most, days) for most, days in caps if days <= one.period_days and one.contacts > most * -(-one.period_days // days)), None)
    return {
        "one": one, "whom": " · ".join(name for name in whom if name) or "Todos", "after": AFTER_ES.get(one.after, "Cualquier cosa"),
        "beyond": beyond, "is_coming": one.valid_from > today,
    }  # fmt: skip


def _by_hand(request: HttpRequest, today: Any) -> list[dict[str, Any]]:
    found = list(queries.overrides_on(today).order_by("until_on", "pk")[:MOST_SHOWN])
    accounts = Account.objects.in_bulk([one.account_id for one in found if one.account_id])
    firsts = {account.holder_id: account for account in Account.objects.filter(holder_id__in=[one.person_id for one in found if not one.account_id]).order_by("-number")}
    return [{**_told(one), "account": accounts.get(one.account_id) if one.account_id else firsts.get(one.person_id)} for one in found]


def _told(one: Override) -> dict[str, Any]:
    return {"one": one, "want": WANT_ES[one.want], "reason": OVERRIDE_REASON_ES[one.reason], "is_person": one.account_id is None}
