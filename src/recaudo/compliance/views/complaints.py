"""Pages of complaints: the list with its clocks, one complaint, the list as a file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recaudo.compliance import queries, services, words
from recaudo.compliance.forms import AnswerComplaintForm, ComplaintFilters, ComplaintForm, TakeForm
from recaudo.compliance.models import Complaint
from recaudo.compliance.views.evidence import evidence_taken, files_of
from recaudo.journal import services as journal
from recaudo.kernel.problems import NotAllowed, NotFound, Problem
from recaudo.law.queries import rules
from recaudo.portfolio.models import Account
from recaudo.portfolio.services import local_day
from recaudo.ui.access import allow
from recaudo.ui.export import list_response
from recaudo.ui.lookup import one
from recaudo.workforce import queries as workforce
from recaudo.workforce.models import Agency

PAGE = 50
TONES = {"open": "warn", "in_review": "info", "answered": "ok", "closed": "muted"}
COLUMNS = (
    "folio", "recibida", "ante", "folio_autoridad", "causa", "trata_de", "despacho", "pais_norma", "regla", "vence", "estado", "resultado", "medida", "respondida_utc",
)  # fmt: skip


@allow("compliance.view")
@require_safe
def complaints(request: HttpRequest) -> HttpResponse:
    form, found, today = _filtered(request)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    causes = queries.complaints_by_cause(since=today.replace(month=1, day=1))
    most = max((count for _, count, _ in causes), default=1)
    context = {
        "form": form, "page": page, "counts": queries.complaint_counts(on=today),
        "causes": [(words.CAUSES[code], count, founded, 100 * count // most) for code, count, founded in causes[:8]],
        "rows": [
            (one, words.CAUSES[one.cause], words.LODGED_ES[one.lodged], words.COMPLAINT_STATUS_ES[one.status], TONES[one.status], _left(one, today), one.cause in words.GRAVE)
            for one in page
        ],
    }  # fmt: skip
    return render(request, "compliance/complaints.html", context)


@allow("list.export")
@require_POST
def complaint_export(request: HttpRequest) -> HttpResponseBase:
    """The filtered list as a file, without names: folios say which."""
    if not request.user.may("compliance.view"):
        raise NotAllowed()
    _, found, _ = _filtered(request)
    agencies = dict(Agency.objects.values_list("id", "name"))
    rows = (
        (one.folio, one.received_on, words.LODGED_ES[one.lodged], one.outside_folio, words.CAUSES[one.cause], words.ABOUT_ES[one.about],
         agencies.get(one.agency_id, ""), one.jurisdiction, one.rule, one.due_on, words.COMPLAINT_STATUS_ES[one.status], words.RESULT_ES.get(one.result, ""),
         one.measure, one.answered_at.isoformat(timespec="seconds") if one.answered_at else "")
        for one in found.iterator(chunk_size=2000)
    )  # fmt: skip
    return list_response(
        request.POST.get("formato"), "quejas", COLUMNS, rows,
        record=lambda count: journal.record("list.exported", by=request.user, at=timezone.now(), list="complaints", rows=count),
    )  # fmt: skip


@allow("complaint.manage")
@require_http_methods(["GET", "POST"])
def complaint_new(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    today = local_day(now)
    form = ComplaintForm(request.POST or None, initial={"received_on": today.isoformat(), "person": request.GET.get("persona", ""), "about": "other"})
    if request.method == "POST" and form.is_valid():
        given = {**form.cleaned_data}
        agency = given.pop("agency")
        try:
            made = services.open_complaint(
                **given, account=form.account, agency_id=agency.id if agency else None,
                rules=rules(), by=request.user, at=now, on=today,
            )  # fmt: skip
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, f"Se registró la queja {made.folio}: se responde a más tardar el {made.due_on:%d/%m/%Y}.")
            return redirect("compliance:complaint", complaint_id=made.id)
    return render(request, "compliance/complaint_new.html", {"form": form})


@allow("compliance.view")
@require_safe
def complaint(request: HttpRequest, complaint_id: UUID) -> HttpResponse:
    found = _one(complaint_id)
    return render(request, "compliance/complaint.html", _context(found))


@allow("complaint.manage")
@require_POST
def complaint_take(request: HttpRequest, complaint_id: UUID) -> HttpResponse:
    found = _one(complaint_id)
    form = _take_form(request.POST)
    if not form.is_valid():
        messages.error(request, "Revise quién la investiga y de qué trata.")
        return redirect("compliance:complaint", complaint_id=complaint_id)
    given = form.cleaned_data
    to = workforce.users().get(id=given["to"])
    try:
        services.take_complaint(
            found, to=to, cause=given["cause"], about=given["about"], agency_id=given["agency"].id if given["agency"] else None,
            user_id=given["user"].id if given["user"] else None, by=request.user, at=timezone.now(),
        )  # fmt: skip
    except Problem as problem:
        messages.error(request, problem.text)
    return redirect("compliance:complaint", complaint_id=complaint_id)


@allow("evidence.export")
@require_POST
def complaint_evidence(request: HttpRequest, complaint_id: UUID) -> HttpResponse:
    """Take the person's evidence file out for this complaint, without leaving it."""
    found = _one(complaint_id)
    if found.person is None:
        raise NotFound()
    return evidence_taken(request, found.person, f"Queja {found.folio}", redirect("compliance:complaint", complaint_id=complaint_id))


