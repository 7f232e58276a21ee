"""The signed chain of what is decided over the law: one turn at a time, nothing added to a chain that does not verify."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection

from recaudo.kernel.problems import Problem
from recaudo.law import queries
from recaudo.law.models import LawChange, LawDecision
from recaudo.law.signing import GENESIS, sign
from recaudo.store import tenancy


class Untrusted(Problem):
    code = "law_changes_untrusted"
    message = "{trouble}"
    status = 409


def locked() -> list[LawChange]:
    """The acts, with the tenant's turn to write the next one. Raises Untrusted: nothing is added to a broken chain."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 13))", [f"law:{tenancy.tenant_id()}"])
    rows = queries.acts()
    if trouble := queries.trouble_of(rows):
        raise Untrusted(trouble=trouble)
    return rows


def append(rows: list[LawChange], row: LawChange) -> LawChange:
    """Sign an act after the others and write it."""
    row.number = len(rows) + 1
    sign(row, bytes(rows[-1].hash) if rows else GENESIS)
    row.save(force_insert=True)
    return row


def note_decision(decision: LawDecision, *, by: Any, at: datetime) -> LawChange:
    """Put the approval of a reading or a cap into the chain: from here on the gate compares it with the table. Raises Untrusted."""
    content = {"kind": queries.CHOICE, "name": decision.name, "choice": decision.choice, "proposed_by": str(decision.proposed_by_id)}
    return append(locked(), LawChange(act="decided", subject_id=decision.id, content=content, reason=decision.reason, by_id=by.id, created_at=at))
