"""From the plan to the work: one action per chosen contact, in waves that a second person releases.

An action's key (id and `created_at`, noon UTC: the same calendar day all over the Americas) is derived from the day, the tenant and the
account: doing it again adds nothing.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
import pyarrow.csv as pacsv
from django.db import connection

from recaudo.casework import services as casework
from recaudo.flow.models import Run
from recaudo.flow.queries.facts import arrow
from recaudo.flow.queries.facts import run as execute
from recaudo.journal import services as journal
from recaudo.kernel.time import day_at
from recaudo.store.bulk import copy_csv, staging

STAGED: dict[str, str] = {
    "id": "uuid", "account_id": "uuid", "person_id": "uuid", "creditor_id": "uuid", "contact_point_id": "uuid", "agency_id": "uuid",
    "channel": "text", "purpose": "text", "treatment": "text", "template": "text", "priority": "int",
    "not_before_at": "timestamptz", "preferred_at": "timestamptz",
}  # fmt: skip

# A message waits for the middle of the morning on the debtor's clock; a call is made when an agent is free and the gate agrees, those
# whose hour it is first.
# The key is `recaudo_derived` of the database, worked out here for all rows at once.
PLANNED = """
SELECT $prefix || '8' || o.key[1:3] || '9' || o.key[4:18] AS id, o.account_id, o.person_id, o.creditor_id, o.planned_point AS contact_point_id, o.agency_id,
       o.planned_channel AS channel, c.purpose, o.treatment, o.template, o.priority,
       CASE WHEN o.planned_channel <> 'call' THEN strftime(c.planned_at, '%Y-%m-%d %H:%M:%S+00') END AS not_before_at,
       strftime(h.preferred_at, '%Y-%m-%d %H:%M:%S+00') AS preferred_at
FROM (SELECT *, sha256($tenant || chr(31) || 'action' || chr(31) || account_id::VARCHAR) AS key FROM outcome WHERE outcome = 'planned') o
JOIN candidate c USING (candidate_id) LEFT JOIN call_hour h USING (candidate_id)
"""

INSERT = """
INSERT INTO casework_action (id, tenant_id, created_at, run_id, wave_id, case_id, person_id, account_id, creditor_id,
  contact_point_id, party_role, direction, channel, purpose, status, planned_on, not_before_at, preferred_at, expires_at, treatment,
  template, priority, permit_rule, lawbook_version, disposition, contact_level, effect, is_attempt, is_contact, is_rpc,
  is_tpc, nonpayment_reason, reason_provenance, note, agency_id, cancelled_reason)
SELECT s.id, %(tenant)s, %(born)s, %(run)s, w.id, k.id, s.person_id,
  s.account_id, s.creditor_id, s.contact_point_id, 'holder', 'out', s.channel, s.purpose, 'planned', %(on)s,
  s.not_before_at, s.preferred_at, %(expires)s, s.treatment, s.template, s.priority, '', %(lawbook)s, '', '', '', false, false, false,
  false, '', '', '', s.agency_id, ''
FROM planned s
LEFT JOIN casework_case k ON k.person_id = s.person_id AND k.tenant_id = %(tenant)s AND k.status = 'open'
LEFT JOIN casework_wave w ON w.tenant_id = %(tenant)s AND w.run_id = %(run)s AND w.channel = s.channel AND w.status = 'awaiting_release'
ON CONFLICT DO NOTHING
"""


def open_actions(
    db: duckdb.DuckDBPyConnection, run: Run, *, at: datetime, expires_at: datetime, lawbook_version: str, by: Any,
    prepared_by_id: UUID | None = None,
) -> dict[str, int]:  # fmt: skip
    """Write the actions of a run and the waves that hold them. Returns new actions by channel.

    prepared_by_id  who answers for the waves of a day that nobody ran by hand: whoever approved its strategy
    """
    by_channel = dict(execute(db, "SELECT planned_channel, count(*) FROM outcome WHERE outcome = 'planned' GROUP BY 1"))
    milliseconds = int(day_at(run.on, "UTC").timestamp() * 1000)
    planned = arrow(db, PLANNED, {"prefix": f"{milliseconds:012x}", "tenant": str(run.tenant_id)})
    answers_for_it = by.id or prepared_by_id
    casework.open_waves(run_id=run.id, on=run.on, channels=by_channel, prepared_by_id=answers_for_it, at=at)
    with staging("planned", STAGED) as table:
        copy_csv(table, list(STAGED), _csv(planned))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE planned")
            cursor.execute(
                INSERT,
                {"tenant": run.tenant_id, "on": run.on, "born": day_at(run.on, "UTC", 12), "run": run.id, "expires": expires_at, "lawbook": lawbook_version},
            )
            opened = cursor.rowcount
    casework.prepare_waves(run_id=run.id, on=run.on, by=by, at=at, prepared_by_id=answers_for_it)
    journal.record(
        "actions.opened", by=by, at=at, subject="run", subject_id=run.id, count=opened, by_channel=by_channel,
        digest=_digest(db),
    )
    return by_channel


def _digest(db: duckdb.DuckDBPyConnection) -> str:
    """What was planned for whom, as one number: the same plan has the same digest."""
    text = "SELECT bit_xor(hash(account_id, planned_channel, treatment, template, priority)) FROM outcome WHERE outcome = 'planned'"
    return f"{execute(db, text)[0][0] or 0:016x}"


def _csv(rows: pa.Table) -> Iterator[bytes]:
    options = pacsv.WriteOptions(include_header=False, quoting_style="needed")
    for batch in rows.select(list(STAGED)).to_batches(max_chunksize=100_000):
        sink = io.BytesIO()
        pacsv.write_csv(pa.table({name: _plain(batch.column(name)) for name in STAGED}), sink, options)
        yield sink.getvalue()


def _plain(column: pa.Array) -> pa.Array:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
