"""Result columns of the statement: their names and SQL, and how a fetched row becomes FEEL values again."""

from __future__ import annotations

import datetime as py
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from recaudo.engine.decide.feel.temporal import NANOS, Months, Seconds
from recaudo.engine.decide.feel.values import CONTEXT, Value, from_python
from recaudo.engine.decide.sql import numbers
from recaudo.engine.decide.sql.dialects import op
from recaudo.engine.decide.sql.terms import INSTANT, Items, Known, Refused, Rows, Sql, Struct, Term, lift


@dataclass(frozen=True)
class Leaf:
    """A result column: path below the decision (() for a scalar), its SQL, its kind."""

    path: tuple[str, ...]
    text: str
    kind: str


def leaves(term: Term, path: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """The columns of a result, in order."""
    if isinstance(term, Struct):
        for name, value in term.entries:
            yield from leaves(value, (*path, name))
    elif isinstance(term, Items):
        for place, value in enumerate(term.items, 1):
            yield from leaves(value, (*path, str(place)))
    elif isinstance(term, Rows):
        if not term.columns:
            yield Leaf(path, term.text, f"list of {term.kind}")
        for name, rows in term.columns:
            yield from leaves(rows, (*path, name))
    elif isinstance(term, Known) and isinstance(term.value, list | dict):
        yield from leaves(_opened(term), path)
    else:
        value = lift(term)
        yield Leaf(path, public(value), value.kind)


def _opened(term: Known) -> Term:
    if isinstance(term.value, dict):
        return Struct(tuple((name, Known(value)) for name, value in term.value.items()))
    return Items(tuple(Known(value) for value in term.value))


def public(value: Sql) -> str:
    """The SQL of a scalar in the type that a reader expects: whole numbers BIGINT, others DECIMAL or DOUBLE."""
    if value.kind == "null":
        return f"CAST(NULL AS {op('text_type')})"
    if value.kind != "number":
        return value.text
    if value.over is not None:
        return numbers.as_double(value).text
    if value.digits and value.digits[1] == 0 and value.digits[0] <= 18:
        return f"CAST({value.text} AS BIGINT)"
    return numbers.typed(value)


def decode(term: Term, row: Mapping[tuple[str, ...], Any], path: tuple[str, ...] = ()) -> Value:
    """FEEL values from a fetched row: column values by path."""
    if isinstance(term, Struct):
        return {name: decode(value, row, (*path, name)) for name, value in term.entries}
    if isinstance(term, Items):
        return [decode(value, row, (*path, str(place))) for place, value in enumerate(term.items, 1)]
    if isinstance(term, Rows):
        return _decode_rows(term, row, path)
    if isinstance(term, Known) and isinstance(term.value, list | dict):
        return decode(_opened(term), row, path)
    if not isinstance(term, Sql | Known):
        raise Refused("una función como resultado")
    return scalar(lift(term).kind, row[path])


def _decode_rows(term: Rows, row: Mapping[tuple[str, ...], Any], path: tuple[str, ...]) -> Value:
    if not term.columns:
        items = row[path]
        return None if items is None else [scalar(term.kind, item) for item in items]
    columns = {name: _decode_rows(rows, row, (*path, name)) for name, rows in term.columns}
    if any(column is None for column in columns.values()):
        return None
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def scalar(kind: str, value: Any) -> Value:
    """A fetched SQL value as a FEEL value of the kind."""
    if value is None:
        return None
    if kind == "days and time duration":
        return Seconds(int(value) * NANOS)
    if kind == "years and months duration":
        return Months(int(value))
    if kind == INSTANT and isinstance(value, py.datetime):
        return from_python(value.replace(tzinfo=py.UTC))
    found = from_python(value)
    return CONTEXT.plus(found) if isinstance(found, Decimal) else found
