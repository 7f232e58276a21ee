"""From facts to the plan of the day: decide, ask the law, fit into capacity. Set by set, in the workspace of the day.

Each function adds one table to the workspace:
    facts      accounts x facts              (flow/queries/facts.py)
    decided    accounts x decisions          what the strategy wants
    candidate  contacts wanted               one per account and way: the chosen channel, and the fallback
    permitted  candidates x verdict          what the law and the house allow today
    chosen     at most one per person        what fits into capacity
    outcome    accounts x what became of it  for the snapshot, the page and the summary
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import duckdb

from recaudo.engine import allocate, comply, decide
from recaudo.engine.facts import types
from recaudo.flow.models import Run
from recaudo.flow.queries.facts import run as execute
from recaudo.kernel.money import minor_digits
from recaudo.kernel.problems import Problem
from recaudo.strategy import services as strategy
from recaudo.strategy.models import StrategyVersion

SAMPLE = 1000  # accounts that the reference evaluator decides again, every day


class EvaluatorsDiffer(Problem):
    code = "evaluators_differ"
    message = (
        "La estrategia compilada y la de referencia no coinciden en {count} cuentas de muestra: la jornada se detuvo antes "
        "de contactar. Avise a soporte con el identificador de la corrida."
    )
    status = 500


def decide_all(db: duckdb.DuckDBPyConnection, *, xml: bytes, sample_seed: int) -> dict[str, int]:
    """Apply the strategy to every account, and check a sample of it against the reference.

    Returns accounts by treatment. Raises EvaluatorsDiffer; what `decide.read` and `decide.compile` refuse.
    """
    model = decide.read(xml)
    compiled = decide.compile(model, types())
    decided = decide.run(compiled, "facts", db)
    db.register("decided_arrow", decided)
    execute(db, "CREATE TABLE decided AS SELECT * FROM decided_arrow")
    db.unregister("decided_arrow")
    facts = ", ".join(types())
    sampled = db.execute(
        f"SELECT {facts} FROM facts ORDER BY hash(account_id::VARCHAR || $seed) LIMIT {SAMPLE}", {"seed": str(sample_seed)}
    ).to_arrow_table()
    differences = decide.differences(model, sampled, SAMPLE)
    if differences:
        raise EvaluatorsDiffer(count=len(differences))
    return dict(execute(db, "SELECT treatment, count(*) FROM decided GROUP BY 1 ORDER BY 2 DESC"))


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
       CASE WHEN d.treatment LIKE 'REMIND%' THEN 'reminder' ELSE 'collection' END AS purpose,
       'debtor' AS person_role, f.creditor_id::VARCHAR AS creditor, coalesce(f.agency_id::VARCHAR, 'house') AS collector,
       p.place, CASE p.source WHEN 'creditor' THEN 'entity' ELSE p.source END AS address_source,
       r.account_id::VARCHAR AS debt_id, f.hold_active, f.promise_active, d.treatment, d.priority
FROM reached r JOIN facts f USING (account_id) JOIN decided d USING (account_id) LEFT JOIN point p USING (point_id)
"""


def ask_the_law(db: duckdb.DuckDBPyConnection, *, toggles: dict[str, str], on: date, at: datetime) -> dict[str, int]:
    """Screen every candidate in bulk, as of 11:00 on the debtor's clock that day. The gate asks again at the second of contact.

    Returns refusals by rule.
    """
    execute(db, CANDIDATES)
    execute(db, HOUSE)
    _planned_at(db, on)
    table = db.execute(f"SELECT {', '.join(comply.CANDIDATE_COLUMNS)} FROM candidate WHERE house_rule IS NULL").to_arrow_table()
    answers = comply.screen(
        table, history=_history(db), states=_states(db), consents=db.execute("SELECT * FROM consent").to_arrow_table(),
        packs=comply.packs(toggles=toggles), on=on,
    )
    db.register("answers", answers)
    execute(db, PERMITTED)
    db.unregister("answers")
    return dict(execute(db, "SELECT rule_id, count(*) FROM permitted WHERE NOT allowed GROUP BY 1 ORDER BY 2 DESC"))


