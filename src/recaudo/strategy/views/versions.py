"""The list of strategies and versions, one version, and the comparison of two."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from recaudo.kernel.problems import NotFound
from recaudo.strategy import queries
from recaudo.strategy.forms import CompareForm
from recaudo.strategy.models import Strategy, StrategyVersion
from recaudo.strategy.queries import comparison
from recaudo.strategy.queries.versions import model_of
from recaudo.strategy.views.page import choice, default_table, version_page
from recaudo.strategy.words import STATUS_ES, STATUS_TONE
from recaudo.ui.access import allow

PAGE_SIZE = 25


@allow("strategy.view")
@require_safe
def strategies(request: HttpRequest) -> HttpResponse:
    found = list(queries.strategies())
    context = {"cards": [_card(request, one) for one in found], "may_edit": request.user.may("strategy.edit")}
    return render(request, "strategy/strategies.html", context)


@allow("strategy.view")
@require_safe
def version(request: HttpRequest, version_id: UUID) -> HttpResponse:
    found = queries.version_by_id(version_id)
    return version_page(request, found, default_table(found))


@allow("strategy.view")
@require_safe
def compare(request: HttpRequest, version_id: UUID) -> HttpResponse:
    found = queries.version_by_id(version_id)
    others = [one for one in queries.versions(found.strategy) if one.pk != found.pk]
    if not others:
        raise NotFound()
    active = next((one.pk for one in others if one.status == "active"), None)
    chosen = choice(request.GET.get("against"), [one.pk for one in others], first=found.based_on_id or active)
    other = queries.version_by_id(chosen)
    context = {
        "version": found, "other": other, "form": CompareForm({"against": str(other.pk)}, versions=others),
        "found": comparison.compare(model_of(other), model_of(found)), "status_es": STATUS_ES[found.status],
        "status_tone": STATUS_TONE[found.status], "other_es": STATUS_ES[other.status],
    }  # fmt: skip
    return render(request, "strategy/compare.html", context)


@allow("strategy.view")
@require_safe
def download(request: HttpRequest, version_id: UUID) -> HttpResponse:
    found = queries.version_by_id(version_id)
    response = HttpResponse(found.xml.encode(), content_type="application/xml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.strategy.code}-v{found.number}-{found.sha256[:8]}.dmn"'
    return response


def _card(request: HttpRequest, strategy: Strategy) -> dict[str, Any]:
    page = Paginator(queries.versions(strategy), PAGE_SIZE).get_page(request.GET.get("page"))
    rows: list[StrategyVersion] = list(page.object_list)
    names = queries.people(rows)
    return {
        "strategy": strategy, "page": page, "active": queries.in_force(strategy), "scheduled": queries.scheduled(strategy),
        "lines": [
            {"version": one, "label": STATUS_ES[one.status], "tone": STATUS_TONE[one.status], "author": names.get(one.created_by_id, "recaudo"),
             "decider": names.get(one.decided_by_id, "")}
            for one in rows
        ],
    }  # fmt: skip
