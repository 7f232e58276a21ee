"""Providers that tests look into: every message handed over is a line of a file, so that a killed process leaves its trace.

    WrittenDown(path, idempotent=True)    one effect per key, like a provider with native idempotency
    WrittenDown(path, idempotent=False)   one effect per call
"""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

from recaudo.messaging.adapters import NotSent, Outgoing
from recaudo.messaging.services.outbox import Carriers


class WrittenDown:
    """Appends the key of each message in one write, before it answers: what is in the file has left."""

    def __init__(self, path: Path, *, idempotent: bool, seconds: float = 0.0) -> None:
        self.path, self.idempotent, self.seconds = path, idempotent, seconds

    def send(self, outgoing: Outgoing) -> str:
        if not outgoing.to:
            raise NotSent("permanent", "no address")
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, f"{outgoing.key}\n".encode())
        finally:
            os.close(handle)
        time.sleep(self.seconds)  # the time in which a kill finds a message on its way
        return f"written-{outgoing.key}"


class AlwaysThe(Carriers):
    """Hands out one carrier for every channel (stands where outbox.Carriers stands)."""

    def __init__(self, carrier: Any, *, at_once: int = 1) -> None:
        super().__init__()
        self.carrier, self._at_once = carrier, at_once

    def at_once(self, channel: str) -> int:
        return self._at_once

    def of(self, channel: str, provider: str) -> Any:
        return self.carrier


def handed_over(path: Path) -> Counter[str]:
    """How often each key reached the provider."""
    return Counter(path.read_text().split()) if path.exists() else Counter()
