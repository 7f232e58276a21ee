"""The base tables of the indicators, read in one snapshot, and what engine.measure makes of them.

Row security narrows them to the tenant, and for an agency to what is placed with it. Reads what is committed.
What was overdue at the start of the period is what the account brought when it entered the bucket it was in: the history of
buckets keeps amounts on the day of a change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa

from recaudo.analytics.models import Reading
from recaudo.engine import measure
from recaudo.engine.accrue import DEFAULT_BUCKETS, stage_of
from recaudo.engine.measure import Params, Row
from recaudo.kernel.time import day_at
from recaudo.law.queries import rules
from recaudo.store import tenancy
from recaudo.store.arrow import Reader, reader

UNWORKED_DAYS = 30
HUMAN = ("call", "visit")
Tables = dict[str, pa.Table]


@dataclass(frozen=True, slots=True)
class Scope:
    """What is measured.

    start, end   days of the organisation's clock; `end` is not included
    today        the day it is: a period that reaches it shows the accounts as they are
    The rest     narrows it; empty is everything. bucket is the one at the start of the period
    """

    start: date
    end: date
    today: date
    zone: str
    portfolio_id: UUID | None = None
    creditor_id: UUID | None = None
    currency: str = ""
    bucket: str = ""
    channel: str = ""
    agent_id: UUID | None = None

    @property
    def closed_on(self) -> date:
        """The last day that has happened."""
        return min(self.end - timedelta(days=1), self.today)

    @property
    def previous(self) -> Scope:
        """As many days before."""
        days = min(self.end, self.today + timedelta(days=1)) - self.start
        return replace(self, start=self.start - days, end=self.start)

    @property
    def key(self) -> str:
        """Tells scopes apart: a digest. The day it is counts while the period reaches it, not for one that is over."""
        said = {**asdict(self), "today": min(self.today, self.end)}
        return hashlib.sha256(repr(sorted((name, str(value)) for name, value in said.items())).encode()).hexdigest()[:40]

    @property
    def params(self) -> Params:
        return Params(closed_on=self.closed_on, unworked_days=UNWORKED_DAYS)


# Read apart and joined in memory: row security hides from the planner how many rows there are, and it would go one by one.
BEFORE = """
SELECT DISTINCT ON (h.account_id) uuid_send(h.account_id) AS account_key, bucket, balance_minor, overdue_minor
FROM portfolio_buckethistory h WHERE tenant_id = {tenant} AND "on" < {start} ORDER BY h.account_id, "on" DESC
"""
FIRST = """
SELECT DISTINCT ON (h.account_id) uuid_send(h.account_id) AS account_key, bucket, balance_minor, overdue_minor
FROM portfolio_buckethistory h WHERE tenant_id = {tenant} AND "on" >= {start} AND "on" < {end}
ORDER BY h.account_id, "on"
"""
LAST = """
SELECT DISTINCT ON (h.account_id) uuid_send(h.account_id) AS account_key, bucket, balance_minor, overdue_minor,
       CASE WHEN dpd > 0 THEN dpd + ({end}::date - 1 - "on") ELSE 0 END AS dpd
FROM portfolio_buckethistory h WHERE {is_past} AND tenant_id = {tenant} AND "on" < {end}
ORDER BY h.account_id, "on" DESC
"""
KNOWN = """
SELECT uuid_send(a.id) AS account_key, uuid_send(a.holder_id) AS person_key, uuid_send(a.portfolio_id) AS portfolio_key, a.product, a.currency, a.bucket, a.overdue_minor, a.balance_minor, a.dpd, a.oldest_due_on,
       CASE WHEN coalesce(a.closed_on, {start}) >= {end} THEN '' WHEN a.status IN ('closed_paid', 'closed_settled') THEN 'PAID'
            WHEN a.status = 'sold' THEN 'SOLD' WHEN a.status IN ('recalled', 'closed_prescribed') THEN 'RECALLED' ELSE '' END AS gone
