"""SMTP, one message at a time over a connection that is kept for the chunk.

SMTP has no idempotency: once the text was handed over and the answer got lost, nobody knows whether it left. Everything before that
moment is certainly not sent.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Any

from recaudo.messaging.adapters import NotSent, Outgoing

# One mailbox and nothing that could end a command or a header.
_ADDRESS = re.compile(r"[^\s<>,;:\x00-\x1f\x7f@]{1,64}@[^\s<>,;:\x00-\x1f\x7f@]{1,255}")


class Carrier:
    """options: host, port, user, password, tls (bool), sender, timeout_seconds"""

    idempotent = False

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self._server: smtplib.SMTP | None = None

    def send(self, outgoing: Outgoing) -> str:
        if not _ADDRESS.fullmatch(outgoing.to):
            raise NotSent("permanent", "dirección no válida")
        server = self._connect()
        domain = self.options["sender"].rpartition("@")[2].rstrip(">")
        message_id = f"<{outgoing.key}@{domain}>"
        try:
            code, _ = server.mail(self.options["sender"])
            if code == 250:
                code, _ = server.rcpt(outgoing.to)
            if code not in (250, 251):
                server.rset()
                raise NotSent("permanent" if code >= 500 else "retry", f"SMTP {code}")
        except (smtplib.SMTPServerDisconnected, OSError) as problem:
            self._drop()
            raise NotSent("retry", type(problem).__name__) from None
        try:
            code, _ = server.data(self._text(outgoing, message_id))
        except smtplib.SMTPDataError as problem:
            raise NotSent("permanent" if problem.smtp_code >= 500 else "retry", f"SMTP {problem.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as problem:
            self._drop()
            raise NotSent("unknown", type(problem).__name__) from None
        if code != 250:
            raise NotSent("permanent" if code >= 500 else "retry", f"SMTP {code}")
        return message_id

    def _connect(self) -> smtplib.SMTP:
        if self._server is not None:
            return self._server
        try:
            server = smtplib.SMTP(self.options["host"], self.options["port"], timeout=self.options.get("timeout_seconds", 20))
            server.ehlo()
            if self.options.get("tls"):
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            if self.options.get("user"):
                server.login(self.options["user"], self.options["password"])
        except (smtplib.SMTPException, OSError) as problem:
            raise NotSent("retry", type(problem).__name__) from None
        self._server = server
        return server

    def _drop(self) -> None:
        if self._server is not None:
            with suppress(Exception):
                self._server.close()
            self._server = None

    def _text(self, outgoing: Outgoing, message_id: str) -> bytes:
        # Lines end in CRLF and every byte is 7-bit: a server may refuse or break anything else, and smtplib leaves bytes alone.
        message = EmailMessage(policy=SMTP)
        message["Message-ID"] = message_id
        message["From"] = self.options["sender"]
        message["To"] = outgoing.to
        message["Subject"] = outgoing.subject
        message["Date"] = formatdate(localtime=False)
        message["Auto-Submitted"] = "auto-generated"
        if outgoing.unsubscribe_url:
            message["List-Unsubscribe"] = f"<{outgoing.unsubscribe_url}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(outgoing.body, cte="quoted-printable")
        return message.as_bytes()
