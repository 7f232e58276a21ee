"""Accepts every message under its own key. What was "sent" is read in the product's test mailbox."""

from __future__ import annotations

from typing import Any

from recaudo.messaging.adapters import NotSent, Outgoing


class Carrier:
    """Repeating a key has no second effect, so a message may be tried again after a crash."""

    idempotent = True

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options

    def send(self, outgoing: Outgoing) -> str:
        if not outgoing.to:
            raise NotSent("permanent", "sin destinatario")
        return f"sandbox-{outgoing.key}"
