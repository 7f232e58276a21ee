"""Reads of audits: the draw of a sample, the calendar of a programme, lists of audits and findings, what a sampled row is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When

from recaudo.casework import catalogue
from recaudo.compliance.models import AuditFinding, AuditProgramme, AuditRun
from recaudo.compliance.queries.controls import Scope
from recaudo.compliance.queries.replay import PLANNED_DAYS
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.store import tenancy

MONTHS = {"monthly": 1, "quarterly": 3}

# Each: id, when, person, account, agency of everything that a sample may be drawn from.
POPULATIONS: dict[str, str] = {
    "action": """SELECT a.id, a.occurred_at AS at, a.person_id, a.account_id, a.agency_id, a.channel || ' ' || a.disposition AS says FROM casework_action a
      WHERE a.tenant_id = %(tenant)s AND a.created_at >= %(oldest)s AND a.occurred_at >= %(since)s AND a.occurred_at < %(until)s AND a.status = 'done'
        AND a.is_attempt""",
    "message": """SELECT m.id, m.sent_at AS at, m.person_id, m.account_id, a.agency_id, m.channel AS says FROM messaging_message m
      LEFT JOIN casework_action a ON a.id = m.action_id AND a.tenant_id = %(tenant)s AND a.created_at >= %(oldest)s
      WHERE m.tenant_id = %(tenant)s AND m.created_at >= %(oldest)s AND m.direction = 'out' AND m.sent_at >= %(since)s AND m.sent_at < %(until)s""",
    "account": """SELECT a.id, a.created_at AS at, a.holder_id AS person_id, a.id AS account_id,
        (SELECT x.agency_id FROM portfolio_placement x WHERE x.tenant_id = %(tenant)s AND x.account_id = a.id AND x.from_on < %(until_on)s
           AND (x.until_on IS NULL OR x.until_on > %(from_on)s) ORDER BY x.from_on DESC LIMIT 1) AS agency_id, a.number AS says
      FROM portfolio_account a WHERE a.tenant_id = %(tenant)s AND a.created_at < %(until)s AND (a.closed_on IS NULL OR a.closed_on >= %(from_on)s)""",
    "permit": """SELECT r.id, r.asked_at AS at, r.person_id, a.account_id, a.agency_id,
        r.channel || CASE WHEN r.is_allowed THEN ' permitido' ELSE ' ' || r.rule END AS says
      FROM casework_permitrecord r LEFT JOIN casework_action a ON a.id = r.action_id AND a.tenant_id = %(tenant)s AND a.created_at >= %(oldest)s
      WHERE r.tenant_id = %(tenant)s AND r.asked_at >= %(since)s AND r.asked_at < %(until)s""",
}


@dataclass(frozen=True, slots=True)
class Draw:
    """A sample in the order of the draw, and how many there were to draw from."""

    population: int
    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Sampled:
    """A row of a sample as a person finds it again. `account_id` None where there is no page to open."""

    id: str
    at: Any
    account_id: UUID | None
    account: str
    says: str


def draw(subject: str, scope: Scope, *, seed: int, size: int) -> Draw:
    """A random sample: rows in the order of SHA-256(seed:id). The same seed over the same rows draws the same, on any machine.

    Two queries; reads the whole population of the period once.
    """
    source = f"SELECT s.id FROM ({POPULATIONS[subject]}) s JOIN portfolio_person p ON p.id = s.person_id AND p.tenant_id = %(tenant)s {_NARROW}"
    params = _params(scope) | {"seed": str(seed), "size": size}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({source}) x", params)
        population = int(cursor.fetchone()[0])
        cursor.execute(
            f"SELECT id FROM ({source}) x ORDER BY sha256(convert_to(%(seed)s || ':' || id::text, 'UTF8')), id LIMIT %(size)s",
            params,
        )
        return Draw(population, tuple(row[0] for row in cursor.fetchall()))


def redraw(run: AuditRun, *, zone: str, on: date) -> Draw:
    """The sample of an audit drawn again from its kept seed, over the rows that lie there now."""
    return draw(run.subject, scope_of(run, zone=zone, on=on), seed=run.seed, size=max(len(run.sample), 1))


def sampled(run: AuditRun, *, zone: str, on: date) -> list[Sampled]:
    """The rows of a sample as they are now, in the order of the draw; rows that are gone are missing. One query."""
    text = f"SELECT s.id, s.at, s.account_id, c.number, s.says FROM ({POPULATIONS[run.subject]}) s" \
           " LEFT JOIN portfolio_account c ON c.id = s.account_id AND c.tenant_id = %(tenant)s WHERE s.id = ANY(%(ids)s::uuid[])"  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(text, _params(scope_of(run, zone=zone, on=on)) | {"ids": run.sample})
        found = {str(row[0]): Sampled(str(row[0]), row[1], row[2], row[3] or "", _says(row[4])) for row in cursor.fetchall()}
    return [found[key] for key in run.sample if key in found]


def scope_of(run: AuditRun, *, zone: str, on: date) -> Scope:
    """What an audit looked at."""
    return Scope(run.from_on, run.until_on, on, zone, run.country, run.agency_id)


def before(day: date, period: str) -> date:
    """The day on which the period that ends before `day` begins."""
    return day - timedelta(days=7) if period == "weekly" else _months(day, -MONTHS[period])


def after(day: date, period: str) -> date:
    """The day one period later; the last day of a month stays within the next."""
    return day + timedelta(days=7) if period == "weekly" else _months(day, MONTHS[period])


def programmes() -> QuerySet[AuditProgramme]:
    """Active ones first, the nearest day first, each with its audits and open findings counted."""
    return AuditProgramme.objects.annotate(
        run_count=Count("runs", distinct=True),
        open_findings=Count("runs__findings", filter=~Q(runs__findings__status="closed"), distinct=True),
    ).order_by("-is_active", "next_on", "name")


def runs(*, programme_id: UUID | None = None) -> QuerySet[AuditRun]:
    """Newest first, with findings counted."""
    found = AuditRun.objects.select_related("programme").annotate(
        finding_count=Count("findings"), open_count=Count("findings", filter=~Q(findings__status="closed"))
    )
    return (found.filter(programme_id=programme_id) if programme_id else found).order_by("-created_at")


def findings(
    *, status: str = "", severity: str = "", late_on: date | None = None, control: str = ""
) -> QuerySet[AuditFinding]:
    """What is not closed first, the nearest day first. `status`: of the model, or `pending` for everything that is not closed."""
    found = AuditFinding.objects.select_related("run", "run__programme").annotate(
        is_done=Case(When(status="closed", then=Value(1)), default=Value(0), output_field=IntegerField())
    )
    if status == "pending":
        found = found.exclude(status="closed")
    elif status:
        found = found.filter(status=status)
    if severity:
        found = found.filter(severity=severity)
    if control:
        found = found.filter(control=control)
    if late_on:
        found = found.exclude(status="closed").filter(due_on__lt=late_on)
    return found.order_by("is_done", F("due_on").asc(nulls_first=True), "-created_at")


@dataclass(frozen=True, slots=True)
class FindingCounts:
    """Findings that are not closed: all, without a plan, past their day."""

    pending: int
    bare: int
    late: int


def finding_counts(*, on: date) -> FindingCounts:
    """One query."""
    row = AuditFinding.objects.exclude(status="closed").aggregate(
        pending=Count("id"), bare=Count("id", filter=Q(status="open")), late=Count("id", filter=Q(due_on__lt=on))
    )
    return FindingCounts(row["pending"], row["bare"], row["late"])


def _says(words_of: str) -> str:
    """`call NC03` as people read it."""
    first, _, rest = words_of.partition(" ")
    known = catalogue.dispositions().get(rest)
    return " · ".join(part for part in (CHANNEL_ES.get(first, first), f"{rest} {known.label_es}" if known else rest) if part)


_NARROW = "WHERE (%(country)s = '' OR p.country = %(country)s) AND (%(agency)s::uuid IS NULL OR s.agency_id = %(agency)s::uuid)"


def _params(scope: Scope) -> dict[str, Any]:
    return {
        "tenant": tenancy.tenant_id(), "since": scope.since, "until": scope.until, "oldest": scope.since - timedelta(days=PLANNED_DAYS),
        "from_on": scope.from_on, "until_on": scope.until_on, "country": scope.country, "agency": scope.agency_id,
    }  # fmt: skip


def _months(day: date, count: int) -> date:
    """The same day some months later; where the month is shorter, its last day."""
    place = day.year * 12 + day.month - 1 + count
    year, month = divmod(place, 12)
    first = date(year, month + 1, 1)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return first.replace(day=min(day.day, last))
