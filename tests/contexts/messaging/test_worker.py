"""The worker: a round of everything, a schedule that fires once however many look at the clock, and a stop that leaves nothing half."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time as clock
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.periodic import PeriodicDeferrer
from tests.cast import make_cast

from recaudo.flow.models import Run
from recaudo.flow.tasks import run_day_task
from recaudo.journal import services as journal
from recaudo.journal.models import Event
from recaudo.kernel.problems import Problem
from recaudo.project import jobs
from recaudo.project.cli import worker
from recaudo.store import tenancy

ROOT = Path(__file__).resolve().parents[3]
SIX = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # 6:00 in Mexico City
TICK = 1_795_000_000 // 300 * 300


def queued(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s", [name])
        return int(cursor.fetchone()[0])


@pytest.fixture
def house(own_database: Any) -> Any:
    with transaction.atomic():
        return make_cast()


def test_two_schedulers_fire_each_tick_once(house: Any) -> None:
    async def tick(working: Any, at: float) -> None:
        deferrer = PeriodicDeferrer(registry=working.periodic_registry)
        await deferrer.defer_jobs(list(deferrer.get_previous_tasks(at=at)))

    async def both() -> None:
        with app.replace_connector(app.connector.get_worker_connector()) as working:
            async with working.open_async():
                for minute in range(3):
                    await asyncio.gather(*(tick(working, TICK + 60 * minute + 1) for _ in range(4)))
                    # A tick's job that still waits stands for the next one: as if a worker had run it.
                    await asyncio.to_thread(finish)

    def finish() -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET status = 'succeeded', queueing_lock = NULL")
        connection.close()

    asyncio.run(both())
    assert queued("project.jobs.seal_journals") == 3
    assert queued("project.jobs.begin_days") == 3
    assert queued("project.jobs.give_back_stalled") == 1


def test_the_day_is_queued_once(house: Any) -> None:
    assert jobs.defer_day(house.tenant, house.today)
    assert not jobs.defer_day(house.tenant, house.today)
    assert queued(jobs.DAY_TASK) == 1


def test_jobs_carry_ids_and_nothing_else(house: Any) -> None:
    jobs.defer_day(house.tenant, house.today)
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs")
        assert json.loads(cursor.fetchone()[0]) == {"tenant_id": str(house.tenant.id), "on": "2026-11-24"}


@pytest.mark.parametrize(
    ("day_at", "minutes", "due"),
    [("05:30", 0, True), ("06:00", 0, True), ("06:01", 0, False), ("05:30", 12 * 60, False), (None, 0, False), ("a las cinco", 0, False),
     ("05:30", -31, False)],
)  # fmt: skip
def test_a_day_is_due_from_its_hour_until_the_afternoon(cast: Any, day_at: str | None, minutes: int, due: bool) -> None:
    cast.tenant.settings = {"day_at": day_at} if day_at else {}
    assert (jobs.day_due(cast.tenant, now=SIX + timedelta(minutes=minutes)) is not None) == due


def test_a_day_that_was_run_is_not_due_and_one_that_failed_is_tried_three_times(cast: Any) -> None:
    cast.tenant.settings = {"day_at": "05:30"}
    for attempt in range(jobs.DAY_TRIES):
        at = SIX + timedelta(hours=attempt)
        assert jobs.day_due(cast.tenant, now=at) == cast.today
        Run.objects.create(on=cast.today, status="failed", started_at=at, finished_at=at, created_at=at)
        assert jobs.day_due(cast.tenant, now=at + timedelta(minutes=5)) is None
    assert jobs.day_due(cast.tenant, now=SIX + timedelta(hours=5)) is None
    Run.objects.all().delete()
    Run.objects.create(on=cast.today, status="finished", started_at=SIX, finished_at=SIX, created_at=SIX)
    assert jobs.day_due(cast.tenant, now=SIX + timedelta(hours=1)) is None


def test_a_killed_day_is_due_again(cast: Any) -> None:
    cast.tenant.settings = {"day_at": "05:30"}
    Run.objects.create(on=cast.today, status="running", started_at=SIX, created_at=SIX)
    assert jobs.day_due(cast.tenant, now=SIX + timedelta(minutes=30)) == cast.today


def test_one_round_runs_what_is_queued_and_seals(house: Any) -> None:
    with tenancy.acting(house.tenant.id):
        journal.record("list.exported", by=journal.SYSTEM, at=timezone.now(), list="x", rows=1)
    app.with_connector(DjangoConnector()).configure_task("project.jobs.seal_journals").defer(timestamp=0)
    done = worker.one_round()
    assert set(done) == {"swept", "messages"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE status <> 'succeeded'")
        assert cursor.fetchone()[0] == 0
    with tenancy.acting(house.tenant.id):
        assert not Event.objects.filter(hash=None).exists()


def test_a_day_that_cannot_run_says_why_and_is_kept(house: Any) -> None:
    with pytest.raises(Problem):
        run_day_task(str(house.tenant.id), "2026-11-24")
    with tenancy.acting(house.tenant.id):
        run = Run.objects.get()
        assert run.status == "failed" and run.problem


def test_a_worker_stops_well_when_told_to(house: Any, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}
    with (tmp_path / "said").open("w+") as said:
        running = subprocess.Popen([sys.executable, "-m", "recaudo.project", "worker"], env=environment, stderr=said, stdout=said)
        end = clock.monotonic() + 60
        while not _beats():
            assert running.poll() is None and clock.monotonic() < end, (tmp_path / "said").read_text()
            clock.sleep(0.1)
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=40) == 0, (tmp_path / "said").read_text()
    assert "Traceback" not in (tmp_path / "said").read_text()
    assert not _beats()


def _beats() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_workers")
        return bool(cursor.fetchone()[0])
