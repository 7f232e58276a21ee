"""Two versions over the accounts of a kept day: what each would have decided, what the law and the capacity would have left of it,
what it would have cost and what may be expected to come in. Nothing is changed but the record of the simulation itself.

The same functions as the day's own plan: decide, draw the arms of that day's experiments, ask the law in bulk, fit into capacity. What
people did and allowed is read as it stood that day. Kept: the counts in the row, the accounts behind them as Parquet.

    facts      from the snapshot       point, history, consent, hold   from the database, as of that day
    outcome_old, outcome_new           accounts x what would have become of them
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.core.files import File
from django.core.files.storage import storages
from django.db import transaction

from recaudo.engine import decide
from recaudo.engine import experiment as engine
from recaudo.engine.facts import FACTS
from recaudo.flow.models import Run, WhatIf
from recaudo.flow.queries import facts as read
from recaudo.flow.queries.facts import run as execute
from recaudo.flow.queries.limits import limits_on
from recaudo.flow.queries.whatif import DIMENSIONS, PAST
from recaudo.flow.services import arms, plan
from recaudo.flow.services.basis import basis_on
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.kernel.time import day_at
from recaudo.law import queries as law
from recaudo.store import tenancy
from recaudo.store.arrow import reader
from recaudo.strategy import queries as strategy
from recaudo.strategy.models import Snapshot, StrategyVersion
from recaudo.strategy.queries.snapshots import present
from recaudo.strategy.queries.versions import compiled_of
from recaudo.workforce import queries as workforce
from recaudo.workforce.models import Tenant

SIDES = ("old", "new")
# Up to so many accounts it is worked out while one waits; above, a worker does it.
AT_ONCE = 20_000
KEPT = 30  # simulations of an organisation; older ones go with their lists
WINDOWS = 6  # how many past days, each a whole horizon apart, are learned from
HORIZONS = (7, 15, 30, 60)
KEYS = ("creditor_id", "portfolio_id", "agency_id", "subdivision", "zones", "phone_id", "sms_id", "im_id", "email_id", "address_id")
HOLDS = """
SELECT person_id, account_id, creditor_id, channel, kind,
       from_at AT TIME ZONE 'UTC' AS from_at, until_at AT TIME ZONE 'UTC' AS until_at FROM casework_hold
WHERE tenant_id = {tenant} AND from_at <= {at} AND (released_at IS NULL OR released_at > {at}) AND (until_at IS NULL OR until_at > {at})
"""
PAYMENTS = """
SELECT account_id, paid_on, amount_minor FROM portfolio_payment
WHERE tenant_id = {tenant} AND status = 'applied' AND account_id IS NOT NULL AND paid_on >= {since} AND paid_on < {until}
"""
PAIRS = """
CREATE TABLE pair AS
SELECT f.account_id, f.bucket, f.dpd, f.currency, f.overdue_minor, f.balance_minor, f.agency_id,
       round(f.overdue_minor * r.rate)::BIGINT AS overdue_value, round(f.balance_minor * r.rate)::BIGINT AS balance_value, {columns}
FROM facts f LEFT JOIN yardstick r USING (currency)
JOIN outcome_old o USING (account_id) JOIN outcome_new n USING (account_id)
"""
# What was done with an account that day, and the part of its overdue debt that came in within the horizon.
FOLLOWED = """
SELECT s.bucket, {what} AS treatment, count(*) AS seen, sum(part) AS total, sum(part * part) AS squares
FROM (SELECT d.account_id, d.bucket, d.outcome, d.planned_channel,
             least(coalesce(sum(p.amount_minor), 0) / d.overdue_minor::DOUBLE, 1.0) AS part
      FROM read_parquet($path) d
      LEFT JOIN payment_after p ON p.account_id = d.account_id::VARCHAR AND p.paid_on >= $on AND p.paid_on < $until
      WHERE d.overdue_minor > 0 GROUP BY d.account_id, d.bucket, d.outcome, d.planned_channel, d.overdue_minor) s
