"""Exceptional events decided by two people, and the accounts marked as affected: with proof, or on their word for a time.

Nothing here changes how an account is treated: the facts `affected_by_event` and `event_evidence` do, in the tables of the strategy.
An account that nobody marked stays in its regular treatment, and so does one whose word was never followed by a proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from recaudo.engine.facts import EVENT_EVIDENCE_ES
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.portfolio.models import Account, Creditor, EventMark, ExceptionalEvent, Portfolio
from recaudo.portfolio.queries.exceptional import CLAIMED, covered
from recaudo.portfolio.services.calendar import local_day

EVENT_KIND_ES: dict[str, str] = {
    "catastrophe": "Catástrofe natural", "pandemic": "Emergencia sanitaria", "strike": "Huelga o paro", "other": "Otro suceso",
}  # fmt: skip
EVIDENCE_ES = EVENT_EVIDENCE_ES
LIST_LINES = 2000


class BadEvent(Problem):
    code = "exceptional_event_bad"
    message = "El suceso no se guardó: {reason}"


class SamePersonApproves(Problem):
    code = "exceptional_event_same_person"
    message = "Quien propuso el suceso no puede aprobarlo: pídalo a otra persona."
    status = 403


class AlreadyDecided(Problem):
    code = "exceptional_event_decided"
    message = "Este suceso ya fue resuelto."
    status = 409


class BadMark(Problem):
    code = "event_mark_bad"
    message = "La cuenta no se marcó: {reason}"


@dataclass(frozen=True, slots=True)
class Listed:
    """What became of a pasted list: how many were marked, and the refused lines as (line number, text, reason)."""

    marked: int
    refused: tuple[tuple[int, str, str], ...]


@transaction.atomic
def propose_event(
    *, name: str, kind: str, from_on: date, until_on: date | None, declared_by: str, claim_days: int, by: Any, at: datetime, country: str = "",
    subdivision: str = "", creditor: Creditor | None = None, portfolio: Portfolio | None = None,
) -> ExceptionalEvent:  # fmt: skip
    """Write an event down; it counts when another person approves it. The fields are those of the model.

    Raises  BadEvent
    """
    if not name.strip() or not declared_by.strip() or kind not in EVENT_KIND_ES:
        raise BadEvent(reason="escriba su nombre, su clase y quién lo declaró.")
    if until_on is not None and until_on < from_on:
        raise BadEvent(reason="termina antes de empezar; corrija las fechas.")
    if not 1 <= claim_days <= 365:
        raise BadEvent(reason="el plazo sin prueba va de 1 a 365 días.")
    if portfolio is not None and creditor is not None and portfolio.creditor_id != creditor.id:
        raise BadEvent(reason="esa cartera es de otro acreedor; elija sólo uno de los dos.")
    if subdivision and not country:
        raise BadEvent(reason="elija el país de esa entidad.")
    event: ExceptionalEvent = ExceptionalEvent.objects.create(
        name=name.strip(), kind=kind, country=country, subdivision=subdivision.strip().upper(), creditor=creditor, portfolio=portfolio, from_on=from_on,
        until_on=until_on, declared_by=declared_by.strip(), claim_days=claim_days, proposed_by_id=by.id, created_at=at,
    )  # fmt: skip
    _record("exceptional_event.proposed", event, by, at, from_on=from_on, until_on=until_on, claim_days=claim_days)
    return event


@transaction.atomic
def approve_event(event: ExceptionalEvent, *, by: Any, at: datetime) -> ExceptionalEvent:
    """Let an event count. Raises SamePersonApproves, AlreadyDecided."""
    fresh = _waiting(event)
    if fresh.proposed_by_id == by.id:
        raise SamePersonApproves()
    return _decided(fresh, True, "", by, at)


@transaction.atomic
def reject_event(event: ExceptionalEvent, *, answer: str, by: Any, at: datetime) -> ExceptionalEvent:
    """Refuse an event, or take one's own proposal back. Raises BadEvent, AlreadyDecided."""
    if not answer.strip():
        raise BadEvent(reason="escriba por qué no procede.")
    return _decided(_waiting(event), False, answer.strip(), by, at)


