"""From facts to the plan of the day: decide, ask the law, fit into capacity. Set by set, in the workspace of the day.

Each function adds one table to the workspace:
    facts      accounts x facts              (flow/queries/facts.py)
    decided    accounts x decisions          what the strategy wants
    candidate  contacts wanted               one per account and way: the chosen channel, and the fallback
    permitted  candidates x verdict          what the law and the house allow today
    chosen     at most one per person        what fits into capacity
    fate       accounts x what became of it  for the summary
    outcome    a view: facts, decided and fate side by side, for the actions and the snapshot
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from recaudo.casework import catalogue
from recaudo.engine import allocate, comply, decide
from recaudo.engine.facts import types
from recaudo.flow.models import Run
from recaudo.flow.queries.facts import arrow
from recaudo.flow.queries.facts import keep as keep_table
from recaudo.flow.queries.facts import run as execute
from recaudo.flow.queries.limits import Limits
from recaudo.flow.services import stops
from recaudo.kernel.money import minor_digits
from recaudo.kernel.problems import Problem
from recaudo.kernel.time import day_at
from recaudo.law.queries import Rules
from recaudo.strategy import services as strategy
from recaudo.strategy.models import StrategyVersion
from recaudo.workforce.models import Tenant

SAMPLE = 1000  # accounts that the reference evaluator decides again, every day
HOUR = 11  # the debtor's clock at which the bulk screen asks; the gate asks again at the second of contact
NO_LIMITS = Limits()
CONSENTS = ("authorised_channel", "tcpa_consent", "marketing_consent")


class NoPortfolio(Problem):
    code = "no_portfolio"
    message = "No hay cuentas abiertas con saldo: cargue una cartera en Cargas antes de ejecutar la jornada."
    status = 409


class NoCapacity(Problem):
    code = "no_capacity"
    message = "No hay capacidad definida para ese día de la semana: indíquela en Usuarios y roles, Capacidad."
    status = 409


def require(*, accounts: int, capacity: dict[str, int]) -> None:
    """Refuse a day that could do nothing, before it does anything. Raises NoPortfolio, NoCapacity."""
    if accounts == 0:
        raise NoPortfolio()
    if not any(capacity.values()):
        raise NoCapacity()


def usd_rates(tenant: Tenant) -> dict[str, float]:
    """USD cents per minor unit, by currency, from the organisation's settings: {"usd_rates": {"MXN": "18.40"}} per dollar."""
    return {
        code: 10 ** (2 - minor_digits(code)) / float(per_dollar)
        for code, per_dollar in tenant.settings.get("usd_rates", {}).items()
    }


def decide_all(db: duckdb.DuckDBPyConnection, *, xml: bytes, seed: int) -> Callable[[], int]:
    """Apply the strategy to every account. `arms.apply` comes after it.

    Returns  the check: it decides a sample again with the reference, on data of its own (any thread), gives how many accounts it
             looked at and raises EnginesDiffer. The day stops for it before anything is planned for anybody
    Raises   what `decide.read` and `decide.compile` refuse
    """
    compiled = decide.compile(decide.read(xml), types())
    keep_table(db, "decided", decide.run(compiled, "facts", db))
    names = ", ".join(("account_id", *compiled.facts))
    sampled = arrow(
        db, f"SELECT {names} FROM facts ORDER BY hash(account_id::VARCHAR || $seed) LIMIT {SAMPLE}", {"seed": str(seed)}
    )
    decided = _decided(db, sampled)
    return lambda: decide.verify(compiled, sampled, decided, sample=SAMPLE)


