"""Reads of the journal: the trail of a thing, the trail of the tenant, and whether the chain is whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from recaudo.journal.models import Anchor, Event
from recaudo.journal.services import GENESIS, event_hash
from recaudo.kernel.events import EVENTS


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


def trail(*, subject_id: UUID | None = None, name: str = "", by_id: UUID | None = None) -> QuerySet[Event]:
    """Events newest first, of one thing, one kind or one person of the staff."""
    events = Event.objects.order_by("-created_at", "-id")
    if subject_id:
        events = events.filter(subject_id=subject_id)
    if name:
        events = events.filter(name__startswith=name)
    if by_id:
        events = events.filter(by_id=by_id)
    return events


def title(event: Event) -> str:
    """The Spanish sentence of an event."""
    return EVENTS.get(event.name, event.name)


def verify() -> Verification:
    """Recompute the chain from the start and compare it with what is stored and with the anchors kept."""
    unsealed = Event.objects.filter(hash=None).count()
    anchors = {a.chain_number: bytes(a.hash) for a in Anchor.objects.all()}
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
