"""One hour of day for the whole browser world: a Tuesday at eleven in Mexico City, when people work and calls are lawful.

The product asks only `django.utils.timezone.now` what time it is; here it starts at NOW and runs on.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from django.utils import timezone

NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


def set_clock() -> None:
    begun = time.monotonic()

    def now() -> datetime:
        return NOW + timedelta(seconds=time.monotonic() - begun)

    timezone.now = now
