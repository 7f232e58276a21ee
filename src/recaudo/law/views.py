"""Pages of the law: the rules of a country, the choices over them, and the permission tester."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from recaudo.engine.comply import lawbook
from recaudo.kernel.problems import NotFound, Problem
from recaudo.law import queries, rulebook, services, words
from recaudo.law.forms import DayForm, ProposalForm, TesterForm
from recaudo.law.models import LawDecision
from recaudo.law.queries import Choice
from recaudo.ui.access import allow

FIRST_HOUR = "10:00"


@allow("law.view")
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    found = queries.countries(queries.rules(), on=_today(request))
    context = {
        "used": [one for one in found if one.portfolio_count],
        "others": [one for one in found if not one.portfolio_count],
        "undecided": queries.undecided(found),
        "waiting": queries.waiting(),
        "version": lawbook().version,
        "problems": queries.library_problems(),
    }
    return render(request, "law/rules.html", context)


@allow("law.view")
@require_safe
def jurisdiction(request: HttpRequest, jurisdiction: str) -> HttpResponse:
    book = lawbook()
    if jurisdiction not in book.jurisdictions:
        raise NotFound()
    form = DayForm(request.GET if "dia" in request.GET else None, initial={"dia": _today(request)})
    on = form.cleaned_data["dia"] if form.is_bound and form.is_valid() else _today(request)
    pack = book.pack(jurisdiction, toggles=queries.rules().toggles)
    read = rulebook.readings(pack, book, on=on)
    law = [one for one in read if not one.is_house]
    ruling = [one for one in law if one.state == "in_force"]
    context = {
        "form": form,
        "on": on,
        "is_today": on == _today(request),
        "document": pack.chain[0],
        "status": words.STATUS[pack.chain[0].meta["status"]],
        "parents": pack.chain[1:],
        "themes": [(title, rows) for title, types in words.THEMES.items() if (rows := [one for one in ruling if one.type in types])],
        "house": [one for one in read if one.is_house and one.state == "in_force"],
        "pending": [one for one in law if one.state == "pending"],
        "future": [one for one in law if one.state == "future"],
        "past": [one for one in law if one.state in {"past", "off"}],
        "ruling_count": len(ruling),
        "verified_count": sum(one.is_primary for one in ruling),
        "unverified": [one for one in ruling if one.is_unverified],
        "confidence": [(words.CONFIDENCE[code], meaning) for code, meaning in words.CONFIDENCE_MEANING.items()],
        "version": pack.version,
    }
    return render(request, "law/jurisdiction.html", context)


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


@allow("law.view")
@require_safe
def tester(request: HttpRequest) -> HttpResponse:
    is_asked = "pais" in request.GET
    form = TesterForm(request.GET if is_asked else None, initial=_first_question(request))
    found = None
    if is_asked and form.is_valid():
        clock = _zone(request)
        found = queries.answer(form.question(clock=clock), queries.rules(), clock=clock)
    asked = form.cleaned_data["hora"] if found else None
    # A mark on the first day, in half hours; text, because a decimal comma is no length.
    mark = f"{(asked.hour * 60 + asked.minute) / queries.SLOT_MINUTES:.2f}" if asked else ""
    return render(request, "law/tester.html", {"form": form, "answer": found, "mark": mark})


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


def _first_question(request: HttpRequest) -> dict[str, Any]:
    return {
        "canal": "call", "proposito": "collection", "persona": "debtor", "dia": _today(request), "hora": FIRST_HOUR,
        "pais": request.organisation.country, "region": "*",
    }  # fmt: skip


def _zone(request: HttpRequest) -> str:
    return str(getattr(request, "zone", "UTC"))


def _today(request: HttpRequest) -> date:
    return timezone.now().astimezone(ZoneInfo(_zone(request))).date()
