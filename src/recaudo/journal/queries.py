"""Reads of the journal: the trail of a thing, the trail of the tenant, and whether the chain is whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from recaudo.journal import rolls
from recaudo.journal.anchors import is_signed
from recaudo.journal.chain import GENESIS, event_hash
from recaudo.journal.models import Anchor, Event, Verification
from recaudo.kernel.events import EVENTS

RECENT = 5000


@dataclass(frozen=True, slots=True)
class Found:
    """What verifying found. `broken_number` and `broken_id` name the first record that does not fit: an event, or a row of a roll.

    rows   of rolls, recomputed and found as they were sealed
    """

    sealed: int
    unsealed: int
    broken_number: int | None = None
    broken_id: UUID | None = None
    reason_es: str = ""
    rows: int = 0

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
    newest = Event.objects.order_by("-created_at")[:RECENT].values("by_id", "by_name", "created_at")
    # Grouped where the events are: a page does not carry thousands of rows to name a dozen people.
    with connection.cursor() as cursor:
        text, values = newest.query.sql_with_params()
        cursor.execute(f"SELECT by_id, (array_agg(by_name ORDER BY created_at DESC))[1] FROM ({text}) newest WHERE by_id IS NOT NULL GROUP BY by_id", values)
        found = dict(cursor.fetchall())
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


def anchors() -> QuerySet[Anchor]:
    """Newest first."""
    return Anchor.objects.order_by("-chain_number")


def verifications() -> QuerySet[Verification]:
    """What was asked for, newest first."""
    return Verification.objects.order_by("-created_at")


def verify(*, outside: Mapping[int, bytes] | None = None) -> Found:
    """Recompute the chain from the start and compare it with what is stored and with the anchors kept.

    outside  anchors kept where the owner of the database cannot reach: {number: hash}. Only they show that a whole chain,
             its anchors included, was removed or cut at its end.
    """
    walk = Walk(outside)
    while walk.step():
        pass
    return walk.found()


class Walk:
    """A verification in steps, so that a long chain can be checked in short transactions and say how far it is."""

    def __init__(self, outside: Mapping[int, bytes] | None = None, *, chunk: int = 5000) -> None:
        self.chunk = chunk
        self.checked = 0
        self.rows = 0
        self._whole_chain: bool | None = None
        self._rolls = (said for roll in rolls.kept() for said in rolls.check(roll))
        self.broken: Found | None = _unsigned_anchor()
        self._previous = GENESIS
        self._after: tuple[int, UUID] | None = None
        self._seen = 0
        self._anchors = {a.chain_number: bytes(a.hash) for a in Anchor.objects.all()}
        for number, digest in (outside or {}).items():
            if self._anchors.setdefault(number, digest) != digest and self.broken is None:
                self.broken = Found(0, 0, number, None, f"el ancla {number} guardada fuera no es la de la base")

    def step(self) -> bool:
        """Check some more; False when there is nothing left or something does not fit."""
        if self.broken is not None:
            return False
        events = Event.objects.exclude(hash=None).exclude(chain_number=None).order_by("chain_number", "id")
        if self._after:
            number, key = self._after
            events = events.filter(Q(chain_number__gt=number) | Q(chain_number=number, id__gt=key), chain_number__gte=number)
        rows = list(events[: self.chunk])
        for event in rows:
            self._check(event)
            if self.broken is not None:
                return False
        if rows:
            self._after = (rows[-1].chain_number, rows[-1].id)
            return True
        return self._step_roll()

    def _step_roll(self) -> bool:
        """The next batch of a roll: only once the chain, which says what it must be, was found whole."""
        if self._whole_chain is None:
            self._whole_chain = self._chain().is_whole
        if not self._whole_chain:
            return False
        said = next(self._rolls, None)
        if isinstance(said, rolls.Fault):
            self.broken = Found(0, 0, said.chain_number, said.row_id, said.reason_es)
            return False
        self.rows += said or 0
        return said is not None

    def found(self) -> Found:
        """The answer, once `step` said that there is no more."""
        return replace(self._chain(), rows=self.rows)

    def _chain(self) -> Found:
        unsealed = Event.objects.filter(hash=None).count()
        if self.broken is not None:
            return replace(self.broken, sealed=self.checked, unsealed=unsealed)
        if self._anchors:
            first = min(self._anchors)
            return Found(self.checked, unsealed, first, None, f"faltan registros sellados: el ancla {first} no tiene el suyo")
        stray = Event.objects.exclude(hash=None).filter(chain_number=None).first()
        if stray is not None:
            return Found(self.checked, unsealed, self.checked + 1, stray.id, "un registro sellado perdió su número")
        return Found(self.checked, unsealed)

    def _check(self, event: Event) -> None:
        number = self.checked = self.checked + 1
        computed = event_hash(self._previous, event, number)
        if event.chain_number != number:
            self._break(event, f"falta o se repite el registro {number}")
        elif computed != bytes(event.hash):
            self._break(event, "el contenido no corresponde a su sello")
        elif self._anchors.pop(number, computed) != computed:
            self._break(event, "el sello no corresponde al ancla guardada")
        self._previous = computed

    def _break(self, event: Event, reason: str) -> None:
        self.broken = Found(self.checked, 0, self.checked, event.id, reason)


def _unsigned_anchor() -> Found | None:
    """An anchor in the database that this installation did not sign. Those of before there were signatures come first, all of them."""
    signing_began = False
    for anchor in Anchor.objects.order_by("chain_number"):
        signing_began = signing_began or bool(anchor.signature)
        if signing_began and not is_signed(anchor):
            return Found(0, 0, anchor.chain_number, None, f"el ancla {anchor.chain_number} no lleva la firma de esta instalación")
    return None
