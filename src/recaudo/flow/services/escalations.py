"""Accounts that nobody worked in time: found by the day, put before the supervisors, closed when they are worked or paid.

What may not be worked is not escalated: held, promised, left alone by hand, or in a control group; nor what the organisation has not had
for as long itself. At most MOST a day, largest overdue of each currency first: a list that nobody can work through alerts nobody; the
page of the day counts all of them.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from recaudo.casework import services as casework
from recaudo.flow.models import Escalation
from recaudo.flow.queries.today import IDLE, NEVER, TRIED, WORKABLE, waiting_values
from recaudo.journal import services as journal
from recaudo.kernel.problems import NotFound
from recaudo.workforce.models import User

MOST = 200
CLOSE = """
UPDATE flow_escalation e SET status = 'closed', closed_on = %(on)s, closed_why = CASE WHEN o.is_paid THEN 'paid' ELSE 'worked' END
FROM (
  SELECT e.id, a.overdue_minor = 0 OR a.balance_minor = 0 AS is_paid, EXISTS (
           SELECT 1 FROM casework_action x WHERE x.tenant_id = %(tenant)s AND x.account_id = e.account_id AND x.is_attempt
             AND x.occurred_at >= e.created_at AND x.occurred_at <= %(at)s) AS is_worked
  FROM flow_escalation e JOIN portfolio_account a ON a.id = e.account_id AND a.tenant_id = %(tenant)s
  WHERE e.tenant_id = %(tenant)s AND e.closed_on IS NULL) o
WHERE e.id = o.id AND e.tenant_id = %(tenant)s AND (o.is_paid OR o.is_worked)
"""
OPEN = f"""{TRIED},
found AS (
  SELECT a.id, a.holder_id, a.currency, a.overdue_minor, a.dpd, a.created_at,
         CASE WHEN {NEVER} THEN 'first' WHEN {IDLE} THEN 'idle' END AS why
  FROM portfolio_account a LEFT JOIN tried t ON t.account_id = a.id {WORKABLE}),
placed AS (
  SELECT p.account_id, min(p.agency_id::text)::uuid AS agency_id FROM portfolio_placement p
  WHERE p.tenant_id = %(tenant)s AND p.status IN ('active', 'recall_requested') AND p.agency_id IS NOT NULL GROUP BY 1)
INSERT INTO flow_escalation (id, tenant_id, created_at, account_id, person_id, agency_id, why, days, opened_on, status, closed_why)
SELECT recaudo_uuid7(), %(tenant)s, %(at)s, f.id, f.holder_id, p.agency_id, f.why, CASE f.why WHEN 'first' THEN f.dpd ELSE %(unworked)s END, %(on)s, 'open', ''
FROM found f LEFT JOIN placed p ON p.account_id = f.id
WHERE f.why IS NOT NULL AND f.created_at <= %(known)s
  AND NOT EXISTS (SELECT 1 FROM flow_escalation e WHERE e.tenant_id = %(tenant)s AND e.account_id = f.id AND (e.closed_on IS NULL OR e.closed_on > %(again)s))
ORDER BY row_number() OVER (PARTITION BY f.currency ORDER BY f.overdue_minor DESC, f.id), f.id LIMIT %(most)s
ON CONFLICT DO NOTHING
"""


@transaction.atomic
def escalate(*, on: date, by: Any, at: datetime) -> dict[str, int]:
    """Close what was worked or paid, and escalate what nobody worked. Inside the tenant; a second time the same day changes nothing.

    Returns  {"closed", "opened"}
    """
    asked = waiting_values(on, at)
    values = {**asked, "on": on, "most": MOST, "again": on - timedelta(days=asked["unworked"]), "known": at - timedelta(days=asked["first"])}
    with connection.cursor() as cursor:
        cursor.execute(CLOSE, values)
        closed = cursor.rowcount
        cursor.execute(OPEN, values)
        opened = cursor.rowcount
    if opened or closed:
        journal.record("accounts.escalated", by=by, at=at, subject="day", on=on, opened=opened, closed=closed)
    return {"closed": closed, "opened": opened}


@transaction.atomic
def take(escalation: Escalation, *, to: User, by: Any, at: datetime) -> Escalation:
    """Somebody answers for it: the case is theirs. Raises NotFound when it is closed, NotInAgency as `assign_cases`."""
    fresh = _open(escalation)
    case = casework.case_for(fresh.person_id, by=by, at=at)
    casework.assign_cases(case_ids=[case.pk], to=to, by=by, at=at)
    fresh.status, fresh.taken_by_id, fresh.taken_at = "taken", to.pk, at
    fresh.save(update_fields=["status", "taken_by_id", "taken_at"])
    journal.record("escalation.taken", by=by, at=at, subject="account", subject_id=fresh.account_id, to_id=to.pk, why=fresh.why)
    return fresh


@transaction.atomic
def close(escalation: Escalation, *, on: date, by: Any, at: datetime) -> Escalation:
    """Somebody looked and there is nothing to do; it is not escalated again for the days of the rule. Raises NotFound when it is closed."""
    fresh = _open(escalation)
    fresh.status, fresh.closed_on, fresh.closed_why = "closed", on, "other"
    fresh.save(update_fields=["status", "closed_on", "closed_why"])
    journal.record("escalation.closed", by=by, at=at, subject="account", subject_id=fresh.account_id, why=fresh.why)
    return fresh


def _open(escalation: Escalation) -> Escalation:
    fresh: Escalation | None = Escalation.objects.select_for_update().filter(pk=escalation.pk, closed_on=None).first()
    if fresh is None:
        raise NotFound()
    return fresh
