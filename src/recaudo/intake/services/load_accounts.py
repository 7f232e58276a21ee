"""Account files into the portfolio: set-based, from staging tables, in the caller's transaction.

Who a person is: by national id within the tenant; else the holder of the same account of the same creditor; else somebody new.
The holder of a known account is not changed by a file, nor a person's name: those are merged or mended by people.

What a file may change: it speaks of the day `on`, before that day's payments. An account that a later day's file already spoke of is
left alone, so files commute. A balance that differs becomes an adjustment; what falls due is made to agree by due day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from recaudo.engine.accrue import bucket_sql, stage_sql
from recaudo.intake.fields import CLOSED, COMPONENT_FIELDS
from recaudo.intake.plan import Plan
from recaudo.intake.services.reconcile import Mismatch
from recaudo.portfolio.services import accrual
from recaudo.store import tenancy
from recaudo.store.fields import aad, decrypt, encrypt

STATUS = """coalesce(s.status, CASE WHEN s.written_off_on <= %(on)s THEN 'written_off' WHEN s.dpd > 0 THEN 'delinquent'
  WHEN s.balance <= 0 AND coalesce(s.product, b.product) IN ('instalment_loan', 'invoice') THEN 'closed_paid' ELSE 'current' END)"""

KNOWN = """
CREATE TEMPORARY TABLE intake_known ON COMMIT DROP AS
SELECT s.row_number, a.id AS account_id, a.holder_id, coalesce(b."on" > %(on)s, false) AS is_later, coalesce(b."on" < %(on)s, true) AS is_older
FROM intake_account s JOIN portfolio_account a ON a.tenant_id = %(tenant)s AND a.creditor_id = s.creditor_id AND a.number = s.number
LEFT JOIN intake_batch b ON b.tenant_id = %(tenant)s AND b.id = a.batch_id AND b.status = 'applied';
CREATE UNIQUE INDEX ON intake_known (row_number);
"""

WHO = """
CREATE TEMPORARY TABLE intake_who ON COMMIT DROP AS
WITH there AS (
  SELECT p.national_id_index, (array_agg(coalesce(p.merged_into_id, p.id) ORDER BY p.id))[1] AS id
  FROM portfolio_person p JOIN (SELECT DISTINCT nid_index FROM intake_person WHERE nid_index IS NOT NULL) s ON s.nid_index = p.national_id_index
  WHERE p.tenant_id = %(tenant)s GROUP BY 1
), party AS (
  SELECT k.row_number, r.role, n.search_name, (array_agg(r.person_id ORDER BY r.person_id))[1] AS id
  FROM intake_known k JOIN portfolio_accountparty r ON r.tenant_id = %(tenant)s AND r.account_id = k.account_id AND r.role <> 'holder'
  JOIN portfolio_person n ON n.tenant_id = %(tenant)s AND n.id = r.person_id GROUP BY 1, 2, 3
)
SELECT s.row_number, s.role, s.id AS staged_id,
       -- somebody new of whom no other row speaks: nothing of theirs can be there already
       k.row_number IS NULL AND t.id IS NULL AND (s.nid_index IS NULL OR count(*) OVER (PARTITION BY s.nid_index) = 1) AS is_alone,
       coalesce(CASE WHEN s.role = 'holder' THEN k.holder_id END, t.id, CASE WHEN s.nid_index IS NULL THEN y.id END,
                CASE WHEN s.nid_index IS NULL THEN s.id ELSE first_value(s.id) OVER same END) AS person_id
FROM intake_person s LEFT JOIN intake_known k ON k.row_number = s.row_number LEFT JOIN there t ON t.national_id_index = s.nid_index
LEFT JOIN party y ON y.row_number = s.row_number AND y.role = s.role AND y.search_name = s.search_name
WHERE NOT coalesce(k.is_later, false)
WINDOW same AS (PARTITION BY s.nid_index ORDER BY k.row_number IS NOT NULL, s.row_number, s.role);
CREATE INDEX ON intake_who (row_number, role);
"""

PERSONS = """
INSERT INTO portfolio_person (id, tenant_id, created_at, kind, name, search_name, id_type, national_id, national_id_index, country, subdivision,
  municipality, zones, birth_on, language)
SELECT s.id, %(tenant)s, %(at)s, s.kind, s.name, s.search_name, s.id_type, s.nid, s.nid_index, s.country, s.subdivision, s.municipality, s.zones,
  s.birth_on, CASE s.country WHEN 'BR' THEN 'pt' ELSE 'es' END
