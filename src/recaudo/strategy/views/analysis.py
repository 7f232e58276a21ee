"""Gaps, overlaps and rows that never decide, with the accounts behind each."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from recaudo.engine.facts import FACTS
from recaudo.kernel.problems import NotFound, Problem
from recaudo.portfolio.models import Account
from recaudo.strategy import queries
from recaudo.strategy.models import Snapshot
from recaudo.strategy.queries.analysis import PAGE, table_analysis, touched
from recaudo.strategy.words import decision_es, plain
from recaudo.ui.access import allow


@allow("strategy.view")
@require_safe
def analysis(request: HttpRequest, version_id: UUID, decision: str) -> HttpResponse:
    version = queries.version_by_id(version_id)
    snapshot: Snapshot | None = queries.snapshots().first()
    note = "" if snapshot else "Aún no hay una jornada guardada: las cuentas de cada hallazgo se ven después de la primera."
    try:
        found = table_analysis(version, decision, snapshot)
    except NotFound:
        raise
    except Problem as problem:  # the day's file is gone, or lacks a fact: what can be said without it is said
        if snapshot is None:
            raise
        found, note = table_analysis(version, decision, None), problem.text
    context = {"version": version, "decision": decision, "label": decision_es(decision), "found": found, "snapshot": snapshot, "note": note}
    return render(request, "strategy/analysis.html", context)


@allow("strategy.view")
@require_safe
def accounts(request: HttpRequest, version_id: UUID, decision: str, number: int) -> HttpResponse:
    """The list behind a finding. Who may not see accounts does not see it."""
    if not request.user.may("portfolio.view"):
        raise NotFound()
    version = queries.version_by_id(version_id)
    snapshot: Snapshot | None = queries.snapshots().first()
    if snapshot is None:
        raise NotFound()
    facts, rows = touched(version, decision, number, snapshot, after=request.GET.get("after", "")[:40])
    shown, more = rows[:PAGE], len(rows) > PAGE
    numbers = dict(Account.objects.filter(pk__in=[row.account_id for row in shown]).values_list("id", "number"))
    lines = [
        {"row": row, "number": numbers.get(UUID(row.account_id), ""), "values": [_value(name, value) for name, value in zip(facts, row.values, strict=True)]}
        for row in shown
    ]
    issue = next((line for line in table_analysis(version, decision, snapshot).lines if line.key == number), None)
    if issue is None:
        raise NotFound()
    context = {
        "version": version, "decision": decision, "label": decision_es(decision), "issue": issue, "lines": lines, "snapshot": snapshot,
        "facts": [FACTS[name].label_es if name in FACTS else name for name in facts], "next": shown[-1].account_id if more else "",
    }  # fmt: skip
    return render(request, "strategy/analysis_accounts.html", context)


def _value(name: str, value: object) -> str:
    fact = FACTS.get(name)
    if fact is not None and isinstance(value, str):
        return fact.values.get(value, value)
    if fact is not None and fact.type == "money" and isinstance(value, int):
        return f"{value / 100:,.2f}"
    return plain(value)
