"""The compiled strategy: one statement over all accounts, and the check of it against the reference."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from recaudo.engine.decide.conform import Types
from recaudo.engine.decide.feel import values
from recaudo.engine.decide.feel.values import Value
from recaudo.engine.decide.model import Model
from recaudo.engine.decide.problems import EnginesDiffer, MissingFacts, NotCompilable, NotFinite, OutOfRange
from recaudo.engine.decide.reference import Interpreter, fact_value
from recaudo.engine.decide.sql.decode import decode, leaves
from recaudo.engine.decide.sql.dialects import Dialect
from recaudo.engine.decide.sql.dialects.duckdb import DUCKDB
from recaudo.engine.decide.sql.graph import DecisionColumns, Graph
from recaudo.engine.decide.sql.layers import Layers
from recaudo.engine.decide.sql.terms import Refused, Rows, quoted

KEY = "account_id"
_SOURCE = "recaudo_decide_source"
_TOLERANCE = Decimal("1e-9")


@dataclass(frozen=True)
class OutputColumn:
    """A column of the result. kind: FEEL kind, "rule" or "rules"; path: inside the decision's value."""

    name: str
    decision: str
    kind: str
    text: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Compiled:
    """A model as one statement.

    facts    names of the facts it reads, with their types
    columns  the result columns after the keys, in order
    """

    model: Model
    facts: dict[str, str]
    columns: tuple[OutputColumn, ...]
    layers: Layers
    results: tuple[DecisionColumns, ...]

    def sql(self, source_relation: str, keys: Sequence[str] = (KEY,)) -> str:
        """The statement.

        source_relation  a table or view name, or a query in parentheses; one row per account
        keys             columns of the source passed through unchanged, first in the result
        Returns          SELECT of the keys, then per decision its output columns and `<decision>_rule`
        """
        source = source_relation if source_relation.lstrip().startswith("(") else quoted(source_relation)
        aliases = [f"k{place}" for place in range(len(keys))]
        passed = [f"{quoted(key)} AS {alias}" for key, alias in zip(keys, aliases, strict=True)]
        final = [f"{alias} AS {quoted(key)}" for key, alias in zip(keys, aliases, strict=True)]
        final += [f"{column.text} AS {quoted(column.name)}" for column in self.columns]
        return self.layers.select(source, passed, final)


@dataclass(frozen=True)
class Difference:
    """key: values of the key columns; column: decision name or `<decision>_rule`."""

    key: tuple[Any, ...]
    column: str
    compiled: Any
    reference: Any


def compile_model(model: Model, facts: Mapping[str, str], *, dialect: Dialect = DUCKDB) -> Compiled:
    """Compile all decisions of a model.

    facts    fact name -> type: text, integer, money (minor units), rate (9 decimals), boolean, date, instant
    dialect  of the engine that will run it; one that cannot give the same result refuses
    Raises   NotCompilable with the place, CyclicModel
    """
    graph = Graph(model, facts, dialect)
    results = tuple(graph.decision(decision) for decision in model.decisions)
    columns: list[OutputColumn] = []
    for result in results:
        columns.extend(_columns(result, dialect))
    return Compiled(model, {name: facts[name] for name in graph.used}, _unique(columns), graph.layers, results)


def _columns(result: DecisionColumns, dialect: Dialect) -> Iterable[OutputColumn]:
    try:
        found = [replace(leaf, text=dialect.spell(leaf.text)) for leaf in leaves(result.term)]
    except Refused as refused:
        raise NotCompilable(where=f"Decisión «{result.name}»", what=refused.what, remedy=refused.remedy) from None
    for leaf in found:
        yield OutputColumn(".".join(leaf.path) or result.name, result.name, leaf.kind, leaf.text, leaf.path)
    if result.rule is not None:
        kind = "rules" if isinstance(result.rule, Rows) else "rule"
        yield OutputColumn(f"{result.name}_rule", result.name, kind, result.rule.text)


def _unique(columns: list[OutputColumn]) -> tuple[OutputColumn, ...]:
    """An output name that two decisions use gets its decision in front."""
    names = [column.name for column in columns]
    return tuple(
        column if names.count(column.name) == 1
        else OutputColumn(f"{column.decision}_{column.name}", column.decision, column.kind, column.text, column.path)
        for column in columns
    )  # fmt: skip


def run(
    compiled: Compiled, table: pa.Table | str, connection: duckdb.DuckDBPyConnection, *, keys: Sequence[str] = (KEY,)
) -> pa.Table:
    """Decide all accounts.

    table    accounts x facts, an Arrow table or the name of a relation that the connection knows
    keys     columns passed through
    Returns  accounts x (keys + output columns), rows in the order of the table
    Raises   MissingFacts, NotFinite, OutOfRange
    """
    if not isinstance(table, str):
        connection.register(_SOURCE, table)
    source = table if isinstance(table, str) else _SOURCE
    try:
        _refuse_unfit(compiled, source, connection, keys)
        return _arrow(connection.sql(compiled.sql(source, keys)))
    except (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException) as error:
        raise OutOfRange(what=type(error).__name__) from None
    finally:
        if not isinstance(table, str):
            connection.unregister(_SOURCE)


