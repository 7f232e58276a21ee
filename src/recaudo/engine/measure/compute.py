"""From base tables to numbers: each part is one query, numerator and denominator meet on their cuts.

A currency is a cut that money always has, so amounts of two currencies never meet in one sum. A denominator that
cannot be split by a cut keeps its total (accounts have no channel: coverage by channel is worked accounts of the
channel over all accounts); a numerator that cannot is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from recaudo.engine.measure.catalogue import KPIS
from recaudo.engine.measure.kpi import Kpi, Params, Part
from recaudo.engine.measure.tables import TABLES
from recaudo.kernel.problems import Problem

Key = tuple[Any, ...]


class UnknownKpi(Problem):
    code = "unknown_kpi"
    message = "El indicador «{kpi}» no existe."


class CutNotPossible(Problem):
    code = "cut_not_possible"
    message = "El indicador {kpi} no se puede dividir por «{cut}»: sus datos no tienen esa columna."


@dataclass(frozen=True, slots=True)
class Row:
    """A KPI for one group.

    group         cut -> value; money has "currency" here
    numerator, denominator   exact; minor units when money; denominator None for a plain total
    value         None when there is no data or the denominator is zero: a screen shows a dash, never 0 %;
                  a percent is a fraction (0.1867 is 18.67 %), money is minor units
    has_data      False when a table or column is missing or nothing happened that could be measured
    """

    kpi: str
    group: dict[str, Any]
    numerator: int | Decimal | None
    denominator: int | Decimal | None
    value: Decimal | None
    has_data: bool


@dataclass(frozen=True, slots=True)
class _Base:
    """The registered views and what is really in them: view -> columns."""

    db: duckdb.DuckDBPyConnection
    columns: dict[str, frozenset[str]]
    given: frozenset[str]
    words: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Sums:
    """A part computed: group -> (amount, rows seen). `cuts` are those it could be split by."""

    cuts: tuple[str, ...]
    amounts: dict[Key, tuple[Any, int]]


def compute(kpi_ids: Iterable[str], tables: Mapping[str, pa.Table], by: Sequence[str] = (), params: Params | None = None) -> list[Row]:
    """Compute KPIs.

    kpi_ids   keys of KPIS
    tables    some of TABLES by name, with at least the columns the KPIs need
    by        cuts: columns of the numerator's table or of its account
    Returns   rows in the order asked, groups sorted; a KPI without data has one row without group, has_data False
    Raises    UnknownKpi, CutNotPossible
    """
    wanted = [_known(key) for key in kpi_ids]
    with duckdb.connect() as db:
        base = _base(db, tables, params or Params())
        return [row for kpi in wanted for row in _rows(base, kpi, by)]


def migration_matrix(tables: Mapping[str, pa.Table], by: Sequence[str] = (), params: Params | None = None, *, weight: str = "balance") -> list[Row]:
    """K-10: the rows of the matrix of buckets, by overdue balance at the start or, with weight "count", by accounts.

    Each row's group has bucket0 and bucket1; over one bucket0 (and cuts) the values sum to 1.
    """
    return compute(["K-10" if weight == "balance" else "K-10c"], tables, by, params)


def _known(key: str) -> Kpi:
    if key not in KPIS:
        raise UnknownKpi(kpi=key)
    return KPIS[key]


def _base(db: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table], params: Params) -> _Base:
    db.execute("SET TimeZone = 'UTC'")
    present: dict[str, set[str]] = {}
    for name, schema in TABLES.items():
        table = tables.get(name)
        present[name] = set(table.column_names) if table is not None else set()
        db.register(f"raw_{name}", _whole(table, schema))
    codes = ", ".join(_text(code) for code in params.buckets)
    db.execute(_ACCOUNTS.format(codes=codes, rank1=_rank("bucket1"), rank0=_rank("bucket0")))
    words = {key: str(value) for key, value in asdict(params).items() if isinstance(value, int)}
    db.execute(_PROMISES.format(**words))
    if {"bucket0", "bucket1"} <= present["accounts"]:
        present["accounts"] |= {"rank0", "rank1", "bucket_next"}
    if params.closed_on and "at" in present["attempts"]:
        present["accounts"].add("last_attempt_on")
    words["closed_on"] = _text(params.closed_on.isoformat()) if params.closed_on else "NULL"
    for name in ("attempts", "payments", "costs", "promises"):
        _with_account(db, name, present)
    db.execute("CREATE VIEW headroom AS SELECT * FROM raw_headroom")
    return _Base(db, {name: frozenset(names) for name, names in present.items()}, frozenset(name for name in tables if name in TABLES), words)


def _whole(table: pa.Table | None, schema: pa.Schema) -> pa.Table:
    """The table with every documented column; those not given are null."""
    if table is None:
        return schema.empty_table()
    for column in schema:
        if column.name not in table.column_names:
            table = table.append_column(column, pa.nulls(table.num_rows, column.type))
    return table


# PAID counts as current; what was sold or recalled has no rank: it neither improved nor got worse.
_RANK = "CASE WHEN {column} = 'PAID' THEN 0 ELSE list_position(codes, {column}) - 1 END"
_ACCOUNTS = """
CREATE TABLE accounts AS
SELECT a.*, {rank0} AS rank0, {rank1} AS rank1, codes[list_position(codes, bucket0) + 1] AS bucket_next, t.last_attempt_on
FROM raw_accounts a CROSS JOIN (SELECT [{codes}] AS codes)
LEFT JOIN (SELECT account_id, max("at")::DATE AS last_attempt_on FROM raw_attempts WHERE attempt GROUP BY account_id) t USING (account_id)
"""
_PROMISES = """
CREATE TABLE told_promises AS
SELECT p.*, EXISTS (
    SELECT 1 FROM raw_promises b WHERE b.account_id = p.account_id AND b.due_in_period AND b.paid_by_grace_minor <= 0
    AND p.created_on > b.due_on AND p.created_on <= b.due_on + {repromise_days}) AS is_repromise
