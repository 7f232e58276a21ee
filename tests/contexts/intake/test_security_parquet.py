"""A small Parquet file that would not fit in memory is refused, and ordinary files read as before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recaudo.intake.adapters import open_source
from recaudo.intake.adapters.table import Unreadable

MEGABYTE = 1 << 20
ROWS = 60_000


def repeated(path: Path, kind: pa.DataType, *, says_kind: bool) -> Path:
    """Sixty thousand rows of one megabyte each, in a file of a few kilobytes."""
    value = pa.array([b"x" * MEGABYTE], pa.binary()).cast(kind)
    column = pa.DictionaryArray.from_arrays(pa.array([0] * ROWS, pa.int32()), value)
    pq.write_table(pa.table({"cuenta": pa.array(["1"] * ROWS), "saldo": column}), path, compression="zstd", store_schema=says_kind)
    return path


def neighbours(path: Path) -> Path:
    """Values that only say how much they share with the one before."""
    column = pa.array(["x" * MEGABYTE + str(n) for n in range(600)])
    table = pa.table({"cuenta": pa.array(["1"] * 600), "saldo": column})
    pq.write_table(table, path, compression="zstd", use_dictionary=False, column_encoding={"saldo": "DELTA_BYTE_ARRAY", "cuenta": "PLAIN"})
    return path


READ = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
from pathlib import Path
from recaudo.intake.adapters import open_source
from recaudo.intake.adapters.table import Unreadable
try:
    for chunk in open_source(Path(sys.argv[1]), {}).chunks():
        pass
    print("read")
except Unreadable as problem:
    print(problem.code, "desmedidas" in problem.text or "binarios" in problem.text)
"""


@pytest.mark.parametrize("says_kind", [True, False])
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.large_binary()], ids=str)
def test_one_value_repeated_sixty_thousand_times_is_refused(tmp_path: Path, kind: pa.DataType, says_kind: bool) -> None:
    path = repeated(tmp_path / "bomba.parquet", kind, says_kind=says_kind)
    assert path.stat().st_size < MEGABYTE
    assert refused(path) == "unreadable_file True"


def test_values_that_repeat_their_neighbours_are_refused(tmp_path: Path) -> None:
    assert refused(neighbours(tmp_path / "vecinos.parquet")) == "unreadable_file True"


def test_wide_binary_columns_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "ancho.parquet"
    pq.write_table(pa.table({"cuenta": ["1"], "foto": pa.array([b"x" * 1000], pa.binary(1000))}), path)
    with pytest.raises(Unreadable, match="binarios"):
        open_source(path, {})


def refused(path: Path) -> str:
    """What reading says, in a process that has three gigabytes and no more."""
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, timeout=120, check=False)
    return done.stdout.strip() or done.stderr[-300:]


@pytest.mark.parametrize("how", [{"use_dictionary": True}, {"use_dictionary": False}, {"row_group_size": 7}, {"dictionary_pagesize_limit": 64}], ids=str)
def test_ordinary_files_read_the_same_however_they_are_written(tmp_path: Path, how: dict[str, Any]) -> None:
    rows = [f"cuenta-{n}" for n in range(40)], [None if n % 5 == 0 else "TC-MX" for n in range(40)], list(range(40))
    path = tmp_path / "cartera.parquet"
    pq.write_table(pa.table({"cuenta": rows[0], "cartera": rows[1], "saldo": rows[2]}), path, **how)
    read = pa.concat_tables([chunk.table for chunk in open_source(path, {}).chunks()]).to_pydict()
    assert read == {"cuenta": rows[0], "cartera": [text or "" for text in rows[1]], "saldo": [str(n) for n in rows[2]]}
