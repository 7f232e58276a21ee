"""How far a batch is, told from a connection of its own: the batch's transaction shows nothing before it ends."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from uuid import UUID

import psycopg
from django.db import connection


@contextlib.contextmanager
def reporter(tenant_id: UUID, batch_id: UUID, *, every_seconds: float = 1.0) -> Iterator[Callable[[float], None]]:
    """Yields `report(part)`, part from 0 to 1. Never waits for a lock and never fails the batch."""
    settings = {key: value for key, value in connection.get_connection_params().items() if key not in ("cursor_factory", "context")}
    with psycopg.connect(**settings, autocommit=True) as own:
        own.execute("SET lock_timeout = '200ms'")
        own.execute("SELECT set_config('recaudo.tenant', %s, false)", [str(tenant_id)])
        last = 0.0

        def report(part: float) -> None:
            nonlocal last
            if time.monotonic() - last < every_seconds:
                return
            last = time.monotonic()
            with contextlib.suppress(psycopg.Error):
                own.execute("UPDATE intake_batch SET progress = %s WHERE id = %s", [part, batch_id])

        yield report
