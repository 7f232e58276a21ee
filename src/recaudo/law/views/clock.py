"""The clock of whoever looks at a page: its zone and its day."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone


def zone_of(request: HttpRequest) -> str:
    """The IANA zone of the organisation, UTC when none is known."""
    return str(getattr(request, "zone", "UTC"))


def today_of(request: HttpRequest) -> date:
    """The organisation's day now."""
    return timezone.now().astimezone(ZoneInfo(zone_of(request))).date()
