"""The compliance dashboard in a fixed number of queries, and the lists behind its numbers.

Words: a *near miss* is a contact that almost went wrong: refused when it was about to go out, permitted and never used, or made within
ten minutes of the window's end (the gate shortens a permit that would outlive its window). *Headroom* is how many contacts a person
may still receive this week under every weekly limit of their law and under the house's caps, whichever is least.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from recaudo.casework.services import POINT_KINDS, SERVICE_PURPOSES
from recaudo.compliance import words
from recaudo.compliance.queries.replay import PLANNED_DAYS
from recaudo.journal.models import Event
from recaudo.law import queries as law
from recaudo.law.queries import Rules
from recaudo.store import tenancy

DAYS, SHORT = 30, 7
# The gate gives ten minutes; less means that something closes before.
FULL_PERMIT = timedelta(minutes=10)
WEEK = 7
# The distribution ends with "so many or more left".
MOST_SHOWN = 5
LISTED = 200
# Rule, most, channels that share it.
Weekly = list[tuple[str, int, frozenset[str]]]
CASES = ("pedidos", "negados", "al-enviar", "sin-usar", "al-filo")


@dataclass(frozen=True, slots=True)
class RefusalLine:
    """How often a rule refused a single contact: the last 7 days, the 7 before them, the last 30. `planned` what a day's plan left out in 30."""

    rule: str
    week: int
    week_before: int
    month: int
    planned: int


@dataclass(frozen=True, slots=True)
class NearMisses:
    """Of the last 7 days."""

    at_sending: int
    unused: int
    on_the_edge: int
    asked: int


@dataclass(frozen=True, slots=True)
class Headroom:
    """Persons of a country with an open case, by contacts left this week. `left[n]` for n contacts; the last is `n or more`.

    limits  (rule, most, what it counts) of every weekly limit that was applied, the house's caps included
    """

    country: str
    persons: int
    left: tuple[int, ...]
    limits: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is open now: everything that one statement can count."""

    complaints: int
    complaints_late: int
    requests: int
    requests_late: int
    quarantines: int
    releases_waiting: int
    holds: int
    disputes: int
    pauses: int
    findings: int
    findings_late: int
    audits_due: int
    verified_at: datetime | None
    verified_status: str
    verified_count: int
    anchored_at: datetime | None
    anchored_number: int | None


@dataclass(frozen=True, slots=True)
class InForce:
    """A toggle or a value that the house decided, with what it rests on."""

    kind: str
    name: str
    place: str
    says: str
    reason: str
    by: str
    since: datetime | None
    confidence: str


@dataclass(frozen=True, slots=True)
class Board:
    refusals: tuple[RefusalLine, ...]
    by_day: tuple[tuple[date, int, int], ...]
    near: NearMisses
    headroom: tuple[Headroom, ...]
    standing: Standing
    in_force: tuple[InForce, ...]
    undecided: int


@dataclass(frozen=True, slots=True)
class Listed:
    """One line behind a number. `account_id` opens the account's page."""

    at: datetime | None
    account_id: UUID | None
    account: str
    channel: str
    rule: str
    says: str


def board(rules: Rules, *, on: date, at: datetime, zone: str) -> Board:
    """Everything of the page. Ten queries at most, however many rows there are."""
    refusals, by_day = _refusals(on=on, zone=zone)
    found, undecided = _in_force()
    return Board(refusals, by_day, near_misses(at=at), headroom(rules, on=on, zone=zone), standing(on=on, at=at), found, undecided)


