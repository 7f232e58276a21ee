"""Get-next: the most urgent call that may be made now and that nobody else works.

Calls whose hour has come are made first; one whose person is likelier to answer later waits for its hour while there are others, and is
made when there are none. A constant number of queries whatever the size of the queue; two people who ask at once never get the same case (SKIP LOCKED).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from recaudo.casework.models import Action, Case
from recaudo.casework.queries.dossier import Dossier, dossiers
from recaudo.casework.services.gate import PASSING, question_of
from recaudo.casework.services.house import POINT_KINDS, UNUSABLE
from recaudo.casework.services.judge import Answer, judge
from recaudo.law.queries import Rules
from recaudo.law.queries import rules as rules_in_force
from recaudo.portfolio.models import ContactPoint
from recaudo.store import tenancy
from recaudo.workforce.models import User

# First a handful, then more: what the gate refuses is put off, so the next who asks does not meet it again.
BATCHES = (5, 50)
# Who promised a call has this long to keep it before anybody may take it.
OWN_CALLBACK_MINUTES = 30
# How many numbers of a person are tried before the call is put off.
POINTS_TRIED = 3
LOCK_MINUTES = 15

_CANDIDATES = """
SELECT a.id, a.created_at FROM casework_action a
JOIN casework_case c ON c.id = a.case_id AND c.tenant_id = %(tenant)s
WHERE a.tenant_id = %(tenant)s AND a.channel = 'call' AND a.status = 'planned'
  AND (a.not_before_at IS NULL OR a.not_before_at <= %(at)s) AND (a.expires_at IS NULL OR a.expires_at > %(at)s)
  AND c.status = 'open' AND (c.locked_until IS NULL OR c.locked_until <= %(at)s)
  AND (c.assigned_to_id IS NULL OR c.assigned_to_id = %(me)s)
  AND (c.team_id IS NULL OR EXISTS (SELECT 1 FROM workforce_teammember t
                                    WHERE t.tenant_id = %(tenant)s AND t.team_id = c.team_id AND t.user_id = %(me)s))
  AND (a.treatment <> 'callback' OR a.by_id = %(me)s OR a.not_before_at <= %(late)s)
  AND {placed} AND {timely}
ORDER BY a.priority DESC, a.id
LIMIT %(size)s
FOR UPDATE OF c SKIP LOCKED
"""
_OWN = """(a.agency_id IS NULL AND NOT EXISTS (SELECT 1 FROM portfolio_placement p WHERE p.tenant_id = %(tenant)s
  AND p.account_id = a.account_id AND p.agency_id IS NOT NULL AND p.status IN ('active', 'recall_requested')))"""
_AGENCY = """((a.agency_id IS NULL OR a.agency_id = %(agency)s) AND EXISTS (SELECT 1 FROM portfolio_placement p
  WHERE p.tenant_id = %(tenant)s AND p.account_id = a.account_id AND p.agency_id = %(agency)s AND p.status IN ('active', 'recall_requested')))"""
# First those whose hour it is, or that have none; then, rather than to have nobody to call, those whose hour is still to come.
_TIMELY = ("(a.preferred_at IS NULL OR a.preferred_at <= %(at)s)", "a.preferred_at > %(at)s")
_PUT_OFF = """
UPDATE casework_action a SET not_before_at = v.later, status = v.status, permit_rule = v.rule
FROM unnest(%(ids)s::uuid[], %(laters)s::timestamptz[], %(statuses)s::text[], %(rules)s::text[]) AS v(id, later, status, rule)
WHERE a.id = v.id AND a.tenant_id = %(tenant)s AND a.status = 'planned'
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A call to make: its case is locked for who asked. `point` is the number that may be dialled now."""

    action: Action
    case: Case
    point: ContactPoint | None


@transaction.atomic
def take_next(*, by: User, at: datetime) -> Taken | None:
    """The case that this person should work now, locked for them; their own open one first. None when nothing may be called.

    Calls that the gate refuses now are put off to their next allowed time, or end as refused when there is none.
    """
    if (mine := _at_hand(by, at)) is not None:
        return mine
    rules = rules_in_force()
    return next((found for timely in _TIMELY if (found := _first_of(timely, by=by, at=at, rules=rules))), None)


def _first_of(timely: str, *, by: User, at: datetime, rules: Rules) -> Taken | None:
    for size in BATCHES:
        actions = _candidates(by, at, size, timely)
        if not actions:
            return None
        persons = {action.person_id for action in actions}
        known = dossiers(persons, at=at)
        phones = _phones(persons)
        refused: list[tuple[Action, Answer]] = []
        for action in actions:
            answer, point = first_allowed(action, known.get(action.person_id), phones[action.person_id], at=at, rules=rules)
            if answer is not None and answer.allowed:
                defer_or_refuse(refused)
                return _lock(action, point, by=by, at=at)
            if answer is not None and answer.rule not in PASSING:
                refused.append((action, answer))
        defer_or_refuse(refused)
        if len(actions) < size:
            return None
    return None


def first_allowed(
    action: Action, dossier: Dossier | None, points: Sequence[ContactPoint], *, at: datetime, rules: Rules
) -> tuple[Answer | None, ContactPoint | None]:
    """The gate's word on the first number that may be dialled, else on the best one. None for a person out of reach."""
    if dossier is None:
        return None, None
    tried: list[ContactPoint | None] = list(sorted(points, key=lambda point: point.id != action.contact_point_id)[:POINTS_TRIED])
    worst: Answer | None = None
    for point in tried or [None]:
        answer = judge(dossier, question_of(action, dossier, point), at=at, rules=rules, find_next=False)
        if answer.allowed:
            return answer, point
        worst = worst or judge(dossier, question_of(action, dossier, point), at=at, rules=rules)
    return worst, None


