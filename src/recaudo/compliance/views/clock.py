"""The clock of whoever looks at a page."""

from __future__ import annotations

from django.http import HttpRequest


def zone_of(request: HttpRequest) -> str:
    """The IANA zone of the organisation; UTC when none is known."""
    return str(getattr(request, "zone", "UTC"))
