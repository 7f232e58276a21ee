"""What the house itself keeps from the plan of a day besides holds and promises: decisions by hand, small amounts, the pace, wishes.

Two tables of the workspace, for `plan.ask_the_law`:
    stopped   accounts x rule (HOUSE-OVERRIDE, HOUSE-TOLERANCE, HOUSE-PACE), the first that applies
    wish      persons x the channels that they chose; who chose none is not there
`stop_of` says the same of one account at an instant. All of it only ever takes contacts away: the law and the gate come after.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
from django.db.models import Q

from recaudo.casework.models import Action
from recaudo.flow.models import Pace
from recaudo.flow.queries.facts import keep
from recaudo.flow.queries.facts import run as execute
from recaudo.flow.queries.limits import amounts_on
from recaudo.flow.queries.pacing import CONDITIONS, after_of, overrides_on, pace_of, paces_on
from recaudo.kernel.time import day_at
from recaudo.portfolio.models import Account
from recaudo.store.arrow import reader
from recaudo.workforce.models import Tenant

OVERRIDES = """
SELECT person_id, account_id FROM flow_override
WHERE tenant_id = {tenant} AND from_on <= {on} AND until_on >= {on} AND created_at <= {at} AND (ended_at IS NULL OR ended_at > {at})
"""
# A channel without days or hours is the one that the person chose; hours are asked by the gate.
WISHES = """
SELECT person_id, array_agg(channel) AS channels FROM portfolio_preference
WHERE tenant_id = {tenant} AND NOT avoid AND channel <> '' AND cardinality(days) = 0 AND from_time IS NULL AND until_time IS NULL
  AND created_at <= {at} GROUP BY person_id
"""
_AFTER = """CASE WHEN f.promises_broken_90d > 0 AND NOT f.promise_active THEN 'broken' WHEN l.person_id IS NULL THEN 'none'
                 WHEN l.level = 'RPC' THEN 'reached' WHEN l.level = 'TPC' THEN 'third' ELSE 'nobody' END"""
STOPPED = """
CREATE OR REPLACE TABLE stopped AS
WITH last AS (
  SELECT person_id, arg_max(contact_level, occurred_at) AS level, max(occurred_at) AS at FROM history
  WHERE is_attempt AND direction = 'out' GROUP BY person_id),
said AS (
  SELECT f.account_id, f.person_id, l.at AS last_at, {after} AS "after", f.kind, f.stage, f.creditor_id::VARCHAR AS creditor_id
  FROM facts f LEFT JOIN last l USING (person_id)),
paced AS (SELECT s.account_id, s.person_id, s.last_at, {place} AS place FROM said s),
used AS (
  SELECT p.account_id, count(*) AS attempts FROM paced p JOIN pace r USING (place)
  JOIN history h ON h.person_id = p.person_id AND h.is_attempt AND h.direction = 'out' AND h.occurred_at >= $today - to_days(r.period_days - 1)
  GROUP BY p.account_id)
SELECT f.account_id, CASE
         WHEN o.account_id IS NOT NULL OR w.person_id IS NOT NULL THEN 'HOUSE-OVERRIDE'
         WHEN f.overdue_minor > 0 AND f.overdue_minor <= t.amount THEN 'HOUSE-TOLERANCE'
         WHEN coalesce(u.attempts, 0) >= r.contacts OR p.last_at >= $today - to_days(r.gap_days) AND r.gap_days > 0 THEN 'HOUSE-PACE' END AS rule
FROM facts f JOIN paced p USING (account_id) LEFT JOIN pace r ON r.place = p.place LEFT JOIN used u USING (account_id)
LEFT JOIN tolerance t ON t.portfolio_id = f.portfolio_id::VARCHAR
LEFT JOIN (SELECT DISTINCT account_id::VARCHAR AS account_id FROM by_hand WHERE account_id IS NOT NULL) o ON o.account_id = f.account_id::VARCHAR
LEFT JOIN (SELECT DISTINCT person_id::VARCHAR AS person_id FROM by_hand WHERE account_id IS NULL) w ON w.person_id = f.person_id::VARCHAR
WHERE rule IS NOT NULL
"""


def gather(db: duckdb.DuckDBPyConnection, *, tenant: Tenant, on: date, at: datetime) -> None:
    """Fill `stopped` and `wish` from `facts` and `history`. What people decided is read as it stood at `at`."""
    with reader() as source:
        keep(db, "by_hand", source.fetch(OVERRIDES, tenant=str(tenant.id), on=on, at=at))
        keep(db, "wish", source.fetch(WISHES, tenant=str(tenant.id), at=at))
    small = {str(scope): amount for (kind, scope), amount in amounts_on(on).items() if kind == "tolerance"}
    keep(db, "tolerance", pa.table({"portfolio_id": pa.array(small, pa.string()), "amount": pa.array(small.values(), pa.int64())}))
    paces = paces_on(on)
    keep(db, "pace", _table(paces))
    execute(db, STOPPED.format(after=_AFTER, place=_place(paces)), {"today": day_at(on, tenant.zone).replace(tzinfo=None)})
    for table in ("by_hand", "tolerance", "pace"):
        execute(db, f"DROP TABLE {table}")


def stop_of(account: Account, row: Mapping[str, Any], *, tenant: Tenant, on: date, at: datetime) -> str:
    """The rule that keeps one account from the plan at an instant, or "". row: its facts."""
    if overrides_on(on).filter(Q(account_id=account.id) | Q(account_id=None), person_id=account.holder_id).exists():
        return "HOUSE-OVERRIDE"
    small = amounts_on(on).get(("tolerance", account.portfolio_id))
    if small is not None and 0 < row["overdue_minor"] <= small:
        return "HOUSE-TOLERANCE"
    today = day_at(on, tenant.zone)
    tried = Action.objects.filter(person_id=account.holder_id, direction="out", is_attempt=True, occurred_at__lte=at).exclude(channel="system")
    last = tried.filter(occurred_at__gte=at - timedelta(days=31)).order_by("-occurred_at").values_list("contact_level", "occurred_at").first()
    pace = pace_of(paces_on(on), {**row, "creditor_id": str(account.creditor_id), "after": after_of(row, last[0] if last else None)})
    if pace is None:
        return ""
    attempts = tried.filter(occurred_at__gte=today - timedelta(days=pace.period_days - 1)).count()
    rests = bool(pace.gap_days and last and last[1] >= today - timedelta(days=pace.gap_days))
    return "HOUSE-PACE" if attempts >= pace.contacts or rests else ""


def _table(paces: Sequence[Pace]) -> pa.Table:
    return pa.table({
        "place": pa.array(range(len(paces)), pa.int32()), "contacts": pa.array([one.contacts for one in paces], pa.int32()),
        "period_days": pa.array([one.period_days for one in paces], pa.int32()), "gap_days": pa.array([one.gap_days for one in paces], pa.int32()),
    })  # fmt: skip


def _place(paces: Sequence[Pace]) -> str:
    """Which row counts for an account: the first of `paces_on` that fits. Codes and keys are ours; they are quoted all the same."""
    cases = []
    for place, one in enumerate(paces):
        asked = {name: str(value) for name in CONDITIONS if (value := getattr(one, name))}
        fits = " AND ".join(f's."{name}" = \'{value.replace(chr(39), "")}\'' for name, value in asked.items()) or "true"
        cases.append(f"WHEN {fits} THEN {place}")
    return f"(CASE {' '.join(cases)} END)::INTEGER" if cases else "NULL::INTEGER"