FROM intake_person s JOIN intake_who w ON w.staged_id = s.id AND w.person_id = s.id
"""

ACCOUNTS = """
INSERT INTO portfolio_account (id, tenant_id, created_at, creditor_id, portfolio_id, number, holder_id, product, currency, status, opened_on,
  closed_on, written_off_on, credit_limit_minor, balance_minor, overdue_minor, instalments_overdue, oldest_due_on, next_due_on, dpd, bucket, stage,
  accrued_on, last_payment_on, last_payment_minor, worst_status_6m, risk_score, branch, origin_channel, pay_reference, acceptance, purchase_order,
  derived, extra, batch_id, updated_at)
SELECT n.id, %(tenant)s, %(at)s, n.creditor_id, n.portfolio_id, n.number, n.person_id, n.shown_product, n.currency, n.now_status,
  coalesce(n.opened_on, n.issued_on), CASE WHEN n.now_status = ANY(%(closed)s) THEN %(on)s END, n.written_off_on, n.credit_limit, n.balance, n.overdue,
  n.instalments_overdue, n.due_on, n.next_due_on, n.dpd, {bucket}, {stage}, %(on)s, n.last_payment_on, n.last_payment, n.worst_status_6m, n.risk_score,
  coalesce(n.branch, ''), coalesce(n.origin_channel, ''), coalesce(n.pay_reference, ''), coalesce(n.acceptance, ''), coalesce(n.purchase_order, ''),
  n.derived, CASE WHEN n.invoice_amount IS NULL THEN n.extra ELSE n.extra || jsonb_build_object('invoice_amount_minor', n.invoice_amount) END,
  %(batch)s, %(at)s
FROM (SELECT s.*, w.person_id, coalesce(s.product, b.product) AS shown_product, {status} AS now_status, {status} = 'written_off' AS written_off
      FROM intake_account s JOIN intake_who w ON w.row_number = s.row_number AND w.role = 'holder'
      JOIN portfolio_portfolio b ON b.tenant_id = %(tenant)s AND b.id = s.portfolio_id
      WHERE NOT EXISTS (SELECT 1 FROM intake_known k WHERE k.row_number = s.row_number)) n
"""

# From here on every staged account has its id: known or just made.
TOUCHED = """
CREATE TEMPORARY TABLE intake_touched ON COMMIT DROP AS
SELECT s.row_number, coalesce(k.account_id, s.id) AS account_id, k.account_id IS NULL AS is_new
FROM intake_account s LEFT JOIN intake_known k ON k.row_number = s.row_number
WHERE NOT coalesce(k.is_later, false) AND (k.account_id IS NOT NULL OR %(makes)s);
CREATE UNIQUE INDEX ON intake_touched (row_number);
"""

# The key of the staged row serves its party too, and that of an account its first line of history: asking the server for keys costs
# as much as writing the row.
PARTIES = """
INSERT INTO portfolio_accountparty (id, tenant_id, created_at, account_id, person_id, role, from_on)
SELECT w.staged_id, %(tenant)s, %(at)s, t.account_id, w.person_id, w.role, %(on)s
FROM intake_who w JOIN intake_touched t ON t.row_number = w.row_number AND {which}
"""
# A row names each role once, so only the parties of known accounts can be there already.
PARTIES_NEW = PARTIES.format(which="t.is_new")
PARTIES_KNOWN = PARTIES.format(which="NOT t.is_new") + "ON CONFLICT (tenant_id, account_id, person_id, role) DO NOTHING"

ENTRIES_NEW = """
INSERT INTO portfolio_ledgerentry (id, tenant_id, created_at, account_id, "on", kind, component, amount_minor, batch_id, by_id)
SELECT s.entry_ids[v.n], %(tenant)s, %(at)s, t.account_id, %(on)s, 'opening', v.component, v.minor, %(batch)s, %(by)s
FROM intake_account s JOIN intake_touched t ON t.row_number = s.row_number AND t.is_new
CROSS JOIN LATERAL (VALUES {parts}) v(n, component, minor) WHERE v.minor <> 0
"""

HISTORY = """
INSERT INTO portfolio_buckethistory (id, tenant_id, created_at, account_id, "on", bucket, dpd, balance_minor, overdue_minor)
SELECT a.id, %(tenant)s, %(at)s, a.id, %(on)s, a.bucket, a.dpd, a.balance_minor, a.overdue_minor
FROM portfolio_account a JOIN intake_touched t ON t.account_id = a.id AND t.is_new WHERE a.tenant_id = %(tenant)s
"""

POINTS = """
INSERT INTO portfolio_contactpoint (id, tenant_id, created_at, person_id, kind, value, value_index, hint, line_type, country, subdivision, municipality,
  zones, place, status, source, captured_on, ownership_score, geocode_quality, batch_id)
