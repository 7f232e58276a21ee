"""What stops contact: holds on a person, the pause of everything, and disputes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from recaudo.casework.models import ContactPause, Dispute, Hold
from recaudo.casework.services.pending import cancel_pending
from recaudo.casework.words import HOLD_ES
from recaudo.journal import services as journal
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.problems import NotFound, Problem
from recaudo.portfolio.models import Account, Person
from recaudo.store import locks

DISPUTE_ENDS = frozenset({"resolved_for_debtor", "resolved_against", "withdrawn"})


class UnknownHold(Problem):
    code = "unknown_hold"
    message = "La suspensión «{kind}» no existe. Elija una de la lista."


class BadHold(Problem):
    code = "bad_hold"
    message = "La suspensión debe terminar después de empezar: revise la fecha de término."


class AlreadyReleased(Problem):
    code = "hold_already_released"
    message = "Esta suspensión ya fue liberada."
    status = 409


class ReasonMissing(Problem):
    code = "hold_reason_missing"
    message = "Escriba el motivo."


class BadScope(Problem):
    code = "bad_pause_scope"
    message = "El alcance «{scope}» no existe: use todo, un canal o un acreedor."


class AlreadyPaused(Problem):
    code = "already_paused"
    message = "El contacto ya está en pausa en ese alcance."
    status = 409


class AlreadyResolved(Problem):
    code = "dispute_already_resolved"
    message = "Esta aclaración ya está resuelta."
    status = 409


@transaction.atomic
def open_hold(
    *, person: Person, kind: str, reason: str, by: Any, at: datetime, account: Account | None = None, creditor_id: UUID | None = None,
    channel: str = "", until_at: datetime | None = None, action_id: UUID | None = None,
) -> Hold:  # fmt: skip
    """Stop contact for a reason, and cancel what is pending in its scope.

    account, creditor_id, channel   narrow it; without them it covers the whole person
    until_at                        None = until somebody releases it
    Raises                          UnknownHold, BadHold, ReasonMissing
    """
    if kind not in HOLD_ES:
        raise UnknownHold(kind=kind)
    if until_at is not None and until_at <= at:
        raise BadHold()
    if not reason.strip():
        raise ReasonMissing()
    locks.hold_person(person.id)  # what is being handed over to them right now is away before this is written
    hold = Hold.objects.create(
        person=person, account_id=account.id if account else None, creditor_id=creditor_id, channel=channel, kind=kind,
        reason=reason.strip()[:200], from_at=at, until_at=until_at, opened_by_id=by.id, action_id=action_id, created_at=at,
    )  # fmt: skip
    journal.record(
        "hold.opened", by=by, at=at, subject="person", subject_id=person.id, hold_id=hold.id, kind=kind,
        account_id=hold.account_id, creditor_id=creditor_id, channel=channel, until_at=until_at,
    )  # fmt: skip
    cancel_pending(
        reason="hold", by=by, at=at, person_id=person.id, account_id=hold.account_id, creditor_id=creditor_id, channel=channel or None
    )
    return hold


@transaction.atomic
def release_hold(hold: Hold, *, reason: str, by: Any, at: datetime) -> Hold:
    """End a hold before its time. Raises AlreadyReleased, ReasonMissing, NotFound."""
    if not reason.strip():
        raise ReasonMissing()
    fresh = Hold.objects.select_for_update().filter(id=hold.id).first()
    if fresh is None:
        raise NotFound()
    if fresh.released_at:
        raise AlreadyReleased()
    fresh.released_at, fresh.released_by_id, fresh.release_reason = at, by.id, reason.strip()[:200]
    fresh.save(update_fields=["released_at", "released_by_id", "release_reason"])
    journal.record("hold.released", by=by, at=at, subject="person", subject_id=fresh.person_id, hold_id=fresh.id, kind=fresh.kind)
    return fresh


@transaction.atomic
def pause_contact(*, scope: str = "all", reason: str, by: Any, at: datetime) -> ContactPause:
    """The red button: nothing in the scope goes out until it is resumed. Work stays planned.

    scope   all, channel:<channel> or creditor:<uuid>
    Raises  BadScope, ReasonMissing, AlreadyPaused
    """
    _check_scope(scope)
    if not reason.strip():
        raise ReasonMissing()
    locks.stop_traffic()
    if ContactPause.objects.filter(scope=scope, resumed_at=None).exists():
        raise AlreadyPaused()
    pause = ContactPause.objects.create(scope=scope, reason=reason.strip()[:200], by_id=by.id, created_at=at)
    journal.record("contact.paused", by=by, at=at, subject="pause", subject_id=pause.id, scope=scope)
    return pause


@transaction.atomic
def resume_contact(pause: ContactPause, *, by: Any, at: datetime) -> ContactPause:
    """End a pause. Raises AlreadyReleased, NotFound."""
    fresh = ContactPause.objects.select_for_update().filter(id=pause.id).first()
    if fresh is None:
        raise NotFound()
    if fresh.resumed_at:
        raise AlreadyReleased()
    fresh.resumed_at, fresh.resumed_by_id = at, by.id
    fresh.save(update_fields=["resumed_at", "resumed_by_id"])
    journal.record("contact.resumed", by=by, at=at, subject="pause", subject_id=fresh.id, scope=fresh.scope)
    return fresh


def is_paused(*, channel: str = "", creditor_id: UUID | None = None) -> bool:
    """Whether a pause of everything, of the channel or of the creditor is on."""
    scopes = ["all", f"channel:{channel}", f"creditor:{creditor_id}"]
    return ContactPause.objects.filter(resumed_at=None, scope__in=scopes).exists()


@transaction.atomic
def open_dispute(
    *, person: Person, kind: str, text: str, by: Any, at: datetime, account: Account | None = None, hold: Hold | None = None,
) -> Dispute:  # fmt: skip
    """The person says that something is not right. kind: debt, charges, service. Contact on the account stops.

    hold   one that was opened for it already; otherwise one of 30 days is opened
    """
    if hold is None:
        hold = open_hold(
            person=person, account=account, kind="dispute", reason="Aclaración en curso", until_at=at + timedelta(days=30), by=by, at=at
        )
    dispute = Dispute.objects.create(
        person=person, account_id=account.id if account else None, kind=kind, text=text, hold=hold,
        due_on=hold.until_at.date() if hold.until_at else None, by_id=by.id, created_at=at,
    )  # fmt: skip
    journal.record("dispute.opened", by=by, at=at, subject="person", subject_id=person.id, dispute_id=dispute.id, kind=kind)
    return dispute


@transaction.atomic
def resolve_dispute(dispute: Dispute, *, status: str, resolution: str, by: Any, at: datetime) -> Dispute:
    """Close a dispute with its answer; its hold ends. Raises AlreadyResolved, ReasonMissing, NotFound."""
    if status not in DISPUTE_ENDS or not resolution.strip():
        raise ReasonMissing()
    fresh = Dispute.objects.select_for_update().filter(id=dispute.id).first()
    if fresh is None:
        raise NotFound()
    if fresh.resolved_at:
        raise AlreadyResolved()
    fresh.status, fresh.resolution, fresh.resolved_at = status, resolution.strip(), at
    fresh.save(update_fields=["status", "resolution", "resolved_at"])
    hold = Hold.objects.filter(id=fresh.hold_id, released_at=None).first() if fresh.hold_id else None
    if hold is not None:
        release_hold(hold, reason="Aclaración resuelta", by=by, at=at)
    journal.record("dispute.resolved", by=by, at=at, subject="person", subject_id=fresh.person_id, dispute_id=fresh.id, status=status)
    return fresh


def _check_scope(scope: str) -> None:
    kind, _, value = scope.partition(":")
    if scope == "all" or (kind == "channel" and value in CHANNEL_ES):
        return
    if kind == "creditor":
        try:
            UUID(value)
        except ValueError:
            raise BadScope(scope=scope) from None
        return
    raise BadScope(scope=scope)
