"""What is told to agencies and to the staff: publishing rules, who read, and the page they read."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recaudo.kernel.problems import NotFound, Problem
from recaudo.strategy import queries, services
from recaudo.strategy.forms import PublishForm
from recaudo.strategy.queries import publications as told
from recaudo.strategy.views.page import today
from recaudo.strategy.words import TOLD_ES
from recaudo.ui.access import allow
from recaudo.workforce import queries as workforce

PAGE_SIZE = 20


@allow("strategy.view")
@require_safe
def publications(request: HttpRequest) -> HttpResponse:
    page = Paginator(told.publications(), PAGE_SIZE).get_page(request.GET.get("page"))
    found = list(page.object_list)
    counts, names = told.read_counts(found), dict(workforce.agencies().values_list("id", "name"))
    lines = [
        {"publication": one, "read": counts[one.pk][0], "all": counts[one.pk][1], "kind": TOLD_ES[one.kind][0], "tone": TOLD_ES[one.kind][1], "agencies": [names.get(key, "despacho") for key in one.agency_ids]} for one in found
    ]
    strategy = queries.strategies().first()
    active = queries.in_force(strategy) if strategy else None
    context = {"page": page, "lines": lines, "active": active, "may_publish": request.user.may("strategy.approve"), "today": today(request)}
    return render(request, "strategy/publications.html", context)


@allow("strategy.approve")
@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest, version_id: UUID) -> HttpResponse:
    version = queries.version_by_id(version_id)
    form = PublishForm(request.POST or None, agencies=workforce.agencies(), today=today(request))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = services.publish(
                version, agencies=list(given["agencies"]), to_staff=given["to_staff"], note=given["note"], due_on=given["due_on"], today=today(request),
                by=request.user, at=timezone.now(),
            )  # fmt: skip
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, "Publicadas. Aquí se ve quién ya las leyó.")
            return redirect("strategy:publication", made.id)
    return render(request, "strategy/publish.html", {"version": version, "form": form}, status=422 if form.errors else 200)


@allow("strategy.view")
@require_safe
def publication(request: HttpRequest, publication_id: UUID) -> HttpResponse:
    found = told.publication_by_id(publication_id)
    people = told.readers(found)
    read = sum(one.read_at is not None for one in people)
    context = {"publication": found, "tables": found.content, "people": people, "read": read, "waiting": len(people) - read, "is_late": found.due_on is not None and found.due_on < today(request)}
    return render(request, "strategy/publication.html", context)


@allow("strategy.acknowledge|policy.read")
@require_safe
def instructions(request: HttpRequest) -> HttpResponse:
    lines = [(one, *TOLD_ES[one.kind], read_at) for one, read_at in told.told_to(request.user)]
    return render(request, "strategy/instructions.html", {"lines": lines, "today": today(request)})


@allow("strategy.acknowledge|policy.read")
@require_safe
def instruction(request: HttpRequest, publication_id: UUID) -> HttpResponse:
    found = told.publication_by_id(publication_id)
    if not told.is_for(found, request.user):
        raise NotFound()
    read_at = next((at for one, at in told.told_to(request.user) if one.pk == found.pk), None)
    return render(request, "strategy/instruction.html", {"publication": found, "kind_es": TOLD_ES[found.kind][0].capitalize(), "read_at": read_at, "tables": told.shown_to(found, request.user)})


@allow("strategy.acknowledge|policy.read")
@require_POST
def acknowledge(request: HttpRequest, publication_id: UUID) -> HttpResponse:
    services.acknowledge(told.publication_by_id(publication_id), by=request.user, at=timezone.now())
    messages.success(request, "Quedó registrado que lo leyó.")
    return redirect("strategy:instructions")
