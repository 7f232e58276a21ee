"""Pages of preventive audits: programmes, one audit with its sample and checklist, findings and their correction."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recaudo.compliance import words
from recaudo.compliance.forms import (
    AuditPeriodForm,
    CorrectionForm,
    FindingFilters,
    FindingForm,
    ItemForm,
    ProgrammeForm,
)
from recaudo.compliance.models import AuditFinding, AuditProgramme, AuditRun
from recaudo.compliance.queries import audits as queries
from recaudo.compliance.queries.controls import CONTROLS
from recaudo.compliance.services import audits as services
from recaudo.compliance.services.printed_audit import audit_pdf
from recaudo.compliance.views.clock import zone_of
from recaudo.journal import services as journal
from recaudo.kernel.problems import NotAllowed, NotFound, Problem
from recaudo.law.queries import rules
from recaudo.portfolio.services import local_day
from recaudo.ui.access import allow
from recaudo.ui.export import list_response
from recaudo.ui.lookup import one
from recaudo.workforce import queries as workforce
from recaudo.workforce.models import Agency, User

PAGE = 50
COLUMNS = (
    "folio", "auditoria", "programa", "control", "hallazgo", "detalle", "gravedad", "casos", "estado", "correccion", "vence", "prueba", "cerrado_utc", "reabierto_veces",
)  # fmt: skip


@allow("compliance.view")
@require_safe
def audits(request: HttpRequest) -> HttpResponse:
    today = local_day(timezone.now())
    page = Paginator(queries.runs(), PAGE).get_page(request.GET.get("page"))
    programmes = list(queries.programmes())
    names = _names(*(one.responsible_id for one in programmes))
    context = {
        "programmes": [(one, words.PERIOD_ES[one.period], names.get(one.responsible_id, "—"), one.is_active and one.next_on <= today) for one in programmes],
        "page": page, "rows": [(one, words.AUDIT_STATUS_ES[one.status], one.until_on - timedelta(days=1)) for one in page], "counts": queries.finding_counts(on=today),
    }  # fmt: skip
    return render(request, "compliance/audits.html", context)


@allow("audit.manage")
@require_http_methods(["GET", "POST"])
def programme_new(request: HttpRequest) -> HttpResponse:
    today = local_day(timezone.now())
    initial = {
        "subject": "action", "sample_size": 20, "period": "monthly", "next_on": (today.replace(day=1) + timedelta(days=32)).replace(day=1).isoformat(),
        "responsible": str(request.user.pk), "controls": list(CONTROLS), "is_active": True,
    }  # fmt: skip
    return _programme_page(request, None, initial)


@allow("audit.manage")
@require_http_methods(["GET", "POST"])
def programme(request: HttpRequest, programme_id: UUID) -> HttpResponse:
    found = _programme(programme_id)
    initial = {
        "name": found.name, "purpose": found.purpose, "subject": found.subject, "sample_size": found.sample_size, "country": found.country,
        "agency": found.agency_id, "period": found.period, "next_on": found.next_on.isoformat(), "responsible": str(found.responsible_id),
        "is_active": found.is_active, "controls": [item["control"] for item in found.checklist if "control" in item],
        "questions": "\n".join(item["text"] for item in found.checklist if "text" in item),
    }  # fmt: skip
    return _programme_page(request, found, initial)


@allow("audit.manage")
@require_http_methods(["GET", "POST"])
def audit_start(request: HttpRequest, programme_id: UUID) -> HttpResponse:
    """Do an audit now, over days that are chosen."""
    found = _programme(programme_id)
    now = timezone.now()
    today = local_day(now)
    form = AuditPeriodForm(request.POST or None, initial={"desde": queries.before(today, found.period).isoformat(), "hasta": (today - timedelta(days=1)).isoformat()})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        seed = given["semilla"] if given["semilla"] is not None else secrets.randbelow(2**31)
        try:
            made = services.start_audit(
                found, from_on=given["desde"], until_on=given["hasta"] + timedelta(days=1), seed=seed, zone=zone_of(request), rules=rules(), by=request.user, at=now,
                on=today,
            )  # fmt: skip
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            count = made.findings.count()
            messages.success(request, f"Auditoría {made.folio}: {count} hallazgo{'' if count == 1 else 's'}. Falta revisar la muestra y fijar las correcciones.")
            return redirect("compliance:audit", audit_id=made.id)
    return render(request, "compliance/audit_start.html", {"form": form, "programme": found})


@allow("compliance.view")
@require_safe
def audit(request: HttpRequest, audit_id: UUID) -> HttpResponse:
    """One audit. The draw is repeated only when somebody asks: it reads everything of the period."""
    found, today = _run(audit_id), local_day(timezone.now())
    again = queries.redraw(found, zone=zone_of(request), on=today) if "sorteo" in request.GET else None
    is_same = again is not None and [str(one) for one in again.ids] == found.sample
    return render(request, "compliance/audit.html", {**_audit_context(request, found), "again": again, "is_same": is_same})


@allow("audit.manage")
@require_POST
def audit_answer(request: HttpRequest, audit_id: UUID) -> HttpResponse:
    return _filled(request, audit_id, ItemForm(request.POST), services.answer_item, wrong="Diga si el punto se cumple.", said="Respondido.")


@allow("audit.manage")
@require_POST
def audit_find(request: HttpRequest, audit_id: UUID) -> HttpResponse:
    wrong, said = "Escriba qué se halló y elija la gravedad.", "El hallazgo quedó anotado."
    return _filled(request, audit_id, FindingForm(request.POST), services.add_finding, wrong=wrong, said=said)


@allow("audit.manage")
@require_POST
def audit_close(request: HttpRequest, audit_id: UUID) -> HttpResponse:
    conclusion = request.POST.get("conclusion", "")
    return _done(request, audit_id, lambda row: services.close_audit(row, conclusion=conclusion, by=request.user, at=timezone.now()), "La auditoría quedó cerrada.")


@allow("list.export")
@require_POST
def audit_print(request: HttpRequest, audit_id: UUID) -> HttpResponse:
    """The audit as a PDF to sign and file: numbers and references, no names of debtors."""
    if not request.user.may("compliance.view"):
        raise NotAllowed()
    found = _run(audit_id)
    context = _audit_context(request, found)
    document = audit_pdf(found, context, zone=zone_of(request), at=timezone.now(), organisation=workforce.organisation(found.tenant_id).name)
    journal.record("list.exported", by=request.user, at=timezone.now(), list="audit", rows=len(context["findings"]))
    answer = HttpResponse(document, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="auditoria-{found.folio}.pdf"'
    return answer


@allow("compliance.view")
@require_safe
def findings(request: HttpRequest) -> HttpResponse:
    form, found, today = _filtered(request)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    names = _names(*(one.responsible_id for one in page))
    context = {"form": form, "page": page, "rows": [_finding_row(one, names, today) for one in page], "counts": queries.finding_counts(on=today)}
    return render(request, "compliance/findings.html", context)


@allow("list.export")
@require_POST
def finding_export(request: HttpRequest) -> HttpResponseBase:
    if not request.user.may("compliance.view"):
        raise NotAllowed()
    _, found, _ = _filtered(request)
    rows = (
        (one.folio, one.run.folio, one.run.programme.name, one.control, one.title, one.detail, words.SEVERITY_ES[one.severity], one.case_count,
         words.FINDING_STATUS_ES[one.status], one.correction, one.due_on, one.proof, one.closed_at.isoformat(timespec="seconds") if one.closed_at else "",
         one.reopened_count)
        for one in found.iterator(chunk_size=2000)
    )  # fmt: skip
    return list_response(
        request.POST.get("formato"), "hallazgos", COLUMNS, rows,
        record=lambda count: journal.record("list.exported", by=request.user, at=timezone.now(), list="findings", rows=count),
    )  # fmt: skip


@allow("compliance.view")
@require_safe
def finding(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    return render(request, "compliance/finding.html", _finding_context(request, _finding(finding_id)))


@allow("audit.manage")
@require_POST
def finding_act(request: HttpRequest, finding_id: UUID, move: str) -> HttpResponse:
    """corregir (plan), cerrar (with proof), reabrir (with reason)."""
    found, now = _finding(finding_id), timezone.now()
    form = None
    try:
        if move == "corregir":
            form = CorrectionForm(request.POST, staff=_staff())
            if not form.is_valid():
                return render(request, "compliance/finding.html", {**_finding_context(request, found), "form": form}, status=422)
            given = form.cleaned_data
            services.plan_correction(
                found, correction=given["correction"], responsible_id=UUID(given["responsible"]), due_on=given["due_on"], by=request.user, at=now, on=local_day(now)
            )  # fmt: skip
        elif move == "cerrar":
            services.close_finding(found, proof=request.POST.get("proof", ""), by=request.user, at=now)
        elif move == "reabrir":
            services.reopen_finding(found, reason=request.POST.get("reason", ""), by=request.user, at=now)
        else:
            raise NotFound()
    except NotFound:
        raise
    except Problem as problem:
        messages.error(request, problem.text)
    return redirect("compliance:finding", finding_id=finding_id)


def _filled(request: HttpRequest, audit_id: UUID, form: Form, act: Any, *, wrong: str, said: str) -> HttpResponse:
    """Do what a form of the audit's page says."""
    if not form.is_valid():
        messages.error(request, wrong)
        return redirect("compliance:audit", audit_id=audit_id)
    return _done(request, audit_id, lambda row: act(row, **form.cleaned_data, by=request.user, at=timezone.now()), said)


