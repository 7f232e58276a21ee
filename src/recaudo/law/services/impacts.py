"""That somebody saw what a proposal would have changed: nobody approves without it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.law.models import LawImpact


class ImpactUnseen(Problem):
    code = "law_impact_unseen"
    message = "Antes de aprobar, vea qué habría cambiado en los contactos registrados: use «Ver qué cambiaría» en la propuesta."
    status = 409


@transaction.atomic
def note_impact(
    *, subject_id: UUID, from_on: date, until_on: date, action_count: int, now_refused: int, now_allowed: int, version_before: str,
    version_after: str, by: Any, at: datetime,
) -> LawImpact:  # fmt: skip
    """Write down that a person saw the effect of a proposal over recorded contacts.

    from_on, until_on  days replayed, the last one not included
    """
    impact = LawImpact.objects.create(
        subject_id=subject_id, seen_by_id=by.id, from_on=from_on, until_on=until_on, action_count=action_count, now_refused=now_refused,
        now_allowed=now_allowed, version_before=version_before[:16], version_after=version_after[:16], created_at=at,
    )  # fmt: skip
    journal.record(
        "law.changed", by=by, at=at, subject="law", subject_id=subject_id, step="seen", actions=action_count, now_refused=now_refused,
        now_allowed=now_allowed,
    )
    return impact


def require_seen(subject_id: UUID, *, by: Any) -> None:
    """Refuse who approves without having seen the effect. Raises ImpactUnseen."""
    if not LawImpact.objects.filter(subject_id=subject_id, seen_by_id=by.id).exists():
        raise ImpactUnseen()
