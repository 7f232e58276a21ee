"""The law run again over a million recorded contacts, beside reading the same table and joining it with itself.

    python -m benchmarks.replay [--actions 1000000] [--persons 100000]

Actions lie over 90 days. The baseline reads the same Parquet file and counts, for each action, those of the same person
in the 7 days before it: what any limit has to do at least once. `replay` answers every rule of every country and two caps.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from benchmarks.common import Watch, cores, load_average, timed
from benchmarks.permits import PERSON, PICK, measured, place_of


def write(folder: Path, *, actions: int, persons: int) -> None:
    """The actions as Parquet."""
    db = duckdb.connect()
    country, zone = place_of("p")
    db.execute(
        f"""COPY (SELECT i::VARCHAR AS action_id, {PERSON.format("p")} AS person_id, country, NULL::VARCHAR AS subdivision, [{zone}] AS zones,
            {PICK.format("['call','call','sms','im','email','letter']", "i + 2", 6)} AS channel, 'collection' AS purpose, 'debtor' AS person_role,
            NULL::VARCHAR AS place, 'entity' AS address_source, 'C' || (p % 7) AS creditor, 'K' || (hash(i) % 5) AS collector, md5('d' || p) AS debt_id,
            CASE WHEN hash(i + 3) % 20 = 0 THEN 'in' ELSE 'out' END AS direction,
            {PICK.format("['no_answer','no_answer','conversation','busy','sent','delivered']", "i + 4", 6)} AS outcome,
            TIMESTAMPTZ '2026-08-25 00:00:00+00' + INTERVAL 1 SECOND * (hash(i + 5) % {90 * 86_400}) AS at, true AS judged
            FROM (SELECT i, p, {country} AS country FROM (SELECT i, hash(i + 6) % {persons} AS p FROM range({actions}) t(i))))
            TO '{folder / "actions.parquet"}'"""
    )


def baseline(folder: Path) -> int:
    db = duckdb.connect(config={"threads": cores()})
    row = db.execute(
        f"""WITH a AS (SELECT * FROM '{folder / "actions.parquet"}')
            SELECT sum(n) FROM (SELECT c.action_id, count(*) AS n FROM a c JOIN a h ON h.person_id = c.person_id AND h.creditor = c.creditor
            WHERE h.at < c.at AND h.at >= c.at - INTERVAL 7 DAY GROUP BY 1)"""
    ).fetchone()
    assert row is not None
    return int(row[0])


def again(folder: Path) -> dict[str, int]:
    """Replay every action. Returns allowed ones, and breaches by rule."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from recaudo.engine.comply import HouseCap, lawbook, replay

    actions = pq.read_table(folder / "actions.parquet")
    ts, words = pa.timestamp("us", "UTC"), pa.list_(pa.string())
    persons = pc.unique(actions["person_id"])
    states = pa.table({"person_id": pa.array([], pa.string()), "state": pa.array([], pa.string()), "since": pa.array([], ts), "until": pa.array([], ts), "channels": pa.array([], words)})
    consents = pa.table({
        "person_id": persons, "type": pa.array(["authorised_channel"] * len(persons)), "since": pa.array([datetime(2020, 1, 1, tzinfo=UTC)] * len(persons), ts),
        "revoked": pa.nulls(len(persons), ts), "channels": pa.nulls(len(persons), words),
    })  # fmt: skip
    wishes = pa.table({name: pa.array([], kind) for name, kind in (
        ("person_id", pa.string()), ("kind", pa.string()), ("days", pa.list_(pa.int64())), ("starts", pa.int64()), ("ends", pa.int64()), ("place", pa.string()),
        ("since", ts), ("until_date", pa.date32()),
    )})  # fmt: skip
    answer = replay(actions, states, consents, lawbook().packs(), preferences=wishes, caps=(HouseCap(1, 1), HouseCap(5, 7)))
    counted = answer.group_by("rule_id").aggregate([("action_id", "count")]).to_pylist()
    return {one["rule_id"] or "allowed": one["action_id_count"] for one in counted}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--actions", type=int, default=1_000_000)
    parser.add_argument("--persons", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--part", choices=["baseline", "replay"], help=argparse.SUPPRESS)
    parser.add_argument("--keep", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        from recaudo.engine.comply import lawbook

        lawbook()
        with Watch() as watch, timed() as timing:
            result = baseline(given.keep) if given.part == "baseline" else again(given.keep)
        print(json.dumps({"seconds": timing.seconds, "cpu": timing.cpu, "peak_bytes": watch.peak, "result": result}))
        return
    with tempfile.TemporaryDirectory() as scratch:
        write(Path(scratch), actions=given.actions, persons=given.persons)
        for _ in range(given.repeat):
            for part in ("baseline", "replay"):
                one = measured(Path(scratch), part, module="benchmarks.replay")
                print(f"{part:9} {one['seconds']:7.2f} s  {one['cpu']:7.2f} CPU s  {one['peak_bytes'] / 2**30:5.2f} GiB  {one['result']}")
    print(f"{given.actions:,} actions of {given.persons:,} persons over 90 days; {cores()} cores, load {load_average():.1f}")


if __name__ == "__main__":
    main()
