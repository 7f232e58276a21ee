"""An SMS gateway over the wire (check 4): what each way to fail becomes, that nobody is asked in a circle, and that a key has one effect."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.contexts.messaging.scenes import point, ready, released
from tests.fakes.carriers import AlwaysThe
from tests.fakes.gateway import Gateway, gateway

from recaudo.casework.models import Action
from recaudo.messaging import services as messaging
from recaudo.messaging.adapters import NotSent, Outgoing, transport
from recaudo.messaging.models import Message, Pace


@pytest.fixture
def peer() -> Iterator[Gateway]:
    with gateway() as state:
        yield state


@pytest.fixture(autouse=True)
def provider(settings: Any) -> None:
    settings.PROVIDERS = {**settings.PROVIDERS, "sms": "http"}


def carrier(peer: Gateway | None = None, *, url: str = "", seconds: float = 0.5, **more: Any) -> Any:
    return transport("sms", "http", {"url": url or (peer.url if peer else ""), "token": "t", "sender": "VALLE", "deadline_seconds": seconds, **more})


def outgoing(key: str = "k-1") -> Outgoing:
    return Outgoing(key, "+525512345678", "Hola, María: ñandú")


def test_a_message_arrives_whole_with_its_key(peer: Gateway) -> None:
    assert carrier(peer).send(outgoing()) == "g-k-1"
    assert peer.taken == {"k-1": {"to": "+525512345678", "from": "VALLE", "text": "Hola, María: ñandú", "reference": "k-1"}}


def test_one_connection_serves_and_a_closed_one_is_opened_again(peer: Gateway) -> None:
    sender = carrier(peer)
    for key in ("a", "b"):
        sender.send(outgoing(key))
    peer.behaviour = "late"
    with pytest.raises(NotSent):
        sender.send(outgoing("c"))
    peer.behaviour = "ok"
    assert sender.send(outgoing("d")) == "g-d"


BEHAVIOURS = [
    # the peer          kind        the provider as a whole
    ("late", "unknown", False), ("500", "unknown", False), ("reset", "unknown", False), ("drip", "unknown", False),
    ("garbage", "unknown", False), ("big", "unknown", False), ("429", "retry", True), ("503", "retry", True), ("401", "retry", True),
    ("302", "retry", True), ("400", "permanent", False),
]  # fmt: skip


@pytest.mark.parametrize(("behaviour", "kind", "everybody"), BEHAVIOURS)
def test_what_each_answer_becomes(peer: Gateway, behaviour: str, kind: str, everybody: bool) -> None:
    peer.behaviour, began = behaviour, time.monotonic()
    with pytest.raises(NotSent) as caught:
        carrier(peer).send(outgoing())
    assert time.monotonic() - began < 30  # a peer that drips would hold us for a hundred seconds
    assert (caught.value.kind, caught.value.everybody) == (kind, everybody)
    assert "5512345678" not in caught.value.reason


def test_a_pause_is_read_as_seconds_or_as_a_date(peer: Gateway) -> None:
    peer.behaviour, peer.headers = "429", {"Retry-After": "900"}
    with pytest.raises(NotSent) as caught:
        carrier(peer).send(outgoing())
    assert caught.value.after_seconds == 900
    peer.headers = {"Retry-After": "Mon, 01 Jan 2001 00:00:00 GMT"}
    with pytest.raises(NotSent) as caught:
        carrier(peer).send(outgoing())
    assert caught.value.after_seconds == 0


def test_nobody_there_and_a_peer_without_tls_are_not_sent(peer: Gateway) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        for url in (f"http://127.0.0.1:{held.getsockname()[1]}/", f"https://127.0.0.1:{peer.port}/"):
            with pytest.raises(NotSent) as caught:
                carrier(url=url, context=ssl.create_default_context() if url.startswith("https") else None).send(outgoing())
            assert (caught.value.kind, caught.value.everybody) == ("retry", True)
    assert peer.calls == []


def test_a_plain_address_outside_this_machine_is_refused() -> None:
    with pytest.raises(ValueError, match="https"):
        carrier(url="http://gateway.example/send")


@pytest.mark.parametrize(
    ("behaviour", "status", "action", "good"),
    [("ok", "sent", "done", "valid"), ("400", "failed", "done", "invalid"), ("429", "queued", "planned", "valid"),
     ("late", "in_flight", "in_progress", "valid"), ("500", "in_flight", "in_progress", "valid"), ("reset", "in_flight", "in_progress", "valid"),
     ("garbage", "in_flight", "in_progress", "valid")],
)  # fmt: skip
def test_what_becomes_of_the_message(cast: Any, peer: Gateway, behaviour: str, status: str, action: str, good: str) -> None:
    ready(cast)
    released(cast, "maria")
    peer.behaviour = behaviour
    carriers = AlwaysThe(carrier(peer))
    for minutes in (0, 0, 0.1, 0.2):  # several looks in the same minute
        messaging.dispatch(cast.tenant, at=cast.now + timedelta(minutes=minutes), carriers=carriers)
        messaging.sweep(cast.tenant, at=cast.now + timedelta(minutes=minutes), carriers=carriers)
    assert len(peer.calls) == 1  # no busy loop
    assert (Message.objects.get().status, Action.objects.get(channel="sms").status) == (status, action)
    assert point(cast, "maria", "sms").status == good


def test_what_may_have_left_is_asked_again_under_its_key_and_has_one_effect(cast: Any, peer: Gateway) -> None:
    ready(cast)
    released(cast, "maria")
    carriers = AlwaysThe(carrier(peer))
    peer.behaviour = "reset"
    messaging.dispatch(cast.tenant, at=cast.now, carriers=carriers)
    peer.behaviour = "ok"
    messaging.sweep(cast.tenant, at=cast.now + timedelta(minutes=2), carriers=carriers)
    assert Message.objects.get().status == "sent"
    assert len(peer.calls) == 2 and len(peer.taken) == 1


def test_what_never_gets_an_answer_ends_as_unknown_after_a_few_tries(cast: Any, peer: Gateway) -> None:
    ready(cast)
    released(cast, "maria", expires_at=cast.now + timedelta(hours=5))
    peer.behaviour = "500"
    carriers = AlwaysThe(carrier(peer))
    messaging.dispatch(cast.tenant, at=cast.now, carriers=carriers)
    for minute in range(1, 120, 2):
        messaging.sweep(cast.tenant, at=cast.now + timedelta(minutes=minute), carriers=carriers)
    assert len(peer.calls) == 5 and Message.objects.get().status == "unknown"


def test_a_provider_in_trouble_is_tried_with_one_message_and_then_with_all(cast: Any, peer: Gateway) -> None:
    ready(cast)
    released(cast, "maria", "pedro")
    peer.behaviour, peer.headers = "429", {"Retry-After": "120"}
    carriers = AlwaysThe(carrier(peer), at_once=1)
    messaging.dispatch(cast.tenant, at=cast.now, carriers=carriers)
    assert len(peer.calls) == 1 and Pace.objects.get(name="sms:http").failures == 1
    messaging.dispatch(cast.tenant, at=cast.now + timedelta(seconds=119), carriers=carriers)
    assert len(peer.calls) == 1
    peer.behaviour = "ok"
    messaging.dispatch(cast.tenant, at=cast.now + timedelta(seconds=121), carriers=carriers)
    assert len(peer.taken) == 2 and Pace.objects.get(name="sms:http").failures == 0
