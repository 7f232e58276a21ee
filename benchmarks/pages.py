"""What pages cost, as ratios to a bare view with one indexed query under the same server and load.

    python -m benchmarks.pages --accounts 100000 --copies 10
    python -m benchmarks.pages --state FOLDER          an installation that stands, with its demo organisation

A scratch database is filled by the demo through the import path, its portfolio multiplied (benchmarks/day.py), its day run; the server is
the one of `recaudo up`. One person first: each page in turn with the bare view, so that both meet the same noise; wall time and the CPU of
the server and its connections. Then many people at once from another process (benchmarks/load.py), who think between two pages, in
growing numbers: the bare view alone, then all pages mixed. The knee is the last number at which the p95 of all their pages stays within three
times what one person sees of the same pages. Aims: get-next 5, API reads 3, lists 8, account page 15; at most 12 queries a page.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.common import cores, load_average, megabytes, scratch
from benchmarks.day import TABLES, multiply

PEOPLE = (10, 25, 50, 100)
QUERIES = 12
TIMES_IDLE = 3
BARE = "bare view"
ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Page:
    """An address, how often it may cost the bare view, and what it cost: milliseconds alone in pairs (bare, page), CPU, among many."""

    name: str
    aim: float
    paths: list[str]
    method: str = "GET"
    pairs: list[tuple[float, float]] = field(default_factory=list)
    cpu: float = 0.0
    queries: int = 0
    before: Callable[[], object] = lambda: None  # outside the time that is taken; many people at once go without

    @property
    def alone(self) -> list[float]:
        return [mine for _, mine in self.pairs]

    @property
    def ratio(self) -> float:
        return statistics.median(self.alone) / statistics.median([bare for bare, _ in self.pairs])


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks pages", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--copies", type=int, default=1, help="times the portfolio is there (1 = as loaded)")
    parser.add_argument("--state", help="state folder of an installation with the demo organisation, instead of a world of its own")
    parser.add_argument("--requests", type=int, default=60, help="of each page, alone")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each number of people")
    parser.add_argument("--think", type=float, nargs=2, default=(2.0, 8.0), metavar=("FROM", "TO"), help="seconds between two pages of a person")
    args = parser.parse_args()
    if args.state:
        os.environ["RECAUDO_STATE"] = args.state
        measure(standing(), args)
        return
    from recaudo.project import postgres

    admin = postgres.ensure().admin_dsn  # before the scratch: its folder would be another installation
    with scratch() as folder:
        measure(make_world(args.accounts, args.copies, folder, admin), args)


def measure(tenant: Any, args: argparse.Namespace) -> None:
    people = sign_everybody_in(tenant, max(PEOPLE))
    pages, accounts = pages_of(tenant)
    count_queries(pages, people[0])
    print(f"pages: {accounts:,} accounts, {cores()} cores, load {load_average():.1f}")
    with serving() as (port, pid):
        backends = Backends(pid)
        for page in pages:
            one_person(port, page, pages[0], people[0].headers, args.requests, backends)
        report(pages)
        many(port, pages, [one.headers for one in people], args)
        print(f"  server {megabytes(resident(pid))}, {backends.count()} connections, load {load_average():.1f}")


def let_go() -> None:
    """Every case is put back, so that whoever asks next is given one anew."""
    from recaudo.casework.models import Case
    from recaudo.store import tenancy
    from recaudo.workforce.models import Tenant

    for tenant in Tenant.objects.all():
        with tenancy.acting(tenant.id):
            Case.objects.filter(locked_by__isnull=False).update(locked_by=None, locked_until=None)


def standing() -> Any:
    from recaudo.project.boot import boot

    boot()
    from recaudo.demo import world

    tenant = world.existing()
    if tenant is None:
        raise SystemExit("no demo organisation there")
    return tenant


def make_world(accounts: int, copies: int, folder: Path, admin: Any) -> Any:
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
    if copies > 1:
        multiply(copies, admin)
    run_day(made.tenant, on=made.on, by=SYSTEM, at=at, clock=timezone.now)
    with tenancy.acting(made.tenant.id):
        analyze(*TABLES, "casework_case", "casework_action")
    return made.tenant


@dataclass
class Somebody:
    """A signed-in person: the headers that carry the session."""

    headers: dict[str, str]
    client: Any


def sign_everybody_in(tenant: Any, count: int) -> list[Somebody]:
    """People who are each agent and supervisor and program at once, so that everybody may ask for everything."""
    from django.test import Client
    from django.utils import timezone

    from recaudo.kernel.permissions import ROLES
    from recaudo.store import tenancy
    from recaudo.workforce.models import User

    found = []
    roles = sorted(code for code, role in ROLES.items() if not role.is_agency)
    for number in range(count):
        with tenancy.acting(tenant.id):
            user = User.objects.filter(email=f"p{number}@medida.example").first()
            if user is None:
                user = User(
                    tenant_id=tenant.id, email=f"p{number}@medida.example", name=f"Persona {number}", roles=roles, created_at=timezone.now()
                )
                user.set_unusable_password()
                user.save()
        client = Client(HTTP_HOST="127.0.0.1")
        with tenancy.identifying():
            client.force_login(user, backend="recaudo.workforce.backends.StaffBackend")
        token = "a" * 32
        cookie = f"sessionid={client.cookies['sessionid'].value}; csrftoken={token}"
        found.append(Somebody({"Cookie": cookie, "X-CSRFToken": token}, client))
    return found


def pages_of(tenant: Any) -> tuple[list[Page], int]:
    from recaudo.portfolio.models import Account
    from recaudo.store import tenancy

    with tenancy.acting(tenant.id):
        # From one end of the portfolio to the other, so that what is asked for does not lie in one corner.
        late = Account.objects.filter(dpd__gt=0).order_by("id").values_list("id", flat=True)
        spread = [*late[:2000], *late.reverse()[:2000]]
        found = [one for one in Account.objects.select_related("holder").filter(id__in=spread) if _is_readable(one)]
        ids = [str(one.id) for one in random.Random(7).sample(found, min(500, len(found)))]
        words = sorted({one.holder.search_name.split()[-1] for one in found[:200]})
        numbers = [one.number for one in found[:100]]
        accounts = Account.objects.count()
    each: Callable[[str], list[str]] = lambda form: [form.format(key) for key in ids]  # noqa: E731
    return [
        Page(BARE, 1, each("/desnuda/{}/")),
        Page("get-next, a new one", 5, ["/cola/siguiente/"], "POST", before=let_go),
        Page("get-next, in hand", 5, ["/cola/siguiente/"], "POST"),
        Page("API account", 3, each("/api/accounts/{}")),
        Page("API accounts", 3, ["/api/accounts?limit=50"]),
        Page("accounts", 8, ["/cuentas/"]),
        Page("accounts, filtered", 8, ["/cuentas/?tramo=B3", "/cuentas/?moneda=CLP", "/cuentas/?tramo=WO&moneda=MXN"]),
        Page("search by name", 8, [f"/cuentas/?q={quote(word)}" for word in words]),
        Page("search by number", 8, [f"/cuentas/?q={quote(number)}" for number in numbers]),
        Page("payments", 8, ["/pagos/"]),
        Page("journal", 8, ["/bitacora/"]),
        Page("shift", 8, ["/turno/"]),
        Page("queue", 8, ["/cola/"]),
        Page("agenda", 8, ["/agenda/"]),
        Page("waves", 8, ["/envios/"]),
        Page("mailbox", 8, ["/buzon/"]),
        Page("loads", 8, ["/cargas/"]),
        Page("users", 8, ["/usuarios/"]),
        Page("today", 15, ["/"]),
        Page("what is stuck", 15, ["/hoy/detenido/"]),
        Page("indicators", 15, ["/indicadores/"]),
        Page("account page", 15, each("/cuentas/{}/")),
    ], accounts


def _is_readable(account: Any) -> bool:
    """What is encrypted is bound to its row: in a copy of the database's rows it cannot be read, and its page cannot be shown."""
    from recaudo.store.fields import CannotDecrypt

    try:
        _ = account.holder.national_id
    except CannotDecrypt:
        return False
    return True