GROUP BY 1, 2
"""
WHAT = "CASE WHEN outcome = 'planned' THEN planned_channel ELSE 'none' END"


class SameVersion(Problem):
    code = "what_if_same_version"
    message = "Elija dos versiones distintas: la misma versión no cambia nada."


class UnknownHorizon(Problem):
    code = "what_if_horizon"
    message = "El plazo debe ser de {known} días."


@transaction.atomic
def ask(*, old: StrategyVersion, new: StrategyVersion, snapshot: Snapshot, horizon_days: int, by: Any, at: datetime) -> WhatIf:
    """Write down a simulation to be worked out; the same question on the same file is answered by what is kept.

    Raises SameVersion, UnknownHorizon, SnapshotGone
    """
    if old.pk == new.pk:
        raise SameVersion()
    if horizon_days not in HORIZONS:
        raise UnknownHorizon(known=", ".join(map(str, HORIZONS)))
    present(snapshot)
    same = {"old_version_id": old.pk, "new_version_id": new.pk, "snapshot_sha": snapshot.sha256, "horizon_days": horizon_days}
    kept: WhatIf | None = WhatIf.objects.filter(**same, status__in=("waiting", "running", "finished")).order_by("-created_at").first()
    # A draft's file changes under its number, and what else it was made with changes too: their hashes are in the kept result.
    if kept is not None and (kept.status != "finished" or (kept.result.get("sha"), kept.result.get("basis")) == ([old.sha256, new.sha256], basis_on(at))):
        return kept
    made: WhatIf = WhatIf.objects.create(on=snapshot.on, by_id=by.id, created_at=at, **same)
    journal.record("what_if.asked", by=by, at=at, subject="what_if", subject_id=made.pk, on=snapshot.on)
    _forget_old(made)
    return made


def work_out(tenant: Tenant, what_if_id: UUID, *, by: Any, clock: Callable[[], datetime]) -> WhatIf:
    """Work a simulation out and keep it; doing it again changes nothing. A problem is kept as its answer. Call outside a transaction
    for progress that others can see."""
    with tenancy.acting(tenant.id):
        found: WhatIf = WhatIf.objects.get(pk=what_if_id)
        if found.status == "finished":
            return found
        found.status, found.started_at, found.problem = "running", clock(), ""
        found.save(update_fields=["status", "started_at", "problem"])
    try:
        with tenancy.acting(tenant.id):
            basis = basis_on(clock())  # before the work: what changes meanwhile makes it out of date
            result, key, seconds = _work(tenant, found)
            result["basis"] = basis
    except Exception as problem:
        with tenancy.acting(tenant.id):
            found.status, found.finished_at = "failed", clock()
            found.problem = (problem.text if isinstance(problem, Problem) else f"Error interno ({type(problem).__name__})")[:400]
            found.save(update_fields=["status", "finished_at", "problem"])
            journal.record("what_if.failed", by=by, at=clock(), subject="what_if", subject_id=found.pk, why=type(problem).__name__)
        if not isinstance(problem, Problem):
            raise
        return found
    with tenancy.acting(tenant.id):
        found.status, found.step, found.finished_at = "finished", "", clock()
        found.result, found.key, found.seconds = result, key, seconds
        found.save(update_fields=["status", "step", "finished_at", "result", "key", "seconds"])
        journal.record("what_if.finished", by=by, at=clock(), subject="what_if", subject_id=found.pk, on=found.on, changed=result["changed"])
    return found


def _work(tenant: Tenant, found: WhatIf) -> tuple[dict[str, Any], str, dict[str, float]]:
    snapshot = strategy.snapshots().get(on=found.on)
    versions = {side: strategy.version_by_id(key) for side, key in zip(SIDES, (found.old_version_id, found.new_version_id), strict=True)}
    seconds: dict[str, float] = {}
    with read.workspace(settings.STATE / "tmp" / f"whatif-{found.pk}") as db:
        with _step(found, seconds, "hechos"):
            at = _as_of(tenant, snapshot)
            currency = _gather(db, tenant, snapshot, at)
            running = strategy.experiments_on(snapshot.on, at=at)
            arms.draw(db, running=running, on=snapshot.on, enrol=lambda _one, rows: len(rows))
        capacity, limits, rules = workforce.capacity_on(snapshot.on), limits_on(snapshot.on, tenant), law.rules()
        sides: dict[str, dict[str, Any]] = {}
        for side, version in versions.items():
            with _step(found, seconds, f"decidir {side}"):
                in_arms = decide_side(db, version, others=arms.versions_of(running), seed=snapshot.on.toordinal())
            with _step(found, seconds, f"norma {side}"):
                refused = plan.ask_the_law(db, rules=rules, tenant=tenant, on=snapshot.on, at=at)
            with _step(found, seconds, f"capacidad {side}"):
                fitted = plan.fit_capacity(db, capacity=capacity, limits=limits)
            sides[side] = {"refused": refused, "arms": in_arms, **fitted, **_side(db, limits.cost_minor)}
            _put_aside(db, side)
        with _step(found, seconds, "comparar"):
            result = _compared(db, currency)
        with _step(found, seconds, "esperar"):
            past, days = _learn(db, tenant, found)
            for side in SIDES:
                sides[side]["expected"] = asdict(engine.expect(past, _planned(db, side)))
            result["expected_change"] = asdict(engine.expect(past, _planned_change(db), is_change=True))
        with _step(found, seconds, "guardar"):
            key = _keep_lists(db, found)
    return (
        {**result, "sides": sides, "currency": currency, "cost_currency": tenant.currency, "past": {"seen": past.seen, "days": days},
         "sha": [versions[side].sha256 for side in SIDES], "numbers": [versions[side].number for side in SIDES],
         "experiments": [one.name for one in running]},
        key, seconds,
    )  # fmt: skip


@contextmanager
def _step(found: WhatIf, seconds: dict[str, float], name: str) -> Iterator[None]:
    found.step = name
    WhatIf.objects.filter(pk=found.pk).update(step=name)
    begun = time.perf_counter()
    yield
    seconds[name] = round(time.perf_counter() - begun, 3)


def _as_of(tenant: Tenant, snapshot: Snapshot) -> datetime:
    """The instant that counted as now on that day."""
    run = Run.objects.filter(pk=snapshot.run_id).first()
    return run.started_at if run else day_at(snapshot.on, tenant.zone, 5)


def _gather(db: duckdb.DuckDBPyConnection, tenant: Tenant, snapshot: Snapshot, at: datetime) -> str:
    """Fill the workspace as the day did; the facts are those that were kept. Returns the currency in which amounts are compared."""
    load_facts(db, present(snapshot))
    who = str(tenant.id)
    with reader() as source:
        for name, text, params in (
            ("point", read.POINTS, {}), ("history", read.HISTORY, {"since": at - timedelta(days=read.HISTORY_DAYS), "until": at}),
            ("hold", HOLDS, {"at": at}), ("consent", read.CONSENTS, {"at": at}),
        ):  # fmt: skip
            read.keep(db, name, source.fetch(text, tenant=who, **params))
    return yardstick(db)


def load_facts(db: duckdb.DuckDBPyConnection, path: str) -> int:
    """The table `facts` from a day's file: what was known of each account, not what was decided. Returns how many."""
    has = {row[0] for row in execute(db, "DESCRIBE SELECT * FROM read_parquet($path)", {"path": path})}
    wanted = ", ".join(f'"{name}"' for name in (*FACTS, *KEYS) if name in has)
    execute(db, f"CREATE TABLE facts AS SELECT {wanted} FROM read_parquet($path)", {"path": path})
    return int(execute(db, "SELECT count(*) FROM facts")[0][0])


