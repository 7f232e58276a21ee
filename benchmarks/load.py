"""People at their pages, from a process of their own: what benchmarks/pages.py sends at a server.

    python -m benchmarks.load < plan.json > times.json

Each person keeps one connection, asks for one page, thinks, asks for the next. A plan says:

    port      of the server on this machine
    seconds   how long; people begin spread over the first second of thinking
    think     [from, to] seconds between an answer and the next question
    people    {header: value} of each person
    pages     name, method and paths of each page; the next page and path are drawn by lot (seed)

Answers {"times": {page: [milliseconds]}, "failed": [text]}. Standard library only: starting it costs nothing.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from typing import Any

PATIENCE_SECONDS = 60


async def run(plan: dict[str, Any]) -> dict[str, Any]:
    """All the people of a plan until its time is over."""
    found: dict[str, Any] = {"times": {page["name"]: [] for page in plan["pages"]}, "failed": []}
    stop = time.monotonic() + plan["seconds"]
    await asyncio.gather(*(_person(plan, headers, random.Random(f"{plan.get('seed', 1)}.{at}"), stop, found) for at, headers in enumerate(plan["people"])))
    return found


async def _person(plan: dict[str, Any], headers: dict[str, str], pick: random.Random, stop: float, found: dict[str, Any]) -> None:
    least, most = plan["think"]
    line: Line | None = None
    await asyncio.sleep(pick.uniform(0, most))
    while time.monotonic() < stop:
        page = pick.choice(plan["pages"])
        path = pick.choice(page["paths"])
        try:
            line = line or await Line.opened(plan["port"])
            begun = time.perf_counter()
            status = await asyncio.wait_for(line.ask(page["method"], path, headers), PATIENCE_SECONDS)
            found["times"][page["name"]].append((time.perf_counter() - begun) * 1000)
            if status not in (200, 302):
                found["failed"].append(f"{page['name']}: {status}")
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            found["failed"].append(f"{page['name']}: {type(error).__name__}")
            line = None
        await asyncio.sleep(pick.uniform(least, most))


class Line:
    """One connection that is kept: HTTP/1.1 with a length or in chunks, as much of it as our server speaks."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def opened(cls, port: int) -> Line:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, method: str, path: str, headers: dict[str, str]) -> int:
        """Send a request without a body and read the whole answer. Returns its status."""
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Length: 0", *(f"{name}: {value}" for name, value in headers.items())]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        if "transfer-encoding: chunked" in head:
            while size := int(await self._reader.readline(), 16):
                await self._reader.readexactly(size + 2)
            await self._reader.readexactly(2)
        else:
            await self._reader.readexactly(int(head.partition("content-length:")[2].partition("\r\n")[0] or 0))
        return int(head.split(" ", 2)[1])


if __name__ == "__main__":
    json.dump(asyncio.run(run(json.load(sys.stdin))), sys.stdout)
