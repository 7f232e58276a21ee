"""The open work on a person: opened and closed by the day, assigned, locked while somebody works it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from recaudo.casework.models import Action, Case
from recaudo.casework.services.pending import cancel_pending
from recaudo.journal import services as journal
from recaudo.kernel.problems import NotAllowed, NotFound, Problem
from recaudo.portfolio.models import Account
from recaudo.store import tenancy
from recaudo.workforce.models import Team, User

LOCK_MINUTES = 15
LATE = ("delinquent", "accelerated", "written_off")


class CaseLocked(Problem):
    code = "case_locked"
    message = "{who} trabaja este caso en este momento. Tome otro o espere a que lo libere."
    status = 409


class NotInAgency(Problem):
    code = "not_in_agency"
    message = "Sólo puede asignar casos a personas activas de su mismo equipo u organización."


# Late accounts, and those that fall due within some days when the plan reminds before the day.
_WORKED = """
  SELECT a.holder_id AS person_id, max(a.dpd) AS dpd, (array_agg(a.stage ORDER BY a.dpd DESC))[1] AS stage
  FROM portfolio_account a
  WHERE a.tenant_id = %(tenant)s AND a.balance_minor > 0 AND (
    (a.overdue_minor > 0 AND a.status IN ('delinquent', 'accelerated', 'written_off'))
    OR (%(days)s > 0 AND a.next_due_on BETWEEN %(on)s AND %(until)s AND a.status IN ('preventive', 'current', 'delinquent')))
  GROUP BY a.holder_id
"""
# What is late is read once; then every case is opened, renewed or closed: no row is touched by two of the parts.
_REVIEW = f"""
WITH worked AS MATERIALIZED ({_WORKED}),
standing AS MATERIALIZED (
  SELECT c.id, c.person_id, c.dpd_max, c.stage, c.next_at FROM casework_case c WHERE c.tenant_id = %(tenant)s AND c.status = 'open'
), matched AS MATERIALIZED (
  SELECT coalesce(w.person_id, c.person_id) AS person_id, w.dpd, w.stage, c.id AS case_id, w.person_id IS NOT NULL AS is_late, c.next_at,
         (c.dpd_max, c.stage) IS DISTINCT FROM (w.dpd, w.stage) AS differs
  FROM worked w FULL JOIN standing c ON c.person_id = w.person_id
), opened AS (
  INSERT INTO casework_case (id, tenant_id, created_at, person_id, status, stage, dpd_max, opened_at, closed_reason)
  SELECT recaudo_uuid7(), %(tenant)s, %(at)s, m.person_id, 'open', m.stage, m.dpd, %(at)s, ''
  FROM matched m WHERE m.case_id IS NULL
  ON CONFLICT (tenant_id, person_id) WHERE status = 'open' DO NOTHING
  RETURNING 1
), renewed AS (
  UPDATE casework_case c SET dpd_max = m.dpd, stage = m.stage
  FROM matched m
  WHERE c.id = m.case_id AND c.tenant_id = %(tenant)s AND c.status = 'open' AND m.is_late AND m.differs
  RETURNING 1
), closed AS (
  UPDATE casework_case c
  SET status = 'closed', closed_at = %(at)s, closed_reason = 'paid', locked_by_id = NULL, locked_until = NULL, next_at = NULL
  FROM matched m
  WHERE c.id = m.case_id AND c.tenant_id = %(tenant)s AND c.status = 'open' AND NOT m.is_late
    AND NOT EXISTS (SELECT 1 FROM casework_hold h
                    WHERE h.tenant_id = %(tenant)s AND h.person_id = c.person_id AND h.released_at IS NULL AND h.kind = 'payment_claim')
    -- a guarantor who asked to be called owes nothing of their own
    AND NOT (coalesce(c.next_at > %(at)s, false)
             AND NOT EXISTS (SELECT 1 FROM portfolio_account o WHERE o.tenant_id = %(tenant)s AND o.holder_id = c.person_id))
  RETURNING c.id
), stopped AS (
  UPDATE casework_action a SET status = 'cancelled', cancelled_reason = 'paid'
  FROM closed WHERE a.tenant_id = %(tenant)s AND a.case_id = closed.id AND a.status = 'planned'
  RETURNING a.id
)
SELECT (SELECT count(*) FROM opened), (SELECT count(*) FROM renewed), (SELECT count(*) FROM closed), (SELECT count(*) FROM stopped)
"""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """How many cases a review opened, renewed (their delay or stage changed) and closed."""

    opened: int
    renewed: int
    closed: int


@transaction.atomic
def review_cases(*, on: date, by: Any, at: datetime, due_within_days: int = 0) -> Reviewed:
    """Open, renew and close the cases of everybody in one pass over the accounts. A second time changes nothing.

    A person with something overdue has a case; who owes nothing overdue any more has none.

    due_within_days  also for persons whose next due day lies within so many days (reminders before the day); 0 = not
    """
    values = {
        "tenant": tenancy.tenant_id(), "on": on, "at": at, "days": due_within_days, "until": on + timedelta(days=due_within_days),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_REVIEW, values)
        opened, renewed, closed, stopped = cursor.fetchone()
    if opened or renewed:
        journal.record("cases.opened", by=by, at=at, subject="case", opened=opened, renewed=renewed, on=on)
    if closed:
        journal.record("case.closed", by=by, at=at, subject="case", count=closed, reason="paid", cancelled=stopped, on=on)
    return Reviewed(int(opened), int(renewed), int(closed))


@transaction.atomic
def case_for(person_id: UUID, *, by: Any, at: datetime) -> Case:
    """The person's open case; opened when there is none."""
    found = Case.objects.filter(person_id=person_id, status="open").first()
    if found is not None:
        return found
    worst = Account.objects.filter(holder_id=person_id).order_by("-dpd").values_list("dpd", "stage").first() or (0, "preventive")
    case, made = Case.objects.get_or_create(
        person_id=person_id, status="open",
        defaults={"opened_at": at, "created_at": at, "dpd_max": worst[0], "stage": worst[1]},
    )  # fmt: skip
    if made:
        journal.record("case.opened", by=by, at=at, subject="case", subject_id=case.id, person_id=person_id)
    return case