FROM portfolio_account a
WHERE a.tenant_id = {tenant} AND a.created_at < {end_at} AND (a.closed_on IS NULL OR a.closed_on >= {start})
  AND ({portfolio}::uuid IS NULL OR a.portfolio_id = {portfolio}::uuid)
  AND ({creditor}::uuid IS NULL OR a.creditor_id = {creditor}::uuid) AND ({currency} = '' OR a.currency = {currency})
"""
PORTFOLIOS = """
SELECT uuid_send(p.id) AS portfolio_key, p.name AS portfolio, c.name AS creditor
FROM portfolio_portfolio p JOIN portfolio_creditor c ON c.id = p.creditor_id WHERE p.tenant_id = {tenant}
"""
# Whom the lot put in an arm by the end of the period: the newest one counts, and a trial before the control group that is kept always.
MEMBERS = """
SELECT DISTINCT ON (m.person_id) uuid_send(m.person_id) AS person_key, e.name || ': ' || k.name AS arm
FROM strategy_experimentmember m JOIN strategy_experiment e ON e.id = m.experiment_id AND e.tenant_id = {tenant}
JOIN strategy_experimentarm k ON k.experiment_id = e.id AND k.code = m.arm AND k.tenant_id = {tenant}
WHERE m.tenant_id = {tenant} AND m.enrolled_on < {end} ORDER BY m.person_id, e.is_default, m.enrolled_on DESC
"""
# A past period shows the account as its history says it was at the end; one that reaches today, as it is.
ACCOUNTS = """
SELECT row_number() OVER () AS account_id, a.person_key AS person_id, a.account_key, p.creditor, p.portfolio, a.product, a.currency, coalesce(b.bucket, f.bucket, a.bucket) AS bucket0,
       CASE WHEN a.gone <> '' THEN a.gone WHEN $past THEN coalesce(l.bucket, b.bucket, a.bucket) ELSE a.bucket END AS bucket1,
       coalesce(b.overdue_minor, f.overdue_minor, a.overdue_minor) AS bal0_minor,
       coalesce(b.balance_minor, f.balance_minor, a.balance_minor) AS tot0_minor,
       CASE WHEN a.gone <> '' THEN 0 WHEN $past THEN coalesce(l.overdue_minor, a.overdue_minor) ELSE a.overdue_minor END AS bal1_minor,
       CASE WHEN a.gone <> '' THEN 0 WHEN $past THEN coalesce(l.balance_minor, a.balance_minor) ELSE a.balance_minor END AS tot1_minor,
       CAST(CASE WHEN a.gone <> '' THEN 0 WHEN $past THEN coalesce(l.dpd, a.dpd) ELSE a.dpd END AS BIGINT) AS dpd1,
       b.account_key IS NULL AS entered, a.oldest_due_on, s.stage0, coalesce(m.arm, '') AS arm
FROM known a JOIN portfolios p USING (portfolio_key)
LEFT JOIN before b ON b.account_key = a.account_key
LEFT JOIN first f ON f.account_key = a.account_key AND b.account_key IS NULL
LEFT JOIN last l ON l.account_key = a.account_key
LEFT JOIN stage s ON s.bucket0 = coalesce(b.bucket, f.bucket, a.bucket)
LEFT JOIN members m ON m.person_key = a.person_key
WHERE $bucket = '' OR coalesce(b.bucket, f.bucket, a.bucket) = $bucket
"""
ATTEMPTS = """
SELECT uuid_send(x.account_id) AS account_key, x.channel, x.occurred_at AS at, x.is_attempt AS attempt,
       x.is_contact AS contact, x.channel = ANY({human}) AS human, x.is_rpc AS rpc, x.is_tpc AS tpc, coalesce(u.name, '') AS agent,
       extract(hour FROM x.occurred_at AT TIME ZONE coalesce(p.zones[1], {zone}))::bigint AS hour,
       extract(isodow FROM x.occurred_at AT TIME ZONE coalesce(p.zones[1], {zone}))::bigint AS weekday,
       (x.occurred_at AT TIME ZONE {zone})::date AS "on"
