"""The law run again over what this organisation did: which contacts a version of the rules would have refused.

Words: a *version* is what was, is or would be in force: the delivered rules, those of a day, those of now, or those of
a proposal. A *breach* is a recorded outbound contact that a version refuses with what had happened until then.

Replayed are the law and the house's caps, with the consents and holds as they are dated. Not replayed, because nobody
recorded them: the words that were said, the number that was shown, and the balance and promises of the account then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from recaudo.casework import catalogue
from recaudo.casework.words import CALLBACK
from recaudo.engine import comply
from recaudo.engine.comply.replay import HISTORY_DAYS, turned
from recaudo.kernel.contact import LAW_PERSON, Purpose
from recaudo.kernel.problems import NotFound, Problem
from recaudo.law import queries as law
from recaudo.law.models import LawDecision
from recaudo.law.queries import Rules
from recaudo.store import tenancy
from recaudo.store.arrow import reader

MAXIMUM_DAYS = 400
# Planned long before it happened: the partition of an action may be older than its instant.
PLANNED_DAYS = 62
CONSENTS = ("authorised_channel", "tcpa_consent", "marketing_consent")
NOW, DELIVERED = "vigente", "entregada"

ACTIONS = """
SELECT a.id::text AS action_id, a.person_id::text AS person_id, a.account_id::text AS debt_id, a.creditor_id::text AS creditor,
       coalesce(a.agency_id::text, {house}) AS collector, a.agency_id::text AS agency_id, a.by_id::text AS by_id, a.channel, a.purpose,
       a.party_role, a.direction, a.disposition, a.treatment, a.occurred_at AS happened_at, a.contact_point_id::text AS address,
       p.country, nullif(p.subdivision, '') AS subdivision, nullif(p.municipality, '') AS municipality,
       array_to_string(p.zones, '|') AS zones, array_to_string(c.zones, '|') AS point_zones, c.kind, c.place AS point_place, c.source,
       nullif(c.line_type, '') AS line_type
FROM casework_action a
JOIN portfolio_person p ON p.id = a.person_id AND p.tenant_id = {tenant}
LEFT JOIN portfolio_contactpoint c ON c.id = a.contact_point_id AND c.tenant_id = {tenant}
WHERE a.tenant_id = {tenant} AND a.created_at >= {oldest} AND a.occurred_at >= {since} AND a.occurred_at < {until}
  AND a.status = 'done' AND (a.is_attempt OR a.direction = 'in') AND a.channel <> 'system'
"""
CONSENT_ROWS = """
SELECT person_id::text AS person_id, kind, array_to_string(channels, '|') AS channels, creditor_id::text AS creditor, given_at AS since,
       revoked_at AS until, contact_point_id::text AS address
FROM portfolio_consent WHERE tenant_id = {tenant} AND given_at < {until}
"""
HOLD_ROWS = """
SELECT person_id::text AS person_id, account_id::text AS debt_id, kind, from_at AS since, least(until_at, released_at) AS until
FROM casework_hold WHERE tenant_id = {tenant} AND kind IN ('insolvency', 'legal', 'represented') AND from_at < {until}
"""
PREFERENCE_ROWS = """
SELECT person_id::text AS person_id, array_to_string(days, '|') AS days, (extract(epoch FROM from_time) / 60)::bigint AS starts,
       (extract(epoch FROM until_time) / 60)::bigint AS ends, created_at AS since
FROM portfolio_preference WHERE tenant_id = {tenant} AND avoid AND coalesce(channel, '') = ''
"""
SHAPED = """
SELECT a.action_id, a.person_id, a.country, a.subdivision, a.municipality,
       list_distinct(list_filter(string_split(concat_ws('|', a.zones, a.point_zones), '|'), lambda z: z <> '')) AS zones, a.channel, a.purpose,
       coalesce(r.person, a.party_role) AS person_role, a.creditor, a.collector, a.debt_id, a.direction, w.outcome, a.happened_at AS "at",
       CASE WHEN a.kind IN ('phone', 'address') THEN CASE a.point_place WHEN 'work' THEN 'workplace' ELSE a.point_place END END AS place,
       CASE WHEN a.kind IS NULL OR a.channel = 'portal' THEN NULL
            WHEN a.source = 'employer' THEN CASE a.kind WHEN 'email' THEN 'employer_email' ELSE 'third_party' END
            WHEN a.source = 'creditor' THEN 'entity'
            WHEN a.source IN ('debtor', 'agreed', 'third_party', 'skip_tracing') THEN a.source ELSE 'third_party' END AS address_source,
       a.line_type, a.address, (a.treatment = $callback)::VARCHAR AS outside_cap, (a.happened_at >= $since) AS judged, a.agency_id, a.by_id,
       -- The one answer: the last that came in on this channel is newer than the last answer to it.
       (a.purpose = $reply AND a.direction = 'out' AND last_in IS NOT NULL AND (last_reply IS NULL OR last_reply < last_in)
         AND timezone(a.clock, a.happened_at)::DATE = timezone(a.clock, last_in)::DATE)::VARCHAR AS is_reply
