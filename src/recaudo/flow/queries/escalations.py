"""Escalated accounts: those that wait, those somebody took, those that ended lately."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from recaudo.flow.models import Escalation
from recaudo.kernel.problems import NotFound
from recaudo.portfolio.models import Account
from recaudo.workforce.queries import users

STATES = ("open", "taken", "closed")


@dataclass(frozen=True, slots=True)
class Line:
    """One escalation with its account as it is now (none when it is out of reach) and who took it."""

    one: Escalation
    account: Account | None
    taken_by: str


def escalations(status: str) -> QuerySet[Escalation]:
    """Of one state, oldest first; those that ended, newest first."""
    found = Escalation.objects.filter(status=status)
    return found.order_by("-closed_on", "-pk") if status == "closed" else found.order_by("opened_on", "-days", "pk")


def counts() -> dict[str, int]:
    """How many wait and how many were taken."""
    return {status: Escalation.objects.filter(status=status, closed_on=None).count() for status in ("open", "taken")}


def escalation_by_id(escalation_id: UUID) -> Escalation:
    """Raises NotFound."""
    found: Escalation | None = Escalation.objects.filter(pk=escalation_id).first()
    if found is None:
        raise NotFound()
    return found


def page(status: str, *, start: int, limit: int) -> list[Line]:
    """Some of them with their accounts. Three queries."""
    found = list(escalations(status)[start : start + limit])
    accounts = Account.objects.select_related("holder", "portfolio").in_bulk([one.account_id for one in found])
    names = dict(users().filter(pk__in={one.taken_by_id for one in found if one.taken_by_id}).values_list("pk", "name"))
    return [Line(one, accounts.get(one.account_id), names.get(one.taken_by_id, "")) for one in found]
