"""The table editor of the browser: its page, the file it opens, the check after each change, and saving."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from recaudo.engine import decide
from recaudo.kernel.problems import Problem
from recaudo.strategy import queries, services
from recaudo.strategy.queries import editing
from recaudo.strategy.queries.versions import model_of
from recaudo.strategy.views.page import default_table, may_edit
from recaudo.strategy.words import STATUS_ES, STATUS_TONE
from recaudo.ui.access import allow


@allow("strategy.view")
@require_safe
def editor(request: HttpRequest, version_id: UUID) -> HttpResponse:
    version = queries.version_by_id(version_id)
    model, may = model_of(version), may_edit(request, version)
    tables = editing.tables_of(model)
    wanted = request.GET.get("tabla", "")
    setup = {
        "xml": reverse("strategy:editor-source", args=[version.id]), "check": reverse("strategy:editor-check", args=[version.id]),
        "save": reverse("strategy:editor-save", args=[version.id]), "base": version.sha256, "mayEdit": may, "columns": editing.columns(model),
        "table": wanted if any(one["name"] == wanted for one in tables) else default_table(version),
    }  # fmt: skip
    context = {"version": version, "tables": tables, "setup": setup, "may_edit": may, "status_es": STATUS_ES[version.status], "status_tone": STATUS_TONE[version.status]}
    return render(request, "strategy/editor.html", context)


@allow("strategy.view")
@require_safe
def source(request: HttpRequest, version_id: UUID) -> HttpResponse:
    return HttpResponse(services.for_editor(queries.version_by_id(version_id).xml.encode()), content_type="application/xml; charset=utf-8")


@allow("strategy.edit")
@require_POST
def check(request: HttpRequest, version_id: UUID) -> JsonResponse:
    """What is wrong with what is on the screen. Keeps nothing."""
    queries.version_by_id(version_id)
    try:
        model = decide.read(services.from_editor(request.POST.get("xml", "").encode()))
    except Problem as problem:
        return JsonResponse({"detail": problem.text}, status=problem.status)
    return JsonResponse(editing.review(model))


@allow("strategy.edit")
@require_POST
def save(request: HttpRequest, version_id: UUID) -> JsonResponse:
    version = queries.version_by_id(version_id)
    try:
        made = services.save_edited(version, xml=request.POST.get("xml", "").encode(), base_sha256=request.POST.get("base", ""), by=request.user, at=timezone.now())
    except Problem as problem:
        return JsonResponse({"detail": problem.text}, status=problem.status)
    return JsonResponse({"sha256": made.sha256, "said": "Guardado"})
