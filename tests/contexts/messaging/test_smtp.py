"""E-mail over the wire: what every answer of a mail server becomes, and what the letter looks like."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from email import message_from_string, policy
from typing import Any

import pytest
from tests.contexts.messaging.scenes import point, ready, released
from tests.fakes.carriers import AlwaysThe
from tests.fakes.mail_server import MailServer, mail_server

from recaudo.messaging import services as messaging
from recaudo.messaging.adapters import NotSent, Outgoing, transport
from recaudo.messaging.models import Message


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as behaviour:
        yield behaviour


def carrier(server: MailServer | None = None, port: int = 0, timeout: float = 5.0) -> Any:
    options = {"host": "127.0.0.1", "port": server.port if server else port, "sender": "Cobranza <avisos@valle.example>",
               "timeout_seconds": timeout}  # fmt: skip
    return transport("email", "smtp", options)


def letter(**more: Any) -> Outgoing:
    given = {"key": "k-1", "to": "maria@correo.example", "body": "Hola, María:\nñandú €", "subject": "Su pago — aviso",
             "unsubscribe_url": "https://recaudo.example/baja/abc/un-clic/"}  # fmt: skip
    return Outgoing(**{**given, **more})


def kind_of(sender: Any, outgoing: Outgoing) -> str:
    with pytest.raises(NotSent) as caught:
        sender.send(outgoing)
    return caught.value.kind


def test_a_letter_arrives_whole_with_its_headers(server: MailServer) -> None:
    message_id = carrier(server).send(letter())
    to, text = server.taken[0]
    mail = message_from_string(text, policy=policy.default)
    assert to == "maria@correo.example" and mail["Subject"] == "Su pago — aviso"
    assert mail["Message-ID"] == message_id == "<k-1@valle.example>"
    assert mail["List-Unsubscribe"] == "<https://recaudo.example/baja/abc/un-clic/>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_body().get_content().strip().replace("\r\n", "\n") == "Hola, María:\nñandú €"
    assert mail.get_content_type() == "text/plain"


def test_one_connection_carries_several_letters_also_after_a_refusal(server: MailServer) -> None:
    sender = carrier(server)
    sender.send(letter(key="k-1"))
    server.rcpt = "550 no such user"
    assert kind_of(sender, letter(key="k-2")) == "permanent"
    server.rcpt = None
    sender.send(letter(key="k-3"))
    assert len(server.taken) == 2


def test_a_connection_that_the_server_closed_meanwhile_is_opened_again_later(server: MailServer) -> None:
    sender = carrier(server)
    sender.send(letter(key="k-1"))
    server.drop = "at_rcpt"
    assert kind_of(sender, letter(key="k-2")) == "retry"
    server.drop = ""
    sender.send(letter(key="k-2"))
    assert len(server.taken) == 2


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        ({"rcpt": "550 no such user"}, "permanent"),
        ({"rcpt": "450 try later"}, "retry"),
        ({"rcpt": "421 too busy"}, "retry"),
        ({"data": "554 spam"}, "permanent"),
        ({"data": "451 try later"}, "retry"),
        ({"drop": "at_rcpt"}, "retry"),
        ({"drop": "after_data"}, "unknown"),  # the text was read: it may have been delivered
        ({"delay": 1.0}, "unknown"),  # slower than we wait
    ],
)
def test_what_each_answer_becomes(server: MailServer, behaviour: dict[str, Any], kind: str) -> None:
    for name, value in behaviour.items():
        setattr(server, name, value)
    assert kind_of(carrier(server, timeout=0.4), letter()) == kind


def test_no_server_at_all_is_tried_again() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, not listening: nobody answers there
        assert kind_of(carrier(port=held.getsockname()[1]), letter()) == "retry"


def test_reasons_carry_no_address(server: MailServer) -> None:
    server.rcpt = "550 maria@correo.example unknown"
    with pytest.raises(NotSent) as caught:
        carrier(server).send(letter())
    assert "maria" not in caught.value.reason


def test_an_address_with_a_line_break_is_refused_and_not_sent(server: MailServer) -> None:
    assert kind_of(carrier(server), letter(to="a@x.example\r\nBcc: b@y.example")) == "permanent"
    assert server.taken == []


@pytest.mark.parametrize(
    ("behaviour", "status", "point_status"),
    [
        ({}, "sent", "valid"),
        ({"rcpt": "550 no"}, "failed", "invalid"),
        ({"rcpt": "450 later"}, "queued", "valid"),
        ({"drop": "after_data"}, "unknown", "valid"),
    ],
)
def test_what_becomes_of_the_message(cast: Any, server: MailServer, settings: Any, behaviour: dict[str, Any], status: str, point_status: str) -> None:
    settings.PROVIDERS = {**settings.PROVIDERS, "email": "smtp"}
    ready(cast)
    for name, value in behaviour.items():
        setattr(server, name, value)
    released(cast, "maria", channel="email")
    carriers = AlwaysThe(carrier(server))
    messaging.dispatch(cast.tenant, at=cast.now, carriers=carriers)
    assert Message.objects.get().status == status
    assert point(cast, "maria", "email").status == point_status
    messaging.dispatch(cast.tenant, at=cast.now, carriers=carriers)
    assert len(server.taken) <= 1