# What the house refuses before the law is asked: the same rules as casework's gate, over whole columns.
HOUSE = """
CREATE OR REPLACE TABLE candidate AS
SELECT *, CASE WHEN point_id IS NULL THEN 'HOUSE-NO-POINT'
               WHEN hold_active THEN 'HOUSE-HOLD'
               WHEN promise_active AND purpose <> 'reminder' THEN 'HOUSE-PROMISE' END AS house_rule
FROM candidate
"""
PERMITTED = """
CREATE TABLE permitted AS
SELECT c.*, coalesce(a.allowed, false) AND c.house_rule IS NULL AS allowed,
       coalesce(c.house_rule, a.rule_id) AS rule_id, a.next_allowed_at
FROM candidate c LEFT JOIN answers a USING (candidate_id)
"""
OPTIONS = """
SELECT candidate_id, account_id::VARCHAR AS account_id, person_id::VARCHAR AS person_id, channel,
       CAST(priority + CASE way WHEN 1 THEN 0.5 ELSE 0 END AS DOUBLE) AS value, CAST(0 AS BIGINT) AS cost_minor, priority
FROM permitted WHERE allowed ORDER BY candidate_id
"""
OUTCOME = """
CREATE TABLE outcome AS
WITH said AS (
  SELECT account_id, arg_min(rule_id, way) FILTER (NOT allowed) AS refused_rule,
         arg_min(next_allowed_at, way) FILTER (NOT allowed) AS next_allowed_at, bool_or(allowed) AS any_allowed
  FROM permitted GROUP BY account_id)
SELECT f.*, d.* EXCLUDE (account_id), s.refused_rule, s.next_allowed_at, c.channel AS planned_channel, c.point_id AS planned_point,
       c.candidate_id, CASE
         WHEN c.account_id IS NOT NULL THEN 'planned'
         WHEN d.channel IN ('none') THEN 'rest'
         WHEN d.channel IN ('agency', 'legal') THEN d.channel
         WHEN coalesce(s.any_allowed, false) AND p.person_id IS NOT NULL THEN 'person_already_chosen'
         WHEN coalesce(s.any_allowed, false) THEN 'over_capacity'
         ELSE 'refused' END AS outcome
FROM facts f JOIN decided d USING (account_id)
LEFT JOIN said s USING (account_id)
LEFT JOIN (SELECT q.account_id, q.channel, q.point_id, q.candidate_id FROM chosen x JOIN permitted q USING (candidate_id)) c USING (account_id)
LEFT JOIN (SELECT DISTINCT q.person_id FROM chosen x JOIN permitted q USING (candidate_id)) p ON p.person_id = f.person_id
"""


def fit_capacity(db: duckdb.DuckDBPyConnection, *, capacity: dict[str, int]) -> dict[str, Any]:
    """Choose at most one contact per person within each channel's units of the day. Returns used units, prices and the gap."""
    options = db.execute(OPTIONS).to_arrow_table()
    plan = allocate.plan(options, capacity)
    db.register("chosen_arrow", plan.chosen)
    execute(db, "CREATE TABLE chosen AS SELECT candidate_id FROM chosen_arrow")
    db.unregister("chosen_arrow")
    execute(db, OUTCOME)
    return {"used": plan.used, "capacity": capacity, "prices": plan.prices, "gap": plan.gap}


class NoPortfolio(Problem):
    code = "no_portfolio"
    message = "No hay cuentas abiertas con saldo: cargue una cartera en Cargas antes de ejecutar la jornada."
    status = 409


class NoCapacity(Problem):
    code = "no_capacity"
    message = "No hay capacidad definida para ese día de la semana: indíquela en Ajustes, Capacidad."
    status = 409


def require(*, accounts: int, capacity: dict[str, int]) -> None:
    """Refuse a day that could do nothing, before it does anything. Raises NoPortfolio, NoCapacity."""
    if accounts == 0:
        raise NoPortfolio()
    if not any(capacity.values()):
        raise NoCapacity()


def usd_rates(tenant: Any) -> dict[str, float]:
    """USD cents per minor unit, by currency, from the organisation's settings: {"usd_rates": {"MXN": "18.40"}} per dollar."""
    return {
        code: 10 ** (2 - minor_digits(code)) / float(per_dollar)
        for code, per_dollar in tenant.settings.get("usd_rates", {}).items()
    }


def keep(db: duckdb.DuckDBPyConnection, *, run: Run, version: StrategyVersion, by: Any, at: datetime) -> None:
    """The snapshot of the day: every fact, every decision, what became of it."""
    reader = db.execute("SELECT * EXCLUDE (candidate_id) FROM outcome ORDER BY account_id").to_arrow_reader(50_000)
    strategy.keep_snapshot(iter(reader), schema=reader.schema, on=run.on, run_id=run.id, version=version, by=by, at=at)


def outcomes(db: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Accounts by what became of them: planned, rest, refused, over_capacity, person_already_chosen, agency, legal."""
    return dict(execute(db, "SELECT outcome, count(*) FROM outcome GROUP BY 1 ORDER BY 2 DESC"))