FROM (SELECT *, coalesce(nullif(split_part(concat_ws('|', nullif(zones, ''), point_zones), '|', 1), ''), 'UTC') AS clock, max(CASE WHEN direction = 'in' THEN happened_at END) OVER before AS last_in,
             max(CASE WHEN direction = 'out' AND purpose = $reply THEN happened_at END) OVER before AS last_reply
      FROM raw WINDOW before AS (PARTITION BY person_id, channel ORDER BY happened_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) a
LEFT JOIN role r ON r.role = a.party_role LEFT JOIN law_word w ON w.disposition = a.disposition AND w.channel = a.channel
ORDER BY a.happened_at, a.action_id
"""
STATES = """
SELECT person_id, CASE kind WHEN 'insolvency' THEN 'insolvency_proceeding' WHEN 'legal' THEN 'in_court' ELSE 'attorney_represented' END AS state,
       since, until, NULL::VARCHAR[] AS channels, NULL::VARCHAR AS address FROM hold
UNION ALL
SELECT c.person_id, CASE WHEN c.kind = 'hours_waiver' THEN CASE p.country WHEN 'CO' THEN 'co_hours_waiver' WHEN 'US' THEN 'us_time_consent' ELSE c.kind END
                         ELSE c.kind END, c.since, c.until, CASE WHEN c.channels <> '' THEN string_split(c.channels, '|') END, c.address
FROM consent c JOIN (SELECT person_id, any_value(country) AS country FROM raw GROUP BY 1) p USING (person_id)
LEFT JOIN sole s USING (person_id)
WHERE c.kind NOT IN $kinds AND (c.creditor IS NULL OR c.kind = 'channel_optout' OR c.creditor = s.creditor)
"""


class PeriodWrong(Problem):
    code = "replay_period_wrong"
    message = "El período va de un día a otro posterior, y no pasa de {days} días."


class LawInDoubt(Problem):
    code = "replay_law_in_doubt"
    message = "{trouble}"
    status = 409


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the rules that can be replayed. `key` is what an address carries; `subject_id` the proposal, if it is one."""

    key: str
    name: str
    rules: Rules
    subject_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """One line of a result: how many contacts of a rule, agency or agent were refused before and after."""

    key: str
    label: str
    action_count: int
    before: int
    after: int
    now_refused: int
    now_allowed: int


@dataclass(frozen=True, slots=True)
class Replay:
    """A period judged by one version, and by another beside it.

    rows      one per judged outbound contact: action_id, person_id, debt_id, agency_id, by_id, channel, country, at, rule_before, rule_after,
              now_refused, now_allowed (empty rule = allowed)
    """

    from_on: date
    until_on: date
    before: Version
    after: Version
    rows: pa.Table
    by_rule: tuple[Tally, ...]
    by_agency: tuple[Tally, ...]
    by_agent: tuple[Tally, ...]

    @property
    def action_count(self) -> int:
        return int(self.rows.num_rows)

    @property
    def now_refused(self) -> int:
        return int(pc.sum(self.rows["now_refused"]).as_py() or 0)

    @property
    def now_allowed(self) -> int:
        return int(pc.sum(self.rows["now_allowed"]).as_py() or 0)

    @property
    def breaches_before(self) -> int:
        return self.action_count - int(self.rows["rule_before"].null_count)

    @property
    def breaches_after(self) -> int:
        return self.action_count - int(self.rows["rule_after"].null_count)


def version_of(key: str, *, zone: str) -> Version:
    """A version by its key: `vigente`, `entregada`, a day (as it stood at its end), or the id of a proposal. Raises NotFound."""
    if key in {"", NOW}:
        return Version(NOW, "Lo que rige hoy", law.rules())
    if key == DELIVERED:
        return Version(DELIVERED, "Como se entrega, sin decisiones de la organización", law.delivered())
    try:
        return _of_day(date.fromisoformat(key), zone)
    except (ValueError, OverflowError):
        pass
    try:
        return _of_proposal(UUID(key))
    except ValueError:
        raise NotFound() from None


def proposals() -> list[tuple[str, str]]:
    """Every proposal that waits: its id and its words. Two queries."""
    found = [(str(one.id), f"{one.rule}: {'terminar un cambio' if one.kind == law.END else 'otro valor'} (n.º {one.number})") for one in law.proposals() if one.state == "waiting"]
    found += [(str(one.id), f"{one.name} → {one.choice}") for one in LawDecision.objects.filter(approved_at=None, withdrawn_at=None).order_by("created_at")]
    return found


def replay(*, from_on: date, until_on: date, before: Version, after: Version, zone: str, names: Mapping[str, str] | None = None) -> Replay:
    """Judge every recorded contact of a period by two versions of the rules.

    from_on, until_on  days of the organisation's clock, the last one not included
    before, after      the same version twice = what that version refuses
    names              id of agency or user -> name, for the labels
    Raises             PeriodWrong, LawInDoubt. Reads what is committed; memory grows with the contacts of the period, about 1 kB each
    """
    if not from_on < until_on or (until_on - from_on).days > MAXIMUM_DAYS:
        raise PeriodWrong(days=MAXIMUM_DAYS)
    for version in (before, after):
        if version.rules.trouble:
            raise LawInDoubt(trouble=version.rules.trouble)
    since, until = (datetime.combine(day, time(), tzinfo=ZoneInfo(zone)) for day in (from_on, until_on))
    actions, states, consents, preferences = recorded(since=since, until=until)
    first = _judged(actions, states, consents, preferences, before.rules)
    second = first if after.key == before.key else _judged(actions, states, consents, preferences, after.rules)
    rows = _joined(actions, turned(first, second))
    return Replay(
        from_on, until_on, before, after, rows, _tallies(rows, "rule", {}), _tallies(rows, "agency_id", names or {}), _tallies(rows, "by_id", names or {})
    )


def recorded(*, since: datetime, until: datetime) -> tuple[pa.Table, pa.Table, pa.Table, pa.Table]:
    """Actions as `engine.comply.replay` takes them (with agency_id and by_id), states, consents and preferences.

    Actions of the HISTORY_DAYS before `since` come along, not judged.
    """
    tenant = str(tenancy.tenant_id())
    back = since - timedelta(days=HISTORY_DAYS)
    with reader() as source:
        raw = source.fetch(ACTIONS, tenant=tenant, house=tenant, since=back, oldest=back - timedelta(days=PLANNED_DAYS), until=until)
        consent = source.fetch(CONSENT_ROWS, tenant=tenant, until=until)
        hold = source.fetch(HOLD_ROWS, tenant=tenant, until=until)
        wishes = source.fetch(PREFERENCE_ROWS, tenant=tenant)
    with duckdb.connect(":memory:") as db:
        db.execute("SET TimeZone = 'UTC'")
        for name, table in (("raw", raw), ("consent", consent), ("hold", hold), ("role", _roles()), ("law_word", _law_words())):
            db.register(name, table)
        shaped = db.execute(SHAPED, {"callback": CALLBACK, "reply": str(Purpose.REPLY), "since": since}).to_arrow_table()
        # A consent that names a creditor is taken where the person has no other, as the plan of the day does.
        db.execute("CREATE TABLE sole AS SELECT person_id, any_value(creditor) AS creditor FROM raw GROUP BY 1 HAVING count(DISTINCT creditor) = 1")
        states = db.execute(STATES, {"kinds": list(CONSENTS)}).to_arrow_table()
        consents = db.execute(
            "SELECT c.person_id, c.kind AS type, CASE WHEN c.channels <> '' THEN string_split(c.channels, '|') END AS channels, c.since,"
            " c.until AS revoked FROM consent c LEFT JOIN sole s USING (person_id) WHERE c.kind IN $kinds AND (c.creditor IS NULL OR c.creditor = s.creditor)", {"kinds": list(CONSENTS)},
        ).to_arrow_table()  # fmt: skip
    return _with_zones(shaped), states, consents, _wishes(wishes)


def _of_day(day: date, zone: str) -> Version:
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(zone))
    return Version(day.isoformat(), f"Como regía el {day:%d/%m/%Y}", law.rules(at=end))


