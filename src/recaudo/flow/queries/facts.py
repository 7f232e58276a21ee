"""The table the day decides on: accounts x facts, read once from the database and joined in memory.

Reads the tables in one snapshot, joins them where they lie (as Arrow, not copied into DuckDB), and leaves in the connection: `point`,
`history`, `hold`, `consent` for the next steps, and the result `facts` (one row per open account; columns of engine/facts.py, plus
the keys and contact points that the next steps need). Instants in the workspace are UTC without a zone: DuckDB needs an extension for
more.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from recaudo.store.arrow import reader

HISTORY_DAYS = 31
OPEN_STATUSES = "('preventive', 'current', 'delinquent', 'accelerated', 'written_off')"

ACCOUNTS = f"""
SELECT a.id AS account_id, a.holder_id AS person_id, a.creditor_id, a.portfolio_id, a.product, a.currency,
       a.status, a.stage, a.bucket, a.dpd, a.overdue_minor, a.balance_minor, a.instalments_overdue,
       a.next_due_on, a.opened_on, a.last_payment_on, a.worst_status_6m::int AS worst_status_6m,
       a.risk_score::int AS risk_score, a.credit_limit_minor, a.acceptance
FROM portfolio_account a
WHERE a.tenant_id = {{tenant}} AND a.status IN {OPEN_STATUSES} AND a.balance_minor > 0
"""
PORTFOLIOS = """
SELECT p.id AS portfolio_id, p.code AS portfolio_code, p.kind, p.country, c.code AS creditor_code
FROM portfolio_portfolio p JOIN portfolio_creditor c ON c.id = p.creditor_id WHERE p.tenant_id = {tenant}
"""
PERSONS = """
SELECT id AS person_id, country, subdivision, zones, deceased_on IS NOT NULL AS is_deceased
FROM portfolio_person WHERE tenant_id = {tenant} AND merged_into_id IS NULL
"""
POINTS = """
SELECT id AS point_id, person_id, kind, line_type, ownership_score, source, place, zones
FROM portfolio_contactpoint WHERE tenant_id = {tenant} AND status IN ('valid', 'unverified', 'stale')
"""
HISTORY = """
SELECT person_id, account_id, creditor_id, agency_id, channel, direction, purpose, occurred_at AT TIME ZONE 'UTC' AS occurred_at, disposition, contact_level,
       is_attempt, is_contact, is_rpc, party_role
FROM casework_action
WHERE tenant_id = {tenant} AND occurred_at >= {since} AND occurred_at < {until} AND channel <> 'system'
"""
PROMISES = """
SELECT account_id, bool_or(status = 'active') AS promise_active,
       count(*) FILTER (WHERE status = 'broken' AND judged_on >= {since})::int AS promises_broken_90d
FROM agreements_promise WHERE tenant_id = {tenant} AND (status = 'active' OR judged_on >= {since}) GROUP BY account_id
"""
PAYMENTS = """
SELECT account_id, count(*)::int AS payments_90d_count FROM portfolio_payment
WHERE tenant_id = {tenant} AND status = 'applied' AND paid_on >= {since} AND paid_on <= {on} AND account_id IS NOT NULL
GROUP BY account_id
"""
HOLDS = """
SELECT person_id, account_id, creditor_id, channel, kind,
       from_at AT TIME ZONE 'UTC' AS from_at, until_at AT TIME ZONE 'UTC' AS until_at FROM casework_hold
WHERE tenant_id = {tenant} AND released_at IS NULL AND (until_at IS NULL OR until_at > {at})
"""
DISPUTES = """
SELECT person_id, account_id FROM casework_dispute
WHERE tenant_id = {tenant} AND status IN ('open', 'in_review', 'waiting_creditor')
"""
CONSENTS = """
SELECT person_id, creditor_id, kind AS type, channels, given_at AT TIME ZONE 'UTC' AS since,
       revoked_at AT TIME ZONE 'UTC' AS revoked
