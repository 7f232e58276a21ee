"""Pages of evidence files: take one out, see who took which and why, destroy it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from recaudo.compliance import queries, services, words
from recaudo.compliance.forms import EvidenceForm
from recaudo.compliance.models import EvidenceFile
from recaudo.journal import services as journal
from recaudo.portfolio.models import Person
from recaudo.ui.access import allow
from recaudo.ui.lookup import one

PAGE = 50
TONES = {"ready": "ok", "waiting": "warn", "failed": "bad", "removed": "muted"}


@allow("evidence.export")
@require_http_methods(["GET", "POST"])
def evidence(request: HttpRequest) -> HttpResponse:
    form = EvidenceForm(request.POST or None, initial={"person": request.GET.get("persona", "")})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        services.export_evidence(
            person=given["person"], reason=given["reason"], recipient=given["recipient"], is_masked=not given["full"], by=request.user, at=timezone.now()
        )
        messages.success(request, "El expediente está listo: descárguelo de la lista.")
        return redirect("compliance:evidence")
    page = Paginator(queries.evidence_files(), PAGE).get_page(request.GET.get("page"))
    rows = [(one, words.EVIDENCE_STATUS_ES[one.status], TONES[one.status]) for one in page]
    context: dict[str, Any] = {"form": form, "page": page, "rows": rows, "fingerprint": journal.fingerprint()}
    return render(request, "compliance/evidence.html", context)


@allow("evidence.export")
@require_POST
def evidence_download(request: HttpRequest, evidence_id: UUID) -> HttpResponse:
    made = _one(evidence_id)
    response = HttpResponse(services.read_evidence(made, by=request.user, at=timezone.now()), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="expediente-{str(made.id)[-12:]}.zip"'
    return response


@allow("evidence.export")
@require_POST
def evidence_remove(request: HttpRequest, evidence_id: UUID) -> HttpResponse:
    services.remove_evidence(_one(evidence_id), by=request.user, at=timezone.now())
    messages.success(request, "El expediente se destruyó. Queda quién lo sacó y para qué.")
    return redirect("compliance:evidence")


def evidence_taken(request: HttpRequest, person: Person, reason: str, back: HttpResponse) -> HttpResponse:
    """Take a person's evidence file out on behalf of another page: `recipient` and `full` as in the form, `reason` names the matter."""
    recipient, full = request.POST.get("recipient", "")[:120], bool(request.POST.get("full"))
    services.export_evidence(person=person, reason=reason, recipient=recipient, is_masked=not full, by=request.user, at=timezone.now())
    messages.success(request, "El expediente está listo: descárguelo en esta página.")
    return back


def files_of(person_id: UUID, reason: str) -> list[tuple[EvidenceFile, str, str]]:
    """The evidence files that were taken out for a matter, newest first, with their state in words and its tone."""
    found = EvidenceFile.objects.filter(person_id=person_id, reason=reason).order_by("-created_at")[:5]
    return [(one, words.EVIDENCE_STATUS_ES[one.status], TONES[one.status]) for one in found]


def _one(evidence_id: UUID) -> EvidenceFile:
    found: EvidenceFile = one(queries.evidence_files(), id=evidence_id)
    return found
