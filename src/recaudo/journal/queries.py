"""Reads of the journal: the trail of a thing, the trail of the tenant, and whether the chain is whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from recaudo.journal.chain import GENESIS, event_hash
from recaudo.journal.models import Anchor, Event
from recaudo.kernel.events import EVENTS

RECENT = 5000


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying found. `broken_number` and `broken_id` name the first record that does not fit."""

    sealed: int
    unsealed: int
    broken_number: int | None = None
    broken_id: UUID | None = None
    reason_es: str = ""

    @property
    def is_whole(self) -> bool:
        return self.broken_number is None


@dataclass(frozen=True, slots=True)
class ChainState:
    """How far the chain reaches, without recomputing it: events sealed and waiting, the last anchor."""

    sealed: int
    unsealed: int
    anchored_number: int | None
    anchored_at: datetime | None


def trail(
    *,
    subject_id: UUID | None = None,
    name: str = "",
    by_id: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Event]:
    """Events newest first, of one thing, one kind ("user." is all of that area), one person of the staff, [since, until)."""
    events = Event.objects.order_by("-created_at", "-id")
    if subject_id:
        events = events.filter(subject_id=subject_id)
    if name:
        events = events.filter(name__startswith=name)
    if by_id:
        events = events.filter(by_id=by_id)
    if since:
        events = events.filter(created_at__gte=since)
    if until:
        events = events.filter(created_at__lt=until)
    return events


def before(events: QuerySet[Event], *, at: datetime, event_id: UUID) -> QuerySet[Event]:
    """Those older than an event, for the next page: no counting, whatever the size of the journal."""
    return events.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=event_id))


def actors(*, also: UUID | None = None) -> list[tuple[UUID, str]]:
    """Whoever did something among the newest events, by name; `also` is kept in the list however long ago it acted."""
    newest = Event.objects.order_by("-created_at")[:RECENT].values_list("by_id", "by_name")
    found = {by_id: name for by_id, name in reversed(newest) if by_id}
    if also and also not in found:
        last = Event.objects.filter(by_id=also).order_by("-created_at").values_list("by_name", flat=True).first()
        found |= {also: last} if last else {}
    return sorted(found.items(), key=lambda row: row[1].casefold())


def chain_state() -> ChainState:
    head = Event.objects.exclude(chain_number=None).order_by("-chain_number").values_list("chain_number", flat=True).first()
    anchor = Anchor.objects.order_by("-chain_number").first()
    return ChainState(
        sealed=head or 0,
        unsealed=Event.objects.filter(hash=None).count(),
        anchored_number=anchor.chain_number if anchor else None,
        anchored_at=anchor.created_at if anchor else None,
    )


def title(event: Event) -> str:
    """The Spanish sentence of an event."""
    return EVENTS.get(event.name, event.name)


def last_anchor() -> Anchor | None:
    return Anchor.objects.order_by("-chain_number").first()


def verify(*, outside: Mapping[int, bytes] | None = None) -> Verification:
    """Recompute the chain from the start and compare it with what is stored and with the anchors kept.

    outside  anchors kept where the owner of the database cannot reach: {number: hash}. Only they show that a whole chain,
             its anchors included, was written anew.
    """
    unsealed = Event.objects.filter(hash=None).count()
    anchors = {a.chain_number: bytes(a.hash) for a in Anchor.objects.all()} | dict(outside or {})
    previous, expected = GENESIS, 0
    for event in _chain():
        expected += 1
        if event.chain_number != expected:
            return Verification(expected, unsealed, expected, event.id, f"falta o se repite el registro {expected}")
        computed = event_hash(previous, event, expected)
        if computed != bytes(event.hash):
            return Verification(expected, unsealed, expected, event.id, "el contenido no corresponde a su sello")
        if expected in anchors and anchors.pop(expected) != computed:
            return Verification(expected, unsealed, expected, event.id, "el sello no corresponde al ancla guardada")
        previous = computed
    if anchors:
        first = min(anchors)
        return Verification(expected, unsealed, first, None, f"faltan registros sellados: el ancla {first} no tiene el suyo")
    return Verification(expected, unsealed)


def _chain() -> Iterator[Event]:
    return Event.objects.exclude(hash=None).order_by("chain_number", "id").iterator(chunk_size=5000)