SELECT s.id, %(tenant)s, %(at)s, w.person_id, s.kind, s.value, s.value_index, s.hint,
  CASE WHEN s.kind IN ('phone', 'im') THEN s.line_type ELSE '' END, s.country, s.subdivision, s.municipality, s.zones, s.place, 'unverified',
  'creditor', %(on)s, 0.75, '', %(batch)s
FROM intake_point s JOIN intake_who w ON w.row_number = s.row_number AND w.role = s.role AND {which}
JOIN intake_touched t ON t.row_number = s.row_number
"""
# Staging has each value of a row once.
POINTS_ALONE = POINTS.format(which="w.is_alone")
POINTS_SHARED = POINTS.format(which="NOT w.is_alone") + "ON CONFLICT (tenant_id, person_id, kind, value_index) DO NOTHING"

CONSENTS = """
INSERT INTO portfolio_consent (id, tenant_id, created_at, person_id, creditor_id, kind, channels, purpose, source, evidence, given_at, by_id)
SELECT recaudo_uuid7(), %(tenant)s, %(at)s, n.person_id, n.creditor_id, 'authorised_channel', n.consent_channels, 'collection', 'creditor_file',
  %(evidence)s, n.given_at, %(by)s
FROM (SELECT DISTINCT w.person_id, a.creditor_id, s.consent_channels, coalesce(s.consent_on, %(on)s)::timestamp AT TIME ZONE 'UTC' AS given_at
      FROM intake_person s JOIN intake_who w ON w.staged_id = s.id JOIN intake_account a ON a.row_number = s.row_number
      JOIN intake_touched t ON t.row_number = s.row_number
      WHERE s.consent_channels IS NOT NULL AND s.consent_channels <> '{{}}') n
WHERE NOT EXISTS (
  SELECT 1 FROM portfolio_consent c WHERE c.tenant_id = %(tenant)s AND c.person_id = n.person_id AND c.kind = 'authorised_channel'
  AND c.creditor_id = n.creditor_id AND c.source = 'creditor_file' AND c.channels::text[] = n.consent_channels AND c.given_at >= n.given_at)
"""

# What payments of the day itself and after took from the balance: the file does not know of them.
LATER_PAYMENTS = """
CREATE TEMPORARY TABLE intake_paid ON COMMIT DROP AS
SELECT e.account_id, sum(e.amount_minor)::bigint AS minor FROM portfolio_ledgerentry e JOIN intake_known k ON k.account_id = e.account_id
WHERE e.tenant_id = %(tenant)s AND e."on" >= %(on)s AND e.payment_id IS NOT NULL GROUP BY 1;
CREATE UNIQUE INDEX ON intake_paid (account_id);
"""

CHANGES = """
CREATE TEMPORARY TABLE intake_change ON COMMIT DROP AS
SELECT n.*, {bucket} AS bucket, {stage} AS stage FROM (
  SELECT a.id AS account_id, s.row_number, k.is_older,
    {now_status} AS status, coalesce(s.opened_on, s.issued_on, a.opened_on) AS opened_on, coalesce(s.written_off_on, a.written_off_on) AS written_off_on,
    coalesce(s.credit_limit, a.credit_limit_minor) AS credit_limit_minor,
    CASE WHEN s.has_balance THEN s.balance + coalesce(p.minor, 0) ELSE a.balance_minor END AS balance_minor,
    CASE WHEN s.has_delay THEN s.overdue ELSE a.overdue_minor END AS overdue_minor,
    CASE WHEN s.has_delay THEN s.instalments_overdue ELSE a.instalments_overdue END AS instalments_overdue,
    CASE WHEN s.has_delay THEN s.due_on ELSE a.oldest_due_on END AS oldest_due_on,
    CASE WHEN s.has_delay THEN s.next_due_on ELSE a.next_due_on END AS next_due_on,
    CASE WHEN s.has_delay THEN s.dpd ELSE a.dpd END AS dpd,
    coalesce(s.last_payment_on, a.last_payment_on) AS last_payment_on, coalesce(s.last_payment, a.last_payment_minor) AS last_payment_minor,
    coalesce(s.worst_status_6m, a.worst_status_6m) AS worst_status_6m, coalesce(s.risk_score, a.risk_score) AS risk_score,
    coalesce(s.branch, a.branch) AS branch, coalesce(s.pay_reference, a.pay_reference) AS pay_reference,
    coalesce(s.acceptance, a.acceptance) AS acceptance, coalesce(s.purchase_order, a.purchase_order) AS purchase_order,
    CASE WHEN s.has_delay THEN s.derived ELSE a.derived END AS derived, a.extra || s.extra AS extra, a.creditor_id,
    {now_status} = 'written_off' AS written_off,
    -- A file of the day itself knows nothing of that day's payments: what they settled stays settled.
    s.has_delay AND p.minor IS NULL AS sets_delay
  FROM intake_known k JOIN intake_account s ON s.row_number = k.row_number JOIN portfolio_account a ON a.id = k.account_id AND a.tenant_id = %(tenant)s
  LEFT JOIN intake_paid p ON p.account_id = k.account_id WHERE NOT k.is_later) n
