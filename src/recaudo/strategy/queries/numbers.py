"""What a version does on a day's accounts: how many fired each row, and what would change with another version.

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
import pyarrow as pa

from recaudo.engine import decide
from recaudo.engine.decide.problems import MissingFacts, NotFinite, OutOfRange
from recaudo.strategy.models import Snapshot, StrategyVersion
from recaudo.strategy.queries.snapshots import present, quoted
from recaudo.strategy.queries.versions import compiled_of
from recaudo.strategy.words import decided_es, decision_es

DIMENSIONS = ("segment", "treatment", "channel", "fallback_channel", "offer", "template")
SAMPLE = 50
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


@dataclass(frozen=True, slots=True)
class Move:
    """Accounts whose value of a dimension goes from one to another."""

    dimension: str
    old: str | None
    new: str | None
    count: int
    balance_minor: int

    @property
    def old_es(self) -> str:
        return decided_es(self.dimension, self.old)

    @property
    def new_es(self) -> str:
        return decided_es(self.dimension, self.new)


@dataclass(frozen=True, slots=True)
class Total:
    """Accounts and balance of a value before and after."""

    value_es: str
    old: int
    new: int
    balance_old: int
    balance_new: int

    @property
    def delta(self) -> int:
        return self.new - self.old

    @property
    def lost(self) -> int:
        return self.old - self.new


@dataclass(frozen=True, slots=True)
class Dimension:
    name: str
    label: str
    changed: int
    balance_minor: int
    moves: tuple[Move, ...]
    totals: tuple[Total, ...]


@dataclass(frozen=True, slots=True)
class Example:
    account_id: str
    dpd: int
    currency: str
    balance_minor: int
    changes: tuple[tuple[str, str, str], ...]  # label, before, after


@dataclass(frozen=True, slots=True)
class Simulation:
    """accounts: of the snapshot; changed: those with any difference in DIMENSIONS; balance_minor: theirs."""

    accounts: int
    changed: int
    balance_minor: int
    yardstick: Yardstick
    dimensions: tuple[Dimension, ...]
    examples: tuple[Example, ...]


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


def simulate(
    old: StrategyVersion, new: StrategyVersion, snapshot: Snapshot, *, dimension: str = "", pick: tuple[str, str] | None = None
) -> Simulation:
    """What `new` would have decided otherwise than `old` on the facts of a day.

    dimension, pick   limit the examples to those that change in it, and to one from -> to
    Raises            SnapshotGone, MissingFacts, NotFinite, OutOfRange, NotCompilable
    """
    with opened(present(snapshot)) as (db, yardstick):
        sides = [(name, version, compiled_of(version)) for name, version in (("old", old), ("new", new))]
        given = [{column.name for column in compiled.columns} for _, _, compiled in sides]
        names = [name for name in DIMENSIONS if all(name in columns for columns in given)]
        for name, version, compiled in sides:
            decide_into(db, name, compiled, names, is_stored=snapshot.version.sha256 == version.sha256)
        pairs = ", ".join(f"o.{name}::VARCHAR AS old_{name}, n.{name}::VARCHAR AS new_{name}" for name in names)
        db.execute(f"CREATE TABLE pair AS SELECT o.account_id, o.value, {pairs} FROM old o JOIN new n USING (account_id)")
        differs = " OR ".join(_differs(name) for name in names) or "false"
        accounts, changed, balance = _one(
            db, f"SELECT count(*), count(*) FILTER ({differs}), coalesce(sum(value) FILTER ({differs}), 0)::HUGEINT FROM pair"
        )
        found = tuple(_dimension(db, name) for name in names)
        wanted = _wanted(names, dimension, pick, differs)
        return Simulation(accounts, changed, int(balance), yardstick, found, _examples(db, names, *wanted))


def _dimension(db: duckdb.DuckDBPyConnection, name: str) -> Dimension:
    moves = [
        Move(name, old, new, count, int(value))
        for old, new, count, value in db.execute(
            f"SELECT old_{name}, new_{name}, count(*), coalesce(sum(value), 0)::HUGEINT FROM pair GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
        ).fetchall()
    ]
    changed = [move for move in moves if move.old != move.new]
    values = sorted({move.old for move in moves} | {move.new for move in moves}, key=lambda value: decided_es(name, value))
    totals = tuple(
        Total(
            decided_es(name, value), *(sum(m.count for m in moves if side(m) == value) for side in (_old, _new)),
            *(sum(m.balance_minor for m in moves if side(m) == value) for side in (_old, _new)),
        )
        for value in values
    )  # fmt: skip
    return Dimension(name, decision_es(name), sum(m.count for m in changed), sum(m.balance_minor for m in changed), tuple(changed), totals)


def _old(move: Move) -> str | None:
    return move.old


def _new(move: Move) -> str | None:
    return move.new


def _wanted(names: list[str], dimension: str, pick: tuple[str, str] | None, differs: str) -> tuple[str, dict[str, Any]]:
    if dimension not in names:
        return f"({differs})", {}
    if pick is None:
        return _differs(dimension), {}
    return (
        f"{_differs(dimension)} AND coalesce(old_{dimension}, '') = $old AND coalesce(new_{dimension}, '') = $new",
        {"old": pick[0], "new": pick[1]},
    )


def _examples(db: duckdb.DuckDBPyConnection, names: list[str], where: str, values: dict[str, Any]) -> tuple[Example, ...]:
    table: pa.Table = db.sql(
        f"SELECT p.*, f.dpd, f.currency, f.balance_minor FROM pair p JOIN facts f USING (account_id) WHERE {where} "
        f"ORDER BY p.value DESC NULLS LAST, account_id LIMIT {SAMPLE}", params=values
    ).to_arrow_table()  # fmt: skip
    rows = table.to_pylist()
    return tuple(
        Example(
            row["account_id"], row["dpd"], row["currency"], row["balance_minor"],
            tuple(
                (decision_es(name), decided_es(name, row[f"old_{name}"]), decided_es(name, row[f"new_{name}"]))
                for name in names if row[f"old_{name}"] != row[f"new_{name}"]
            ),
        )
        for row in rows
    )  # fmt: skip


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


def _differs(name: str) -> str:
    return f"old_{name} IS DISTINCT FROM new_{name}"


def _one(db: duckdb.DuckDBPyConnection, text: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] = db.execute(text).fetchall()[0]
    return row
