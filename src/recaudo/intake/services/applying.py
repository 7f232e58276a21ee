"""Apply a batch: read, check, stage and write in one transaction, so that a file is in the books whole or not at all.

A worker that dies leaves nothing half-written; applying again does the same from the start. One file at a time a tenant.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from django.db import DatabaseError, connection, transaction

from recaudo.intake.checking import Checked, Refusal, nothing_but
from recaudo.intake.fields import STATUS_ES
from recaudo.intake.models import Batch
from recaudo.intake.services.ahead import working_ahead
from recaudo.intake.services.batches import NotOpen, Tally, opened, run_checks, stated
from recaudo.intake.services.before import keep_before
from recaudo.intake.services.load_accounts import AccountLoad
from recaudo.intake.services.load_payments import PAYMENT, PaymentLoad, stage_payments
from recaudo.intake.services.reconcile import TotalsDiffer
from recaudo.intake.services.rejections import Keeper
from recaudo.intake.services.sealing import Staged, put
from recaudo.intake.services.staging_accounts import TABLES, Stager
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.store import tenancy
from recaudo.store.bulk import staging

log = logging.getLogger(__name__)
Progress = Callable[[float], None]
LARGE_CHANGE = 5_000  # rows from which the planner is told the new sizes
CHUNKS_AHEAD = 4  # checked and sealed while the database works; each a few megabytes
MAX_SHARE_STAGED = 0.6  # reading and staging are this much of the work, as progress shows it


class NotApplied(Problem):
    code = "batch_not_applied"
    message = "La carga no se aplicó por una falla de la base de datos ({kind}). No se cambió nada; vuelva a intentarlo."
    status = 500


@transaction.atomic
def begin(batch: Batch, *, status: str = "applying", by: Any, at: datetime) -> Batch:
    """Say that a job is about to check or apply the batch: status is checking or applying. Raises NotOpen."""
    batch = Batch.objects.select_for_update(of=("self",)).get(id=batch.id)
    if batch.status not in {"received", "checked", "failed", status}:
        raise NotOpen(status=STATUS_ES[batch.status])
    batch.status, batch.progress, batch.problem = status, 0, ""
    batch.save(update_fields=["status", "progress", "problem"])
    return batch


@transaction.atomic
def apply(batch: Batch, *, by: Any, at: datetime, progress: Progress | None = None) -> Batch:
    """Put a file into the portfolio. An applied batch stays as it is, so that running twice does no more than once.

    What is wrong with the file as a whole ends in status `failed` with the reason in `problem`; nothing else has changed then.
    Raises  NotOpen
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 11))", [f"intake:{tenancy.tenant_id()}"])
    # Not locked: progress is written to the row from another connection meanwhile, and the lock above keeps others away.
    batch = Batch.objects.select_related("layout", "portfolio").get(id=batch.id)
    if batch.status == "applied":
        return batch
    if batch.status not in {"received", "checked", "failed", "applying"}:
        raise NotOpen(status=STATUS_ES[batch.status])
    try:
        with transaction.atomic():
            _apply(batch, by=by, at=at, progress=progress)
    except Problem as problem:
        return _failed(batch, problem, by=by, at=at)
    except (DatabaseError, pa.ArrowException, MemoryError) as error:
        log.exception("batch %s was not applied", batch.id)
        return _failed(batch, NotApplied(kind=type(error).__name__), by=by, at=at)
    return batch


