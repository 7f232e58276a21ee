"""Before and after a version came in force."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from recaudo.analytics.words import number_es
from recaudo.flow.queries import effect as queries
from recaudo.flow.views.links import link
from recaudo.kernel.time import local
from recaudo.strategy import queries as strategy
from recaudo.ui.access import allow


@allow("strategy.view")
@require_safe
def effect(request: HttpRequest, version_id: UUID) -> HttpResponse:
    version = strategy.version_by_id(version_id)
    asked = request.GET.get("dias", "14")
    days = int(asked) if asked in {str(one) for one in queries.DAYS} else 14
    zone = request.zone  # type: ignore[attr-defined]
    found = queries.effect(version, days=days, today=local(timezone.now(), zone).date(), zone=zone)
    context = {
        "version": version, "found": found, "asked": days, "days": queries.DAYS, "version_url": link(request.user, "strategy:version", version.pk),
        "lines": [_line(one) for one in found.changes] if found else [], "experiments_url": link(request.user, "flow:experiments"),
    }  # fmt: skip
    return render(request, "flow/effect.html", context)


def _line(one: queries.Change) -> dict[str, object]:
    delta = one.delta
    sign = "" if delta is None or delta == 0 else "+" if delta > 0 else "−"
    moved = "" if delta is None else f"{sign}{number_es(one.kpi, abs(delta), one.currency)}"
    return {
        "kpi": one.kpi, "currency": one.currency, "before": number_es(one.kpi, one.before, one.currency), "after": number_es(one.kpi, one.after, one.currency),
        "moved": moved.replace(" %", " puntos") if one.kpi.unit == "percent" else moved, "tone": one.tone,
    }  # fmt: skip
