"""Parquet, read a few thousand rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recaudo.intake.adapters.table import (
    CHUNK_ROWS,
    BrokenFile,
    Chunk,
    EmptyFile,
    Reading,
    Unreadable,
    titles,
    without_empty_rows,
)
from recaudo.intake.adapters.typed import text_of

MAX_GROUP_BYTES = 1024 * 1024 * 1024
# A value written once and repeated by number takes no room in the file: what counts is what the rows take when written out.
MAX_CHUNK_BYTES = 256 * 1024 * 1024
MAX_FIXED_BYTES = 64  # decimals and identifiers are shorter
SLOW_ROWS = 500  # at a time where each value may repeat the one before it
_TEXTS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
_BY_NUMBER = {"PLAIN_DICTIONARY", "RLE_DICTIONARY"}


class ParquetSource:
    """A Parquet file that is open for reading. options: decimal."""

    def __init__(self, path: Path, options: dict[str, Any]) -> None:
        self.decimal = str(options.get("decimal") or ".")
        try:
            self._file = pq.ParquetFile(path)
            numbered, self._is_slow = _encodings(self._file)
            if numbered:
                self._file = pq.ParquetFile(path, read_dictionary=numbered)
        except (pa.ArrowException, OSError):
            raise BrokenFile(why="está incompleto o no es Parquet.", mend="Vuelva a exportarlo y cárguelo de nuevo.") from None
        names, repeated = titles(self._file.schema_arrow.names, header_row=1)
        meta = self._file.metadata
        if any(meta.row_group(n).total_byte_size > MAX_GROUP_BYTES for n in range(meta.num_row_groups)):
            raise Unreadable(why="tiene bloques de más de 1 GB.", mend="Expórtelo con bloques más pequeños.")
        nested = [field.name for field in self._file.schema_arrow if pa.types.is_nested(field.type)]
        if nested:
            raise Unreadable(why=f"la columna «{nested[0]}» contiene listas o estructuras.", mend="Expórtela como texto o quítela.")
        wide = [f.name for f in self._file.schema_arrow if pa.types.is_fixed_size_binary(f.type) and f.type.byte_width > MAX_FIXED_BYTES]
        if wide:
            raise Unreadable(why=f"la columna «{wide[0]}» contiene datos binarios.", mend="Expórtela como texto o quítela.")
        self.reading = Reading(names, {"format": "Parquet"}, repeated)

    def chunks(self) -> Iterator[Chunk]:
        """See Source. Row numbers count from 2, as if the titles were row 1."""
        number = 2
        rows_per_chunk = max(500, min(CHUNK_ROWS, 2_000_000 // max(len(self.reading.columns), 1)))
        if self._is_slow:
            rows_per_chunk = min(rows_per_chunk, SLOW_ROWS)
        try:
            for batch in self._file.iter_batches(batch_size=rows_per_chunk):
                if sum(map(_written_bytes, batch.columns)) > MAX_CHUNK_BYTES:
                    raise Unreadable(why="sus celdas son desmedidas: pocas filas ocupan más de 256 MB.", mend="Expórtelo con textos más cortos.")
                columns = [self._text(column) for column in batch.columns]
                numbers = np.arange(number, number + batch.num_rows, dtype=np.int64)
                number += batch.num_rows
                table, numbers = without_empty_rows(pa.Table.from_arrays(columns, names=self.reading.columns), numbers)
                yield Chunk(table, numbers)
        except (pa.ArrowException, OSError):
            raise BrokenFile(why=f"está dañado después de la fila {number - 1}.", mend="Vuelva a exportarlo y cárguelo de nuevo.") from None
        if number == 2:
            raise EmptyFile(header_row=1)

    def _text(self, column: pa.Array) -> pa.Array:
        kind = column.type
        if pa.types.is_dictionary(kind):
            column, kind = column.dictionary_decode(), kind.value_type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            return pc.fill_null(column.cast(pa.string()), "")
        if pa.types.is_integer(kind) or pa.types.is_date32(kind):
            return pc.fill_null(column.cast(pa.string()), "")
        return pa.array([text_of(value, self.decimal) for value in column.to_pylist()], pa.string())


def _encodings(file: pq.ParquetFile) -> tuple[list[str], bool]:
    """The columns of text whose values are written once and repeated by number; and whether any value may repeat its neighbour."""
    numbered, is_slow = set(), False
    for group in range(file.metadata.num_row_groups):
        for place in range(file.metadata.num_columns):
            column = file.metadata.row_group(group).column(place)
            if column.physical_type == "BYTE_ARRAY" and _BY_NUMBER & set(column.encodings):
                numbered.add(column.path_in_schema)
            is_slow |= "DELTA_BYTE_ARRAY" in column.encodings
    return sorted(numbered), is_slow


def _written_bytes(column: pa.Array) -> int:
    """What a column takes when every row has its own text."""
    if not pa.types.is_dictionary(column.type) or not any(is_kind(column.type.value_type) for is_kind in _TEXTS):
        return int(column.nbytes)
    sizes = pc.binary_length(column.dictionary).cast(pa.int64())
    return int(pc.sum(pc.take(sizes, column.indices)).as_py() or 0)
