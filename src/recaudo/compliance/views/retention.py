"""Pages of retention: how long each country's data is kept, what is past it, and the proofs of what was removed."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from recaudo.compliance import queries, services, tasks, words
from recaudo.compliance.forms import TermForm
from recaudo.compliance.models import RetentionRun, RetentionTerm
from recaudo.journal import services as journal
from recaudo.kernel.problems import NotAllowed, NotFound, Problem
from recaudo.law.queries import rules
from recaudo.portfolio.services import local_day
from recaudo.ui.access import allow
from recaudo.ui.export import list_response
from recaudo.workforce import queries as workforce

PAGE = 50
TONES = {"proposed": "warn", "running": "info", "done": "ok", "rejected": "muted", "failed": "bad"}
DECISIONS = {"aprobar": True, "rechazar": False}


@allow("compliance.view")
@require_safe
def retention(request: HttpRequest) -> HttpResponse:
    return render(request, "compliance/retention.html", _context(request, TermForm()))


@allow("retention.approve")
@require_POST
def retention_term(request: HttpRequest) -> HttpResponse:
    """Propose a term of the house."""
    form = TermForm(request.POST)
    if form.is_valid():
        try:
            services.propose_term(**form.cleaned_data, rules=rules(), by=request.user, at=timezone.now())
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, "El plazo quedó propuesto: cuenta cuando otra persona lo apruebe.")
            return redirect("compliance:retention")
    return render(request, "compliance/retention.html", _context(request, form))


@allow("retention.approve")
@require_POST
def retention_term_decide(request: HttpRequest, term_id: UUID, decision: str) -> HttpResponse:
    row = RetentionTerm.objects.filter(id=term_id).first()
    if row is None or decision not in DECISIONS:
        raise NotFound()
    _try(request, lambda: services.decide_term(row, approve=DECISIONS[decision], by=request.user, at=timezone.now()))
    return redirect("compliance:retention")


@allow("retention.approve")
@require_POST
def retention_propose(request: HttpRequest) -> HttpResponse:
    """Propose to remove what is past its term today."""
    now = timezone.now()
    _try(request, lambda: services.propose_run(on=local_day(now), rules=rules(), by=request.user, at=now))
    return redirect("compliance:retention")


@allow("retention.approve")
@require_POST
def retention_decide(request: HttpRequest, removal_id: UUID, decision: str) -> HttpResponse:
    """Another person lets a removal begin (a job does it), or turns it down."""
    run = queries.runs().filter(id=removal_id).first()
    if run is None or decision not in DECISIONS:
        raise NotFound()
    if _try(request, lambda: services.decide_run(run, approve=DECISIONS[decision], by=request.user, at=timezone.now())) and DECISIONS[decision]:
        tasks.carry_out.defer(tenant_id=str(run.tenant_id), run_id=str(run.id), user_id=str(request.user.id))
    return redirect("compliance:retention")


@allow("compliance.view")
@require_safe
def retention_state(request: HttpRequest) -> HttpResponse:
    """The part of the page that changes while a job works."""
    return render(request, "compliance/_retention_runs.html", {"runs": _runs()})


@allow("list.export")
@require_POST
def retention_proofs(request: HttpRequest) -> HttpResponseBase:
    """The proofs of removal as a file: pseudonyms, counts and digests."""
    if not request.user.may("compliance.view"):
        raise NotAllowed()
    rows = (
        (one.created_at.isoformat(timespec="seconds"), one.pseudonym, one.basis, one.rule, one.country, sum(one.tables.values()), one.file_count,
         json.dumps(one.tables, sort_keys=True), one.digest)
        for one in queries.proofs().iterator(chunk_size=2000)
    )  # fmt: skip
    columns = ("instante_utc", "seudonimo", "motivo", "regla", "pais", "filas", "archivos", "tablas", "huella")
    return list_response(
        request.POST.get("formato"), "constancias-de-supresion", columns, rows,
        record=lambda count: journal.record("list.exported", by=request.user, at=timezone.now(), list="removal_proofs", rows=count),
    )  # fmt: skip


def _context(request: HttpRequest, form: TermForm) -> dict[str, Any]:
    today = local_day(timezone.now())
    countries = queries.country_terms(rules(), on=today)
    waiting = list(queries.proposed_terms())
    names = dict(workforce.users().filter(id__in=[one.proposed_by_id for one in waiting if one.proposed_by_id]).values_list("id", "name"))
    page = Paginator(queries.proofs(), PAGE).get_page(request.GET.get("page"))
    return {
        "countries": [(one, words.CONFIDENCE_ES.get(one.term.confidence, "") if one.term else "") for one in countries], "form": form,
        "waiting": [(one, names.get(one.proposed_by_id, "—")) for one in waiting], "runs": _runs(), "page": page, "due": sum(one.due for one in countries),
        "proofs": [(one, sum(one.tables.values())) for one in page],
    }  # fmt: skip


def _runs() -> list[tuple[RetentionRun, str, str, int]]:
    return [(one, words.RUN_STATUS_ES[one.status], TONES[one.status], sum(one.removed.values())) for one in queries.runs()[:10]]


def _try(request: HttpRequest, act: Any) -> bool:
    try:
        act()
    except Problem as problem:
        messages.error(request, problem.text)
        return False
    return True
