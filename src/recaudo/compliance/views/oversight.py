"""What an authority reads: complaints, refusals, audits and policies, counted and dated, without anybody's name, account or words."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from recaudo.casework.words import HOUSE_RULE_ES
from recaudo.compliance import queries, words
from recaudo.compliance.forms import ComplaintFilters
from recaudo.compliance.queries import audits, board, policies
from recaudo.compliance.views.clock import zone_of
from recaudo.law.queries import rules
from recaudo.portfolio.services import local_day
from recaudo.ui.access import allow
from recaudo.workforce.models import Agency

PAGE = 50
TONES = {"open": "warn", "in_review": "info", "answered": "ok", "closed": "muted"}


@allow("compliance.oversee")
@require_safe
def oversight(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    today = local_day(now)
    form = ComplaintFilters(request.GET or None)
    given = form.cleaned_data if form.is_bound and form.is_valid() else {}
    status = given.get("estado", "")
    found = queries.complaints(
        cause=given.get("causa", ""), lodged=given.get("ante", ""), status="" if status == "late" else status, late_on=today if status == "late" else None
    )
    # Only what the page shows is read: neither the person nor what they said or were told.
    shown = found.select_related(None).only(
        "folio", "received_on", "lodged", "outside_folio", "cause", "agency_id", "due_on", "status", "result", "measure", "citation", "answered_at"
    )
    page = Paginator(shown, PAGE).get_page(request.GET.get("page"))
    agencies = dict(Agency.objects.values_list("id", "name"))
    seen = board.board(rules(), on=today, at=now, zone=zone_of(request))
    context = {
        "form": form, "page": page, "counts": queries.complaint_counts(on=today), "findings": audits.finding_counts(on=today), "board": seen, "standing": seen.standing,
        "refusals": [(line, HOUSE_RULE_ES.get(line.rule, "")) for line in seen.refusals[:12]], "policies": [line for line in policies.policies(on=today) if line.current],
        "rows": [
            (one, words.CAUSES[one.cause], words.LODGED_ES[one.lodged], words.COMPLAINT_STATUS_ES[one.status], TONES[one.status], words.RESULT_ES.get(one.result, ""),
             agencies.get(one.agency_id, ""), one.status in words.COMPLAINT_OPEN and one.due_on < today)
            for one in page
        ],
    }  # fmt: skip
    return render(request, "compliance/oversight.html", context)
