"""Writes: a choice over the lawbook is proposed by one person and approved by another."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from recaudo.engine.comply.lint import FURTHEST_DAYS
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.law import queries
from recaudo.law.models import LawDecision
from recaudo.law.services import acts
from recaudo.law.services.impacts import require_seen
from recaudo.law.signing import decision_signature

CAP_MAXIMUM = 100
PERIOD_MAXIMUM_DAYS = FURTHEST_DAYS
REASON_MINIMUM = 10


class UnknownChoice(Problem):
    code = "unknown_law_choice"
    message = "«{choice}» no es una opción de «{name}». Use una de: {options}."


class ReasonMissing(Problem):
    code = "law_reason_missing"
    message = "Escriba el fundamento de la decisión, con {least} letras o más: quedará en la bitácora."


class SamePerson(Problem):
    code = "law_same_person"
    message = "Quien propone un cambio normativo no puede aprobarlo: pídalo a otra persona."
    status = 403


class AlreadyDecided(Problem):
    code = "law_already_decided"
    message = "Esta decisión ya fue aprobada o retirada."
    status = 409


class NothingToChange(Problem):
    code = "law_nothing_to_change"
    message = "Esa opción ya está en vigor: no hay nada que proponer."


class AlreadyProposed(Problem):
    code = "law_already_proposed"
    message = "Ya hay una propuesta sin decidir sobre «{name}». Apruébela o retírela antes de proponer otra."
    status = 409


class InForce(Problem):
    code = "law_in_force"
    message = "Una decisión aprobada no se retira: proponga otra opción y que la apruebe otra persona."
    status = 409


@transaction.atomic
def propose(*, name: str, choice: str, reason: str, by: Any, at: datetime) -> LawDecision:
    """Propose a choice for a toggle or a house cap: it changes nothing until another person approves it.

    choice  an option of the toggle (`default` = the strict reading), or for a cap a number of contacts or days, or `off`
    Raises  UnknownChoice, ReasonMissing, NothingToChange, AlreadyProposed
    """
    _check(name, choice)
    if len(reason.strip()) < REASON_MINIMUM:
        raise ReasonMissing(least=REASON_MINIMUM)
    if queries.decisions().get(name, queries.standing(name)) == choice:
        raise NothingToChange()
    if LawDecision.objects.filter(name=name, approved_at=None, withdrawn_at=None).exists():
        raise AlreadyProposed(name=name)
    decision = LawDecision.objects.create(name=name, choice=choice, reason=reason.strip(), proposed_by_id=by.id, created_at=at)
    journal.record("law.changed", by=by, at=at, subject="law", subject_id=decision.id, step="proposed", toggle=name, choice=choice)
    return decision


@transaction.atomic
def approve(decision: LawDecision, *, by: Any, at: datetime) -> LawDecision:
    """Put a proposal in force, by a second person who saw what it changes; the next question to the gate obeys it.

    Raises SamePerson, AlreadyDecided, ImpactUnseen, UnknownChoice (the lawbook no longer has the option), Untrusted
    """
    fresh: LawDecision = LawDecision.objects.select_for_update().get(id=decision.id)
    if fresh.approved_at or fresh.withdrawn_at:
        raise AlreadyDecided()
    if fresh.proposed_by_id == by.id:
        raise SamePerson()
    _check(fresh.name, fresh.choice)
    require_seen(fresh.id, by=by)
    fresh.approved_by_id, fresh.approved_at = by.id, at
    fresh.signature = decision_signature(fresh)
    fresh.save(update_fields=["approved_by_id", "approved_at", "signature"])
    acts.note_decision(fresh, by=by, at=at)
    journal.record(
        "law.changed", by=by, at=at, subject="law", subject_id=fresh.id, step="approved", toggle=fresh.name, choice=fresh.choice
    )
    return fresh


@transaction.atomic
def withdraw(decision: LawDecision, *, by: Any, at: datetime) -> LawDecision:
    """Take back a proposal that nobody approved. What is in force only changes by another proposal, with two people.

    Raises AlreadyDecided, InForce
    """
    fresh: LawDecision = LawDecision.objects.select_for_update().get(id=decision.id)
    if fresh.withdrawn_at:
        raise AlreadyDecided()
    if fresh.approved_at:
        raise InForce()
    fresh.withdrawn_at = at
    fresh.save(update_fields=["withdrawn_at"])
    journal.record(
        "law.changed", by=by, at=at, subject="law", subject_id=fresh.id, step="withdrawn", toggle=fresh.name, choice=fresh.choice
    )
    return fresh


def _check(name: str, choice: str) -> None:
    if name in queries.HOUSE_DEFAULTS:
        is_period = name == "house.period_days"
        most = PERIOD_MAXIMUM_DAYS if is_period else CAP_MAXIMUM
        is_number = choice.isascii() and choice.isdigit() and 1 <= int(choice) <= most
        if not is_number and (is_period or choice != queries.OFF):
            raise UnknownChoice(name=name, choice=choice, options=f"un entero de 1 a {most}" + ("" if is_period else ", u off para no tener tope"))
        return
    options = queries.toggle_options().get(name, ())
    if choice not in options:
        raise UnknownChoice(name=name, choice=choice, options=", ".join(options) or "ninguna: la opción no existe")