def defer_or_refuse(refused: Sequence[tuple[Action, Answer]]) -> None:
    """Put refused actions off to their next allowed time while their plan lives; the others end as refused. One query."""
    if not refused:
        return
    laters = [
        answer.next_allowed_at if answer.next_allowed_at and (not a.expires_at or answer.next_allowed_at < a.expires_at) else None
        for a, answer in refused
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            _PUT_OFF,
            {
                "tenant": tenancy.tenant_id(),
                "ids": [a.id for a, _ in refused],
                "laters": laters,
                "statuses": ["planned" if later else "refused" for later in laters],
                "rules": [answer.rule[:40] for _, answer in refused],
            },
        )


def _at_hand(by: User, at: datetime) -> Taken | None:
    case = Case.objects.filter(locked_by=by, locked_until__gt=at, status="open").order_by("-locked_until").first()
    if case is None:
        return None
    open_calls = Action.objects.filter(person_id=case.person_id, case_id=case.id, status__in=["planned", "in_progress"], channel="call")
    action = open_calls.order_by("status", "-priority").first()  # in_progress before planned
    return Taken(action, case, None) if action else None


def _candidates(by: User, at: datetime, size: int, timely: str) -> list[Action]:
    agency = tenancy.agency_id()
    values = {
        "tenant": tenancy.tenant_id(), "at": at, "me": by.id, "size": size, "agency": agency,
        "late": at - timedelta(minutes=OWN_CALLBACK_MINUTES),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES.format(placed=_AGENCY if agency else _OWN, timely=timely), values)
        found = dict(cursor.fetchall())
    # With when they were made only their months are opened, not every month there is.
    actions = Action.objects.filter(created_at__in=set(found.values())).in_bulk(list(found))
    return [actions[one] for one in found if one in actions]


def _phones(persons: set[UUID]) -> dict[UUID, list[ContactPoint]]:
    found: dict[UUID, list[ContactPoint]] = defaultdict(list)
    usable = ContactPoint.objects.filter(person_id__in=persons, kind=POINT_KINDS["call"]).exclude(status__in=UNUSABLE)
    for point in usable.defer("value").order_by("-ownership_score", "id"):
        found[point.person_id].append(point)
    return found


def _lock(action: Action, point: ContactPoint | None, *, by: User, at: datetime) -> Taken:
    # The row is ours since FOR UPDATE: nobody can have taken it in between.
    until = at + timedelta(minutes=LOCK_MINUTES)
    Case.objects.filter(id=action.case_id).update(locked_by=by, locked_until=until)
    return Taken(action, Case.objects.get(id=action.case_id), point)
