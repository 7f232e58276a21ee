"""Cloud API: POST /<phone id>/messages. A template outside the customer service window, free text inside it.

Our template's code is the name of the template at Meta, our merge fields are its named parameters: they are approved there once more.
The API knows no key of ours, so what may have left is never sent again; the key comes back in the statuses as biz_opaque_callback_data.

    190, 10, 200-299            our access is wrong           131026, 131030, 131021     not on WhatsApp, or not to be reached: for good
    4, 80007, 130429, 131048    too fast, or limited          131049, 130472, 131050     not delivered by Meta's own choice: this message ends
    131056                      too many to this one person   132xxx                     the template is wrong or paused: for good
"""

from __future__ import annotations

import time
from typing import Any

from recaudo.messaging.adapters import NotSent, Outgoing
from recaudo.messaging.adapters._wire import DEADLINE_SECONDS, Wire, pause_of

TOO_FAST = frozenset({4, 80007, 130429, 131048, 131057, 133016})
THIS_PERSON = frozenset({131056})
ACCESS = frozenset({0, 3, 10, 190, 368, 131005, 131031, 131042, 131045})
# What this message cannot do says nothing about the number: a template that is paused, a window that closed, Meta's own choice.
NOT_THE_NUMBER = frozenset({131047, 131049, 131050, 131051, 130472, 131008, 131009, 100, 132000, 132001, 132005, 132007, 132012, 132015, 132016})


class Carrier:
    """options: url, phone_id, token; deadline_seconds and context (TLS) for tests"""

    idempotent = False

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self._wire = Wire(options["url"], deadline_seconds=options.get("deadline_seconds", DEADLINE_SECONDS), context=options.get("context"))

    def send(self, outgoing: Outgoing) -> str:
        if not outgoing.to.startswith("+"):
            raise NotSent("permanent", "número no válido")
        headers = {"Authorization": f"Bearer {self.options.get('token', '')}"}
        status, answer, said = self._wire.post(f"/{self.options['phone_id']}/messages", content_of(outgoing), headers)
        found = _id_of(answer)
        if 200 <= status < 300 and found:
            return found
        raise _problem(status, answer, said)


def content_of(outgoing: Outgoing) -> dict[str, Any]:
    """The call's content: text inside the window, otherwise the template with its named parameters."""
    content: dict[str, Any] = {
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": outgoing.to.removeprefix("+"),
        "biz_opaque_callback_data": outgoing.key,
    }  # fmt: skip
    if outgoing.in_session or not outgoing.template:
        return {**content, "type": "text", "text": {"preview_url": False, "body": outgoing.body[:4096]}}
    template: dict[str, Any] = {"name": outgoing.template, "language": {"code": outgoing.language}}
    if outgoing.values:
        # Meta refuses line breaks, tabs and runs of spaces in a parameter.
        named = [{"type": "text", "parameter_name": name, "text": " ".join(text.split()) or "-"} for name, text in outgoing.values]
        template["components"] = [{"type": "body", "parameters": named}]
    return {**content, "type": "template", "template": template}


def _id_of(answer: Any) -> str:
    try:
        return str(answer["messages"][0]["id"])
    except (KeyError, IndexError, TypeError):
        return ""


def _problem(status: int, answer: Any, said: Any) -> NotSent:
    try:
        code = int(answer["error"]["code"])
    except (KeyError, TypeError, ValueError):
        code = -1
    reason = f"HTTP {status}" + (f", código {code}" if code >= 0 else "")
    if status in {429, 503} or code in TOO_FAST:
        return NotSent("retry", reason, pause_of(said, now=time.time()), everybody=True)
    if code in THIS_PERSON:
        return NotSent("retry", reason)
    if status in {401, 403} or code in ACCESS or 200 <= code < 300:
        return NotSent("retry", reason, everybody=True)
    if code in NOT_THE_NUMBER:
        return NotSent("refused", reason)
    if 400 <= status < 500 and status != 408:
        return NotSent("permanent", reason)
    return NotSent("unknown", reason)