@transaction.atomic
def close_if_paid(person_id: UUID, *, on: date, by: Any, at: datetime) -> Case | None:
    """Close the person's case when nothing is overdue on any of their accounts. Returns the closed case, or None."""
    case = Case.objects.select_for_update().filter(person_id=person_id, status="open").first()
    if case is None or Account.objects.filter(holder_id=person_id, overdue_minor__gt=0, balance_minor__gt=0, status__in=LATE).exists():
        return None
    case.status, case.closed_at, case.closed_reason = "closed", at, "paid"
    case.locked_by, case.locked_until, case.next_at = None, None, None
    case.save(update_fields=["status", "closed_at", "closed_reason", "locked_by", "locked_until", "next_at"])
    cancel_pending(reason="paid", by=by, at=at, case_id=case.id)
    journal.record("case.closed", by=by, at=at, subject="case", subject_id=case.id, person_id=person_id, reason="paid")
    return case


@transaction.atomic
def lock_case(case: Case, *, by: User, at: datetime, minutes: int = LOCK_MINUTES) -> Case:
    """Take a case to work it; the lock ends by itself. Raises CaseLocked while somebody else holds it, NotFound."""
    free = Q(locked_until=None) | Q(locked_until__lte=at) | Q(locked_by=by)
    until = at + timedelta(minutes=minutes)
    if not Case.objects.filter(free, id=case.id, status="open").update(locked_by=by, locked_until=until):
        fresh = Case.objects.select_related("locked_by").filter(id=case.id).first()
        if fresh is None or fresh.locked_by is None:
            raise NotFound()
        raise CaseLocked(who=fresh.locked_by.name)
    case.locked_by, case.locked_until = by, until
    return case


@transaction.atomic
def unlock_case(case: Case, *, by: Any, at: datetime, force: bool = False) -> Case:
    """Let a case go. `force` ends somebody else's lock (a supervisor). Raises CaseLocked, NotFound."""
    fresh = Case.objects.select_for_update(of=("self",)).select_related("locked_by").filter(id=case.id).first()
    if fresh is None:
        raise NotFound()
    if fresh.locked_by is None:
        return fresh
    if fresh.locked_by_id != by.id:
        if not force:
            raise CaseLocked(who=fresh.locked_by.name)
        journal.record("case.assigned", by=by, at=at, subject="case", subject_id=fresh.id, step="unlocked", from_id=fresh.locked_by_id)
    fresh.locked_by, fresh.locked_until = None, None
    fresh.save(update_fields=["locked_by", "locked_until"])
    return fresh


@transaction.atomic
def assign_cases(
    *, case_ids: Iterable[UUID], to: User | None, by: Any, at: datetime, team: Team | None = None
) -> int:
    """Give open cases to a person or a team (both None = back to everybody's queue). Locks of others end.

    Returns  how many cases changed hands
    Raises   NotInAgency when `to` is inactive or sees other work than these cases
    """
    if to is not None and not _may_take(to, by):
        raise NotInAgency()
    wanted = sorted(set(case_ids))
    owner = to or (team.supervisor if team else None)
    changed = Case.objects.filter(id__in=wanted, status="open").update(
        assigned_to=to, team=team, locked_by=None, locked_until=None
    )
    if changed:
        digest = sha256("".join(map(str, wanted)).encode()).hexdigest()
        journal.record(
            "case.assigned", by=by, at=at, subject="case", subject_id=wanted[0] if len(wanted) == 1 else None, count=changed, digest=digest,
            to_id=to.id if to else None, team_id=team.id if team else None, answers_id=owner.id if owner else None,
        )  # fmt: skip
    return int(changed)


def guard_lock(case: Case, *, by: Any, at: datetime) -> None:
    """That nobody else works the case now. Raises CaseLocked."""
    if case.locked_until and case.locked_until > at and case.locked_by_id != by.id:
        holder = case.locked_by
        raise CaseLocked(who=holder.name if holder else "Otra persona")


def own_action(action_id: UUID) -> Action:
    """An action within reach. Raises NotFound."""
    found: Action | None = Action.objects.filter(id=action_id).first()
    if found is None:
        raise NotFound()
    return found


def _may_take(to: User, by: Any) -> bool:
    agency = tenancy.agency_id()
    return bool(to.is_active and to.tenant_id == tenancy.tenant_id() and to.may("work.take") and (agency is None or to.agency_id == agency))


__all__ = [
    "CaseLocked", "NotAllowed", "NotInAgency", "Reviewed", "assign_cases", "case_for", "close_if_paid", "guard_lock", "lock_case",
    "own_action", "review_cases", "unlock_case",
]  # fmt: skip
