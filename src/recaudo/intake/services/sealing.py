"""Clean values on their way into staging tables: sealed in bulk, bound to keys made here, written as CSV by Arrow."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.csv as arrow_csv

from recaudo.store.bulk import copy_csv
from recaudo.store.fields import aad, blind_indexes, encrypt_all
from recaudo.store.keys import uuid7


def fresh_ids(count: int) -> list[str]:
    """UUIDv7 texts, the time of now and random bits of their own."""
    stamp = str(uuid7())[:13]
    bits = os.urandom(10 * count).hex()
    return [
        f"{stamp}-7{bits[at : at + 3]}-{'89ab'[int(bits[at + 3], 16) & 3]}{bits[at + 4 : at + 7]}-{bits[at + 7 : at + 19]}"
        for at in range(0, 20 * count, 20)
    ]


def sealed(values: Sequence[str | None], table: str, column: str, ids: Sequence[str]) -> list[str | None]:
    """Ciphertexts as PostgreSQL's hexadecimal, each bound to its row."""
    at = [n for n, value in enumerate(values) if value is not None]
    head = aad(table, column, "")
    found = encrypt_all([values[n] or "" for n in at], [head + ids[n] for n in at])
    return _placed(found, at, len(values))


def indexes(values: Sequence[str | None], kind: str) -> list[str | None]:
    """Blind indexes as PostgreSQL's hexadecimal."""
    at = [n for n, value in enumerate(values) if value is not None]
    return _placed(blind_indexes([values[n] or "" for n in at], kind), at, len(values))


def _placed(found: Sequence[bytes], at: Sequence[int], count: int) -> list[str | None]:
    result: list[str | None] = [None] * count
    for n, blob in zip(at, found, strict=True):
        result[n] = "\\x" + blob.hex()
    return result


def array_literals(lists: pa.Array) -> pa.Array:
    """Lists of plain words as PostgreSQL's array literals; null becomes empty."""
    import pyarrow.compute as pc

    joined = pc.binary_join(pc.fill_null(lists, pa.scalar([], lists.type)), ",")
    return pc.binary_join_element_wise(pa.scalar("{"), joined, pa.scalar("}"), "")


@dataclass(frozen=True, slots=True)
class Staged:
    """Rows on their way into a staging table: its name, their columns, the rows as CSV."""

    name: str
    columns: list[str]
    rows: memoryview


def written(name: str, table: pa.Table) -> Staged:
    """An Arrow table as what COPY reads. Needs no database."""
    out = io.BytesIO()
    arrow_csv.write_csv(table, out, arrow_csv.WriteOptions(include_header=False))
    return Staged(name, table.column_names, out.getbuffer())


def put(staged: Staged) -> None:
    """COPY into the staging table."""
    size = 1 << 20
    copy_csv(staged.name, staged.columns, (bytes(staged.rows[at : at + size]) for at in range(0, len(staged.rows), size)))


def stage(name: str, table: pa.Table) -> int:
    """COPY an Arrow table into a staging table of the same columns. Returns its rows."""
    if table.num_rows:
        put(written(name, table))
    return int(table.num_rows)
