"""Payment files into the portfolio: set-based, from a staging table, in the caller's transaction.

Whose a payment is: the account with that number or payment reference (of the batch's creditor, when one is chosen) in that currency;
none or several: it waits to be identified. A payment the portfolio has under the same key is skipped, or refused when it differs.

A payment from before the day of the account's last file is already in that file's balance: it is kept as a payment, and moves
nothing. The others are spread over instalments, oldest first, and components in the creditor's order, as `portfolio` does it for one:
payments, instalments and components each lie on one line of money per account, and an entry is where the three overlap.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pyarrow as pa
from django.db import connection

from recaudo.intake.checking import Checked
from recaudo.intake.plan import Plan
from recaudo.intake.services.reconcile import Mismatch
from recaudo.intake.services.sealing import fresh_ids, put, sealed, written
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, Creditor
from recaudo.store import tenancy

PAYMENT: dict[str, str] = {
    "row_number": "integer", "id": "uuid", "account_ref": "text", "external_id": "text", "amount": "bigint", "currency": "text", "paid_on": "date",
    "method": "text", "payer": "bytea", "pay_channel": "text",
}  # fmt: skip
# Up to here accounts are rolled one by one after their payment; beyond, the whole book at once is cheaper.
ROLL_ONE_BY_ONE = 200

THERE = """
CREATE TEMPORARY TABLE intake_there ON COMMIT DROP AS
SELECT s.row_number, (p.amount_minor, p.currency, p.paid_on) IS NOT DISTINCT FROM (s.amount, s.currency, s.paid_on) AS is_same
FROM intake_payment s JOIN portfolio_payment p ON p.tenant_id = %(tenant)s AND p.external_id = s.external_id
"""

WHOSE = """
CREATE TEMPORARY TABLE intake_pay ON COMMIT DROP AS
WITH candidate AS (
  SELECT s.row_number, a.id FROM intake_payment s JOIN portfolio_account a ON a.tenant_id = %(tenant)s AND a.number = s.account_ref
  WHERE a.currency = s.currency AND (%(creditor)s::uuid IS NULL OR a.creditor_id = %(creditor)s)
  UNION
  SELECT s.row_number, a.id FROM intake_payment s JOIN portfolio_account a ON a.tenant_id = %(tenant)s AND a.pay_reference = s.account_ref
  WHERE a.pay_reference <> '' AND a.currency = s.currency AND (%(creditor)s::uuid IS NULL OR a.creditor_id = %(creditor)s)
), whose AS (SELECT row_number, (array_agg(id))[1] AS account_id FROM candidate GROUP BY 1 HAVING count(*) = 1)
SELECT s.row_number, s.id AS payment_id, w.account_id, s.amount, s.paid_on, coalesce(s.paid_on < b."on", false) AS is_late, false AS is_itemised
FROM intake_payment s LEFT JOIN whose w ON w.row_number = s.row_number LEFT JOIN portfolio_account a ON a.id = w.account_id AND a.tenant_id = %(tenant)s
LEFT JOIN intake_batch b ON b.tenant_id = %(tenant)s AND b.id = a.batch_id AND b.status = 'applied'
WHERE NOT EXISTS (SELECT 1 FROM intake_there t WHERE t.row_number = s.row_number)
"""

# Charges booked on one instalment belong to it; the plain overlap below does not know that, so those few go one by one.
ITEMISED = """
UPDATE intake_pay y SET is_itemised = true WHERE NOT is_late AND EXISTS (
  SELECT 1 FROM portfolio_ledgerentry e WHERE e.tenant_id = %(tenant)s AND e.account_id = y.account_id AND e.instalment_id IS NOT NULL
  AND e.amount_minor > 0 AND e.payment_id IS NULL)
"""

PAYMENTS = """
INSERT INTO portfolio_payment (id, tenant_id, created_at, account_id, amount_minor, currency, paid_on, method, reference, external_id, payer, status,
  channel, batch_id, by_id, reversal_reason)
