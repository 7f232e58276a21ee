"""The wrong party: the value goes into quarantine, what waits for it stops, and somebody searches for the right person.

Called from every door through which «no soy yo» comes: an agent's outcome, an answer, a link, a keypad, a visit.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from recaudo.casework.models import Search
from recaudo.casework.services.pending import cancel_pending
from recaudo.journal import services as journal
from recaudo.kernel.problems import NotFound, Problem
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import ContactPoint, Person, Quarantine
from recaudo.portfolio.services import Quarantined
from recaudo.store import locks, tenancy
from recaudo.workforce.models import User

# How we know, by the channel through which it came when nobody says more.
KIND_OF = {"call": "said", "prerecorded": "keypad", "visit": "visit", "sms": "message", "im": "message", "email": "message"}


class SearchClosed(Problem):
    code = "search_closed"
    message = "Esta búsqueda ya está cerrada."
    status = 409


class SearchNote(Problem):
    code = "search_note"
    message = "Escriba dónde se buscó y qué resultó."


@transaction.atomic
def wrong_party(
    *, contact_point: ContactPoint, channel: str, evidence: str, by: Any, at: datetime, evidence_kind: str = "", action_id: UUID | None = None
) -> Quarantined:
    """«No soy yo»: in one transaction the value is out of reach everywhere, what waits for it is cancelled, a search is open.

    contact_point   where it was said; every contact point of the organisation with that value follows
    channel         through which it came; evidence, what was said or its reference, without identity data
    evidence_kind   a key of portfolio REPORT_ES; empty = by the channel
    Raises          BadEvidence
    """
    locks.hold_person(contact_point.person_id)
    # Nothing to anybody is handed over from here until this is committed.
    locks.stop_traffic()
    done = portfolio.quarantine_value(
        contact_point, channel=channel, evidence_kind=evidence_kind or KIND_OF.get(channel, "said"), evidence=evidence, by=by, at=at,
        action_id=action_id,
    )  # fmt: skip
    follow_quarantine(done.quarantine, by=by, at=at)
    return done


@transaction.atomic
def follow_quarantine(quarantine: Quarantine, *, by: Any, at: datetime) -> Search:
    """What a value in quarantine asks for: nothing that waits for it goes out, and somebody searches for the right person."""
    with tenancy.acting(tenancy.tenant_id()):
        points = list(portfolio.reached_by(quarantine).values_list("id", flat=True))
        cancel_pending(reason="wrong_party", by=by, at=at, contact_point_ids=points)
    return open_search(person=quarantine.person, quarantine=quarantine, channel=quarantine.channel, by=by, at=at)


@transaction.atomic
def open_search(*, person: Person, channel: str, by: Any, at: datetime, quarantine: Quarantine | None = None) -> Search:
    """The person's open search; begun when there is none."""
    search, is_new = Search.objects.get_or_create(
        person=person, status="open",
        defaults={
            "created_at": at, "channel": channel, "quarantine_id": quarantine.id if quarantine else None, "hint": quarantine.hint if quarantine else "",
        },
    )  # fmt: skip
    if is_new:
        journal.record("search.opened", by=by, at=at, subject="person", subject_id=person.id, search_id=search.id, channel=channel)
    return search


@transaction.atomic
def take_search(search: Search, *, by: User, at: datetime) -> Search:
    """Who takes it searches. Raises SearchClosed, NotFound."""
    fresh = _open(search)
    fresh.assigned_to = by
    fresh.save(update_fields=["assigned_to"])
    journal.record("search.taken", by=by, at=at, subject="person", subject_id=fresh.person_id, search_id=fresh.id)
    return fresh


@transaction.atomic
def close_search(
    search: Search, *, note: str, by: Any, at: datetime, kind: str = "", value: str = "", source: str = "skip_tracing"
) -> Search:
    """End a search with what it found: a new contact point, or nothing (`value` empty).

    note     where one looked and what came of it
    Raises   SearchClosed, SearchNote, BadContactPoint (also when what was found is in quarantine), NotFound
    """
    if len(note.strip()) < 5:
        raise SearchNote()
    fresh = _open(search)
    if value.strip():
        point = portfolio.save_contact_point(person=fresh.person, kind=kind, value=value, source=source, by=by, at=at)
        if point.status == "wrong_party":
            raise portfolio.BadContactPoint(reason="ese medio está en cuarentena: alguien dijo ahí que no es la persona.")
        fresh.found_point_id = point.id
    return _close(fresh, "found" if fresh.found_point_id else "none", note.strip(), by=by, at=at)


def end_search(person_id: UUID, *, result: str, note: str, by: Any, at: datetime) -> None:
    """The search that a release made needless ends with it."""
    found = Search.objects.select_for_update().filter(person_id=person_id, status="open").first()
    if found is not None:
        _close(found, result, note, by=by, at=at)


def _close(search: Search, result: str, note: str, *, by: Any, at: datetime) -> Search:
    search.status, search.result, search.note, search.closed_at, search.closed_by_id = "closed", result, note[:300], at, by.id
    search.save(update_fields=["status", "result", "note", "closed_at", "closed_by_id", "found_point_id"])
    journal.record("search.closed", by=by, at=at, subject="person", subject_id=search.person_id, search_id=search.id, result=result)
    return search


def _open(search: Search) -> Search:
    fresh: Search | None = Search.objects.select_for_update(of=("self",)).select_related("person").filter(id=search.id).first()
    if fresh is None:
        raise NotFound()
    if fresh.status != "open":
        raise SearchClosed()
    return fresh