@transaction.atomic
def end_event(event: ExceptionalEvent, *, on: date, by: Any, at: datetime) -> ExceptionalEvent:
    """Say the last day on which an approved event counts. Raises BadEvent."""
    fresh: ExceptionalEvent = ExceptionalEvent.objects.select_for_update(of=("self",)).get(id=event.id)
    if not fresh.is_approved or on < fresh.from_on:
        raise BadEvent(reason="sólo termina un suceso aprobado, y no antes de haber empezado.")
    fresh.until_on = on
    fresh.save(update_fields=["until_on"])
    _record("exceptional_event.ended", fresh, by, at, until_on=on)
    return fresh


@transaction.atomic
def mark_affected(event: ExceptionalEvent, *, account: Account, evidence_kind: str, evidence: str, by: Any, at: datetime) -> EventMark:
    """Mark an account as affected, or give the proof of what was only claimed.

    evidence_kind   a key of EVIDENCE_ES; `claimed` counts for the event's claim_days, once
    evidence        where the proof lies, without identity data
    Raises          BadMark
    """
    on = local_day(at)
    _usable(event, on)
    if not covered(event).filter(id=account.id).exists():
        raise BadMark(reason="el suceso no alcanza a esta cuenta por su lugar, acreedor o cartera.")
    earlier = EventMark.objects.select_for_update(of=("self",)).filter(event=event, account=account).order_by("-created_at").first()
    if reason := _refusal(evidence_kind, evidence, earlier):
        raise BadMark(reason=reason)
    if earlier is not None and earlier.withdrawn_at is None:
        earlier.evidence_kind, earlier.evidence, earlier.expires_on = evidence_kind, evidence.strip()[:200], None
        earlier.by_id, earlier.by_name = by.id, by.name[:80]
        earlier.save(update_fields=["evidence_kind", "evidence", "expires_on", "by_id", "by_name"])
        _record_mark("event_mark.proved", earlier, by, at)
        return earlier
    try:
        with transaction.atomic():
            made = _mark(event, account.id, evidence_kind, evidence, on, by, at)
            made.save(force_insert=True)
    except IntegrityError:
        raise BadMark(reason="alguien la marcó en este momento; vuelva a abrir la cuenta.") from None
    _record_mark("event_mark.added", made, by, at)
    return made


