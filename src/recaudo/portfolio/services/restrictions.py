"""Restricting a person and lifting it. What it hides is said once, by the policies of the database (`store.operations.HideRestricted`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.portfolio.models import Person, Restriction
from recaudo.store import locks

LEVEL_ES: dict[str, str] = {"employee": "Empleado", "vip": "Persona VIP o expuesta", "litigious": "En litigio"}


class BadRestriction(Problem):
    code = "bad_restriction"
    message = "La reserva no se guardó: {reason}"


@transaction.atomic
def restrict_person(*, person: Person, level: str, reason: str, by: Any, at: datetime) -> Restriction:
    """Restrict a person, or change the level and reason of one who is.

    level   a key of LEVEL_ES; reason, in words, without identity data
    Raises  BadRestriction
    """
    if level not in LEVEL_ES:
        raise BadRestriction(reason=f"el nivel «{level}» no se conoce. Elija empleado, VIP o en litigio.")
    if not reason.strip():
        raise BadRestriction(reason="escriba el motivo.")
    locks.hold_person(person.id)
    said = {"level": level, "reason": reason.strip()[:200], "by_id": by.id, "by_name": by.name[:80], "batch_id": None}
    before = Restriction.objects.filter(person=person).values_list("level", flat=True).first()
    restriction: Restriction
    restriction, _ = Restriction.objects.update_or_create(person=person, defaults=said, create_defaults={**said, "created_at": at})
    journal.record(
        "restriction.set", by=by, at=at, subject="person", subject_id=person.id, level=level, before=before or "", reason=restriction.reason
    )
    return restriction


@transaction.atomic
def lift_restriction(*, person: Person, reason: str, by: Any, at: datetime) -> None:
    """Everybody with the ordinary rights sees the person again. A second time changes nothing. Raises BadRestriction."""
    if not reason.strip():
        raise BadRestriction(reason="escriba por qué se quita.")
    locks.hold_person(person.id)
    level = Restriction.objects.filter(person=person).values_list("level", flat=True).first()
    if level is not None:
        Restriction.objects.filter(person=person).delete()
        journal.record("restriction.lifted", by=by, at=at, subject="person", subject_id=person.id, level=level, reason=reason.strip()[:200])
