"""Searches for the right person, as lists show them."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from recaudo.casework.models import Search

SHOWN = 200


def searches(*, status: str = "open", mine: UUID | None = None) -> QuerySet[Search]:
    """Searches with their person and who has them: the oldest first while open, the newest first once closed."""
    found = Search.objects.select_related("person", "assigned_to").filter(status=status)
    if mine is not None:
        found = found.filter(assigned_to_id=mine)
    return found.order_by("created_at" if status == "open" else "-closed_at", "id")[:SHOWN]


def open_searches() -> int:
    """How many wait or are being worked."""
    return int(Search.objects.filter(status="open").count())