FROM raw_promises p
"""


def _rank(column: str) -> str:
    return _RANK.format(column=column)


def _with_account(db: duckdb.DuckDBPyConnection, name: str, present: dict[str, set[str]]) -> None:
    """The view of a table with the columns of its account beside its own; its own win."""
    source = "told_promises" if name == "promises" else f"raw_{name}"
    own = present[name] | {"is_repromise"} if name == "promises" else present[name]
    borrowed = sorted(present["accounts"] - own - {"account_id"})
    hidden = sorted((set(TABLES[name].names) - own) & set(borrowed))
    kept = f"t.* EXCLUDE ({', '.join(map(_column, hidden))})" if hidden else "t.*"
    columns = ", ".join([kept, *(f"a.{_column(column)}" for column in borrowed)])
    # A cost may belong to no account; everything else without one is outside the set that is measured.
    join = "LEFT JOIN" if name == "costs" else "JOIN"
    db.execute(f"CREATE VIEW {name} AS SELECT {columns} FROM {source} t {join} accounts a ON a.account_id = t.account_id")
    present[name] |= set(borrowed)


def _rows(base: _Base, kpi: Kpi, by: Sequence[str]) -> list[Row]:
    cuts = tuple(dict.fromkeys([*by, *kpi.own_cuts, *(["currency"] if kpi.is_money else [])]))
    if not all(_has(base, part) for part in (kpi.numerator, kpi.denominator) if part):
        return [Row(kpi.id, {}, None, None, None, False)]
    for cut in cuts:
        if _stands_for(base, kpi.numerator, cut) is None:
            raise CutNotPossible(kpi=kpi.id, cut=cut)
    top = _sums(base, kpi.numerator, cuts)
    below = _sums(base, kpi.denominator, cuts) if kpi.denominator else None
    keys = _keys(cuts, top, below)
    rows = [_row(kpi, cuts, key, top, below) for key in sorted(keys, key=lambda key: [(part is not None, str(part)) for part in key])]
    return rows or [Row(kpi.id, {}, None, None, None, False)]


def _has(base: _Base, part: Part) -> bool:
    return part.table in base.given and set(part.needs) <= base.columns[part.table]


def _stands_for(base: _Base, part: Part, cut: str) -> str | None:
    """The column of the part that splits it by a cut, or None when it is not split."""
    column = part.cuts.get(cut, cut)
    return column if column in base.columns[part.table] else None


def _sums(base: _Base, part: Part, cuts: tuple[str, ...]) -> _Sums:
    own = tuple((cut, column) for cut in cuts if (column := _stands_for(base, part, cut)))
    groups = "".join(f"{_column(column)}, " for _, column in own)
    where = f" WHERE {part.where}" if part.where else ""
    grouped = f" GROUP BY {groups.rstrip(', ')}" if own else ""
    query = f"SELECT {groups}{part.sql.format(**base.words)}, count(*) FROM {part.table}{where}{grouped}"
    found = base.db.execute(query).fetchall()
    return _Sums(tuple(cut for cut, _ in own), {tuple(row[:-2]): (row[-2] or 0, row[-1]) for row in found})


def _keys(cuts: tuple[str, ...], top: _Sums, below: _Sums | None) -> set[Key]:
    """Groups of the numerator, and of the denominator when it has every cut: nothing happened there, which is a zero."""
    keys = {key for key, (_, seen) in top.amounts.items() if seen}
    if below and below.cuts == cuts:
        keys |= {key for key, (_, seen) in below.amounts.items() if seen}
    return keys


def _row(kpi: Kpi, cuts: tuple[str, ...], key: Key, top: _Sums, below: _Sums | None) -> Row:
    group = dict(zip(cuts, key, strict=True))
    amount, _ = top.amounts.get(key, (0, 0))
    if below is None:
        return Row(kpi.id, group, amount, None, Decimal(amount), True)
    base, seen = below.amounts.get(tuple(group[cut] for cut in below.cuts), (0, 0))
    value = Decimal(amount) / Decimal(base) if base else None
    return Row(kpi.id, group, amount, base, value, bool(seen))


def _column(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
