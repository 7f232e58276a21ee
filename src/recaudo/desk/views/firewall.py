"""Values in quarantine and the searches that they began: who said it, what it covers, release by two people, work on the search."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recaudo.casework import queries as casework_queries
from recaudo.casework import services as casework
from recaudo.casework.models import Search
from recaudo.desk import queries
from recaudo.desk.forms import ReasonForm, ReleaseForm, SearchForm
from recaudo.desk.views.lookup import note_seen
from recaudo.kernel.problems import NotFound, Problem
from recaudo.portfolio import queries as portfolio_queries
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Person, Quarantine, QuarantineRelease
from recaudo.ui.access import allow
from recaudo.ui.lookup import one

RESULT_ES = {"found": "Se encontró un medio", "released": "El medio se liberó", "none": "Sin resultado"}
VIEWS = {"abiertas": "Abiertas", "mias": "Mías", "cerradas": "Cerradas"}
PAGE_SIZE = 50


@allow("person.view")
@require_safe
def quarantine(request: HttpRequest) -> HttpResponse:
    after = portfolio_queries.quarantine_cursor(request.GET.get("after", ""))
    found = portfolio_queries.quarantines(after=after, limit=PAGE_SIZE + 1)
    lines = found[:PAGE_SIZE]
    last = lines[-1].quarantine if len(found) > PAGE_SIZE else None
    context = {
        "lines": lines, "next_cursor": f"{last.last_at.isoformat()}~{last.id}" if last else "", "kinds": portfolio.REPORT_ES,
        "waiting": portfolio_queries.releases_waiting(), "searching": casework_queries.open_searches(),
    }  # fmt: skip
    return render(request, "desk/quarantine.html", context)


@allow("person.view")
@require_safe
def quarantined(request: HttpRequest, quarantine_id: UUID) -> HttpResponse:
    return _quarantined(request, _quarantine(quarantine_id))


@allow("person.edit")
@require_POST
def propose(request: HttpRequest, quarantine_id: UUID) -> HttpResponse:
    found, form = _quarantine(quarantine_id), ReleaseForm(request.POST)
    if not form.is_valid():
        return _quarantined(request, found, form=form, status=422)
    typed = form.cleaned_data
    person = one(Person.objects.all(), id=typed["person"])
    try:
        portfolio.propose_release(
            found, person=person, evidence_kind=typed["evidence_kind"], evidence=typed["evidence"], by=request.user, at=timezone.now()
        )
    except Problem as problem:
        form.add_error(None, problem.text)
        return _quarantined(request, found, form=form, status=422)
    messages.success(request, "Se propuso la liberación: falta que otra persona revise la evidencia.")
    return redirect("desk:quarantined", found.id)


@allow("hold.release")
@require_POST
def approve(request: HttpRequest, release_id: UUID) -> HttpResponse:
    release = _release(release_id)
    try:
        portfolio.approve_release(release, by=request.user, at=timezone.now())
    except Problem as problem:
        messages.error(request, problem.text)
    else:
        messages.success(request, "Medio liberado para esa persona: vuelve a usarse, sin verificar.")
    return redirect("desk:quarantined", release.quarantine_id)


@allow("hold.release|person.edit")
@require_POST
def reject(request: HttpRequest, release_id: UUID) -> HttpResponse:
    """Refuse a proposal; whoever may not release can only take back their own."""
    release, form = _release(release_id), ReasonForm(request.POST)
    if not request.user.may("hold.release") and release.proposed_by_id != request.user.id:
        raise NotFound()
    if not form.is_valid():
        messages.error(request, "Escriba por qué no se libera.")
        return redirect("desk:quarantined", release.quarantine_id)
    try:
        portfolio.reject_release(release, answer=form.cleaned_data["reason"], by=request.user, at=timezone.now())
    except Problem as problem:
        messages.error(request, problem.text)
    else:
        messages.success(request, "El medio sigue en cuarentena.")
    return redirect("desk:quarantined", release.quarantine_id)


@allow("work.take|person.edit")
@require_safe
def searches(request: HttpRequest) -> HttpResponse:
    shown = request.GET.get("ver", "")
    shown = shown if shown in VIEWS else "abiertas"
    mine = request.user.id if shown == "mias" else None
    found = list(casework_queries.searches(status="closed" if shown == "cerradas" else "open", mine=mine))
    context = {
        "searches": queries.with_accounts(found), "shown": shown, "results": RESULT_ES,
        "views": list(VIEWS.items()),
    }  # fmt: skip
    return render(request, "desk/searches.html", context)


@allow("work.take|person.edit")
@require_http_methods(["GET", "POST"])
def search(request: HttpRequest, search_id: UUID) -> HttpResponse:
    """One search: what is known, and how it ends."""
    found = _search(search_id)
    form = SearchForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            casework.close_search(
                found, note=typed["note"], kind=typed["kind"], value=typed["value"], source=typed["source"], by=request.user, at=timezone.now()
            )
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, "Búsqueda cerrada.")
            return redirect("desk:searches")
    note_seen(request, found.person, timezone.now())
    context = {
        "search": queries.with_accounts([found])[0], "person": found.person, "form": form,
        "quarantine": Quarantine.objects.filter(id=found.quarantine_id).first() if found.quarantine_id else None, "kinds": portfolio.REPORT_ES, "results": RESULT_ES,
        "points": portfolio_queries.points_of(found.person_id),
    }  # fmt: skip
    return render(request, "desk/search.html", context, status=422 if form.is_bound and form.errors else 200)


@allow("work.take|person.edit")
@require_POST
def search_take(request: HttpRequest, search_id: UUID) -> HttpResponse:
    casework.take_search(_search(search_id), by=request.user, at=timezone.now())
    return redirect("desk:search", search_id)


def _quarantined(request: HttpRequest, found: Quarantine, *, form: ReleaseForm | None = None, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "covered": portfolio_queries.quarantine_detail(found), "quarantine": found, "sought": Person.objects.filter(id=found.person_id).first(), "form": form or ReleaseForm(), "kinds": portfolio.REPORT_ES,
        "proofs": portfolio.PROOF_ES, "own": request.user.id,
    }  # fmt: skip
    return render(request, "desk/quarantined.html", context, status=status)


def _quarantine(quarantine_id: UUID) -> Quarantine:
    return one(Quarantine.objects.all(), id=quarantine_id)


def _release(release_id: UUID) -> QuarantineRelease:
    return one(QuarantineRelease.objects.all(), id=release_id)


def _search(search_id: UUID) -> Search:
    return one(Search.objects.select_related("person", "assigned_to"), id=search_id)