FROM portfolio_consent WHERE tenant_id = {tenant} AND (revoked_at IS NULL OR revoked_at > {at})
"""
PLACEMENTS = """
SELECT account_id, agency_id FROM portfolio_placement
WHERE tenant_id = {tenant} AND status IN ('active', 'recall_requested') AND agency_id IS NOT NULL
"""

FACTS = """
CREATE TABLE facts AS
WITH reach AS (
  SELECT person_id,
         arg_max(point_id, ownership_score) FILTER (kind = 'phone') AS phone_id,
         arg_max(point_id, ownership_score) FILTER (kind = 'phone' AND line_type <> 'fixed') AS sms_id,
         arg_max(point_id, ownership_score) FILTER (kind = 'im') AS im_id,
         arg_max(point_id, ownership_score) FILTER (kind = 'email') AS email_id,
         arg_max(point_id, ownership_score) FILTER (kind = 'address') AS address_id,
         max(ownership_score) AS contact_quality
  FROM point GROUP BY person_id),
touched AS (
  SELECT person_id,
         arg_max(disposition, occurred_at) FILTER (disposition <> '') AS last_outcome,
         CAST(date_diff('day', max(occurred_at) FILTER (is_contact), $at) AS INTEGER) AS days_since_contact,
         CAST(count(*) FILTER (is_attempt AND direction = 'out' AND occurred_at >= $at - INTERVAL 7 DAY) AS INTEGER) AS attempts_7d,
         CAST(count(*) FILTER (is_contact AND occurred_at >= $at - INTERVAL 30 DAY) AS INTEGER) AS contacts_30d
  FROM history GROUP BY person_id),
held AS (SELECT DISTINCT person_id, account_id, creditor_id FROM hold WHERE channel = ''),
money AS (
  SELECT a.*, a.overdue_minor * r.usd AS overdue_usd FROM account a LEFT JOIN rate r USING (currency)),
whole AS (
  SELECT *, count(*) OVER w AS accounts_of_person, max(dpd) OVER w AS person_dpd_max,
         sum(overdue_usd) OVER w AS person_overdue_usd, bool_or(overdue_usd IS NULL) OVER w AS person_unknown
  FROM money WINDOW w AS (PARTITION BY person_id))
SELECT a.account_id, a.person_id, f.creditor_code, f.portfolio_code, a.product, f.kind,
       p.country, a.currency, a.stage, a.bucket, a.dpd,
       CAST(a.next_due_on - $on AS INTEGER) AS days_to_due,
       a.overdue_minor, a.balance_minor, CAST(a.overdue_usd AS BIGINT) AS overdue_usd_minor, a.instalments_overdue,
       CAST(date_diff('month', a.opened_on, $on) AS INTEGER) AS months_on_book,
       CAST($on - a.last_payment_on AS INTEGER) AS days_since_payment,
       coalesce(y.payments_90d_count, 0) AS payments_90d_count,
       coalesce(m.promise_active, false) AS promise_active,
       coalesce(m.promises_broken_90d, 0) AS promises_broken_90d,
       t.last_outcome, t.days_since_contact,
       coalesce(t.attempts_7d, 0) AS attempts_7d, coalesce(t.contacts_30d, 0) AS contacts_30d,
       p.is_deceased OR hp.person_id IS NOT NULL OR ha.account_id IS NOT NULL OR hc.person_id IS NOT NULL AS hold_active,
       dp.person_id IS NOT NULL OR da.account_id IS NOT NULL AS dispute_active,
       r.phone_id IS NOT NULL AS has_phone, r.email_id IS NOT NULL AS has_email,
       r.im_id IS NOT NULL AS has_im, r.address_id IS NOT NULL AS has_address,
       r.contact_quality, a.worst_status_6m, a.risk_score,
       CASE WHEN a.credit_limit_minor > 0 THEN a.balance_minor / CAST(a.credit_limit_minor AS DOUBLE) END AS utilisation,
       CAST(a.accounts_of_person AS INTEGER) AS accounts_of_person,
       CASE WHEN NOT a.person_unknown THEN CAST(a.person_overdue_usd AS BIGINT) END AS person_overdue_usd_minor,
       a.person_dpd_max, g.agency_id IS NOT NULL AS placed_with_agency, nullif(a.acceptance, '') AS acceptance,
       a.creditor_id, a.portfolio_id, g.agency_id, p.subdivision, p.zones,
       r.phone_id, r.sms_id, r.im_id, r.email_id, r.address_id
