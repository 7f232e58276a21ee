"""The simulator against its floor, in the same run: two versions over the facts of a day.

The decide part: both versions decide every account, and what differs is counted. Floor: reading the columns that the versions need and
writing as many results. Then the whole of a simulation, law and capacity included, on a scratch database filled by the demo.

    python -m benchmarks.whatif --accounts 1000000 --whole 20000

Prints seconds, CPU seconds, the ratio to the floor and the peak memory of the process.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.common import Watch, cores, load_average, megabytes, scratch, timed
from benchmarks.facts import facts_file


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks whatif", description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--whole", type=int, default=10_000, help="accounts of the whole simulation; 0 leaves it out")
    args = parser.parse_args()
    with scratch() as folder:
        decide_part(args.accounts, folder)
        if args.whole:
            whole(args.whole, folder)


def decide_part(accounts: int, folder: Path) -> None:
    from recaudo.engine import decide
    from recaudo.engine.facts import types
    from recaudo.flow.queries.facts import run, workspace
    from recaudo.flow.services import whatif
    from recaudo.strategy.services import default_xml

    path = facts_file(folder / "facts.parquet", accounts)
    champion = decide.compile(decide.read(default_xml()), types())
    challenger = decide.compile(decide.read(default_xml().replace(b'"WHATSAPP_SOFT"', b'"CALL_AGENT"')), types())
    print(f"whatif: {accounts:,} accounts, {cores()} cores, load {load_average():.1f}")
    with workspace(folder / "spill") as db, Watch() as memory:
        with timed() as loaded:
            whatif.load_facts(db, str(path))
        needed = ", ".join(sorted({*champion.facts, "account_id"}))
        with timed() as floor:
            run(db, f"CREATE TABLE floor_in AS SELECT {needed} FROM facts")
            run(db, "CREATE TABLE floor_out AS SELECT account_id, stage AS a, bucket AS b, product AS c, kind AS d, country AS e, currency AS f, dpd AS g FROM facts")
        run(db, "DROP TABLE floor_in")
        run(db, "DROP TABLE floor_out")
        with timed() as both:
            for side, compiled in (("old", champion), ("new", challenger)):
                names = ", ".join(name for name in whatif.DIMENSIONS if name in {column.name for column in compiled.columns})
                run(db, f"CREATE TABLE outcome_{side} AS SELECT account_id, {names} FROM ({compiled.sql('facts', ('account_id',))})")
            listed = names.split(", ")
            differs = " OR ".join(f"o.{name} IS DISTINCT FROM n.{name}" for name in listed)
            changed = run(db, f"SELECT count(*) FILTER ({differs}) FROM outcome_old o JOIN outcome_new n USING (account_id)")[0][0]
            for name in listed:
                run(db, f"SELECT o.{name}, n.{name}, count(*) FROM outcome_old o JOIN outcome_new n USING (account_id) GROUP BY 1, 2")
    print(f"  {'load facts':<24} {loaded.seconds:8.2f} s  {loaded.cpu:8.2f} CPU-s")
    print(f"  {'two versions, compared':<24} {both.seconds:8.2f} s  {both.cpu:8.2f} CPU-s   {changed:,} accounts change, peak {megabytes(memory.peak)}")
    print(f"  {'floor: read and write':<24} {floor.seconds:8.2f} s  {floor.cpu:8.2f} CPU-s   ratio {both.cpu / floor.cpu:.1f} (CPU)")


def whole(accounts: int, folder: Path) -> None:
    """A simulation as people ask for it: facts, two versions, law, capacity, comparison, lists."""
    from django.utils import timezone

    from recaudo.demo import world
    from recaudo.flow.models import WhatIf
    from recaudo.project import database
    from recaudo.store import tenancy

    at = timezone.now()
    database.make_months(on=at.date())
    made = world.build(accounts=accounts, seed=7, today=at.date(), at=at, folder=folder / "demo", past_days=1)
    with tenancy.acting(made.tenant.id):
        found = WhatIf.objects.order_by("-created_at").first()
    assert found is not None and found.status == "finished", found and found.problem
    print(f"whole: {found.result['accounts']:,} accounts")
    for step, seconds in found.seconds.items():
        print(f"  {step:<24} {seconds:8.2f} s")
    print(f"  {'whole':<24} {sum(found.seconds.values()):8.2f} s")


if __name__ == "__main__":
    main()
