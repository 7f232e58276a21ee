"""Quiet hours (check 6): no message past the closing of its window, whatever the clock, the zones, the calendar.

The oracle knows the two laws' hours as their texts have them, and works out local clocks with another library (dateutil, from the zone
files of the machine or its own) than the engine's.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dateutil import tz
from tests.contexts.messaging.scenes import ready, released
from tests.contexts.messaging.test_outbox import Answering

from recaudo.casework.models import Action
from recaudo.engine.comply import Debtor, Proposed, lawbook, permit_verdict
from recaudo.messaging import services as messaging

# first and last hour of the day, end-exclusive, every day of the week
HOURS = {"MX": (7, 22), "US": (8, 21)}
ZONES = {
    "MX": ["America/Mexico_City", "America/Tijuana", "America/Cancun", "America/Hermosillo", "America/Ojinaga", "America/Chihuahua"],
    "US": ["America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles", "Pacific/Honolulu",
           "America/Adak", "America/Indiana/Knox", "America/Puerto_Rico"],
}  # fmt: skip
CHANGES = [datetime(year, month, day, tzinfo=UTC) for year in (2024, 2025, 2026, 2027, 2028) for month, day in ((3, 8), (3, 12), (11, 1), (11, 5), (2, 29 if year % 4 == 0 else 28))]


def oracle(country: str, zones: tuple[str, ...], at: datetime) -> bool:
    """Lawful in every place where the person may be; nowhere means no."""
    first, last = HOURS[country]
    return bool(zones) and all(first <= at.astimezone(tz.gettz(zone)).hour < last for zone in zones)


def some_case(chance: random.Random) -> tuple[str, tuple[str, ...], datetime]:
    country = chance.choice(["MX", "US"])
    zones = tuple(chance.sample(ZONES[country], chance.choice([0, 1, 1, 2, 2, 3])))
    near = chance.choice(CHANGES) + timedelta(seconds=chance.randrange(3 * 86_400))
    anywhere = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(5 * 365 * 86_400))
    at = near if chance.random() < 0.5 else anywhere
    if zones and chance.random() < 0.5:  # at the very edge of a window, a second before, at it, a second after
        local = at.astimezone(tz.gettz(zones[0]))
        at = local.replace(hour=chance.choice(HOURS[country]), minute=0, second=0, microsecond=0).astimezone(UTC)
        at += timedelta(seconds=chance.choice([-1, 0, 1]))
    return country, zones, at


def run(cases: int, seed: int) -> dict[bool, int]:
    chance, counted = random.Random(seed), {True: 0, False: 0}
    for _ in range(cases):
        country, zones, at = some_case(chance)
        proposed = Proposed(at, "sms", debts=("A",), content_checked=False)
        given = permit_verdict(lawbook().pack(country), Debtor(zones=zones), (), proposed).allowed
        assert given == oracle(country, zones, at), f"seed {seed}: {country} {zones} {at.isoformat()}"
        counted[given] += 1
    return counted


@pytest.mark.parametrize("cases", [2_000, pytest.param(10_000, marks=pytest.mark.soak)])
def test_the_gate_agrees_with_an_oracle_of_its_own_library(cases: int) -> None:
    counted = run(cases, seed=6)
    assert min(counted.values()) > cases // 5  # both answers are common, or the comparison says little


@pytest.mark.parametrize("minutes", [1, 2])
def test_a_message_chosen_before_the_closing_and_boarded_after_it_does_not_go(cast: Any, minutes: int) -> None:
    ready(cast)
    closing = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)  # 22:00 in Mexico City
    released(cast, "maria", expires_at=closing + timedelta(days=1))
    ticks = iter([closing - timedelta(minutes=1)] * 2)
    carriers = Answering("x")
    done = messaging.dispatch(cast.tenant, at=closing, clock=lambda: next(ticks, closing + timedelta(minutes=minutes)), carriers=carriers)
    assert carriers.sent == [] and done.postponed == 1
    assert Action.objects.get(channel="sms").not_before_at == closing + timedelta(hours=9)


def test_a_message_boarded_before_the_closing_and_handed_over_after_it_does_not_go(cast: Any) -> None:
    ready(cast)
    closing = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
    released(cast, "maria", expires_at=closing + timedelta(days=1))
    ticks = iter([closing - timedelta(minutes=1)] * 3)  # choosing, the provider, boarding
    carriers = Answering("x")
    done = messaging.dispatch(cast.tenant, at=closing, clock=lambda: next(ticks, closing + timedelta(minutes=1)), carriers=carriers)
    assert carriers.sent == [] and done.postponed >= 1
    assert messaging.dispatch(cast.tenant, at=closing + timedelta(hours=9), carriers=carriers).sent == 1


def test_a_person_without_a_known_clock_gets_nothing(cast: Any) -> None:
    at = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
    assert not oracle("US", (), at)
    assert not permit_verdict(lawbook().pack("US"), Debtor(zones=()), (), Proposed(at, "sms", debts=("A",), content_checked=False)).allowed
