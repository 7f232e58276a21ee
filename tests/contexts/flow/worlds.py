"""The cast in a database of its own, ready for its day: strategy in force, capacity, committed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.test import Client
from tests.cast import NOW, TODAY, Cast, make_cast

from recaudo.flow.day import run_day
from recaudo.flow.models import Run
from recaudo.journal.services import SYSTEM
from recaudo.portfolio.models import Placement
from recaudo.project.database import make_months
from recaudo.store.tenancy import acting
from recaudo.strategy import services as strategy
from recaudo.workforce.models import Capacity

UNITS = {"call": 10, "sms": 100, "im": 100, "email": 100, "visit": 5, "letter": 5}


def ready(*, with_strategy: bool = True, with_capacity: bool = True) -> Cast:
    """Everything that a day needs, unless it is left out."""
    make_months(on=TODAY)
    with transaction.atomic():
        cast = make_cast()
    with acting(cast.tenant.id):
        if with_strategy:
            put_in_force(cast)
        if with_capacity:
            for channel, units in UNITS.items():
                for weekday in range(7):
                    Capacity.objects.create(channel=channel, weekday=weekday, units=units, valid_from=date(2026, 1, 1), created_at=NOW)
    return cast


def put_in_force(cast: Cast) -> None:
    version = strategy.create_strategy(code="collections", name="Cobranza", xml=strategy.default_xml(), by=cast.elena, at=NOW)
    strategy.submit(version, by=cast.elena, at=NOW)
    strategy.approve(version, by=cast.gabriel, at=NOW)
    strategy.activate(version, on=TODAY, by=cast.gabriel, at=NOW)


def place(cast: Cast, who: str, agency: str = "NORTE") -> None:
    with acting(cast.tenant.id):
        Placement.objects.create(
            account=cast.accounts[who], agency=cast.agencies[agency], from_on=TODAY - timedelta(days=3), status="active", created_at=NOW
        )


def run(cast: Cast, on: date = TODAY) -> Run:
    return run_day(cast.tenant, on=on, by=SYSTEM, at=NOW, clock=lambda: NOW)


def signed_in(user: Any) -> Client:
    from recaudo.store import tenancy

    client = Client()
    with tenancy.identifying():
        client.force_login(user)
    return client


def text(response: Any) -> str:
    plain = response.content.decode().replace("<strong>", "").replace("</strong>", "")
    return " ".join(plain.split())
