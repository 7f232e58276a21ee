"""A provider that is down for an hour (check 5), the red button (check 8), and stops that arrive in the middle (check 7)."""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection, transaction
from tests.cast import Cast, make_cast
from tests.contexts.messaging.scenes import point, ready, released
from tests.contexts.messaging.test_outbox import Answering
from tests.contexts.messaging.test_outbox_crash import many
from tests.fakes.carriers import AlwaysThe

from recaudo.casework import services as casework
from recaudo.casework.models import Action, ContactPause
from recaudo.messaging import services as messaging
from recaudo.messaging.adapters import NotSent, Outgoing
from recaudo.messaging.models import Message
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import ContactPoint
from recaudo.store import tenancy
from recaudo.store.keys import uuid7

DOWN = timedelta(hours=1)


def test_a_provider_down_for_an_hour_is_asked_ever_less_and_then_gets_everything_in_order(cast: Any) -> None:
    ready(cast)
    many(cast, 40)
    mine = list(Action.objects.filter(treatment="manual").order_by("id").values_list("id", flat=True))
    short = set(mine[::4])
    for place, action_id in enumerate(mine):
        Action.objects.filter(id=action_id).update(priority=100 - place, expires_at=cast.now + timedelta(minutes=30) if action_id in short else None)
    now, calls = [cast.now], list[Any]()

    def answer(outgoing: Outgoing) -> str:
        calls.append(now[0])
        if now[0] < cast.now + DOWN:
            raise NotSent("retry", "ConnectionRefusedError", everybody=True)
        return f"x-{outgoing.key}"

    carriers = Answering(answer)
    while now[0] < cast.now + DOWN:
        messaging.dispatch(cast.tenant, at=now[0], carriers=carriers)
        casework.expire_actions(by=messaging.outbox.journal.SYSTEM, at=now[0])
        messaging.sweep(cast.tenant, at=now[0], carriers=carriers)
        now[0] += timedelta(seconds=10)
        assert len(calls) <= 20  # no busy loop
    waits = [(after - before).total_seconds() for before, after in pairwise(calls)]
    assert max(waits) <= 310 and waits[0] >= 15  # ever less, and capped
    assert Message.objects.filter(status="sent").count() == 0
    tried, now[0] = len(calls), cast.now + DOWN + timedelta(minutes=6)
    messaging.dispatch(cast.tenant, at=now[0], carriers=carriers)
    left = [outgoing.key for outgoing in carriers.sent[tried:]]
    by_key = {str(key): action for key, action in Message.objects.values_list("id", "action_id")}
    assert [by_key[key] for key in left] == [one for one in mine if one not in short]  # all that is still wanted, most urgent first
    assert set(Action.objects.filter(id__in=short).values_list("status", flat=True)) == {"expired"}
    assert not Message.objects.filter(status="failed").exists()  # an outage costs no message its attempts


class Slow:
    """Tells when the first messages are with it, and waits until it may answer."""

    idempotent = True

    def __init__(self) -> None:
        self.there, self.go, self.lock, self.count = threading.Event(), threading.Event(), threading.Lock(), 0

    def send(self, outgoing: Outgoing) -> str:
        with self.lock:
            self.count += 1
        self.there.set()
        self.go.wait(20)
        return f"x-{outgoing.key}"


def test_after_the_red_button_no_flight_leaves_any_more(own_database: Any) -> None:
    with transaction.atomic():
        cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        ready(cast)
        many(cast, 40)
    slow, done = Slow(), list[Any]()

    def dispatch() -> None:
        done.append(messaging.dispatch(cast.tenant, at=cast.now, limit=40, carriers=AlwaysThe(slow, at_once=5)))
        connection.close()

    def press() -> None:
        with tenancy.acting(cast.tenant.id):
            casework.pause_contact(scope="all", reason="Simulacro", by=cast.sofia, at=cast.now)
        pressed.set()
        connection.close()

    pressed = threading.Event()
    running, hand = threading.Thread(target=dispatch), threading.Thread(target=press)
    running.start()
    assert slow.there.wait(20)
    hand.start()
    assert not pressed.wait(0.3)  # the button answers when what is in the air has landed
    slow.go.set()
    assert pressed.wait(20)
    at_the_press = slow.count
    running.join(30)
    hand.join(5)
    assert slow.count == at_the_press <= 10  # the flight in the air, and at most the one that was boarding behind it
    with tenancy.acting(cast.tenant.id):
        assert ContactPause.objects.filter(resumed_at=None).count() == 1
        assert Action.objects.filter(status="planned").count() == 40 - slow.count
        assert not Action.objects.filter(status="in_progress").exists()


