"""Tables as a workbook: a sheet per table, text in every cell, and the lists of values on a sheet of their own.

Nothing in it is ever a formula or a link: cells are written as text. What comes back is read by calamine, which runs
nothing, after the zip directory has said how big it is.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import python_calamine
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from recaudo.kernel.problems import Problem
from recaudo.store.sheets import is_too_sparse

MARK = "Tabla"
VALUES = "Valores"
FIRST_ROW = 6  # of the rules; above: title, mark, roles, names, what each column takes
MAX_UNPACKED_BYTES = 60 * 1024 * 1024
MAX_PARTS = 2_000
MAX_ROWS, MAX_COLUMNS = 6_000, 120
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class BadWorkbook(Problem):
    code = "strategy_bad_workbook"
    message = "El libro no se puede leer: {why} {mend}"


@dataclass(frozen=True)
class SheetColumn:
    """role: Si, Entonces or Porque; values: for a drop-down, in words; is_strict: nothing else may be written."""

    role: str
    label: str
    hint: str
    values: Sequence[str] = ()
    is_strict: bool = False


@dataclass(frozen=True)
class Sheet:
    """rows: key of the rule, then the texts of its columns."""

    key: str
    title: str
    policy: str
    policy_es: str
    columns: Sequence[SheetColumn]
    rows: Sequence[tuple[str, Sequence[str]]]


@dataclass(frozen=True)
class ReadCell:
    """value: a text, number, truth, day or nothing, as the sheet holds it; address: as people name it, C7."""

    address: str
    value: Any


@dataclass(frozen=True)
class ReadSheet:
    """key, policy: of the mark; names: the row of column names; rows: (number of the sheet's row, its cells)."""

    name: str
    key: str
    policy: str
    names: Sequence[ReadCell]
    rows: Sequence[tuple[int, Sequence[ReadCell]]]


def written(sheets: Sequence[Sheet], *, created_at: datetime) -> bytes:
    """The workbook. The same tables give the same bytes."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": "Estrategia", "created": created_at.replace(tzinfo=None)})
        formats = _formats(book)
        taken: set[str] = {VALUES.lower()}
        pages = [(sheet, book.add_worksheet(_name(sheet.title, taken))) for sheet in sheets]
        lists = book.add_worksheet(VALUES)
        lists.write_string(0, 0, "Los valores que se pueden elegir en cada columna.", formats["hint"])
        place = 0
        for sheet, page in pages:
            place = _write(page, sheet, lists, place, formats)
    return out.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    line = {"border": 1, "border_color": "#dde5e3", "valign": "top"}
    return {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "role": book.add_format({"bold": True, "font_color": "#ffffff", "bg_color": "#0b6b63"}),
        "name": book.add_format({"bold": True, "text_wrap": True, **line}),
        "hint": book.add_format({"italic": True, "font_color": "#546664", "text_wrap": True, "valign": "top"}),
        "cell": book.add_format({"num_format": "@", "text_wrap": True, **line}),
        "result": book.add_format({"num_format": "@", "text_wrap": True, "bg_color": "#e6f2f0", **line}),
        "key": book.add_format({"num_format": "@", "font_color": "#9fb0ae", "valign": "top"}),
    }


def _write(page: Any, sheet: Sheet, lists: Any, place: int, formats: dict[str, Any]) -> int:
    """Write a sheet; returns the next free column of the lists."""
    page.write_string(0, 0, f"{sheet.title}. {sheet.policy_es}.", formats["title"])
    for column, text in enumerate((MARK, sheet.key, "Política", sheet.policy)):
        page.write_string(1, column, text, formats["hint"])
    heads = [("Clave", "Clave (no la cambie; vacía en una fila nueva)", ""), *((one.role, one.label, one.hint) for one in sheet.columns)]
    for column, (role, label, hint) in enumerate(heads):
        page.write_string(2, column, role, formats["role"])
        page.write_string(3, column, label, formats["name"])
        page.write_string(4, column, hint, formats["hint"])
    page.set_column(0, 0, 14)
    for column, one in enumerate(sheet.columns, 1):
        page.set_column(column, column, 46 if one.role == "Porque" else 18)
    for number, (key, texts) in enumerate(sheet.rows, FIRST_ROW - 1):
        page.write_string(number, 0, key, formats["key"])
        for column, (text, one) in enumerate(zip(texts, sheet.columns, strict=True), 1):
            form = formats["result" if one.role == "Entonces" else "cell"]
            bare = _UNWRITABLE.sub("", text)[:32_767]
            page.write_string(number, column, bare, form) if bare else page.write_blank(number, column, None, form)
    # Rows to come are text too: else «1-5» becomes the first of May.
    for column, one in enumerate(sheet.columns, 1):
        for number in range(len(sheet.rows) + FIRST_ROW - 1, len(sheet.rows) + FIRST_ROW + 49):
            page.write_blank(number, column, None, formats["result" if one.role == "Entonces" else "cell"])
        if one.values:
            place = _list(page, lists, place, column, sheet, one, formats)
    page.freeze_panes(FIRST_ROW - 1, 1)
    return place


def _list(page: Any, lists: Any, place: int, column: int, sheet: Sheet, one: SheetColumn, formats: dict[str, Any]) -> int:
    lists.write_string(1, place, f"{sheet.title}: {one.label}", formats["name"])
    for number, value in enumerate(one.values, 2):
        lists.write_string(number, place, value, formats["cell"])
    lists.set_column(place, place, 28)
    name = xl_col_to_name(place, col_abs=True)
    page.data_validation(
        FIRST_ROW - 1, column, len(sheet.rows) + FIRST_ROW + 49, column,
        {"validate": "list", "source": f"={VALUES}!{name}$3:{name}${len(one.values) + 2}", "show_error": one.is_strict,
         "error_title": "Valor no previsto", "error_message": "Elija un valor de la lista."},
    )  # fmt: skip
    return place + 1


def _name(title: str, taken: set[str]) -> str:
    """A sheet's name: at most 31 letters, none that a workbook forbids, unlike the others."""
    bare = re.sub(r"[\[\]:*?/\\']", " ", title).strip()[:28] or "Tabla"
    name, number = bare, 1
    while name.lower() in taken:
        number += 1
        name = f"{bare[:26]} {number}"
    taken.add(name.lower())
    return name


def read(content: bytes) -> list[ReadSheet]:
    """The sheets that carry the mark of a table, in their order. Raises BadWorkbook."""
    _refuse_unfit(content)
    try:
        book = python_calamine.load_workbook(io.BytesIO(content))
        out = []
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if sheet.total_height > MAX_ROWS or sheet.total_width > MAX_COLUMNS:
                raise BadWorkbook(why=f"la hoja «{name}» pasa de {MAX_ROWS} filas o {MAX_COLUMNS} columnas.", mend="Divida la tabla.")
            found = _sheet(name, sheet.to_python(skip_empty_area=False))
            if found is not None:
                out.append(found)
        return out
    except (python_calamine.CalamineError, IndexError, ValueError):
        raise BadWorkbook(why="está dañado o no es un libro de Excel.", mend="Ábralo en Excel y guárdelo como .xlsx.") from None


def _sheet(name: str, rows: list[list[Any]]) -> ReadSheet | None:
    if len(rows) < FIRST_ROW - 1 or len(rows[1]) < 4 or rows[1][0] != MARK:
        return None
    cells = [[ReadCell(f"{xl_col_to_name(column)}{number}", value) for column, value in enumerate(row)] for number, row in enumerate(rows, 1)]
    body = [(number, cells[number - 1]) for number in range(FIRST_ROW, len(rows) + 1)]
    return ReadSheet(name, str(rows[1][1]).strip(), str(rows[1][3]).strip(), cells[3], body)


def text_of(value: Any) -> str:
    """A cell as a person reads it in a Spanish sheet: 0,5; sí; 31/12/2026."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "sí" if value else "no"
    if isinstance(value, int | float):
        exact = Decimal(repr(value))
        return f"{exact.normalize():f}".replace(".", ",")
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    return str(value).strip()


def _refuse_unfit(content: bytes) -> None:
    if content[:4] == b"\xd0\xcf\x11\xe0":
        raise BadWorkbook(why="tiene contraseña o es un libro antiguo (.xls).", mend="Guárdelo como .xlsx, sin contraseña.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError):
        raise BadWorkbook(why="no es un libro de Excel.", mend="Descargue la estrategia en Excel, cámbiela y cargue ese archivo.") from None
    if any(part.flag_bits & 1 for part in parts):
        raise BadWorkbook(why="tiene contraseña.", mend="Quítele la contraseña.")
    if sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES or len(parts) > MAX_PARTS:
        raise BadWorkbook(why="desempacado es demasiado grande para una estrategia.", mend="Deje sólo las hojas de las tablas.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            sparse = is_too_sparse(archive, free_cells=MAX_ROWS * MAX_COLUMNS, per_cell=1)
    except (zipfile.BadZipFile, OSError, ValueError):
        raise BadWorkbook(why="está dañado o no es un libro de Excel.", mend="Ábralo en Excel y guárdelo como .xlsx.") from None
    if sparse:
        raise BadWorkbook(why=f"una hoja pasa de {MAX_ROWS} filas o {MAX_COLUMNS} columnas.", mend="Divida la tabla, o borre lo escrito lejos de ella.")