def near_misses(*, at: datetime) -> NearMisses:
    """One query over the permissions of the last 7 days."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FILTER (WHERE {_IS['al-enviar']}), count(*) FILTER (WHERE {_IS['sin-usar']}), count(*) FILTER (WHERE {_IS['al-filo']}),"
                       f" count(*) {_ASKED}", _since(at, SHORT))  # fmt: skip
        return NearMisses(*cursor.fetchone())


def permits(case: str, *, at: datetime, rule: str = "", days: int = SHORT) -> list[Listed]:
    """The permissions behind a number, newest first, at most LISTED. `case` one of CASES."""
    return _listed(
        "SELECT r.asked_at, r.account_id, c.number, r.channel, r.rule, r.reason FROM ("
        f"  SELECT r.asked_at, x.account_id, r.channel, r.rule, r.reason {_ASKED} AND {_IS[case]} AND (%(rule)s = '' OR r.rule = %(rule)s)"
        f"  ORDER BY r.asked_at DESC LIMIT {LISTED}) r LEFT JOIN portfolio_account c ON c.id = r.account_id AND c.tenant_id = %(tenant)s"
        " ORDER BY r.asked_at DESC",
        _since(at, days) | {"rule": rule},
    )  # fmt: skip


def holds(*, at: datetime) -> list[Listed]:
    """Holds in force, newest first, at most LISTED."""
    return _listed(
        "SELECT h.from_at, a.id, a.number, h.channel, h.kind, h.reason FROM casework_hold h LEFT JOIN LATERAL ("
        "  SELECT a.id, a.number FROM portfolio_account a WHERE a.tenant_id = %(tenant)s AND (a.id = h.account_id OR (h.account_id IS NULL AND a.holder_id = h.person_id))"
        "  ORDER BY a.number LIMIT 1) a ON true"
        f" WHERE h.tenant_id = %(tenant)s AND {_OPEN_HOLD} ORDER BY h.from_at DESC LIMIT {LISTED}",
        {"tenant": tenancy.tenant_id(), "at": at},
    )  # fmt: skip


def without_headroom(rules: Rules, *, on: date, zone: str, country: str, left: int) -> list[Listed]:
    """Persons of a country with so many contacts left, those reached last on top; at most LISTED."""
    limits, week = _weekly(rules, on, country), _week(on, zone, country)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT counts FROM ({_COUNTS}) x", week)
        wanted = [counts for (counts,) in cursor.fetchall() if min(_left(rules, limits, _read(counts)), MOST_SHOWN) == left]
    return _listed(
        f"SELECT x.reached_at, a.id, a.number, '', '', '' FROM (SELECT * FROM ({_COUNTS}) x WHERE counts = ANY(%(wanted)s)"
        f"  ORDER BY reached_at DESC NULLS LAST, id LIMIT {LISTED}) x LEFT JOIN LATERAL ("
        "  SELECT a.id, a.number FROM portfolio_account a WHERE a.tenant_id = %(tenant)s AND a.holder_id = x.id ORDER BY a.dpd DESC, a.number LIMIT 1) a ON true"
        " ORDER BY x.reached_at DESC NULLS LAST, a.number",
        week | {"wanted": wanted},
    )  # fmt: skip


def headroom(rules: Rules, *, on: date, zone: str) -> tuple[Headroom, ...]:
    """Contacts left this week for every person with an open case. One query: persons are grouped by what they received."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT country, counts, count(*) FROM ({_COUNTS}) x GROUP BY country, counts", _week(on, zone, ""))
        rows = cursor.fetchall()
    found: dict[str, list[int]] = {}
    limits = {country: _weekly(rules, on, country) for country in {row[0] for row in rows}}
    for country, counts, persons in rows:
        line = found.setdefault(country, [0] * (MOST_SHOWN + 1))
        line[min(_left(rules, limits[country], _read(counts)), MOST_SHOWN)] += persons
    return tuple(Headroom(country, sum(line), tuple(line), _limits(rules, limits[country])) for country, line in sorted(found.items(), key=lambda one: -sum(one[1])))


def standing(*, on: date, at: datetime) -> Standing:
    """What is open now. One query of single-row counts."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"tenant": tenancy.tenant_id(), "on": on, "at": at})
        return Standing(*cursor.fetchone())


def _refusals(*, on: date, zone: str) -> tuple[tuple[RefusalLine, ...], tuple[tuple[date, int, int], ...]]:
    """By rule, and (day, refused, allowed) for the trend. Two queries over 30 days: one line a day and rule, one a finished day of work."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (asked_at AT TIME ZONE %(zone)s)::date, CASE WHEN is_allowed THEN '' ELSE rule END, count(*) FROM casework_permitrecord"
            " WHERE tenant_id = %(tenant)s AND asked_at >= %(since)s GROUP BY 1, 2",
            {"tenant": tenancy.tenant_id(), "zone": zone, "since": _midnight(on - timedelta(days=DAYS - 1), zone)},
        )
        rows = cursor.fetchall()
    days: dict[date, list[int]] = {on - timedelta(days=n): [0, 0] for n in range(DAYS - 1, -1, -1)}
    rules: dict[str, list[int]] = {}
    for day, rule, count in rows:
        if day in days:
            days[day][0 if rule else 1] += count
        if rule:
            line, ago = rules.setdefault(rule, [0, 0, 0, 0]), (on - day).days
            line[2] += count
            if ago < 2 * SHORT:
                line[0 if ago < SHORT else 1] += count
    for counted in Event.objects.filter(name="day.finished", created_at__gte=_midnight(on - timedelta(days=DAYS - 1), zone)).values_list("detail__counts", flat=True):
        for rule, count in ((counted or {}).get("refused_by_rule") or {}).items():
            rules.setdefault(rule, [0, 0, 0, 0])[3] += int(count)
    lines = tuple(RefusalLine(rule, *counts) for rule, counts in sorted(rules.items(), key=lambda one: (-one[1][2], -one[1][3], one[0])))
    return lines, tuple((day, refused, allowed) for day, (refused, allowed) in days.items())


