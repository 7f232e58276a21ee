"""The page of one version: what it decides, what is wrong, what each row did. The pages of its tables share it."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from recaudo.kernel.problems import Problem
from recaudo.kernel.time import local
from recaudo.strategy import queries
from recaudo.strategy.forms import ActivateForm, DecideForm, NoteForm, RejectForm
from recaudo.strategy.models import Snapshot, StrategyVersion
from recaudo.strategy.queries.findings import Finding, findings
from recaudo.strategy.queries.numbers import Firings, firings
from recaudo.strategy.queries.tables import TableView, chain, table_view
from recaudo.strategy.queries.versions import model_of
from recaudo.strategy.words import STATUS_ES, STATUS_TONE, decision_es

ROWS = 100
# Above it, applying a version that did not decide the day is asked for, not done on every look.
COUNT_AT_ONCE = 200_000
FIRST_TABLE = "treatment"


def version_page(request: HttpRequest, version: StrategyVersion, decision: str, *, said: str = "") -> HttpResponse:
    return render(request, "strategy/version.html", {**_whole(request, version), **work(request, version, decision, said=said)})


def work_fragment(request: HttpRequest, version: StrategyVersion, decision: str, *, said: str = "") -> HttpResponse:
    """The part of the page that an edit renews."""
    return render(request, "strategy/_work.html", work(request, version, decision, said=said))


def work(request: HttpRequest, version: StrategyVersion, decision: str, *, said: str = "") -> dict[str, Any]:
    model = model_of(version)
    number = max(1, _whole_number(request.GET.get("fila", "1")))
    table = table_view(model, decision, first=number, limit=ROWS) if decision else None
    found = findings(model)
    snapshot: Snapshot | None = queries.snapshots().first()
    counts, note, may_count = _counts(request, version, snapshot)
    return {
        "version": version, "stages": chain(model), "decision": decision, "table": table, "said": said,
        "errors": [_line(version, one) for one in found if one.severity == "error"],
        "warnings": [_line(version, one) for one in found if one.severity != "error"],
        "rows": _rows(table, counts, decision), "counts": counts, "count_note": note, "may_count": may_count,
        "snapshot": snapshot, "may_export": request.user.may("list.export"), "may_edit": may_edit(request, version), "next_row": _next(table, number),
        "previous_row": max(1, number - ROWS) if number > 1 else None, "never": _never(model, counts, decision),
        "expression": next((step for stage in chain(model) for step in stage if step.name == decision and step.text), None),
    }  # fmt: skip


def may_edit(request: HttpRequest, version: StrategyVersion) -> bool:
    is_own = version.created_by_id in (None, request.user.id)
    return bool(version.status == "draft" and is_own and request.user.may("strategy.edit"))


def default_table(version: StrategyVersion) -> str:
    tables = [decision.name for decision in model_of(version).decisions if decision.table]
    return FIRST_TABLE if FIRST_TABLE in tables else next(iter(tables), "")


def tell(request: HttpRequest, form: Form) -> None:
    """Say beside the page what was wrong with the form of a dialog."""
    for errors in form.errors.values():
        for text in errors:
            messages.error(request, text)


def today(request: HttpRequest) -> date:
    return local(timezone.now(), request.zone).date()  # type: ignore[attr-defined]


def choice(text: str | None, known: list[UUID], *, first: UUID | None) -> UUID:
    """The id that was asked for when it is one of those known, else the first choice, else the first known."""
    found = next((key for key in known if str(key) == text), None)
    return found or (first if first in known else known[0])  # type: ignore[return-value]


def _whole(request: HttpRequest, version: StrategyVersion) -> dict[str, Any]:
    names = queries.people([version])
    is_own = version.created_by_id == request.user.id
    may_approve = request.user.may("strategy.approve")
    return {
        "status_es": STATUS_ES[version.status], "status_tone": STATUS_TONE[version.status],
        "author": names.get(version.created_by_id, "recaudo"), "decider": names.get(version.decided_by_id, ""),
        "is_own": is_own, "may_draft": request.user.may("strategy.edit"), "may_submit": version.status == "draft" and request.user.may("strategy.edit"),
        "may_decide": version.status == "submitted" and may_approve and not is_own,
        "own_waits": version.status == "submitted" and may_approve and is_own,
        "may_activate": may_approve and version.status in {"approved", "retired"} and version.decided_at is not None,
        "is_rollback": version.status == "retired", "note_form": NoteForm(initial={"note": version.note}), "approve_form": DecideForm(auto_id="ap_%s"),
        "reject_form": RejectForm(auto_id="re_%s"), "activate_form": ActivateForm(today=today(request)), "has_others": _has_others(version),
        "submit_url": reverse("strategy:submit", args=[version.id]), "withdraw_url": reverse("strategy:withdraw", args=[version.id]),
        "may_withdraw": version.status in {"draft", "submitted"} and (is_own or version.created_by_id is None) and request.user.may("strategy.edit"),
        "may_take_out": request.user.may("list.export"), "may_publish": may_approve,
        "draft_form": NoteForm(auto_id="dr_%s"),
    }  # fmt: skip


def _has_others(version: StrategyVersion) -> bool:
    return bool(StrategyVersion.objects.filter(strategy=version.strategy).exclude(pk=version.pk).exists())


def _counts(request: HttpRequest, version: StrategyVersion, snapshot: Snapshot | None) -> tuple[Firings | None, str, bool]:
    """The numbers of each row, a word about where they come from, and whether they can be asked for."""
    if snapshot is None:
        return None, "Aún no hay una jornada guardada: los números de cada fila aparecen después de la primera.", False
    is_stored = snapshot.version.sha256 == version.sha256
    if not is_stored and snapshot.row_count > COUNT_AT_ONCE and "contar" not in request.GET:
        return None, "", True
    try:
        return firings(version, snapshot), "", False
    except Problem as problem:
        return None, problem.text, False


def _rows(table: TableView | None, counts: Firings | None, decision: str) -> list[dict[str, Any]]:
    if table is None:
        return []
    return [{"row": row, "fired": counts.of(decision, row.number) if counts else None} for row in table.rows]


def _never(model: Any, counts: Firings | None, decision: str) -> list[int]:
    """The rows of a table that no account of the day fired."""
    found = model.by_name.get(decision)
    if counts is None or found is None or found.table is None:
        return []
    return [rule.number for rule in found.table.rules if not counts.of(decision, rule.number).count]


def _line(version: StrategyVersion, one: Finding) -> dict[str, Any]:
    return {"finding": one, "table": decision_es(one.decision) if one.decision else "", "row": (one.rule_number - 1) // ROWS * ROWS + 1 if one.rule_number else 1}


def _next(table: TableView | None, first: int) -> int | None:
    return first + ROWS if table is not None and first + ROWS <= table.row_count else None


def _whole_number(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 7 else 1
