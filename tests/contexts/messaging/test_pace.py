"""A provider's limit (check 9): one row in the database paces every dispatcher of the installation."""

from __future__ import annotations

import multiprocessing
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from tests.cast import make_cast
from tests.contexts.messaging.scenes import ready
from tests.contexts.messaging.test_outbox_crash import many

from recaudo.messaging import services as messaging
from recaudo.messaging.adapters import Outgoing
from recaudo.messaging.models import Message
from recaudo.messaging.services import pace
from recaudo.messaging.services.outbox import Carriers
from recaudo.store import tenancy
from recaudo.workforce.models import Tenant

DISPATCHERS = 4


class Timed:
    """Writes down when each message came, on a clock that all processes of the machine share."""

    idempotent = True

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, outgoing: Outgoing) -> str:
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(handle, f"{time.monotonic():.6f}\n".encode())
        os.close(handle)
        return f"x-{outgoing.key}"


class Ours(Carriers):
    """One carrier, with the limits of the settings."""

    def __init__(self, carrier: Any) -> None:
        super().__init__()
        self.carrier = carrier

    def of(self, channel: str, provider: str) -> Any:
        return self.carrier


def worker(path: Path, slug: str, at: Any, until: float) -> None:
    """A dispatcher in a process of its own, until nothing is left."""
    connection.close()
    tenant = Tenant.objects.get(slug=slug)
    while time.monotonic() < until:
        messaging.dispatch(tenant, at=at, limit=10_000, carriers=Ours(Timed(path)))
        with tenancy.acting(tenant.id):
            if not messaging.outbox.Action.objects.filter(status="planned", treatment="manual").exists():
                break
    connection.close()
    os._exit(0)


def too_many(times: list[float], per_second: int) -> list[tuple[float, int]]:
    """Spans (seconds, messages) in which more left than the limit and its tolerance allow. Every span between two messages is looked at."""
    found = []
    for first in range(len(times)):
        for last in range(first, len(times)):
            span, count = times[last] - times[first], last - first + 1
            if count > per_second * (span + pace.LATE_SECONDS) + 1:
                found.append((span, count))
    return found


@pytest.mark.parametrize(("per_second", "messages"), [(40, 160), pytest.param(50, 3_000, marks=pytest.mark.soak)])
def test_four_dispatchers_together_never_exceed_the_limit(own_database: Any, settings: Any, tmp_path: Path, per_second: int, messages: int) -> None:
    settings.PROVIDER_LIMITS = {"sms": {"per_second": per_second, "at_once": 10}}
    with transaction.atomic():
        cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        ready(cast)
        many(cast, messages)
    connection.close()
    context, until = multiprocessing.get_context("fork"), time.monotonic() + 60 + 3 * messages / per_second
    path = tmp_path / "times"
    running = [context.Process(target=worker, args=(path, cast.tenant.slug, cast.now, until)) for _ in range(DISPATCHERS)]
    for one in running:
        one.start()
    for one in running:
        one.join(until - time.monotonic() + 5)
        assert one.exitcode == 0
    times = sorted(float(line) for line in path.read_text().split())
    assert len(times) == messages
    assert too_many(times, per_second) == []
    with tenancy.acting(cast.tenant.id):
        assert Message.objects.filter(status="sent").count() == messages
    print(f"{messages / (times[-1] - times[0]):.1f} a second of {per_second}")


def test_the_checker_finds_a_burst() -> None:
    even = [n / 40 for n in range(100)]
    assert too_many(even, 40) == []
    assert too_many(sorted(even + [1.0] * 12), 40)


def test_slots_follow_each_other_whoever_asks(own_database: Any) -> None:
    first = pace.take_slots("sms:x", 10, 10)
    second = pace.take_slots("sms:x", 1, 10)
    assert first == 0 and 0.5 < second <= 1.0
    assert pace.take_slots("im:x", 1, 10) == 0  # another provider has slots of its own
    assert 0.5 < pace.backlog_seconds("sms:x") <= 1.2 and pace.backlog_seconds("nobody") == 0


def test_trouble_doubles_the_wait_and_an_answer_ends_it(cast: Any) -> None:
    at, waits = cast.now, []
    for _ in range(8):
        again = pace.failed("sms:x", at=at)
        assert pace.may_ask("sms:x", at=again - timedelta(seconds=1)) == (False, True)
        assert pace.may_ask("sms:x", at=again) == (True, True)
        waits.append((again - at).total_seconds())
        at = again
    assert waits == [15, 30, 60, 120, 240, 300, 300, 300]
    pace.answered("sms:x")
    assert pace.may_ask("sms:x", at=at) == (True, False)
    assert pace.failed("sms:x", at=at, after_seconds=900) == at + timedelta(seconds=900)