def _in_force() -> tuple[tuple[InForce, ...], int]:
    """What the house decided over the lawbook, and how many ambiguities nobody decided. At most five queries."""
    every = law.choices()
    written = [one for one in law.proposals() if one.state == "in_force" and one.kind == law.AMEND]
    found = [
        InForce("choice", one.name, one.place, one.current_text, one.decided.reason, one.decided.approved_by, one.decided.approved_at,
                "house" if one.is_house else "interpretation")
        for one in every if one.decided is not None
    ]  # fmt: skip
    found += [InForce("value", str(one.id), one.rule, one.said, one.reason, one.cited, one.decided_at, "pending" if one.is_pending_source else "change") for one in written]
    return tuple(found), sum(one.decided is None and not one.is_house for one in every)


def _limits(rules: Rules, weekly: Weekly) -> tuple[tuple[str, int, str], ...]:
    legal = tuple((rule, most, words.channels_es(group)) for rule, most, group in weekly)
    return legal + tuple((f"Tope de la casa, {cap.period_days} d", cap.max_contacts_per_person, "todos los canales") for cap in rules.caps if 1 < cap.period_days <= WEEK)


def _weekly(rules: Rules, on: date, country: str) -> Weekly:
    """The weekly limits of a country's law in force on a day."""
    pack = rules.pack(country)
    found = []
    for rule in pack.rules_of("frequency"):
        terms = pack.terms(rule, on)
        if terms and terms.active and terms.max and not terms.only_line_type and (terms.calendar_week or terms.rolling_days == WEEK):
            found.append((rule.id, terms.max, frozenset(terms.group) or frozenset(POINT_KINDS)))
    return found


def _left(rules: Rules, weekly: Weekly, counts: Mapping[str, int]) -> int:
    """Contacts left of one person: over the channels together, so a person is at 0 when no channel at all is left."""
    total = sum(counts.values())
    caps = [cap.max_contacts_per_person - total for cap in rules.caps if 1 < cap.period_days <= WEEK]
    legal = [most - sum(counts.get(channel, 0) for channel in group) for _, most, group in weekly]
    covered = frozenset().union(*(group for _, _, group in weekly))
    law_left = sum(max(one, 0) for one in legal) if legal and covered >= frozenset(POINT_KINDS) - {"push"} else MOST_SHOWN
    return max(min([law_left, *caps]), 0)


def _read(counts: str) -> dict[str, int]:
    """`call=2,sms=1` as numbers."""
    return {name: int(number) for name, number in (one.split("=") for one in counts.split(",") if one)}


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone))


def _week(on: date, zone: str, country: str) -> dict[str, Any]:
    since = _midnight(on - timedelta(days=WEEK - 1), zone)
    return {
        "tenant": tenancy.tenant_id(), "since": since, "oldest": since - timedelta(days=PLANNED_DAYS), "channels": list(POINT_KINDS), "country": country,
        "service": [str(one) for one in SERVICE_PURPOSES],
    }  # fmt: skip


def _since(at: datetime, days: int) -> dict[str, Any]:
    since = at - timedelta(days=days)
    return {"tenant": tenancy.tenant_id(), "since": since, "at": at, "oldest": since - timedelta(days=PLANNED_DAYS), "full": FULL_PERMIT}


def _listed(text: str, params: Mapping[str, Any]) -> list[Listed]:
    with connection.cursor() as cursor:
        cursor.execute(text, params)
        return [Listed(row[0], row[1], row[2] or "", row[3], row[4], row[5]) for row in cursor.fetchall()]


