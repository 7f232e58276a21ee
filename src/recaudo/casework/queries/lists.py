"""Lists and counts of cases, actions, holds and permits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet

from recaudo.casework.models import Action, Case, ContactPause, Dispute, Hold, IdentityCheck, PermitRecord
from recaudo.casework.words import CALLBACK, CALLBACK_PRIORITY
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.permissions import ROLES
from recaudo.portfolio.models import Account, Creditor
from recaudo.store import tenancy

# Counts stop here: beyond it nobody reads the number, and counting a million rows on every page is not free.
COUNT_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class DeskCounts:
    """What waits for one agent. `waiting` stops at COUNT_LIMIT."""

    waiting: int
    callbacks_today: int
    done_today: int
    reached_today: int
    promises_today: int

    @property
    def is_capped(self) -> bool:
        return self.waiting >= COUNT_LIMIT


def desk_counts(user_id: UUID, *, at: datetime, day_from: datetime, day_until: datetime) -> DeskCounts:
    """The agent's figures; the day is [day_from, day_until) in UTC. One query."""
    sql = """
    SELECT
      (SELECT count(*) FROM (SELECT 1 FROM casework_action a WHERE a.tenant_id = %(tenant)s AND a.channel = 'call' AND a.status = 'planned'
         AND (a.not_before_at IS NULL OR a.not_before_at <= %(at)s) AND (a.expires_at IS NULL OR a.expires_at > %(at)s)
         AND a.agency_id IS NOT DISTINCT FROM %(agency)s LIMIT %(limit)s) w),
      (SELECT count(*) FROM casework_action a WHERE a.tenant_id = %(tenant)s AND a.channel = 'call' AND a.status = 'planned'
         AND a.priority >= 1000000000 AND a.treatment = 'callback' AND a.by_id = %(user)s AND a.not_before_at < %(until)s),
      count(*), count(*) FILTER (WHERE d.is_rpc), count(*) FILTER (WHERE d.promise_id IS NOT NULL)
    FROM casework_action d
    WHERE d.tenant_id = %(tenant)s AND d.occurred_at >= %(from)s AND d.occurred_at < %(until)s AND d.by_id = %(user)s AND d.status = 'done'
    """
    values = {
        "tenant": tenancy.tenant_id(), "user": user_id, "at": at, "from": day_from, "until": day_until, "agency": tenancy.agency_id(),
        "limit": COUNT_LIMIT,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return DeskCounts(*cursor.fetchone())


def identity_checked(action_id: UUID) -> tuple[str, ...]:
    """What the person confirmed in this contact before the debt was spoken of; empty when nobody checked."""
    found = IdentityCheck.objects.filter(action_id=action_id, is_verified=True).values_list("checked", flat=True).first()
    return tuple(found or ())


def case_of(person_id: UUID) -> Case | None:
    """The person's open case with who has it."""
    found: Case | None = Case.objects.select_related("assigned_to", "locked_by", "team").filter(person_id=person_id, status="open").first()
    return found


def holds_of(person_id: UUID, *, open_only: bool = True) -> QuerySet[Hold]:
    """Holds of a person, newest first."""
    holds = Hold.objects.filter(person_id=person_id).order_by("-from_at")
    return holds.filter(released_at=None) if open_only else holds


def disputes_of(person_id: UUID) -> QuerySet[Dispute]:
    """Disputes of a person that are not resolved, newest first; for an agency, those of its accounts or of none."""
    found = Dispute.objects.filter(person_id=person_id, resolved_at=None).order_by("-created_at")
    if tenancy.agency_id() is None:
        return found
    return found.filter(Q(account_id=None) | Q(account_id__in=Account.objects.values("id")))


def open_pauses() -> QuerySet[ContactPause]:
    """Pauses of contact that are on."""
    return ContactPause.objects.filter(resumed_at=None).order_by("-created_at")


def pause_scope(scope: str) -> str:
    """What a pause stops, in Spanish: a channel, a creditor by name, or everything."""
    kind, _, value = scope.partition(":")
    if kind == "channel":
        return CHANNEL_ES.get(value, value)
    if kind == "creditor":
        return Creditor.objects.filter(id=value).values_list("name", flat=True).first() or "un acreedor"
    return "Todo contacto"


def pending_counts(*, account_id: UUID | None = None, person_id: UUID | None = None) -> dict[str, int]:
    """Planned actions by channel, of an account or a person."""
    scope: dict[str, Any] = {"account_id": account_id} if account_id else {"person_id": person_id}
    rows = Action.objects.filter(status="planned", **scope).order_by().values("channel").annotate(n=Count("id"))
    return {row["channel"]: row["n"] for row in rows}


def permits_of(person_id: UUID, *, limit: int = 50) -> list[PermitRecord]:
    """The newest permissions asked about a person, with their answers."""
    return list(PermitRecord.objects.filter(person_id=person_id).order_by("-asked_at")[:limit])


def refusals_by_rule(*, since: datetime, until: datetime) -> dict[str, int]:
    """How often each rule refused a contact in [since, until)."""
    rows = (
        PermitRecord.objects.filter(is_allowed=False, asked_at__gte=since, asked_at__lt=until)
        .order_by()
        .values("rule")
        .annotate(n=Count("id"))
    )
    return {row["rule"]: row["n"] for row in rows}


@dataclass(frozen=True, slots=True)
class AtWork:
    """One agent's line of the shift."""

    user_id: UUID
    name: str
    agency: str
    locked_case_id: UUID | None
    locked_person: str
    locked_account_id: UUID | None
    locked_until: datetime | None
    assigned: int
    callbacks: int
    done_today: int
    reached_today: int
    promises_today: int


def worked_now(*, at: datetime, day_from: datetime, day_until: datetime) -> list[AtWork]:
    """Who works what: active people who take work, their lock, what is theirs and what they did today. One query."""
    sql = """
    SELECT u.id, u.name, coalesce(g.name, ''), l.id, coalesce(p.name, ''),
      (SELECT a.id FROM portfolio_account a WHERE a.tenant_id = %(tenant)s AND a.holder_id = l.person_id ORDER BY a.dpd DESC LIMIT 1),
      l.locked_until, coalesce(o.n, 0), coalesce(o.callbacks, 0), coalesce(d.done, 0), coalesce(d.reached, 0), coalesce(d.promises, 0)
    FROM workforce_user u
    LEFT JOIN workforce_agency g ON g.id = u.agency_id AND g.tenant_id = %(tenant)s
    LEFT JOIN LATERAL (SELECT c.id, c.person_id, c.locked_until FROM casework_case c WHERE c.tenant_id = %(tenant)s
                         AND c.locked_by_id = u.id AND c.locked_until > %(at)s AND c.status = 'open' ORDER BY c.locked_until DESC LIMIT 1) l ON true
    LEFT JOIN portfolio_person p ON p.id = l.person_id AND p.tenant_id = %(tenant)s
    LEFT JOIN (SELECT c.assigned_to_id, count(*) AS n, count(*) FILTER (WHERE c.next_at < %(until)s) AS callbacks
               FROM casework_case c WHERE c.tenant_id = %(tenant)s AND c.status = 'open' AND c.assigned_to_id IS NOT NULL
               GROUP BY 1) o ON o.assigned_to_id = u.id
    LEFT JOIN (SELECT x.by_id, count(*) AS done, count(*) FILTER (WHERE x.is_rpc) AS reached, count(x.promise_id) AS promises
               FROM casework_action x WHERE x.tenant_id = %(tenant)s AND x.status = 'done' AND x.occurred_at >= %(from)s
                 AND x.occurred_at < %(until)s AND x.by_id IS NOT NULL GROUP BY 1) d ON d.by_id = u.id
    WHERE u.tenant_id = %(tenant)s AND u.is_active AND u.roles && %(roles)s AND (%(agency)s::uuid IS NULL OR u.agency_id = %(agency)s)
    ORDER BY l.id IS NULL, u.name LIMIT 500
    """
    values = {
        "tenant": tenancy.tenant_id(), "at": at, "from": day_from, "until": day_until, "agency": tenancy.agency_id(),
        "roles": [code for code, role in ROLES.items() if "work.take" in role.permissions],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [AtWork(*row) for row in cursor.fetchall()]


def agenda_callbacks(user_id: UUID, *, until: datetime, everybody: bool = False) -> QuerySet[Action]:
    """Calls that were promised up to an instant, soonest first: the person's own, or everybody's."""
    planned = Action.objects.filter(channel="call", status="planned", treatment=CALLBACK, priority__gte=CALLBACK_PRIORITY, not_before_at__lt=until)
    if not everybody:
        mine = Case.objects.filter(assigned_to_id=user_id, status="open").values("id")
        planned = planned.filter(Q(by_id=user_id) | Q(case_id__in=mine))
    return planned.order_by("not_before_at", "id")
