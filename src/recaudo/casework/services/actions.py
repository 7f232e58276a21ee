"""Actions: opened by a run or a person, closed with an outcome. Every attempt of every channel is one row.

An outbound attempt is closed only with the Permit it was made under.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction

from recaudo.casework.catalogue import Disposition
from recaudo.casework.models import Action, Case, Search
from recaudo.casework.permit import Permit, PermitMismatch
from recaudo.casework.services import cases, effects
from recaudo.casework.services.effects import Setting
from recaudo.casework.services.gate import OPEN, ActionClosed
from recaudo.casework.services.moves import MOVED
from recaudo.casework.services.outcome import Outcome, check, full_note
from recaudo.casework.services.search import end_search
from recaudo.journal import services as journal
from recaudo.kernel.contact import CHANNEL_ES, Purpose
from recaudo.kernel.problems import NotFound, Problem
from recaudo.law.queries import rules as rules_in_force
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, AccountParty, Person
from recaudo.store import tenancy
from recaudo.store.locks import hold_person

ROLE_ORDER = ("holder", "co_debtor", "guarantor", "representative", "reference")


class NoPermit(Problem):
    code = "no_permit"
    message = "Sin permiso no hay contacto: pida permiso antes de contactar y registre después el resultado."
    status = 409


class EmptyNote(Problem):
    code = "empty_note"
    message = "Escriba la nota."


class UnknownChannel(Problem):
    code = "unknown_channel"
    message = "El canal «{channel}» no existe."


@transaction.atomic
def open_action(
    *, person: Person, account: Account | None, channel: str, by: Any, at: datetime, purpose: str = Purpose.COLLECTION,
    direction: str = "out", contact_point_id: UUID | None = None, treatment: str = "", template: str = "",
    planned_on: date | None = None, not_before_at: datetime | None = None, expires_at: datetime | None = None, priority: int = 0,
    run_id: UUID | None = None,
) -> Action:  # fmt: skip
    """Open one action of a person, in their open case (opened when there is none).

    direction   out: planned, needs a Permit before it reaches anybody; in: it is happening now, and needs none
    Raises      UnknownChannel, NotFound (the account is not the person's)
    """
    if channel not in CHANNEL_ES:
        raise UnknownChannel(channel=channel)
    case = cases.case_for(person.id, by=by, at=at)
    inbound = direction == "in"
    action = Action.objects.create(
        case_id=case.id, person_id=person.id, account_id=account.id if account else None,
        creditor_id=account.creditor_id if account else None, contact_point_id=contact_point_id, party_role=_role(person, account),
        direction=direction, channel=channel, purpose=purpose, status="in_progress" if inbound else "planned",
        occurred_at=at if inbound else None, planned_on=planned_on or portfolio.local_day(at), not_before_at=not_before_at,
        expires_at=expires_at, treatment=treatment, template=template, priority=priority, run_id=run_id, by_id=by.id,
        agency_id=tenancy.agency_id(), created_at=at,
    )  # fmt: skip
    journal.record(
        "action.opened", by=by, at=at, subject="action", subject_id=action.id, person_id=person.id, account_id=action.account_id,
        channel=channel, purpose=purpose, direction=direction,
    )  # fmt: skip
    return action


def close_action(action: Action, *, outcome: Outcome, permit: Permit | None, by: Any, at: datetime) -> Action:
    """Record how an action ended, with everything that its disposition brings about.

    permit   the one under which the person was reached; None only for what came in, or where nobody was attempted
    by       a user, or journal.SYSTEM for what machines report (they may use every disposition)
    Returns  the action, done
    Raises   ActionClosed, NoPermit, PermitMismatch, CaseLocked, NotFound, and the Problems of outcome.check and of the effects
             (BadPromise, ContactRefused for a callback at a time that the law does not allow, ...)
    """
    with transaction.atomic():
        hold_person(action.person_id)
        fresh = Action.objects.select_for_update().filter(id=action.id).first()
        if fresh is None:
            raise NotFound()
        if fresh.status not in OPEN:
            raise ActionClosed()
        person = Person.objects.get(id=fresh.person_id)
        account = Account.objects.filter(id=fresh.account_id).first() if fresh.account_id else None
        case = Case.objects.select_for_update(of=("self",)).get(id=fresh.case_id)
        if by.id is not None:
            cases.guard_lock(case, by=by, at=at)
        on = day_of(person, at)
        pack = rules_in_force().pack(person.country, person.subdivision, person.municipality)
        disposition = check(
            outcome, channel=fresh.channel, account=account, pack=pack, on=on, subdivision=person.subdivision, by_machine=by.id is None
        )
        _check_permit(fresh, disposition, permit)
        _write(fresh, disposition, outcome, account, by=by, at=at)
        effects.apply(disposition, outcome, Setting(fresh, person, account, case, by, at, on))
        fresh.save(update_fields=["promise_id", "next_at"])
        _let_go(case, fresh, by=by, at=at)
        journal.record(
            "action.closed", by=by, at=at, subject="action", subject_id=fresh.id, person_id=person.id, account_id=fresh.account_id,
            channel=fresh.channel, disposition=disposition.code, effect=disposition.effect, level=disposition.level,
        )  # fmt: skip
    for field in Action._meta.concrete_fields:
        setattr(action, field.attname, getattr(fresh, field.attname))
    return action


@transaction.atomic
def add_note(*, person: Person, account: Account | None, text: str, by: Any, at: datetime) -> Action:
    """What somebody wants the next to know. A line of the timeline that reached nobody. Raises EmptyNote."""
    if not text.strip():
        raise EmptyNote()
    case = cases.case_for(person.id, by=by, at=at)
    note = Action.objects.create(
        case_id=case.id, person_id=person.id, account_id=account.id if account else None,
        creditor_id=account.creditor_id if account else None, party_role=_role(person, account), channel="none", status="done",
        treatment="note", effect="note", note=text.strip(), occurred_at=at, by_id=by.id, agency_id=tenancy.agency_id(), created_at=at,
    )  # fmt: skip
    journal.record(
        "action.closed", by=by, at=at, subject="action", subject_id=note.id, person_id=person.id, account_id=note.account_id, channel="none",
        effect="note",
    )  # fmt: skip
    return note


@transaction.atomic
def cancel_action(action: Action, *, reason: str, by: Any, at: datetime) -> Action:
    """Cancel one planned action. Raises ActionClosed when it began or ended."""
    if not Action.objects.filter(id=action.id, status="planned").update(status="cancelled", cancelled_reason=reason[:40]):
        raise ActionClosed()
    action.status, action.cancelled_reason = "cancelled", reason[:40]
    journal.record("action.cancelled", by=by, at=at, subject="action", subject_id=action.id, reason=reason)
    return action


@transaction.atomic
def expire_actions(*, by: Any, at: datetime) -> int:
    """End planned actions whose time has passed, set-based. Returns how many."""
    count = Action.objects.filter(status="planned", expires_at__lte=at).update(status="expired")
    if count:
        journal.record("actions.cancelled", by=by, at=at, subject="action", count=count, reason="expired")
    return int(count)


@transaction.atomic
def move_person(*, kept_id: UUID, merged_id: UUID, by: Any, at: datetime) -> dict[str, list[str]]:
    """Two persons are one: their cases, actions, holds, disputes and searches follow. Returns what was moved, ids by table, to undo it."""
    moved: dict[str, list[str]] = {}
    kept = cases.case_for(kept_id, by=by, at=at) if Case.objects.filter(person_id=merged_id, status="open").exists() else None
    if kept is not None:
        Case.objects.filter(person_id=merged_id, status="open").update(
            status="closed", closed_at=at, closed_reason="merged", locked_by=None, locked_until=None, next_at=None
        )
        Action.objects.filter(person_id=merged_id, status__in=OPEN).update(case_id=kept.id)
    if Search.objects.filter(person_id=kept_id, status="open").exists():
        end_search(merged_id, result="none", note="Los dos registros son de una persona: sigue la otra búsqueda.", by=by, at=at)
    for name, rows in MOVED:
        mine = rows.filter(person_id=merged_id)
        moved[name] = [str(one) for one in mine.values_list("id", flat=True)]
        mine.update(person_id=kept_id)
    return moved


def day_of(person: Person, at: datetime) -> date:
    """The day of an instant on the person's clock; the organisation's when theirs is not known."""
    try:
        return at.astimezone(ZoneInfo(person.zones[0])).date()
    except (IndexError, ZoneInfoNotFoundError):
        return portfolio.local_day(at)


def _check_permit(action: Action, disposition: Disposition, permit: Permit | None) -> None:
    if action.direction == "in":
        return
    if permit is None:
        if disposition.is_attempt or disposition.is_contact:
            raise NoPermit()
        return
    if not permit.is_for(action):
        raise PermitMismatch()


def _write(action: Action, disposition: Disposition, outcome: Outcome, account: Account | None, *, by: Any, at: datetime) -> None:
    action.status = "done"
    action.occurred_at = action.occurred_at or at
    action.disposition, action.contact_level, action.effect = disposition.code, disposition.level, disposition.effect
    action.is_attempt, action.is_contact = disposition.is_attempt, disposition.is_contact
    action.is_rpc, action.is_tpc = disposition.is_rpc, disposition.is_tpc
    action.nonpayment_reason, action.reason_provenance = outcome.reason, outcome.provenance
    action.cancelled_reason = ""
    action.note = full_note(outcome, disposition, account.currency if account else "")
    action.by_id = by.id or action.by_id
    action.agency_id = action.agency_id or tenancy.agency_id()
    action.duration_seconds = outcome.duration_seconds
    action.save()


def _let_go(case: Case, action: Action, *, by: Any, at: datetime) -> None:
    """The work on the case is done for now: its lock ends, and a callback that was this one is no longer ahead."""
    changed = []
    if case.locked_by_id is not None and case.locked_by_id == by.id:
        case.locked_by, case.locked_until = None, None
        changed += ["locked_by", "locked_until"]
    if case.next_at is not None and case.next_at <= at:
        case.next_at = None
        changed.append("next_at")
    if changed:
        case.save(update_fields=changed)


def _role(person: Person, account: Account | None) -> str:
    if account is None:
        return "holder"
    roles = set(AccountParty.objects.filter(account=account, person=person).values_list("role", flat=True))
    for role in ROLE_ORDER:
        if role in roles:
            return role
    raise NotFound()