@transaction.atomic
def mark_listed(event: ExceptionalEvent, *, text: str, by: Any, at: datetime) -> Listed:
    """Mark the accounts of a pasted list: a line each, `number;kind;reference`, the kind a key of EVIDENCE_ES or its Spanish name.

    Good lines are marked, the others come back with their reason.
    Raises  BadMark when the event cannot be used or the list is too long
    """
    on = local_day(at)
    _usable(event, on)
    lines = [(place, line.strip()) for place, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines or len(lines) > LIST_LINES:
        raise BadMark(reason=f"pegue de 1 a {LIST_LINES} renglones; hay {len(lines)}.")
    parts = {place: [part.strip() for part in line.replace("\t", ";").split(";")] for place, line in lines}
    found: dict[str, list[UUID]] = {}
    for number, key in covered(event).filter(number__in={part[0] for part in parts.values()}).values_list("number", "id"):
        found.setdefault(number, []).append(key)
    earlier = {mark.account_id: mark for mark in EventMark.objects.filter(event=event, account_id__in=[key for keys in found.values() for key in keys]).order_by("created_at")}
    made: dict[UUID, EventMark] = {}
    refused = []
    for place, line in lines:
        number, said, reference = (*parts[place], "", "")[:3]
        kind = KIND_OF.get(said.casefold(), said)
        keys = found.get(number, [])
        reason = (
            "no hay una cuenta con ese número dentro del suceso y a su alcance." if not keys
            else "hay varias cuentas con ese número; márquela desde su página." if len(keys) > 1
            else "está dos veces en la lista." if keys[0] in made
            else "ya está marcada; dé la prueba desde su página." if (before := earlier.get(keys[0])) and before.withdrawn_at is None
            else _refusal(kind, reference, earlier.get(keys[0]))
        )  # fmt: skip
        if reason:
            refused.append((place, line[:120], reason))
        else:
            made[keys[0]] = _mark(event, keys[0], kind, reference, on, by, at)
    EventMark.objects.bulk_create(made.values(), batch_size=500)
    if made:
        _record("event_mark.listed", event, by, at, accounts=len(made), refused=len(refused))
    return Listed(len(made), tuple(refused))


@transaction.atomic
def withdraw_mark(mark: EventMark, *, reason: str, by: Any, at: datetime) -> EventMark:
    """Say that an account was not affected after all. Raises BadMark."""
    fresh: EventMark = EventMark.objects.select_for_update(of=("self",)).get(id=mark.id)
    if fresh.withdrawn_at is not None or not reason.strip():
        raise BadMark(reason="escriba el motivo; y una marca sólo se retira una vez.")
    fresh.withdrawn_at, fresh.withdrawn_why = at, reason.strip()[:200]
    fresh.save(update_fields=["withdrawn_at", "withdrawn_why"])
    _record_mark("event_mark.withdrawn", fresh, by, at)
    return fresh


KIND_OF = {name.casefold(): code for code, name in EVIDENCE_ES.items()}


def _refusal(kind: str, evidence: str, earlier: EventMark | None) -> str:
    """Why a mark cannot be made or proved; empty when it can. What was said once is not said again: then it takes a proof."""
    if kind not in EVIDENCE_ES:
        return f"«{kind[:30]}» no es una clase de prueba; use: {', '.join(EVIDENCE_ES.values())}."
    if kind == CLAIMED:
        return "ya se dijo antes para este suceso; ahora hace falta una prueba." if earlier is not None else ""
    if len(evidence.strip()) < 4:
        return "diga dónde está la prueba: folio, oficio, expediente o visita."
    if earlier is not None and earlier.withdrawn_at is None and earlier.evidence_kind != CLAIMED:
        return "ya está marcada con prueba."
    return ""


def _usable(event: ExceptionalEvent, on: date) -> None:
    if not event.is_approved or (event.until_on is not None and event.until_on < on):
        raise BadMark(reason="el suceso no está aprobado o ya terminó.")


def _mark(event: ExceptionalEvent, account_id: UUID, kind: str, evidence: str, on: date, by: Any, at: datetime) -> EventMark:
    return EventMark(
        event=event, account_id=account_id, evidence_kind=kind, evidence=evidence.strip()[:200], marked_on=on,
        expires_on=on + timedelta(days=event.claim_days) if kind == CLAIMED else None, by_id=by.id, by_name=by.name[:80], created_at=at,
    )  # fmt: skip


def _waiting(event: ExceptionalEvent) -> ExceptionalEvent:
    fresh: ExceptionalEvent = ExceptionalEvent.objects.select_for_update(of=("self",)).get(id=event.id)
    if fresh.is_approved is not None:
        raise AlreadyDecided()
    return fresh


def _decided(event: ExceptionalEvent, is_approved: bool, answer: str, by: Any, at: datetime) -> ExceptionalEvent:
    event.is_approved, event.answer, event.decided_by_id, event.decided_at = is_approved, answer[:200], by.id, at
    event.save(update_fields=["is_approved", "answer", "decided_by_id", "decided_at"])
    _record("exceptional_event.approved" if is_approved else "exceptional_event.rejected", event, by, at, proposed_by_id=event.proposed_by_id)
    return event


def _record(name: str, event: ExceptionalEvent, by: Any, at: datetime, **detail: Any) -> None:
    journal.record(name, by=by, at=at, subject="exceptional_event", subject_id=event.id, name_of=event.name, **detail)


def _record_mark(name: str, mark: EventMark, by: Any, at: datetime) -> None:
    journal.record(
        name, by=by, at=at, subject="account", subject_id=mark.account_id, exceptional_event_id=mark.event_id, mark_id=mark.id,
        evidence_kind=mark.evidence_kind, expires_on=mark.expires_on,
    )  # fmt: skip
