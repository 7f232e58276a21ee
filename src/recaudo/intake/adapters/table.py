"""What every reader gives, and what it refuses before a row is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recaudo.kernel.problems import Problem

MAX_COLUMNS = 2_000
CHUNK_ROWS = 50_000


class EmptyFile(Problem):
    code = "empty_file"
    message = "El archivo no tiene filas de datos. Revise que no se haya cortado y que los títulos estén en la fila {header_row}."


class TooManyColumns(Problem):
    code = "too_many_columns"
    message = "El archivo tiene {count} columnas y el máximo es {limit}. Quite las columnas que sobran y vuelva a cargarlo."


class NoHeader(Problem):
    code = "no_header"
    message = "La fila {header_row} no tiene títulos de columna. Ponga un título a cada columna o indique en qué fila están."


class Unreadable(Problem):
    code = "unreadable_file"
    message = "El archivo no se pudo leer: {why} {mend}"


class BrokenFile(Unreadable):
    code = "broken_file"


@dataclass(frozen=True, slots=True)
class Ragged:
    """A row that does not fit the columns. code says why; cells as read."""

    row_number: int
    cells: list[str]
    code: str
    problem_es: str
    mend_es: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that fit: `table` has one text column a title; `rows` their numbers as a spreadsheet shows them (titles are 1)."""

    table: pa.Table
    rows: npt.NDArray[np.int64]
    ragged: list[Ragged] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file was read, stated to whoever loads it.

    columns     the titles; a second one of the same name gets " (2)" and is listed in `repeated`
    details     format, encoding, delimiter, sheet...: what was detected or declared
    """

    columns: list[str]
    details: dict[str, Any]
    repeated: list[str] = field(default_factory=list)


class Source(Protocol):
    """An open file."""

    reading: Reading

    def chunks(self) -> Iterator[Chunk]:
        """The rows, in order, a chunk at a time. Raises Unreadable."""
        ...


def titles(cells: Sequence[str], *, header_row: int) -> tuple[list[str], list[str]]:
    """Column titles made unique, and those that were repeated. Raises NoHeader, TooManyColumns."""
    names = [" ".join(cell.split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    if len(names) > MAX_COLUMNS:
        raise TooManyColumns(count=f"{len(names)}", limit=f"{MAX_COLUMNS}")
    if not any(any(c.isalpha() for c in name) for name in names):
        raise NoHeader(header_row=header_row)
    seen: dict[str, int] = {}
    unique: list[str] = []
    repeated: list[str] = []
    for at, name in enumerate(names, start=1):
        name = name[:120] or f"columna {at}"
        seen[name] = seen.get(name, 0) + 1
        if seen[name] == 2:
            repeated.append(name)
        unique.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return unique, repeated


def without_empty_rows(table: pa.Table, rows: npt.NDArray[np.int64]) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    """Drop rows in which every cell is empty. Costs one comparison where the first column is filled."""
    import pyarrow.compute as pc

    empty = np.flatnonzero(pc.equal(table.column(0), "").to_numpy())
    if not len(empty):
        return table, rows
    part = table.take(empty)
    blank = np.ones(len(empty), dtype=bool)
    for column in part.columns:
        blank &= pc.equal(pc.utf8_trim_whitespace(column), "").to_numpy()
    keep = np.ones(table.num_rows, dtype=bool)
    keep[empty[blank]] = False
    return table.filter(pa.array(keep)), rows[keep]
