"""The collections day against its floor, in the same run.

Floor: reading the same facts from PostgreSQL (every table the day reads, into Arrow), and writing the same actions (every column and index)
by COPY of ready text into staging and INSERT ... SELECT; nothing else. The cases, the accrual, the bucket history and the snapshot of the
day have no part in the floor.

    python -m benchmarks.day --accounts 100000
    python -m benchmarks.day --accounts 100000 --copies 10

A scratch database is made beside the others, filled by the demo through the import path, and dropped at the end; with --copies the rows of
the portfolio are then multiplied in the database, keys changed. Two days are run: the first after the load, when everything is new, and the
next working day, when what happened in between is a day of delay. Prints seconds per step, the ratio to the floor, peak memory of the
process and of the server, and the machine. Steps overlap: their seconds add up to more than the day.
"""

from __future__ import annotations

import argparse
import io
import os
import threading
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.common import Watch, cores, load_average, megabytes, scratch

TABLES = (
    "portfolio_person", "portfolio_account", "portfolio_accountparty", "portfolio_contactpoint", "portfolio_consent", "portfolio_instalment",
    "portfolio_ledgerentry", "portfolio_payment", "portfolio_buckethistory", "portfolio_placement", "portfolio_preference",
)  # fmt: skip
KEYS = {"id", "person_id", "account_id", "holder_id", "contact_point_id", "payment_id", "reverses_id", "merged_into_id"}
UNIQUE = {("portfolio_account", "number"), ("portfolio_payment", "external_id")}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks day", description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--copies", type=int, default=1, help="times the portfolio is there (1 = as loaded)")
    args = parser.parse_args()
    from recaudo.project import postgres

    server = postgres.ensure().admin_dsn  # before the scratch: its folder would be another installation, with a server of its own
    with scratch() as folder:
        measure(args.accounts, args.copies, folder, server)


def measure(accounts: int, copies: int, folder: Path, admin: Any) -> None:
    from django.utils import timezone

    from recaudo.demo import world
    from recaudo.project import database
    from recaudo.store import tenancy
    from recaudo.store.bulk import analyze
    from recaudo.workforce.models import Capacity

    at = timezone.now()
    database.make_months(on=at.date())
    begun = time.perf_counter()
    made = world.build(accounts=accounts, seed=7, today=at.date(), at=at, folder=folder / "demo", past_days=0)
    if copies > 1:
        multiply(copies, admin)
    with tenancy.acting(made.tenant.id):
        if copies > 1:
            for one in Capacity.objects.all():
                one.units *= copies
                one.save(update_fields=["units"])
        analyze(*TABLES)
    print(f"day: {accounts * copies:,} accounts, {cores()} cores, load {load_average():.1f}")
    print(f"world built in {time.perf_counter() - begun:.1f} s")
    following = made.on + timedelta(days=3 if made.on.weekday() == 4 else 1)
    for title, on in (("first day", made.on), ("next day", following)):
        one_day(title, made.tenant, on, at + (on - made.on), admin)


def one_day(title: str, tenant: Any, on: date, at: datetime, admin: Any) -> None:
    from django.utils import timezone

    from recaudo.flow.day import run_day
    from recaudo.journal.services import SYSTEM
    from recaudo.project import database

    database.make_months(on=on)
    print(f" {title}, {on}, load {load_average():.1f}")
    with Server(admin) as server, Watch() as memory:
        begun, worked, served = time.perf_counter(), time.process_time(), server.cpu()
        run = run_day(tenant, on=on, by=SYSTEM, at=at, clock=timezone.now)
        total, worked, served = time.perf_counter() - begun, time.process_time() - worked, server.cpu() - served
    for step, seconds in run.seconds.items():
        print(f"  {step:<12} {seconds:8.2f} s")
    opened = sum(run.counts["actions_opened"].values())
    print(f"  {'day':<12} {total:8.2f} s   {run.counts['accounts']:,} accounts, {run.counts['cases_opened']:,} cases, {opened:,} actions opened")
    print(f"  {'':<12} CPU {worked:.2f} s of the process, {served:.2f} s of the server; peak {megabytes(memory.peak)}, server {megabytes(server.peak)}")
    begun, served = time.process_time(), server.cpu()
    floor = read_floor(tenant, on, at) + write_floor(tenant, run)
    print(f"  {'floor':<12} {floor:8.2f} s   ratio {total / floor:.2f}   (CPU {time.process_time() - begun:.2f} and {server.cpu() - served:.2f} s)")


def read_floor(tenant: Any, on: date, at: datetime) -> float:
    """The same reads, thrown away."""
    from recaudo.flow.queries import facts
    from recaudo.store import tenancy
    from recaudo.store.arrow import reader

    begun = time.perf_counter()
    with tenancy.acting(tenant.id), reader() as source:
        for _, text, params in facts.reads(on=on, at=at):
            source.fetch(text, tenant=str(tenant.id), **params)
    seconds = time.perf_counter() - begun
    print(f"  {'floor: read':<12} {seconds:8.2f} s")
    return seconds