_OPEN_HOLD = "h.released_at IS NULL AND h.from_at <= %(at)s AND (h.until_at IS NULL OR h.until_at > %(at)s)"
_ASKED = """FROM casework_permitrecord r LEFT JOIN casework_action x ON x.id = r.action_id AND x.tenant_id = %(tenant)s AND x.created_at >= %(oldest)s
  WHERE r.tenant_id = %(tenant)s AND r.asked_at >= %(since)s"""
_IS: dict[str, str] = {
    "pedidos": "true",
    "negados": "NOT r.is_allowed",
    # It had been planned by a day's run, which asked the same law in bulk: something changed in between.
    "al-enviar": "NOT r.is_allowed AND x.run_id IS NOT NULL",
    "sin-usar": "r.is_allowed AND r.valid_until < %(at)s AND x.status IN ('cancelled', 'refused', 'expired', 'planned')",
    "al-filo": "r.is_allowed AND x.status = 'done' AND r.valid_until - r.asked_at < %(full)s",
}
_COUNTS = """
  SELECT p.country, coalesce(a.counts, '') AS counts, p.id, a.reached_at FROM casework_case k
  JOIN portfolio_person p ON p.id = k.person_id AND p.tenant_id = %(tenant)s
  LEFT JOIN (
    SELECT person_id, string_agg(channel || '=' || n, ',' ORDER BY channel) AS counts, max(at) AS reached_at FROM (
      SELECT person_id, channel, count(*) AS n, max(occurred_at) AS at FROM casework_action
      WHERE tenant_id = %(tenant)s AND created_at >= %(oldest)s AND occurred_at >= %(since)s AND direction = 'out' AND purpose <> ALL(%(service)s)
        AND channel = ANY(%(channels)s) AND (status = 'in_progress' OR (status = 'done' AND is_attempt))
      GROUP BY 1, 2) n GROUP BY 1) a ON a.person_id = p.id
  WHERE k.tenant_id = %(tenant)s AND k.status = 'open' AND (%(country)s = '' OR p.country = %(country)s)"""
_STANDING = f"""
WITH c AS (SELECT count(*) AS n, count(*) FILTER (WHERE due_on < %(on)s) AS late FROM compliance_complaint
           WHERE tenant_id = %(tenant)s AND status IN ('open', 'in_review')),
  r AS (SELECT count(*) AS n, count(*) FILTER (WHERE coalesce(extended_on, due_on) < %(on)s) AS late FROM compliance_rightsrequest
        WHERE tenant_id = %(tenant)s AND status IN ('received', 'in_progress')),
  f AS (SELECT count(*) AS n, count(*) FILTER (WHERE due_on < %(on)s) AS late FROM compliance_auditfinding WHERE tenant_id = %(tenant)s AND status <> 'closed'),
  v AS (SELECT finished_at, status, checked FROM journal_verification WHERE tenant_id = %(tenant)s AND finished_at IS NOT NULL
        ORDER BY created_at DESC LIMIT 1),
  n AS (SELECT created_at, chain_number FROM journal_anchor WHERE tenant_id = %(tenant)s ORDER BY chain_number DESC LIMIT 1)
SELECT c.n, c.late, r.n, r.late,
  (SELECT count(*) FROM portfolio_quarantine WHERE tenant_id = %(tenant)s),
  (SELECT count(*) FROM portfolio_quarantinerelease WHERE tenant_id = %(tenant)s AND decided_at IS NULL),
  (SELECT count(*) FROM casework_hold h WHERE h.tenant_id = %(tenant)s AND {_OPEN_HOLD}),
  (SELECT count(*) FROM casework_dispute WHERE tenant_id = %(tenant)s AND resolved_at IS NULL AND status IN ('open', 'in_review', 'waiting_creditor')),
  (SELECT count(*) FROM casework_contactpause WHERE tenant_id = %(tenant)s AND resumed_at IS NULL),
  f.n, f.late, (SELECT count(*) FROM compliance_auditprogramme WHERE tenant_id = %(tenant)s AND is_active AND next_on <= %(on)s),
  v.finished_at, coalesce(v.status, ''), coalesce(v.checked, 0), n.created_at, n.chain_number
FROM c CROSS JOIN r CROSS JOIN f LEFT JOIN v ON true LEFT JOIN n ON true
"""
