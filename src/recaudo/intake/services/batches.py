"""Receive a file, say how it reads, check it without changing anything."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from recaudo.intake.adapters import Chunk, Reading, Source, open_source
from recaudo.intake.checking import Checked
from recaudo.intake.checking_accounts import AccountChecks
from recaudo.intake.checking_payments import PaymentChecks
from recaudo.intake.fields import STATUS_ES, fields_for
from recaudo.intake.models import Batch, Layout
from recaudo.intake.plan import Book, Plan, make_plan
from recaudo.intake.services import keeping
from recaudo.intake.services.known import only_known
from recaudo.intake.services.rejections import Keeper
from recaudo.intake.words import as_read
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.portfolio.models import Portfolio
from recaudo.store.files import kept_with
from recaudo.store.keys import uuid7

Progress = Callable[[float], None]
_BLOCK = 4 * 1024 * 1024


class FileTooLarge(Problem):
    code = "file_too_large"
    message = "El archivo mide más de {limit} MB. Pártalo o pida a su administrador que suba el límite."
    status = 413


class NoLayout(Problem):
    code = "no_layout"
    message = "Falta elegir el formato con que se lee el archivo."


class NotOpen(Problem):
    code = "batch_not_open"
    message = "Esta carga está «{status}» y ya no admite ese cambio."
    status = 409


class FutureBatch(Problem):
    code = "future_batch"
    message = "La fecha de la carga es futura. Indique el día al que corresponden los datos."


@dataclass(slots=True)
class Preview:
    """The first rows before and after cleaning. `cells` are (title, received, understood, problem) a mapped column."""

    reading: Reading
    rows: list[tuple[int, list[tuple[str, str, str, str]]]] = field(default_factory=list)


@transaction.atomic
def receive(
    *, source: Path | IO[bytes], file_name: str, layout: Layout | None = None, on: date, portfolio: Portfolio | None = None, by: Any, at: datetime
) -> Batch:
    """Keep a file sealed under a name of our own, outside the web root, and open a batch for it.

    on      the day the data speak of; balances are those before that day's payments
    Raises  FileTooLarge, FutureBatch
    """
    if on > at.date() + timedelta(days=1):  # the organisation's day may be ahead of UTC
        raise FutureBatch()
    key = uuid7()
    path = f"intake/{key}/{keeping.SOURCE}"
    size, digest = _keep(source, key)
    batch: Batch = Batch.objects.create(
        id=key, layout=layout, file_name=safe_name(file_name), path=path, size=size, sha256=digest, on=on, portfolio=portfolio, by_id=by.id, created_at=at
    )
    journal.record("batch.received", by=by, at=at, subject="batch", subject_id=batch.id, size=size, sha256=digest, on=on)
    return batch


@transaction.atomic
def use_layout(batch: Batch, *, layout: Layout, portfolio: Portfolio | None = None, by: Any, at: datetime) -> Batch:
    """Choose how a file is read. What an earlier check found is dropped. Raises NotOpen."""
    _must_be_open(batch)
    batch.rejections.all().delete()
    batch.layout, batch.portfolio, batch.status, batch.problem = layout, portfolio, "received", ""
    batch.row_count = batch.accepted_count = batch.rejected_count = 0
    batch.totals, batch.changes = {}, {}
    batch.save()
    return batch


@transaction.atomic
def check(batch: Batch, *, by: Any, at: datetime, progress: Progress | None = None) -> Batch:
    """Read the whole file and note what would be refused; nothing of the portfolio changes.

    What is wrong with the file as a whole ends in status `failed` with the reason in `problem`.
    Raises  NotOpen
    """
    _must_be_open(batch, also=("checking",))
    try:
        with transaction.atomic():
            _check(batch, at=at, progress=progress)
    except Problem as problem:
        batch = Batch.objects.get(id=batch.id)
        batch.status, batch.problem, batch.progress = "failed", problem.text[:400], 0
        batch.save(update_fields=["status", "problem", "progress"])
    return batch


def _check(batch: Batch, *, at: datetime, progress: Progress | None) -> None:
    source, plan = opened(batch)
    batch.rejections.all().delete()
    tally = Tally()
    with Keeper(batch, at=at) as keeper:
        for checked in run_checks(source, plan, batch.size, progress):
            tally.add(checked)
            keeper.keep(checked)
    tally.write(batch)
    batch.reading = stated(source.reading)
    batch.status, batch.problem, batch.progress = "checked", "", 0
    batch.save()


def preview(batch: Batch, *, limit: int = 8) -> Preview:
    """The first rows, as received and (with a layout) as understood. Reads no more than one chunk. Raises what check raises."""
    if batch.layout is None:
        source = _source(batch, {})
        head = _head(source, limit)
        rows = [list(row.values()) for row in head.table.to_pylist()]
        return Preview(source.reading, [(n, [(title, cell[:80], "", "") for title, cell in zip(head.table.column_names, cells, strict=True)][:40])
                                        for n, cells in zip(head.rows.tolist(), rows, strict=True)])  # fmt: skip
    source, plan = opened(batch)
    head = _head(source, limit)
    checked = checker(plan).check(head)
    understood = {int(row): {name: column[n].as_py() for name, column in checked.values.items()} for n, row in enumerate(checked.rows)}
    wrong: dict[tuple[int, str], str] = {}
    for refusal in checked.refusals:
        wrong.setdefault((refusal.row_number, refusal.field), refusal.reason)
    result = Preview(source.reading)
    for n, row in enumerate(head.rows.tolist()):
        values = understood.get(row, {})
        cells = []
        for ours in fields_for(plan.target):
            feed = plan.feeds.get(ours.name)
            if feed is None:
                continue
            received = str(head.table.column(feed.column)[n].as_py()) if feed.column else feed.default
            shown_value = as_read(ours, values.get(ours.name), values.get("currency"))
            cells.append((plan.title(ours.name), received[:80], shown_value, wrong.get((row, plan.title(ours.name)[:60]), "")))
        result.rows.append((row, cells))
    return result


def _head(source: Source, limit: int) -> Chunk:
    chunk = next(source.chunks())
    return Chunk(chunk.table.slice(0, limit), chunk.rows[:limit])


def opened(batch: Batch) -> tuple[Source, Plan]:
    """The batch's file and its layout made ready. Raises NoLayout, Unreadable, BadLayout."""
    layout = batch.layout
    if layout is None:
        raise NoLayout()
    source = _source(batch, layout.options)
    books = {book.code: book for book in map(_book, Portfolio.objects.select_related("creditor").filter(is_active=True))}
    chosen = batch.portfolio or layout.portfolio
    plan = make_plan(
        target=layout.target, mapping=layout.mapping, options=layout.options, reading=source.reading, books=books,
        book=_book(chosen) if chosen else None, on=batch.on,
    )  # fmt: skip
    return source, plan


