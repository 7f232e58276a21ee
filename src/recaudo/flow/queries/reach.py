"""What came of the contacts with each person, for the model of hours and channels: what it learns from, what it is laid over, what it says.

An attempt *reached* the person when they were spoken to, or when within some days of a message they wrote or paid. Hours are on the
clock of the person, and are those of calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
from django.db import connection

from recaudo.engine import score
from recaudo.engine.facts import HOUR_ES, REACH_ES
from recaudo.engine.score import BANDS
from recaudo.flow.queries.facts import arrow, keep
from recaudo.flow.queries.facts import run as execute
from recaudo.store import tenancy
from recaudo.store.arrow import reader
from recaudo.strategy.queries.scores import reach_in_force
from recaudo.workforce.models import Tenant

LEARN_DAYS, OWN_DAYS, ANSWER_DAYS = 180, 90, 3
CHANNELS = tuple(REACH_ES)

TRIES = """
SELECT a.person_id, a.channel, a.direction, a.is_attempt AND a.direction = 'out' AS is_try, a.is_rpc, a.occurred_at AT TIME ZONE 'UTC' AS at,
       extract(hour FROM a.occurred_at AT TIME ZONE coalesce(p.zones[1], {zone}))::int AS hour, f.kind || '/' || c.product || '/' || c.stage AS kind
FROM casework_action a JOIN portfolio_person p ON p.id = a.person_id
LEFT JOIN portfolio_account c ON c.id = a.account_id LEFT JOIN portfolio_portfolio f ON f.id = c.portfolio_id
WHERE a.tenant_id = {tenant} AND a.occurred_at >= {since} AND a.occurred_at < {until} AND a.channel <> 'system'
"""
PAID = """
SELECT DISTINCT c.holder_id AS person_id, y.paid_on FROM portfolio_payment y JOIN portfolio_account c ON c.id = y.account_id
WHERE y.tenant_id = {tenant} AND y.status = 'applied' AND y.paid_on >= {since_on}
"""
BAND = "CASE " + " ".join(f"WHEN hour < {until} THEN '{band}'" for band, (_, until) in BANDS.items()) + " ELSE 'evening' END"
# One row an attempt. is_late: the time to answer is over, so that what was not answered is known.
CAME = f"""
CREATE TABLE came AS
SELECT t.person_id::VARCHAR AS person, coalesce(t.kind, 'unknown') AS kind, t.channel, {BAND} AS band, CAST(t.at AS DATE) AS "on", t.is_rpc, t.at <= $known AS is_late,
       t.is_rpc OR EXISTS (SELECT 1 FROM attempt i WHERE i.person_id = t.person_id AND i.direction = 'in' AND i.at > t.at AND i.at <= t.at + INTERVAL {ANSWER_DAYS} DAY)
         OR EXISTS (SELECT 1 FROM paid y WHERE y.person_id = t.person_id AND y.paid_on > CAST(t.at AS DATE)
                    AND y.paid_on <= CAST(t.at AS DATE) + INTERVAL {ANSWER_DAYS} DAY) AS reached
FROM attempt t WHERE t.is_try AND t.channel IN {CHANNELS}
"""


def attempts(db: duckdb.DuckDBPyConnection, *, tenant: Tenant, at: datetime, days: int) -> None:
    """Leave `came` in a workspace: person, kind, channel, band, on, is_rpc, is_late, reached; one row an attempt of the last days."""
    since = at - timedelta(days=days)
    with reader() as source:
        found = source.fetch(TRIES, tenant=str(tenant.id), since=since, until=at, zone=tenant.zone)
        paid = source.fetch(PAID, tenant=str(tenant.id), since_on=since.date())
    db.register("attempt", found)
    db.register("paid", paid)
    execute(db, CAME, {"known": (at - timedelta(days=ANSWER_DAYS)).replace(tzinfo=None)})
    db.unregister("attempt")
    db.unregister("paid")


def lesson(*, tenant: Tenant, at: datetime) -> tuple[pa.Table, pa.Table]:
    """What `score.learn` takes: the attempts by hour (calls), and by channel."""
    with duckdb.connect() as db:
        attempts(db, tenant=tenant, at=at, days=LEARN_DAYS)
        hours = arrow(db, 'SELECT person, kind, band AS choice, "on", is_rpc AS happened FROM came WHERE channel = \'call\'')
        channels = arrow(db, 'SELECT person, kind, channel AS choice, "on", reached AS happened FROM came WHERE is_late')
    return hours, channels


def add_reach(db: duckdb.DuckDBPyConnection, *, tenant: Tenant, at: datetime) -> str:
    """Add the facts of hours and channels to the workspace's `facts`; empty without a model in force. Returns its version, or ""."""
    bands = [f"{band}_contact_probability" for band in BANDS]
    for name, kind in (("best_hour", "VARCHAR"), ("best_hour_probability", "DOUBLE"), *((band, "DOUBLE") for band in bands), ("best_channel", "VARCHAR")):
        execute(db, f'ALTER TABLE facts ADD COLUMN "{name}" {kind}')
    model = reach_in_force()
    if model is None:
        return ""
    attempts(db, tenant=tenant, at=at, days=OWN_DAYS)
    keep(db, "hour_rate", _priors(model.hours))
    keep(db, "channel_rate", _priors(model.channels))
    execute(db, _said(model, bands))
    columns = ("best_hour", "best_hour_probability", *bands, "best_channel")
    execute(db, f"UPDATE facts SET {', '.join(f'{name} = s.{name}' for name in columns)} FROM said s WHERE s.account_id = facts.account_id")
    for table in ("came", "hour_rate", "channel_rate", "said"):
        execute(db, f"DROP TABLE {table}")
    return model.version


