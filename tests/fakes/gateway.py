"""A real HTTP gateway on loopback that misbehaves on demand; what it took is what had an effect, once per key."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Gateway:
    """behaviour   ok, late (takes it, never answers), 500, 503, 429, 401, 400, reset (takes it, half an answer, hangs up), drip, garbage, redirect,
                big
    calls, taken   (key, content) of every call that was read whole; contents by key, the first only
    """

    def __init__(self) -> None:
        self.behaviour, self.headers, self.calls, self.taken = "ok", dict[str, str](), list[tuple[str, Any]](), dict[str, Any]()
        self.hold, self.port, self.lock, self.times = threading.Event(), 0, threading.Lock(), list[float]()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1/messages"


@contextmanager
def gateway() -> Iterator[Gateway]:
    """A gateway on a free port for the length of a block."""
    state = Gateway()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while _one(self, state):
                pass

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address, daemon_threads = True, True

    with Server(("127.0.0.1", 0), Handler) as server:
        state.port = server.server_address[1]
        running = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        running.start()
        try:
            yield state
        finally:
            state.hold.set()
            server.shutdown()
            running.join()


def _one(peer: socketserver.StreamRequestHandler, state: Gateway) -> bool:
    """Read one call and answer as told. Returns whether the connection goes on."""
    if not peer.rfile.readline().endswith(b"HTTP/1.1\r\n"):
        return False
    headers = {}
    while line := peer.rfile.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    content = json.loads(peer.rfile.read(int(headers.get("content-length", 0))) or b"null")
    key = headers.get("idempotency-key") or (content or {}).get("biz_opaque_callback_data", "")
    with state.lock:
        state.calls.append((key, content))
        state.times.append(time.monotonic())
        if state.behaviour in {"ok", "late", "reset", "drip", "garbage"}:
            state.taken.setdefault(key, content)
    return _answer(peer, state, key)


def _answer(peer: socketserver.StreamRequestHandler, state: Gateway, key: str) -> bool:
    how = state.behaviour
    good = json.dumps({"id": f"g-{key}", "messages": [{"id": f"g-{key}"}]})
    if how == "late":
        state.hold.wait(30)
        return False
    if how == "reset":
        peer.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(good)}\r\n\r\n{good[:5]}".encode())
        peer.wfile.flush()
        peer.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        return False
    if how == "drip":
        for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 2000:
            if state.hold.wait(0.05):
                break
            try:
                peer.connection.sendall(bytes([letter]))
            except OSError:
                break
        return False
    status, body = {"ok": ("200 OK", good), "garbage": ("200 OK", "<html>bienvenido</html>"), "big": ("200 OK", "x" * 200_000)}.get(
        how, (f"{how} Said so", json.dumps({"error": {"message": "no", **({"code": int(state.headers["code"])} if "code" in state.headers else {})}}))
    )
    extra = "".join(f"{name}: {value}\r\n" for name, value in state.headers.items() if name != "code")
    peer.wfile.write(f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{extra}Content-Length: {len(body)}\r\n\r\n{body}".encode())
    return True
