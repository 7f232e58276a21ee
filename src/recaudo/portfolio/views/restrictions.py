"""Restricted persons: the list of them, and the part of an account's page that restricts its holder."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recaudo.kernel.problems import NotAllowed, Problem
from recaudo.portfolio import queries, services
from recaudo.portfolio.forms import ReasonForm, RestrictionForm
from recaudo.portfolio.models import Account, Person, Restriction
from recaudo.ui.access import allow
from recaudo.ui.lookup import one

PAGE = 100


@allow("restricted.view")
@require_safe
def restrictions(request: HttpRequest) -> HttpResponse:
    level = request.GET.get("nivel", "")
    lines = queries.restricted(level=level if level in services.LEVEL_ES else "", limit=PAGE + 1)
    context = {"lines": lines[:PAGE], "more": len(lines) > PAGE, "level": level, "levels": services.LEVEL_ES, "page": PAGE}
    return render(request, "portfolio/restrictions.html", context)


@allow("restricted.view")
@require_http_methods(["GET", "POST"])
def restriction(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """A fragment of the account page: whether its holder is restricted; with restricted.edit, restricting them."""
    person: Person = one(Person.objects.all(), id=person_id)
    form = RestrictionForm(request.POST or None)
    notice = ""
    if request.method == "POST":
        if not request.user.may("restricted.edit"):
            raise NotAllowed()
        if form.is_valid():
            try:
                services.restrict_person(person=person, by=request.user, at=timezone.now(), **form.cleaned_data)
            except Problem as problem:
                form.add_error("reason", problem.text)
            else:
                form, notice = RestrictionForm(), "Quedó reservada: desde ahora sólo la ve quien tiene el permiso."
    return _part(request, person, form, notice)


@allow("restricted.edit")
@require_POST
def lift(request: HttpRequest, person_id: UUID) -> HttpResponse:
    person: Person = one(Person.objects.all(), id=person_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _part(request, person, RestrictionForm(), "", lift_form=form)
    services.lift_restriction(person=person, reason=form.cleaned_data["reason"], by=request.user, at=timezone.now())
    if not request.htmx:
        messages.success(request, "Se quitó la reserva.")
        return redirect("portfolio:restrictions")
    return _part(request, person, RestrictionForm(), "Se quitó la reserva.")


def _part(request: HttpRequest, person: Person, form: RestrictionForm, notice: str, lift_form: ReasonForm | None = None) -> HttpResponse:
    context: dict[str, Any] = {
        "person": person, "restriction": Restriction.objects.filter(person=person).first(), "form": form, "done": notice,
        "lift_form": lift_form or ReasonForm(), "levels": services.LEVEL_ES,
    }  # fmt: skip
    if request.htmx:
        return render(request, "portfolio/_restriction.html", context)
    account_id = Account.objects.filter(holder=person).order_by("-dpd").values_list("id", flat=True).first()
    return render(request, "portfolio/person_part.html", {**context, "part": "portfolio/_restriction.html", "title": "Reserva", "account_id": account_id})
