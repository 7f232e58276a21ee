"""The pace and the decisions by hand that count on a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from recaudo.flow.models import Override, Pace

# What a row of the pace may ask of an account; an empty one asks nothing.
CONDITIONS = ("creditor_id", "kind", "stage", "after")


def paces_on(on: date) -> list[Pace]:
    """The rows in force on a day: most conditions first, of as many the strictest. The first that fits counts."""
    found = Pace.objects.filter(valid_from__lte=on).filter(Q(ended_on=None) | Q(ended_on__gt=on))
    return sorted(found, key=lambda one: (-sum(bool(getattr(one, name)) for name in CONDITIONS), one.contacts / one.period_days, -one.gap_days, str(one.pk)))


def pace_of(paces: Sequence[Pace], told: Mapping[str, Any]) -> Pace | None:
    """The row that counts for an account. told: its creditor_id, kind, stage and after, as text."""
    return next((one for one in paces if all(not getattr(one, name) or str(getattr(one, name)) == told.get(name) for name in CONDITIONS)), None)


def after_of(row: Mapping[str, Any], level: str | None) -> str:
    """What came before, as Pace.after. row: facts of the account; level: who the last attempt reached, None without one in 31 days."""
    if row["promises_broken_90d"] and not row["promise_active"]:
        return "broken"
    if level is None:
        return "none"
    return {"RPC": "reached", "TPC": "third"}.get(level, "nobody")


def paces() -> QuerySet[Pace]:
    """Every row that has not ended, soonest first."""
    return Pace.objects.filter(ended_on=None).order_by("valid_from", "created_at")


def overrides_on(on: date) -> QuerySet[Override]:
    """Decisions by hand that count on a day."""
    return Override.objects.filter(ended_at=None, from_on__lte=on, until_on__gte=on)
