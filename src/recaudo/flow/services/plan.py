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
import pyarrow as pa

from recaudo.engine import allocate, comply, decide
from recaudo.engine.facts import types
from recaudo.flow.queries.facts import run
from recaudo.kernel.problems import Problem

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
    run(db, "CREATE TABLE decided AS SELECT * FROM decided_arrow")
    db.unregister("decided_arrow")
    facts = ", ".join(types())
    sampled = db.execute(
        f"SELECT {facts} FROM facts ORDER BY hash(account_id::VARCHAR || $seed) LIMIT {SAMPLE}", {"seed": str(sample_seed)}
    ).to_arrow_table()
    differences = decide.differences(model, sampled, SAMPLE)
    if differences:
        raise EvaluatorsDiffer(count=len(differences))
    return dict(run(db, "SELECT treatment, count(*) FROM decided GROUP BY 1 ORDER BY 2 DESC"))


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
