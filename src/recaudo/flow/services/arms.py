"""Experiments in the day: who is drawn, which version decides for them, who is not contacted.

    member    persons drawn on earlier days           (read with the facts)
    drawn     persons drawn today                     (written down by strategy.services.enrol)
    arm       one row per person under an experiment today: the arm that counts

A person stays in their arm. Who is in the default control group is in no other experiment while it lasts. Persons with an account at an
agency are not drawn: that work is contracted and goes on. A hold-out lasts as long as its outcome is waited for; then the person is
worked as everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import duckdb
import pyarrow as pa

from recaudo.engine import decide
from recaudo.engine import experiment as engine
from recaudo.engine.facts import FACTS, types
from recaudo.flow.queries.facts import arrow, keep
from recaudo.flow.queries.facts import run as execute
from recaudo.flow.services import plan
from recaudo.store.arrow import reader
from recaudo.strategy import queries as strategy
from recaudo.strategy import services as experiments
from recaudo.strategy.models import Experiment, StrategyVersion

MEMBERS = """
SELECT experiment_id::text AS experiment_id, person_id, arm, enrolled_on FROM strategy_experimentmember
WHERE tenant_id = {tenant} AND experiment_id = ANY({experiments}::uuid[]) AND enrolled_on <= {on}
"""
DRAWN = """
SELECT f.person_id, {arm} AS arm,
       CASE WHEN count(DISTINCT f.currency) = 1 THEN sum(f.overdue_minor) ELSE sum(f.overdue_usd_minor) END::BIGINT AS baseline_minor,
       CASE WHEN count(DISTINCT f.currency) = 1 THEN any_value(f.currency) ELSE 'USD' END AS currency,
       count(DISTINCT f.currency) > 1 AND bool_or(f.overdue_usd_minor IS NULL) AS no_rate
FROM facts f
WHERE NOT EXISTS (SELECT 1 FROM member m WHERE m.person_id = f.person_id AND m.experiment_id = $experiment)
  AND NOT EXISTS (SELECT 1 FROM arm a WHERE a.person_id = f.person_id AND a.is_holdout)
  AND NOT ($is_default AND EXISTS (SELECT 1 FROM member o WHERE o.person_id = f.person_id AND o.experiment_id <> $experiment))
GROUP BY f.person_id
HAVING sum(f.overdue_minor) > 0 AND bool_or({scope}) AND NOT bool_or(f.placed_with_agency)
"""
# Who was drawn, today or before, with the arm that counts; a hold-out that has lasted its time counts no more.
COUNTS = """
INSERT INTO arm
SELECT m.person_id, $experiment, m.arm, a.version_id, a.is_holdout
FROM (SELECT person_id, arm, enrolled_on FROM member WHERE experiment_id = $experiment
      UNION ALL SELECT person_id, arm, $on FROM drawn) m
JOIN arms a ON a.code = m.arm
WHERE NOT (a.is_holdout AND $on >= m.enrolled_on + $days)
  AND NOT EXISTS (SELECT 1 FROM arm b WHERE b.person_id = m.person_id AND b.is_holdout)
  AND EXISTS (SELECT 1 FROM facts f WHERE f.person_id = m.person_id)
"""
LABELS = """
CREATE OR REPLACE TABLE labelled AS
SELECT f.account_id, a.experiment_id, a.arm, a.version_id, coalesce(a.is_holdout, false) AS is_holdout
FROM facts f LEFT JOIN (
  SELECT DISTINCT ON (person_id) * FROM arm ORDER BY person_id, is_holdout DESC, version_id IS NULL, experiment_id DESC) a USING (person_id)
