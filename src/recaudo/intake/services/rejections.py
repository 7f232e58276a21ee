"""What was refused: kept encrypted, given back as a file with the reason beside each row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import xlsxwriter
from django.db import connection

from recaudo.intake.checking import Checked
from recaudo.intake.models import Batch, Rejection
from recaudo.journal import services as journal
from recaudo.store import tenancy
from recaudo.store.bulk import copy_rows, staging
from recaudo.store.fields import aad, encrypt
from recaudo.store.keys import uuid7

ADDED = ["fila", "efecto", "campo", "motivo"]
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


class Keeper:
    """Writes the refusals of a batch, chunk by chunk, in the caller's transaction."""

    def __init__(self, batch: Batch, *, at: datetime) -> None:
        self.batch, self.at, self.reasons = batch, at, dict[str, int]()

    def __enter__(self) -> Keeper:
        self._staging = staging("intake_rejected", {
            "id": "uuid", "row_number": "integer", "field": "text", "code": "text", "reason": "text", "is_row": "boolean", "row": "bytea",
        })  # fmt: skip
        self._staging.__enter__()
        return self

    def keep(self, checked: Checked) -> None:
        """Stage the refusals of a chunk; the cells go with the first refusal of each row."""
        if not checked.refusals:
            return
        for refusal in checked.refusals:
            self.reasons[refusal.reason] = self.reasons.get(refusal.reason, 0) + 1
        copy_rows("intake_rejected", ["id", "row_number", "field", "code", "reason", "is_row", "row"], self._rows(checked))

    def _rows(self, checked: Checked) -> Iterator[tuple[Any, ...]]:
        told: set[int] = set()
        for refusal in checked.refusals:
            key = uuid7()
            cells = None
            if refusal.row_number not in told:
                told.add(refusal.row_number)
                cells = encrypt(json.dumps(checked.cells.get(refusal.row_number, []), ensure_ascii=False), aad("intake_rejection", "row", key))
            yield key, refusal.row_number, refusal.field, refusal.code, refusal.reason, refusal.is_row, cells

    def __exit__(self, *error: Any) -> None:
        if error[0] is None:
            with connection.cursor() as cursor:
                cursor.execute(
                    'INSERT INTO intake_rejection (id, tenant_id, created_at, batch_id, row_number, field, code, reason, is_row, "row")'
                    ' SELECT id, %s, %s, %s, row_number, field, code, reason, is_row, "row" FROM intake_rejected',
                    [tenancy.tenant_id(), self.at, self.batch.id],
                )
        self._staging.__exit__(*error)


def forget_rows(batches: Sequence[Batch]) -> int:
    """Empty the cells of what was refused in batches: personal data that never became a record. Returns how many rows. Harmless to repeat."""
    count: int = Rejection.objects.filter(batch__in=batches).exclude(row=None).update(row=None)
    return count


def rejections_csv(batch: Batch, *, by: Any, at: datetime) -> Iterator[bytes]:
    """The refused rows as CSV (UTF-8 with its mark, so that Excel reads the accents): the columns as received, then the reason."""
    _record(batch, by, at, "csv")
    return _csv(batch)


def _csv(batch: Batch) -> Iterator[bytes]:
    out = io.StringIO()
    writer = csv.writer(out)
    yield "\ufeff".encode()
    for line in _lines(batch):
        writer.writerow([neutral(cell) for cell in line])
        if out.tell() > 65_536:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def rejections_xlsx(batch: Batch, *, by: Any, at: datetime) -> bytes:
    """The refused rows as a workbook, every cell plain text. At most Excel's number of rows; the CSV has all."""
    _record(batch, by, at, "xlsx")
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    sheet = book.add_worksheet("Rechazos")
    bold = book.add_format({"bold": True})
    for n, line in enumerate(_lines(batch)):
        if n >= 1_000_000:
            break
        for m, cell in enumerate(line):
            sheet.write_string(n, m, neutral(cell)[:32_000], bold if n == 0 else None)
    sheet.freeze_panes(1, 0)
    book.close()
    return out.getvalue()


def neutral(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe goes before what would start one."""
    start = cell.lstrip(" \u00a0")
    return f"'{cell}" if start.startswith(_STARTS_FORMULA) and not _is_number(start) else cell


def _is_number(text: str) -> bool:
    return text[:1] in "+-" and text[1:].replace(".", "").replace(",", "").isdigit()


def _lines(batch: Batch) -> Iterator[list[str]]:
    titles = list(batch.reading.get("columns", []))
    yield [*titles, *ADDED]
    found = Rejection.objects.filter(batch=batch).order_by("row_number", "-is_row", "id").iterator(chunk_size=2000)
    for number, group in groupby(found, key=lambda rejection: rejection.row_number):
        rejections = list(group)
        cells: list[str] = []
        for rejection in rejections:
            if rejection.row is not None:
                cells = [str(cell) for cell in json.loads(rejection.row)]
        cells = (cells + [""] * len(titles))[: max(len(titles), 1)]
        effect = "fila rechazada" if any(rejection.is_row for rejection in rejections) else "dato omitido"
        yield [*cells, str(number), effect, "; ".join(one.field for one in rejections), " | ".join(one.reason for one in rejections)]


def _record(batch: Batch, by: Any, at: datetime, kind: str) -> None:
    journal.record("list.exported", by=by, at=at, subject="batch", subject_id=batch.id, list="rejections", format=kind, rows=batch.rejected_count)
