"""Who carries messages: adapters/<channel>/<provider>/transport.py, every folder alike.

To create a provider, copy the folder of a similar one. A transport is one class with `idempotent` and `send(outgoing) -> str`:
it returns the provider's id of the message, or raises NotSent. It knows no models and reads no settings at import. It is called from
several threads at once. A provider that calls us has a hooks.py beside it: `verify(headers, body, options, at)` and `read(body)`.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message ready to go. `key` is the same when the same message is tried again.

    template, values   the approved template and its filled fields, for channels whose carrier writes the text itself
    in_session         the person wrote within the last day: free text is admitted there
    """

    key: str
    to: str
    body: str
    subject: str = ""
    unsubscribe_url: str = ""
    template: str = ""
    language: str = "es"
    values: tuple[tuple[str, str], ...] = ()
    in_session: bool = False


class NotSent(Exception):
    """The provider did not take the message.

    kind    retry      certainly not sent, trying later may help (`after_seconds` when the provider said so)
            refused    certainly not sent and not to be tried again, for a reason that is not the address
            permanent  certainly not sent, never will be (the address does not exist)
            unknown    it may have been sent: never try again, but where the provider knows the key of a message
    everybody  with retry: the provider takes nothing from anybody now, so the message is not to blame
    """

    def __init__(self, kind: str, reason: str, after_seconds: int | None = None, *, everybody: bool = False) -> None:
        self.kind, self.reason, self.after_seconds, self.everybody = kind, reason, after_seconds, everybody
        super().__init__(reason)


class Transport(Protocol):
    """What the outbox needs from a provider."""

    idempotent: bool

    def send(self, outgoing: Outgoing) -> str: ...


@dataclass(frozen=True, slots=True)
class News:
    """What a provider tells: of a message that we sent (`kind` delivered, read, failed, soft_failed, blocked), or that somebody wrote.

    event_id    the same when the same news comes again
    message_id  the provider's id of our message; of an inbound one, that which it answers, or ""
    sender, text  of an inbound message (`kind` inbound)
    line        the provider's name for the number of ours that this is about, and said_at when it happened; where the provider says so
    """

    kind: str
    event_id: str
    message_id: str = ""
    code: str = ""
    sender: str = ""
    text: str = ""
    line: str = field(default="", compare=False)
    said_at: datetime | None = field(default=None, compare=False)


class BadSignature(Exception):
    """A call that the provider did not sign, or signed too long ago."""


class Malformed(Exception):
    """A call that is not in the provider's form."""


def transport(channel: str, provider: str, options: dict[str, Any]) -> Transport:
    """The transport of a provider for a channel, with the options of this deployment."""
    module = importlib.import_module(f"recaudo.messaging.adapters.{channel}.{provider}.transport")
    found: Transport = module.Carrier(options)
    return found
