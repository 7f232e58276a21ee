"""A real SMTP server on loopback that misbehaves on demand: the transport is tested against the wire, not against a double."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class MailServer:
    """How the server answers the next messages.

    rcpt, data   full answers ("550 no"), None = takes it
    drop         after_data: reads the text and hangs up without a word; before_data: hangs up at DATA; at_rcpt: hangs up at RCPT
    delay        seconds before it answers DATA
    taken        what it took: (address, text)
    """

    def __init__(self) -> None:
        self.rcpt: str | None = None
        self.data: str | None = None
        self.drop = ""
        self.delay = 0.0
        self.taken: list[tuple[str, str]] = []
        self.port = 0

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if self.drop == "at_rcpt":
            self._hang_up(server)
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content or b""
        text = content.decode() if isinstance(content, bytes) else content
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.drop == "after_data":
            self.taken.append((envelope.rcpt_tos[0], text))
            self._hang_up(server)
            return "250 never heard"
        if self.data:
            return self.data
        self.taken.append((envelope.rcpt_tos[0], text))
        return "250 OK"

    @staticmethod
    def _hang_up(server: SMTP) -> None:
        if server.transport is not None:
            server.transport.abort()


class _OnAnyPort(Controller):
    """The port is the system's choice; the controller greets itself there to see that it runs."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """A server on a free port of loopback for the length of a block."""
    behaviour = MailServer()
    controller = _OnAnyPort(behaviour, hostname="127.0.0.1", port=0)
    controller.start()
    behaviour.port = controller.port
    try:
        yield behaviour
    finally:
        controller.stop()
