"""The facts of one account as they are now: those of `facts.py` that an event can change, in one query by the account's keys.

What no event of the day changes (contact points, scores, product, agency) stays as the day's snapshot says.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from recaudo.flow.queries.facts import HISTORY_DAYS, OPEN_STATUSES
from recaudo.kernel.money import minor_digits
from recaudo.store import tenancy

NOW = f"""
SELECT a.stage, a.bucket, a.dpd, a.next_due_on - %(on)s AS days_to_due, a.overdue_minor, a.balance_minor, a.instalments_overdue,
       %(on)s - a.last_payment_on AS days_since_payment, a.currency,
       CASE WHEN a.credit_limit_minor > 0 THEN a.balance_minor::float8 / a.credit_limit_minor END AS utilisation,
       (SELECT count(*)::int FROM portfolio_payment y WHERE y.tenant_id = a.tenant_id AND y.account_id = a.id AND y.status = 'applied'
          AND y.paid_on >= %(quarter)s AND y.paid_on <= %(on)s) AS payments_90d_count,
       coalesce(m.promise_active, false) AS promise_active, coalesce(m.broken, 0) AS promises_broken_90d,
       t.last_outcome, (%(at)s AT TIME ZONE 'UTC')::date - (t.contact_at AT TIME ZONE 'UTC')::date AS days_since_contact,
       coalesce(t.attempts_7d, 0) AS attempts_7d, coalesce(t.contacts_30d, 0) AS contacts_30d,
       p.deceased_on IS NOT NULL OR EXISTS (
         SELECT 1 FROM casework_hold h WHERE h.tenant_id = a.tenant_id AND h.person_id = a.holder_id AND h.channel = '' AND h.released_at IS NULL
           AND (h.until_at IS NULL OR h.until_at > %(at)s) AND (h.account_id = a.id OR h.account_id IS NULL AND h.creditor_id IS NULL
             OR h.account_id IS NULL AND h.creditor_id = a.creditor_id)) AS hold_active,
       EXISTS (SELECT 1 FROM casework_dispute d WHERE d.tenant_id = a.tenant_id AND d.person_id = a.holder_id
           AND d.status IN ('open', 'in_review', 'waiting_creditor') AND (d.account_id IS NULL OR d.account_id = a.id)) AS dispute_active,
       w.person_dpd_max, w.accounts_of_person, w.overdue, o.settings -> 'usd_rates' AS rates
FROM portfolio_account a
JOIN portfolio_person p ON p.id = a.holder_id
JOIN workforce_tenant o ON o.id = a.tenant_id
CROSS JOIN LATERAL (
  SELECT max(b.dpd) AS person_dpd_max, count(*)::int AS accounts_of_person, jsonb_agg(jsonb_build_array(b.currency, b.overdue_minor)) AS overdue
  FROM portfolio_account b
  WHERE b.tenant_id = a.tenant_id AND b.holder_id = a.holder_id AND b.status IN {OPEN_STATUSES} AND b.balance_minor > 0) w
LEFT JOIN LATERAL (
  SELECT bool_or(q.status = 'active') AS promise_active, count(*) FILTER (WHERE q.status = 'broken' AND q.judged_on >= %(quarter)s)::int AS broken
  FROM agreements_promise q WHERE q.tenant_id = a.tenant_id AND q.account_id = a.id AND (q.status = 'active' OR q.judged_on >= %(quarter)s)) m ON true
LEFT JOIN LATERAL (
  SELECT (array_agg(c.disposition ORDER BY c.occurred_at DESC) FILTER (WHERE c.disposition <> ''))[1] AS last_outcome,
         max(c.occurred_at) FILTER (WHERE c.is_contact) AS contact_at,
         count(*) FILTER (WHERE c.is_attempt AND c.direction = 'out' AND c.occurred_at >= %(at)s - interval '7 days')::int AS attempts_7d,
         count(*) FILTER (WHERE c.is_contact AND c.occurred_at >= %(at)s - interval '30 days')::int AS contacts_30d
  FROM casework_action c
  WHERE c.tenant_id = a.tenant_id AND c.person_id = a.holder_id AND c.occurred_at >= %(since)s AND c.occurred_at <= %(at)s
    AND c.channel <> 'system') t ON true
WHERE a.tenant_id = %(tenant)s AND a.id = %(account)s AND a.status IN {OPEN_STATUSES} AND a.balance_minor > 0
"""
KEPT_ASIDE = ("currency", "overdue", "rates")
# What `facts_now` says of an account, whatever the morning said.
READ_NOW = frozenset({
    "stage", "bucket", "dpd", "days_to_due", "overdue_minor", "balance_minor", "instalments_overdue", "days_since_payment", "utilisation",
    "payments_90d_count", "promise_active", "promises_broken_90d", "last_outcome", "days_since_contact", "attempts_7d", "contacts_30d",
    "hold_active", "dispute_active", "person_dpd_max", "accounts_of_person", "overdue_usd_minor", "person_overdue_usd_minor",
})  # fmt: skip


def facts_now(account_id: UUID, *, on: date, at: datetime) -> dict[str, Any] | None:
    """What events may have changed of an account since the morning, by the names of engine/facts.py. One query.

    on, at   the day that was run, and the instant of the event (what happened at it counts)
    Returns  None for an account that owes nothing any more or is closed: nothing is decided about it
    """
    values = {
        "tenant": tenancy.tenant_id(), "account": account_id, "on": on, "at": at, "quarter": on - timedelta(days=90),
        "since": at - timedelta(days=HISTORY_DAYS),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(NOW, values)
        row = cursor.fetchone()
        if row is None:
            return None
        found = dict(zip((column.name for column in cursor.description), row, strict=True))
    rates = {
        code: 10 ** (2 - minor_digits(code)) / float(per_dollar) for code, per_dollar in (_json(found["rates"]) or {}).items()
    }
    mine = rates.get(found["currency"])
    whole = [(rates.get(currency), minor) for currency, minor in _json(found["overdue"])]
    known = all(rate is not None for rate, _ in whole)
    return {
        **{name: value for name, value in found.items() if name not in KEPT_ASIDE},
        "overdue_usd_minor": None if mine is None else round(found["overdue_minor"] * mine),
        "person_overdue_usd_minor": round(sum(minor * (rate or 0.0) for rate, minor in whole)) if known else None,
    }


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
