"""What was planned for a day against what was done: by treatment and channel, and the accounts behind every number.

Row security narrows it, for an agency, to its own accounts. A plan is the actions that the run opened, those opened during the day by a new
decision included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from recaudo.flow.models import Run
from recaudo.kernel.time import day_at
from recaudo.portfolio.models import Account
from recaudo.store import tenancy

# What became of a planned action, in the order of the page.
FATES = ("reached", "done", "needless", "refused", "expired", "cancelled", "pending")
# What the day did not owe: it was made needless by a payment or a promise.
KEPT = ("reached", "done", "needless")
_FATE = """CASE WHEN a.status = 'done' AND a.is_contact THEN 'reached' WHEN a.status = 'done' THEN 'done' WHEN a.status = 'refused' THEN 'refused'
  WHEN a.status = 'cancelled' AND a.cancelled_reason IN ('payment', 'promise', 'paid') THEN 'needless' WHEN a.status = 'cancelled' THEN 'cancelled'
  WHEN a.status = 'expired' OR a.expires_at <= %(at)s THEN 'expired' ELSE 'pending' END"""
# The key of a planned action is its day; one that was opened during the day is not much younger.
_PLANNED = """FROM casework_action a WHERE a.tenant_id = %(tenant)s AND a.run_id = %(run)s AND a.direction = 'out'
  AND a.created_at >= %(from)s AND a.created_at < %(until)s"""
COUNTS = f"SELECT a.treatment, a.channel, {_FATE} AS fate, count(*) {_PLANNED} GROUP BY 1, 2, 3"
WHY = f"""SELECT {_FATE} AS fate, coalesce(nullif(a.permit_rule, ''), a.cancelled_reason), count(*) {_PLANNED}
  AND a.status IN ('refused', 'cancelled') GROUP BY 1, 2 ORDER BY 3 DESC"""
BESIDES = """
SELECT a.channel, count(*), count(*) FILTER (WHERE a.is_contact) FROM casework_action a
WHERE a.tenant_id = %(tenant)s AND a.direction = 'out' AND a.is_attempt AND a.run_id IS NULL AND a.occurred_at >= %(begins)s AND a.occurred_at < %(ends)s
GROUP BY 1 ORDER BY 2 DESC
"""
PAGE = f"""
SELECT f.id, f.account_id, f.treatment, f.channel, f.fate, f.why FROM (
  SELECT a.id, a.account_id, a.treatment, a.channel, {_FATE} AS fate, coalesce(nullif(a.permit_rule, ''), a.cancelled_reason) AS why {_PLANNED}) f
WHERE {{where}} ORDER BY f.id LIMIT %(limit)s
"""
FILTERS = {"tratamiento": "treatment", "canal": "channel", "destino": "fate"}


@dataclass(frozen=True, slots=True)
class Part:
    """One treatment on one channel. counts: actions by fate."""

    treatment: str
    channel: str
    counts: Mapping[str, int]

    @property
    def planned(self) -> int:
        return sum(self.counts.values())

    @property
    def kept(self) -> float:
        """How much of it was done, or made needless: 0 to 1."""
        return sum(self.counts.get(one, 0) for one in KEPT) / self.planned if self.planned else 0.0


@dataclass(frozen=True, slots=True)
class Execution:
    """A day's plan against what was done. why: (fate, rule or reason, count); besides: (channel, attempts, contacts) that no plan asked for."""

    parts: tuple[Part, ...]
    totals: Mapping[str, int]
    why: tuple[tuple[str, str, int], ...]
    besides: tuple[tuple[str, int, int], ...]

    @property
    def planned(self) -> int:
        return sum(self.totals.values())

    @property
    def kept(self) -> float | None:
        """The part of the plan that was kept, None without a plan."""
        return sum(self.totals.get(one, 0) for one in KEPT) / self.planned if self.planned else None


@dataclass(frozen=True, slots=True)
class Planned:
    """One planned action of a list, with its account as it is now."""

    id: UUID
    account: Account
    treatment: str
    channel: str
    fate: str
    why: str


def execution(run: Run, *, zone: str, at: datetime) -> Execution:
    """The plan of a day against what was done until `at`. Three queries over the day's actions."""
    values = _values(run, zone, at)
    found: dict[tuple[str, str], dict[str, int]] = {}
    for treatment, channel, fate, count in _rows(COUNTS, values):
        found.setdefault((treatment, channel), {})[fate] = count
    parts = sorted((Part(treatment, channel, counts) for (treatment, channel), counts in found.items()), key=lambda one: (-one.planned, one.treatment, one.channel))
    totals = {fate: sum(one.counts.get(fate, 0) for one in parts) for fate in FATES}
    return Execution(tuple(parts), totals, tuple(_rows(WHY, values)), tuple(_rows(BESIDES, values)))


def planned(run: Run, where: Mapping[str, str], *, zone: str, at: datetime, after: UUID | None = None, limit: int) -> list[Planned]:
    """A page of the planned actions of a day. where: of FILTERS' columns; after: the last action seen. Two queries."""
    parts = [f"f.{column} = %({column})s" for column in where if column in FILTERS.values()]
    values = {**_values(run, zone, at), **where, "limit": limit, "after": after}
    text = " AND ".join([*parts, "f.id > %(after)s" if after else "true"])
    rows = _rows(PAGE.replace("{where}", text), values)
    accounts = Account.objects.select_related("holder", "portfolio").in_bulk([row[1] for row in rows if row[1]])
    return [Planned(row[0], accounts[row[1]], *row[2:]) for row in rows if row[1] in accounts]


def all_planned(run: Run, where: Mapping[str, str], *, zone: str, at: datetime) -> Iterator[Planned]:
    """Every planned action that fits, in chunks: for an export."""
    after: UUID | None = None
    while page := planned(run, where, zone=zone, at=at, after=after, limit=2_000):
        yield from page
        after = page[-1].id


def _values(run: Run, zone: str, at: datetime) -> dict[str, Any]:
    begins = day_at(run.on, zone)
    return {
        "tenant": tenancy.tenant_id(), "run": run.id, "at": at, "from": day_at(run.on, "UTC"), "until": day_at(run.on + timedelta(days=2), "UTC"),
        "begins": begins, "ends": day_at(run.on + timedelta(days=1), zone),
    }  # fmt: skip


def _rows(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
