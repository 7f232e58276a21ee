"""The hour of each call of the day: where a model says when people answer, the calls that fit into capacity get a band of hours.

Who is called and by what channel is settled before (plan.fit_capacity). Here each chosen call is asked of the law for every band that is
still to come, and the bands, each with its places, are filled so that most people answer. A call whose bands the law refuses, or where no
model is in force, has no hour: it is made whenever an agent is free.

    call_hour   candidate_id, band, preferred_at (UTC), probability     one row for each call with an hour
"""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any

import duckdb
import pyarrow as pa

from recaudo.engine import allocate
from recaudo.engine.score import BANDS
from recaudo.flow.queries.facts import arrow, keep
from recaudo.flow.queries.facts import run as execute
from recaudo.flow.services import plan
from recaudo.kernel.time import day_at
from recaudo.law.queries import Rules
from recaudo.workforce.models import Tenant

# Places of a band above its share of the hours left: with none to spare nobody could have the hour that suits them.
SPARE = 1.25

CALLS = """
CREATE TABLE call AS
SELECT q.*, {columns} FROM chosen x JOIN permitted q USING (candidate_id) JOIN facts f USING (account_id)
WHERE q.channel = 'call' AND f.best_hour IS NOT NULL
"""
# One row for each call and band: candidate_id is the row's own, so that the law answers each.
ASKED = """
CREATE TABLE hour_option AS
SELECT row_number() OVER (ORDER BY c.candidate_id, b.band) AS option_id, c.candidate_id, b.band, b.starts_at,
       CASE b.band {cases} END AS probability
FROM call c JOIN facts f USING (account_id) JOIN band b ON b.zone = f.zones[1]
"""
QUESTIONS = """
SELECT o.option_id AS candidate_id, c.person_id::VARCHAR AS person_id, c.country, c.subdivision, c.zones, c.channel, c.purpose, c.person_role,
       c.creditor, c.collector, c.place, c.address_source, c.debt_id, o.starts_at AS planned_at
FROM hour_option o JOIN call c USING (candidate_id) ORDER BY o.option_id
"""


def fit_hours(db: duckdb.DuckDBPyConnection, *, rules: Rules, tenant: Tenant, on: date, at: datetime) -> dict[str, Any]:
    """Leave the table `call_hour`. Call after `plan.fit_capacity`.

    Returns  by band: places, calls, contacts expected, and what one more place is worth (contacts, in hundredths); the contacts that
             are expected in all, how many if the same calls were spread over the bands by their places, and the gap. Empty without a model
    """
    execute(db, "CREATE TABLE call_hour (candidate_id BIGINT, band VARCHAR, preferred_at TIMESTAMP, probability DOUBLE)")
    names = [f"{band}_contact_probability" for band in BANDS]
    execute(db, CALLS.format(columns=", ".join(f'f."{name}"' for name in names)))
    count = int(execute(db, "SELECT count(*) FROM call")[0][0])
    if not count:
        execute(db, "DROP TABLE call")
        return {}
    places = _bands(db, on=on, at=at, tenant=tenant, count=count)
    cases = " ".join(f"WHEN '{band}' THEN c.\"{name}\"" for band, name in zip(BANDS, names, strict=True))
    execute(db, ASKED.format(cases=cases))
    options = _allowed(db, rules=rules, tenant=tenant, at=at)
    found = allocate.plan(options, places)
    keep(db, "picked", found.chosen.select(["option_id"]))
    execute(db, "INSERT INTO call_hour SELECT candidate_id, band, starts_at, probability FROM hour_option JOIN picked USING (option_id)")
    said = _said(db, found, places)
    for table in ("call", "band", "hour_option", "picked"):
        execute(db, f"DROP TABLE {table}")
    return said


def _bands(db: duckdb.DuckDBPyConnection, *, on: date, at: datetime, tenant: Tenant, count: int) -> dict[str, int]:
    """The table `band` (zone, band, starts_at in UTC) of the bands that are not over; their places by the organisation's clock."""
    zones = [row[0] for row in execute(db, "SELECT DISTINCT f.zones[1] FROM call JOIN facts f USING (account_id) WHERE f.zones[1] IS NOT NULL")]
    rows = [
        (zone, band, day_at(on, zone, starts).replace(tzinfo=None)) for zone in zones for band, (starts, ends) in BANDS.items() if day_at(on, zone, ends) > at
    ]
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], []]
    keep(db, "band", pa.table({"zone": pa.array(columns[0], pa.string()), "band": pa.array(columns[1], pa.string()), "starts_at": pa.array(columns[2], pa.timestamp("us"))}))
    left = {
        band: hours for band, (starts, ends) in BANDS.items()
        if (hours := (day_at(on, tenant.zone, ends) - max(at, day_at(on, tenant.zone, starts))).total_seconds() / 3600) > 0
    }  # fmt: skip
    whole = sum(left.values())
    return {band: math.ceil(SPARE * count * hours / whole) for band, hours in left.items()}


def _allowed(db: duckdb.DuckDBPyConnection, *, rules: Rules, tenant: Tenant, at: datetime) -> pa.Table:
    """The bands that the law allows for each call, as options to choose among."""
    db.register("answers", plan.screen(db, QUESTIONS, rules=rules, tenant=tenant, at=at))
    found = arrow(db, """
        SELECT o.option_id, c.candidate_id::VARCHAR AS account_id, c.person_id::VARCHAR AS person_id, o.band AS channel, o.probability AS value
        FROM hour_option o JOIN call c USING (candidate_id) JOIN answers a ON a.candidate_id = o.option_id WHERE a.allowed ORDER BY o.option_id""")  # fmt: skip
    db.unregister("answers")
    return found


def _said(db: duckdb.DuckDBPyConnection, found: allocate.Plan, places: dict[str, int]) -> dict[str, Any]:
    expected = dict(execute(db, "SELECT band, sum(probability) FROM call_hour GROUP BY band"))
    spread = _spread(db, places)
    return {
        "bands": {
            band: {"places": count, "calls": found.used.get(band, 0), "contacts": round(expected.get(band, 0.0), 1), "price": round(100 * found.prices.get(band, 0.0), 2)}
            for band, count in places.items()
        },
        "contacts": round(sum(expected.values()), 1), "spread": round(spread, 1), "gap": round(found.gap, 6),
    }  # fmt: skip


def _spread(db: duckdb.DuckDBPyConnection, places: dict[str, int]) -> float:
    """Contacts of the same calls when their hours are by chance: each band weighs as its places."""
    whole = sum(places.values())
    weights = " ".join(f"WHEN '{band}' THEN {count / whole}" for band, count in places.items())
    text = f"SELECT coalesce(sum(probability * CASE band {weights} ELSE 0 END), 0) FROM hour_option WHERE candidate_id IN (SELECT candidate_id FROM call_hour)"
    return float(execute(db, text)[0][0])

