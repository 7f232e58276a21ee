"""What Meta calls us with: statuses of our messages and what people write, signed with the app's secret (X-Hub-Signature-256)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from recaudo.messaging.adapters import BadSignature, Malformed, News

KINDS = {"delivered": "delivered", "read": "read", "played": "read", "failed": "failed"}
# Meta's own choice not to deliver, or a window that closed: the number is not to blame.
SOFT = frozenset({131047, 131049, 131050, 130472, 131053, 131000, 131016, 130497})


def verify(headers: Mapping[str, str], body: bytes, options: Mapping[str, str], at: datetime) -> str:
    """"": Meta gives its calls no id. Raises BadSignature."""
    secret, given = options.get("app_secret", ""), headers.get("x-hub-signature-256", "")
    mine = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(mine.encode(), given.encode()) or not secret:
        raise BadSignature()
    return ""


def challenge(given: Mapping[str, str], options: Mapping[str, str]) -> str:
    """The answer to Meta's one question when the address is registered. Raises BadSignature."""
    token = options.get("verify_token", "")
    if not token or given.get("hub.mode") != "subscribe" or not hmac.compare_digest(given.get("hub.verify_token", "").encode(), token.encode()):
        raise BadSignature()
    return given.get("hub.challenge", "")[:200]


def read(body: bytes, call_id: str) -> list[News]:
    """What the call tells, in order; what does not concern messages is left out. Raises Malformed."""
    try:
        said: Any = json.loads(body)
        return [
            replace(news, line=str(change["value"].get("metadata", {}).get("phone_number_id", ""))[:40])
            for entry in said["entry"]
            for change in entry["changes"]
            if change["field"] == "messages"
            for news in (*_statuses(change["value"]), *_messages(change["value"]))
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Malformed() from None


def _statuses(value: Any) -> Iterator[News]:
    for one in value.get("statuses", []):
        kind = KINDS.get(one["status"])
        if kind is None:
            continue
        code = int(one["errors"][0]["code"]) if one.get("errors") else 0
        if kind == "failed" and code in SOFT:
            kind = "soft_failed"
        yield News(kind, f"{one['id']}:{one['status']}"[:160], str(one["id"])[:120], code=str(code or ""), said_at=_instant(one))


def _messages(value: Any) -> Iterator[News]:
    for one in value.get("messages", []):
        text = _text(one)
        if text and "from" in one:
            answered = one.get("context", {}).get("id", "")
            yield News("inbound", str(one["id"])[:160], str(answered)[:120], sender="+" + str(one["from"])[:20].lstrip("+"), text=text[:4000], said_at=_instant(one))


def _instant(one: Any) -> datetime | None:
    """When it happened: seconds since 1970, as text."""
    stamp = str(one.get("timestamp", ""))
    return datetime.fromtimestamp(int(stamp), UTC) if stamp.isascii() and stamp.isdigit() and len(stamp) < 12 else None


def _text(one: Any) -> str:
    """What somebody said, by writing or with a button; a picture or a recording is named so that a person looks at it."""
    kind = one.get("type")
    if kind == "text":
        return str((one.get("text") or {}).get("body", ""))
    if kind == "button":
        return str((one.get("button") or {}).get("text", ""))
    if kind == "interactive":
        answer = one.get("interactive") or {}
        return str((answer.get("button_reply") or answer.get("list_reply") or {}).get("title", ""))
    if kind in {"image", "audio", "video", "document", "sticker", "location", "contacts"}:
        return f"[{kind}] {one.get(kind, {}).get('caption', '') if isinstance(one.get(kind), dict) else ''}".strip()
    return ""