def _arrow(relation: duckdb.DuckDBPyRelation) -> pa.Table:
    return relation.to_arrow_table()


def _refuse_unfit(compiled: Compiled, source: str, connection: duckdb.DuckDBPyConnection, keys: Sequence[str]) -> None:
    described = connection.execute(f"DESCRIBE SELECT * FROM {DUCKDB.spell(quoted(source))}").fetchall()
    types = {row[0]: row[1] for row in described}
    missing = [name for name in (*keys, *compiled.facts) if name not in types]
    if missing:
        raise MissingFacts(missing=", ".join(missing))
    floats = [name for name in compiled.facts if types[name] in ("FLOAT", "DOUBLE")]
    if floats:
        counts = ", ".join(f"count(*) FILTER (NOT isfinite({DUCKDB.spell(quoted(name))}))" for name in floats)
        # Fetched to the end: DuckDB 2 refuses other work while a result is open.
        row = connection.execute(f"SELECT {counts} FROM {DUCKDB.spell(quoted(source))}").fetchall()[0]
        for name, count in zip(floats, row, strict=True):
            if count:
                raise NotFinite(fact=name, count=count)


def differences(
    compiled: Compiled,
    facts: pa.Table,
    decided: pa.Table,
    *,
    keys: Sequence[str] = (KEY,),
    sample: int = 1000,
    seed: int = 0,
) -> list[Difference]:
    """Decide a sample again with the reference and compare.

    facts, decided  the input and the result of `run`; rows are matched by their keys
    sample          how many accounts; all when there are fewer
    seed            of the choice of accounts
    Returns         one entry per value that differs; empty when the engines agree
    """
    rows = _chosen(facts.num_rows, sample, seed)
    chosen = facts.select([*keys, *compiled.facts]).take(rows)
    given = chosen.to_pylist()
    by_key = {tuple(row[name] for name in keys): row for row in _with_keys(decided, chosen, keys)}
    found = [by_key.get(tuple(row[name] for name in keys), {}) for row in given]
    out: list[Difference] = []
    kinds = Types(compiled.model)
    for fact_row, row in zip(given, found, strict=True):
        key = tuple(fact_row[name] for name in keys)
        if not row:
            out.append(Difference(key, "", None, "sin decisión"))
            continue
        out.extend(Difference(key, *rest) for rest in _compare(compiled, kinds, fact_row, row))
    return out


def verify(
    compiled: Compiled,
    facts: pa.Table,
    decided: pa.Table,
    *,
    keys: Sequence[str] = (KEY,),
    sample: int = 1000,
    seed: int = 0,
) -> int:
    """As `differences`, but raises EnginesDiffer when there are any; returns the number of accounts checked."""
    found = differences(compiled, facts, decided, keys=keys, sample=sample, seed=seed)
    checked: int = min(sample, facts.num_rows)
    if found:
        raise EnginesDiffer(count=len({one.key for one in found}), sample=checked)
    return checked


def _with_keys(decided: pa.Table, chosen: pa.Table, keys: Sequence[str]) -> list[dict[str, Any]]:
    """The decided rows whose first key is among the chosen accounts."""
    wanted = chosen.column(keys[0]).combine_chunks()
    rows: list[dict[str, Any]] = decided.filter(pc.is_in(decided.column(keys[0]), value_set=wanted)).to_pylist()
    return rows


def _chosen(count: int, sample: int, seed: int) -> list[int]:
    return list(range(count)) if count <= sample else sorted(random.Random(seed).sample(range(count), sample))


def _compare(compiled: Compiled, kinds: Types, facts: Mapping[str, Any], row: Mapping[str, Any]) -> Iterable[tuple[str, Any, Any]]:
    given = {name: fact_value(facts[name], kind) for name, kind in compiled.facts.items()}
    interpreter = Interpreter(compiled.model, given, kinds, traced=False)
    for result in compiled.results:
        decision = compiled.model.decision(result.name)
        expected = interpreter.decision(decision)
        columns = [column for column in compiled.columns if column.decision == result.name]
        by_path = {column.path: row[column.name] for column in columns if column.kind not in ("rule", "rules")}
        found = decode(result.term, by_path)
        if not same(found, expected):
            yield result.name, values.to_python(found), values.to_python(expected)
        for column in columns:
            if column.kind in ("rule", "rules"):
                winners = interpreter.tables[decision.id].winners
                if _rules(row[column.name]) != winners:
                    yield column.name, row[column.name], winners


def _rules(value: Any) -> tuple[int, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else (value,)


def same(found: Value, expected: Value) -> bool:
    """Equal, numbers within one part in 10^9 (a division is carried out in DOUBLE for output). A context of nulls is null."""
    if isinstance(found, Decimal) and isinstance(expected, Decimal):
        return abs(found - expected) <= _TOLERANCE * max(abs(expected), Decimal(1))
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(found, dict):
        if expected is None:
            return all(value is None for value in found.values())
        return (
            isinstance(expected, dict)
            and found.keys() == expected.keys()
            and all(same(found[k], expected[k]) for k in found)
        )
    return found is None if expected is None else values.equal(found, expected) is True