"""

COMPARED = (
    "status", "opened_on", "written_off_on", "credit_limit_minor", "balance_minor", "overdue_minor", "instalments_overdue", "oldest_due_on", "next_due_on",
    "dpd", "last_payment_on", "last_payment_minor", "worst_status_6m", "risk_score", "branch", "pay_reference", "acceptance", "purchase_order",
    "derived", "extra", "bucket", "stage",
)  # fmt: skip
DELAY = ("overdue_minor", "instalments_overdue", "oldest_due_on", "next_due_on", "dpd", "bucket", "stage", "derived")

# The instalments a file speaks of: what is overdue, in equal parts, and the next one. Its number `n` counts those that are there.
DUES = """
CROSS JOIN LATERAL (
  SELECT n, (s.due_on + (n - 1) * least(30, greatest(1, s.dpd / s.instalments_overdue)))::date AS due_on,
         s.overdue / s.instalments_overdue + CASE WHEN n = 1 THEN mod(s.overdue, s.instalments_overdue) ELSE 0 END AS minor
  FROM generate_series(1, s.instalments_overdue) n WHERE s.overdue > 0
  UNION ALL SELECT 1 + CASE WHEN s.overdue <= 0 THEN 0 WHEN s.overdue < s.instalments_overdue THEN 1 ELSE s.instalments_overdue END, s.next_due_on, s.next_amount
  WHERE s.next_due_on IS NOT NULL) v
WHERE s.has_delay AND v.minor > 0
"""
WANTED = f"""
CREATE TEMPORARY TABLE intake_wanted ON COMMIT DROP AS
SELECT t.account_id, v.due_on, v.minor, s.is_derived
FROM intake_account s JOIN intake_touched t ON t.row_number = s.row_number AND NOT t.is_new {DUES}
"""

INSTALMENTS_NEW = f"""
INSERT INTO portfolio_instalment (id, tenant_id, created_at, account_id, number, due_on, amount_minor, paid_minor, is_derived)
SELECT s.due_ids[v.n], %(tenant)s, %(at)s, t.account_id, v.n, v.due_on, v.minor, 0, s.is_derived
FROM intake_account s JOIN intake_touched t ON t.row_number = s.row_number AND t.is_new {DUES}
"""

# Instalments of known accounts by due day: agree, shrink to what was paid, or add.
INSTALMENT_CHANGES = """
CREATE TEMPORARY TABLE intake_due ON COMMIT DROP AS
WITH now AS (
  SELECT i.id, i.account_id, i.due_on, i.number, i.amount_minor, i.paid_minor, i.is_derived,
         row_number() OVER (PARTITION BY i.account_id, i.due_on ORDER BY i.number) AS place
  FROM portfolio_instalment i JOIN intake_change c ON c.account_id = i.account_id AND c.sets_delay
  WHERE i.tenant_id = %(tenant)s AND i.paid_minor < i.amount_minor AND (i.is_derived OR i.due_on <= greatest(c.next_due_on, %(on)s))
), wanted AS (
  SELECT w.* FROM intake_wanted w JOIN intake_change c ON c.account_id = w.account_id AND c.sets_delay
)
SELECT n.id, coalesce(n.account_id, w.account_id) AS account_id, coalesce(n.due_on, w.due_on) AS due_on, n.amount_minor AS was,
       CASE WHEN n.id IS NULL THEN w.minor ELSE n.paid_minor + coalesce(w.minor, 0) END AS amount_minor, coalesce(w.is_derived, n.is_derived) AS is_derived
