"""What nobody worked in time: the list of the supervisors."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from recaudo.flow.forms import TakeForm
from recaudo.flow.queries import escalations as queries
from recaudo.flow.services import escalations as services
from recaudo.flow.words import ESCALATION_END_ES, ESCALATION_ES, ESCALATION_STATUS_ES
from recaudo.kernel.problems import Problem
from recaudo.kernel.time import local
from recaudo.ui.access import allow
from recaudo.workforce.queries import users

PAGE_SIZE = 50


@allow("work.assign")
@require_safe
def escalations(request: HttpRequest) -> HttpResponse:
    status = request.GET.get("estado", "open")
    status = status if status in queries.STATES else "open"
    start = int(after) if (after := request.GET.get("after", "")).isdecimal() and len(after) < 7 else 0
    found = queries.page(status, start=start, limit=PAGE_SIZE + 1)
    counts = queries.counts()
    context = {
        "lines": [{"line": one, "why": ESCALATION_ES[one.one.why], "end": ESCALATION_END_ES.get(one.one.closed_why, "")} for one in found[:PAGE_SIZE]],
        "next_cursor": str(start + PAGE_SIZE) if len(found) > PAGE_SIZE else "", "status": status, "people": _people(request),
        "tabs": [(code, name, counts.get(code)) for code, name in ESCALATION_STATUS_ES.items()], "sees_person": request.user.may("person.view"),
    }  # fmt: skip
    return render(request, "flow/escalations.html", context)


@allow("work.assign")
@require_POST
def take(request: HttpRequest, escalation_id: UUID) -> HttpResponse:
    form = TakeForm(request.POST, people=_people(request))
    if form.is_valid():
        try:
            services.take(queries.escalation_by_id(escalation_id), to=form.cleaned_data["to"] or request.user, by=request.user, at=timezone.now())
        except Problem as problem:
            if problem.status == 404:
                raise
            messages.error(request, problem.text)
        else:
            messages.success(request, "La cuenta ya tiene quien responda por ella.")
    else:
        messages.error(request, "Elija a una persona activa del equipo.")
    return redirect("flow:escalations")


@allow("work.assign")
@require_POST
def close(request: HttpRequest, escalation_id: UUID) -> HttpResponse:
    today = local(timezone.now(), request.zone).date()  # type: ignore[attr-defined]
    services.close(queries.escalation_by_id(escalation_id), on=today, by=request.user, at=timezone.now())
    messages.success(request, "La cuenta salió de la lista.")
    return redirect("flow:escalations")


def _people(request: Any) -> Any:
    """Who may be given work by who asks."""
    return users().filter(is_active=True, agency_id=request.user.agency_id).order_by("name")
