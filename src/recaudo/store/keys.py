"""UUIDv7 keys: unique everywhere, ordered by time, so that indexes stay compact.

The database has the same function, `recaudo_uuid7()`, for rows made by INSERT ... SELECT.
"""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from datetime import UTC, date, datetime


def uuid7() -> uuid.UUID:
    """A new key: 48 bits of milliseconds, then 74 random bits (RFC 9562, section 5.7)."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def derived(day: date, *parts: object) -> uuid.UUID:
    """The same key for the same day and parts, always (UUIDv8, ordered by day). The database's `recaudo_derived` agrees."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()
    millis = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    return uuid.UUID(f"{millis:012x}8{digest[:3]}9{digest[3:18]}")
