"""`recaudo worker`: sends messages, runs jobs, keeps the schedule. As many as wanted may run at once.

SIGTERM or Ctrl-C stops it well: the message in hand is settled, running jobs end, nothing new begins.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import click

from recaudo.project.boot import boot
from recaudo.project.cli import as_json

log = logging.getLogger(__name__)

PAUSE_SECONDS = 2.0
SWEEP_SECONDS = 60.0
CHUNK = 200
STOP_SECONDS = 25.0


@click.command(help="Envía mensajes y ejecuta trabajos y horarios. / Send messages, run jobs and schedules.")
@click.option("--once", is_flag=True, help="Una ronda y termina. / One round, then exit.")
@click.option("--no-schedule", is_flag=True, help="Sin horarios: sólo envíos y trabajos. / No schedule.")
@click.option("--json", "is_json", is_flag=True, help="Resultado de --once en JSON. / JSON output of --once.")
def command(once: bool, no_schedule: bool, is_json: bool) -> None:
    boot()
    if once:
        done = one_round()
        as_json(done) if is_json else click.echo(summary(done))
        return
    click.echo("recaudo: trabajador en marcha; Ctrl-C para detener", err=True)
    work(schedule=not no_schedule)


def one_round() -> dict[str, Any]:
    """Everything that is due now, once: lost messages, sending, jobs in the queue, seals. Returns counts."""
    from procrastinate.contrib.django import app

    from recaudo.project import jobs

    _load_jobs()
    swept, sent = send_round(sweeping=True), send_round(sweeping=False)
    jobs.begin_days(int(time.time()))
    asyncio.run(_jobs_once(app))
    jobs.seal_journals(int(time.time()))
    return {"swept": swept, "messages": sent}


def summary(done: dict[str, Any]) -> str:
    counts = done["messages"]
    return (f"mensajes: {counts['sent']} enviados, {counts['refused']} negados, {counts['postponed']} pospuestos, "
            f"{counts['failed']} fallidos, {counts['unknown']} sin saber")  # fmt: skip


def send_round(*, sweeping: bool, keep_on: Callable[[], bool] = lambda: True) -> dict[str, int]:
    """One pass over all tenants: settle what a crash left (and end what came too late), or send what may go now."""
    from django.utils import timezone

    from recaudo.casework import services as casework
    from recaudo.journal.services import SYSTEM
    from recaudo.messaging import services as messaging
    from recaudo.project.jobs import tenants
    from recaudo.store import tenancy

    total = {"sent": 0, "refused": 0, "postponed": 0, "failed": 0, "unknown": 0, "busy": 0}
    for tenant in tenants():
        if not keep_on():
            break
        if sweeping:
            with tenancy.acting(tenant.id):
                casework.expire_actions(by=SYSTEM, at=timezone.now())
            done = messaging.sweep(tenant, at=timezone.now())
        else:
            done = messaging.dispatch(tenant, at=timezone.now(), limit=CHUNK, clock=timezone.now, keep_on=keep_on)
        for name in total:
            total[name] += asdict(done)[name]
    return total


def work(*, schedule: bool) -> None:
    """Send and run jobs until told to stop."""
    stop = threading.Event()
    sender = threading.Thread(target=_send_until, args=(stop,), name="sender")
    sender.start()
    try:
        _run_jobs(stop, schedule=schedule)
    finally:
        stop.set()
        sender.join(STOP_SECONDS)


def _send_until(stop: threading.Event) -> None:
    from django.db import close_old_connections, connection

    swept_at = 0.0
    while not stop.is_set():
        close_old_connections()
        try:
            if time.monotonic() - swept_at > SWEEP_SECONDS:
                send_round(sweeping=True, keep_on=lambda: not stop.is_set())
                swept_at = time.monotonic()
            counts = send_round(sweeping=False, keep_on=lambda: not stop.is_set())
        except Exception:
            # A database that restarts must not end the sender: what was in flight is swept later.
            log.exception("sending stopped for a moment")
            connection.close()
            counts = {}
        # With more to send there is no pause; with nothing, the next look comes in a moment.
        if not any(counts.get(name) for name in ("sent", "failed", "unknown")):
            stop.wait(PAUSE_SECONDS)
    connection.close()


def _run_jobs(stop: threading.Event, *, schedule: bool) -> None:
    from procrastinate.contrib.django import app

    _load_jobs()
    if not schedule:
        app.periodic_registry.periodic_tasks.clear()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    while not stop.is_set():
        try:
            asyncio.run(_jobs(app, stop))
        except Exception:
            log.exception("the queue stopped for a moment")
            stop.wait(PAUSE_SECONDS)


async def _jobs(app: Any, stop: threading.Event) -> None:
    with app.replace_connector(app.connector.get_worker_connector()) as working:
        async with working.open_async():
            running = asyncio.create_task(
                working.run_worker_async(
                    concurrency=2, install_signal_handlers=False, shutdown_graceful_timeout=STOP_SECONDS, delete_jobs="never",
                )
            )  # fmt: skip
            while not stop.is_set() and not running.done():
                await asyncio.sleep(0.2)
            # Cancelled, a worker takes no new job and waits for the running ones.
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running


async def _jobs_once(app: Any) -> None:
    with app.replace_connector(app.connector.get_worker_connector()) as working:
        async with working.open_async():
            kept = dict(working.periodic_registry.periodic_tasks)
            working.periodic_registry.periodic_tasks.clear()
            try:
                await working.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False, concurrency=1)
            finally:
                working.periodic_registry.periodic_tasks.update(kept)


def _load_jobs() -> None:
    """Every tasks module of the product; Django's autodiscovery found those of its applications."""
    from recaudo.project import jobs  # noqa: F401