def run_checks(source: Source, plan: Plan, size: int, progress: Progress | None) -> Iterator[Checked]:
    """Check chunk by chunk, one chunk in memory at a time."""
    one = checker(plan)
    done = 0
    for chunk in source.chunks():
        checked = one.check(chunk)
        if plan.target == "update" and len(checked.rows):
            checked = only_known(checked, chunk, plan)
        done += checked.row_count
        yield checked
        if progress is not None:
            read = chunk.table.nbytes * done / max(chunk.table.num_rows, 1)
            progress(min(read / max(size, 1), 1.0))


def checker(plan: Plan) -> AccountChecks | PaymentChecks:
    return PaymentChecks(plan) if plan.target == "payments" else AccountChecks(plan)


@dataclass(slots=True)
class Tally:
    """Counts and sums over the chunks of a file."""

    rows: int = 0
    accepted: int = 0
    refused: int = 0
    omitted: int = 0
    source: dict[str, int] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)

    def add(self, checked: Checked) -> None:
        self.rows += checked.row_count
        self.refused += checked.refused_count
        self.accepted += len(checked.rows)
        self.omitted += sum(not refusal.is_row for refusal in checked.refusals)
        for mine, theirs in ((self.source, checked.source), (self.taken, checked.accepted)):
            for code, minor in theirs.items():
                mine[code] = mine.get(code, 0) + minor

    def write(self, batch: Batch) -> None:
        batch.row_count, batch.accepted_count, batch.rejected_count = self.rows, self.accepted, self.refused
        batch.totals = {
            code: {"source": minor, "accepted": self.taken.get(code, 0), "refused": minor - self.taken.get(code, 0)}
            for code, minor in sorted(self.source.items())
        }
        batch.changes = {**batch.changes, "omitted": self.omitted}


def stated(reading: Reading) -> dict[str, Any]:
    """How the file was read, for people: at most the first 300 titles."""
    return {**reading.details, "columns": reading.columns[:300]}


def _source(batch: Batch, options: dict[str, Any]) -> Source:
    """The received file, opened for reading for as long as the source lives. Raises FilesGone, CannotDecrypt, Unreadable."""
    path, plain = keeping.open_kept(batch, keeping.SOURCE)
    try:
        source = open_source(path, options)
    except BaseException:
        plain.close()
        raise
    kept_with(source, plain)
    return source


def safe_name(name: str) -> str:
    """A file's name to show: its last part, printable, at most 120 characters. It never becomes a path."""
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    plain = "".join(c for c in last if c.isprintable() and unicodedata.category(c) != "Cf").strip()
    return plain[-120:] or "archivo"


def _must_be_open(batch: Batch, also: tuple[str, ...] = ()) -> None:
    status = Batch.objects.values_list("status", flat=True).get(id=batch.id)
    if status not in {"received", "checked", "failed", *also}:
        raise NotOpen(status=STATUS_ES.get(status, status))


def _keep(source: Path | IO[bytes], batch_id: UUID) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    stream: IO[bytes] = source.open("rb") if isinstance(source, Path) else source

    def blocks() -> Iterator[bytes]:
        nonlocal size
        while block := stream.read(_BLOCK):
            size += len(block)
            if size > settings.MAX_UPLOAD_BYTES:
                raise FileTooLarge(limit=settings.MAX_UPLOAD_BYTES // 1024 // 1024)
            digest.update(block)
            yield block

    try:
        keeping.keep(batch_id, keeping.SOURCE, blocks())
    finally:
        if isinstance(source, Path):
            stream.close()
    return size, digest.hexdigest()


def _book(portfolio: Portfolio) -> Book:
    return Book(
        portfolio.id, portfolio.creditor_id, portfolio.code, portfolio.currency, portfolio.country, portfolio.product, portfolio.kind
    )
