"""How large a workbook becomes in memory, found by reading its parts as a stream: a reader lays every sheet out whole.

Two cells at the ends of a sheet are five kilobytes of file and half a terabyte of sheet; a directory that lies about sizes unpacks
to whatever it likes. Neither is seen in the zip directory.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

BLOCK_BYTES = 1024 * 1024
WIDEST = 16_384
LONGEST_TAG = 4 * 1024 * 1024
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,7})(\d{1,10})["']""")
_CELL = re.compile(rb"[<:]c[\s/>]")


def is_too_sparse(archive: zipfile.ZipFile, *, free_cells: int, per_cell: int) -> bool:
    """Whether a part would be laid out as more than `free_cells` cells and more than `per_cell` for each one that is written.

    Raises  zipfile.BadZipFile for a part that is not as long as the directory says, or is damaged
    """
    return any(area > max(free_cells, per_cell * written) for area, written in map(_laid_out, _parts(archive)))


def _parts(archive: zipfile.ZipFile) -> Iterator[IO[bytes]]:
    for part in archive.infolist():
        with archive.open(part) as stream:
            yield stream


def _laid_out(stream: IO[bytes]) -> tuple[int, int]:
    """The cells of the rectangle from A1 that holds every cell of a part, and how many are written."""
    rows: set[bytes] = set()
    columns: set[bytes] = set()
    written = placed = 0
    tail = b""
    try:
        while block := stream.read(BLOCK_BYTES):
            text = tail + block
            for letters, digits in _PLACE.findall(text):
                rows.add(digits)
                columns.add(letters)
                placed += bool(letters)
            written += len(_CELL.findall(text))
            # From the last tag on: it may go on in the next block. Its cell is then counted twice, its place once.
            tail = text[max(text.rfind(b"<"), 0) :]
            if len(tail) > LONGEST_TAG:
                raise zipfile.BadZipFile("a part of no form")
    except (zlib.error, EOFError, NotImplementedError) as fault:
        raise zipfile.BadZipFile(str(fault)) from fault
    # Cells without a place follow each other: at worst all of them in one row.
    width = max(max(map(_column, columns), default=0), min(written - placed, WIDEST))
    return width * max(max(map(int, rows), default=0), 1), written


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
