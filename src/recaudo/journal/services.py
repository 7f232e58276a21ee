"""Writes of the journal: record an event, seal what is unsealed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from recaudo.journal import anchors, merkle, queries, rolls, signing
from recaudo.journal.anchors import as_file as anchor_file
from recaudo.journal.chain import GENESIS, content_of, event_hash
from recaudo.journal.merkle import levels
from recaudo.journal.merkle import path as path_of
from recaudo.journal.models import Anchor, Event, SealedBatch, Verification
from recaudo.journal.rolls import Roll
from recaudo.journal.rolls import keep as keep_rolls
from recaudo.journal.signing import fingerprint, public_pem, sign
from recaudo.kernel.events import EVENTS
from recaudo.kernel.problems import Problem
from recaudo.store import tenancy

# What another context needs to prove that an event is under an anchor.
__all__ = [
    "SYSTEM", "Person", "Reaction", "Roll", "UnknownEvent", "anchor", "anchor_file", "ask_verification", "content_of", "fingerprint", "keep_file",
    "keep_rolls", "levels", "listen", "path_of", "public_pem", "record", "seal", "seal_rolls", "seals_between", "sign", "verify_on",
]  # fmt: skip

# What happens because something happened: event name -> functions, called in the transaction of the event. One dictionary,
# `flow/reactions.py: REACTIONS`, handed over at start, so that this floor does not look up.
Reaction = Callable[[Event], None]
_reactions: Mapping[str, Sequence[Reaction]] = {}

SEAL_BATCH = 5000
# Where each anchor's file is written, below the state folder.
KEPT = "anchors"


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
    event = _event(name, by, at, subject, subject_id, detail)
    event.save(force_insert=True)
    for reaction in _reactions.get(name, ()):
        reaction(event)
    return event


def record_many(
    name: str, *, by: Any, at: datetime, subject: str, rows: Sequence[tuple[UUID | None, Mapping[str, Any]]]
) -> list[Event]:
    """`record` for many subjects of one kind of event: (subject id, detail) each. One statement, then the reactions of each."""
    events: list[Event] = Event.objects.bulk_create(_event(name, by, at, subject, subject_id, detail) for subject_id, detail in rows)
    for event in events:
        for reaction in _reactions.get(name, ()):
            reaction(event)
    return events


def _event(name: str, by: Any, at: datetime, subject: str, subject_id: UUID | None, detail: Mapping[str, Any]) -> Event:
    if name not in EVENTS:
        raise UnknownEvent(name=name)
    return Event(
        created_at=at, name=name, by_id=by.id, by_name=by.name, agency_id=getattr(by, "agency_id", None), subject=subject, subject_id=subject_id,
        detail=json.loads(json.dumps(dict(detail), default=str)),
    )  # fmt: skip


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
def seal_rolls(*, at: datetime) -> dict[str, int]:
    """Seal the rows of every roll that are in no batch yet, and say so in the journal. Returns how many rows, by roll.

    One sealer at a time; writers never wait. Harmless to repeat. Nothing for an agency's people: they do not see every row.
    """
    if tenancy.agency_id() is not None:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 17))", [f"rolls:{tenancy.tenant_id()}"])
    return {roll.name: count for roll in rolls.kept() if (count := _seal_roll(roll, at=at))}


def _seal_roll(roll: rolls.Roll, *, at: datetime) -> int:
    before = SealedBatch.objects.filter(roll=roll.name).order_by("-number").only("number").first()
    newest = SealedBatch.objects.filter(roll=roll.name).order_by("-last_at").values_list("last_at", flat=True).first()
    first = number = before.number + 1 if before else 1
    roots, count = [], 0
    for rows in rolls.unsealed(roll, after=newest):
        found = [bytes(digest) for _, _, digest in rows]
        made = SealedBatch(
            created_at=at, roll=roll.name, number=number, first_at=rows[0][1], last_at=rows[-1][1], ids=[key for key, _, _ in rows],
            hints=b"".join(one[: rolls.HINT] for one in found), root=merkle.root(found),
        )  # fmt: skip
        made.save(force_insert=True)
        roots.append(made.root)
        number, count = number + 1, count + len(rows)
    if roots:
        record(rolls.EVENT, by=SYSTEM, at=at, roll=roll.name, first=first, last=number - 1, count=count, root=merkle.root(roots).hex())
    return count


@transaction.atomic
def anchor(*, at: datetime, by: Any = SYSTEM) -> Anchor | None:
    """Seal, then sign the head of the chain and the tree of what was sealed since the anchor before.

    None when nothing happened since. The file goes to the state folder too, once the transaction is committed; copy it to where the
    database's owner cannot reach it.
    """
    seal_rolls(at=at)
    seal(at=at)
    head = Event.objects.exclude(hash=None).exclude(chain_number=None).order_by("-chain_number").first()
    if head is None or Anchor.objects.filter(chain_number__gte=head.chain_number).exists():
        return None
    # What anchors without a signature covered, from before there were any, the first signed one covers too.
    before = Anchor.objects.filter(signature__isnull=False).order_by("-chain_number").first()
    first = before.chain_number + 1 if before else 1
    made = Anchor(
        tenant_id=tenancy.tenant_id(), chain_number=head.chain_number, hash=bytes(head.hash), created_at=at, first_number=first,
        merkle_root=merkle.root(seals_between(first, head.chain_number)), previous_digest=anchors.digest(before) if before else "",
        key_id=signing.fingerprint(),
    )  # fmt: skip
    made.signature = signing.sign(anchors.canonical(anchors.content(made)))
    made.save(force_insert=True)
    record("journal.anchored", by=by, at=at, chain_number=made.chain_number)
    transaction.on_commit(lambda: keep_file(made, settings.STATE / KEPT))
    return made


def seals_between(first: int, last: int) -> list[bytes]:
    """The seals of records first to last, in order."""
    found = Event.objects.filter(chain_number__gte=first, chain_number__lte=last).order_by("chain_number")
    return [bytes(one) for one in found.values_list("hash", flat=True)]


def keep_file(anchor: Anchor, folder: Path) -> Path:
    """Write an anchor's file into a folder, readable by the program alone. Returns its path."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / anchors.file_name(anchor)
    path.write_bytes(anchors.as_file(anchor))
    return path


