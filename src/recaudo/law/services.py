"""Writes: a choice over the lawbook is proposed by one person and approved by another."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.law import queries
from recaudo.law.models import LawDecision

CAP_MAXIMUM = 100


class UnknownChoice(Problem):
    code = "unknown_law_choice"
    message = "«{choice}» no es una opción de «{name}». Use una de: {options}."


class ReasonMissing(Problem):
    code = "law_reason_missing"
    message = "Escriba el fundamento de la decisión."


class SamePerson(Problem):
    code = "law_same_person"
    message = "Quien propone un cambio normativo no puede aprobarlo: pídalo a otra persona."
    status = 403


class AlreadyDecided(Problem):
    code = "law_already_decided"
    message = "Esta decisión ya fue aprobada o retirada."
    status = 409


@transaction.atomic
def propose(*, name: str, choice: str, reason: str, by: Any, at: datetime) -> LawDecision:
    """Propose a choice for a toggle or a house cap. Raises UnknownChoice, ReasonMissing."""
    _check(name, choice)
    if not reason.strip():
        raise ReasonMissing()
    decision = LawDecision.objects.create(name=name, choice=choice, reason=reason.strip(), proposed_by_id=by.id, created_at=at)
    journal.record("law.changed", by=by, at=at, subject="law", subject_id=decision.id, step="proposed", toggle=name, choice=choice)
    return decision


@transaction.atomic
def approve(decision: LawDecision, *, by: Any, at: datetime) -> LawDecision:
    """Put a proposal in force, by a second person. Raises SamePerson, AlreadyDecided."""
    fresh: LawDecision = LawDecision.objects.select_for_update().get(id=decision.id)
    if fresh.approved_at or fresh.withdrawn_at:
        raise AlreadyDecided()
    if fresh.proposed_by_id == by.id:
        raise SamePerson()
    fresh.approved_by_id, fresh.approved_at = by.id, at
    fresh.save(update_fields=["approved_by_id", "approved_at"])
    journal.record(
        "law.changed", by=by, at=at, subject="law", subject_id=fresh.id, step="approved", toggle=fresh.name, choice=fresh.choice
    )
    return fresh


@transaction.atomic
def withdraw(decision: LawDecision, *, by: Any, at: datetime) -> LawDecision:
    """Take a choice back; the one before it, or the strict default, counts again. Raises AlreadyDecided."""
    fresh: LawDecision = LawDecision.objects.select_for_update().get(id=decision.id)
    if fresh.withdrawn_at:
        raise AlreadyDecided()
    fresh.withdrawn_at = at
    fresh.save(update_fields=["withdrawn_at"])
    journal.record(
        "law.changed", by=by, at=at, subject="law", subject_id=fresh.id, step="withdrawn", toggle=fresh.name, choice=fresh.choice
    )
    return fresh


def _check(name: str, choice: str) -> None:
    if name in queries.HOUSE_DEFAULTS:
        if choice != queries.OFF and not (choice.isdigit() and 1 <= int(choice) <= CAP_MAXIMUM):
            raise UnknownChoice(name=name, choice=choice, options=f"off, o un entero de 1 a {CAP_MAXIMUM}")
        return
    options = queries.toggle_options().get(name, ())
    if choice not in options:
        raise UnknownChoice(name=name, choice=choice, options=", ".join(options) or "ninguna: la opción no existe")
