"""The prescription clock of an account: the lawbook's term, what interrupts it, and when the debt can no longer be claimed.

Rules are read by name from the lawbook of the person's place: `<PLACE>-PRESCRIPTION` (a deadline in months from the oldest unpaid due
day) and `<PLACE>-PRESCRIPTION-NO-CONTACT` (what is prescribed is not collected). Where there is no such rule the clock is not known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from recaudo.casework.models import InterruptingAct
from recaudo.engine import accrue
from recaudo.engine.comply import Pack, Rule
from recaudo.journal import services as journal
from recaudo.kernel.problems import NotFound, Problem
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account

ACT_ES: dict[str, str] = {
    "acknowledgment": "Reconoció la deuda por escrito", "lawsuit": "Demanda notificada", "payment": "Pago o abono", "other": "Otro acto",
}  # fmt: skip


class BadAct(Problem):
    code = "bad_interrupting_act"
    message = "El acto no se registró: {reason}"


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the prescription of a debt stands on a day.

    months         the term; None = the lawbook of the place has none: not known
    starts_on      the due day, or the last interruption after it; None when nothing is due
    prescribes_on  the first day on which it is prescribed
    blocks         what is prescribed is not collected there
    """

    months: int | None
    starts_on: date | None
    prescribes_on: date | None
    is_prescribed: bool
    blocks: bool
    rule: str = ""
    citation: str = ""
    confidence: str = ""


UNKNOWN = Clock(None, None, None, False, False)


def clock(pack: Pack, *, due_on: date | None, interrupted: Iterable[date], on: date) -> Clock:
    """The clock of one debt on a day. Pure: reads the pack and nothing else."""
    term = _rule(pack, "PRESCRIPTION")
    if term is None:
        return UNKNOWN
    says = pack.terms(term, on)
    if says is None or says.unit != "months" or not says.extra.get("n"):
        return UNKNOWN  # no term that is in force on that day
    months = int(says.extra["n"])
    acts = list(interrupted)
    ends = accrue.prescribes_on(due_on, acts, months)
    return Clock(
        months, accrue.starts_on(due_on, acts), ends, ends is not None and on >= ends, _rule(pack, "PRESCRIPTION-NO-CONTACT") is not None,
        term.id, term.citation, term.confidence,
    )  # fmt: skip


@transaction.atomic
def record_act(*, account: Account, kind: str, on: date, evidence: str, by: Any, at: datetime) -> InterruptingAct:
    """Something interrupted the prescription. Payments are known by themselves: this is for what only papers tell. Raises BadAct."""
    if kind not in ACT_ES:
        raise BadAct(reason="elija de qué acto se trata.")
    if on > portfolio.local_day(at):
        raise BadAct(reason="la fecha es futura.")
    if len(evidence.strip()) < 5:
        raise BadAct(reason="diga dónde está la prueba (expediente, documento, grabación).")
    act: InterruptingAct = InterruptingAct.objects.create(
        account_id=account.id, person_id=account.holder_id, kind=kind, on=on, evidence=evidence.strip()[:200], by_id=by.id, created_at=at
    )
    _record(act, "recorded", by, at)
    return act


@transaction.atomic
def withdraw_act(act: InterruptingAct, *, by: Any, at: datetime) -> InterruptingAct:
    """It was written by mistake; the line stays, crossed out. A second time changes nothing. Raises NotFound."""
    fresh: InterruptingAct | None = InterruptingAct.objects.select_for_update().filter(id=act.id).first()
    if fresh is None:
        raise NotFound()
    if fresh.withdrawn_at is None:
        fresh.withdrawn_at, fresh.withdrawn_by_id = at, by.id
        fresh.save(update_fields=["withdrawn_at", "withdrawn_by_id"])
        _record(fresh, "withdrawn", by, at)
    return fresh


def acts_of(account_id: UUID) -> list[InterruptingAct]:
    """What interrupted the prescription of an account, newest first, withdrawn ones too."""
    return list(InterruptingAct.objects.filter(account_id=account_id).order_by("-on", "-created_at"))


def _rule(pack: Pack, name: str) -> Rule | None:
    for document in pack.chain:
        rule = document.rules.get(f"{document.jurisdiction}-{name}")
        if rule is not None:
            return rule
    return None


def _record(act: InterruptingAct, step: str, by: Any, at: datetime) -> None:
    journal.record(
        "prescription.interrupted", by=by, at=at, subject="account", subject_id=act.account_id, act_id=act.id, kind=act.kind, on=act.on, step=step
    )
