"""Who carries messages: adapters/<channel>/<provider>/transport.py, every folder alike.

To create a provider, copy the folder of a similar one. A transport is one class with `idempotent` and `send(outgoing) -> str`:
it returns the provider's id of the message, or raises NotSent. It knows no models and reads no settings at import.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message ready to go. `key` is the same when the same message is tried again."""

    key: str
    to: str
    body: str
    subject: str = ""
    unsubscribe_url: str = ""


class NotSent(Exception):
    """The provider did not take the message.

    kind    retry      certainly not sent, trying later may help (`after_seconds` when the provider said so)
            permanent  certainly not sent, never will be (the address does not exist)
            unknown    it may have been sent: never try again by itself
    """

    def __init__(self, kind: str, reason: str, after_seconds: int | None = None) -> None:
        self.kind, self.reason, self.after_seconds = kind, reason, after_seconds
        super().__init__(reason)


class Transport(Protocol):
    """What the outbox needs from a provider."""

    idempotent: bool

    def send(self, outgoing: Outgoing) -> str: ...


def transport(channel: str, provider: str, options: dict[str, Any]) -> Transport:
    """The transport of a provider for a channel, with the options of this deployment."""
    module = importlib.import_module(f"recaudo.messaging.adapters.{channel}.{provider}.transport")
    found: Transport = module.Carrier(options)
    return found
