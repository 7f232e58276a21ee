"""Dispatchers that are killed in the middle of their work, again and again: nothing is lost, nothing has its effect twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from tests.cast import Cast, make_cast
from tests.contexts.messaging.scenes import ready
from tests.fakes.carriers import AlwaysThe, WrittenDown, handed_over

from recaudo.casework.models import Action, Case
from recaudo.messaging import services as messaging
from recaudo.messaging.models import Message
from recaudo.messaging.services.outbox import LEASE
from recaudo.portfolio.models import Account, AccountParty, ContactPoint, Person
from recaudo.store import tenancy
from recaudo.store.fields import blind_index
from recaudo.store.keys import uuid7

ROOT = Path(__file__).resolve().parents[3]
MESSAGES = 300
KILLS = 3
# A guard against a hang, not a measurement.
PATIENCE_SECONDS = 240

DISPATCHER = """
import sys
from datetime import datetime
from pathlib import Path
from recaudo.project.boot import boot
boot()
from recaudo.messaging import services as messaging
from recaudo.workforce.models import Tenant
from tests.fakes.carriers import AlwaysThe, WrittenDown
path, kind, at = Path(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3])
carriers = AlwaysThe(WrittenDown(path, idempotent=kind == "idempotent"))
tenant = Tenant.objects.get(slug=sys.argv[4])
messaging.dispatch(tenant, at=at, limit=100_000, carriers=carriers)
"""


def many(cast: Cast, count: int) -> None:
    """As many debtors as messages, each with a phone and one message that a person released."""
    account = cast.accounts["maria"]
    persons = [Person(kind="natural", name=f"Persona {n}", search_name=f"persona {n}", country="MX", zones=["America/Mexico_City"],
                      created_at=cast.now) for n in range(count)]  # fmt: skip
    Person.objects.bulk_create(persons)
    points = [ContactPoint(person=person, kind="phone", value=f"+52551{n:07d}", value_index=blind_index(f"+52551{n:07d}", "phone"),
                           hint=f"··{n:04d}", country="MX", zones=["America/Mexico_City"], status="valid", line_type="mobile",
                           created_at=cast.now) for n, person in enumerate(persons)]  # fmt: skip
    ContactPoint.objects.bulk_create(points)
    accounts = [Account(creditor=account.creditor, portfolio=account.portfolio, number=f"N-{n}", holder=person, product="credit_card",
                        currency="MXN", status="delinquent", balance_minor=0, overdue_minor=1_000, dpd=40, bucket="B2", stage="early",
                        oldest_due_on=cast.today - timedelta(days=40), accrued_on=cast.today, opened_on=cast.today - timedelta(days=400),
                        pay_reference=f"R{n}", created_at=cast.now, updated_at=cast.now) for n, person in enumerate(persons)]  # fmt: skip
    Account.objects.bulk_create(accounts)
    AccountParty.objects.bulk_create(
        AccountParty(account=one, person=one.holder, role="holder", created_at=cast.now) for one in accounts
    )
    cases = [Case(person=person, opened_at=cast.now, created_at=cast.now) for person in persons]
    Case.objects.bulk_create(cases)
    Action.objects.bulk_create(
        Action(id=uuid7(), case_id=case.id, person_id=one.holder_id, account_id=one.id, creditor_id=one.creditor_id,
               contact_point_id=spot.id, channel="sms", purpose="collection", status="planned", treatment="manual",
               template="aviso_mora_temprana", planned_on=cast.today, created_at=cast.now)
        for case, one, spot in zip(cases, accounts, points, strict=True)
    )  # fmt: skip


def dispatcher(path: Path, kind: str, cast: Cast) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    arguments = [sys.executable, "-c", DISPATCHER, str(path), kind, cast.now.isoformat(), cast.tenant.slug]
    return subprocess.Popen(arguments, env=environment, text=True)


def wait_for(path: Path, count: int, running: subprocess.Popen[str]) -> None:
    """Until so many more messages left, or the dispatcher ended."""
    end = time.monotonic() + PATIENCE_SECONDS
    while sum(handed_over(path).values()) < count and running.poll() is None:
        assert time.monotonic() < end, "the dispatcher hangs"
        time.sleep(0.01)


@pytest.mark.parametrize("kind", ["idempotent", "plain"])
def test_killed_dispatchers_lose_nothing_and_repeat_nothing(own_database: Any, tmp_path: Path, kind: str) -> None:
    with transaction.atomic():
        cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        ready(cast)
        many(cast, MESSAGES)
    connection.close()
    path = tmp_path / "handed"
    for kill in range(1, KILLS + 1):
        first, second = dispatcher(path, kind, cast), dispatcher(path, kind, cast)
        wait_for(path, kill * MESSAGES // (KILLS + 2), first)
        for running in (first, second):
            running.send_signal(signal.SIGKILL)
            running.wait()
    carrier = WrittenDown(path, idempotent=kind == "idempotent")
    done = messaging.dispatch(cast.tenant, at=cast.now, limit=100_000, carriers=AlwaysThe(carrier))
    assert done.failed == 0
    later = cast.now + LEASE + timedelta(seconds=1)
    messaging.sweep(cast.tenant, at=later, carriers=AlwaysThe(carrier))

    with tenancy.acting(cast.tenant.id):
        statuses = dict(Message.objects.values_list("id", "status"))
        assert Action.objects.filter(treatment="manual").exclude(status="done").count() == 0
    counted = handed_over(path)
    assert len(statuses) == MESSAGES
    unknown = [key for key, status in statuses.items() if status == "unknown"]
    sent = {str(key) for key, status in statuses.items() if status == "sent"}
    assert sent <= set(counted)  # nothing is called sent that did not leave
    assert set(counted) <= {str(key) for key in statuses}
    if kind == "idempotent":
        assert not unknown and set(counted) == sent  # one effect per key: lost 0, doubled 0
    else:
        assert max(counted.values()) == 1  # a provider without keys was never asked twice
        assert len(unknown) <= 2 * KILLS
