"""UUIDv7 keys: unique everywhere, ordered by time, so that indexes stay compact.

The database has the same function, `recaudo_uuid7()`, for rows made by INSERT ... SELECT.
"""

from __future__ import annotations

import os
import time
import uuid

NAMESPACE = uuid.UUID("6f2d3c1e-5f0a-5c3e-9a53-7ec0de6a5a10")


def uuid7() -> uuid.UUID:
    """A new key: 48 bits of milliseconds, then 74 random bits (RFC 9562, section 5.7)."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def derived(*parts: object) -> uuid.UUID:
    """The same key for the same parts, always: what makes a repeated step harmless."""
    return uuid.uuid5(NAMESPACE, "\x1f".join(str(part) for part in parts))