def _done(request: HttpRequest, audit_id: UUID, act: Any, said: str) -> HttpResponse:
    try:
        act(_run(audit_id))
    except NotFound:
        raise
    except Problem as problem:
        messages.error(request, problem.text)
    else:
        messages.success(request, said)
    return redirect("compliance:audit", audit_id=audit_id)


def _programme_page(request: HttpRequest, found: AuditProgramme | None, initial: dict[str, Any]) -> HttpResponse:
    form = ProgrammeForm(request.POST or None, staff=_staff(), initial=initial)
    if request.method == "POST" and form.is_valid():
        given = {**form.cleaned_data}
        agency = given.pop("agency")
        try:
            services.programmed(
                **{**given, "questions": given["questions"].splitlines(), "responsible_id": UUID(given["responsible"])} | {"agency_id": agency.id if agency else None},
                programme=found, by=request.user, at=timezone.now(),
            )  # fmt: skip
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, "El programa quedó guardado.")
            return redirect("compliance:audits")
    return render(request, "compliance/programme.html", {"form": form, "programme": found})


def _audit_context(request: HttpRequest, found: AuditRun) -> dict[str, Any]:
    today, zone = local_day(timezone.now()), zone_of(request)
    rows = list(found.findings.order_by("created_at", "id"))
    answered = [UUID(item["by"]) for item in found.checklist if item.get("by")]
    names = _names(found.responsible_id, found.by_id, found.closed_by_id, *answered, *(one.responsible_id for one in rows))
    order = {"critical": 0, "high": 1, "medium": 2, "low": 3}
    return {
        "one": found, "programme": found.programme, "period_es": words.PERIOD_ES[found.programme.period], "subject_es": words.SUBJECT_ES[found.subject].lower(),
        "last_on": found.until_on - timedelta(days=1), "status_es": words.AUDIT_STATUS_ES[found.status], "responsible": names.get(found.responsible_id, "—"),
        "started_by": names.get(found.by_id, "por calendario"), "closed_by": names.get(found.closed_by_id, ""),
        "items": [_item(number, item, names) for number, item in enumerate(found.checklist)],
        "sample": queries.sampled(found, zone=zone, on=today),
        "findings": [_finding_row(one, names, today) for one in sorted(rows, key=lambda one: order[one.severity])],
        "agency": Agency.objects.filter(id=found.agency_id).first() if found.agency_id else None, "form": FindingForm(),
        "pending": sum(item["result"] == "pending" for item in found.checklist), "bare": sum(one.status == "open" for one in rows),
        "case_count": sum(one.case_count for one in rows), "checked": sum("control" in item and item["result"] != "skipped" for item in found.checklist),
    }  # fmt: skip