def count_queries(pages: list[Page], somebody: Somebody) -> None:
    """How many times a page asks the database, counted in this process."""
    from django.conf import settings
    from django.db import connection
    from django.test.utils import CaptureQueriesContext, override_settings

    with override_settings(ROOT_URLCONF="benchmarks.bare", ALLOWED_HOSTS=["*"]):
        for page in pages:
            ask_here = somebody.client.post if page.method == "POST" else somebody.client.get
            ask_here(page.paths[0])
            page.before()
            with CaptureQueriesContext(connection) as asked:
                ask_here(page.paths[0])
            # Opening and settling the transaction and saying who asks are the frame of every page, not its questions.
            frame = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "SELECT set_config", "SELECT current_setting")
            page.queries = sum(not one["sql"].startswith(frame) for one in asked.captured_queries)
    assert settings.ROOT_URLCONF != "benchmarks.bare"


@contextlib.contextmanager
def serving() -> Iterator[tuple[int, int]]:
    """The server that `recaudo up` starts, with the bare view beside the product's pages."""
    from recaudo.project.cli import up

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = up.web_command("127.0.0.1", port, up.cores(), application="benchmarks.served:application")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    server = subprocess.Popen(line, env=environment, cwd=ROOT)
    try:
        until = time.monotonic() + 120
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


def one_person(port: int, page: Page, bare: Page, headers: dict[str, str], requests: int, backends: Backends) -> None:
    """One person: the bare view and the page in turn, then the page alone for its CPU."""
    line, pick = http.client.HTTPConnection("127.0.0.1", port, timeout=120), random.Random(3)
    for _ in range(8):
        ask(line, page, headers, pick)
    page.pairs = [(ask(line, bare, headers, pick), ask(line, page, headers, pick)) for _ in range(requests)]
    before = backends.cpu()
    for _ in range(requests):
        ask(line, page, headers, pick)
    page.cpu = (backends.cpu() - before) * 1000 / requests


