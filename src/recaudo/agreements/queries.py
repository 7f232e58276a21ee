"""Reads of the agreements."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db.models import QuerySet

from recaudo.agreements.models import Promise

PROMISE_ES: dict[str, str] = {
    "active": "Vigente", "kept": "Cumplida", "kept_late": "Cumplida tarde", "partial": "Cumplida en parte", "broken": "Incumplida",
    "cancelled": "Cancelada", "superseded": "Reprogramada",
}  # fmt: skip


def promises_of(account_ids: Iterable[UUID]) -> QuerySet[Promise]:
    """Promises of some accounts, newest first."""
    return Promise.objects.filter(account_id__in=list(account_ids)).select_related("person").order_by("-created_at")


def active_promise(account_id: UUID) -> Promise | None:
    """The one active promise of an account, if there is one."""
    found: Promise | None = Promise.objects.filter(account_id=account_id, status="active").first()
    return found


def promises_due(*, from_on: date, until_on: date) -> QuerySet[Promise]:
    """Active promises due on days [from_on, until_on], soonest first, with account and person: the agent's agenda."""
    due = Promise.objects.filter(status="active", due_on__gte=from_on, due_on__lte=until_on)
    return due.select_related("account", "account__portfolio", "person").order_by("due_on", "id")
