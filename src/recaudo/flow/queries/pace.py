"""How many calls an executive makes in an hour of calling, from what was recorded."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from recaudo.store import tenancy

DAYS = 7
FEWEST = 20  # hours of calling; with less the figure says nothing
PACE = """
SELECT count(*)::float8 / count(DISTINCT (by_id, date_trunc('hour', occurred_at))), count(DISTINCT (by_id, date_trunc('hour', occurred_at)))
FROM casework_action
WHERE tenant_id = %(tenant)s AND occurred_at >= %(since)s AND occurred_at < %(at)s AND channel = 'call' AND direction = 'out'
  AND is_attempt AND by_id IS NOT NULL
HAVING count(*) > 0
"""


def calls_per_hour(*, at: datetime) -> float | None:
    """Outbound calls by hour in which an executive called, over the last week. None while there is too little to say."""
    with connection.cursor() as cursor:
        cursor.execute(PACE, {"tenant": tenancy.tenant_id(), "since": at - timedelta(days=DAYS), "at": at})
        row = cursor.fetchone()
    return round(float(row[0]), 2) if row and row[1] >= FEWEST else None