def _item(number: int, item: dict[str, Any], names: dict[Any, str]) -> dict[str, Any]:
    said, tone = words.ITEM_ES[item["result"]]
    control = CONTROLS.get(item.get("control", ""))
    text = control.rule if control else item.get("text", item.get("control", ""))
    return {**item, "number": number, "says": text, "result_es": said, "tone": tone, "is_control": "control" in item, "who": names.get(UUID(item["by"]), "") if item.get("by") else ""}


def _finding_row(one: AuditFinding, names: dict[Any, str], today: date) -> tuple[Any, ...]:
    left = (one.due_on - today).days if one.due_on and one.status != "closed" else None
    return (
        one, words.SEVERITY_ES[one.severity], words.SEVERITY_TONE[one.severity], words.FINDING_STATUS_ES[one.status],
        {"open": "warn", "planned": "info", "closed": "ok"}[one.status], names.get(one.responsible_id, "—"), left,
    )  # fmt: skip


def _finding_context(request: HttpRequest, found: AuditFinding) -> dict[str, Any]:
    today = local_day(timezone.now())
    names = _names(found.responsible_id, found.closed_by_id, found.by_id)
    _, severity, tone, status, status_tone, responsible, left = _finding_row(found, names, today)
    control = CONTROLS.get(found.control)
    initial = {"correction": found.correction, "responsible": str(found.responsible_id or ""), "due_on": found.due_on.isoformat() if found.due_on else ""}
    return {
        "one": found, "severity": severity, "tone": tone, "status_es": status, "status_tone": status_tone, "responsible": responsible, "left": left,
        "rule_es": control.rule if control else "", "closed_by": names.get(found.closed_by_id, ""), "found_by": names.get(found.by_id, "la auditoría automática"),
        "cases": [{**case, "when": datetime.fromisoformat(case["at"]) if "T" in case.get("at", "") else None, "kind_es": words.CASE_ES.get(case["kind"], case["kind"]), "note_es": words.note_es(case.get("note", ""))} for case in found.evidence],
        "form": CorrectionForm(staff=_staff(), initial=initial), "is_responsible": found.responsible_id == request.user.pk,
    }  # fmt: skip


def _filtered(request: HttpRequest) -> tuple[FindingFilters, Any, date]:
    form = FindingFilters(request.GET or None)
    given = form.cleaned_data if form.is_bound and form.is_valid() else {}
    today, status = local_day(timezone.now()), given.get("estado", "")
    found = queries.findings(status="" if status == "late" else status, severity=given.get("gravedad", ""), late_on=today if status == "late" else None)
    return form, found, today


def _names(*keys: UUID | None) -> dict[Any, str]:
    return dict(workforce.users().filter(id__in={key for key in keys if key}).values_list("id", "name"))


def _staff() -> QuerySet[User]:
    return workforce.users().filter(is_active=True, agency=None).order_by("name")


def _programme(programme_id: UUID) -> AuditProgramme:
    found: AuditProgramme = one(AuditProgramme.objects.all(), id=programme_id)
    return found


def _run(audit_id: UUID) -> AuditRun:
    found: AuditRun = one(AuditRun.objects.select_related("programme"), id=audit_id)
    return found


def _finding(finding_id: UUID) -> AuditFinding:
    found: AuditFinding = one(AuditFinding.objects.select_related("run", "run__programme"), id=finding_id)
    return found