def yardstick(db: duckdb.DuckDBPyConnection) -> str:
    """The table of rates per currency of the accounts, and the currency it leads to: theirs when there is one, else US dollars."""
    rates = execute(
        db,
        "SELECT currency, sum(overdue_usd_minor) / nullif(sum(overdue_minor) FILTER (overdue_usd_minor IS NOT NULL), 0)::DOUBLE FROM facts GROUP BY 1",
    )
    alone = len(rates) == 1
    table = pa.table({
        "currency": pa.array([code for code, _ in rates], pa.string()),
        "rate": pa.array([1.0 if alone else rate for _, rate in rates], pa.float64()),
    })  # fmt: skip
    read.keep(db, "yardstick", table)
    return str(rates[0][0]) if alone else "USD"


def decide_side(db: duckdb.DuckDBPyConnection, version: StrategyVersion, *, others: Sequence[StrategyVersion], seed: int) -> dict[str, int]:
    """The table `decided`: what would be wanted for every account with a version in force, those in the arm of another decided by it.

    others    the versions that arms of that day's experiments apply; `arm` says whose (see arms.draw)
    Returns   accounts by arm. Raises what `decide.run` and `arms.decide_arms` raise
    """
    compiled = compiled_of(version)
    read.keep(db, "decided", decide.run(compiled, "facts", db))
    return arms.decide_arms(db, champion=version, versions=others, seed=seed)