SELECT s.id, %(tenant)s, %(at)s, y.account_id, s.amount, s.currency, s.paid_on, coalesce(s.method, ''), coalesce(s.account_ref, ''), s.external_id,
  s.payer, CASE WHEN y.account_id IS NULL THEN 'unidentified' ELSE 'applied' END, coalesce(s.pay_channel, ''), %(batch)s, %(by)s, ''
FROM intake_payment s JOIN intake_pay y ON y.row_number = s.row_number WHERE NOT y.is_itemised
"""

ENTRIES = """
CREATE TEMPORARY TABLE intake_line ON COMMIT DROP AS
WITH paid AS (
  SELECT *, sum(amount) OVER w - amount AS low, sum(amount) OVER w AS high FROM intake_pay
  WHERE account_id IS NOT NULL AND NOT is_late AND NOT is_itemised WINDOW w AS (PARTITION BY account_id ORDER BY paid_on, row_number)
), mine AS (SELECT DISTINCT account_id FROM paid
), owed AS (
  SELECT e.account_id, e.component, greatest(sum(e.amount_minor), 0) AS minor
  FROM portfolio_ledgerentry e JOIN mine m ON m.account_id = e.account_id WHERE e.tenant_id = %(tenant)s GROUP BY 1, 2
), part AS (
  SELECT o.account_id, o.component, sum(o.minor) OVER w - o.minor AS low, sum(o.minor) OVER w AS high
  FROM owed o JOIN portfolio_account a ON a.id = o.account_id AND a.tenant_id = %(tenant)s
  JOIN intake_order r ON r.creditor_id = a.creditor_id AND r.component = o.component WINDOW w AS (PARTITION BY o.account_id ORDER BY r.place)
  UNION ALL
  SELECT m.account_id, 'principal', coalesce(t.minor, 0), 9e18
  FROM mine m LEFT JOIN (SELECT account_id, sum(minor) AS minor FROM owed GROUP BY 1) t ON t.account_id = m.account_id
), unpaid AS (
  SELECT i.id, i.account_id, sum(i.amount_minor - i.paid_minor) OVER w - (i.amount_minor - i.paid_minor) AS low,
         sum(i.amount_minor - i.paid_minor) OVER w AS high
  FROM portfolio_instalment i JOIN mine m ON m.account_id = i.account_id
  WHERE i.tenant_id = %(tenant)s AND i.paid_minor < i.amount_minor WINDOW w AS (PARTITION BY i.account_id ORDER BY i.due_on, i.number)
), due AS (
  SELECT * FROM unpaid
  UNION ALL SELECT NULL, m.account_id, coalesce(t.high, 0), 9e18
  FROM mine m LEFT JOIN (SELECT account_id, max(high) AS high FROM unpaid GROUP BY 1) t ON t.account_id = m.account_id
)
SELECT p.payment_id, p.account_id, d.id AS instalment_id, c.component, p.paid_on,
       sum(least(p.high, d.high, c.high) - greatest(p.low, d.low, c.low))::bigint AS minor
FROM paid p JOIN due d ON d.account_id = p.account_id AND d.low < p.high AND d.high > p.low
JOIN part c ON c.account_id = p.account_id AND c.low < p.high AND c.high > p.low
WHERE least(p.high, d.high, c.high) > greatest(p.low, d.low, c.low) GROUP BY 1, 2, 3, 4, 5
"""

LEDGER = """
INSERT INTO portfolio_ledgerentry (id, tenant_id, created_at, account_id, instalment_id, payment_id, "on", kind, component, amount_minor, batch_id, by_id)
SELECT recaudo_uuid7(), %(tenant)s, %(at)s, account_id, instalment_id, payment_id, paid_on, 'payment', component, -minor, %(batch)s, %(by)s
FROM intake_line
"""
INSTALMENTS = """
UPDATE portfolio_instalment i SET paid_minor = i.paid_minor + l.minor,
  paid_on = CASE WHEN i.paid_minor + l.minor >= i.amount_minor THEN l.last_on END
