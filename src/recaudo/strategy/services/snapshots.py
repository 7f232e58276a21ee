"""Keeping what a day knew and decided."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
from django.core.files.storage import storages

from recaudo.journal import services as journal
from recaudo.strategy.models import Snapshot, StrategyVersion

# Rows that lie together in the file: one account is read with as many. Fewer make the file and what reads all of it larger and slower
# (at 1,000,000 accounts 8,192 against 50,000: one row 5 against 21 ms, the file 49 against 42 MB, deciding all 1.05 against 0.96 CPU-s).
GROUP_ROWS = 8_192

def keep_snapshot(
    rows: Iterator[pa.RecordBatch], *, schema: pa.Schema, on: date, run_id: UUID, version: StrategyVersion, by: Any, at: datetime
) -> Snapshot:
    """Write a day's facts and decisions as Parquet, sorted by account, and register it.

    The file goes to the storage «snapshots» (a local folder or S3-compatible). Repeating a day's run replaces its file.
    """
    with NamedTemporaryFile(suffix=".parquet") as draft_file:
        count = 0
        with pq.ParquetWriter(draft_file.name, schema, compression="zstd") as writer:
            for batch in rows:
                writer.write_batch(batch, row_group_size=GROUP_ROWS)
                count += batch.num_rows
        return keep_file(Path(draft_file.name), rows=count, on=on, run_id=run_id, version=version, by=by, at=at)


def keep_file(path: Path, *, rows: int, on: date, run_id: UUID, version: StrategyVersion, by: Any, at: datetime) -> Snapshot:
    """The same of a Parquet file that is already written, sorted by account; the file itself stays where it is.

    rows    how many it holds
    Raises  StorageAway, StorageRefused (store.objects): the file of an earlier run of the day is still whole
    """
    with path.open("rb") as written:
        sha256 = hashlib.file_digest(written, "sha256").hexdigest()
    key = f"{version.tenant_id}/on={on}/accounts.parquet"
    storages["snapshots"].replace(key, path)  # type: ignore[attr-defined]
    snapshot, _ = Snapshot.objects.update_or_create(
        on=on, tenant_id=version.tenant_id,
        defaults={"run_id": run_id, "version": version, "key": key, "row_count": rows, "sha256": sha256, "created_at": at},
    )
    journal.record("snapshot.kept", by=by, at=at, subject="snapshot", subject_id=snapshot.id, on=on, rows=rows, sha256=snapshot.sha256)
    return snapshot
