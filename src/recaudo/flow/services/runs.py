"""The record of a day: begin, step by step, finish or fail. One run per tenant and day at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connection

from recaudo.flow.models import Run
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.store import tenancy

Progress = Callable[[str, float], None]
T = TypeVar("T")


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
    """Names, times and reports the steps of a run. Leaving it waits for what was begun beside the steps."""

    def __init__(self, run: Run, total: int, progress: Progress | None) -> None:
        self.run, self.total, self.progress, self.done = run, total, progress, 0
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="day")

    def __enter__(self) -> Steps:
        return self

    def __exit__(self, *error: object) -> None:
        self._threads.shutdown(wait=True)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """One step, inside the tenant, in one transaction."""
        self._tell(name)
        self.run.step = name
        with tenancy.acting(self.run.tenant_id):
            Run.objects.filter(pk=self.run.pk).update(step=name, counts=self.run.counts, seconds=self.run.seconds)
        begun = time.perf_counter()
        with tenancy.acting(self.run.tenant_id):
            yield
        self._note(name, time.perf_counter() - begun)
        self.done += 1

    def beside(self, name: str, work: Callable[[], T], *, writes: bool = False) -> Beside[T]:
        """Begin work that the next steps do not wait for, on another thread; `Beside.result` waits for it and fails as it failed.

        name    the step whose time it counts in
        writes  it is a step of its own: inside the tenant, in one transaction on a database connection of that thread
        """
        if writes:
            self._tell(name)
            self.done += 1
        return Beside(self, name, self._threads.submit(self._timed, work, writes))

    def _timed(self, work: Callable[[], T], writes: bool) -> tuple[T, float]:
        begun = time.perf_counter()
        if not writes:
            return work(), time.perf_counter() - begun
        try:
            with tenancy.acting(self.run.tenant_id):
                done = work()
            return done, time.perf_counter() - begun
        finally:
            connection.close()

    def _tell(self, name: str) -> None:
        if self.progress:
            self.progress(name, self.done / self.total)

    def _note(self, name: str, seconds: float) -> None:
        self.run.seconds[name] = round(self.run.seconds.get(name, 0.0) + seconds, 3)


class Beside(Generic[T]):
    """Work that goes on beside the steps."""

    def __init__(self, steps: Steps, name: str, future: Future[tuple[T, float]]) -> None:
        self._steps, self._name, self._future = steps, name, future

    def result(self) -> T:
        """What the work gave, when it is done. Raises what it raised; the run then failed in its step."""
        try:
            found, seconds = self._future.result()
        except Exception:
            self._steps.run.step = self._name
            raise
        self._steps._note(self._name, seconds)
        return found