def _of_proposal(subject_id: UUID) -> Version:
    in_force = law.rules()
    found = law.proposal(subject_id)
    if found is not None:
        others = tuple(one.change for one in law.ruling(law.proposals()) if one.id != found.ends)
        changes = others if found.kind == law.END else (*in_force.changes, found.change)
        return Version(str(subject_id), f"Con la propuesta n.º {found.number} sobre {found.rule}", in_force.with_changes(changes), subject_id)
    decision = LawDecision.objects.filter(id=subject_id).first()
    if decision is None:
        raise NotFound()
    return Version(str(subject_id), f"Con {decision.name} = {decision.choice}", in_force.with_choice(decision.name, decision.choice), subject_id)


def _judged(actions: pa.Table, states: pa.Table, consents: pa.Table, preferences: pa.Table, rules: Rules) -> pa.Table:
    return comply.replay(actions, states, consents, rules.packs(), preferences=preferences, caps=rules.caps)


def _joined(actions: pa.Table, answer: pa.Table) -> pa.Table:
    """The answer with what the lists and sums need; `replay` keeps the order of the judged outbound actions."""
    judged = actions.filter(pc.and_kleene(actions["judged"], pc.not_equal(actions["direction"], "in")))
    kept = ("person_id", "debt_id", "agency_id", "by_id", "channel", "country", "at")
    found = pa.table({**{name: answer[name] for name in answer.column_names}, **{name: judged[name] for name in kept}})
    rule = pc.if_else(found["now_allowed"], found["rule_before"], found["rule_after"])
    return found.append_column("rule", rule)


