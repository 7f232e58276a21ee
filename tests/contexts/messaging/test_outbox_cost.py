"""What a message costs the database: a bound that does not grow with the number of messages."""

from __future__ import annotations

import time
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.cast import make_cast
from tests.contexts.messaging.scenes import ready
from tests.contexts.messaging.test_outbox_crash import many

from recaudo.messaging import services as messaging
from recaudo.store import tenancy

MESSAGES = 200


def test_statements_per_message_are_few(own_database: Any) -> None:
    with transaction.atomic():
        cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        ready(cast)
        many(cast, MESSAGES)
    cpu, wall = time.process_time(), time.perf_counter()
    with CaptureQueriesContext(connection) as asked:
        done = messaging.dispatch(cast.tenant, at=cast.now, limit=MESSAGES)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"{MESSAGES / wall:.0f} messages/s, {1000 * cpu / MESSAGES:.1f} ms CPU and {len(asked) / MESSAGES:.1f} statements a message")
    assert done.sent == MESSAGES
    assert len(asked) / MESSAGES < 6
