"""What comes back: receipts of providers, replies, and the two answers every message offers: stop, and «no soy yo».

A short reply in plain words is acted on at once (services/replies.py reads it): a stop, «no soy yo», a payment that the person says was
made, a debt that they do not recognise. The last two stop what is planned and wait for a person, as does everything else.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from recaudo.casework import services as casework
from recaudo.casework.models import Action, Hold
from recaudo.journal import services as journal
from recaudo.kernel.problems import NotFound, Problem
from recaudo.messaging.models import Message, Receipt
from recaudo.messaging.services.replies import ANSWER as OTHER
from recaudo.messaging.services.replies import recognise
from recaudo.portfolio.models import Account, ContactPoint
from recaudo.store.fields import blind_index
from recaudo.store.keys import uuid7

STOP, NOT_ME, ANSWER = "DG08", "DG10", "DG05"
# A state only moves forward: a late «delivered» after «read» changes nothing. A failure after delivery is a provider's mistake.
ORDER = {"in_flight": 2, "queued": 2, "unknown": 2, "sent": 3, "failed": 3, "delivered": 4, "read": 5}
OUTCOME = {"delivered": "DG02", "read": "DG03", "failed": "DG06", "soft_failed": "DG07", "blocked": "DG09"}
# What an intent is in the catalogue; the others are answers, with what they bring about besides.
CODE_OF = {"opt_out": STOP, "wrong_party": NOT_ME}
CLAIM_DAYS = timedelta(days=5)


class NothingSaid(Problem):
    code = "nothing_said"
    message = "Escriba la respuesta."


@transaction.atomic
def record_receipt(
    *, provider: str, event_id: str, provider_message_id: str, kind: str, at: datetime, detail: dict[str, Any] | None = None
) -> bool:
    """Take a provider's word: delivered, read, failed, soft_failed, blocked. The same event twice does nothing.

    A receipt that is faster than our own note of the sending waits for it. Returns whether it changed anything.
    """
    if kind not in OUTCOME:
        return False
    receipt, is_new = Receipt.objects.get_or_create(
        provider=provider, event_id=event_id,
        defaults={"provider_message_id": provider_message_id, "kind": kind, "detail": detail or {}, "created_at": at},
    )  # fmt: skip
    if not is_new:
        return False
    message = Message.objects.filter(provider=provider, provider_id=provider_message_id).first()
    return message is not None and _apply(receipt, message, at=at)


def apply_waiting(messages: Iterable[Message], *, at: datetime) -> None:
    """The receipts that came before the messages of one provider were noted as sent. One query when there are none."""
    sent = {(message.provider, message.provider_id): message for message in messages if message.provider_id}
    early = Receipt.objects.filter(provider_message_id__in=[key[1] for key in sent], applied_at=None)
    for receipt in early.order_by("created_at", "id"):
        if (message := sent.get((receipt.provider, receipt.provider_message_id))) is not None:
            _apply(receipt, message, at=at)


@transaction.atomic
def receive(*, point: ContactPoint, channel: str, provider: str, text: str, at: datetime, reply_to: Message | None = None, said_at: datetime | None = None) -> Message:
    """An inbound message: kept, timed, and acted on when it says stop or «no soy yo»; anything else waits for a person.

    said_at  when it was written, where the carrier says so and it came late
    Raises   NothingSaid
    """
    if not text.strip():
        raise NothingSaid()
    intent = recognise(text)
    code = CODE_OF.get(intent, ANSWER)
    answered = reply_to or _last_out(point, channel)
    action = _came_in(point, channel, code, account_id=answered.account_id if answered else None, at=at)
    message: Message = Message.objects.create(
        id=uuid7(), created_at=at, action_id=action.id, person_id=point.person_id, contact_point_id=point.id, direction="in",
        account_id=action.account_id, channel=channel, provider=provider, to=point.value, to_hint=point.hint,
        body=text.strip()[:4000], status="received", reason=code if code != ANSWER or intent == OTHER else intent, delivered_at=said_at or at,
    )  # fmt: skip
    if code == ANSWER:
        _bring_about(intent, action, point, text, at=at)
        casework.ask_follow_up(case_id=action.case_id, by=journal.SYSTEM, at=at)
    journal.record(
        "message.received", by=journal.SYSTEM, at=at, subject="message", subject_id=message.id, person_id=point.person_id,
        channel=channel, said=message.reason,
    )  # fmt: skip
    return message


@transaction.atomic
def receive_from(*, sender: str, channel: str, provider: str, event_id: str, text: str, at: datetime, answers: str = "", said_at: datetime | None = None) -> Message | None:
    """What somebody wrote to us, as a provider brings it. The same event twice does nothing.

    sender   the address that wrote; answers, the provider's id of the message that it answers, or ""
    Returns  None for an address that nobody of this organisation has, and for a repeated event
    """
    _, is_new = Receipt.objects.get_or_create(
        provider=provider, event_id=event_id, defaults={"provider_message_id": answers, "kind": "inbound", "created_at": at, "applied_at": at},
    )  # fmt: skip
    if not is_new or not text.strip():
        return None
    kind = casework.POINT_KINDS[channel]
    found = ContactPoint.objects.select_related("person").filter(kind=kind, value_index=blind_index(sender, kind))
    points = {point.id: point for point in found}
    # One number may be several people's: the last one to whom we wrote there is who answers.
    last = Message.objects.filter(contact_point_id__in=list(points), channel=channel, direction="out").order_by("-created_at", "-id").first()
    known = Message.objects.filter(provider=provider, provider_id=answers, contact_point_id__in=list(points)).first() if answers else None
    written = known or last
    point = points.get(written.contact_point_id) if written else next(iter(points.values()), None)
    if point is None:
        return None
    return receive(point=point, channel=channel, provider=provider, text=text, at=at, reply_to=written, said_at=said_at)


@transaction.atomic
def opt_out(*, point: ContactPoint, channel: str, at: datetime) -> Action:
    """The person asked not to be contacted by this channel: in force with this transaction, also for what is planned."""
    return _came_in(point, channel, STOP, account_id=None, at=at)


@transaction.atomic
def wrong_person(*, point: ContactPoint, channel: str, at: datetime) -> Action:
    """Whoever answers there is not the debtor: the number is quarantined and what was planned for it is cancelled."""
    return _came_in(point, channel, NOT_ME, account_id=None, at=at)


@transaction.atomic
def attend(message: Message, *, by: Any, at: datetime) -> Message:
    """A person took care of an answer. Doing it twice changes nothing. Raises NotFound."""
    held = Message.objects.filter(id=message.id, direction="in", status__in=["received", "attended"])
    if not held.update(status="attended"):
        raise NotFound()
    journal.record("message.received", by=by, at=at, subject="message", subject_id=message.id, step="attended")
    message.status = "attended"
    return message


def _bring_about(intent: str, action: Action, point: ContactPoint, text: str, *, at: datetime) -> None:
    """A payment claimed or a debt disputed: contact stops until somebody looked into it, unless it stopped for that before."""
    if intent not in {"payment_claim", "dispute"}:
        return
    account = Account.objects.filter(id=action.account_id).first() if action.account_id else None
    open_now = Hold.objects.filter(person_id=point.person_id, kind=intent, account_id=action.account_id, released_at=None)
    if open_now.exclude(until_at__lte=at).exists():
        return
    if intent == "payment_claim":
        casework.open_hold(
            person=point.person, account=account, kind="payment_claim", reason="Escribió que ya pagó", until_at=at + CLAIM_DAYS,
            by=journal.SYSTEM, at=at, action_id=action.id,
        )  # fmt: skip
    else:
        casework.open_dispute(person=point.person, account=account, kind="debt", text=text.strip()[:2000], by=journal.SYSTEM, at=at)


def _last_out(point: ContactPoint, channel: str) -> Message | None:
    """The last message that we sent to this point: what an answer without a reference speaks of."""
    found: Message | None = (
        Message.objects.filter(contact_point_id=point.id, person_id=point.person_id, channel=channel, direction="out")
        .order_by("-created_at", "-id").first()
    )  # fmt: skip
    return found


def _came_in(point: ContactPoint, channel: str, code: str, *, account_id: UUID | None, at: datetime) -> Action:
    """One inbound action with its outcome and all that it brings about."""
    account = Account.objects.filter(id=account_id).first() if account_id else None
    casework.hold_person(point.person_id)
    action: Action = casework.open_action(
        person=point.person, account=account, channel=channel, direction="in", contact_point_id=point.id, by=journal.SYSTEM, at=at
    )
    casework.close_action(action, outcome=casework.Outcome(code), permit=None, by=journal.SYSTEM, at=at)
    if code == STOP:
        journal.record("message.opted_out", by=journal.SYSTEM, at=at, subject="person", subject_id=point.person_id, channel=channel)
    return action


def _apply(receipt: Receipt, message: Message, *, at: datetime) -> bool:
    # The person's lock comes first everywhere, then rows.
    casework.hold_person(message.person_id)
    fresh = Message.objects.select_for_update().get(pk=message.pk, created_at=message.created_at)
    status = "failed" if receipt.kind in {"soft_failed", "blocked"} else receipt.kind
    changed = fresh.direction == "out" and ORDER.get(status, 0) > ORDER.get(fresh.status, 9)
    if status == "failed":
        changed = fresh.status in {"sent", "unknown", "in_flight"}
    if changed:
        _move(fresh, receipt, status, at)
        casework.note_delivery(action_id=fresh.action_id, disposition=OUTCOME[receipt.kind], by=journal.SYSTEM, at=at)
    Receipt.objects.filter(pk=receipt.pk).update(applied_at=at)
    message.status = fresh.status
    return changed


def _move(message: Message, receipt: Receipt, status: str, at: datetime) -> None:
    message.status = status
    if status == "failed":
        message.reason = str(receipt.detail.get("code", ""))[:200]
    else:
        message.delivered_at = message.delivered_at or receipt.created_at
        if status == "read":
            message.read_at = receipt.created_at
    Message.objects.filter(pk=message.pk, created_at=message.created_at).update(
        status=message.status, reason=message.reason, delivered_at=message.delivered_at, read_at=message.read_at
    )
