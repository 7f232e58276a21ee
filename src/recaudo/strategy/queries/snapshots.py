"""The days that are kept: what was known and decided of each account."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.core.files.storage import storages
from django.db.models import QuerySet

from recaudo.kernel.problems import Problem
from recaudo.strategy.models import Snapshot

KEY = "account_id"


class SnapshotGone(Problem):
    code = "snapshot_gone"
    message = "La foto del {on} no está en el almacén de fotos: recupérela de un respaldo."
    status = 404


def snapshots() -> QuerySet[Snapshot]:
    return Snapshot.objects.select_related("version", "version__strategy").order_by("-on")


def snapshot_row(account_id: UUID, *, on: date | None = None, columns: Sequence[str] = ()) -> tuple[Snapshot, dict[str, Any]] | None:
    """What was known and decided of one account on a day (the newest one by default): the row of the snapshot.

    columns  only these, those of them that the file has; none named: all
    """
    found = snapshots()
    snapshot = (found.filter(on=on) if on else found).first()
    if snapshot is None or not storages["snapshots"].exists(snapshot.key):
        return None
    row = _row(_path(snapshot), str(account_id), columns)
    return None if row is None else (snapshot, row)


def _row(path: str, account: str, columns: Sequence[str]) -> dict[str, Any] | None:
    """By Arrow, not by SQL: planning a statement over every group of every column costs more than reading one group."""
    held = Path(path).stat()
    footer = _footer(path, held.st_mtime_ns, held.st_size)
    with pq.ParquetFile(path, metadata=footer.metadata) as kept:
        for group in footer.groups(account):
            keys = kept.read_row_group(group, columns=[KEY], use_threads=False).column(KEY)
            if (place := pc.index(keys, account).as_py()) >= 0:
                wanted = [name for name in columns if name in footer.names] if columns else None
                table: pa.Table = kept.read_row_group(group, columns=wanted, use_threads=False)
                row: dict[str, Any] = table.slice(place, 1).to_pylist()[0]
                return row
    return None


@dataclass(frozen=True)
class _Footer:
    """ends: the first and last account of each group of rows, as the file says."""

    metadata: pq.FileMetaData
    names: frozenset[str]
    ends: tuple[tuple[str, str], ...]

    def groups(self, account: str) -> list[int]:
        """Where the account may be: one, in a file that is sorted."""
        return [group for group, (first, last) in enumerate(self.ends) if first <= account <= last]


@lru_cache(maxsize=8)
def _footer(path: str, changed_ns: int, size: int) -> _Footer:
    """Read once for each file; one that was replaced is read anew."""
    metadata = pq.read_metadata(path)
    names = metadata.schema.to_arrow_schema().names
    columns = [metadata.row_group(group).column(names.index(KEY)).statistics for group in range(metadata.num_row_groups)]
    ends = tuple((one.min, one.max) if one is not None and one.has_min_max else ("", "\U0010ffff") for one in columns)
    return _Footer(metadata, frozenset(names), ends)


def snapshot_of(on: date) -> Snapshot | None:
    """The snapshot of a day, whether or not its file is still there."""
    found: Snapshot | None = snapshots().filter(on=on).first()
    return found


def snapshot_rows(
    snapshot: Snapshot, *, columns: Sequence[str], where: Mapping[str, str], after: str = "", limit: int | None = None
) -> Iterator[dict[str, Any]]:
    """Accounts of a day in the order of their ids, read as they are asked for.

    where   column -> value it must have; after, the account id the list continues from
    Raises  SnapshotGone
    """
    conditions, values = _conditions(where)
    if after:
        conditions.append("account_id > $after")
        values["after"] = after
    text = f"SELECT {', '.join(map(quoted, columns))} FROM read_parquet($path) WHERE {' AND '.join(conditions)} ORDER BY account_id"
    with duckdb.connect() as db:
        found = db.sql(text + (f" LIMIT {int(limit)}" if limit else ""), params={"path": present(snapshot), **values})
        reader: pa.RecordBatchReader = found.to_arrow_reader(20_000)
        for batch in reader:
            yield from batch.to_pylist()


def snapshot_counts(snapshot: Snapshot, *, by: str, where: Mapping[str, str] | None = None) -> dict[str, int]:
    """Accounts of a day by the values of a column, most first; empty values are left out. Raises SnapshotGone."""
    conditions, values = _conditions(where or {})
    column = quoted(by)
    text = f"SELECT {column}, count(*) FROM read_parquet($path) WHERE {' AND '.join([*conditions, f'{column} IS NOT NULL'])} GROUP BY 1 ORDER BY 2 DESC, 1"
    with duckdb.connect() as db:
        return {str(key): count for key, count in db.execute(text, {"path": present(snapshot), **values}).fetchall()}


def is_kept(snapshot: Snapshot) -> bool:
    """Whether the file is where it was put."""
    return bool(storages["snapshots"].exists(snapshot.key))


def file_digest(snapshot: Snapshot) -> tuple[str, int]:
    """What the file is now: its sha256 and its number of rows. Raises SnapshotGone; ArrowInvalid when it is no Parquet."""
    present(snapshot)
    digest = hashlib.sha256()
    with storages["snapshots"].open(snapshot.key, "rb") as kept:
        while block := kept.read(1 << 20):
            digest.update(block)
    with storages["snapshots"].open(snapshot.key, "rb") as kept:
        return digest.hexdigest(), int(pq.ParquetFile(kept).metadata.num_rows)


def _conditions(where: Mapping[str, str]) -> tuple[list[str], dict[str, Any]]:
    values = {f"v{place}": value for place, value in enumerate(where.values())}
    return [f"{quoted(column)}::VARCHAR = $v{place}" for place, column in enumerate(where)] or ["true"], values


def quoted(column: str) -> str:
    """A column as SQL names it."""
    return '"' + column.replace('"', '""') + '"'


def present(snapshot: Snapshot) -> str:
    """Where the file is. Raises SnapshotGone."""
    if not is_kept(snapshot):
        raise SnapshotGone(on=snapshot.on)
    return _path(snapshot)


def _path(snapshot: Snapshot) -> str:
    return str(storages["snapshots"].path(snapshot.key))
