"""Pages of the journal: the trail, one event, verifying the chain."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from recaudo.journal import anchors, queries, services, signing, tasks
from recaudo.journal.forms import EventFilters
from recaudo.journal.models import Event
from recaudo.kernel.problems import NotFound
from recaudo.kernel.time import day_at
from recaudo.ui.access import allow
from recaudo.ui.export import disarmed

PAGE_SIZE = 50
EXPORT_LIMIT = 50_000
# A chain of up to so many records is verified within the request (about a second); a longer one by a job.
WHILE_WAITING = 20_000


@allow("journal.view")
@require_safe
def events(request: HttpRequest) -> HttpResponse:
    form, found = _filtered(request)
    if cursor := _cursor(request.GET.get("after", "")):
        found = queries.before(found, at=cursor[0], event_id=cursor[1])
    page = list(found[: PAGE_SIZE + 1])
    rows = page[:PAGE_SIZE]
    context = {
        "form": form,
        "rows": [(event, queries.title(event)) for event in rows],
        "next_cursor": _cursor_of(rows[-1]) if len(page) > PAGE_SIZE else "",
        "is_first": not request.GET.get("after"),
        "chain": queries.chain_state(),
    }
    return render(request, "journal/events.html", context)


@allow("journal.view")
@require_safe
def event(request: HttpRequest, event_id: UUID) -> HttpResponse:
    found = Event.objects.filter(pk=event_id).first()
    if found is None:
        raise NotFound()
    context = {
        "event": found,
        "title": queries.title(found),
        "detail": [(key, value if isinstance(value, str | int) else json.dumps(value, ensure_ascii=False)) for key, value in found.detail.items()],
        "hash": bytes(found.hash).hex() if found.hash else "",
        "around": [(other, queries.title(other)) for other in queries.trail(subject_id=found.subject_id)[:20]] if found.subject_id else [],
    }  # fmt: skip
    return render(request, "journal/event.html", context)


@allow("journal.view")
@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Recompute the chain: while the person waits when it is short, by a job otherwise. Either way the result is kept."""
    row = services.ask_verification(by=request.user, at=timezone.now())
    if row.total > WHILE_WAITING:
        tasks.verify.defer(tenant_id=str(row.tenant_id), verification_id=str(row.id))
        return redirect("journal:verification", verification_id=row.id)
    row = services.verify_on(row.id, by=request.user, clock=timezone.now, tenant=row.tenant_id)
    if row.status == "whole":
        messages.success(request, f"La cadena está íntegra: se comprobaron {row.checked} registros.")
        return redirect("journal:events")
    return redirect("journal:verification", verification_id=row.id)


@allow("journal.view")
@require_safe
def verification(request: HttpRequest, verification_id: UUID) -> HttpResponse:
    return render(request, "journal/verification.html", _verification(verification_id))


@allow("journal.view")
@require_safe
def verification_state(request: HttpRequest, verification_id: UUID) -> HttpResponse:
    """The part of the page that changes while a job works."""
    return render(request, "journal/_verification.html", _verification(verification_id))


@allow("journal.view")
@require_safe
def anchor_list(request: HttpRequest) -> HttpResponse:
    """The anchors, the public key, and the verifications that were made."""
    page = Paginator(queries.anchors(), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page, "rows": [(one, bytes(one.hash).hex(), anchors.is_signed(one)) for one in page], "fingerprint": signing.fingerprint(),
        "pem": signing.public_pem(), "verifications": queries.verifications()[:10], "chain": queries.chain_state(),
    }  # fmt: skip
    return render(request, "journal/anchors.html", context)


@allow("journal.view")
@require_POST
def anchor_export(request: HttpRequest) -> HttpResponse:
    """A fresh anchor and every one before it as small files, with the public key, to be kept outside."""
    now = timezone.now()
    services.anchor(at=now, by=request.user)
    kept = list(queries.anchors().filter(signature__isnull=False))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("clave-publica.pem", signing.public_pem())
        for one in kept:
            archive.writestr(anchors.file_name(one), anchors.as_file(one))
    services.record("list.exported", by=request.user, at=now, subject="anchors", rows=len(kept), format="zip")
    response = HttpResponse(buffer.getvalue(), content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="anclas.zip"'
    return response


@allow("journal.view")
@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """The filtered trail as CSV; the export itself is an event."""
    _, found = _filtered(request)
    chosen = list(found[:EXPORT_LIMIT])
    services.record(
        "list.exported", by=request.user, at=timezone.now(), subject="journal", rows=len(chosen), format="csv",
        is_cut=len(chosen) == EXPORT_LIMIT,
    )  # fmt: skip
    response = HttpResponse("".join(_lines(chosen)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="bitacora.csv"'
    return response


def _verification(verification_id: UUID) -> dict[str, Any]:
    row = queries.verifications().filter(id=verification_id).first()
    if row is None:
        raise NotFound()
    broken = Event.objects.filter(pk=row.broken_id).first() if row.broken_id else None
    part = 100 * row.checked // row.total if row.total else 0
    return {"run": row, "event": broken, "title": queries.title(broken) if broken else "", "percent": min(part, 100)}


def _lines(rows: list[Event]) -> Iterator[str]:
    yield "\ufeff"  # spreadsheets take the file for Latin-1 without it
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["número", "instante_utc", "evento", "qué", "quién", "quién_id", "sobre", "sobre_id", "detalle", "sello"])
    for row in rows:
        detail = json.dumps(row.detail, ensure_ascii=False, sort_keys=True)
        seal = bytes(row.hash).hex() if row.hash else ""
        cells = [
            row.chain_number or "", row.created_at.astimezone(UTC).isoformat(), row.name, queries.title(row), row.by_name,
            row.by_id or "", row.subject, row.subject_id or "", detail, seal,
        ]  # fmt: skip
        writer.writerow([disarmed(cell) if isinstance(cell, str) else cell for cell in cells])
    yield buffer.getvalue()


def _filtered(request: HttpRequest) -> tuple[EventFilters, QuerySet[Event]]:
    form = EventFilters(request.GET or None, people=queries.actors(also=_uuid(request.GET.get("by", ""))))
    given = form.cleaned_data if form.is_bound and form.is_valid() else {}
    zone = getattr(request, "zone", "UTC")
    first, last = given.get("day_from"), given.get("day_to")
    found = queries.trail(
        subject_id=given.get("subject"),
        name=given.get("name", ""),
        by_id=UUID(given["by"]) if given.get("by") else None,
        since=day_at(first, zone) if first else None,
        until=day_at(last + timedelta(days=1), zone) if last else None,
    )
    return form, found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _cursor_of(last: Event) -> str:
    return base64.urlsafe_b64encode(f"{last.created_at.isoformat()}|{last.id}".encode()).decode()


def _cursor(text: str) -> tuple[datetime, UUID] | None:
    """What `_cursor_of` wrote; anything else is the first page."""
    try:
        at, key = base64.urlsafe_b64decode(text.encode()).decode().split("|")
        instant, found = datetime.fromisoformat(at), UUID(key)
    except (ValueError, binascii.Error):
        return None
    return (instant, found) if instant.tzinfo else None
