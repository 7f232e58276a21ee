"""Taking a list out as CSV or XLSX: any number of rows, in a file on disk, neutral to whoever opens it.

    return list_response(request.GET.get("formato"), "pagos", COLUMNS, rows,
                         record=lambda count: journal.record("list.exported", by=request.user, at=now(), list="pagos", rows=count))

`record` is asked for so that nobody forgets: what left is in the journal, in the same transaction. Cells are text, numbers, days,
instants or nothing; text that a spreadsheet would take for a formula is disarmed.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO

import xlsxwriter
from django.http import FileResponse

Cell = str | int | float | Decimal | date | datetime | bool | None
Record = Callable[[int], Any]

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSX_ROWS = 1_048_575  # what a sheet holds below its heading
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def list_response(form: str | None, name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, record: Record) -> FileResponse:
    """The list in the form that was asked for: "xlsx", anything else is CSV."""
    respond = xlsx_response if form == "xlsx" else csv_response
    return respond(name, columns, rows, record=record)


def csv_response(name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, record: Record) -> FileResponse:
    """A download of UTF-8 CSV with a byte-order mark, which spreadsheets need to see accents.

    name     of the file, without ending
    columns  headings, in Spanish
    rows     as many cells as headings; read once, never all in memory
    record   called with the number of rows when the file is whole
    """
    file = _file()
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([_text_cell(cell) for cell in row])
        count += 1
    text.flush()
    text.detach()
    return _respond(file, f"{name}.csv", CSV_TYPE, count, record)


def xlsx_response(name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, record: Record) -> FileResponse:
    """A download of a workbook with one sheet (more when a sheet is full), written row by row.

    Numbers stay numbers and days days; text is written as text, so that no cell is ever a formula or a link.
    """
    file = _file()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    count = 0
    with xlsxwriter.Workbook(file, options) as book:
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet, line = None, 0
        for row in rows:
            if sheet is None or line >= XLSX_ROWS:
                sheet, line = _sheet(book, columns, bold), 0
            line += 1
            for column, cell in enumerate(row):
                _write(sheet, line, column, cell, day)
            count += 1
        if sheet is None:
            _sheet(book, columns, bold)
    return _respond(file, f"{name}.xlsx", XLSX_TYPE, count, record)


def disarmed(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would run."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) or text.startswith(FORMULA) else text


def _file() -> BinaryIO:
    return tempfile.TemporaryFile()


def _respond(file: BinaryIO, name: str, content_type: str, count: int, record: Record) -> FileResponse:
    try:
        record(count)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    response = FileResponse(file, as_attachment=True, filename=name, content_type=content_type)
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _text_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "sí" if cell else "no"
    if isinstance(cell, int | float | Decimal):
        return str(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    return disarmed(cell)


def _sheet(book: Any, columns: Sequence[str], bold: Any) -> Any:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for column, title in enumerate(columns):
        sheet.write_string(0, column, title, bold)
        sheet.set_column(column, column, max(12, min(len(title) + 4, 40)))
    return sheet


def _write(sheet: Any, line: int, column: int, cell: Cell, day: Any) -> None:
    if cell is None:
        return
    if isinstance(cell, bool):
        sheet.write_string(line, column, "sí" if cell else "no")
    elif isinstance(cell, int | float | Decimal):
        sheet.write_number(line, column, float(cell))
    elif isinstance(cell, datetime):
        sheet.write_string(line, column, cell.isoformat(timespec="seconds"))
    elif isinstance(cell, date):
        sheet.write_datetime(line, column, datetime(cell.year, cell.month, cell.day), day)  # noqa: DTZ001  a sheet knows no zones
    else:
        sheet.write_string(line, column, _UNWRITABLE.sub("", cell)[:32_767])
