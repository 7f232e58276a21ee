"""What comes back: receipts of providers, replies, and the two answers every message offers: stop, and «no soy yo»."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from recaudo.casework import services as casework
from recaudo.casework.models import Action
from recaudo.journal import services as journal
from recaudo.kernel.problems import NotFound, Problem
from recaudo.messaging.models import Message, Receipt
from recaudo.portfolio.models import Account, ContactPoint
from recaudo.store.keys import uuid7

STOP, NOT_ME, ANSWER = "DG08", "DG10", "DG05"
# A state only moves forward: a late «delivered» after «read» changes nothing. A failure after delivery is a provider's mistake.
ORDER = {"in_flight": 2, "queued": 2, "unknown": 2, "sent": 3, "failed": 3, "delivered": 4, "read": 5}
OUTCOME = {"delivered": "DG02", "read": "DG03", "failed": "DG06", "soft_failed": "DG07", "blocked": "DG09"}
STOP_WORDS = {"baja", "stop", "alto", "no molestar", "parar", "salir", "cancelar", "cancelar suscripcion", "no mas mensajes",
              "no mas", "darme de baja", "quiero darme de baja", "unsubscribe", "sair"}  # fmt: skip
STOP_PHRASES = ("dar de baja", "darme de baja", "deme de baja", "no me escriba", "no me manden", "no me contacten",
                "dejen de escribir", "no quiero recibir")  # fmt: skip
NOT_ME_PHRASES = ("no soy yo", "no soy esa persona", "no soy la persona", "numero equivocado", "esta equivocado", "no conozco a",
                  "no lo conozco", "no la conozco", "persona equivocada")  # fmt: skip


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
def receive(*, point: ContactPoint, channel: str, provider: str, text: str, at: datetime, reply_to: Message | None = None) -> Message:
    """An inbound message: kept, timed, and acted on when it says stop or «no soy yo»; anything else waits for a person.

    Raises NothingSaid
    """
    if not text.strip():
        raise NothingSaid()
    code = classify(text)
    action = _came_in(point, channel, code, account_id=reply_to.account_id if reply_to else None, at=at)
    message: Message = Message.objects.create(
        id=uuid7(), created_at=at, action_id=action.id, person_id=point.person_id, contact_point_id=point.id, direction="in",
        account_id=action.account_id, channel=channel, provider=provider, to=point.value, to_hint=point.hint,
        body=text.strip()[:4000], status="received", reason=code, delivered_at=at,
    )  # fmt: skip
    if code == ANSWER:
        casework.ask_follow_up(case_id=action.case_id, by=journal.SYSTEM, at=at)
    journal.record(
        "message.received", by=journal.SYSTEM, at=at, subject="message", subject_id=message.id, person_id=point.person_id,
        channel=channel, said=code,
    )  # fmt: skip
    return message


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


def classify(text: str) -> str:
    """DG08 stop, DG10 «no soy yo», DG05 anything else: a person reads it.

    A stop wins over everything, also in a longer sentence; a single word counts only alone («alto» is also an adjective).
    """
    said = plain(text)
    if said in STOP_WORDS or any(phrase in said for phrase in STOP_PHRASES):
        return STOP
    return NOT_ME if any(phrase in said for phrase in NOT_ME_PHRASES) else ANSWER


def plain(text: str) -> str:
    """Lower case, no accents, no punctuation, single spaces."""
    flat = unicodedata.normalize("NFKD", text.lower())
    return " ".join("".join(c if c.isalnum() else " " for c in flat if not unicodedata.combining(c)).split())


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
