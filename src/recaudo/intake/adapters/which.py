"""Which reader: by what the file is, not by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recaudo.intake.adapters.csv import CsvSource
from recaudo.intake.adapters.parquet import ParquetSource
from recaudo.intake.adapters.table import EmptyFile, Source, Unreadable
from recaudo.intake.adapters.xlsx import XlsxSource

_NOT_TABLES = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x7fELF", b"MZ", b"\x1f\x8b", b"<svg", b"<html", b"<!DOC", b"<?xml")


def open_source(path: Path, options: dict[str, Any]) -> Source:
    """Open a file with the reader of its format. Raises Unreadable and what the readers raise."""
    with path.open("rb") as file:
        head = file.read(8)
    if not head:
        raise EmptyFile(header_row=options.get("header_row") or 1)
    if head.startswith(b"PAR1"):
        return ParquetSource(path, options)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")):
        return XlsxSource(path, options)
    if head.startswith(_NOT_TABLES):
        raise Unreadable(why="no es CSV, XLSX ni Parquet.", mend="Expórtelo en uno de esos formatos.")
    return CsvSource(path, options)
