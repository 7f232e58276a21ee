"""Columnar permits: a million candidate contacts over twenty million past actions, beside reading and joining the same tables.

    python -m benchmarks.permits [--candidates 1000000] [--history 20000000] [--keep FOLDER]

Both read the same two Parquet files on the same cores in the same run, one after the other, each in a process of its own:
the baseline reads the columns that the law reads and joins candidates with their past; `screen` does that and answers every
rule.

    python -m benchmarks.permits --one [--persons 1000000] [--history 20000000] [--asked 600]

One permit now, on the reference evaluator with its queries: a scratch database with the demo world's people copied until there are
`--persons`, `--history` actions over the year before, and the gate asked about `--asked` of them one after the other.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.common import Watch, cores, load_average, timed

AT = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
COLUMNS = ("person_id", "debt_id", "creditor", "collector", "channel", "direction", "outcome", "purpose", "at")
# One person in a row of the portfolio: country and zone by share.
PLACES = [("MX", "America/Mexico_City", 35), ("CL", "America/Santiago", 25), ("CO", "America/Bogota", 20), ("PE", "America/Lima", 10),
          ("EC", "America/Guayaquil", 5), ("AR", "America/Argentina/Buenos_Aires", 5)]  # fmt: skip
PERSON = "md5('p' || {0}::VARCHAR)::UUID::VARCHAR"
PICK = "{0}[1 + (hash({1}) % {2})::INT]"


def place_of(number: str) -> tuple[str, str]:
    """SQL of the country of a numbered person, and of the zone of `country`."""
    country = " ".join(f"WHEN hash({number}) % 100 < {sum(p[2] for p in PLACES[: n + 1])} THEN '{p[0]}'" for n, p in enumerate(PLACES))
    zone = " ".join(f"WHEN '{p[0]}' THEN '{p[1]}'" for p in PLACES)
    return f"CASE {country} END", f"CASE country {zone} END"


def write(folder: Path, *, candidates: int, history: int) -> None:
    """The two tables as Parquet: as many persons as candidates, their past over 60 days."""
    db = duckdb.connect()
    country, zone = place_of("i")
    channels = "['call','call','sms','im','email','letter']"
    outcomes = "['no_answer','no_answer','conversation','busy','sent','delivered','voicemail','third_party_answered']"
    db.execute(f"SET temp_directory = '{folder}'; SET memory_limit = '3GB'; SET preserve_insertion_order = false")
    db.execute(
        f"""COPY (SELECT i AS candidate_id, {PERSON.format("i")} AS person_id, country, NULL::VARCHAR AS subdivision, [{zone}] AS zones,
            {PICK.format(channels, "i + 1", 6)} AS channel, 'collection' AS purpose, 'debtor' AS person_role, 'C' || (i % 7) AS creditor,
            'K' || (i % 5) AS collector, NULL::VARCHAR AS place, 'entity' AS address_source, md5('d' || i)::UUID::VARCHAR AS debt_id,
            TIMESTAMPTZ '2026-11-24 16:00:00+00' AS planned_at
            FROM (SELECT i, {country} AS country FROM range({candidates}) t(i))) TO '{folder / "candidates.parquet"}' (ROW_GROUP_SIZE 100000)"""
    )
    db.execute(
        f"""COPY (SELECT {PERSON.format("p")} AS person_id, md5('d' || p)::UUID::VARCHAR AS debt_id, 'C' || (p % 7) AS creditor, 'K' || (hash(i) % 5) AS collector,
            {PICK.format(channels, "i + 2", 6)} AS channel, CASE WHEN hash(i + 3) % 20 = 0 THEN 'in' ELSE 'out' END AS direction,
            {PICK.format(outcomes, "i + 4", 8)} AS outcome, 'collection' AS purpose,
            TIMESTAMPTZ '2026-09-25 12:00:00+00' + INTERVAL 1 SECOND * (hash(i + 5) % {60 * 86_400}) AS at
            FROM (SELECT i, hash(i + 6) % {candidates} AS p FROM range({history}) t(i))) TO '{folder / "history.parquet"}' (ROW_GROUP_SIZE 500000)"""
    )


def baseline(folder: Path) -> int:
    """Read the same columns of both tables and join them by person: contacts per candidate. Returns candidates with a past."""
    db = duckdb.connect(config={"threads": cores(), "memory_limit": "5GB", "temp_directory": str(folder)})
    names = ", ".join(f"any_value(h.{name})" for name in COLUMNS if name not in {"person_id", "at"})
    row = db.execute(
        f"""SELECT count(*) FROM (SELECT c.candidate_id, count(*), max(h.at), {names}
            FROM '{folder / "candidates.parquet"}' c JOIN '{folder / "history.parquet"}' h USING (person_id) GROUP BY 1)"""
    ).fetchone()
    assert row is not None
    return int(row[0])


def permits(folder: Path) -> dict[str, int]:
    """Screen every candidate. Returns how many are allowed, and refusals by rule."""
    import pyarrow as pa
    import pyarrow.dataset as ds
    import pyarrow.parquet as pq

    from recaudo.engine.comply import HouseCap, lawbook, screen

    candidates = pq.read_table(folder / "candidates.parquet")
    ts, words = pa.timestamp("us", "UTC"), pa.list_(pa.string())
    nothing = pa.table({"person_id": pa.array([], pa.string()), "state": pa.array([], pa.string()), "since": pa.array([], ts), "until": pa.array([], ts), "channels": pa.array([], words)})
    consents = pa.table({
        "person_id": candidates["person_id"], "type": pa.array(["authorised_channel"] * candidates.num_rows), "since": pa.array([datetime(2020, 1, 1, tzinfo=UTC)] * candidates.num_rows, ts),
        "revoked": pa.nulls(candidates.num_rows, ts), "channels": pa.nulls(candidates.num_rows, words),
    })  # fmt: skip
    answer = screen(
        candidates, ds.dataset(folder / "history.parquet"), nothing, consents, lawbook().packs(), AT, preferences=None,
        cap=(HouseCap(1, 1), HouseCap(5, 7)),
    )  # fmt: skip
    counted = answer.group_by("rule_id").aggregate([("candidate_id", "count")]).to_pylist()
    return {one["rule_id"] or "allowed": one["candidate_id_count"] for one in counted}


def measured(folder: Path, what: str, *, module: str = "benchmarks.permits") -> dict[str, Any]:
    """One part in a process of its own: seconds, CPU seconds, peak memory over that of the imports."""
    done = subprocess.run([sys.executable, "-m", module, "--part", what, "--keep", str(folder)], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


# Copies of a table's rows, each with keys of its own; `n` is the number of the copy.
COPY = "INSERT INTO {table} ({columns}) SELECT {values} FROM {table} t CROSS JOIN generate_series(%(first)s::int, %(last)s::int) n WHERE t.tenant_id = %(tenant)s"
COPIED = ("portfolio_person", "portfolio_account", "portfolio_accountparty", "portfolio_contactpoint")
KEYS = frozenset({"id", "person_id", "account_id", "holder_id"})
ACTIONS = """
INSERT INTO casework_action (id, tenant_id, created_at, person_id, account_id, creditor_id, party_role, direction, channel, purpose, status, treatment, template,
  priority, permit_rule, lawbook_version, occurred_at, disposition, contact_level, effect, is_attempt, is_contact, is_rpc, is_tpc, nonpayment_reason,
  reason_provenance, note, cancelled_reason)