def treatments(db: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Accounts by what the strategy wants for them."""
    return dict(execute(db, "SELECT treatment, count(*) FROM decided GROUP BY 1 ORDER BY 2 DESC"))


def _decided(db: duckdb.DuckDBPyConnection, sampled: pa.Table) -> pa.Table:
    db.register("sampled", sampled.append_column("place", pa.array(range(sampled.num_rows))))
    rows = arrow(db, "SELECT d.* FROM decided d JOIN sampled s USING (account_id) ORDER BY s.place")
    db.unregister("sampled")
    return rows


CANDIDATES = """
CREATE TABLE candidate AS
WITH wanted AS (
  SELECT account_id, channel, 1 AS way FROM decided WHERE channel NOT IN ('none', 'agency', 'legal')
  UNION ALL
  SELECT account_id, fallback_channel, 2 FROM decided
  WHERE fallback_channel NOT IN ('none', 'agency', 'legal') AND fallback_channel <> channel),
reached AS (
  SELECT w.*, CASE w.channel WHEN 'call' THEN f.phone_id WHEN 'prerecorded' THEN f.phone_id WHEN 'sms' THEN f.sms_id
                             WHEN 'im' THEN f.im_id WHEN 'email' THEN f.email_id
                             WHEN 'visit' THEN f.address_id WHEN 'letter' THEN f.address_id END AS point_id
  FROM wanted w JOIN facts f USING (account_id))
SELECT row_number() OVER (ORDER BY r.account_id, r.way) AS candidate_id, r.account_id, f.person_id, r.way, r.channel, r.point_id,
       f.country, f.subdivision,
       list_distinct(list_concat(f.zones, coalesce(p.zones, []::VARCHAR[]))) AS zones,
       CASE WHEN f.overdue_minor <= 0 OR d.template = 'recordatorio_promesa' THEN 'reminder' ELSE 'collection' END AS purpose,
       'debtor' AS person_role, f.creditor_id::VARCHAR AS creditor, coalesce(f.agency_id::VARCHAR, $house) AS collector,
       CASE WHEN p.kind IN ('phone', 'address') THEN CASE p.place WHEN 'work' THEN 'workplace' ELSE p.place END END AS place,
       CASE p.source WHEN 'creditor' THEN 'entity' WHEN 'employer' THEN 'third_party' ELSE p.source END AS address_source,
       f.account_id::VARCHAR AS debt_id, z.planned_at, d.treatment, d.priority,
       CASE WHEN d.is_holdout AND d.template <> 'recordatorio_promesa' THEN 'HOUSE-CONTROL'
            WHEN r.point_id IS NULL THEN 'HOUSE-POINT'
            WHEN f.hold_active THEN 'HOUSE-HOLD'
            WHEN f.promise_active AND d.template <> 'recordatorio_promesa' THEN 'HOUSE-PROMISE'
            WHEN s.rule IS NOT NULL AND (s.rule = 'HOUSE-OVERRIDE' OR d.template <> 'recordatorio_promesa') THEN s.rule
            WHEN len(w.channels) > 0 AND r.channel <> 'letter' AND NOT list_contains(w.channels, r.channel) THEN 'HOUSE-PREFERENCE'
            WHEN t.person_id IS NOT NULL AND $daily THEN 'HOUSE-CAP' END AS house_rule
FROM reached r JOIN facts f USING (account_id) JOIN decided d USING (account_id) LEFT JOIN point p USING (point_id)
LEFT JOIN zone z ON z.zone = f.zones[1] LEFT JOIN stopped s ON s.account_id = f.account_id LEFT JOIN wish w ON w.person_id = f.person_id
LEFT JOIN (SELECT DISTINCT person_id FROM history WHERE direction = 'out' AND is_attempt AND occurred_at >= $today) t
       ON t.person_id = f.person_id
"""
ASKED = """
SELECT candidate_id, person_id::VARCHAR AS person_id, country, subdivision, zones, channel, purpose, person_role, creditor,
       collector, place, address_source, debt_id, planned_at
FROM candidate WHERE house_rule IS NULL ORDER BY candidate_id
"""
HISTORY = """
SELECT person_id::VARCHAR AS person_id, account_id::VARCHAR AS debt_id, creditor_id::VARCHAR AS creditor,
       coalesce(agency_id::VARCHAR, $house) AS collector, channel, direction, w.outcome, purpose, occurred_at AS at
FROM history h LEFT JOIN law_word w USING (disposition, channel) WHERE h.is_attempt OR h.direction = 'in'
"""
# A consent that names a creditor is taken where the person has no other; the gate knows better, account by account.
CONSENTED = """
WITH alone AS (SELECT person_id, any_value(creditor_id) AS creditor_id FROM facts GROUP BY 1 HAVING count(DISTINCT creditor_id) = 1)
SELECT c.person_id::VARCHAR AS person_id, c.type, CASE WHEN len(c.channels) > 0 THEN c.channels END AS channels, c.since, c.revoked
FROM consent c LEFT JOIN alone a USING (person_id)
WHERE c.type IN $kinds AND (c.creditor_id IS NULL OR c.creditor_id = a.creditor_id)
"""
STATES = """
SELECT person_id::VARCHAR AS person_id, type AS state, since, revoked AS until, CASE WHEN len(channels) > 0 THEN channels END AS channels
FROM consent WHERE type NOT IN $kinds AND type <> 'hours_waiver'
UNION ALL
SELECT person_id::VARCHAR, CASE kind WHEN 'insolvency' THEN 'insolvency_proceeding' WHEN 'legal' THEN 'in_court'
                                     ELSE 'attorney_represented' END, from_at, until_at, NULL
FROM hold WHERE kind IN ('insolvency', 'legal', 'represented')
"""
PERMITTED = """
CREATE TABLE permitted AS
SELECT c.*, coalesce(a.allowed, false) AND c.house_rule IS NULL AS allowed,
       coalesce(c.house_rule, a.rule_id) AS rule_id, a.next_allowed_at
FROM candidate c LEFT JOIN answers a USING (candidate_id)
"""


def ask_the_law(db: duckdb.DuckDBPyConnection, *, rules: Rules, tenant: Tenant, on: date, at: datetime) -> dict[str, int]:
    """Screen every candidate in bulk, as of 11:00 on the debtor's clock of the day. Returns refusals by rule.

    The house's plain rules first (no point, holds, promises, what `stops` says, the cap of the day), then the law and the longer cap.
    The gate asks all of it again at the second of contact.
    """
    zones = [row[0] for row in execute(db, "SELECT DISTINCT zones[1] FROM facts WHERE zones[1] IS NOT NULL")]
    moments = [day_at(on, zone, HOUR).replace(tzinfo=None) for zone in zones]
    keep_table(db, "zone", pa.table({"zone": pa.array(zones, pa.string()), "planned_at": pa.array(moments, pa.timestamp("us"))}))
    words = [
        (one.code, channel, one.law_word(channel)) for one in catalogue.dispositions().values() for channel in catalogue_channels()
    ]
    keep_table(db, "law_word", pa.table(dict(zip(("disposition", "channel", "outcome"), map(list, zip(*words, strict=True)), strict=True))))
    daily = any(cap.period_days == 1 for cap in rules.caps)
    house = str(tenant.id)
    today = day_at(on, tenant.zone).replace(tzinfo=None)
    stops.gather(db, tenant=tenant, on=on, at=at)
    execute(db, CANDIDATES, {"house": house, "daily": daily, "today": today})
    db.register("answers", screen(db, ASKED, rules=rules, tenant=tenant, at=at))
    execute(db, PERMITTED)
    db.unregister("answers")
    return dict(execute(db, "SELECT coalesce(rule_id, 'LAW-UNKNOWN'), count(*) FROM permitted WHERE NOT allowed GROUP BY 1 ORDER BY 2 DESC"))


def screen(db: duckdb.DuckDBPyConnection, asked: str, *, rules: Rules, tenant: Tenant, at: datetime) -> pa.Table:
    """What the law and the house's longer cap say of the rows of a query (the columns of ASKED): what `comply.screen` returns.

    Reads `history`, `hold`, `consent` and `law_word` of the workspace.
    """
    return comply.screen(
        _aware(arrow(db, asked)),
        _aware(arrow(db, HISTORY, {"house": str(tenant.id)})),
        _aware(arrow(db, STATES, {"kinds": list(CONSENTS)})),
        _aware(arrow(db, CONSENTED, {"kinds": list(CONSENTS)})),
        rules.packs(),
        at,
        preferences=NO_PREFERENCES,
        cap=next((cap for cap in rules.caps if cap.period_days > 1), None),
    )


def _aware(table: pa.Table) -> pa.Table:
    """Its instants said to be UTC: the workspace keeps them without a zone."""
    for place, name in enumerate(table.column_names):
        if pa.types.is_timestamp(table.schema.field(name).type):
            column = pc.assume_timezone(table[name].cast(pa.timestamp("us")), "UTC")
            table = table.set_column(place, name, column)
    return table


def catalogue_channels() -> tuple[str, ...]:
    """The channels whose past contacts the law may count."""
    return ("call", "prerecorded", "sms", "im", "email", "letter", "visit", "push", "portal")


# Wishes about hours are asked by the gate, on the debtor's own clock at the second of contact.
NO_PREFERENCES = pa.table({
    "person_id": pa.array([], pa.string()), "kind": pa.array([], pa.string()), "days": pa.array([], pa.list_(pa.int64())),
    "starts": pa.array([], pa.int64()), "ends": pa.array([], pa.int64()), "place": pa.array([], pa.string()),
    "since": pa.array([], pa.timestamp("us", "UTC")), "until_date": pa.array([], pa.date32()),
})  # fmt: skip

OPTIONS = """
SELECT q.candidate_id, q.account_id::VARCHAR AS account_id, q.person_id::VARCHAR AS person_id, q.channel,
       CAST(q.priority + CASE q.way WHEN 1 THEN 0.5 ELSE 0 END AS DOUBLE) AS value,
       coalesce(u.cost_minor, 0) AS cost_minor, l.quota
FROM permitted q JOIN facts f USING (account_id) LEFT JOIN unit_cost u ON u.channel = q.channel
LEFT JOIN floor l ON l.quota = CASE $floors_of WHEN 'agency' THEN f.agency_id::VARCHAR ELSE f.portfolio_id::VARCHAR END
WHERE q.allowed ORDER BY q.candidate_id
"""
# refused_rule: what refused the first of the ways that was refused, also where the other way was allowed (and perhaps planned): it says
# why a channel was left out, `outcome` what became of the account. next_allowed_at goes with it.
OUTCOME = """
CREATE TABLE fate AS
WITH said AS (
  SELECT account_id, arg_min(rule_id, way) FILTER (NOT allowed) AS refused_rule,
         arg_min(next_allowed_at, way) FILTER (NOT allowed) AS next_allowed_at, bool_or(allowed) AS any_allowed
  FROM permitted GROUP BY account_id)
SELECT f.account_id, s.refused_rule, s.next_allowed_at, c.channel AS planned_channel, c.point_id AS planned_point, c.candidate_id, CASE
         WHEN c.account_id IS NOT NULL THEN 'planned'
         WHEN d.channel IN ('none') THEN 'rest'
         WHEN d.channel IN ('agency', 'legal') THEN d.channel
         WHEN s.refused_rule = 'HOUSE-CONTROL' THEN 'control'
         WHEN coalesce(s.any_allowed, false) AND p.person_id IS NOT NULL THEN 'person_already_chosen'
         WHEN coalesce(s.any_allowed, false) AND b.account_id IS NOT NULL THEN 'over_budget'
         WHEN coalesce(s.any_allowed, false) THEN 'over_capacity'
         ELSE 'refused' END AS outcome
FROM facts f JOIN decided d USING (account_id)
LEFT JOIN said s USING (account_id)
LEFT JOIN (SELECT q.account_id, q.channel, q.point_id, q.candidate_id FROM chosen x JOIN permitted q USING (candidate_id)) c USING (account_id)
LEFT JOIN (SELECT DISTINCT q.person_id FROM chosen x JOIN permitted q USING (candidate_id)) p ON p.person_id = f.person_id
LEFT JOIN unpaid b ON b.account_id = f.account_id
"""
SIDE_BY_SIDE = """
CREATE VIEW outcome AS
SELECT f.*, d.* EXCLUDE (account_id), t.* EXCLUDE (account_id) FROM facts f JOIN decided d USING (account_id) JOIN fate t USING (account_id)
"""


def fit_capacity(db: duckdb.DuckDBPyConnection, *, capacity: dict[str, int], limits: Limits = NO_LIMITS) -> dict[str, Any]:
    """Choose at most one contact per person within each channel's units of the day, its budget, and its floors of coverage first.

    Returns  used units, prices, the bound and the gap, what was spent, and what was asked for and did not fit
    """
    costs = limits.cost_minor if limits.budget_minor is not None else {}
    keep_table(db, "unit_cost", pa.table({"channel": pa.array(costs, pa.string()), "cost_minor": pa.array(costs.values(), pa.int64())}))
    keep_table(db, "floor", pa.table({"quota": pa.array(limits.floors, pa.string())}))
    options = arrow(db, OPTIONS, {"floors_of": limits.floors_of})
    plan = allocate.plan(options, capacity, budget_minor=limits.budget_minor, floors=limits.floors)
    keep_table(db, "chosen", plan.chosen.select(["candidate_id"]))
    unpaid = plan.refused.filter(pc.equal(plan.refused["reason"], "over_budget"))
    keep_table(db, "unpaid", pa.table({"account_id": unpaid["account_id"].cast(pa.string())}))
    execute(db, "ALTER TABLE unpaid ALTER account_id TYPE UUID")
    execute(db, OUTCOME)
    execute(db, SIDE_BY_SIDE)
    for table in ("unit_cost", "floor", "unpaid"):
        execute(db, f"DROP TABLE {table}")
    return {
        "used": plan.used, "capacity": capacity, "prices": plan.prices, "gap": round(plan.gap, 6), "value": round(plan.value, 3),
        "bound": round(plan.bound, 3), "spent_minor": plan.spent_minor if limits.budget_minor is not None else None,
        "budget_minor": limits.budget_minor, "currency": limits.currency, "floors": dict(limits.floors), "floors_of": limits.floors_of,
        "floors_done": _covered(plan.chosen), "shortfalls": [asdict(one) for one in plan.shortfalls],
    }  # fmt: skip


def _covered(chosen: pa.Table) -> dict[str, int]:
    """Persons worked of each floor."""
    counted = pc.value_counts(chosen["quota"].combine_chunks().drop_null())
    return {one["values"]: one["counts"] for one in counted.to_pylist()}


def draft(db: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Write the snapshot of the day, every fact, every decision, what became of it, to a file. Returns its rows.

    db  a connection to the workspace that nothing else uses meanwhile (`db.cursor()`)
    """
    execute(db, "SET preserve_insertion_order = true")  # row groups of many threads go to the file in order of the account
    columns = [
        f'"{name}"::VARCHAR AS "{name}"' if kind == "UUID" else f'"{name}"'
        for name, kind, *_ in execute(db, "DESCRIBE SELECT * EXCLUDE (candidate_id) FROM outcome")
    ]
    kept = f"SELECT {', '.join(columns)} FROM outcome o ORDER BY o.account_id"
    target = str(path).replace("'", "''")
    return int(execute(db, f"COPY ({kept}) TO '{target}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {strategy.GROUP_ROWS})")[0][0])


def keep(path: Path, *, rows: int, run: Run, version: StrategyVersion, by: Any, at: datetime) -> None:
    """Keep the file that `draft` wrote as the snapshot of the day."""
    strategy.keep_file(path, rows=rows, on=run.on, run_id=run.id, version=version, by=by, at=at)


def outcomes(db: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Accounts by what became of them: planned, rest, refused, over_capacity, over_budget, person_already_chosen, agency, legal, control."""
    return dict(execute(db, "SELECT outcome, count(*) FROM fate GROUP BY 1 ORDER BY 2 DESC"))
