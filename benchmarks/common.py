"""What every benchmark prints with its result: rows, cores, memory, and the baseline of the same run."""

from __future__ import annotations

import json
import os
import resource
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg


@dataclass
class Timing:
    """Seconds of a part of a run; `cpu` are those this process and its ended children worked (waiting for the database or for a core is not in it)."""

    seconds: float = 0.0
    cpu: float = 0.0


@contextmanager
def timed() -> Iterator[Timing]:
    """Seconds of the block, on a clock that never goes back."""
    timing, start, cpu = Timing(), time.perf_counter(), cpu_seconds()
    try:
        yield timing
    finally:
        timing.seconds, timing.cpu = time.perf_counter() - start, cpu_seconds() - cpu


def cpu_seconds() -> float:
    """What this process and its ended children have worked since it started, in it and for it in the kernel."""
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def peak_memory_bytes() -> int:
    """The most this process has held since it started. What getrusage says begins with what its parent held."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024


def load_average() -> float:
    """Of the last minute: above the number of cores the machine was shared and times are worse than they would be."""
    return os.getloadavg()[0]


@dataclass
class Watch:
    """The highest resident memory while it is on, sampled."""

    peak: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Watch:
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        page = os.sysconf("SC_PAGE_SIZE")
        while not self._stop.wait(0.05):
            with open("/proc/self/statm") as file:
                self.peak = max(self.peak, int(file.read().split()[1]) * page)


@contextmanager
def scratch() -> Iterator[Path]:
    """A migrated database of its own beside the others, with Django set up on it and a state folder (yielded); gone at the end."""
    from recaudo.project import boot, postgres

    endpoint = postgres.ensure()
    name = f"bench_{os.getpid()}"
    admin = psycopg.connect(**{**endpoint.admin_dsn, "dbname": "postgres"}, autocommit=True)
    admin.execute(f'CREATE DATABASE "{name}" OWNER recaudo_owner')
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RECAUDO_STATE"] = folder
        boot.use({**endpoint.app_dsn, "dbname": name}, {**endpoint.owner_dsn, "dbname": name})
        boot.boot()
        from django.db import connections

        from recaudo.project import database

        try:
            database.migrate()
            yield Path(folder)
        finally:
            connections.close_all()
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def megabytes(size: float) -> str:
    return f"{size / 1024 / 1024:,.0f} MB"


def report(title: str, rows: int, lines: dict[str, Any], *, is_json: bool = False) -> None:
    """Print a result: what, on how many rows, with how many cores, and every figure with its unit."""
    shown = {"rows": f"{rows:,}", "cores": cores(), "load": f"{load_average():.1f}", **lines}
    if is_json:
        print(json.dumps({"benchmark": title, **shown}, ensure_ascii=False))
        return
    print(title)
    width = max(map(len, shown))
    for name, value in shown.items():
        print(f"  {name.ljust(width)}  {value}")
