"""Workbooks, read by calamine. What could hurt is found before it is laid out in memory."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import python_calamine

from recaudo.intake.adapters.table import (
    CHUNK_ROWS,
    MAX_COLUMNS,
    BrokenFile,
    Chunk,
    EmptyFile,
    Reading,
    TooManyColumns,
    Unreadable,
    titles,
    without_empty_rows,
)
from recaudo.intake.adapters.typed import text_of
from recaudo.store.sheets import is_too_sparse

# A sheet is held in memory while it is read: this keeps it under half a gigabyte.
MAX_UNPACKED_BYTES = 160 * 1024 * 1024
MAX_RATIO = 200
# calamine lays a sheet out whole, empty cells too: a few far apart may not cost more than a full sheet would.
FREE_CELLS, CELLS_PER_WRITTEN = 5_000_000, 20
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class EncryptedWorkbook(Unreadable):
    code = "encrypted_workbook"


class ZipBomb(Unreadable):
    code = "zip_bomb"


class XlsxSource:
    """An XLSX file that is open for reading. options: sheet, header_row, decimal. Formula cells count by their last value."""

    def __init__(self, path: Path, options: dict[str, Any]) -> None:
        _check_zip(path)
        self.decimal = str(options.get("decimal") or ".")
        self.header_row = int(options.get("header_row") or 1)
        try:
            book = python_calamine.load_workbook(str(path))
            wanted = options.get("sheet") or book.sheet_names[0]
            if wanted not in book.sheet_names:
                raise Unreadable(why=f"no tiene la hoja «{wanted}».", mend=f"Sus hojas son: {', '.join(book.sheet_names)}.")
            sheet = book.get_sheet_by_name(wanted)
            merged = len(sheet.merged_cell_ranges or [])
            # One wide cell at XFD1 makes a wide sheet; say so before making the rows.
            if sheet.total_width > MAX_COLUMNS:
                raise TooManyColumns(count=f"{sheet.total_width}", limit=f"{MAX_COLUMNS}")
            self._rows = sheet.iter_rows()
            head: list[list[Any]] = []
            for row in self._rows:
                head.append(row)
                if len(head) + (sheet.start[0] if sheet.start else 0) >= self.header_row:
                    break
            self._first = (sheet.start[0] if sheet.start else 0) + len(head) + 1
        except Unreadable:
            raise
        except TooManyColumns:
            raise
        except IndexError:
            raise EmptyFile(header_row=self.header_row) from None
        except python_calamine.CalamineError:
            raise BrokenFile(why="está dañado o no es un libro de Excel.", mend="Ábralo en Excel y guárdelo de nuevo.") from None
        if not head:
            raise EmptyFile(header_row=self.header_row)
        names, repeated = titles([text_of(cell, self.decimal) for cell in head[-1]], header_row=self.header_row)
        details: dict[str, Any] = {"format": "XLSX", "sheet": wanted}
        if merged:
            details["merged"] = merged
        self.reading = Reading(names, details, repeated)

    def chunks(self) -> Iterator[Chunk]:
        """See Source."""
        number, any_rows, held = self._first, False, []
        try:
            for row in self._rows:
                held.append(row)
                if len(held) == CHUNK_ROWS // 2:
                    yield self._chunk(held, number)
                    number, any_rows, held = number + len(held), True, []
        except python_calamine.CalamineError:
            raise BrokenFile(why="está dañado: la hoja no se pudo leer completa.", mend="Ábralo en Excel y guárdelo de nuevo.") from None
        if held:
            yield self._chunk(held, number)
        elif not any_rows:
            raise EmptyFile(header_row=self.header_row)

    def _chunk(self, rows: list[list[Any]], number: int) -> Chunk:
        names = self.reading.columns
        columns = [pa.array([text_of(row[n], self.decimal) if n < len(row) else "" for row in rows], pa.string()) for n in range(len(names))]
        numbers = np.arange(number, number + len(rows), dtype=np.int64)
        table, numbers = without_empty_rows(pa.Table.from_arrays(columns, names=names), numbers)
        return Chunk(table, numbers)


def _check_zip(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(8)
        if head == _OLE:
            data = head + file.read(64 * 1024)
            if "EncryptedPackage".encode("utf-16-le") in data or "EncryptionInfo".encode("utf-16-le") in data or _tail_is_encrypted(path):
                raise EncryptedWorkbook(why="tiene contraseña.", mend="Quítele la contraseña y vuelva a cargarlo.")
            raise Unreadable(why="es un libro de Excel antiguo (.xls).", mend="Guárdelo como .xlsx o como CSV.")
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError):
        raise BrokenFile(why="está incompleto o no es un libro de Excel.", mend="Vuelva a exportarlo y cárguelo de nuevo.") from None
    if any(part.flag_bits & 1 for part in parts):
        raise EncryptedWorkbook(why="tiene contraseña.", mend="Quítele la contraseña y vuelva a cargarlo.")
    unpacked = sum(part.file_size for part in parts)
    packed = max(sum(part.compress_size for part in parts), 1)
    if unpacked > MAX_UNPACKED_BYTES or (unpacked > 20 * 1024 * 1024 and unpacked / packed > MAX_RATIO) or len(parts) > 10_000:
        raise ZipBomb(
            why=f"desempacado mide {unpacked // 1024 // 1024} MB y el máximo para Excel es {MAX_UNPACKED_BYTES // 1024 // 1024} MB.",
            mend="Guárdelo como CSV o Parquet.",
        )
    if not any(part.filename.startswith("xl/") for part in parts):
        raise BrokenFile(why="es un zip, pero no un libro de Excel.", mend="Cargue el archivo CSV, XLSX o Parquet que está dentro.")
    try:
        with zipfile.ZipFile(path) as archive:
            sparse = is_too_sparse(archive, free_cells=FREE_CELLS, per_cell=CELLS_PER_WRITTEN)
    except (zipfile.BadZipFile, OSError, ValueError):
        raise BrokenFile(why="está dañado o no es un libro de Excel.", mend="Ábralo en Excel y guárdelo de nuevo.") from None
    if sparse:
        raise ZipBomb(
            why="una hoja tiene celdas escritas muy lejos unas de otras y casi todo lo demás vacío.",
            mend="Borre lo escrito lejos de la tabla, o guárdelo como CSV.",
        )


def _tail_is_encrypted(path: Path) -> bool:
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 64 * 1024))
        return "EncryptedPackage".encode("utf-16-le") in file.read()