FROM whole a
JOIN portfolio f USING (portfolio_id)
JOIN person p USING (person_id)
LEFT JOIN reach r USING (person_id)
LEFT JOIN touched t USING (person_id)
LEFT JOIN promise m ON m.account_id = a.account_id
LEFT JOIN payment y ON y.account_id = a.account_id
LEFT JOIN placement g ON g.account_id = a.account_id
LEFT JOIN (SELECT DISTINCT person_id FROM held WHERE account_id IS NULL AND creditor_id IS NULL) hp ON hp.person_id = a.person_id
LEFT JOIN (SELECT DISTINCT account_id FROM held WHERE account_id IS NOT NULL) ha ON ha.account_id = a.account_id
LEFT JOIN (SELECT DISTINCT person_id, creditor_id FROM held WHERE account_id IS NULL AND creditor_id IS NOT NULL) hc
       ON hc.person_id = a.person_id AND hc.creditor_id = a.creditor_id
LEFT JOIN (SELECT DISTINCT person_id FROM dispute WHERE account_id IS NULL) dp ON dp.person_id = a.person_id
LEFT JOIN (SELECT DISTINCT account_id FROM dispute WHERE account_id IS NOT NULL) da ON da.account_id = a.account_id
"""


def workspace(folder: Path, *, memory: str = "1500MB") -> duckdb.DuckDBPyConnection:
    """An empty in-memory DuckDB that spills to a folder and reads nothing from outside."""
    folder.mkdir(parents=True, exist_ok=True)
    return duckdb.connect(
        config={"memory_limit": memory, "temp_directory": str(folder), "preserve_insertion_order": False}
    )


def run(db: duckdb.DuckDBPyConnection, text: str, params: dict[str, object] | None = None) -> list[tuple[Any, ...]]:
    """Execute to the end. DuckDB 2 refuses other work on a connection while a result is not fetched."""
    return db.execute(text, params).fetchall()


def arrow(db: duckdb.DuckDBPyConnection, text: str, params: dict[str, object] | None = None) -> pa.Table:
    """The rows of a query as an Arrow table."""
    found: pa.Table = db.sql(text, params=params).to_arrow_table()
    return found


def reads(*, on: date, at: datetime) -> tuple[tuple[str, str, dict[str, object]], ...]:
    """What the facts are made of: name, query, and its parameters besides the tenant."""
    quarter, since = on - timedelta(days=90), at - timedelta(days=HISTORY_DAYS)
    return (
        ("account", ACCOUNTS, {}), ("portfolio", PORTFOLIOS, {}), ("person", PERSONS, {}), ("point", POINTS, {}),
        ("history", HISTORY, {"since": since, "until": at}), ("promise", PROMISES, {"since": quarter}),
        ("payment", PAYMENTS, {"since": quarter, "on": on}), ("hold", HOLDS, {"at": at}), ("dispute", DISPUTES, {}),
        ("consent", CONSENTS, {"at": at}), ("placement", PLACEMENTS, {}),
    )  # fmt: skip


def gather(db: duckdb.DuckDBPyConnection, *, tenant: str, on: date, at: datetime, usd_rates: dict[str, float]) -> int:
    """Fill the workspace and build `facts`. Returns the number of accounts.

    on, at      the day decided on, and the instant that counts as now
    usd_rates   USD cents per minor unit of a currency; a currency without a rate has no USD facts
    """
    with reader() as source:
        for name, text, params in reads(on=on, at=at):
            db.register(name, source.fetch(text, tenant=tenant, **params))
    db.register("rate", pa.table({"currency": list(usd_rates), "usd": pa.array(usd_rates.values(), pa.float64())}))
    run(db, FACTS, {"on": on, "at": at.astimezone(UTC).replace(tzinfo=None)})
    forget(db, "account", "portfolio", "person", "promise", "payment", "dispute", "placement", "rate")
    return int(run(db, "SELECT count(*) FROM facts")[0][0])


def keep(db: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    """Copy rows into a table of the workspace, in place of one of that name."""
    db.register("kept", rows)
    run(db, f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM kept")
    db.unregister("kept")


def forget(db: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Let go of what was read, so that its memory is free for the next steps."""
    for name in names:
        db.unregister(name)
