"""One JSON call over HTTP with a deadline for the whole of it, and what each way to fail means for a message.

Plain standard library: what matters here is to know whether the body had left when something went wrong.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from recaudo.messaging.adapters import NotSent

LARGEST_ANSWER = 64 * 1024
DEADLINE_SECONDS = 10.0
LONGEST_PAUSE = 24 * 3600


class Wire:
    """Connections to one address, one per thread, kept between calls.

    url              https; http only to this very machine
    deadline_seconds for connecting, asking and the whole answer together: a peer that drips a byte at a time cannot hold us
    """

    def __init__(self, url: str, *, deadline_seconds: float = DEADLINE_SECONDS, context: ssl.SSLContext | None = None) -> None:
        found = urlsplit(url)
        here = found.hostname in {"127.0.0.1", "::1", "localhost"}
        if not found.hostname or not (found.scheme == "https" or (found.scheme == "http" and here)):
            raise ValueError("the address of a provider must be https://…")
        self.host, self.port, self.is_tls = found.hostname, found.port, found.scheme == "https"
        self.path = found.path.rstrip("/")
        self.deadline = deadline_seconds
        self._context = context or (ssl.create_default_context() if self.is_tls else None)
        self._mine = threading.local()

    def post(self, path: str, content: Mapping[str, Any], headers: Mapping[str, str]) -> tuple[int, Any, Mapping[str, str]]:
        """Status, decoded JSON (None when it is none) and headers. Raises NotSent: retry before the body left, unknown after."""
        body = json.dumps(content, ensure_ascii=False).encode()
        line = self._connected()
        watch = threading.Timer(self.deadline, _cut, [line])
        watch.daemon = True
        watch.start()
        try:
            line.request("POST", self.path + path, body, {"Content-Type": "application/json; charset=utf-8", **headers})
            answer = line.getresponse()
            text = answer.read(LARGEST_ANSWER + 1)
        except (OSError, http.client.HTTPException, ValueError) as fault:
            self._drop()
            raise NotSent("unknown", type(fault).__name__) from None
        finally:
            watch.cancel()
        if len(text) > LARGEST_ANSWER or answer.will_close or not answer.isclosed():
            self._drop()
        return answer.status, _decoded(text), {name.lower(): value for name, value in answer.getheaders()}

    def _connected(self) -> http.client.HTTPConnection:
        """The thread's connection, opened when there is none; an idle one that the other side closed is opened anew before it is used."""
        line: http.client.HTTPConnection | None = getattr(self._mine, "line", None)
        if line is not None and line.sock is not None and not _is_stale(line.sock):
            return line
        self._drop()
        if self.is_tls:
            line = http.client.HTTPSConnection(self.host, self.port, timeout=self.deadline, context=self._context)
        else:
            line = http.client.HTTPConnection(self.host, self.port, timeout=self.deadline)
        try:
            line.connect()
        except OSError as fault:  # refused, no such name, a bad certificate: nothing left, and nothing would
            line.close()
            raise NotSent("retry", type(fault).__name__, everybody=True) from None
        self._mine.line = line
        return line

    def _drop(self) -> None:
        line: http.client.HTTPConnection | None = getattr(self._mine, "line", None)
        if line is not None:
            with suppress(OSError):
                line.close()
            self._mine.line = None


def pause_of(headers: Mapping[str, str], *, now: float) -> int | None:
    """The seconds of Retry-After, which is a number or a date; None when it says nothing usable. `now` is a POSIX time."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit() and len(said) < 9:
        return min(int(said), LONGEST_PAUSE)
    with suppress(ValueError, TypeError):
        return max(0, min(int(parsedate_to_datetime(said).timestamp() - now), LONGEST_PAUSE))
    return None


def _cut(line: http.client.HTTPConnection) -> None:
    """Whoever waits for this connection wakes up."""
    with suppress(OSError, AttributeError):
        line.sock.shutdown(socket.SHUT_RDWR)


def _is_stale(sock: socket.socket) -> bool:
    """Something to read on an idle connection is its end."""
    before = sock.gettimeout()
    try:
        sock.setblocking(False)
        if isinstance(sock, ssl.SSLSocket):
            return not _would_wait(sock)
        return sock.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        with suppress(OSError):
            sock.settimeout(before)


def _would_wait(sock: ssl.SSLSocket) -> bool:
    try:
        sock.recv(1)
    except ssl.SSLWantReadError:
        return True
    return False


def _decoded(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
