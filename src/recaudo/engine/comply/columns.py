"""The columns that the columnar evaluator is given, read into one shape: words as codes, instants as microseconds UTC.

A column that need not be given reads as null. Nothing here knows a rule.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow.dataset import Dataset

from recaudo.engine.comply.spans import Micros
from recaudo.kernel.problems import Problem
from recaudo.kernel.time import NaiveInstant

WORDS = ("country", "subdivision", "channel", "purpose", "person_role", "place", "address_source")
OPTIONAL = ("municipality", "content", "stage", "caller_id", "line_type", "is_reply", "outside_cap")
NEEDED = ("candidate_id", "person_id", "zones", *WORDS, "creditor", "collector", "debt_id", "planned_at")


class MissingColumns(Problem):
    code = "missing_columns"
    message = "A la tabla «{table}» le faltan columnas: {columns}."
    status = 500


def as_word(table: pa.Table, name: str) -> pa.ChunkedArray:
    """An optional column as words: null where it is not given; a list of tokens as one word."""
    if name == "content" and name in table.column_names:
        return pc.binary_join(table[name].cast(pa.list_(pa.string())), "|")
    return text(table, name)


def need(name: str, table: pa.Table | Dataset, columns: tuple[str, ...]) -> None:
    """Hold a table to the columns that are asked of it. Raises MissingColumns."""
    missing = [column for column in columns if column not in table.schema.names]
    if missing:
        raise MissingColumns(table=name, columns=", ".join(missing))


def aware(at: datetime) -> datetime:
    """The same instant, which must have a zone. Raises NaiveInstant."""
    if at.tzinfo is None:
        raise NaiveInstant()
    return at


def instants(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A timestamp column as microseconds UTC. Raises NaiveInstant."""
    if pa.types.is_null(column.type):
        return column.cast(pa.int64())
    if not pa.types.is_timestamp(column.type) or column.type.tz is None:
        raise NaiveInstant()
    return column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())


def timed(table: pa.Table | Dataset) -> pa.Table | Dataset:
    """History as it is read: its instants must have a zone. Raises NaiveInstant."""
    kind = table.schema.field("at").type
    if not pa.types.is_timestamp(kind) or kind.tz is None:
        raise NaiveInstant()
    return table


def dated(table: pa.Table, name: str, until: str) -> pa.Table:
    """States and consents in one shape: person_id, name, channels, since, until (microseconds)."""
    channels = table["channels"].cast(pa.list_(pa.string()))
    return pa.table(
        {
            "person_id": table["person_id"], "name": table[name], "channels": channels, "since": instants(table["since"]),
            "until": instants(table[until]), "address": text(table, "address"),
        }
    )  # fmt: skip


def text(table: pa.Table, name: str) -> pa.ChunkedArray:
    """An optional column of text; all null where the table does not have it."""
    return table[name].cast(pa.string()) if name in table.column_names else pa.chunked_array([pa.nulls(table.num_rows, pa.string())])


def wishes_table(table: pa.Table) -> pa.Table:
    """Preferences with their instants as microseconds and their last day as days since 1970."""
    need("preferences", table, ("person_id", "kind", "days", "starts", "ends", "place", "since", "until_date"))
    wishes = table.set_column(table.schema.get_field_index("since"), "since", instants(table["since"]))
    return wishes.append_column("last", pc.cast(pc.cast(table["until_date"], pa.date32()), pa.int32()))


def coded(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str | None]]:
    """A word column as codes and the words; null is a word too (None)."""
    encoded = pc.dictionary_encode(column.cast(pa.string()), null_encoding="encode").combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0)
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary.to_pylist()


def mixed(columns: list[NDArray[np.int64]]) -> tuple[list[NDArray[np.int64]], list[int]]:
    """Columns with their values made dense, and how many values each has."""
    dense, shape = [], []
    for column in columns:
        values, back = np.unique(column, return_inverse=True)
        dense.append(back.astype(np.int64))
        shape.append(len(values))
    return dense, shape


def distinct(columns: list[NDArray[np.int64]], shape: list[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First row of each distinct combination, and the combination of each row."""
    key = np.zeros(len(columns[0]), dtype=np.int64)
    width = 1
    for column, size in zip(columns, shape, strict=True):
        if width * size > 2**62:
            _, key = np.unique(key, return_inverse=True)
            width = int(key.max()) + 1
        key = key * size + column
        width *= size
    _, first, back = np.unique(key, return_index=True, return_inverse=True)
    return first.astype(np.int64), back.astype(np.int64)


def groups(codes: NDArray[np.int64], count: int) -> list[Micros]:
    """Positions of each code, in order."""
    order = np.argsort(codes, kind="stable").astype(np.int64)
    edges = np.searchsorted(codes[order], np.arange(1, count))
    return list(np.split(order, edges))


def split(names: str | None) -> tuple[str, ...]:
    """The words that were joined into one; none of null."""
    return tuple(name for name in (names or "").split("|") if name)
