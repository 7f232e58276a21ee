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


class ParquetSource:
    """A Parquet file that is open for reading. options: decimal."""

    def __init__(self, path: Path, options: dict[str, Any]) -> None:
        self.decimal = str(options.get("decimal") or ".")
        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError):
            raise BrokenFile(why="está incompleto o no es Parquet.", mend="Vuelva a exportarlo y cárguelo de nuevo.") from None
        names, repeated = titles(self._file.schema_arrow.names, header_row=1)
        meta = self._file.metadata
        if any(meta.row_group(n).total_byte_size > MAX_GROUP_BYTES for n in range(meta.num_row_groups)):
            raise Unreadable(why="tiene bloques de más de 1 GB.", mend="Expórtelo con bloques más pequeños.")
        nested = [field.name for field in self._file.schema_arrow if pa.types.is_nested(field.type)]
        if nested:
            raise Unreadable(why=f"la columna «{nested[0]}» contiene listas o estructuras.", mend="Expórtela como texto o quítela.")
        self.reading = Reading(names, {"format": "Parquet"}, repeated)

    def chunks(self) -> Iterator[Chunk]:
        """See Source. Row numbers count from 2, as if the titles were row 1."""
        number = 2
        rows_per_chunk = max(500, min(CHUNK_ROWS, 2_000_000 // max(len(self.reading.columns), 1)))
        try:
            for batch in self._file.iter_batches(batch_size=rows_per_chunk):
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
