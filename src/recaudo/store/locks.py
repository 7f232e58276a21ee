"""Waiting for each other: advisory locks that end with the transaction.

Two locks make «it was stopped» mean something. Who decides about a person holds that person's lock; who hands a message over holds it
too, together with a share of the tenant's *traffic*. What stops many at once (the red button, a file of payments, a number in
quarantine) takes the traffic whole: when its transaction ends, nothing that it stops is still on its way.

Order, everywhere: persons by id, then traffic; rows after both, but for a file of payments, which nobody waits for while sending.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from recaudo.store import tenancy

PERSON, TRAFFIC = 11, 13


def hold_person(person_id: UUID) -> None:
    """Wait for and keep the person's lock until the transaction ends: one decision about a person at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", [f"person:{tenancy.tenant_id()}:{person_id}", PERSON])


def hold_persons(person_ids: Iterable[UUID]) -> None:
    """The locks of several persons, always in the order of their ids. One query."""
    keys = [f"person:{tenancy.tenant_id()}:{person_id}" for person_id in sorted(set(person_ids))]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(k, %s)) FROM unnest(%s::text[]) k", [PERSON, keys])


def share_traffic() -> None:
    """While this transaction lives, a stop of everything waits for it; many may share."""
    _traffic("pg_advisory_xact_lock_shared")


def stop_traffic() -> None:
    """Wait until nothing is being handed over, and let nothing begin before this transaction ends."""
    _traffic("pg_advisory_xact_lock")


def _traffic(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, %s))", [f"traffic:{tenancy.tenant_id()}", TRAFFIC])


def hold_free(person_ids: Iterable[UUID]) -> set[UUID]:
    """The locks of those persons whom nobody works now, without waiting; kept until the transaction ends. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p FROM unnest(%s::uuid[]) p WHERE pg_try_advisory_xact_lock(hashtextextended('person:' || %s || ':' || p, %s))",
            [sorted(set(person_ids)), str(tenancy.tenant_id()), PERSON],
        )
        return {row[0] for row in cursor.fetchall()}