FROM now n FULL JOIN wanted w ON w.account_id = n.account_id AND w.due_on = n.due_on AND n.place = 1
WHERE n.id IS NULL OR n.amount_minor <> n.paid_minor + coalesce(w.minor, 0)
"""

INSTALMENTS_SET = """
UPDATE portfolio_instalment i SET amount_minor = d.amount_minor FROM intake_due d WHERE i.id = d.id AND i.tenant_id = %(tenant)s
"""
INSTALMENTS_ADD = """
WITH added AS (
  INSERT INTO portfolio_instalment (id, tenant_id, created_at, account_id, number, due_on, amount_minor, paid_minor, is_derived)
  SELECT recaudo_uuid7(), %(tenant)s, %(at)s, d.account_id,
    row_number() OVER (PARTITION BY d.account_id ORDER BY d.due_on)
      + coalesce((SELECT max(i.number) FROM portfolio_instalment i WHERE i.tenant_id = %(tenant)s AND i.account_id = d.account_id), 0),
    d.due_on, d.amount_minor, 0, d.is_derived
  FROM intake_due d WHERE d.id IS NULL RETURNING id, account_id)
SELECT count(*) FROM added
"""

ADJUST_WHOLE = """
INSERT INTO portfolio_ledgerentry (id, tenant_id, created_at, account_id, "on", kind, component, amount_minor, batch_id, by_id)
SELECT recaudo_uuid7(), %(tenant)s, %(at)s, a.id, %(on)s, 'adjustment', 'principal', c.balance_minor - a.balance_minor, %(batch)s, %(by)s
FROM intake_change c JOIN portfolio_account a ON a.id = c.account_id AND a.tenant_id = %(tenant)s WHERE c.balance_minor <> a.balance_minor
"""
ADJUST_PARTS = """
INSERT INTO portfolio_ledgerentry (id, tenant_id, created_at, account_id, "on", kind, component, amount_minor, batch_id, by_id)
SELECT recaudo_uuid7(), %(tenant)s, %(at)s, n.account_id, %(on)s, 'adjustment', n.component, n.minor, %(batch)s, %(by)s
FROM (
  SELECT c.account_id, v.component, v.minor - coalesce(e.minor, 0) AS minor
  FROM intake_change c JOIN intake_account s ON s.row_number = c.row_number AND s.has_balance CROSS JOIN LATERAL (VALUES {parts}) v(component, minor)
  LEFT JOIN (SELECT e.account_id, e.component, sum(e.amount_minor)::bigint AS minor FROM portfolio_ledgerentry e
             JOIN intake_change x ON x.account_id = e.account_id
             WHERE e.tenant_id = %(tenant)s AND NOT (e."on" >= %(on)s AND e.payment_id IS NOT NULL) GROUP BY 1, 2) e
    ON e.account_id = c.account_id AND e.component = v.component) n
WHERE n.minor <> 0
"""

UPDATE = """
UPDATE portfolio_account a SET {sets}, batch_id = %(batch)s, updated_at = %(at)s,
  closed_on = CASE WHEN c.status = ANY(%(closed)s) THEN coalesce(a.closed_on, %(on)s) END
FROM intake_change c WHERE a.id = c.account_id AND a.tenant_id = %(tenant)s
"""

BUCKETS_ENTERED = """
INSERT INTO portfolio_buckethistory (id, tenant_id, created_at, account_id, "on", bucket, dpd, balance_minor, overdue_minor)
SELECT recaudo_uuid7(), %(tenant)s, %(at)s, c.account_id, %(on)s, c.bucket, c.dpd, c.balance_minor, c.overdue_minor
FROM intake_change c WHERE (SELECT h.bucket FROM portfolio_buckethistory h WHERE h.tenant_id = %(tenant)s AND h.account_id = c.account_id
  AND h."on" <= %(on)s ORDER BY h."on" DESC LIMIT 1) IS DISTINCT FROM c.bucket
