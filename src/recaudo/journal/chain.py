"""The hash that chains an event to the one before it. Pure: a third party can recompute it from an export."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from typing import Any

from recaudo.journal.models import Event

GENESIS = b"\x00" * 32


def event_hash(previous: bytes, event: Event, number: int) -> bytes:
    """SHA-256 over the previous hash and the event written as canonical JSON. Third parties can recompute it."""
    text = json.dumps(content_of(event, number), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(previous + text.encode()).digest()


def content_of(event: Event, number: int) -> dict[str, Any]:
    """What is sealed of an event."""
    return {
        "number": number,
        "id": str(event.id),
        "tenant": str(event.tenant_id),
        "at": event.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "name": event.name,
        "by": str(event.by_id or ""),
        "by_name": event.by_name,
        "agency": str(event.agency_id or ""),
        "subject": event.subject,
        "subject_id": str(event.subject_id or ""),
        "detail": event.detail,
    }
