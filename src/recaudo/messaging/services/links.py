"""The link in every message: stop this channel, or say «no soy yo». Signed, short enough for an SMS; it says nothing about a debt."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac

from recaudo.kernel.problems import NotFound

SALT = "recaudo.messaging.stop"
VALID_DAYS = 400
MAC_BYTES = 16
CHANNELS = ("sms", "im", "email", "call", "letter")


@dataclass(frozen=True, slots=True)
class StopLink:
    """Whose contact point a link speaks of, and the channel that it stops."""

    tenant_id: UUID
    point_id: UUID
    channel: str


def stop_token(tenant_id: UUID, point_id: UUID, channel: str, *, on: date) -> str:
    """36 bytes and their signature, as 70 letters: tenant, contact point, channel, day of issue."""
    body = tenant_id.bytes + point_id.bytes + bytes([CHANNELS.index(channel)]) + on.toordinal().to_bytes(3, "big")
    return base64.urlsafe_b64encode(body + _mac(body)).decode().rstrip("=")


def stop_link(tenant_id: UUID, point_id: UUID, channel: str, *, on: date) -> str:
    """The public address that a message carries."""
    return f"{settings.PUBLIC_URL}/baja/{stop_token(tenant_id, point_id, channel, on=on)}/"


def not_me_link(tenant_id: UUID, point_id: UUID, channel: str, *, on: date) -> str:
    """The public page with one question, «¿no es usted?», for whoever got a message that is not theirs. The same token."""
    return f"{settings.PUBLIC_URL}/no-soy-yo/{stop_token(tenant_id, point_id, channel, on=on)}/"


def one_click(link: str) -> str:
    """The address that a mail program posts to when its reader presses «cancelar suscripción» (RFC 8058)."""
    return f"{link}un-clic/"


def read_link(token: str, *, on: date) -> StopLink:
    """What a token says. Raises NotFound for anything forged, altered or too old, without telling which."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotFound() from None
    body, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    if len(body) != 36 or not hmac.compare_digest(mac, _mac(body)):
        raise NotFound()
    issued = int.from_bytes(body[33:36], "big")
    # A day ahead is the other side of the date line; more was never issued.
    if not issued - 1 <= on.toordinal() <= issued + VALID_DAYS:
        raise NotFound()
    return StopLink(UUID(bytes=body[:16]), UUID(bytes=body[16:32]), CHANNELS[body[32]])


def _mac(body: bytes) -> bytes:
    mac: bytes = salted_hmac(SALT, body, algorithm="sha256").digest()[:MAC_BYTES]
    return mac