FROM casework_action x
LEFT JOIN workforce_user u ON u.id = x.by_id
LEFT JOIN portfolio_person p ON p.id = x.person_id
WHERE x.tenant_id = {tenant} AND x.occurred_at >= {since} AND x.occurred_at < {end_at} AND x.account_id IS NOT NULL
  AND x.channel <> 'system' AND ({channel} = '' OR x.channel = {channel}) AND ({agent}::uuid IS NULL OR x.by_id = {agent}::uuid)
"""
# Due and judged: a promise whose days of grace still run has neither been kept nor broken.
PROMISES = """
SELECT p.id::text AS promise_id, uuid_send(p.account_id) AS account_key, p.amount_minor, p.due_on, p.made_on AS created_on, p.status,
       p.paid_minor AS paid_by_grace_minor, p.paid_minor, p.made_on >= {start} AND p.made_on < {end} AS created_in_period,
       p.due_on >= {start} AND p.due_on < {end} AND p.status IN ('kept', 'kept_late', 'partial', 'broken') AS due_in_period,
       p.channel, coalesce(u.name, '') AS agent
FROM agreements_promise p LEFT JOIN workforce_user u ON u.id = p.by_id
WHERE p.tenant_id = {tenant} AND ((p.made_on >= {start} AND p.made_on < {end}) OR (p.due_on >= {start} AND p.due_on < {end}))
  AND ({channel} = '' OR p.channel = {channel}) AND ({agent}::uuid IS NULL OR p.by_id = {agent}::uuid)
