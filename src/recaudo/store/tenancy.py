"""Being inside one tenant. The database enforces it; this module tells the database who is asking.

Three settings live for one transaction, so a pooled connection never carries them over:
`recaudo.tenant` (uuid), `recaudo.agency` (uuid or empty: only what is placed with it is visible) and
`recaudo.identity` ('on' while a person signs in, when the tenant is not known yet).
Without a tenant every table answers with no rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from recaudo.kernel.problems import Problem


class NoTenant(Problem):
    code = "no_tenant"
    message = "No se indicó la organización en la que se trabaja."


@dataclass(frozen=True, slots=True)
class Acting:
    """Who is asking: a tenant and, for an agency's people, their agency."""

    tenant_id: UUID
    agency_id: UUID | None = None


_acting: ContextVar[Acting | None] = ContextVar("recaudo_acting", default=None)


def tenant_id() -> UUID:
    """The tenant of this transaction. Raises NoTenant."""
    acting = _acting.get()
    if acting is None:
        raise NoTenant()
    return acting.tenant_id


def agency_id() -> UUID | None:
    """The agency whose eyes we have, or None for the organisation's own people."""
    acting = _acting.get()
    return acting.agency_id if acting else None


def is_acting() -> bool:
    return _acting.get() is not None


@contextmanager
def acting(tenant: UUID, agency: UUID | None = None) -> Iterator[Acting]:
    """Work inside a tenant for one transaction (opens one, or joins the one that is open)."""
    before = _acting.get()
    now = Acting(tenant, agency)
    with transaction.atomic():
        token = _acting.set(now)
        try:
            _tell(now)
            yield now
        finally:
            _acting.reset(token)
            if connection.in_atomic_block and not connection.needs_rollback:
                _tell(before)


@contextmanager
def identifying() -> Iterator[None]:
    """While somebody signs in: the tables of users and invitations may be read across tenants, nothing else."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('recaudo.identity', true)")
        before = cursor.fetchone()[0] or ""
        cursor.execute("SELECT set_config('recaudo.identity', 'on', true)")
        try:
            yield
        finally:
            if not connection.needs_rollback:
                cursor.execute("SELECT set_config('recaudo.identity', %s, true)", [before])


def _tell(who: Acting | None) -> None:
    tenant = str(who.tenant_id) if who else ""
    agency = str(who.agency_id) if who and who.agency_id else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('recaudo.tenant', %s, true), set_config('recaudo.agency', %s, true)", [tenant, agency]
        )
