"""Whether somebody takes the jobs: a page that asks for one says so when nobody would."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

WORKER_SECONDS = 60  # a worker that has not said so for longer is not there


def has_worker(*, at: datetime) -> bool:
    """Whether a worker of this installation is alive. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM procrastinate_workers WHERE last_heartbeat > %s)", [at - timedelta(seconds=WORKER_SECONDS)])
        return bool(cursor.fetchone()[0])
