"""The kill switch: what makes a contact unwanted stops it in the same transaction, also what has its permit and is not away yet."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from tests.contexts.casework.scenes import call, close, plan, point
from tests.contexts.casework.test_work import committed, in_parallel  # noqa: F401 the fixture of real transactions
from tests.contexts.messaging.scenes import ready, released
from tests.contexts.messaging.test_outbox import Answering

from recaudo.casework import services as casework
from recaudo.casework.models import Action, ContactPause, Hold
from recaudo.casework.services import gate, holds
from recaudo.journal import services as journal
from recaudo.messaging import services as messaging
from recaudo.messaging.adapters import NotSent
from recaudo.messaging.models import Message
from recaudo.messaging.services import outbox
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account
from recaudo.store import locks, tenancy


def inbound(cast: Any, code: str, channel: str = "call", *, by: Any = None, **more: Any) -> None:
    """The person comes to us and says it."""
    action = casework.open_action(
        person=cast.maria, account=cast.accounts["maria"], channel=channel, direction="in", by=by or cast.ana, at=cast.now,
        contact_point_id=point(cast, "maria").id,
    )  # fmt: skip
    close(cast, action, None, code, by=by or cast.ana, **more)


def pay(cast: Any, minor: int = 10_000) -> None:
    portfolio.record_payment(
        account=Account.objects.get(id=cast.accounts["maria"].id), amount_minor=minor, currency="MXN", paid_on=cast.today,
        external_id=f"p-{time.monotonic_ns()}", by=cast.raul, at=cast.now,
    )  # fmt: skip


def hold(kind: str) -> Callable[[Any], None]:
    return lambda cast: casework.open_hold(person=cast.maria, kind=kind, reason="x", by=cast.ana, at=cast.now)


STOPS: dict[str, Callable[[Any], Any]] = {
    "payment": pay,
    "receipt sent to the bot": lambda cast: inbound(cast, "DG16", "im", by=journal.SYSTEM),
    "already paid, with a receipt": lambda cast: inbound(cast, "PG03", details={"evidence": "foto"}),
    "already paid, without": lambda cast: inbound(cast, "PG04", amount_minor=10_000, details={"claimed_on": "ayer", "place": "caja"}),
    "on its way": lambda cast: inbound(cast, "PG05", details={"reference": "77"}),
    "debt not recognised": lambda cast: inbound(cast, "NG02"),
    "charges disputed": lambda cast: inbound(cast, "NG03", details={"disputed": "comisión"}),
    "dispute by hand": lambda cast: casework.open_dispute(
        person=cast.maria, account=cast.accounts["maria"], kind="debt", text="no es mía", by=cast.ana, at=cast.now
    ),
    "death": lambda cast: inbound(cast, "TC07"),
    "insolvency": lambda cast: inbound(cast, "NG08", details={"folio": "C-1"}),
    "a lawyer": lambda cast: inbound(cast, "NG07", details={"representative": "Lic. Paz"}),
    "possible fraud": lambda cast: inbound(cast, "NG10", note="no abrió la cuenta"),
    "vulnerability": lambda cast: inbound(cast, "SE10"),
    "a hold by hand": hold("regulator"),
    "opt-out by message": lambda cast: messaging.opt_out(point=point(cast, "maria"), channel="sms", at=cast.now),
    "not me": lambda cast: casework.wrong_party(
        contact_point=point(cast, "maria"), channel="sms", evidence="«no soy yo»", by=journal.SYSTEM, at=cast.now
    ),
}  # fmt: skip
# These speak of one channel or one number: what waits elsewhere goes on.
NARROW = {"opt-out by message", "not me"}


@pytest.mark.parametrize("name", STOPS)
def test_it_cancels_what_is_queued_in_the_same_transaction(cast: Any, name: str) -> None:
    ready(cast)
    released(cast, "maria")
    other = [plan(cast, contact_point_id=point(cast, "maria").id), plan(cast, treatment="callback", not_before_at=cast.now + timedelta(hours=2))]
    mail = plan(cast, channel="email", contact_point_id=point(cast, "maria", "email").id)
    neighbour = plan(cast, "pedro")
    STOPS[name](cast)
    assert Action.objects.get(channel="sms", direction="out").status == "cancelled"
    if name not in NARROW:
        assert {Action.objects.get(id=one.id).status for one in [*other, mail]} == {"cancelled"}
    assert Action.objects.get(id=neighbour.id).status == "planned"
    assert messaging.dispatch(cast.tenant, at=cast.now, carriers=(carriers := Answering("x"))).sent == 0 and not carriers.sent


@pytest.mark.parametrize("name", STOPS)
def test_it_ends_a_message_that_waits_for_another_try(cast: Any, name: str) -> None:
    ready(cast)
    released(cast, "maria")
    messaging.dispatch(cast.tenant, at=cast.now, carriers=Answering(NotSent("retry", "503")))
    assert Message.objects.get(direction="out").status == "queued"
    STOPS[name](cast)
    messaging.sweep(cast.tenant, at=cast.now)
    assert Message.objects.get(direction="out").status == "cancelled"
    later = cast.now + timedelta(hours=1)
    messaging.dispatch(cast.tenant, at=later, carriers=(carriers := Answering("x")))
    assert not carriers.sent


def test_an_opt_out_of_calls_stops_planned_calls_and_leaves_the_mail(cast: Any) -> None:
    mail = plan(cast, channel="email", contact_point_id=point(cast, "maria", "email").id)
    planned = plan(cast, at=cast.now)
    inbound(cast, "SE05")
    assert (Action.objects.get(id=planned.id).status, Action.objects.get(id=mail.id).status) == ("cancelled", "planned")


# --- between the claim and the hand-over, with real transactions

def aside(job: Callable[[], Any]) -> threading.Thread:
    """Somebody else, on a connection of their own."""

    def run() -> None:
        try:
            job()
        finally:
            connections["default"].close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def stopper(cast: Any, name: str) -> Callable[[], None]:
    def job() -> None:
        with tenancy.acting(cast.tenant.id):
            if name == "pause":
                casework.pause_contact(reason="Simulacro", by=cast.sofia, at=cast.now)
            else:
                STOPS[name](cast)

    return job


@pytest.fixture
def house(committed: Any) -> Any:  # noqa: F811
    with tenancy.acting(committed.tenant.id):
        ready(committed)
        released(committed, "maria")
    return committed


RACED = ["payment", "death", "a lawyer", "debt not recognised", "opt-out by message", "not me", "pause"]


@pytest.mark.parametrize("name", RACED)
def test_what_comes_after_the_claim_and_before_the_sending_stops_the_message(house: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stop is committed between the transaction that claims and the one that hands over."""
    hold_persons, done = outbox.hold_persons, []

    def late(persons: Any) -> None:
        persons = list(persons)
        with connection.cursor() as cursor:  # claimed, and nothing of it is held any more
            cursor.execute("SELECT status FROM messaging_message")
            assert cursor.fetchone() == ("in_flight",)
        if not done:
            done.append(aside(stopper(house, name)))
            done[0].join(timeout=20)
            assert not done[0].is_alive()
        hold_persons(persons)

    monkeypatch.setattr(outbox, "hold_persons", late)
    carriers = Answering("x")
    assert messaging.dispatch(house.tenant, at=house.now, carriers=carriers).sent == 0
    monkeypatch.undo()
    with tenancy.acting(house.tenant.id):
        status = Action.objects.get(channel="sms", direction="out").status
    assert status == ("planned" if name == "pause" else "cancelled")
    messaging.dispatch(house.tenant, at=house.now + timedelta(minutes=30), carriers=carriers)
    assert not carriers.sent


