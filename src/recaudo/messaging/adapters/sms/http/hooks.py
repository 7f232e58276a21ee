"""What the gateway calls us with, signed as Standard Webhooks says: HMAC-SHA256 over "id.timestamp.body", several signatures while a secret
changes, five minutes of tolerance both ways.

    {"type": "message.delivered", "data": {"id": "g-1", "code": ""}}     also read, failed, undelivered, blocked
    {"type": "message.received",  "data": {"id": "i-1", "from": "+525512345678", "text": "BAJA"}}
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from recaudo.messaging.adapters import BadSignature, Malformed, News

TOLERANCE_SECONDS = 300
KINDS = {"delivered": "delivered", "read": "read", "failed": "failed", "undelivered": "soft_failed", "blocked": "blocked"}


def verify(headers: Mapping[str, str], body: bytes, options: Mapping[str, str], at: datetime) -> str:
    """The id of the call. `headers` by lower-case name. Raises BadSignature, without telling why."""
    key, stamp, signed = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    fresh = stamp.isascii() and stamp.isdigit() and len(stamp) < 12 and abs(at.timestamp() - int(stamp)) <= TOLERANCE_SECONDS
    given = [part.partition(",")[2] for part in signed.split() if part.startswith("v1,")]
    # A bare «whsec_» is no secret: anybody can sign with nothing.
    secrets = [secret for one in options.get("webhook_secrets", "").split(",") if (secret := _secret(one))]
    text = f"{key}.{stamp}.".encode() + body
    good = False
    for secret in secrets:
        mine = base64.b64encode(hmac.new(secret, text, hashlib.sha256).digest()).decode()
        for one in given[:8]:
            good |= hmac.compare_digest(mine.encode(), one.encode())
    if not (fresh and good and 0 < len(key) <= 120):
        raise BadSignature()
    return key


def read(body: bytes, call_id: str) -> list[News]:
    """What the call tells. Raises Malformed."""
    try:
        said: Any = json.loads(body)
        kind, data = str(said["type"]).removeprefix("message."), said["data"]
        if kind == "received":
            text, sender = str(data["text"]), str(data["from"])
            return [News("inbound", str(data["id"])[:120], str(data.get("in_reply_to", ""))[:120], sender=sender[:40], text=text[:4000])]
        if kind in KINDS:
            return [News(KINDS[kind], call_id, str(data["id"])[:120], code=str(data.get("code", ""))[:40])]
    except (ValueError, KeyError, TypeError):
        raise Malformed() from None
    return []


def _secret(text: str) -> bytes:
    try:
        return base64.b64decode(text.strip().removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return text.strip().encode()
