"""POST {to, from, text, reference} with `Idempotency-Key`; a 2xx with `{"id": "..."}` is taken.

    202 {"id": "g-1"}    taken                          4xx                refused for good (400, 404, 410, 422)
    429, 503             takes nothing now (Retry-After)   401, 403, 3xx     our access is wrong: nothing goes until it is mended
    other 5xx, a timeout, a broken answer, a 2xx without an id: it may have left. The same key has no second effect.
"""

from __future__ import annotations

import time
from typing import Any

from recaudo.messaging.adapters import NotSent, Outgoing
from recaudo.messaging.adapters._wire import DEADLINE_SECONDS, Wire, pause_of

ACCESS = frozenset({301, 302, 303, 307, 308, 401, 402, 403, 405, 407})
BUSY = frozenset({429, 503})


class Carrier:
    """options: url, token, sender; deadline_seconds and context (TLS) for tests"""

    idempotent = True

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self._wire = Wire(options["url"], deadline_seconds=options.get("deadline_seconds", DEADLINE_SECONDS), context=options.get("context"))

    def send(self, outgoing: Outgoing) -> str:
        if not outgoing.to.startswith("+"):
            raise NotSent("permanent", "número no válido")
        content = {"to": outgoing.to, "from": self.options.get("sender", ""), "text": outgoing.body, "reference": outgoing.key}
        headers = {"Authorization": f"Bearer {self.options.get('token', '')}", "Idempotency-Key": outgoing.key}
        status, answer, said = self._wire.post("", content, headers)
        found = answer.get("id") if isinstance(answer, dict) else None
        if 200 <= status < 300 and isinstance(found, str | int) and str(found):
            return str(found)
        raise self._problem(status, said)

    @staticmethod
    def _problem(status: int, said: Any) -> NotSent:
        if status in BUSY:
            return NotSent("retry", f"HTTP {status}", pause_of(said, now=time.time()), everybody=True)
        if status in ACCESS:
            return NotSent("retry", f"HTTP {status}", everybody=True)
        if status == 408 or status >= 500 or status < 300:
            return NotSent("unknown", f"HTTP {status}")
        return NotSent("permanent", f"HTTP {status}")