"""

Enrol = Callable[[Experiment, "list[tuple[Any, ...]]"], int]


def apply(db: duckdb.DuckDBPyConnection, *, champion: StrategyVersion, on: date, by: Any, at: datetime) -> tuple[dict[str, int], dict[str, int]]:
    """Put the experiments at work over what the champion decided. Returns new persons by experiment, and accounts by arm.

    Raises  as `decide_arms`
    """
    running = strategy.running_experiments()
    drawn = draw(db, running=running, on=on, enrol=lambda one, rows: experiments.enrol(one, rows, on=on, by=by, at=at))
    return drawn, decide_arms(db, champion=champion, versions=versions_of(running), seed=on.toordinal())


def draw(db: duckdb.DuckDBPyConnection, *, running: Sequence[Experiment], on: date, enrol: Enrol) -> dict[str, int]:
    """Draw the lot for who is new and leave the table `arm`. Returns new persons by experiment.

    running   the experiments at work, the default control group first
    enrol     writes down who was drawn and says how many are new; a simulation only counts them
    """
    execute(db, "CREATE TABLE arm (person_id UUID, experiment_id VARCHAR, arm VARCHAR, version_id VARCHAR, is_holdout BOOLEAN)")
    if not running:
        return {}
    _keep_members(db, running, on)
    new: dict[str, int] = {}
    for one in running:
        label = engine.duckdb_arm("f.person_id", one.salt, strategy.arms_of(one))
        found = arrow(db, DRAWN.format(arm=label, scope=_scope(one)), {"experiment": str(one.pk), "is_default": one.is_default})
        db.register("found", found)
        execute(db, "CREATE OR REPLACE TABLE drawn AS SELECT person_id, arm FROM found")
        db.unregister("found")
        new[one.name] = enrol(one, _rows(found))
        _keep_arms(db, one)
        execute(db, COUNTS, {"experiment": str(one.pk), "on": on, "days": one.outcome_days})
    return new


def decide_arms(db: duckdb.DuckDBPyConnection, *, champion: StrategyVersion, versions: Sequence[StrategyVersion], seed: int) -> dict[str, int]:
    """Let the version of each arm decide for its persons, and write beside every decision who made it and in which arm.

    Adds to `decided`: decided_by (hash of the version), experiment, arm, is_holdout. Returns accounts by arm.
    Raises EnginesDiffer and what `decide.run` raises; a version that decides other columns than the champion is refused there.
    """
    execute(db, LABELS)
    execute(
        db,
        "CREATE OR REPLACE TABLE decided AS SELECT d.*, $sha AS decided_by, l.experiment_id AS experiment, l.arm, l.is_holdout"
        " FROM decided d JOIN labelled l USING (account_id)",
        {"sha": champion.sha256},
    )
    for version in versions:
        if version.sha256 != champion.sha256:
            _redecide(db, version, seed)
    return {str(name): count for name, count in execute(db, "SELECT arm, count(*) FROM decided WHERE arm IS NOT NULL GROUP BY 1 ORDER BY 1")}


def _redecide(db: duckdb.DuckDBPyConnection, version: StrategyVersion, seed: int) -> None:
    compiled = decide.compile(decide.read(version.xml.encode()), types())
    execute(
        db, "CREATE OR REPLACE TABLE facts_of_arm AS SELECT f.* FROM facts f JOIN labelled l USING (account_id) WHERE l.version_id = $version",
        {"version": str(version.pk)},
    )  # fmt: skip
    if not execute(db, "SELECT count(*) FROM facts_of_arm")[0][0]:
        return
    decided = decide.run(compiled, "facts_of_arm", db)
    names = ", ".join(("account_id", *compiled.facts))
    sampled = arrow(
        db, f"SELECT {names} FROM facts_of_arm ORDER BY hash(account_id::VARCHAR || $seed) LIMIT {plan.SAMPLE}", {"seed": str(seed)}
    )
    db.register("redecided", decided)
    db.register("sampled", sampled.append_column("place", pa.array(range(sampled.num_rows))))
    decide.verify(
        compiled, sampled, arrow(db, "SELECT d.* FROM redecided d JOIN sampled s USING (account_id) ORDER BY s.place"), sample=plan.SAMPLE
    )
    db.unregister("sampled")
    columns = [row[0] for row in execute(db, "DESCRIBE redecided") if row[0] != "account_id"]
    own = {row[0] for row in execute(db, "DESCRIBE decided")}
    values = ", ".join(f'"{name}" = r."{name}"' for name in columns if name in own)
    execute(db, f"UPDATE decided SET {values}, decided_by = $sha FROM redecided r WHERE r.account_id = decided.account_id", {"sha": version.sha256})
    db.unregister("redecided")


def versions_of(running: Sequence[Experiment]) -> list[StrategyVersion]:
    """The versions that arms apply, each once."""
    ids = {arm.version_id for one in running for arm in one.arms.all() if arm.version_id}
    return list(StrategyVersion.objects.filter(pk__in=ids).order_by("number"))


def _keep_members(db: duckdb.DuckDBPyConnection, running: Sequence[Experiment], on: date) -> None:
    with reader() as source:
        fetched = source.fetch(MEMBERS, tenant=str(running[0].tenant_id), experiments=[str(one.pk) for one in running], on=on)
    db.register("fetched", fetched)
    execute(db, "CREATE TABLE member AS SELECT experiment_id, person_id::UUID AS person_id, arm, enrolled_on FROM fetched")
    db.unregister("fetched")


def _keep_arms(db: duckdb.DuckDBPyConnection, one: Experiment) -> None:
    arms = list(one.arms.all())
    table = pa.table({
        "code": pa.array([arm.code for arm in arms], pa.string()),
        "version_id": pa.array([str(arm.version_id) if arm.version_id else None for arm in arms], pa.string()),
        "is_holdout": pa.array([arm.is_holdout for arm in arms], pa.bool_()),
    })  # fmt: skip
    keep(db, "arms", table)


def _scope(one: Experiment) -> str:
    """The condition that some account of a person must meet. Values are quoted; facts are those of the dictionary."""
    parts = ["f.overdue_minor > 0"]
    for fact, values in one.scope.items():
        if fact in FACTS and values:
            listed = ", ".join("'" + str(value).replace("'", "''") + "'" for value in values)
            parts.append(f"f.{fact} IN ({listed})")
    return " AND ".join(parts)


def _rows(found: pa.Table) -> list[tuple[Any, ...]]:
    columns = [found[name].to_pylist() for name in ("person_id", "arm", "baseline_minor", "currency", "no_rate")]
    return [(str(person), arm, None if no_rate else baseline, currency) for person, arm, baseline, currency, no_rate in zip(*columns, strict=True)]