def _tallies(rows: pa.Table, key: str, names: Mapping[str, str]) -> tuple[Tally, ...]:
    flags = pa.table(
        {
            "key": pc.fill_null(rows[key], ""), "before": pc.cast(pc.is_valid(rows["rule_before"]), pa.int64()),
            "after": pc.cast(pc.is_valid(rows["rule_after"]), pa.int64()), "now_refused": pc.cast(rows["now_refused"], pa.int64()),
            "now_allowed": pc.cast(rows["now_allowed"], pa.int64()),
        }
    )  # fmt: skip
    found = flags.group_by("key").aggregate([("key", "count"), *((name, "sum") for name in ("before", "after", "now_refused", "now_allowed"))]).to_pylist()
    tallies = [
        Tally(one["key"], names.get(one["key"], one["key"]), one["key_count"], one["before_sum"], one["after_sum"], one["now_refused_sum"], one["now_allowed_sum"])
        for one in found
    ]
    if key == "rule":
        tallies = [one for one in tallies if one.key]
    return tuple(sorted(tallies, key=lambda one: (-one.after, -one.before, one.label)))


def _roles() -> pa.Table:
    return pa.table({"role": list(LAW_PERSON), "person": list(LAW_PERSON.values())})


def _law_words() -> pa.Table:
    channels = ("call", "prerecorded", "sms", "im", "email", "letter", "visit", "push", "portal")
    rows = [(one.code, channel, one.law_word(channel)) for one in catalogue.dispositions().values() for channel in channels]
    return pa.table(dict(zip(("disposition", "channel", "outcome"), map(list, zip(*rows, strict=True)), strict=True)))


def _with_zones(actions: pa.Table) -> pa.Table:
    """Where a person and a number have no zone kept, every zone of the address is possible."""
    bare = pc.equal(pc.list_value_length(actions["zones"]), 0)
    if not pc.any(bare).as_py():
        return actions
    places = actions.select(["country", "subdivision", "municipality"]).to_pylist()
    zones: list[Any] = actions["zones"].to_pylist()
    for row, place in enumerate(places):
        if not zones[row]:
            zones[row] = list(comply.zones_for(place["country"], place["subdivision"], place["municipality"]))
    return actions.set_column(actions.schema.get_field_index("zones"), "zones", pa.array(zones, pa.list_(pa.string())))


def _wishes(table: pa.Table) -> pa.Table:
    order = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    days = [[order.index(day) for day in text.split("|") if day in order] if text else None for text in table["days"].to_pylist()]
    count = table.num_rows
    return pa.table(
        {
            "person_id": table["person_id"], "kind": pa.array(["inconvenient_time"] * count, pa.string()), "days": pa.array(days, pa.list_(pa.int64())),
            "starts": table["starts"], "ends": table["ends"], "place": pa.nulls(count, pa.string()), "since": table["since"].cast(pa.timestamp("us", "UTC")),
            "until_date": pa.nulls(count, pa.date32()),
        }
    )  # fmt: skip
