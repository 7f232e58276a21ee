"""Rolls: tables of other contexts whose rows are never changed, sealed by batches into the chain of the journal.

A *roll* is such a table; a *batch* up to BATCH of its rows with the root of a Merkle tree (journal/merkle.py) over their digests; an
event `rolls.sealed` says, in the chain, which batches were made and the root over their roots. So one altered, missing or added row of
a million is found by recomputing, and named. A digest is the SHA-256 of the row's columns, each as `<bytes>:<text>` (`-` for nothing).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, models

from recaudo.journal import merkle
from recaudo.journal.models import Event, SealedBatch
from recaudo.store import tenancy

BATCH = 4096
HINT = 8
# A row is committed at most this long after the instant it carries: one that is older and in no batch was added by another way.
SLACK = timedelta(hours=2)
EVENT = "rolls.sealed"


@dataclass(frozen=True, slots=True)
class Roll:
    """A table to seal.

    when     the column with the instant by which rows are ordered; it never changes
    unsaid   columns that may be emptied later (what removal takes away); their digests stand in other columns
    """

    name: str
    model: type[models.Model]
    name_es: str
    when: str = "created_at"
    unsaid: frozenset[str] = frozenset()

    @property
    def table(self) -> str:
        return str(self.model._meta.db_table)

    @property
    def columns(self) -> list[str]:
        """The columns of a digest, in order of name."""
        return sorted(field.column for field in self.model._meta.concrete_fields if field.column not in self.unsaid)

    def texts(self) -> list[str]:
        """SQL of each column as text, of row `r`: instants in UTC to the microsecond, bytes in hexadecimal."""
        kinds = {field.column: field for field in self.model._meta.concrete_fields}
        return [_text(name, kinds[name]) for name in self.columns]

    def digest(self) -> str:
        """SQL of the digest of row `r`."""
        parts = " || ".join(f"coalesce(octet_length({text}) || ':' || {text}, '-')" for text in self.texts())
        return f"sha256(convert_to({parts}, 'UTF8'))"


@dataclass(frozen=True, slots=True)
class Fault:
    """What does not fit, in Spanish, with the row where one can be named and the number in the chain of what sealed it."""

    roll: str
    row_id: UUID | None
    chain_number: int
    reason_es: str


_rolls: tuple[Roll, ...] = ()

# Of the rows of a time, those in no batch. EXCEPT is worked out as a set: an anti-join is planned as a loop where the batches are new.
_IN_NO_BATCH = """SELECT r.id FROM {table} r WHERE r.tenant_id = %(tenant)s AND r.{when} {period} EXCEPT
  SELECT unnest(b.ids) FROM journal_sealedbatch b WHERE b.tenant_id = %(tenant)s AND b.roll = %(roll)s"""


def keep(rolls: Sequence[Roll]) -> None:
    """Take the list of rolls, handed over at start by the floor that knows their tables."""
    global _rolls
    _rolls = tuple(rolls)


def kept() -> tuple[Roll, ...]:
    return _rolls


def unsealed(roll: Roll, *, after: Any) -> Iterator[list[tuple[UUID, Any, bytes]]]:
    """Rows in no batch, in order, BATCH at a time: (id, instant, digest). `after`: the newest instant sealed, None for nothing yet.

    One pass over what is newer than `after` less SLACK, read through a cursor of the server: memory does not grow with the rows.
    """
    values = {"tenant": tenancy.tenant_id(), "roll": roll.name, "since": after - SLACK if after else None}
    newer = _IN_NO_BATCH.format(table=roll.table, when=roll.when, period=">= %(since)s") + " AND b.last_at >= %(since)s"
    fresh = f"JOIN ({newer}) f ON f.id = r.id" if after else ""
    with connection.connection.cursor(name="roll") as cursor:
        cursor.itersize = BATCH
        cursor.execute(
            f"SELECT r.id, r.{roll.when}, {roll.digest()} FROM {roll.table} r {fresh} WHERE r.tenant_id = %(tenant)s ORDER BY r.{roll.when}, r.id", values
        )
        while rows := cursor.fetchmany(BATCH):
            yield rows


def digests(roll: Roll, ids: Sequence[UUID]) -> list[bytes | None]:
    """The digests of rows as they are now, in the order asked; None for one that is gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {roll.digest()} FROM unnest(%s::uuid[]) WITH ORDINALITY w(id, n) LEFT JOIN {roll.table} r ON r.id = w.id AND r.tenant_id = %s ORDER BY w.n",
            [list(ids), tenancy.tenant_id()],
        )
        found = [None if row[0] is None else bytes(row[0]) for row in cursor.fetchall()]
    nothing = _of_nothing(roll)
    return [None if one == nothing else one for one in found]