SELECT gen_random_uuid(), %(tenant)s, t.at, p.person_id, p.account_id, p.creditor_id, 'holder', 'out', (ARRAY['call','sms','email'])[1 + n %% 3], 'collection', 'done', '', '',
  0, '', '', t.at, 'NC01', '', '', true, false, false, false, '', '', '', ''
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
JOIN bench_account p ON p.k = n %% %(total)s
CROSS JOIN LATERAL (SELECT %(at)s::timestamptz - make_interval(secs => (n * 7919) %% 31536000) AS at) t
"""
AT_ONCE = 1_000_000


def grow(db: Any, *, tenant: Any, persons: int, history: int, at: datetime) -> tuple[int, int]:
    """Copy the people of a tenant until there are so many, then give them a past. Returns persons and accounts there are.

    db  the administrator's connection: without triggers and row security, for what is copied was already checked once
    """
    db.execute("SET session_replication_role = replica")
    (made,) = db.execute("SELECT count(*) FROM portfolio_person WHERE tenant_id = %s", [tenant]).fetchone()
    copies = max(persons // made - 1, 0)
    if copies:
        _copy(db, tenant, copies)
    db.execute(
        "CREATE UNLOGGED TABLE bench_account AS SELECT row_number() OVER (ORDER BY id) - 1 AS k, holder_id AS person_id, id AS account_id, creditor_id"
        " FROM portfolio_account WHERE tenant_id = %s", [tenant],
    )  # fmt: skip
    (total,) = db.execute("SELECT count(*) FROM bench_account").fetchone()
    indexes = db.execute("SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'casework_action'::regclass AND NOT indisunique").fetchall()
    for name, _ in indexes:
        db.execute(f"DROP INDEX {name}")
    for first in range(0, history, AT_ONCE):
        db.execute(ACTIONS, {"tenant": tenant, "at": at, "first": first, "last": min(first + AT_ONCE, history) - 1, "total": total})
    for _, definition in indexes:
        db.execute(definition.replace(" ON ONLY ", " ON "))  # the index of every month too
    for table in (*COPIED, "casework_action"):
        db.execute(f"ANALYZE {table}")
    (people,) = db.execute("SELECT count(*) FROM portfolio_person WHERE tenant_id = %s", [tenant]).fetchone()
    return people, total


def _copy(db: Any, tenant: Any, copies: int) -> None:
    for table in COPIED:
        columns = [name for (name,) in db.execute("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped", [table])]
        values = [f"md5(t.{name}::text || n)::uuid" if name in KEYS else f"t.{name} || '-' || n" if name == "number" else f"t.{name}" for name in columns]
        db.execute(COPY.format(table=table, columns=", ".join(columns), values=", ".join(values)), {"tenant": tenant, "first": 1, "last": copies})


def ask_now(*, accounts: int, persons: int, history: int, asked: int) -> None:
    """Seconds of one permit (median, p95) and its queries: asked for a page, and taken for a contact with its record and its slot."""
    import psycopg
    from django.db import connection, connections, reset_queries
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from benchmarks.common import scratch
    from recaudo.project import postgres

    admin = postgres.ensure().admin_dsn
    with scratch() as folder:
        from recaudo.demo import world
        from recaudo.portfolio.models import Account, ContactPoint
        from recaudo.project import database
        from recaudo.store import tenancy

        at = timezone.now()
        database.make_months(on=at.date())
        made = world.build(accounts=accounts, seed=7, today=at.date(), at=at, folder=folder / "demo", past_days=0)
        name, begun = connections["default"].settings_dict["NAME"], time.perf_counter()
        with psycopg.connect(**{**admin, "dbname": name}, autocommit=True) as db:
            people, total = grow(db, tenant=made.tenant.id, persons=persons, history=history, at=at)
            (size,) = db.execute("SELECT pg_size_pretty(pg_database_size(current_database()))").fetchone() or ("?",)
        print(f"{people:,} persons, {total:,} accounts and {history:,} actions written in {time.perf_counter() - begun:.0f} s; the database has {size}", flush=True)
        with tenancy.acting(made.tenant.id):
            near = list(Account.objects.filter(overdue_minor__gt=0).order_by("id")[: asked * 3])
            points = {one.person_id: one for one in ContactPoint.objects.filter(kind="phone", person_id__in=[one.holder_id for one in near])}
            chosen = list({one.holder_id: one for one in near if one.holder_id in points}.values())[:asked]
        for what, ask in (("one verdict, with the next allowed hour", _verdict), ("one permit taken: lock, verdict, record, slot", _taken)):
            taken, queries = [], {}
            for account in chosen:
                reset_queries()  # Django keeps the last 9,000 only
                with tenancy.acting(made.tenant.id):
                    call = ask(account, points[account.holder_id], at)
                with CaptureQueriesContext(connection) as seen:
                    start = time.perf_counter()
                    with tenancy.acting(made.tenant.id):
                        answer = call()
                    taken.append(time.perf_counter() - start)
                queries.setdefault(answer, set()).add(len(seen))
            taken.sort()
            said = "; ".join(f"{name} {sorted(counts)}" for name, counts in sorted(queries.items()))
            print(f"{what}: median {taken[len(taken) // 2] * 1000:.1f} ms, p95 {taken[int(len(taken) * 0.95)] * 1000:.1f} ms, {len(taken)} asked; statements (with the transaction's own) {said}")
        connections.close_all()
    print(f"{people:,} persons, {history:,} actions, {cores()} cores, load {load_average():.1f}")


def _verdict(account: Any, point: Any, at: datetime) -> Any:
    """What a page asks. Says "allowed" or "refused"."""
    from recaudo.casework import services as casework

    def call() -> str:
        answer = casework.verdict_for(
            person_id=account.holder_id, account_id=account.id, creditor_id=account.creditor_id, channel="call", contact_point=point, at=at
        )
        return "allowed" if answer.allowed else "refused"

    return call


def _taken(account: Any, point: Any, at: datetime) -> Any:
    """What a contact takes, for a call that was planned."""
    from datetime import timedelta

    from recaudo.casework import services as casework
    from recaudo.casework.models import Action
    from recaudo.casework.permit import ContactRefused
    from recaudo.journal.services import SYSTEM

    action = Action.objects.create(
        created_at=at, person_id=account.holder_id, account_id=account.id, creditor_id=account.creditor_id, channel="call", status="planned",
        expires_at=at + timedelta(hours=8),
    )  # fmt: skip

    def call() -> str:
        try:
            casework.clear(action=action, contact_point=point, at=at, by=SYSTEM)
        except ContactRefused:
            return "refused"
        return "allowed"

    return call


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--candidates", type=int, default=1_000_000)
    parser.add_argument("--history", type=int, default=20_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="folder for the two files; made again only when they are missing")
    parser.add_argument("--part", choices=["baseline", "permits"], help=argparse.SUPPRESS)
    parser.add_argument("--one", action="store_true", help="one permit now, on a scratch database")
    parser.add_argument("--accounts", type=int, default=2000, help="of the demo world that --one copies")
    parser.add_argument("--persons", type=int, default=1_000_000)
    parser.add_argument("--asked", type=int, default=600)
    given = parser.parse_args()
    if given.one:
        ask_now(accounts=given.accounts, persons=given.persons, history=given.history, asked=given.asked)
        return
    if given.part:
        from recaudo.engine.comply import lawbook

        lawbook()  # read once by a process that lives for days: not part of what is measured
        with Watch() as watch, timed() as timing:
            result = baseline(given.keep) if given.part == "baseline" else permits(given.keep)
        print(json.dumps({"seconds": timing.seconds, "cpu": timing.cpu, "peak_bytes": watch.peak, "result": result}))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "history.parquet").exists():
            write(folder, candidates=given.candidates, history=given.history)
        runs = [(measured(folder, "baseline"), measured(folder, "permits")) for _ in range(given.repeat)]
    best = {name: min((pair[n] for pair in runs), key=lambda one: float(one["seconds"])) for n, name in enumerate(("baseline", "permits"))}
    for name, one in best.items():
        print(f"{name:9} {one['seconds']:7.2f} s  {one['cpu']:7.2f} CPU s  {one['peak_bytes'] / 2**30:5.2f} GiB")
    print(f"{best['permits']['result']}")
    pairs = sorted(b["cpu"] / a["cpu"] for a, b in runs)
    print(
        f"permits / reading and joining: {best['permits']['seconds'] / best['baseline']['seconds']:.2f} in seconds, "
        f"{pairs[len(pairs) // 2]:.2f} in CPU (median of {len(pairs)} pairs); {cores()} cores, load {load_average():.1f}"
    )


if __name__ == "__main__":
    main()
