"""Days past due: for one account, plain; for a table of instalments, one query that says the same.

K-01: the day asked about minus the oldest unpaid due day, minus the days in pause. Nothing is stored in between, so a
pause entered today for last month (X-34) changes the count as if it had always been there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import pyarrow as pa

from recaudo.kernel.time import Period


@dataclass(frozen=True, slots=True)
class Item:
    """An instalment or invoice: due and paid in whole minor units of one currency. Unpaid while paid < due."""

    due_on: date
    due_minor: int
    paid_minor: int


def days_past_due(items: Iterable[Item], on: date, pauses: Iterable[Period] = ()) -> int:
    """Days past due at the end of the day `on`; 0 when nothing is overdue.

    items    those of one account, any order; one due on `on` itself is not late yet
    pauses   end-exclusive, may overlap; a pause without end ends at date.max
    """
    late = [item.due_on for item in items if item.paid_minor < item.due_minor and item.due_on < on]
    if not late:
        return 0
    oldest = min(late)
    return (on - oldest).days - _paused(Period(oldest + timedelta(days=1), on + timedelta(days=1)), pauses)


def _paused(counted: Period, pauses: Iterable[Period]) -> int:
    """Days of `counted` that lie in any pause, each once."""
    total, reached = 0, counted.start
    for pause in sorted(pauses, key=lambda p: p.start):
        start, end = max(pause.start, reached), min(pause.end, counted.end)
        if start < end:
            total += (end - start).days
            reached = end
    return total


# Pauses are first joined where they touch or overlap, so that a day in two of them counts once.
_ARREARS = """
WITH per_account AS (
    SELECT account_id,
           min(due_on) FILTER (paid_minor < due_minor AND due_on < $day::DATE) AS oldest_due_on,
           min(due_on) FILTER (paid_minor < due_minor AND due_on >= $day::DATE) AS next_due_on,
           coalesce(sum(due_minor - paid_minor) FILTER (paid_minor < due_minor AND due_on < $day::DATE), 0)::BIGINT AS overdue_minor,
           (count(*) FILTER (paid_minor < due_minor AND due_on < $day::DATE))::INTEGER AS instalments_overdue
    FROM instalments GROUP BY account_id
), reach AS (
    SELECT account_id, start_on, end_on,
           max(end_on) OVER (PARTITION BY account_id ORDER BY start_on, end_on ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
    FROM pauses WHERE start_on < end_on
), fresh AS (
    SELECT account_id, greatest(start_on, coalesce(reached, start_on)) AS start_on, end_on FROM reach
), paused AS (
    SELECT a.account_id,
           sum(greatest(least(f.end_on, $day::DATE + 1) - greatest(f.start_on, a.oldest_due_on + 1), 0)) AS days
    FROM per_account a JOIN fresh f USING (account_id)
    WHERE a.oldest_due_on IS NOT NULL GROUP BY a.account_id
)
SELECT account_id,
       (CASE WHEN oldest_due_on IS NULL THEN 0 ELSE $day::DATE - oldest_due_on - coalesce(days, 0) END)::INTEGER AS dpd,
       overdue_minor, instalments_overdue, oldest_due_on, next_due_on,
       (next_due_on - $day::DATE)::INTEGER AS days_to_due
FROM per_account LEFT JOIN paused USING (account_id) ORDER BY account_id
"""

_NO_PAUSES = pa.schema({"account_id": pa.string(), "start_on": pa.date32(), "end_on": pa.date32()}).empty_table()


def arrears(instalments: pa.Table, on: date, pauses: pa.Table | None = None) -> pa.Table:
    """What is overdue in each account at the end of the day `on`, for many accounts.

    instalments   account_id text, due_on date, due_minor int64, paid_minor int64; any number of rows an account
    pauses        account_id text, start_on date, end_on date (end-exclusive); may overlap
    Returns       one row an account of `instalments`, by account_id: account_id, dpd, overdue_minor, instalments_overdue,
                  oldest_due_on (null when nothing is late), next_due_on and days_to_due (null when nothing is to come)
    """
    with duckdb.connect() as db:
        db.register("instalments", instalments)
        db.register("pauses", _NO_PAUSES if pauses is None else pauses)
        table: pa.Table = db.sql(_ARREARS, params={"day": on}).to_arrow_table()
    return table