def ask(line: http.client.HTTPConnection, page: Page, headers: dict[str, str], pick: random.Random) -> float:
    """Milliseconds until the whole answer is here. Raises RuntimeError for an answer that is not the page."""
    path = pick.choice(page.paths)
    page.before()
    begun = time.perf_counter()
    line.request(page.method, path, headers=headers)
    answer = line.getresponse()
    answer.read()
    took = (time.perf_counter() - begun) * 1000
    if answer.status not in ({200, 302} if page.method == "POST" else {200}):
        raise RuntimeError(f"{page.name}: {answer.status}")
    return took


def many(port: int, pages: list[Page], people: list[dict[str, str]], args: argparse.Namespace) -> None:
    """Growing numbers of people: the bare view alone, then all pages; where the knee is."""
    least, most = args.think
    print(f"\n  many people, {least:.0f} to {most:.0f} s between two pages of each, {args.seconds:.0f} s per number")
    print(f"  {'people':>8}{'asked':>22}{'a second':>10}{'failed':>8}{'p50 ms':>9}{'p95 ms':>9}{'bare p95':>10}{'p95 x idle':>12}{'worst page, median x idle':>34}")
    knee = 0
    for count in PEOPLE:
        for mixed in ([pages[0]], pages):
            found = load(port, mixed, people[:count], args)
            every = [one for times in found["times"].values() for one in times]
            times_idle = at(every, 0.95) / at([one for page in mixed for one in page.alone], 0.95)
            # Of one page there are few answers in so short a time: their median says something, their 95th percentile does not.
            worst = max(((at(times, 0.5) / at(page.alone, 0.5), page.name) for page in mixed if (times := found["times"][page.name])), default=(0.0, "-"))
            said = BARE if len(mixed) == 1 else "all pages"
            print(
                f"  {count:>8}{said:>22}{len(every) / args.seconds:>10.1f}{len(found['failed']):>8}{at(every, 0.5):>9.1f}{at(every, 0.95):>9.1f}"
                f"{at(found['times'][BARE], 0.95):>10.1f}{times_idle:>12.1f}{f'{worst[1]} x{worst[0]:.1f}':>34}"
            )
            if mixed is pages and times_idle <= TIMES_IDLE and not found["failed"]:
                knee = count
    print(f"  knee: {knee or 'below ' + str(PEOPLE[0])} people")


def load(port: int, pages: list[Page], people: list[dict[str, str]], args: argparse.Namespace) -> dict[str, Any]:
    plan = {
        "port": port, "seconds": args.seconds, "think": list(args.think), "people": people,
        "pages": [{"name": page.name, "method": page.method, "paths": page.paths} for page in pages],
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-m", "benchmarks.load"], input=json.dumps(plan), capture_output=True, text=True, check=True, cwd=ROOT)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


class Backends:
    """CPU of the server's processes and of its connections to the database, where that runs on this machine."""

    def __init__(self, server: int) -> None:
        self._server = server

    def cpu(self) -> float:
        """Seconds so far."""
        import psutil

        server = psutil.Process(self._server)
        total = 0.0
        for process in [server, *server.children(recursive=True), *map(psutil.Process, self._pids())]:
            with contextlib.suppress(psutil.NoSuchProcess):
                spent = process.cpu_times()
                total += spent.user + spent.system
        return total

    def count(self) -> int:
        return len(self._pids())

    @staticmethod
    def _pids() -> list[int]:
        import psutil
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'recaudo' AND pid <> pg_backend_pid()")
            return [row[0] for row in cursor.fetchall() if psutil.pid_exists(row[0])]


def resident(pid: int) -> int:
    """Bytes that the server and its workers hold."""
    import psutil

    server = psutil.Process(pid)
    return sum(process.memory_info().rss for process in [server, *server.children(recursive=True)])


def report(pages: list[Page]) -> None:
    bare = pages[0]
    print(f"  {'page':<20}{'queries':>8}{'p50 ms':>9}{'p95 ms':>9}{'ratio':>8}{'CPU ms':>8}{'CPU x':>7}{'aim':>6}")
    for page in pages:
        late = " !" if page.ratio > page.aim or page.queries > QUERIES else ""
        print(
            f"  {page.name:<20}{page.queries:>8}{statistics.median(page.alone):>9.1f}{at(page.alone, 0.95):>9.1f}{page.ratio:>8.2f}"
            f"{page.cpu:>8.1f}{page.cpu / (bare.cpu or 1):>7.1f}{page.aim:>6.0f}{late}"
        )


def at(times: list[float], part: float) -> float:
    """The time that this part of the requests stayed under."""
    return sorted(times)[min(int(len(times) * part), len(times) - 1)] if times else 0.0


if __name__ == "__main__":
    main()