FROM (SELECT instalment_id, sum(minor)::bigint AS minor, max(paid_on) AS last_on FROM intake_line WHERE instalment_id IS NOT NULL GROUP BY 1) l
WHERE i.id = l.instalment_id AND i.tenant_id = %(tenant)s
"""
BALANCES = """
UPDATE portfolio_account a SET balance_minor = a.balance_minor - l.minor, updated_at = %(at)s
FROM (SELECT account_id, sum(minor)::bigint AS minor FROM intake_line GROUP BY 1) l WHERE a.id = l.account_id AND a.tenant_id = %(tenant)s
"""
LAST = """
UPDATE portfolio_account a SET last_payment_on = l.paid_on, last_payment_minor = l.amount, updated_at = %(at)s
FROM (SELECT DISTINCT ON (account_id) account_id, paid_on, amount FROM intake_pay WHERE account_id IS NOT NULL AND NOT is_itemised
      ORDER BY account_id, paid_on DESC, row_number DESC) l
WHERE a.id = l.account_id AND a.tenant_id = %(tenant)s AND (a.last_payment_on IS NULL OR a.last_payment_on <= l.paid_on)
"""


def stage_payments(checked: Checked) -> None:
    """Into the staging table."""
    count = len(checked.rows)
    ids = fresh_ids(count)
    values = checked.values
    columns = {
        **{name: values[name] for name in ("account_ref", "external_id", "amount", "currency", "paid_on", "method", "pay_channel")},
        "row_number": pa.array(checked.rows), "id": pa.array(ids),
        "payer": sealed(values["payer"].to_pylist(), "portfolio_payment", "payer", ids),
    }  # fmt: skip
    if count:
        put(written("intake_payment", columns, PAYMENT))


class PaymentLoad:
    """One payment file into the portfolio. Call `run` once, after staging."""

    def __init__(self, plan: Plan, *, batch_id: UUID, by: Any, at: datetime) -> None:
        self.plan, self.by, self.at, self.batch_id = plan, by, at, batch_id
        self.values: dict[str, Any] = {
            "tenant": tenancy.tenant_id(), "at": at, "batch": batch_id, "by": by.id, "creditor": plan.book.creditor_id if plan.book else None,
        }  # fmt: skip
        self.counts: dict[str, int] = {}

    def run(self, keep_before: Any) -> dict[str, int]:
        """Apply what is staged; rows that differ from a known payment are left for `differing`. Raises Mismatch."""
        self._do("SET LOCAL work_mem = '192MB'")
        self._do("SET LOCAL jit = off")
        self._do("ANALYZE intake_payment")
        self._do(THERE)
        self._do("ANALYZE intake_there")
        self._do(WHOSE)
        self._do("ANALYZE intake_pay")
        # Before reading what is owed: nobody else pays on these accounts meanwhile.
        self._do("SELECT a.id FROM portfolio_account a JOIN (SELECT DISTINCT account_id FROM intake_pay) y ON y.account_id = a.id"
                 " WHERE a.tenant_id = %(tenant)s ORDER BY a.id FOR UPDATE OF a")  # fmt: skip
        self._do(ITEMISED)
        self.counts["created"] = self._do(PAYMENTS)
        self._order()
        self._do(ENTRIES)
        self._do("ANALYZE intake_line")
        self._do("SELECT set_config('recaudo.ledger_bulk', 'on', true)")
        self.counts["entries"] = self._do(LEDGER)
        self._do("SELECT set_config('recaudo.ledger_bulk', '', true)")
        self._do(INSTALMENTS)
        self._do(BALANCES)
        self._do(LAST)
        self._itemised()
        self._counts()
        self._verify()
        self._roll()
        self._do("RESET work_mem")
        return self.counts

    def differing(self) -> list[int]:
        """Rows whose key the portfolio has with another amount, currency or day."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT row_number FROM intake_there WHERE NOT is_same ORDER BY 1")
            return [row[0] for row in cursor.fetchall()]

    def applied_totals(self) -> dict[str, dict[str, int]]:
        """currency -> booked by this file, there before, refused because they differ."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT s.currency, coalesce(sum(p.amount_minor), 0), coalesce(sum(s.amount) FILTER (WHERE t.is_same), 0),"
                " coalesce(sum(s.amount) FILTER (WHERE NOT t.is_same), 0) FROM intake_payment s LEFT JOIN intake_there t ON t.row_number = s.row_number"
                " LEFT JOIN portfolio_payment p ON p.tenant_id = %(tenant)s AND p.external_id = s.external_id AND p.batch_id = %(batch)s GROUP BY 1",
                self.values,
            )
            return {
                code: {"applied": int(applied), "not_applied": int(same), "differing": int(other)} for code, applied, same, other in cursor.fetchall()
            }

    def clear(self) -> None:
        """Drop what a run worked with: another may follow in the same transaction."""
        self._do("DROP TABLE IF EXISTS " + ", ".join(f"intake_{name}" for name in ("there", "pay", "line", "order")))

    def _order(self) -> None:
        self._do("CREATE TEMPORARY TABLE intake_order (creditor_id uuid, component text, place integer) ON COMMIT DROP")
        rows = [
            (creditor.id, component, place) for creditor in Creditor.objects.all() for place, component in enumerate(portfolio.waterfall_of(creditor))
        ]
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO intake_order VALUES (%s, %s, %s)", rows)

    def _itemised(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT y.account_id, s.amount, s.currency, s.paid_on, s.method, s.account_ref, s.external_id, s.pay_channel FROM intake_pay y"
                " JOIN intake_payment s ON s.row_number = y.row_number WHERE y.is_itemised ORDER BY s.paid_on, s.row_number"
            )
            rows = cursor.fetchall()
        for account_id, amount, currency, paid_on, method, reference, external_id, channel in rows:
            portfolio.record_payment(
                account=Account.objects.get(id=account_id), amount_minor=amount, currency=currency, paid_on=paid_on, method=method or "",
                reference=reference or "", external_id=external_id, by=self.by, at=self.at, batch_id=self.batch_id, channel=channel or "",
            )  # fmt: skip
        self.counts["created"] += len(rows)

    def _counts(self) -> None:
        self.counts["duplicates"] = self._one("SELECT count(*) FROM intake_there WHERE is_same")
        self.counts["unidentified"] = self._one("SELECT count(*) FROM intake_pay WHERE account_id IS NULL")
        self.counts["already_in_balance"] = self._one("SELECT count(*) FROM intake_pay WHERE account_id IS NOT NULL AND is_late")

    def _verify(self) -> None:
        wrong = self._one(
            "WITH mine AS (SELECT DISTINCT account_id FROM intake_line) SELECT count(*) FROM mine m JOIN portfolio_account a"
            " ON a.id = m.account_id AND a.tenant_id = %(tenant)s JOIN (SELECT e.account_id, sum(e.amount_minor) AS minor FROM portfolio_ledgerentry e"
            " JOIN mine m ON m.account_id = e.account_id WHERE e.tenant_id = %(tenant)s GROUP BY 1) e ON e.account_id = a.id"
            " WHERE a.balance_minor <> e.minor"
        )
        if wrong:
            raise Mismatch(count=wrong)

    def _roll(self) -> None:
        """Delay follows from what is paid."""
        on = portfolio.local_day(self.at)
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT account_id FROM intake_line LIMIT %s", [ROLL_ONE_BY_ONE + 1])
            touched = [row[0] for row in cursor.fetchall()]
        if len(touched) > ROLL_ONE_BY_ONE:
            portfolio.accrue(on=on, by=self.by, at=self.at)
            return
        for account in Account.objects.filter(id__in=touched):
            portfolio.accrue_account(account, on=on, at=self.at)

    def _do(self, statement: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, self.values if "%(" in statement else None)
            return int(cursor.rowcount)

    def _one(self, statement: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, self.values if "%(" in statement else None)
            return int(cursor.fetchone()[0])
