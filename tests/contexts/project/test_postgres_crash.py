"""A server that is killed loses nothing it acknowledged (RELIABILITY check 2): 8 writers, kill -9, three times."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from recaudo.project import postgres

WRITERS = 8
ROUNDS = 3
ACKNOWLEDGED_BEFORE_THE_KILL = 800
LONGEST_RETURN_SECONDS = 10.0


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    folder = Path(tempfile.mkdtemp(prefix="recaudo-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    postgres.stop(state=folder, say=lambda line: None)
    shutil.rmtree(folder)


class Writers:
    """Threads that insert one row a transaction and note each number once its commit was answered."""

    def __init__(self, dsn: postgres.Dsn, first: int) -> None:
        self.acknowledged: set[int] = set()
        self.enough = threading.Event()
        self._dsn, self._next, self._lock = dsn, first, threading.Lock()
        self._threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _write(self) -> None:
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(**self._dsn, autocommit=True) as connection:
            while True:
                with self._lock:
                    self._next += 1
                    number = self._next
                connection.execute("INSERT INTO acknowledged VALUES (%s, md5(%s::text))", [number, number])
                with self._lock:
                    self.acknowledged.add(number)
                    if len(self.acknowledged) >= ACKNOWLEDGED_BEFORE_THE_KILL:
                        self.enough.set()


def kill_everything(data: Path) -> int:
    """kill -9 to the postmaster and all its children; how many there were."""
    postmaster = int((data / "postmaster.pid").read_text().splitlines()[0])
    found = {postmaster}
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            if f"PPid:\t{postmaster}\n" in status.read_text():
                found.add(int(status.parent.name))
    for pid in sorted(found):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(found)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="finds the children in /proc")
def test_kill_9_under_eight_writers_loses_no_acknowledged_write(state: Path) -> None:
    endpoint = postgres.ensure(state=state, say=lambda line: None)
    with psycopg.connect(**endpoint.owner_dsn) as owner:
        owner.execute("CREATE TABLE acknowledged (number bigint PRIMARY KEY, mark text NOT NULL)")
        owner.execute("CREATE INDEX ON acknowledged (mark)")
    acknowledged: set[int] = set()
    for round_number in range(ROUNDS):
        writers = Writers(endpoint.app_dsn, first=round_number * 1_000_000)
        assert writers.enough.wait(60)
        assert kill_everything(state / "pg" / "data") > WRITERS
        writers.join()
        acknowledged |= writers.acknowledged

        began = time.monotonic()
        endpoint = postgres.ensure(state=state, say=lambda line: None)
        assert endpoint.started_here
        assert time.monotonic() - began < LONGEST_RETURN_SECONDS
        with psycopg.connect(**endpoint.app_dsn) as app:
            kept = {number for (number,) in app.execute("SELECT number FROM acknowledged")}
        assert acknowledged - kept == set()
    assert_sound(endpoint)


def assert_sound(endpoint: postgres.Endpoint) -> None:
    """Every B-tree of the database agrees with its table, and every page with its checksum."""
    with psycopg.connect(**{**(endpoint.admin_dsn or {}), "dbname": "recaudo"}) as admin:  # type: ignore[arg-type]
        admin.execute("CREATE EXTENSION amcheck")
        indexes = admin.execute(
            "SELECT c.oid FROM pg_class c JOIN pg_am a ON a.oid = c.relam"
            " WHERE a.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence = 'p'"
        ).fetchall()
        assert len(indexes) > 100
        for (oid,) in indexes:
            admin.execute("SELECT bt_index_check(%s::regclass, true)", [oid])
        failures = admin.execute("SELECT coalesce(sum(checksum_failures), 0) FROM pg_stat_database").fetchone()
    assert failures == (0,)