def _priors(family: score.Family) -> pa.Table:
    """kind, choice, rate; the kind '' has the rates of everybody."""
    rows = [("", choice, rate) for choice, rate in family.overall.items()]
    rows += [(kind, choice, one.rate) for kind, choices in family.kinds.items() for choice, one in choices.items()]
    names = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table(dict(zip(("kind", "choice", "rate"), map(list, names), strict=True)), schema=pa.schema([("kind", pa.string()), ("choice", pa.string()), ("rate", pa.float64())]))


def _said(model: score.Reach, columns: list[str]) -> str:
    hours = [_rate("h", band, model.hours.strength) for band in BANDS]
    channels = [_rate("c", channel, model.channels.strength) for channel in CHANNELS]
    has = {"call": "f.has_phone", "sms": "f.sms_id IS NOT NULL", "im": "f.has_im", "email": "f.has_email"}
    best_of = ", ".join(f"CASE WHEN {has[channel]} THEN {rate} ELSE -1 END" for channel, rate in zip(CHANNELS, channels, strict=True))
    shown = ", ".join(f'{rate} AS "{name}"' for rate, name in zip(hours, columns, strict=True))
    return f"""
CREATE TABLE said AS
WITH own AS (SELECT person, {_pivot("h", "band", BANDS, "is_rpc", "AND channel = 'call'")}, {_pivot("c", "channel", CHANNELS, "reached", "AND is_late")} FROM came GROUP BY person),
prior AS (SELECT k.kind, {_prior("h", BANDS, "hour_rate", model.hours.untried)}, {_prior("c", CHANNELS, "channel_rate", model.channels.untried)}
          FROM (SELECT DISTINCT kind || '/' || product || '/' || stage AS kind FROM facts) k),
rated AS (
  SELECT f.account_id, {shown}, [{", ".join(hours)}] AS hours, [{best_of}] AS channels
  FROM facts f JOIN prior p ON p.kind = f.kind || '/' || f.product || '/' || f.stage LEFT JOIN own o ON o.person = f.person_id::VARCHAR)
SELECT account_id, {", ".join(f'"{name}"' for name in columns)}, [{", ".join(f"'{band}'" for band in BANDS)}][list_position(hours, list_max(hours))] AS best_hour,
       list_max(hours) AS best_hour_probability,
       CASE WHEN list_max(channels) >= 0 THEN [{", ".join(f"'{channel}'" for channel in CHANNELS)}][list_position(channels, list_max(channels))] END AS best_channel
FROM rated
"""


def _pivot(prefix: str, column: str, choices: Any, won: str, and_: str) -> str:
    return ", ".join(
        f"count(*) FILTER ({column} = '{one}' {and_}) AS {prefix}t_{one}, count(*) FILTER ({column} = '{one}' {and_} AND {won}) AS {prefix}w_{one}" for one in choices
    )


def _prior(prefix: str, choices: Any, table: str, untried: float) -> str:
    return ", ".join(
        f"coalesce((SELECT any_value(rate) FROM {table} r WHERE r.kind = k.kind AND r.choice = '{one}'),"
        f" (SELECT any_value(rate) FROM {table} r WHERE r.kind = '' AND r.choice = '{one}'), {untried}) AS {prefix}p_{one}"
        for one in choices
    )


def _rate(prefix: str, choice: str, strength: float) -> str:
    """Family.rate in SQL."""
    return f"((coalesce(o.{prefix}w_{choice}, 0) + {strength} * p.{prefix}p_{choice}) / (coalesce(o.{prefix}t_{choice}, 0) + {strength}))"


@dataclass(frozen=True, slots=True)
class Told:
    """When and how to reach one person, in words. own_es: what their own calls in that band say; like_es: who they are taken to be like."""

    hour: str
    probability: float
    channel: str
    own_es: str
    like_es: str


OWN = """
SELECT count(*) FILTER (WHERE {band} = %(band)s), count(*) FILTER (WHERE {band} = %(band)s AND is_rpc), count(*)
FROM (SELECT a.is_rpc, extract(hour FROM a.occurred_at AT TIME ZONE coalesce(p.zones[1], %(zone)s))::int AS hour
      FROM casework_action a JOIN portfolio_person p ON p.id = a.person_id
      WHERE a.tenant_id = %(tenant)s AND a.person_id = %(person)s AND a.occurred_at >= %(since)s AND a.channel = 'call' AND a.direction = 'out'
        AND a.is_attempt) c
""".replace("{band}", BAND)


def told(row: dict[str, Any], *, person_id: UUID, zone: str, at: datetime) -> Told | None:
    """What the day's row says of an account, with its reason. None where no model was in force that day. At most two queries."""
    if not row.get("best_hour"):
        return None
    band = str(row["best_hour"])
    with connection.cursor() as cursor:
        cursor.execute(OWN, {"band": band, "zone": zone, "tenant": tenancy.tenant_id(), "person": person_id, "since": at - timedelta(days=OWN_DAYS)})
        tried, reached, calls = cursor.fetchone()
    model = reach_in_force()
    alike = model.hours.kinds.get(f"{row.get('kind')}/{row.get('product')}/{row.get('stage')}", {}).get(band) if model else None
    own = f"contestó {reached} de {tried} llamadas en esa franja" if tried else ("nunca se le ha llamado en esa franja" if calls else "aún no hay llamadas suyas")
    like = f"de {alike.tried:,} llamadas a cuentas como esta en esa franja, {alike.reached:,} hablaron con la persona" if alike else ""
    return Told(HOUR_ES[band], float(row["best_hour_probability"]), REACH_ES.get(str(row.get("best_channel")), ""), own, like)
