"""UUIDv7 keys: unique everywhere, ordered by time, so that indexes stay compact.

The database has the same function, `recaudo_uuid7()`, for rows made by INSERT ... SELECT.
"""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from datetime import UTC, date, datetime

import numpy as np
import numpy.typing as npt


def uuid7() -> uuid.UUID:
    """A new key: 48 bits of milliseconds, then 74 random bits (RFC 9562, section 5.7)."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def fresh_keys(count: int) -> npt.NDArray[np.uint8]:
    """Many new keys that rise (count x 16 bytes): after the milliseconds a counter of 20 bits, then 54 random bits (RFC 9562, section 6.2,
    method 1). Beyond a million they are dated a millisecond later.
    """
    counter = np.arange(count, dtype=np.uint64)
    stamp = np.uint64(time.time_ns() // 1_000_000) + (counter >> np.uint64(20))
    keys = np.empty((count, 16), np.uint8)
    keys[:, :6] = (stamp << np.uint64(16)).astype(">u8").view(np.uint8).reshape(-1, 8)[:, :6]
    keys[:, 9:] = np.frombuffer(os.urandom(7 * count), np.uint8).reshape(-1, 7)
    part = counter.astype(np.uint32) & np.uint32(0xFFFFF)
    keys[:, 6] = 0x70 | part >> 16
    keys[:, 7] = part >> 8 & 0xFF
    keys[:, 8] = 0x80 | part >> 2 & 0x3F
    keys[:, 9] = (part & 3) << 6 | keys[:, 9] & 0x3F
    return keys


def derived(day: date, *parts: object) -> uuid.UUID:
    """The same key for the same day and parts, always (UUIDv8, ordered by day). The database's `recaudo_derived` agrees."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()
    millis = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    return uuid.UUID(f"{millis:012x}8{digest[:3]}9{digest[3:18]}")
