"""What an undo needs, kept sealed beside the batch's file as Parquet: how things were before."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
from django.db import connection

from recaudo.intake.models import Batch
from recaudo.intake.services import keeping

_IN_MEMORY_BYTES = 64 * 1024 * 1024


def keep_before(batch: Batch, query: str, name: str) -> None:
    """Keep the answer of a query, every column as text."""
    with _nameless() as raw, _nameless() as table:
        with connection.cursor() as cursor, cursor.cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *, NULL '')") as copy:
            for block in copy:
                raw.write(bytes(block))
        raw.seek(0)
        names = raw.readline().decode().strip().replace('"', "").split(",")
        raw.seek(0)
        convert = arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""])
        parse = arrow_csv.ParseOptions(newlines_in_values=True)
        with arrow_csv.open_csv(raw, parse_options=parse, convert_options=convert) as reader, pq.ParquetWriter(table, reader.schema, compression="zstd") as writer:
            for part in reader:
                writer.write_batch(part)
        table.seek(0)
        keeping.keep(batch.id, f"{name}.before", keeping.blocks_of(table))


def read_before(batch: Batch, name: str) -> Iterator[pa.Table]:
    """The kept rows, a part at a time; nothing when none were kept."""
    if not keeping.is_kept(batch, f"{name}.before"):
        return
    _, plain = keeping.open_kept(batch, f"{name}.before")
    with plain, pq.ParquetFile(plain) as file:
        for part in file.iter_batches(batch_size=50_000):
            yield pa.Table.from_batches([part])


def _nameless() -> IO[Any]:
    """A small one stays in memory; a larger one has no name on the disk."""
    return tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)
