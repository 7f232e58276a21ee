"""Placing accounts with an agency or a team, and taking them back. By set: a placement is often a hundred thousand accounts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.portfolio.services.calendar import local_day
from recaudo.store import tenancy
from recaudo.workforce.models import Agency, Team


class BadPlacement(Problem):
    code = "bad_placement"
    message = "La asignación no se hizo: {reason}"


@dataclass(frozen=True, slots=True)
class PlacementResult:
    """placed: accounts that got a placement; ended: placements that ended; unchanged: accounts that were there already."""

    placed: int
    ended: int
    unchanged: int


@transaction.atomic
def place_accounts(
    *, account_ids: Iterable[UUID], agency: Agency | None, team: Team | None, from_on: date, by: Any, at: datetime
) -> PlacementResult:
    """Give accounts to an agency or a team from a day, which is today or earlier. A placement with another agency ends.

    Raises  BadPlacement
    """
    if (agency is None) == (team is None):
        raise BadPlacement(reason="indique un despacho o un equipo, uno de los dos.")
    if from_on > local_day(at):
        raise BadPlacement(reason="la fecha de inicio es futura. Asigne el día en que deba empezar.")
    ids = list(dict.fromkeys(account_ids))
    values = {
        "tenant": tenancy.tenant_id(), "ids": ids, "agency": agency.id if agency else None, "team": team.id if team else None,
        "from_on": from_on, "at": at, "by": by.id,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_END_OTHERS, values)
        ended = cursor.rowcount
        cursor.execute(_PLACE, values)
        placed = cursor.rowcount
    journal.record(
        "account.placed", by=by, at=at, subject="agency" if agency else "team", subject_id=values["agency"] or values["team"],
        placed=placed, ended=ended, from_on=from_on,
    )  # fmt: skip
    return PlacementResult(placed, ended, len(ids) - placed)


@transaction.atomic
def recall_accounts(*, account_ids: Iterable[UUID], by: Any, at: datetime) -> int:
    """Take accounts back from whoever holds them. From this instant an agency's people do not see them. Returns how many ended."""
    ids = list(dict.fromkeys(account_ids))
    with connection.cursor() as cursor:
        cursor.execute(_RECALL, {"tenant": tenancy.tenant_id(), "ids": ids, "on": local_day(at)})
        ended = cursor.rowcount
    journal.record("account.recalled", by=by, at=at, subject="account", subject_id=ids[0] if len(ids) == 1 else None, ended=ended)
    return ended


_ACTIVE = "status IN ('active', 'recall_requested')"

_END_OTHERS = f"""
UPDATE portfolio_placement SET status = 'recalled', until_on = greatest(%(from_on)s, from_on)
WHERE tenant_id = %(tenant)s AND account_id = ANY(%(ids)s) AND {_ACTIVE}
  AND (CASE WHEN %(agency)s::uuid IS NOT NULL THEN agency_id IS NOT NULL AND agency_id <> %(agency)s
            ELSE team_id IS NOT NULL AND team_id <> %(team)s END)
"""

_PLACE = f"""
INSERT INTO portfolio_placement (id, tenant_id, created_at, account_id, agency_id, team_id, from_on, status, by_id)
SELECT recaudo_uuid7(), %(tenant)s, %(at)s, a.id, %(agency)s, %(team)s, %(from_on)s, 'active', %(by)s
FROM portfolio_account a
WHERE a.tenant_id = %(tenant)s AND a.id = ANY(%(ids)s) AND NOT EXISTS (
  SELECT 1 FROM portfolio_placement p WHERE p.account_id = a.id AND {_ACTIVE}
    AND p.agency_id IS NOT DISTINCT FROM %(agency)s AND p.team_id IS NOT DISTINCT FROM %(team)s)
"""

_RECALL = f"""
UPDATE portfolio_placement SET status = 'recalled', until_on = greatest(%(on)s, from_on)
WHERE tenant_id = %(tenant)s AND account_id = ANY(%(ids)s) AND {_ACTIVE}
"""
