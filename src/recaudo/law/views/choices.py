"""The readings and the caps of the house: proposed by one person, approved by another."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from recaudo.engine.comply import lawbook
from recaudo.kernel.problems import NotFound, Problem
from recaudo.law import queries, rulebook, services
from recaudo.law.forms import ProposalForm
from recaudo.law.models import LawDecision
from recaudo.law.queries import Choice
from recaudo.ui.access import allow


@allow("law.view")
@require_safe
def choices(request: HttpRequest) -> HttpResponse:
    found = queries.choices()
    context = {
        "house": [one for one in found if one.is_house],
        "toggles": [one for one in found if not one.is_house],
        "waiting": [(one, decision) for one in found for decision in one.waiting],
        "changed": sum(not one.is_default for one in found),
    }
    return render(request, "law/choices.html", context)


@allow("law.view")
@require_safe
def choice(request: HttpRequest, name: str) -> HttpResponse:
    found = _choice(name)
    return _choice_page(request, found, ProposalForm(choice=found))


@allow("law.edit")
@require_POST
def propose(request: HttpRequest, name: str) -> HttpResponse:
    found = _choice(name)
    form = ProposalForm(request.POST, choice=found)
    if not form.is_valid():
        return _choice_page(request, found, form, status=422)
    try:
        services.propose(name=name, choice=form.code, reason=form.cleaned_data["reason"], by=request.user, at=timezone.now())
    except Problem as problem:
        form.add_error(None, problem.text)
        return _choice_page(request, found, form, status=problem.status)
    messages.success(request, "La propuesta quedó registrada. No cambia nada hasta que la apruebe otra persona.")
    return redirect("law:choice", name)


@allow("law.approve")
@require_POST
def approve(request: HttpRequest, decision_id: UUID) -> HttpResponse:
    decided = services.approve(_decision(decision_id), by=request.user, at=timezone.now())
    messages.success(request, "Aprobada: rige desde ahora, para el próximo contacto.")
    return redirect("law:choice", decided.name)


@allow("law.edit|law.approve")
@require_POST
def withdraw(request: HttpRequest, decision_id: UUID) -> HttpResponse:
    decided = services.withdraw(_decision(decision_id), by=request.user, at=timezone.now())
    messages.success(request, "La propuesta se retiró.")
    return redirect("law:choice", decided.name)


def _choice_page(request: HttpRequest, found: Choice, form: ProposalForm, *, status: int = 200) -> HttpResponse:
    columns = [(one.code, one.text, one.is_default, one.is_current) for one in found.options]
    context = {
        "choice": found,
        "form": form,
        "columns": columns,
        "effects": [] if found.is_house else rulebook.effects(lawbook(), found.name),
        "mine": request.user.id,
    }
    return render(request, "law/choice.html", context, status=status)


def _choice(name: str) -> Choice:
    found = queries.choice(name)
    if found is None:
        raise NotFound()
    return found


def _decision(decision_id: UUID) -> LawDecision:
    found: LawDecision | None = LawDecision.objects.filter(id=decision_id).first()
    if found is None:
        raise NotFound()
    return found
