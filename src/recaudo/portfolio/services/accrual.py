"""The end-of-day roll: days past due, buckets, stages and status of every account, in one statement of the database.

The rules are `engine.accrue`'s; this is the same in PostgreSQL, for a million accounts must not travel to be counted. A
property test keeps the two together. One account is rolled by the same statement with a condition more.

Buckets and stages: the creditor's definition in force on the day, else the tenant's, else the engine's default (S-062: early
delinquency is less than 120 days: CUR, B1 1-30, B2 31-60, B3 61-90, B4 91-119, B5 120-179, B6 180 or more, WO written off).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from recaudo.engine.accrue import DEFAULT_BUCKETS, BucketSet, bucket_sql, stage_sql
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.portfolio.models import Account, BucketDefinition, Creditor, DelinquencyPause
from recaudo.portfolio.services.calendar import local_day
from recaudo.store import tenancy


class BadPause(Problem):
    code = "bad_delinquency_pause"
    message = "La pausa no se guardó: {reason}"


class BadDefinition(Problem):
    code = "bad_bucket_definition"
    message = "Los tramos no se guardaron: {reason}"


@dataclass(frozen=True, slots=True)
class AccrualResult:
    """What a roll found and did.

    accounts   bucket -> accounts rolled (those sold, recalled, settled or prescribed are not)
    changed    accounts whose figures were not those of before
    entered    accounts that entered another bucket
    digest     the same for the same figures of the same accounts, whatever their order
    """

    accounts: dict[str, int]
    changed: int
    entered: int
    digest: str

    @property
    def total(self) -> int:
        return sum(self.accounts.values())


@transaction.atomic
def accrue(*, on: date, by: Any, at: datetime) -> AccrualResult:
    """Roll every account of the tenant to the end of the day `on`. A second time changes nothing.

    Reads what is unpaid once, updates the accounts that differ, adds a line of history where a bucket was entered, and
    keeps the day's figures of each portfolio.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            'DELETE FROM portfolio_portfoliofigure WHERE tenant_id = %s AND "on" = %s', [tenancy.tenant_id(), on]
        )
    result = _roll(on=on, at=at, account_id=None)
    journal.record(
        "accounts.accrued", by=by, at=at, subject="day", on=on, accounts=result.accounts, changed=result.changed,
        entered=result.entered, digest=result.digest,
    )  # fmt: skip
    return result


@transaction.atomic
def accrue_account(account: Account, *, on: date, at: datetime) -> Account:
    """Roll one account (after a payment, a pause), and read its figures back into `account`. Whoever calls writes the event."""
    _roll(on=on, at=at, account_id=account.id)
    account.refresh_from_db()
    return account


@transaction.atomic
def pause_delinquency(
    account: Account, *, from_on: date, until_on: date | None, reason: str, by: Any, at: datetime
) -> DelinquencyPause:
    """Days that do not count as delay, [from_on, until_on), also in the past; without an end it lasts until one is set.

    Raises  BadPause
    """
    if not reason.strip():
        raise BadPause(reason="diga por qué se pausa el conteo.")
    if until_on is not None and until_on <= from_on:
        raise BadPause(reason="la fecha final debe ser posterior a la inicial.")
    pause = DelinquencyPause.objects.create(
        account=account, from_on=from_on, until_on=until_on, reason=reason.strip()[:200], by_id=by.id, created_at=at
    )
    accrue_account(account, on=local_day(at), at=at)
    journal.record(
        "account.paused", by=by, at=at, subject="account", subject_id=account.id, pause_id=pause.id, from_on=from_on,
        until_on=until_on,
    )  # fmt: skip
    return pause


@transaction.atomic
def define_buckets(
    *, creditor: Creditor | None, valid_from: date, early_below_days: int, late_from_days: int, by: Any, at: datetime
) -> BucketDefinition:
    """Put another definition of buckets and stages in force from a day, for a creditor or (None) for all.

    early_below_days  delinquency is early below this many days (S-062); late_from_days  and late from this many
    Raises            BadDefinition
    """
    if not 2 <= early_below_days < late_from_days <= 720:
        raise BadDefinition(reason="la mora temprana termina antes de que empiece la tardía, entre 2 y 720 días.")
    made = BucketSet.with_early(
        "tramos", valid_from, early_below_days=early_below_days, late_from_days=late_from_days
    )
    stages = {first: stage for stage, first in made.stages}
    stage, edges = "early", []
    for code, first in made.edges:
        stage = stages.get(first, stage)
        edges.append({"bucket": code, "from": first, "stage": stage})
    definition, _ = BucketDefinition.objects.update_or_create(
        creditor=creditor, valid_from=valid_from, defaults={"edges": edges, "created_at": at}
    )
    journal.record(
        "creditor.changed", by=by, at=at, subject="creditor", subject_id=creditor.id if creditor else None,
        valid_from=valid_from, early_below_days=early_below_days, late_from_days=late_from_days,
    )  # fmt: skip
    return definition


