"""What comes back: receipts of providers, replies, and the two answers every message offers: stop, and «no soy yo»."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any

from django.db import transaction

from recaudo.casework import services as casework
from recaudo.journal import services as journal
from recaudo.messaging.models import Message, Receipt
from recaudo.portfolio.models import ContactPoint
from recaudo.store.keys import uuid7

# A state only moves forward: a late «delivered» after «read» changes nothing.
ORDER = {"queued": 0, "leased": 1, "in_flight": 2, "unknown": 2, "sent": 3, "delivered": 4, "read": 5}
OUTCOME = {"delivered": "DG02", "read": "DG03", "failed": "DG06", "soft_failed": "DG07"}
STOP_WORDS = {"baja", "stop", "alto", "cancelar", "no molestar", "parar", "salir"}
NOT_ME_WORDS = {"no soy yo", "no soy", "numero equivocado", "no conozco", "equivocado", "no es mi deuda"}


@transaction.atomic
def record_receipt(
    *, provider: str, event_id: str, provider_message_id: str, kind: str, at: datetime, detail: dict[str, Any] | None = None
) -> bool:
    """Take a provider's word: delivered, read, failed. The same event twice does nothing. Returns whether it changed anything."""
    _, is_new = Receipt.objects.get_or_create(
        provider=provider, event_id=event_id,
        defaults={"provider_message_id": provider_message_id, "kind": kind, "detail": detail or {}, "created_at": at, "applied_at": at},
    )
    message = Message.objects.select_for_update().filter(provider=provider, provider_id=provider_message_id).first()
    if not is_new or message is None:
        return False
    if kind == "failed":
        changed = message.status not in {"delivered", "read", "failed"}
        changes: dict[str, Any] = {"status": "failed", "reason": str((detail or {}).get("code", ""))[:200]}
    else:
        changed = ORDER.get(kind, -1) > ORDER.get(message.status, 9)
        changes = {"status": kind, "delivered_at": message.delivered_at or at}
        if kind == "read":
            changes["read_at"] = at
    if changed:
        Message.objects.filter(pk=message.pk, created_at=message.created_at).update(**changes)
        casework.note_delivery(action_id=message.action_id, disposition=OUTCOME[kind], at=at)
    return changed


@transaction.atomic
def receive(*, point: ContactPoint, channel: str, provider: str, text: str, at: datetime, reply_to: Message | None = None) -> Message:
    """An inbound message: kept, timed, and acted on when it says stop or «no soy yo». None is dropped."""
    said = _plain(text)
    disposition = "DG08" if said in STOP_WORDS else "DG10" if any(words in said for words in NOT_ME_WORDS) else "DG05"
    action = casework.record_inbound(
        person_id=point.person_id, contact_point_id=point.id, channel=channel, disposition=disposition, at=at,
        account_id=reply_to.account_id if reply_to else None,
    )
    message: Message = Message.objects.create(
        id=uuid7(), created_at=at, action_id=action.id, person_id=point.person_id, contact_point_id=point.id, direction="in",
        account_id=reply_to.account_id if reply_to else None, channel=channel, provider=provider, to=point.value,
        to_hint=point.hint, body=text[:4000], status="received", delivered_at=at,
    )
    journal.record("message.received", by=journal.SYSTEM, at=at, subject="person", subject_id=point.person_id, channel=channel, said=disposition)
    if disposition == "DG08":
        opt_out(point=point, channel=channel, source="reply", by=journal.SYSTEM, at=at)
    elif disposition == "DG10":
        wrong_person(point=point, source="reply", by=journal.SYSTEM, at=at)
    return message


@transaction.atomic
def opt_out(*, point: ContactPoint, channel: str, source: str, by: Any, at: datetime) -> None:
    """The person asked not to be contacted by this channel: effective with this transaction, also for what is planned."""
    casework.stop_channel(person_id=point.person_id, channel=channel, contact_point=point, source=source, by=by, at=at)
    journal.record("message.opted_out", by=by, at=at, subject="person", subject_id=point.person_id, channel=channel, source=source)


@transaction.atomic
def wrong_person(*, point: ContactPoint, source: str, by: Any, at: datetime) -> None:
    """Whoever answers there is not the debtor: the point is quarantined everywhere and what was planned for it is cancelled."""
    casework.quarantine(contact_point=point, source=source, by=by, at=at)


def _plain(text: str) -> str:
    flat = unicodedata.normalize("NFKD", text.lower())
    return " ".join("".join(c for c in flat if not unicodedata.combining(c) and (c.isalnum() or c == " ")).split())
