"""The collections day against its floor, in the same run.

Floor: reading the same facts from PostgreSQL, and writing the same actions by COPY into staging and INSERT ... SELECT; nothing else.

    python -m benchmarks.day --accounts 100000

A scratch database is made beside the others, filled by the demo through the import path, and dropped at the end.
Prints seconds per step, the ratio to the floor, peak memory of the process, and the machine.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from benchmarks.common import Watch, cores, load_average, megabytes, scratch


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks day", description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    args = parser.parse_args()
    with scratch() as folder:
        measure(args.accounts, folder)


def measure(accounts: int, folder: Path) -> None:
    from django.utils import timezone

    from recaudo.demo import world
    from recaudo.flow.day import run_day
    from recaudo.journal.services import SYSTEM
    from recaudo.project import database
    from recaudo.store import tenancy
    from recaudo.store.bulk import analyze

    at = timezone.now()
    database.make_months(on=at.date())
    begun = time.perf_counter()
    made = world.build(accounts=accounts, seed=7, today=at.date(), at=at, folder=folder / "demo", past_days=0)
    with tenancy.acting(made.tenant.id):
        analyze("portfolio_account", "portfolio_person", "portfolio_contactpoint", "portfolio_instalment", "portfolio_consent")
    print(f"day: {accounts:,} accounts, {cores()} cores, load {load_average():.1f}")
    print(f"world built in {time.perf_counter() - begun:.1f} s")
    with Watch() as memory:
        begun = time.perf_counter()
        run = run_day(made.tenant, on=made.on, by=SYSTEM, at=at, clock=timezone.now)
        total = time.perf_counter() - begun
    for step, seconds in run.seconds.items():
        print(f"  {step:<12} {seconds:8.2f} s")
    opened = sum(run.counts["actions_opened"].values())
    print(f"  {'day':<12} {total:8.2f} s   {run.counts['accounts']:,} accounts, {opened:,} actions, peak {megabytes(memory.peak)}")
    floor = read_floor(made.tenant, made.on, at, folder) + write_floor(made.tenant, run)
    print(f"  {'floor':<12} {floor:8.2f} s   ratio {total / floor:.2f}")


def read_floor(tenant, on, at, folder: Path) -> float:
    """The same reads, thrown away."""
    from datetime import timedelta

    from recaudo.flow.queries import facts
    from recaudo.store import tenancy
    from recaudo.store.arrow import reader

    quarter, since = on - timedelta(days=90), at - timedelta(days=facts.HISTORY_DAYS)
    params = {"tenant": str(tenant.id), "since": since, "until": at, "on": on, "at": at}
    begun = time.perf_counter()
    with tenancy.acting(tenant.id), reader() as source:
        for text in (facts.ACCOUNTS, facts.PORTFOLIOS, facts.PERSONS, facts.POINTS, facts.HISTORY, facts.HOLDS, facts.DISPUTES,
                     facts.CONSENTS, facts.PLACEMENTS):  # fmt: skip
            source.fetch(text, **params)
        for text in (facts.PROMISES, facts.PAYMENTS):
            source.fetch(text, **{**params, "since": quarter})
    seconds = time.perf_counter() - begun
    print(f"  {'floor: read':<12} {seconds:8.2f} s")
    return seconds


def write_floor(tenant, run) -> float:
    """The same actions, COPY into staging and INSERT ... SELECT, rolled back."""
    from django.db import connection, transaction

    from recaudo.flow.services.contact import STAGED
    from recaudo.store import tenancy
    from recaudo.store.bulk import copy_rows, staging

    with tenancy.acting(tenant.id), connection.cursor() as cursor:
        cursor.execute(
            "SELECT account_id, person_id, creditor_id, contact_point_id, agency_id, channel, purpose, treatment, template, priority,"
            " not_before_at FROM casework_action WHERE run_id = %s", [run.id],
        )  # fmt: skip
        rows = cursor.fetchall()
    begun = time.perf_counter()
    try:
        with tenancy.acting(tenant.id), transaction.atomic(), connection.cursor() as cursor:
            with staging("floor", STAGED) as table:
                copy_rows(table, list(STAGED), rows)
                cursor.execute(WRITE, {"tenant": tenant.id})
            raise Undo
    except Undo:
        pass
    seconds = time.perf_counter() - begun
    print(f"  {'floor: write':<12} {seconds:8.2f} s")
    return seconds


class Undo(Exception):
    """Rolls the floor's writes back."""


WRITE = """
INSERT INTO casework_action (id, tenant_id, created_at, person_id, account_id, creditor_id, contact_point_id, agency_id, channel, purpose,
  treatment, template, priority, not_before_at, party_role, direction, status, permit_rule, lawbook_version, disposition, contact_level,
  effect, is_attempt, is_contact, is_rpc, is_tpc, nonpayment_reason, reason_provenance, note, cancelled_reason)
SELECT recaudo_uuid7(), %(tenant)s, now(), person_id, account_id, creditor_id, contact_point_id, agency_id, channel, purpose, treatment,
  template, priority, not_before_at, 'holder', 'out', 'planned', '', '', '', '', '', false, false, false, false, '', '', '', '' FROM floor
"""


if __name__ == "__main__":
    main()
