"""What a version does on a day's accounts: how many fired each row. What another would change: flow/services/whatif.py.

Everything is one scan of the day's Parquet; no account is looped over. Balances are compared in one currency: that of the
accounts when there is only one, else US dollars at the rates of that day, which the snapshot itself holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import duckdb

from recaudo.engine import decide
from recaudo.engine.decide.problems import MissingFacts, NotFinite, OutOfRange
from recaudo.strategy.models import Snapshot, StrategyVersion
from recaudo.strategy.queries.snapshots import present, quoted
from recaudo.strategy.queries.versions import compiled_of

MEMORY = "1GB"
VALUE = "recaudo_value"


@dataclass(frozen=True, slots=True)
class Yardstick:
    """The currency in which balances are added, and the currencies that could not be (no rate that day)."""

    currency: str
    without_rate: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fired:
    """Accounts that a row decided; share of all from 0 to 1; balance in minor units of the yardstick."""

    count: int
    share: float
    balance_minor: int


@dataclass(frozen=True, slots=True)
class Firings:
    """decision -> row number -> Fired. `is_simulated`: the version did not decide that day, it was applied to its facts now."""

    rows: Mapping[str, Mapping[int, Fired]]
    accounts: int
    yardstick: Yardstick
    is_simulated: bool

    def of(self, decision: str, number: int) -> Fired:
        return self.rows.get(decision, {}).get(number, Fired(0, 0.0, 0))


def firings(version: StrategyVersion, snapshot: Snapshot) -> Firings:
    """Per row of every table, the accounts of a day that it decided. Raises SnapshotGone, MissingFacts, OutOfRange."""
    compiled = compiled_of(version)
    return _firings(present(snapshot), snapshot.sha256, version.sha256, snapshot.version.sha256 == version.sha256, _Held(compiled))


class _Held:
    """A compiled version as an argument of a cache whose key is its hash."""

    def __init__(self, compiled: decide.Compiled) -> None:
        self.compiled = compiled

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=16)
def _firings(path: str, snapshot_sha: str, version_sha: str, is_stored: bool, held: _Held) -> Firings:
    compiled = held.compiled
    ruled = [one for one in compiled.columns if one.kind in ("rule", "rules")]
    with opened(path) as (db, yardstick):
        decide_into(db, "decided", compiled, [one.name for one in ruled], is_stored=is_stored)
        accounts = _one(db, "SELECT count(*) FROM facts")[0]
        rows: dict[str, dict[int, Fired]] = {}
        for column in ruled:
            row = f"unnest({quoted(column.name)})" if column.kind == "rules" else quoted(column.name)
            found = db.execute(
                f"SELECT row::INTEGER, count(*), coalesce(sum(value), 0)::HUGEINT FROM (SELECT {row} AS row, value FROM decided) WHERE row IS NOT NULL GROUP BY 1"
            ).fetchall()
            rows[column.decision] = {number: Fired(count, count / accounts, int(value)) for number, count, value in found}
    return Firings(rows, accounts, yardstick, not is_stored)


@contextmanager
def opened(path: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, Yardstick]]:
    """A connection with `facts`: the day's file, and VALUE, the balance in the yardstick, or nothing."""
    with duckdb.connect() as db:
        db.execute(f"SET memory_limit = '{MEMORY}'")
        db.execute(f"CREATE VIEW day AS SELECT * FROM read_parquet('{path.replace(chr(39), chr(39) * 2)}')")
        rates = dict(
            db.execute(
                "SELECT currency, sum(overdue_usd_minor) / nullif(sum(overdue_minor) FILTER (overdue_usd_minor IS NOT NULL), 0) FROM day GROUP BY 1"
            ).fetchall()
        )
        if len(rates) == 1:
            yardstick, rate = Yardstick(next(iter(rates))), "1"
        else:
            yardstick = Yardstick("USD", tuple(sorted(code for code, value in rates.items() if value is None)))
            known = " ".join(f"WHEN '{code.replace(chr(39), '')}' THEN {value!r}" for code, value in rates.items() if value is not None)
            rate = f"CASE currency {known} END" if known else "NULL"
        db.execute(f"CREATE VIEW facts AS SELECT *, round(balance_minor * {rate})::BIGINT AS {VALUE} FROM day")
        yield db, yardstick


def decide_into(db: duckdb.DuckDBPyConnection, name: str, compiled: decide.Compiled, wanted: list[str], *, is_stored: bool) -> None:
    """The table `name`: account_id, value and the wanted results of every account, as stored that day or decided now.

    Only what is wanted is computed: a million accounts with all results would not fit beside the server.
    """
    listed = ", ".join(map(quoted, wanted))
    if is_stored and all(_has(db, "facts", column) for column in wanted) and not _has_arms(db):
        db.execute(f"CREATE VIEW {name} AS SELECT account_id, {VALUE} AS value, {listed} FROM facts")
        return
    _refuse_unfit(db, compiled)
    decided = compiled.sql("facts", ("account_id", VALUE))
    try:
        db.execute(f"CREATE TABLE {name} AS SELECT account_id, {VALUE} AS value, {listed} FROM ({decided})")
    except (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException) as error:
        raise OutOfRange(what=type(error).__name__) from None


def _refuse_unfit(db: duckdb.DuckDBPyConnection, compiled: decide.Compiled) -> None:
    """An older day may lack a fact that a newer version reads."""
    kinds = {row[0]: row[1] for row in db.execute("DESCRIBE facts").fetchall()}
    missing = [name for name in compiled.facts if name not in kinds]
    if missing:
        raise MissingFacts(missing=", ".join(missing))
    for name in (one for one in compiled.facts if kinds[one] in ("FLOAT", "DOUBLE")):
        count = _one(db, f"SELECT count(*) FILTER (NOT isfinite({quoted(name)})) FROM facts")[0]
        if count:
            raise NotFinite(fact=name, count=count)


def _has(db: duckdb.DuckDBPyConnection, table: str, column: str) -> bool:
    return any(row[0] == column for row in db.execute(f"DESCRIBE {table}").fetchall())


def _has_arms(db: duckdb.DuckDBPyConnection) -> bool:
    """Whether an experiment let more than one version decide that day: then what is stored is not the work of one."""
    return _has(db, "facts", "decided_by") and int(_one(db, "SELECT count(DISTINCT decided_by) FROM facts")[0]) > 1


def _one(db: duckdb.DuckDBPyConnection, text: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] = db.execute(text).fetchall()[0]
    return row
