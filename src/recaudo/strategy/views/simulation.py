"""«¿Qué cambiaría?»: a version over the accounts of a day, beside another."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from recaudo.portfolio.models import Account
from recaudo.strategy import queries
from recaudo.strategy.forms import SimulateForm
from recaudo.strategy.models import Snapshot, StrategyVersion
from recaudo.strategy.queries import numbers
from recaudo.strategy.views.page import choice
from recaudo.strategy.words import STATUS_ES, STATUS_TONE
from recaudo.ui.access import allow

DAYS = 31  # how many past days can be chosen


@allow("strategy.view")
@require_safe
def simulate(request: HttpRequest, version_id: UUID) -> HttpResponse:
    version = queries.version_by_id(version_id)
    days = list(queries.snapshots()[:DAYS])
    others = [one for one in queries.versions(version.strategy) if one.pk != version.pk]
    context: dict[str, Any] = {"version": version, "status_es": STATUS_ES[version.status], "status_tone": STATUS_TONE[version.status]}
    if days and others:
        context |= _result(request, version, others, days)
    return render(request, "strategy/simulate.html", context)


def _result(request: Any, version: StrategyVersion, others: list[StrategyVersion], days: list[Snapshot]) -> dict[str, Any]:
    active = next((one.pk for one in others if one.status == "active"), None)
    other = queries.version_by_id(choice(request.GET.get("against"), [one.pk for one in others], first=active or version.based_on_id))
    snapshot = next((one for one in days if one.on.isoformat() == request.GET.get("day")), days[0])
    dimension = request.GET.get("que", "")
    pick = (request.GET.get("de", ""), request.GET.get("a", "")) if "de" in request.GET else None
    begun = time.perf_counter()
    found = numbers.simulate(other, version, snapshot, dimension=dimension, pick=pick)
    seconds = time.perf_counter() - begun
    form = SimulateForm({"against": str(other.pk), "day": snapshot.on.isoformat()}, versions=others, snapshots=days)
    sees = request.user.may("portfolio.view")
    ids = [one.account_id for one in found.examples] if sees else []
    known = dict(Account.objects.filter(pk__in=ids).values_list("id", "number"))
    chosen = next((one for one in found.dimensions if one.name == dimension), None)
    return {
        "other": other, "other_es": STATUS_ES[other.status], "snapshot": snapshot, "form": form, "found": found, "seconds": seconds,
        "sees_accounts": sees, "examples": [(known.get(UUID(one.account_id), ""), one) for one in found.examples] if sees else [],
        "chosen": chosen, "pick": _picked(chosen, pick), "share": found.changed / found.accounts if found.accounts else None,
    }  # fmt: skip


def _picked(dimension: numbers.Dimension | None, pick: tuple[str, str] | None) -> numbers.Move | None:
    moves = dimension.moves if dimension else ()
    return next((move for move in moves if (move.old or "", move.new or "") == pick), None)