def _apply(batch: Batch, *, by: Any, at: datetime, progress: Progress | None) -> None:
    batch.rejections.all().delete()
    source, plan = opened(batch)
    batch.reading = stated(source.reading)
    batch.changes = {}
    tally, digest = Tally(), hashlib.sha256()
    is_payments = plan.target == "payments"
    share = (lambda part: progress(part * MAX_SHARE_STAGED)) if progress else None
    with ExitStack() as stack, Keeper(batch, at=at) as keeper:
        for name, columns in ({"intake_payment": PAYMENT} if is_payments else TABLES).items():
            stack.enter_context(staging(name, columns))
        pieces = _pieces(run_checks(source, plan, batch.size, share), None if is_payments else Stager(plan), digest)
        # Checking the rows of an update asks the database, so it stays in this thread.
        if plan.target == "accounts":
            pieces = stack.enter_context(working_ahead(pieces, depth=CHUNKS_AHEAD))
        load = PaymentLoad(plan, batch_id=batch.id, by=by, at=at) if is_payments else AccountLoad(plan, batch_id=batch.id, by=by, at=at)
        for checked, staged in pieces:
            tally.add(checked)
            keeper.keep(checked)
            if isinstance(load, PaymentLoad):
                stage_payments(checked)
            else:
                for one in staged:
                    put(one)
                load.run_new(staged_count=len(checked.rows))
        counts = load.run(lambda query, name: keep_before(batch, query, name))
        if isinstance(load, PaymentLoad):
            tally = _refuse_differing(load, keeper, tally, plan.title("external_id"), batch)
        tally.write(batch)
        batch.changes = {**batch.changes, **counts}
        _reconcile(batch, load.applied_totals())
        load.clear()
        if counts.get("created", 0) + counts.get("updated", 0) >= LARGE_CHANGE:
            with connection.cursor() as cursor:
                cursor.execute("SELECT recaudo_fresh_statistics()")
    batch.status, batch.problem, batch.applied_at, batch.progress = "applied", "", at, 1.0
    batch.save()
    journal.record(
        "batch.applied", by=by, at=at, subject="batch", subject_id=batch.id, target=plan.target, rows=batch.row_count, accepted=batch.accepted_count,
        refused=batch.rejected_count, changes=batch.changes, totals=batch.totals, digest=digest.hexdigest(),
    )  # fmt: skip


def _pieces(chunks: Iterator[Checked], stager: Stager | None, digest: Any) -> Iterator[tuple[Checked, list[Staged]]]:
    """Each chunk checked, and sealed for its staging tables."""
    for checked in chunks:
        _digest(digest, checked)
        yield checked, stager.made(checked) if stager else []


def _refuse_differing(load: PaymentLoad, keeper: Keeper, tally: Tally, title: str, batch: Batch) -> Tally:
    """Payments whose key is known with other content are refused after all."""
    rows = load.differing()
    if not rows:
        return tally
    reason = f"Columna «{title}»: ya hay un pago con esa clave y otro importe, moneda o fecha. Si es otro pago, use otra clave; si no, reverse el primero."
    refusals = [Refusal(row, title[:60], "payment_differs", reason[:300], True) for row in rows]
    keeper.keep(nothing_but(refusals, _cells(batch, rows)))
    tally.accepted -= len(rows)
    tally.refused += len(rows)
    for code, sums in load.applied_totals().items():
        tally.taken[code] = tally.taken.get(code, 0) - sums["differing"]
    return tally


def _cells(batch: Batch, rows: list[int]) -> dict[int, list[str]]:
    """The cells of some rows, read again: rare enough not to keep every row for it."""
    wanted = np.array(rows, dtype=np.int64)
    found: dict[int, list[str]] = {}
    for chunk in opened(batch)[0].chunks():
        at = np.flatnonzero(np.isin(chunk.rows, wanted))
        columns = [column.to_pylist() for column in chunk.table.take(pa.array(at, pa.int64())).columns]
        found |= {int(chunk.rows[row]): [column[n][:2000] for column in columns] for n, row in enumerate(at.tolist())}
    return found


def _reconcile(batch: Batch, applied: dict[str, dict[str, int]]) -> None:
    """What the file says of the accepted rows is what the books say, to the minor unit. Raises TotalsDiffer."""
    for code, sums in batch.totals.items():
        now = applied.get(code, {"applied": 0, "not_applied": 0})
        sums["applied"], sums["unchanged"] = now["applied"], now["not_applied"]
        if sums["accepted"] != now["applied"] + now["not_applied"]:
            raise TotalsDiffer(currency=code, source=sums["accepted"], applied=now["applied"] + now["not_applied"])


def _failed(batch: Batch, problem: Problem, *, by: Any, at: datetime) -> Batch:
    batch = Batch.objects.get(id=batch.id)
    batch.status, batch.problem, batch.progress = "failed", problem.text[:400], 0
    batch.save(update_fields=["status", "problem", "progress"])
    journal.record("batch.failed", by=by, at=at, subject="batch", subject_id=batch.id, code=problem.code)
    return batch


def _digest(digest: Any, checked: Checked) -> None:
    keys = ("external_id", "amount") if "external_id" in checked.values else ("number", "balance")
    for name in keys:
        for value in checked.values[name].cast(pa.string()).to_pylist():
            digest.update(b"\x1f" if value is None else value.encode() + b"\x1f")