def _put_aside(db: duckdb.DuckDBPyConnection, side: str) -> None:
    """Keep what became of the accounts under the side's name; the rest makes room for the other side."""
    names = [name for name in (*DIMENSIONS, *PAST) if name in _columns(db, "outcome")]
    execute(db, f"CREATE TABLE outcome_{side} AS SELECT account_id, {', '.join(names)} FROM outcome")
    execute(db, "DROP VIEW outcome")
    for table in ("decided", "labelled", "candidate", "permitted", "chosen", "fate", "zone", "law_word"):
        execute(db, f"DROP TABLE IF EXISTS {table}")


def _side(db: duckdb.DuckDBPyConnection, costs: Mapping[str, int]) -> dict[str, Any]:
    """Counts of one side: what was wanted, what became of it, what it costs. costs: of one contact by channel; unknown ones are absent."""
    planned = dict(execute(db, "SELECT planned_channel, count(*) FROM outcome WHERE outcome = 'planned' GROUP BY 1 ORDER BY 2 DESC"))
    return {
        "wanted": int(execute(db, "SELECT count(*) FROM candidate WHERE way = 1")[0][0]),
        "wanted_by_channel": dict(execute(db, "SELECT channel, count(*) FROM candidate WHERE way = 1 GROUP BY 1 ORDER BY 2 DESC")),
        "outcomes": plan.outcomes(db), "treatments": plan.treatments(db), "planned": planned,
        "cost_minor": sum(count * costs.get(channel, 0) for channel, count in planned.items()),
        "cost_by_channel": {channel: count * costs[channel] for channel, count in planned.items() if channel in costs},
        "without_cost": sorted(channel for channel in planned if channel not in costs),
    }  # fmt: skip


def _compared(db: duckdb.DuckDBPyConnection, currency: str) -> dict[str, Any]:
    names = [name for name in _columns(db, "outcome_old") if name != "account_id" and name in _columns(db, "outcome_new")]
    columns = ", ".join(f"o.{name} AS old_{name}, n.{name} AS new_{name}" for name in names)
    execute(db, PAIRS.format(columns=columns))
    dimensions = [name for name in DIMENSIONS if name in names]
    differs = " OR ".join(f"old_{name} IS DISTINCT FROM new_{name}" for name in dimensions) or "false"
    accounts, changed, balance, unknown = execute(
        db,
        f"SELECT count(*), count(*) FILTER ({differs}), coalesce(sum(balance_value) FILTER ({differs}), 0)::HUGEINT, count(*) FILTER (balance_value IS NULL) FROM pair",
    )[0]
    found = [_moves(db, name) for name in (*dimensions, "outcome")]
    return {"accounts": accounts, "changed": changed, "balance_minor": int(balance), "without_rate": unknown, "dimensions": found}


def _moves(db: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any]:
    rows = execute(
        db,
        f"SELECT old_{name}::VARCHAR, new_{name}::VARCHAR, count(*), coalesce(sum(balance_value), 0)::HUGEINT FROM pair GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
    )
    moved = [[old, new, count, int(value)] for old, new, count, value in rows if old != new]
    totals: dict[str, list[int]] = {}
    for old, new, count, _ in rows:
        totals.setdefault(old or "", [0, 0])[0] += count
        totals.setdefault(new or "", [0, 0])[1] += count
    return {"name": name, "changed": sum(one[2] for one in moved), "balance_minor": sum(one[3] for one in moved), "moves": moved, "totals": totals}