def check(roll: Roll) -> Iterator[Fault | int]:
    """Recompute a roll: how many rows of each batch fit, then the first fault, if any. Call on a chain that was verified.

    Each step reads one batch: it may be a transaction of its own.
    """
    told = list(Event.objects.filter(name=EVENT, detail__roll=roll.name, chain_number__isnull=False).order_by("chain_number"))
    expected = 1
    for event in told:
        said, roots = event.detail, []
        for number in range(said["first"], said["last"] + 1):
            batch = SealedBatch.objects.filter(roll=roll.name, number=number).first()
            if batch is None or number != expected:
                yield Fault(roll.name, None, event.chain_number, f"falta el lote {expected} de {roll.name_es}")
                return
            expected += 1
            if (fault := _fault_of(roll, batch, event.chain_number)) is not None:
                yield fault
                return
            roots.append(bytes(batch.root))
            yield len(batch.ids)
        if merkle.root(roots).hex() != said["root"]:
            yield Fault(roll.name, None, event.chain_number, f"los lotes {said['first']} a {said['last']} de {roll.name_es} no dan la raíz que está en la cadena")
            return
    last = told[-1] if told else None
    waiting = Event.objects.filter(name=EVENT, detail__roll=roll.name, chain_number=None).exists()
    if not waiting and SealedBatch.objects.filter(roll=roll.name, number__gte=expected).exists():
        yield Fault(roll.name, None, last.chain_number if last else 0, f"el lote {expected} de {roll.name_es} no está en la cadena")
        return
    if last is not None and (stranger := _stranger(roll)) is not None:
        yield Fault(roll.name, stranger, last.chain_number, f"{roll.name_es}: el registro {stranger} se agregó después de sellar los de su hora")


def _fault_of(roll: Roll, batch: SealedBatch, chain_number: int) -> Fault | None:
    now = digests(roll, batch.ids)
    hints = bytes(batch.hints)
    for place, (row_id, digest) in enumerate(zip(batch.ids, now, strict=True)):
        if digest is None:
            return Fault(roll.name, row_id, chain_number, f"{roll.name_es}: falta el registro {row_id}")
        if digest[:HINT] != hints[place * HINT : (place + 1) * HINT]:
            return Fault(roll.name, row_id, chain_number, f"{roll.name_es}: el registro {row_id} fue alterado")
    if merkle.root([one for one in now if one is not None]) != bytes(batch.root):
        return Fault(roll.name, None, chain_number, f"{roll.name_es}: un registro del lote {batch.number} fue alterado, y con él la lista del lote")
    return None


def _stranger(roll: Roll) -> UUID | None:
    """The first row that is older than what is sealed and in no batch."""
    newest = SealedBatch.objects.filter(roll=roll.name).order_by("-number").values_list("last_at", flat=True).first()
    with connection.cursor() as cursor:
        cursor.execute(
            _IN_NO_BATCH.format(table=roll.table, when=roll.when, period="< %(mark)s") + " LIMIT 1",
            {"tenant": tenancy.tenant_id(), "roll": roll.name, "mark": newest - SLACK},
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _of_nothing(roll: Roll) -> bytes:
    """The digest of a row whose every column is nothing: what an outer join gives for one that is gone."""
    return hashlib.sha256(b"-" * len(roll.columns)).digest()


def _text(name: str, field: models.Field) -> str:  # type: ignore[type-arg]
    if isinstance(field, models.DateTimeField):
        return f"to_char(r.\"{name}\" AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    if isinstance(field, models.BinaryField):
        return f"encode(r.\"{name}\", 'hex')"
    return f'r."{name}"::text'
