"""The link in every message: stop this channel, or say «no soy yo». Signed; it says nothing about a debt."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.core import signing

from recaudo.kernel.problems import NotFound

SALT = "recaudo.stop"
VALID_SECONDS = 400 * 24 * 3600


def stop_link(tenant_id: UUID, point_id: UUID, channel: str) -> str:
    """The public address that a message carries."""
    token = signing.dumps([tenant_id.hex, point_id.hex, channel], salt=SALT, compress=False)
    return f"{settings.PUBLIC_URL}/baja/{token}/"


def read_link(token: str) -> tuple[UUID, UUID, str]:
    """Tenant, contact point and channel of a token. Raises NotFound for anything forged or too old."""
    try:
        tenant, point, channel = signing.loads(token, salt=SALT, max_age=VALID_SECONDS)
    except signing.BadSignature:
        raise NotFound() from None
    return UUID(tenant), UUID(point), channel
