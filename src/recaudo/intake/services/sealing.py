"""Clean values on their way into staging tables: sealed in bulk, bound to keys made here, written as COPY reads them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as arrow_csv

from recaudo.store.binary import copied, uuid_arrays
from recaudo.store.bulk import copy_binary, copy_csv
from recaudo.store.fields import aad, blind_indexes, encrypt_all
from recaudo.store.keys import fresh_keys


def fresh_ids(count: int) -> list[str]:
    """UUIDv7 texts in rising order: an index takes keys that rise at its end, for half the price."""
    digits = fresh_keys(count).tobytes().hex()
    return [f"{digits[at : at + 8]}-{digits[at + 8 : at + 12]}-{digits[at + 12 : at + 16]}-{digits[at + 16 : at + 20]}-{digits[at + 20 : at + 32]}"
            for at in range(0, 32 * count, 32)]  # fmt: skip


def fresh_lists(counts: npt.NDArray[np.int64]) -> pa.Array:
    """uuid[] of so many fresh keys a row: for what the database makes of the row. Its own function asks the system for each."""
    return uuid_arrays(fresh_keys(int(counts.sum())), counts)


def sealed(values: Sequence[str | None], table: str, column: str, ids: Sequence[str]) -> pa.Array:
    """Ciphertexts, each bound to its row."""
    at = [n for n, value in enumerate(values) if value is not None]
    head = aad(table, column, "")
    found = encrypt_all([values[n] or "" for n in at], [head + ids[n] for n in at])
    return _placed(found, at, len(values))


def indexes(values: Sequence[str | None], kind: str) -> pa.Array:
    """Blind indexes."""
    at = [n for n, value in enumerate(values) if value is not None]
    return _placed(blind_indexes([values[n] or "" for n in at], kind), at, len(values))


def _placed(found: Sequence[bytes], at: Sequence[int], count: int) -> pa.Array:
    if len(at) == count:
        return pa.array(found, pa.binary())
    result: list[bytes | None] = [None] * count
    for n, blob in zip(at, found, strict=True):
        result[n] = blob
    return pa.array(result, pa.binary())


@dataclass(frozen=True, slots=True)
class Staged:
    """Rows on their way into a staging table: its name, their columns, the rows in COPY's binary format."""

    name: str
    columns: list[str]
    rows: pa.Buffer


def written(name: str, columns: Mapping[str, pa.Array], types: Mapping[str, str]) -> Staged:
    """Columns as what COPY reads, in the order of `types`. Needs no database."""
    return Staged(name, list(types), copied(pa.table({column: columns[column] for column in types}), types))


def put(staged: Staged) -> None:
    """COPY into the staging table."""
    copy_binary(staged.name, staged.columns, staged.rows)


def stage_texts(name: str, table: pa.Table) -> None:
    """COPY an Arrow table of texts into a staging table of the same columns."""
    out = io.BytesIO()
    arrow_csv.write_csv(table, out, arrow_csv.WriteOptions(include_header=False))
    copy_csv(name, table.column_names, [out.getvalue()])
