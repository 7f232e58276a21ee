"""What pages cost, as ratios to a bare view with one indexed query under the same server and load.

    python -m benchmarks.pages --accounts 100000

A scratch database is filled by the demo through the import path and its day is run; granian serves it. Each address is asked by one person
alone, then by fifty at once (mixed over all addresses). Prints p50 and p95, the ratio to the bare view, the queries of each page, rows, cores,
memory of the server. Aims: get-next 5, API reads 3, lists 8, account page 15; at most 12 queries; p95 of fifty within 3 times the idle one.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.common import cores, load_average, megabytes, scratch

PEOPLE = 50
QUERIES = 12
BARE = "bare view"


@dataclass
class Page:
    """An address, how often it may cost the bare view, and its times in milliseconds."""

    name: str
    aim: float
    path: Callable[[random.Random], str]
    method: str = "GET"
    alone: list[float] = field(default_factory=list)
    together: list[float] = field(default_factory=list)
    queries: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks pages", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--requests", type=int, default=100, help="of each page, alone")
    parser.add_argument("--seconds", type=float, default=20.0, help="of fifty people at once")
    args = parser.parse_args()
    with scratch() as folder:
        measure(args.accounts, args.requests, args.seconds, folder)


def measure(accounts: int, requests: int, seconds: float, folder: Path) -> None:
    tenant = make_world(accounts, folder)
    people = sign_everybody_in(tenant)
    pages, ids = pages_of(tenant)
    count_queries(pages, people[0])
    print(f"pages: {accounts:,} accounts, {cores()} cores, load {load_average():.1f}, {len(ids):,} accounts asked for at random")
    with serving() as (port, pid):
        for page in pages:
            for _ in range(5):
                ask(port, page, people[0], random.Random(1))
            page.alone = [ask(port, page, people[0], random.Random(number)) for number in range(requests)]
        together(port, pages, people, seconds)
        memory = resident(pid)
    report(pages, f"server {megabytes(memory)}, load {load_average():.1f}")


def make_world(accounts: int, folder: Path) -> Any:
    from django.utils import timezone

    from recaudo.demo import world
    from recaudo.flow.day import run_day
    from recaudo.journal.services import SYSTEM
    from recaudo.project import database
    from recaudo.store import tenancy
    from recaudo.store.bulk import analyze

    at = timezone.now()
    database.make_months(on=at.date())
    made = world.build(accounts=accounts, seed=7, today=at.date(), at=at, folder=folder / "demo", past_days=0)
    run_day(made.tenant, on=made.on, by=SYSTEM, at=at, clock=timezone.now)
    with tenancy.acting(made.tenant.id):
        analyze("portfolio_account", "portfolio_person", "portfolio_contactpoint", "portfolio_instalment", "casework_case", "casework_action")
    return made.tenant


@dataclass
class Somebody:
    """A signed-in person: the headers that carry the session."""

    headers: dict[str, str]
    client: Any


def sign_everybody_in(tenant: Any) -> list[Somebody]:
    """Fifty people, each agent and supervisor and program at once, so that everybody may ask for everything."""
    from django.test import Client
    from django.utils import timezone

    from recaudo.kernel.permissions import ROLES
    from recaudo.store import tenancy
    from recaudo.workforce.models import User

    found = []
    roles = sorted(code for code, role in ROLES.items() if not role.is_agency)
    for number in range(PEOPLE):
        with tenancy.acting(tenant.id):
            user = User(tenant_id=tenant.id, email=f"p{number}@medida.example", name=f"Persona {number}", roles=roles, created_at=timezone.now())
            user.set_unusable_password()
            user.save()
        client = Client(HTTP_HOST="127.0.0.1")
        with tenancy.identifying():
            client.force_login(user, backend="recaudo.workforce.backends.StaffBackend")
        token = "a" * 32
        cookie = f"sessionid={client.cookies['sessionid'].value}; csrftoken={token}"
        found.append(Somebody({"Cookie": cookie, "X-CSRFToken": token}, client))
    return found


def pages_of(tenant: Any) -> tuple[list[Page], list[str]]:
    from recaudo.portfolio.models import Account
    from recaudo.store import tenancy

    with tenancy.acting(tenant.id):
        ids = [str(key) for key in Account.objects.filter(dpd__gt=0).order_by("id").values_list("id", flat=True)[:5000]]
    account = lambda form: lambda pick: form.format(pick.choice(ids))  # noqa: E731
    plain = lambda path: lambda pick: path  # noqa: E731
    return [
        Page(BARE, 1, account("/desnuda/{}/")),
        Page("get-next", 5, plain("/cola/siguiente/"), "POST"),
        Page("API account", 3, account("/api/accounts/{}")),
        Page("API accounts", 3, plain("/api/accounts?limit=50")),
        Page("list of accounts", 8, plain("/cuentas/")),
        Page("list of payments", 8, plain("/pagos/")),
        Page("journal", 8, plain("/bitacora/")),
        Page("shift", 8, plain("/turno/")),
        Page("today", 15, plain("/")),
        Page("account page", 15, account("/cuentas/{}/")),
    ], ids


def count_queries(pages: list[Page], somebody: Somebody) -> None:
    """How many times a page asks the database, counted in this process."""
    from django.conf import settings
    from django.db import connection
    from django.test.utils import CaptureQueriesContext, override_settings

    with override_settings(ROOT_URLCONF="benchmarks.bare", ALLOWED_HOSTS=["*"]):
        for page in pages:
            ask_here = somebody.client.post if page.method == "POST" else somebody.client.get
            path = page.path(random.Random(7))
            ask_here(path)
            with CaptureQueriesContext(connection) as asked:
                ask_here(path)
            # Opening and settling the transaction and saying who asks are the frame of every page, not its questions.
            frame = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "SELECT set_config", "SELECT current_setting")
            page.queries = sum(not one["sql"].startswith(frame) for one in asked.captured_queries)
    assert settings.ROOT_URLCONF != "benchmarks.bare"


@contextlib.contextmanager
def serving() -> Iterator[tuple[int, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = Path(__file__).resolve().parent.parent
    line = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "2",
        "--blocking-threads", "4", "--no-ws", "--log-level", "warning", "benchmarks.served:application",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "src"), str(root)])}
    server = subprocess.Popen(line, env=environment, cwd=root)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(OSError), contextlib.closing(socket.create_connection(("127.0.0.1", port), 1)):
                break
            time.sleep(0.1)
        yield port, server.pid
    finally:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(15)
        server.kill()


_here = threading.local()


def ask(port: int, page: Page, somebody: Somebody, pick: random.Random) -> float:
    """Milliseconds until the whole answer is here. Raises RuntimeError for an answer that is not the page."""
    connection = getattr(_here, "connection", None)
    if connection is None:
        connection = _here.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    path = page.path(pick)
    begun = time.perf_counter()
    connection.request(page.method, path, headers=somebody.headers)
    answer = connection.getresponse()
    answer.read()
    took = (time.perf_counter() - begun) * 1000
    if answer.status not in ({200, 302} if page.method == "POST" else {200}):
        raise RuntimeError(f"{page.name}: {answer.status}")
    return took


def together(port: int, pages: list[Page], people: list[Somebody], seconds: float) -> None:
    """Fifty people who each ask for one page after the other, thinking a moment in between as people do."""
    stop = time.monotonic() + seconds
    failed: list[str] = []

    def work(number: int) -> None:
        pick = random.Random(number)
        while time.monotonic() < stop:
            page = pick.choice(pages)
            try:
                page.together.append(ask(port, page, people[number], pick))
            except (OSError, RuntimeError, http.client.HTTPException) as error:
                failed.append(str(error))
                _here.connection = None
            time.sleep(pick.uniform(1.0, 4.0))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(people))]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    print(f"  {len(people)} people for {seconds:.0f} s, 1 to 4 s between pages: {sum(len(page.together) for page in pages)} pages, {len(failed)} failed")


def resident(pid: int) -> int:
    """Bytes that the server and its workers hold."""
    import psutil

    server = psutil.Process(pid)
    return sum(process.memory_info().rss for process in [server, *server.children(recursive=True)])


def report(pages: list[Page], machine: str) -> None:
    bare = next(page for page in pages if page.name == BARE)
    base = statistics.median(bare.alone)
    print(f"  {'page':<18}{'queries':>8}{'p50 ms':>9}{'p95 ms':>9}{'ratio':>8}{'aim':>6}{'50: p50':>10}{'50: p95':>9}{'x idle':>8}")
    for page in pages:
        p95, many = at(page.alone, 0.95), at(page.together, 0.95)
        ratio = statistics.median(page.alone) / base
        late = " !" if ratio > page.aim or page.queries > QUERIES else ""
        print(
            f"  {page.name:<18}{page.queries:>8}{statistics.median(page.alone):>9.1f}{p95:>9.1f}{ratio:>8.2f}{page.aim:>6.0f}"
            f"{statistics.median(page.together or [0]):>10.1f}{many:>9.1f}{many / p95:>8.1f}{late}"
        )
    print(f"  {machine}")


def at(times: list[float], part: float) -> float:
    """The time that this part of the requests stayed under."""
    return sorted(times)[min(int(len(times) * part), len(times) - 1)] if times else 0.0


if __name__ == "__main__":
    main()