@allow("complaint.manage")
@require_POST
def complaint_answer(request: HttpRequest, complaint_id: UUID) -> HttpResponse:
    found = _one(complaint_id)
    form = AnswerComplaintForm(request.POST)
    if form.is_valid():
        try:
            services.answer_complaint(found, **form.cleaned_data, by=request.user, at=timezone.now())
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, "La respuesta quedó registrada.")
            return redirect("compliance:complaint", complaint_id=complaint_id)
    return render(request, "compliance/complaint.html", {**_context(found), "form": form})


def _filtered(request: HttpRequest) -> tuple[ComplaintFilters, Any, Any]:
    form = ComplaintFilters(request.GET or None)
    given = form.cleaned_data if form.is_bound and form.is_valid() else {}
    today = local_day(timezone.now())
    status = given.get("estado", "")
    found = queries.complaints(
        cause=given.get("causa", ""), lodged=given.get("ante", ""), status="" if status == "late" else status, late_on=today if status == "late" else None
    )
    return form, found, today


def _context(found: Complaint) -> dict[str, Any]:
    today = local_day(timezone.now())
    keys = [key for key in (found.user_id, found.assigned_to_id, found.answered_by_id, found.by_id) if key]
    names = dict(workforce.users().filter(id__in=keys).values_list("id", "name"))
    return {
        "one": found, "cause_es": words.CAUSES[found.cause], "lodged_es": words.LODGED_ES[found.lodged], "about_es": words.ABOUT_ES[found.about],
        "channel_es": words.CHANNEL_IN_ES[found.channel], "status_es": words.COMPLAINT_STATUS_ES[found.status], "tone": TONES[found.status],
        "result_es": words.RESULT_ES.get(found.result, ""), "confidence_es": words.CONFIDENCE_ES.get(found.confidence, ""), "left": _left(found, today),
        "is_open": found.status in words.COMPLAINT_OPEN, "is_grave": found.cause in words.GRAVE,
        "about_user": names.get(found.user_id, ""), "assigned": names.get(found.assigned_to_id, ""), "answered": names.get(found.answered_by_id, ""),
        "agency": Agency.objects.filter(id=found.agency_id).first() if found.agency_id else None,
        "account": Account.objects.filter(id=found.account_id).first() if found.account_id else None,
        "files": files_of(found.person_id, f"Queja {found.folio}") if found.person_id else None, "form": AnswerComplaintForm(), "take": _take_form(None, found),
    }  # fmt: skip


def _take_form(given: Any, found: Complaint | None = None) -> TakeForm:
    everybody = workforce.users().filter(is_active=True).order_by("name")
    staff = [user for user in everybody if user.agency_id is None]
    initial = {"cause": found.cause, "about": found.about, "agency": found.agency_id, "user": found.user_id, "to": str(found.assigned_to_id or "")} if found else None
    return TakeForm(given, staff=staff, everybody=everybody, initial=initial)


def _left(found: Complaint, today: Any) -> int | None:
    return (found.due_on - today).days if found.status in words.COMPLAINT_OPEN else None


def _one(complaint_id: UUID) -> Complaint:
    found: Complaint = one(Complaint.objects.select_related("person"), id=complaint_id)
    return found