class Watched(Answering):
    """Begins a stop while a message is being handed over, and tells whether it could end before the message was away."""

    def __init__(self, stop: Callable[[], None], *, seconds: float = 0.7) -> None:
        super().__init__("x")
        self.stop, self.seconds, self.thread, self.overtaken = stop, seconds, None, False

    def send(self, outgoing: Any) -> str:
        if self.thread is None:
            self.thread = aside(self.stop)
            self.thread.join(timeout=self.seconds)
            self.overtaken = not self.thread.is_alive()
        return super().send(outgoing)


@pytest.mark.parametrize("name", RACED)
def test_a_stop_waits_for_the_message_that_is_being_handed_over(house: Any, name: str) -> None:
    carriers = Watched(stopper(house, name))
    messaging.dispatch(house.tenant, at=house.now, carriers=carriers)
    carriers.thread.join(timeout=20)
    assert not carriers.overtaken and len(carriers.sent) == 1


@pytest.mark.parametrize("name", ["payment", "not me", "pause"])
def test_without_the_locks_the_stop_would_overtake_the_message(house: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The protection removed: the test above sees it."""
    monkeypatch.setattr(outbox, "hold_persons", lambda persons: list(persons))
    monkeypatch.setattr(outbox, "share_traffic", lambda: None)
    carriers = Watched(stopper(house, name), seconds=20)
    messaging.dispatch(house.tenant, at=house.now, carriers=carriers)
    carriers.thread.join(timeout=20)
    assert carriers.overtaken and len(carriers.sent) == 1


@pytest.mark.parametrize("name", ["payment", "death"])
def test_without_the_last_word_the_message_would_go(house: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hold_persons = outbox.hold_persons

    def late(persons: Any) -> None:
        persons = list(persons)
        aside(stopper(house, name)).join(timeout=20)
        hold_persons(persons)

    monkeypatch.setattr(outbox, "hold_persons", late)
    monkeypatch.setattr(casework, "still_stands", lambda replies, at: {reply.action.id for reply in replies})
    carriers = Answering("x")
    messaging.dispatch(house.tenant, at=house.now, carriers=carriers)
    assert len(carriers.sent) == 1


def interleave(cast: Any, rounds: int) -> tuple[int, int]:
    """Dispatcher and stop start together, many times, each time a little otherwise. (sent after the stop, sent at all)."""
    names = ["payment", "debt not recognised", "not me", "a lawyer"]
    late = total = 0
    for number in range(rounds):
        with tenancy.acting(cast.tenant.id):
            Action.objects.all().delete()
            Hold.objects.all().delete()
            Message.objects.all().delete()
            ContactPause.objects.all().delete()
            if number:
                _free_the_number(cast)
            released(cast, "maria")
        carriers, stopped = Answering("x"), []
        times: list[float] = []
        leaving = threading.Event()
        carriers.answer = lambda outgoing, times=times, leaving=leaving: times.append(time.monotonic()) or leaving.set() or "x"
        stop = stopper(cast, names[number % len(names)])

        def press(stop: Any = stop, stopped: list[float] = stopped, number: int = number, leaving: Any = leaving) -> None:
            if number % 2:
                leaving.wait(timeout=10)  # while it is being handed over
            else:
                time.sleep((number % 13) * 0.012)
            stop()
            stopped.append(time.monotonic())

        in_parallel([press, lambda carriers=carriers: messaging.dispatch(cast.tenant, at=cast.now, carriers=carriers)])
        messaging.dispatch(cast.tenant, at=cast.now, carriers=carriers)  # what was put back gets its chance
        total += len(times)
        late += sum(moment > stopped[0] for moment in times)
    return late, total


def _free_the_number(cast: Any) -> None:
    from recaudo.portfolio.models import ContactPoint, Quarantine

    Quarantine.objects.all().delete()
    ContactPoint.objects.filter(person=cast.maria, status="wrong_party").update(status="unverified")


def test_nothing_is_sent_after_it_was_stopped(committed: Any) -> None:  # noqa: F811
    with tenancy.acting(committed.tenant.id):
        ready(committed)
    rounds = int(os.environ.get("INTERLEAVINGS", "16"))  # a thousand take some minutes
    late, total = interleave(committed, rounds)
    assert late == 0 and total > 0  # some were away before: the race is real


def test_the_red_button_lets_no_chunk_begin_and_answers_within_a_second(committed: Any) -> None:  # noqa: F811
    cast = committed
    with tenancy.acting(cast.tenant.id):
        ready(cast)
        released(cast, "maria", "pedro")
        released(cast, "lucia", template="recordatorio_previo", purpose="reminder")
    pressed: list[float] = []

    def press() -> None:
        began = time.monotonic()
        stopper(cast, "pause")()
        pressed.append(time.monotonic() - began)

    threads: list[threading.Thread] = []

    def send(outgoing: Any) -> str:
        if not threads:
            threads.append(aside(press))
            time.sleep(0.2)
        return "x"

    carriers = Answering(send)
    messaging.dispatch(cast.tenant, at=cast.now, carriers=carriers)
    threads[0].join(timeout=20)
    messaging.dispatch(cast.tenant, at=cast.now, carriers=carriers)
    assert len(carriers.sent) <= 1 and pressed[0] < 1.2
    with tenancy.acting(cast.tenant.id):
        assert Action.objects.filter(status="planned").count() >= 2


def test_no_call_begins_while_everything_is_paused(cast: Any) -> None:
    plan(cast)
    casework.pause_contact(reason="Simulacro", by=cast.sofia, at=cast.now)
    with pytest.raises(casework.ContactRefused) as caught:
        call(cast)
    assert caught.value.rule == "HOUSE-PAUSE"


# --- one slot, seen failing with its lock removed

def test_without_the_persons_lock_two_would_win_the_last_slot(committed: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    cast = committed
    with tenancy.acting(cast.tenant.id):
        actions = [plan(cast, "pedro", by=cast.gabriel) for _ in range(4)]
    monkeypatch.setattr(gate, "hold_person", lambda person_id: None)
    both = threading.Barrier(len(actions))
    judged = gate.judge

    def slow(*args: Any, **more: Any) -> Any:
        answer = judged(*args, **more)
        both.wait(timeout=20)  # everybody has been told yes before anybody writes it down
        return answer

    monkeypatch.setattr(gate, "judge", slow)

    def ask(action: Action) -> Callable[[], Any]:
        def job() -> Any:
            with tenancy.acting(cast.tenant.id):
                return casework.clear(action=action, contact_point=point(cast, "pedro"), at=cast.now, by=cast.ana)

        return job

    results = in_parallel([ask(action) for action in actions])
    assert sum(type(one).__name__ == "Permit" for one in results) > 1


def test_stops_take_the_persons_lock(cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What says that a contact is unwanted waits for what is being handed over: one place that forgot would show here."""
    taken: list[Any] = []
    monkeypatch.setattr(locks, "hold_person", taken.append)
    casework.open_hold(person=cast.maria, kind="legal", reason="x", by=cast.ana, at=cast.now)
    portfolio.give_consent(person=cast.maria, kind="channel_optout", channels=["sms"], source="call", evidence="", by=cast.ana, at=cast.now)
    portfolio.save_preference(person=cast.maria, channel="email", by=cast.ana, at=cast.now)
    portfolio.set_contact_point_status(point(cast, "maria"), status="opted_out", by=cast.ana, at=cast.now)
    assert taken == [cast.maria.id] * 4 and holds.locks is locks


# --- what the database says of it

@pytest.mark.parametrize("status", ["in_flight", "sent"])
def test_the_database_refuses_a_message_without_a_written_permission(cast: Any, status: str) -> None:
    action = plan(cast, channel="sms", contact_point_id=point(cast, "maria").id)
    bypass = Message(
        action_id=action.id, person_id=cast.maria.id, contact_point_id=action.contact_point_id, channel="sms", provider="sandbox", to="x",
        to_hint="x", body="x", status=status, created_at=cast.now,
    )  # fmt: skip
    with pytest.raises(DatabaseError, match="no permission was written"), transaction.atomic():
        bypass.save(force_insert=True)
    casework.clear(action=action, contact_point=point(cast, "maria"), at=cast.now, by=cast.ana)
    bypass.save(force_insert=True)


@pytest.mark.parametrize("other", ["person", "point", "channel", "action"])
def test_a_permission_for_somebody_else_elsewhere_does_not_serve(cast: Any, other: str) -> None:
    action = plan(cast, channel="sms", contact_point_id=point(cast, "maria").id)
    casework.clear(action=action, contact_point=point(cast, "maria"), at=cast.now, by=cast.ana)
    fields = {
        "action_id": action.id, "person_id": cast.maria.id, "contact_point_id": point(cast, "maria").id, "channel": "sms",
    }  # fmt: skip
    fields |= {
        "person": {"person_id": cast.pedro.id}, "point": {"contact_point_id": point(cast, "maria", "email").id}, "channel": {"channel": "im"},
        "action": {"action_id": plan(cast, channel="sms").id},
    }[other]  # fmt: skip
    with pytest.raises(DatabaseError, match="no permission was written"), transaction.atomic():
        Message.objects.create(provider="sandbox", to="x", to_hint="x", body="x", status="in_flight", created_at=cast.now, **fields)