ON CONFLICT (tenant_id, account_id, "on") DO NOTHING
"""

CLOSED_STATES = sorted(CLOSED)


NEW_ROWS_AT_ONCE = 20_000  # enough for set-based statements, few enough to keep the database busy while the next are checked


class AccountLoad:
    """One file into the portfolio. Call `run_new` while staging, as often as you like, and `run` once after it."""

    def __init__(self, plan: Plan, *, batch_id: UUID, by: Any, at: datetime) -> None:
        self.plan = plan
        self.values: dict[str, Any] = {
            "tenant": tenancy.tenant_id(), "on": plan.on, "at": at, "batch": batch_id, "by": by.id, "closed": CLOSED_STATES,
            "makes": plan.target == "accounts", "evidence": f"Carga {batch_id}",
        }  # fmt: skip
        self.counts: dict[str, int] = {}
        self._totals: dict[str, dict[str, int]] = {}
        self._staged, self._may_begin = 0, plan.target == "accounts"

    def run_new(self, *, staged_count: int) -> None:
        """Say that rows were staged. While a file brings only new accounts, so many of them are written at once and leave the staging
        tables. As soon as one is known the rest waits for `run`: known accounts are locked together, in one order.
        """
        self._staged += staged_count
        if not self._may_begin or self._staged < NEW_ROWS_AT_ONCE:
            return
        self._may_begin = not self._one(
            "SELECT count(*) FROM (SELECT 1 FROM intake_account s JOIN portfolio_account a ON a.tenant_id = %(tenant)s"
            " AND a.creditor_id = s.creditor_id AND a.number = s.number LIMIT 1) known"
        )
        if self._may_begin:
            self.run(_nothing_before)
            self._totals = self.applied_totals()
            self.clear()
            self._do("TRUNCATE intake_account, intake_person, intake_point")
            self._staged = 0

    def clear(self) -> None:
        """Drop what a run worked with: another may follow in the same transaction."""
        names = ("known", "who", "touched", "paid", "change", "wanted", "due")
        self._do("DROP TABLE IF EXISTS " + ", ".join(f"intake_{name}" for name in names))

    def run(self, keep_before: Any) -> dict[str, int]:
        """Apply what is staged. `keep_before(query, name)` keeps what an undo needs. Returns counts; raises Mismatch."""
        self._do("SET LOCAL work_mem = '192MB'")
        self._do("SET LOCAL jit = off")
        self._do("SET LOCAL gin_pending_list_limit = '128MB'")
        self._do("SELECT set_config('recaudo.ledger_bulk', 'on', true)")
        try:
            # Only what the joins below need: the long columns make a full ANALYZE dear.
            self._do("ANALYZE intake_account (row_number, creditor_id, number)")
            self._do("ANALYZE intake_person (row_number, role, nid_index)")
            self._do("ANALYZE intake_point (row_number, role)")
            self._script(KNOWN)
            self._do("ANALYZE intake_known")
            if self.plan.target == "accounts":
                self._people()
                self._new_accounts()
            else:
                self._script(TOUCHED)
            self._do("ANALYZE intake_touched")
            if self._one("SELECT count(*) FROM intake_known"):
                self._known_accounts(keep_before)
            if self.plan.target == "accounts":
                self._around()
            self._verify()
        finally:
            if not connection.needs_rollback:
                self._do("SELECT set_config('recaudo.ledger_bulk', '', true)")
                self._do("RESET work_mem")
        return self.counts

    def _people(self) -> None:
        self._script(WHO)
        self._do("ANALYZE intake_who")
        self._count("persons", self._do(PERSONS))
        self._missing_ids()

    def _missing_ids(self) -> None:
        """A holder who was known without a national id gets the file's: sealed again, for a ciphertext is bound to its row."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT ON (p.id) p.id, s.id, s.nid, s.nid_index, s.id_type FROM intake_person s JOIN intake_who w ON w.staged_id = s.id"
                " JOIN portfolio_person p ON p.id = w.person_id AND p.tenant_id = %(tenant)s WHERE p.id <> s.id AND p.national_id IS NULL"
                " AND s.nid IS NOT NULL AND NOT EXISTS (SELECT 1 FROM portfolio_person o WHERE o.tenant_id = %(tenant)s"
                " AND o.national_id_index = s.nid_index)",
                self.values,
            )
            rows = [
                (encrypt(decrypt(bytes(nid), aad("portfolio_person", "national_id", staged)), aad("portfolio_person", "national_id", person)), index, kind, person)
                for person, staged, nid, index, kind in cursor.fetchall()
            ]
            cursor.executemany("UPDATE portfolio_person SET national_id = %s, national_id_index = %s, id_type = %s WHERE id = %s", rows)

    def _new_accounts(self) -> None:
        statement = ACCOUNTS.format(bucket=self._bucket(bucket_sql), stage=self._bucket(stage_sql), status=STATUS)
        self._count("created", self._do(statement))
        self._script(TOUCHED)
        self._count("parties", self._do(PARTIES_NEW))
        self._count("instalments", self._do(INSTALMENTS_NEW))
        parts = ", ".join(f"({n}, {part})" for n, part in enumerate(_parts("s", self.plan.components), start=1))
        self._count("entries", self._do(ENTRIES_NEW.format(parts=parts)))
        self._do(HISTORY)

    def _known_accounts(self, keep_before: Any) -> None:
        self._script(LATER_PAYMENTS)
        self._differences()
        if self._one("SELECT count(*) FROM intake_change"):
            # Lock what will change, in one order, then look again: a payment may have come in between.
            self._do("SELECT a.id FROM portfolio_account a JOIN intake_change c ON c.account_id = a.id WHERE a.tenant_id = %(tenant)s ORDER BY a.id FOR UPDATE OF a")
            self._do("DROP TABLE intake_change; DROP TABLE intake_paid")
            self._script(LATER_PAYMENTS)
            self._differences()
        self._do("ANALYZE intake_change")
        self._do(WANTED)
        self._do("ANALYZE intake_wanted")
        self._do(INSTALMENT_CHANGES)
        self._do("ANALYZE intake_due")
        self.counts["stale"] = self._one("SELECT count(*) FROM intake_known WHERE is_later")
        self.counts["updated"] = self._one("SELECT count(*) FROM intake_change WHERE differs")
        self.counts["unchanged"] = self._one("SELECT count(*) FROM intake_known WHERE NOT is_later") - self.counts["updated"]
        self._keep(keep_before)
        self._count("instalments", self._do(INSTALMENTS_SET) + self._one(INSTALMENTS_ADD))
        has_parts = self.plan.feeds_any(*COMPONENT_FIELDS)
        parts = ", ".join(f"({part})" for part in _parts("s", COMPONENT_FIELDS))
        self.counts["adjusted"] = self._do(ADJUST_PARTS.format(parts=parts) if has_parts else ADJUST_WHOLE)
        self._do(BUCKETS_ENTERED)
        self._do(UPDATE.format(sets=", ".join(f"{name} = c.{name}" for name in COMPARED)))

    def _differences(self) -> None:
        """What differs, and what only has to be remembered as spoken of on a later day."""
        self._do("ANALYZE intake_paid")
        statement = CHANGES.format(
            bucket=self._bucket(bucket_sql), stage=self._bucket(stage_sql),
            now_status="coalesce(s.status, CASE WHEN s.written_off_on <= %(on)s THEN 'written_off' WHEN a.status = ANY(%(closed)s) AND NOT (coalesce(s.balance, 0) > 0) THEN a.status"
            " WHEN a.status = 'written_off' THEN a.status WHEN s.has_balance AND s.balance <= 0 AND a.product IN ('instalment_loan', 'invoice') THEN 'closed_paid'"
            " WHEN NOT s.has_delay THEN a.status WHEN s.dpd > 0 AND a.status = 'accelerated' THEN a.status WHEN s.dpd > 0 THEN 'delinquent' ELSE 'current' END)",
        )  # fmt: skip
        self._do(statement)
        self._do("CREATE UNIQUE INDEX ON intake_change (account_id)")
        self._do("ANALYZE intake_change")
        # Payments of the day or after moved the delay already: keep the account's own figures.
        own = ", ".join(f"{name} = a.{name}" for name in DELAY)
        self._do(
            f"UPDATE intake_change c SET {own}, status = CASE WHEN c.status IN ('delinquent', 'current') THEN a.status ELSE c.status END"
            " FROM portfolio_account a WHERE a.id = c.account_id AND a.tenant_id = %(tenant)s AND NOT c.sets_delay AND EXISTS"
            " (SELECT 1 FROM intake_paid p WHERE p.account_id = c.account_id)"
        )
        fresh, old = (", ".join(f"{alias}.{name}" for name in COMPARED) for alias in ("c", "a"))
        self._do("ALTER TABLE intake_change ADD COLUMN differs boolean NOT NULL DEFAULT false")
        self._do(
            f"UPDATE intake_change c SET differs = true FROM portfolio_account a WHERE a.id = c.account_id AND a.tenant_id = %(tenant)s"
            f" AND ({fresh}) IS DISTINCT FROM ({old})"
        )
        self._do("DELETE FROM intake_change WHERE NOT differs AND NOT is_older")

    def _keep(self, keep_before: Any) -> None:
        columns = ", ".join(f"a.{name}" for name in (*COMPARED, "closed_on", "batch_id"))
        keep_before(f"SELECT a.id AS account_id, {columns} FROM portfolio_account a JOIN intake_change c ON c.account_id = a.id", "accounts")
        keep_before("SELECT id, account_id, due_on, was, amount_minor FROM intake_due", "instalments")

    def _around(self) -> None:
        """Who else answers, and how everybody is reached."""
        self._count("parties", self._do(PARTIES_KNOWN) if self._one("SELECT count(*) FROM intake_known") else 0)
        self._count("contact_points", self._do(POINTS_ALONE) + self._do(POINTS_SHARED))
        self._count("consents", self._do(CONSENTS.format()))

    def _count(self, name: str, count: int) -> None:
        self.counts[name] = self.counts.get(name, 0) + count

    def _verify(self) -> None:
        """Every account this file wrote equals its ledger. Raises Mismatch."""
        changed = "UNION SELECT account_id FROM intake_change WHERE differs" if "updated" in self.counts else ""
        wrong = self._one(
            f"WITH written AS (SELECT account_id FROM intake_touched WHERE is_new {changed})"
            " SELECT count(*) FROM written w JOIN portfolio_account a ON a.id = w.account_id AND a.tenant_id = %(tenant)s LEFT JOIN"
            " (SELECT e.account_id, sum(e.amount_minor) AS minor FROM portfolio_ledgerentry e JOIN written w ON w.account_id = e.account_id"
            "  WHERE e.tenant_id = %(tenant)s GROUP BY 1) e ON e.account_id = a.id WHERE a.balance_minor <> coalesce(e.minor, 0)"
        )
        if wrong:
            raise Mismatch(count=wrong)

    def applied_totals(self) -> dict[str, dict[str, int]]:
        """currency -> what the portfolio now says for the rows taken, what a later file kept from being taken, what is not known."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT s.currency, sum(CASE WHEN t.row_number IS NOT NULL AND s.has_balance THEN a.balance_minor - coalesce(p.minor, 0) ELSE 0 END),"
                " sum(CASE WHEN t.row_number IS NULL AND s.has_balance THEN s.balance ELSE 0 END), count(*) FILTER (WHERE t.row_number IS NULL)"
                " FROM intake_account s LEFT JOIN intake_touched t ON t.row_number = s.row_number"
                " LEFT JOIN portfolio_account a ON a.id = t.account_id AND a.tenant_id = %(tenant)s"
                " LEFT JOIN (SELECT e.account_id, sum(e.amount_minor)::bigint AS minor FROM portfolio_ledgerentry e JOIN intake_known k"
                " ON k.account_id = e.account_id WHERE e.tenant_id = %(tenant)s AND e.\"on\" >= %(on)s AND e.payment_id IS NOT NULL GROUP BY 1) p"
                " ON p.account_id = t.account_id GROUP BY 1",
                self.values,
            )
            found = {code: {"applied": int(applied), "not_applied": int(other)} for code, applied, other, _ in cursor.fetchall()}
        for code, sums in self._totals.items():
            mine = found.setdefault(code, {"applied": 0, "not_applied": 0})
            for name in mine:
                mine[name] += sums[name]
        return found

    def _bucket(self, of: Any) -> str:
        general, own = accrual.bucket_sets(self.plan.on)
        cases = " ".join(f"WHEN n.creditor_id = '{creditor}'::uuid THEN {of(one, dpd='n.dpd', written_off='n.written_off')}" for creditor, one in own.items())
        plain = str(of(general, dpd="n.dpd", written_off="n.written_off"))
        return (f"CASE {cases} ELSE {plain} END" if cases else plain).replace("%", "%%")

    def _script(self, text: str) -> None:
        for statement in text.split(";"):
            if statement.strip():
                self._do(statement)

    def _do(self, statement: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, self.values if "%(" in statement else None)
            return int(cursor.rowcount)

    def _one(self, statement: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, self.values if "%(" in statement else None)
            return int(cursor.fetchone()[0])


def _nothing_before(query: str, name: str) -> None:
    """New accounts have nothing to go back to."""


def _parts(alias: str, fed: Sequence[str]) -> list[str]:
    """Component and amount of each entry: principal is what is left of the balance after its named parts, `fed`."""
    named = "".join(f" - coalesce({alias}.{name}, 0)" for name in fed)
    return [f"'principal', {alias}.balance{named}", *(f"'{name}', coalesce({alias}.{name}, 0)" for name in fed)]
