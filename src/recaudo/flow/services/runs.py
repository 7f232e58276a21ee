"""The record of a day: begin, step by step, finish or fail. One run per tenant and day at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from recaudo.flow.models import Run
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.store import tenancy

Progress = Callable[[str, float], None]


class DayIsRunning(Problem):
    code = "day_is_running"
    message = "La jornada del {on} ya se está ejecutando en otro proceso. Espere a que termine."
    status = 409


@contextmanager
def exclusive(tenant_id: UUID, on: date) -> Iterator[None]:
    """Only one process runs a tenant's day; a killed one leaves no lock behind. Raises DayIsRunning."""
    key = f"day:{tenant_id}:{on}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 11))", [key])
        if not cursor.fetchone()[0]:
            raise DayIsRunning(on=on)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 11))", [key])


def begin(tenant_id: UUID, *, on: date, by: Any, at: datetime) -> Run:
    """The run of a day: the finished one as it is, the one a kill interrupted to be resumed, or a new one."""
    with tenancy.acting(tenant_id):
        run = Run.objects.filter(on=on).exclude(status="failed").first()
        if run is None:
            run = Run.objects.create(on=on, started_at=at, created_at=at, by_id=by.id)
            journal.record("day.started", by=by, at=at, subject="run", subject_id=run.id, on=on)
        return run


def finish(run: Run, *, by: Any, at: datetime) -> Run:
    """Close a run with its counts and seconds."""
    with tenancy.acting(run.tenant_id):
        run.status, run.finished_at, run.step = "finished", at, ""
        run.save(update_fields=["status", "finished_at", "step", "counts", "seconds", "version_id", "lawbook_version"])
        journal.record("day.finished", by=by, at=at, subject="run", subject_id=run.id, on=run.on, counts=run.counts)
    return run


def fail(run: Run, *, problem: Exception, by: Any, at: datetime) -> None:
    """Say why a run failed. What its finished steps did stays: each of them is whole and harmless to repeat."""
    text = problem.text if isinstance(problem, Problem) else f"Error interno ({type(problem).__name__})"
    with tenancy.acting(run.tenant_id):
        run.status, run.finished_at, run.problem = "failed", at, text[:400]
        run.save(update_fields=["status", "finished_at", "problem", "step", "counts", "seconds"])
        journal.record("day.failed", by=by, at=at, subject="run", subject_id=run.id, on=run.on, step=run.step, why=text[:200])


class Steps:
    """Names, times and reports the steps of a run."""

    def __init__(self, run: Run, total: int, progress: Progress | None) -> None:
        self.run, self.total, self.progress, self.done = run, total, progress, 0

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """One step, inside the tenant, in one transaction."""
        if self.progress:
            self.progress(name, self.done / self.total)
        self.run.step = name
        with tenancy.acting(self.run.tenant_id):
            Run.objects.filter(pk=self.run.pk).update(step=name, counts=self.run.counts, seconds=self.run.seconds)
        begun = time.perf_counter()
        with tenancy.acting(self.run.tenant_id):
            yield
        self.run.seconds[name] = round(time.perf_counter() - begun, 3)
        self.done += 1
