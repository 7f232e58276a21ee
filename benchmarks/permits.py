"""Columnar permits: a million candidate contacts over twenty million past actions, beside reading and joining the same tables.

    python -m benchmarks.permits [--candidates 1000000] [--history 20000000] [--keep FOLDER]

Both read the same two Parquet files on the same cores in the same run, one after the other, each in a process of its own:
the baseline reads the columns that the law reads and joins candidates with their past; `screen` does that and answers every
rule.

    python -m benchmarks.permits --one [--accounts 2000] [--history 20000000]

One permit now, on the reference evaluator with its queries: a scratch database whose table of actions has `--history` rows
over the year before, and the gate asked about persons of it one after the other.
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


ACTIONS = """
INSERT INTO casework_action (id, tenant_id, created_at, person_id, account_id, creditor_id, party_role, direction, channel, purpose, status, treatment, template,
  priority, permit_rule, lawbook_version, occurred_at, disposition, contact_level, effect, is_attempt, is_contact, is_rpc, is_tpc, nonpayment_reason,
  reason_provenance, note, cancelled_reason)
SELECT gen_random_uuid(), %(tenant)s, t.at, p.person_id, p.account_id, p.creditor_id, 'holder', 'out', (ARRAY['call','sms','email'])[1 + n %% 3], 'collection', 'done', '', '',
  0, '', '', t.at, 'NC01', '', '', true, false, false, false, '', '', '', ''
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
JOIN (SELECT row_number() OVER (ORDER BY id) - 1 AS k, holder_id AS person_id, id AS account_id, creditor_id, count(*) OVER () AS total FROM portfolio_account
      WHERE tenant_id = %(tenant)s) p ON p.k = n %% p.total
CROSS JOIN LATERAL (SELECT %(at)s::timestamptz - make_interval(secs => (n * 7919) %% 31536000) AS at) t
"""


def ask_now(*, accounts: int, history: int, asked: int = 400) -> None:
    """Seconds of one question to the gate (median, p95), and its queries."""
    from django.db import connection, connections
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from benchmarks.common import scratch

    with scratch() as folder:
        from recaudo.casework import services as casework
        from recaudo.demo import world
        from recaudo.portfolio.models import Account, ContactPoint
        from recaudo.project import database
        from recaudo.store import tenancy
        from recaudo.store.bulk import analyze

        at = timezone.now()
        database.make_months(on=at.date())
        made = world.build(accounts=accounts, seed=7, today=at.date(), at=at, folder=folder / "demo", past_days=0)
        begun = time.perf_counter()
        with tenancy.acting(made.tenant.id), connection.cursor() as cursor:
            for first in range(0, history, 500_000):
                values = {"tenant": made.tenant.id, "at": at, "first": first, "last": min(first + 500_000, history) - 1}
                cursor.execute(ACTIONS, values)
        with tenancy.acting(made.tenant.id):
            analyze("casework_action")
        print(f"{history:,} actions written in {time.perf_counter() - begun:.0f} s")
        with tenancy.acting(made.tenant.id):
            points = {point.person_id: point for point in ContactPoint.objects.filter(kind="phone")}
            chosen = [account for account in Account.objects.order_by("id")[: asked * 2] if account.holder_id in points][:asked]
            taken, queries = [], set()
            for account in chosen:
                with CaptureQueriesContext(connection) as seen:
                    start = time.perf_counter()
                    casework.verdict_for(
                        person_id=account.holder_id, account_id=account.id, creditor_id=account.creditor_id, channel="call",
                        contact_point=points[account.holder_id], at=at,
                    )  # fmt: skip
                    taken.append(time.perf_counter() - start)
                queries.add(len(seen))
        connections.close_all()
    taken.sort()
    print(
        f"one permit now, with the next allowed hour when refused: median {taken[len(taken) // 2] * 1000:.1f} ms, p95 {taken[int(len(taken) * 0.95)] * 1000:.1f} ms, "
        f"{sorted(queries)} queries, {len(taken)} asked; {accounts:,} accounts, {history:,} actions, {cores()} cores, load {load_average():.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--candidates", type=int, default=1_000_000)
    parser.add_argument("--history", type=int, default=20_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="folder for the two files; made again only when they are missing")
    parser.add_argument("--part", choices=["baseline", "permits"], help=argparse.SUPPRESS)
    parser.add_argument("--one", action="store_true", help="one permit now, on a scratch database")
    parser.add_argument("--accounts", type=int, default=2000)
    given = parser.parse_args()
    if given.one:
        ask_now(accounts=given.accounts, history=given.history)
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