def _learn(db: duckdb.DuckDBPyConnection, tenant: Tenant, found: WhatIf) -> tuple[engine.Past, list[str]]:
    """What came in after past days, each a whole horizon apart so that no payment is counted twice. Only days before the simulated one,
    and only those whose horizon is over: nothing is learned from what is to be foretold."""
    horizon = timedelta(days=found.horizon_days)
    days: list[Snapshot] = []
    for one in strategy.snapshots().filter(on__lte=found.on - horizon):
        if strategy.is_kept(one) and (not days or one.on <= days[-1].on - horizon):
            days.append(one)
        if len(days) == WINDOWS:
            break
    if not days:
        return engine.learn([]), []
    with reader() as source:
        paid = source.fetch(PAYMENTS, tenant=str(tenant.id), since=days[-1].on, until=days[0].on + horizon)
    db.register("fetched", paid)
    execute(db, "CREATE TABLE payment_after AS SELECT account_id::VARCHAR AS account_id, paid_on, amount_minor FROM fetched")
    db.unregister("fetched")
    cells: dict[tuple[str, str], list[float]] = {}
    for one in days:
        values = {"path": present(one), "on": one.on, "until": one.on + horizon}
        for bucket, what, seen, total, squares in execute(db, FOLLOWED.format(what=WHAT), values):
            cell = cells.setdefault((bucket, what), [0, 0.0, 0.0])
            cell[0], cell[1], cell[2] = cell[0] + seen, cell[1] + total, cell[2] + squares
    learned = engine.learn(engine.Cell(bucket, what, int(cell[0]), cell[1], cell[2]) for (bucket, what), cell in cells.items())
    return learned, [one.on.isoformat() for one in days]


def _planned(db: duckdb.DuckDBPyConnection, side: str) -> list[tuple[str, str, int, float, float]]:
    what = f"CASE WHEN {side}_outcome = 'planned' THEN {side}_planned_channel ELSE 'none' END"
    return execute(  # type: ignore[return-value]
        db,
        f"SELECT bucket, {what}, count(*), sum(overdue_value)::DOUBLE, sum(overdue_value::DOUBLE * overdue_value) FROM pair WHERE overdue_value > 0 GROUP BY 1, 2",
    )


def _planned_change(db: duckdb.DuckDBPyConnection) -> list[tuple[str, str, int, float, float]]:
    """Only what moves: an account that is done the same with cancels out, and so does its doubt."""
    sides = [
        f"SELECT bucket, CASE WHEN {side}_outcome = 'planned' THEN {side}_planned_channel ELSE 'none' END AS what, {sign} * overdue_value AS debt FROM pair"
        " WHERE overdue_value > 0 AND (CASE WHEN old_outcome = 'planned' THEN old_planned_channel ELSE 'none' END)"
        " IS DISTINCT FROM (CASE WHEN new_outcome = 'planned' THEN new_planned_channel ELSE 'none' END)"
        for side, sign in (("old", -1), ("new", 1))
    ]
    return execute(  # type: ignore[return-value]
        db, f"SELECT bucket, what, count(*), sum(debt)::DOUBLE, sum(debt::DOUBLE * debt) FROM ({' UNION ALL '.join(sides)}) GROUP BY 1, 2"
    )


def _keep_lists(db: duckdb.DuckDBPyConnection, found: WhatIf) -> str:
    """The accounts behind every number, by account, in the storage of the snapshots."""
    key = f"{found.tenant_id}/what-if/{found.pk}.parquet"
    storage = storages["snapshots"]
    with NamedTemporaryFile(suffix=".parquet") as draft:
        rows = db.sql("SELECT * EXCLUDE (overdue_value) FROM pair ORDER BY account_id").to_arrow_reader(50_000)
        with pq.ParquetWriter(draft.name, rows.schema, compression="zstd") as writer:
            for batch in rows:
                writer.write_batch(batch, row_group_size=50_000)
        if storage.exists(key):
            storage.delete(key)
        with Path(draft.name).open("rb") as written:
            storage.save(key, File(written))
    return key


def _forget_old(newest: WhatIf) -> None:
    """Simulations beyond the newest KEPT go, and their lists with them."""
    storage = storages["snapshots"]
    for old in WhatIf.objects.exclude(pk=newest.pk).order_by("-created_at")[KEPT - 1 :]:
        if old.key and storage.exists(old.key):
            storage.delete(old.key)
        old.delete()


def _columns(db: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [row[0] for row in execute(db, f"DESCRIBE {table}")]
