"""Dispatchers that are killed in the middle of their work, again and again: nothing is lost, nothing has its effect twice."""

from __future__ import annotations

import multiprocessing
import os
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

# A guard against a hang, not a measurement.
PATIENCE_SECONDS = 600
AT_ONCE, DISPATCHERS = 8, 2


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


def dispatch(path: Path, kind: str, tenant: Any, at: Any) -> None:
    """A dispatcher in a process of its own."""
    connection.close()
    carrier = WrittenDown(path, idempotent=kind == "idempotent", seconds=0.002)
    messaging.dispatch(tenant, at=at, limit=1_000_000, carriers=AlwaysThe(carrier, at_once=AT_ONCE))
    os._exit(0)


def wait_for(path: Path, count: int, running: list[Any]) -> None:
    """Until so many messages left, or every dispatcher ended."""
    end = time.monotonic() + PATIENCE_SECONDS
    while sum(handed_over(path).values()) < count and any(one.is_alive() for one in running):
        assert time.monotonic() < end, "the dispatchers hang"
        time.sleep(0.005)


@pytest.mark.parametrize(("count", "kills"), [(400, 5), pytest.param(60_000, 30, marks=pytest.mark.soak)])
@pytest.mark.parametrize("kind", ["idempotent", "plain"])
def test_killed_dispatchers_lose_nothing_and_repeat_nothing(own_database: Any, tmp_path: Path, kind: str, count: int, kills: int) -> None:
    with transaction.atomic():
        cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        ready(cast)
        many(cast, count)
    connection.close()
    path, fork = tmp_path / "handed", multiprocessing.get_context("fork")
    for kill in range(1, kills + 1):
        running = [fork.Process(target=dispatch, args=(path, kind, cast.tenant, cast.now)) for _ in range(DISPATCHERS)]
        for one in running:
            one.start()
        wait_for(path, kill * count // (kills + 2), running)
        for one in running:
            one.kill()
            one.join()
    carriers = AlwaysThe(WrittenDown(path, idempotent=kind == "idempotent"), at_once=AT_ONCE)
    # A server takes a moment to see that a client is gone and to let its locks go.
    end = time.monotonic() + PATIENCE_SECONDS
    while messaging.dispatch(cast.tenant, at=cast.now, limit=1_000_000, carriers=carriers).busy:
        assert time.monotonic() < end
    later = cast.now + LEASE + timedelta(seconds=1)
    messaging.sweep(cast.tenant, at=later, limit=100_000, carriers=carriers)

    with tenancy.acting(cast.tenant.id):
        statuses = dict(Message.objects.values_list("id", "status"))
        assert Action.objects.filter(treatment="manual").exclude(status="done").count() == 0
    counted = handed_over(path)
    assert len(statuses) == count
    unknown = [key for key, status in statuses.items() if status == "unknown"]
    sent = {str(key) for key, status in statuses.items() if status == "sent"}
    print(f"{len(sent)} sent, {len(unknown)} unknown, {sum(counted.values()) - len(counted)} asked again")
    assert sent <= set(counted)  # nothing is called sent that did not leave
    assert set(counted) <= {str(key) for key in statuses}
    if kind == "idempotent":
        assert not unknown and set(counted) == sent  # one effect per key: lost 0, doubled 0
    else:
        assert max(counted.values()) == 1  # a provider without keys was never asked twice
        assert len(unknown) <= AT_ONCE * DISPATCHERS * kills
