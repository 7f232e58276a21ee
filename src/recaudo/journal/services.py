"""Writes of the journal: record an event, seal what is unsealed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import connection, transaction

from recaudo.journal.chain import GENESIS, event_hash
from recaudo.journal.models import Anchor, Event
from recaudo.kernel.events import EVENTS
from recaudo.kernel.problems import Problem
from recaudo.store import tenancy

# What happens because something happened: event name -> functions, called in the transaction of the event. One dictionary,
# `flow/reactions.py: REACTIONS`, handed over at start, so that this floor does not look up.
Reaction = Callable[[Event], None]
_reactions: Mapping[str, Sequence[Reaction]] = {}

SEAL_BATCH = 5000


class UnknownEvent(Problem):
    code = "unknown_event"
    message = "El evento «{name}» no está en el catálogo."
    status = 500


class Person(Protocol):
    """Whoever acts: a user, or `SYSTEM`."""

    id: Any
    name: str


class _System:
    """The product itself, acting by its schedule."""

    id: UUID | None = None
    name = "recaudo"
    agency_id: UUID | None = None


SYSTEM = _System()


def listen(reactions: Mapping[str, Sequence[Reaction]]) -> None:
    """Take the dictionary of reactions. Raises UnknownEvent for a name that cannot happen."""
    for name in reactions:
        if name not in EVENTS:
            raise UnknownEvent(name=name)
    global _reactions
    _reactions = reactions


def record(
    name: str, *, by: Any, at: datetime, subject: str = "", subject_id: UUID | None = None, **detail: Any
) -> Event:
    """Write one event in the transaction that causes it.

    name     a key of kernel.events.EVENTS
    by       the user who acts, or SYSTEM
    detail   codes, counts, ids; no personal data
    Raises   UnknownEvent; NoTenant
    """
    if name not in EVENTS:
        raise UnknownEvent(name=name)
    event = Event.objects.create(
        created_at=at,
        name=name,
        by_id=by.id,
        by_name=by.name,
        agency_id=getattr(by, "agency_id", None),
        subject=subject,
        subject_id=subject_id,
        detail=json.loads(json.dumps(detail, default=str)),
    )
    for reaction in _reactions.get(name, ()):
        reaction(event)
    return event


@transaction.atomic
def seal(*, at: datetime) -> int:
    """Chain every unsealed event of the tenant, oldest first. Returns how many were sealed.

    One sealer at a time (advisory lock); writers never wait. Events become visible only when their transaction
    commits, so the order of the chain is the order of sealing, not of the clock.
    """
    tenant = tenancy.tenant_id()
    sealed = 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", [f"seal:{tenant}"])
        cursor.execute("SELECT number, hash FROM recaudo_chain_head(%s)", [tenant])
        row = cursor.fetchone()
        number, previous = (row[0], bytes(row[1])) if row and row[0] is not None else (0, GENESIS)
        while batch := list(Event.objects.filter(hash=None).order_by("id")[:SEAL_BATCH]):
            rows = []
            for event in batch:
                number += 1
                previous = event_hash(previous, event, number)
                rows.append((event.id, event.created_at, number, previous))
            cursor.execute(
                "SELECT recaudo_seal(%s::uuid[], %s::timestamptz[], %s::bigint[], %s::bytea[])",
                [[r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows], [r[3] for r in rows]],
            )
            sealed += len(batch)
    return sealed


@transaction.atomic
def anchor(*, at: datetime) -> Anchor | None:
    """Seal, then keep the head of the chain. Export the result to where the database's owner cannot reach it."""
    seal(at=at)
    head = Event.objects.exclude(hash=None).order_by("-chain_number").first()
    if head is None or Anchor.objects.filter(chain_number=head.chain_number).exists():
        return None
    return Anchor.objects.create(chain_number=head.chain_number, hash=head.hash, created_at=at)
