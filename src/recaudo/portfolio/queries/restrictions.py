"""Restricted persons as the list shows them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from recaudo.portfolio.models import Account, Restriction


@dataclass(frozen=True, slots=True)
class RestrictedLine:
    """A restricted person, how many accounts they hold, and the one most days late."""

    restriction: Restriction
    accounts: int
    worst: Account | None


def restricted(*, level: str = "", limit: int = 100) -> list[RestrictedLine]:
    """Newest first; none for who may not see them. Two queries."""
    found = Restriction.objects.select_related("person").order_by("-created_at", "-id")
    rows = list((found.filter(level=level) if level else found)[:limit])
    held: dict[UUID, list[Account]] = {}
    for account in Account.objects.only("id", "holder_id").filter(holder__in=[row.person_id for row in rows]).order_by("-dpd", "id"):
        held.setdefault(account.holder_id, []).append(account)
    return [RestrictedLine(row, len(mine), mine[0] if mine else None) for row in rows for mine in (held.get(row.person_id, []),)]