# What the day writes of an action; keys are new, for the day's own rows stand.
WRITTEN = {
    "person_id": "uuid", "account_id": "uuid", "creditor_id": "uuid", "contact_point_id": "uuid", "agency_id": "uuid", "case_id": "uuid",
    "wave_id": "uuid", "channel": "text", "purpose": "text", "treatment": "text", "template": "text", "priority": "int", "planned_on": "date",
    "not_before_at": "timestamptz", "expires_at": "timestamptz", "lawbook_version": "text", "created_at": "timestamptz",
}  # fmt: skip
WRITE = """
INSERT INTO casework_action (id, tenant_id, run_id, {columns}, party_role, direction, status, permit_rule, disposition, contact_level,
  effect, is_attempt, is_contact, is_rpc, is_tpc, nonpayment_reason, reason_provenance, note, cancelled_reason)
SELECT recaudo_uuid7(), %(tenant)s, %(run)s, {columns}, 'holder', 'out', 'planned', '', '', '', '', false, false, false, false, '', '', '', ''
FROM floor
"""


def write_floor(tenant: Any, run: Any) -> float:
    """The same actions, rolled back. The text to copy is made before the clock starts."""
    from django.db import connection, transaction

    from recaudo.store import tenancy
    from recaudo.store.bulk import copy_csv, staging

    columns = ", ".join(WRITTEN)
    text = io.BytesIO()
    with tenancy.acting(tenant.id), connection.cursor() as cursor:
        query = f"COPY (SELECT {columns} FROM casework_action WHERE run_id = '{run.id}' AND tenant_id = '{tenant.id}') TO STDOUT (FORMAT csv)"
        with cursor.cursor.copy(query) as copy:
            for block in copy:
                text.write(block)
    seconds = 0.0
    try:
        with tenancy.acting(tenant.id), transaction.atomic(), connection.cursor() as cursor:
            begun = time.perf_counter()
            with staging("floor", WRITTEN) as table:
                copy_csv(table, list(WRITTEN), [text.getvalue()])
                cursor.execute(WRITE.format(columns=columns), {"tenant": tenant.id, "run": run.id})
            seconds = time.perf_counter() - begun
            raise Undo
    except Undo:
        pass
    print(f"  {'floor: write':<12} {seconds:8.2f} s")
    return seconds


class Undo(Exception):
    """Rolls the floor's writes back."""


def multiply(copies: int, admin: Any) -> None:
    """Write every row of the portfolio again, `copies - 1` times: the same figures under other keys and numbers.

    Without triggers and checks of keys, as a restore does: the copies are as sound as what they are copied from. Values that are
    encrypted cannot be read in a copy (they are bound to their row); the day reads none.
    """
    from django.db import connection

    name = connection.settings_dict["NAME"]
    with psycopg.connect(**{**admin, "dbname": name}, autocommit=True) as server:
        server.execute("SET session_replication_role = replica")
        for table in TABLES:
            names = [row[0] for row in server.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position", [table]
            )]  # fmt: skip
            listed = ", ".join(f'"{name}"' for name in names)
            values = ", ".join(_copied(table, name) for name in names)
            server.execute(f"INSERT INTO {table} ({listed}) SELECT {values} FROM generate_series(1, {copies - 1}) k, {table}")
            server.execute(f"VACUUM ANALYZE {table}")


def _copied(table: str, name: str) -> str:
    if name in KEYS:
        return f"encode(set_byte(uuid_send({name}), 10, get_byte(uuid_send({name}), 10) # k), 'hex')::uuid"
    return f"CASE WHEN {name} <> '' THEN {name} || '-' || k ELSE {name} END" if (table, name) in UNIQUE else f'"{name}"'


class Server:
    """CPU and memory of the PostgreSQL of this machine; zeros where it runs elsewhere."""

    def __init__(self, admin: Any) -> None:
        self.peak = 0
        self._pid = _postmaster(admin)
        self._stop = threading.Event()

    def __enter__(self) -> Server:
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def cpu(self) -> float:
        """Seconds that the server and the backends that it has had worked so far."""
        if not self._pid:
            return 0.0
        own = Path(f"/proc/{self._pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks = sum(map(int, own[11:15]))  # its own, and of those that ended
        for child in self._children():
            try:
                ticks += sum(map(int, Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))
            except OSError:
                continue
        return ticks / os.sysconf("SC_CLK_TCK")

    def _children(self) -> list[str]:
        return Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split()

    def _sample(self) -> None:
        while self._pid and not self._stop.wait(0.25):
            total = 0
            for pid in (str(self._pid), *self._children()):
                try:
                    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                except OSError:
                    continue
                # Shared memory is counted once: each process its share.
                total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
            self.peak = max(self.peak, total)


def _postmaster(admin: Any) -> int:
    try:
        with psycopg.connect(**{**admin, "dbname": "postgres"}) as server:
            folder = server.execute("SHOW data_directory").fetchone()[0]
        return int(Path(folder, "postmaster.pid").read_text().splitlines()[0])
    except (OSError, psycopg.Error):
        return 0


if __name__ == "__main__":
    main()