"""
PAYMENTS = """
SELECT uuid_send(account_id) AS account_key, amount_minor, paid_on AS "on" FROM portfolio_payment
WHERE tenant_id = {tenant} AND paid_on >= {start} AND paid_on < {end} AND status IN ('applied', 'reversed') AND account_id IS NOT NULL
UNION ALL
SELECT uuid_send(account_id), -amount_minor, (reversed_at AT TIME ZONE {zone})::date FROM portfolio_payment
WHERE tenant_id = {tenant} AND reversed_at >= {start_at} AND reversed_at < {end_at} AND status = 'reversed' AND account_id IS NOT NULL
"""


def read(scope: Scope, *, attempts_since: date | None = None) -> Tables:
    """The base tables of a scope (engine.measure.TABLES), each with further columns as cuts.

    accounts    also `stage0`, the stage of the starting bucket, and `arm`, of the experiment that the holder was drawn for; ids are
                numbers of this reading, not keys
    attempts    also hour and weekday (1 Monday) on the person's clock, `on`; from `attempts_since` when given
    headroom    weeks that touch the period: attempts of a person against the organisation's cap of seven days
    Raises      NoTenant
    """
    values: dict[str, Any] = {
        "tenant": tenancy.tenant_id(), "start": scope.start, "end": scope.end, "zone": scope.zone, "human": list(HUMAN),
        "start_at": day_at(scope.start, scope.zone), "end_at": day_at(scope.end, scope.zone), "is_past": scope.end <= scope.today,
        "since": day_at(attempts_since or scope.start, scope.zone), "portfolio": scope.portfolio_id, "creditor": scope.creditor_id,
        "currency": scope.currency, "bucket": scope.bucket, "channel": scope.channel, "agent": scope.agent_id,
    }  # fmt: skip
    with reader() as source:
        parts = {name: _fetch(source, text, values) for name, text in _PARTS.items()}
        happened = {name: _fetch(source, text, values) for name, text in _HAPPENED.items()}
    tables = _numbered(_accounts(parts, scope), happened)
    cap = next((cap for cap in rules().caps if cap.period_days == 7), None)
    if cap is not None:
        tables["headroom"] = _headroom(tables, cap.max_contacts_per_person, scope)
    return tables


def _fetch(source: Reader, text: str, values: dict[str, Any]) -> pa.Table:
    return source.fetch(text, **values)


_PARTS = {"known": KNOWN, "before": BEFORE, "first": FIRST, "last": LAST, "portfolios": PORTFOLIOS, "members": MEMBERS}


_HAPPENED = {"attempts": ATTEMPTS, "promises": PROMISES, "payments": PAYMENTS}


def _numbered(accounts: pa.Table, happened: Tables) -> Tables:
    """What happened on these accounts, under their numbers: joins on numbers are cheap, on ids they are not."""
    with duckdb.connect() as db:
        db.register("accounts", accounts)
        tables = {}
        for name, table in happened.items():
            db.register("happened", table)
            person = ", a.person_id" if name == "attempts" else ""
            query = f"SELECT a.account_id{person}, h.* EXCLUDE (account_key) FROM happened h JOIN accounts a USING (account_key)"
            tables[name] = db.sql(query).to_arrow_table()
            db.unregister("happened")
    return {"accounts": accounts.drop_columns(["account_key"]), **tables}


def _accounts(parts: Tables, scope: Scope) -> pa.Table:
    first = dict(DEFAULT_BUCKETS.edges)
    stages = {code: stage_of(first.get(code, 0), DEFAULT_BUCKETS, written_off=code == "WO") for code in DEFAULT_BUCKETS.codes}
    with duckdb.connect() as db:
        for name, part in parts.items():
            db.register(name, part)
        db.register("stage", pa.table({"bucket0": list(stages), "stage0": list(stages.values())}))
        return db.sql(ACCOUNTS, params={"past": scope.end <= scope.today, "bucket": scope.bucket}).to_arrow_table()


def _headroom(tables: Tables, allowed: int, scope: Scope) -> pa.Table:
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        db.register("attempts", tables["attempts"])
        return db.sql(
            """SELECT person_id, date_trunc('week', "on")::DATE AS week_on, count(*) AS used, $allowed::BIGINT AS allowed FROM attempts
               WHERE attempt AND "on" >= $start GROUP BY ALL""",
            params={"allowed": allowed, "start": scope.start},
        ).to_arrow_table()


def in_period(tables: Tables, scope: Scope) -> Tables:
    """The same tables with only the attempts of the period itself."""
    with duckdb.connect() as db:
        db.register("attempts", tables["attempts"])
        kept = db.sql('SELECT * FROM attempts WHERE "on" >= $start', params={"start": scope.start}).to_arrow_table()
    return {**tables, "attempts": kept}


# How long it took until somebody was tried, or reached, after a debt fell due (K-43 counts hours; a screen shows days).
BANDS: tuple[tuple[int, str], ...] = ((0, "El mismo día"), (3, "1 a 3 días"), (7, "4 a 7 días"), (15, "8 a 15 días"), (10_000, "16 días o más"))
NOBODY = "Sin contacto"


def with_speed(tables: Tables, scope: Scope) -> Tables:
    """Accounts whose debt fell due in the period, with `first_attempt` and `first_contact`: the band of days it took."""
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        db.register("accounts", tables["accounts"])
        db.register("attempts", tables["attempts"])
        band = "CASE WHEN {0} IS NULL THEN $nobody " + " ".join(f"WHEN {{0}} <= {days} THEN '{name}'" for days, name in BANDS) + " END"
        accounts = db.sql(
            f"""WITH tried AS (
                 SELECT a.account_id, min(t."on") FILTER (t.attempt) - a.oldest_due_on AS attempt_days,
                        min(t."on") FILTER (t.contact) - a.oldest_due_on AS contact_days
                 FROM accounts a JOIN attempts t ON t.account_id = a.account_id AND t."on" >= a.oldest_due_on
                 GROUP BY a.account_id, a.oldest_due_on)
               SELECT a.*, {band.format('t.attempt_days')} AS first_attempt, {band.format('t.contact_days')} AS first_contact
               FROM accounts a LEFT JOIN tried t USING (account_id)
               WHERE a.oldest_due_on >= $start AND a.oldest_due_on < $end""",
            params={"start": scope.start, "end": scope.end, "nobody": NOBODY},
        ).to_arrow_table()
    return {**tables, "accounts": accounts}


def kept(name: str, scope: Scope) -> Reading | None:
    """The kept reading of a scope for whoever asks: the organisation, or an agency. One query by key."""
    found: Reading | None = Reading.objects.filter(agency_id=tenancy.agency_id(), name=name, scope_key=scope.key).first()
    return found


def compute(name: str, scope: Scope) -> dict[str, list[Row]]:
    """The lists of a reading, worked out now: figures ("rows"), patterns, or one.<indicator>.<cut> ("split", "whole").

    Raises  UnknownKpi, CutNotPossible; NoTenant
    """
    if name == "figures":
        return {"rows": figures(scope)}
    if name == "patterns":
        return patterns(scope)
    _, kpi, cut = name.split(".")
    split, whole = one(kpi, scope, [cut] if cut else [])
    return {"split": split, "whole": whole}


FIGURES: tuple[str, ...] = (
    "K-02", "K-03", "K-04", "K-04c", "K-05", "K-07", "K-09", "K-10", "K-10c", "K-22", "K-30", "K-31", "K-32", "K-33", "K-34", "K-35",
    "K-36", "K-37", "K-38", "K-39", "K-50", "K-51", "K-52", "K-53", "K-54", "K-55", "K-56", "K-61", "K-62",
)  # fmt: skip


def figures(scope: Scope) -> list[Row]:
    """Every indicator of the page for a scope, without cuts."""
    tables = read(scope, attempts_since=min(scope.start, scope.closed_on - timedelta(days=UNWORKED_DAYS)))
    idle = {"accounts": tables["accounts"].select(["account_id"]), "attempts": tables["attempts"].select(["account_id", "attempt", "at"])}
    return [*measure.compute(FIGURES, in_period(tables, scope), params=scope.params), *measure.compute(["K-23"], idle, params=scope.params)]


def patterns(scope: Scope) -> dict[str, list[Row]]:
    """What is looked at as a picture: roll forward and recovery by bucket, early recovery, the hours, speed, money by day."""
    tables = read(scope)
    few = {**tables, "accounts": tables["accounts"].select(["account_id", "currency", "bucket0", "stage0", "bucket1", "bal0_minor"])}
    speed = with_speed(tables, scope)
    return {
        "by_bucket": measure.compute(["K-05", "K-05c", "K-07c", "K-62"], few, by=["bucket0"], params=scope.params),
        "early": measure.compute(["K-62", "K-07c"], few, by=["stage0"], params=scope.params),
        "hours": measure.compute(["K-34"], {"accounts": few["accounts"].select(["account_id"]), "attempts": tables["attempts"]}, by=["hour", "weekday"]),
        "money": measure.compute(["K-61"], {"accounts": few["accounts"].select(["account_id", "currency"]), "payments": tables["payments"]}, by=["on"]),
        "first_attempt": measure.compute(["K-30"], speed, by=["first_attempt"]),
        "first_contact": measure.compute(["K-31"], speed, by=["first_contact"]),
    }


def one(kpi: str, scope: Scope, by: Sequence[str]) -> tuple[list[Row], list[Row]]:
    """One indicator by some cuts, and as a whole. Raises UnknownKpi, CutNotPossible."""
    since = scope.closed_on - timedelta(days=UNWORKED_DAYS)
    tables = read(scope, attempts_since=min(scope.start, since) if kpi == "K-23" else None)
    split = measure.compute([kpi], tables, by=by, params=scope.params)
    return split, measure.compute([kpi], tables, params=scope.params) if by else split


def of(rows: Iterable[Row], kpi: str) -> list[Row]:
    """The rows of one indicator."""
    return [row for row in rows if row.kpi == kpi]
