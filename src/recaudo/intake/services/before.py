"""What an undo needs, kept as Parquet beside the batch's file: how things were before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
from django.core.files.storage import default_storage
from django.db import connection

from recaudo.intake.models import Batch


def before_path(batch: Batch, name: str) -> Path:
    return Path(default_storage.path(f"intake/{batch.id}/{name}.parquet"))


def keep_before(batch: Batch, query: str, name: str) -> None:
    """Keep the answer of a query, every column as text."""
    target = before_path(batch, name)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    raw = target.with_suffix(".csv")
    with connection.cursor() as cursor, raw.open("wb") as out:
        raw.chmod(0o600)
        with cursor.cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *, NULL '')") as copy:
            for block in copy:
                out.write(bytes(block))
    try:
        with raw.open("rb") as file:
            names = file.readline().decode().strip().replace('"', "").split(",")
        convert = arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""])
        parse = arrow_csv.ParseOptions(newlines_in_values=True)
        draft = target.with_suffix(".draft")
        with arrow_csv.open_csv(raw, parse_options=parse, convert_options=convert) as reader, pq.ParquetWriter(draft, reader.schema, compression="zstd") as writer:
            for part in reader:
                writer.write_batch(part)
        draft.chmod(0o600)
        draft.replace(target)
    finally:
        raw.unlink()


def read_before(batch: Batch, name: str) -> Iterator[pa.Table]:
    """The kept rows, a part at a time; nothing when none were kept."""
    path = before_path(batch, name)
    if not path.exists():
        return
    with pq.ParquetFile(path) as file:
        for part in file.iter_batches(batch_size=50_000):
            yield pa.Table.from_batches([part])