@transaction.atomic
def ask_verification(*, by: Any, at: datetime) -> Verification:
    """Note that somebody wants the chain verified; `verify_on` or a job does it."""
    seal(at=at)
    return Verification.objects.create(created_at=at, by_id=by.id, by_name=by.name, total=queries.chain_state().sealed)


def verify_on(verification_id: UUID, *, by: Any, clock: Callable[[], datetime], tenant: UUID) -> Verification:
    """Do a verification that was asked for: short transactions, progress kept after each. Harmless to repeat.

    What stops it for another reason than a broken chain is raised, and the verification says that it failed.
    """
    try:
        return _verify_on(verification_id, by=by, clock=clock, tenant=tenant)
    except Exception:
        with tenancy.acting(tenant):
            Verification.objects.filter(id=verification_id).update(status="failed")
        raise


def _verify_on(verification_id: UUID, *, by: Any, clock: Callable[[], datetime], tenant: UUID) -> Verification:
    with tenancy.acting(tenant):
        outside = anchors.read(settings.STATE / KEPT, tenant=str(tenant))
        walk = queries.Walk(anchors.compared(outside), chunk=SEAL_BATCH * 4)
        Verification.objects.filter(id=verification_id).update(status="running", checked=0, outside_count=len(outside))
    more = True
    while more:
        with tenancy.acting(tenant):
            more = walk.step()
            Verification.objects.filter(id=verification_id).update(checked=walk.checked)
    with tenancy.acting(tenant):
        found, at = walk.found(), clock()
        row = Verification.objects.get(id=verification_id)
        row.status = "whole" if found.is_whole else "broken"
        row.checked, row.broken_number, row.broken_id = found.sealed, found.broken_number, found.broken_id
        row.reason, row.finished_at = found.reason_es[:300], at
        row.save()
        record(
            "journal.verified", by=by, at=at, is_whole=found.is_whole, sealed=found.sealed, broken_number=found.broken_number,
            outside=len(outside),
        )  # fmt: skip
    return row