def bucket_sets(on: date) -> tuple[BucketSet, dict[UUID, BucketSet]]:
    """The tenant's definition in force on a day, and those of creditors that have their own."""
    general: BucketSet = DEFAULT_BUCKETS
    own: dict[UUID, BucketSet] = {}
    for row in BucketDefinition.objects.filter(valid_from__lte=on).order_by("valid_from"):
        if row.creditor_id is None:
            general = _bucket_set(row)
        else:
            own[row.creditor_id] = _bucket_set(row)
    return general, own


def _bucket_set(row: BucketDefinition) -> BucketSet:
    edges = [edge for edge in row.edges if int(edge["from"]) >= 1]
    stages: list[tuple[str, int]] = []
    for edge in edges:
        if not stages or stages[-1][0] != edge["stage"]:
            stages.append((edge["stage"], int(edge["from"])))
    return BucketSet(
        "tramos", row.valid_from, tuple((edge["bucket"], int(edge["from"])) for edge in edges), tuple(stages)
    )


def _by_creditor(general: str, own: dict[UUID, str]) -> str:
    """One expression out of several. Ids are UUIDs and codes are quoted by the engine: nothing here is typed by a person."""
    if not own:
        return general
    cases = " ".join(f"WHEN creditor_id = '{creditor}'::uuid THEN {case}" for creditor, case in own.items())
    return f"CASE {cases} ELSE {general} END"


def _roll(*, on: date, at: datetime, account_id: UUID | None) -> AccrualResult:
    general, own = bucket_sets(on)
    bucket = _by_creditor(bucket_sql(general), {creditor: bucket_sql(one) for creditor, one in own.items()})
    stage = _by_creditor(stage_sql(general), {creditor: stage_sql(one) for creditor, one in own.items()})
    statement = ROLL.format(
        bucket=bucket.replace("%", "%%"),
        stage=stage.replace("%", "%%"),
        only_items="AND account_id = %(account)s" if account_id else "",
        only_accounts="AND a.id = %(account)s" if account_id else "",
        figures="" if account_id else FIGURES,
    )
    values = {"tenant": tenancy.tenant_id(), "on": on, "at": at, "account": account_id}
    with connection.cursor() as cursor:
        if account_id is None:
            # Half a million accounts' unpaid instalments are grouped by hash, not by sorting on disk.
            cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute(statement, values)
        rows = cursor.fetchall()
        if account_id is None:
            cursor.execute("RESET work_mem")
    accounts = {row[0]: row[1] for row in rows if row[0] is not None}
    changed, entered, digest = rows[0][2:5] if rows else (0, 0, None)
    return AccrualResult(accounts, changed, entered, f"{int(digest or 0) & (2**64 - 1):016x}")


# A fragment for the whole book only: its figures of the day.
FIGURES = """
, kept AS (
  INSERT INTO portfolio_portfoliofigure
    (id, tenant_id, created_at, portfolio_id, "on", bucket, account_count, par30_minor, balance_minor, overdue_minor)
  SELECT recaudo_uuid7(), %(tenant)s, %(at)s, portfolio_id, %(on)s, bucket, count(*),
         coalesce(sum(balance_minor) FILTER (WHERE dpd > 30), 0), sum(balance_minor), sum(overdue_minor)
  FROM figures WHERE status <> 'closed_paid' GROUP BY portfolio_id, bucket
)
"""