STOPS = ("opt_out", "payment", "hold", "not_me", "consent")


def stop(cast: Cast, kind: str) -> None:
    account = cast.accounts["maria"]
    if kind == "opt_out":
        messaging.opt_out(point=point(cast, "maria", "sms"), channel="sms", at=cast.now)
    elif kind == "payment":
        portfolio.record_payment(
            account=account, amount_minor=1_250_000, currency="MXN", paid_on=cast.today, external_id=str(uuid7()), by=cast.raul, at=cast.now
        )
    elif kind == "hold":
        casework.open_hold(person=cast.maria, kind="dispute", reason="x", by=cast.ana, at=cast.now)
    elif kind == "not_me":
        messaging.wrong_person(point=point(cast, "maria", "im"), channel="im", at=cast.now)
    else:
        portfolio.give_consent(
            person=cast.maria, kind="channel_optout", channels=["sms"], source="debtor", evidence="x", by=cast.raul, at=cast.now
        )


@pytest.mark.parametrize("kind", STOPS)
@pytest.mark.parametrize("moment", ["chosen", "boarded"])
def test_a_stop_between_choosing_and_handing_over_stops_it(cast: Any, monkeypatch: Any, kind: str, moment: str) -> None:
    """The stop is committed in the widest gaps that there are: before boarding, and between boarding and the hand-over."""
    ready(cast)
    released(cast, "maria", "pedro")
    name = "_board" if moment == "chosen" else "_fly"
    real, once = getattr(messaging.outbox, name), [True]

    def between(*args: Any, **kwargs: Any) -> Any:
        if once:
            once.clear()
            stop(cast, kind)
        return real(*args, **kwargs)

    monkeypatch.setattr(messaging.outbox, name, between)
    carriers = Answering("x")
    carriers.at_once = lambda channel: 2  # type: ignore[method-assign]
    for _ in range(3):
        messaging.dispatch(cast.tenant, at=cast.now, carriers=carriers)
    assert [one.to for one in carriers.sent] == [point(cast, "pedro", "sms").value]
    assert not Action.objects.filter(status="in_progress").exists()


@pytest.mark.parametrize("rounds", [20, pytest.param(1_000, marks=pytest.mark.soak)])
def test_stops_that_race_with_the_hand_over_are_before_it_or_after_it(own_database: Any, rounds: int) -> None:
    """Two real transactions start at once: what left, left before the stop was answered for."""
    with transaction.atomic():
        cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        ready(cast)
        many(cast, rounds)
        waiting = list(Action.objects.filter(treatment="manual").order_by("id").values_list("person_id", "contact_point_id"))
    chance, order = random.Random(7), threading.Lock()
    log: list[tuple[str, Any]] = []

    class Noting:
        idempotent = True

        def send(self, outgoing: Outgoing) -> str:
            with order:
                log.append(("sent", outgoing.to))
            return f"x-{outgoing.key}"

    def stops() -> None:
        for _, point_id in waiting:
            with tenancy.acting(cast.tenant.id):
                spot = ContactPoint.objects.select_related("person").get(id=point_id)
                messaging.opt_out(point=spot, channel="sms", at=cast.now)
            with order:
                log.append(("stopped", spot.value))
        connection.close()

    chance.shuffle(waiting)
    hand = threading.Thread(target=stops)
    hand.start()
    messaging.dispatch(cast.tenant, at=cast.now, limit=rounds, carriers=AlwaysThe(Noting(), at_once=4))
    hand.join()
    first: dict[Any, str] = {}
    for what, to in log:
        if what == "sent":
            assert first.get(to) != "stopped", "a message left after its stop was committed"
        first.setdefault(to, what)