ROLL = """
WITH unpaid AS MATERIALIZED (
  SELECT account_id,
         min(due_on) FILTER (WHERE due_on < %(on)s) AS oldest_due_on,
         min(due_on) FILTER (WHERE due_on >= %(on)s) AS next_due_on,
         coalesce(sum(amount_minor - paid_minor) FILTER (WHERE due_on < %(on)s), 0)::bigint AS overdue_minor,
         (count(*) FILTER (WHERE due_on < %(on)s))::integer AS instalments_overdue
  FROM portfolio_instalment
  WHERE tenant_id = %(tenant)s AND paid_minor < amount_minor {only_items}
  GROUP BY account_id
), reach AS (
  SELECT account_id, from_on, coalesce(until_on, %(on)s + 1) AS until_on,
         max(coalesce(until_on, %(on)s + 1)) OVER (
           PARTITION BY account_id ORDER BY from_on, until_on ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
  FROM portfolio_delinquencypause
  WHERE tenant_id = %(tenant)s AND from_on <= %(on)s AND (until_on IS NULL OR until_on > from_on) {only_items}
), paused AS (
  -- Pauses may overlap: each day counts once, from where the earlier ones reached.
  SELECT account_id,
         sum(greatest(least(r.until_on, %(on)s + 1) - greatest(r.from_on, coalesce(r.reached, r.from_on), u.oldest_due_on + 1), 0)) AS days
  FROM reach r JOIN unpaid u USING (account_id)
  WHERE u.oldest_due_on IS NOT NULL GROUP BY account_id
), counted AS (
  SELECT a.id, a.portfolio_id, a.creditor_id, a.balance_minor, a.product, a.status AS was, u.account_id IS NULL AS is_settled,
         a.dpd AS dpd_was, a.overdue_minor AS overdue_was, a.instalments_overdue AS instalments_was, a.oldest_due_on AS oldest_was,
         a.next_due_on AS next_was, a.bucket AS bucket_was, a.stage AS stage_was,
         u.oldest_due_on, u.next_due_on, coalesce(u.overdue_minor, 0) AS overdue_minor,
         coalesce(u.instalments_overdue, 0) AS instalments_overdue,
         CASE WHEN u.oldest_due_on IS NULL THEN 0 ELSE (%(on)s - u.oldest_due_on - coalesce(p.days, 0))::integer END AS dpd,
         a.status = 'written_off' OR coalesce(a.written_off_on <= %(on)s, false) AS lost
  FROM portfolio_account a LEFT JOIN unpaid u ON u.account_id = a.id LEFT JOIN paused p ON p.account_id = a.id
  WHERE a.tenant_id = %(tenant)s AND a.status NOT IN ('sold', 'recalled', 'closed_settled', 'closed_prescribed') {only_accounts}
), judged AS (
  -- A card at zero stays open; a loan or an invoice at zero is done, and a written-off debt that was paid too.
  SELECT c.*, CASE
           WHEN balance_minor <= 0 AND is_settled AND (lost OR product IN ('instalment_loan', 'invoice')) THEN 'closed_paid'
           WHEN lost THEN 'written_off'
           WHEN dpd > 0 THEN CASE WHEN was = 'accelerated' THEN was ELSE 'delinquent' END
           WHEN was = 'preventive' THEN was
           ELSE 'current' END AS status
  FROM counted c
), figures AS MATERIALIZED (
  SELECT j.*, {bucket} AS bucket, {stage} AS stage
  FROM (SELECT *, status = 'written_off' AS written_off FROM judged) j
), changed AS (
  UPDATE portfolio_account a
  SET dpd = f.dpd, overdue_minor = f.overdue_minor, instalments_overdue = f.instalments_overdue, oldest_due_on = f.oldest_due_on,
      next_due_on = f.next_due_on, bucket = f.bucket, stage = f.stage, status = f.status, accrued_on = %(on)s,
      closed_on = CASE WHEN f.status = 'closed_paid' THEN coalesce(a.closed_on, %(on)s) END, updated_at = %(at)s
  FROM figures f
  -- As it was when the figures were made: an account that is as it should be is not looked up again.
  WHERE a.id = f.id AND a.tenant_id = %(tenant)s AND
    (f.dpd_was, f.overdue_was, f.instalments_was, f.oldest_was, f.next_was, f.bucket_was, f.stage_was, f.was) IS DISTINCT FROM
    (f.dpd, f.overdue_minor, f.instalments_overdue, f.oldest_due_on, f.next_due_on, f.bucket, f.stage, f.status)
  RETURNING 1
), entered AS (
  -- Compared with the last line of history, not with the account: a payment in between moves the account at once.
  INSERT INTO portfolio_buckethistory (id, tenant_id, created_at, account_id, "on", bucket, dpd, balance_minor, overdue_minor)
  SELECT recaudo_uuid7(), %(tenant)s, %(at)s, f.id, %(on)s, f.bucket, f.dpd, f.balance_minor, f.overdue_minor
  FROM figures f LEFT JOIN LATERAL (
    SELECT h.bucket FROM portfolio_buckethistory h
    WHERE h.tenant_id = %(tenant)s AND h.account_id = f.id AND h."on" <= %(on)s ORDER BY h."on" DESC LIMIT 1) last ON true
  WHERE last.bucket IS DISTINCT FROM f.bucket
  ON CONFLICT (tenant_id, account_id, "on") DO NOTHING RETURNING 1
) {figures}
SELECT bucket, count(*), (SELECT count(*) FROM changed), (SELECT count(*) FROM entered),
       bit_xor(bit_xor(hashtextextended(concat(id, dpd, bucket, stage, status, overdue_minor), 0))) OVER ()
FROM figures GROUP BY bucket
"""
