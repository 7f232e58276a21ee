"""What an agent does: take the next case, call, register what came in, promise without a call."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from recaudo.casework import catalogue
from recaudo.casework import services as casework
from recaudo.casework.models import Action, Case
from recaudo.casework.services import Outcome, Taken
from recaudo.journal import services as journal
from recaudo.kernel.problems import NotFound
from recaudo.portfolio.models import Account, ContactPoint, Person
from recaudo.workforce.models import User

CALL = "call"
SPOKEN = frozenset({"call", "visit"})
# What may be agreed with whoever answers without a word about a debt.
NEUTRAL = frozenset({"callback", "opt_out", "preference", "unverified"})


def get_next(*, by: User, at: datetime) -> Taken | None:
    """The most urgent case that may be called now, locked for 15 minutes; None when there is none."""
    return casework.take_next(by=by, at=at)


def start_call(
    *, account: Account, person: Person, point: ContactPoint, by: User, at: datetime, rest: str = "", reason: str = ""
) -> Action:
    """Ask the gate and begin a call: the action planned for it, else a new one. The case is locked first.

    rest, reason  where the strategy rests: its words, and why somebody calls all the same. Both stay in the person's history and the
                  journal; the gate is asked as always
    Raises        CaseLocked; ContactRefused (what was written of the refusal stays: the caller must not roll back), ActionBusy
    """
    with transaction.atomic():
        casework.hold_person(person.id)
        case = casework.case_for(person.id, by=by, at=at)
        casework.lock_case(case, by=by, at=at)
        if rest:
            casework.add_note(person=person, account=account, text=f"Se llama aunque {rest}: {reason.strip()}", by=by, at=at)
            journal.record("contact.insisted", by=by, at=at, subject="account", subject_id=account.id, person_id=person.id)
        action = in_hand(case, by=by) or _planned(account, person) or casework.open_action(
            person=person, account=account, channel=CALL, by=by, at=at, contact_point_id=point.id
        )
    casework.clear(action=action, contact_point=point, at=at, by=by)
    return action


@transaction.atomic
def register_inbound(*, account: Account, person: Person, channel: str, by: User, at: datetime) -> Action:
    """The person contacted us: an action in progress that needs no permit. The case is locked. Raises CaseLocked."""
    casework.hold_person(person.id)
    case = casework.case_for(person.id, by=by, at=at)
    casework.lock_case(case, by=by, at=at)
    return in_hand(case, by=by) or casework.open_action(
        person=person, account=account, channel=channel, direction="in", purpose="reply_to_debtor", by=by, at=at
    )


@transaction.atomic
def promise_at_the_desk(
    *, account: Account, person: Person, amount_minor: int, due_on: date, means: str, channel: str, by: User, at: datetime
) -> Action:
    """A promise that the person made by coming to us: one inbound action with its outcome. Raises BadPromise, CaseLocked."""
    action = register_inbound(account=account, person=person, channel=channel, by=by, at=at)
    code = "PP02" if amount_minor < account.overdue_minor else "PP01"
    outcome = Outcome(code, amount_minor=amount_minor, due_on=due_on, means=means)
    permit = casework.permit_of(action, at=at) if action.direction == "out" else None
    return casework.close_action(action, outcome=outcome, permit=permit, by=by, at=at)


def finish(action: Action, *, outcome: Outcome, by: User, at: datetime) -> Action:
    """Close the action in hand with its outcome, under the permit that it holds.

    Raises  NotIdentified when the outcome says that the debt was spoken of and nobody checked with whom; what close_action raises
    """
    found = catalogue.dispositions().get(outcome.disposition)
    told = found is not None and found.is_rpc and found.effect not in NEUTRAL and action.channel in SPOKEN
    if told and not casework.is_identified(action):
        raise casework.NotIdentified()
    permit = casework.permit_of(action, at=at) if action.direction == "out" and action.status == "in_progress" else None
    return casework.close_action(action, outcome=outcome, permit=permit, by=by, at=at)


def release(case_id: UUID, *, by: User, at: datetime, force: bool = False) -> Case:
    """Let a case go without an outcome. `force` ends another's lock. Raises NotFound, CaseLocked."""
    case = Case.objects.filter(id=case_id).first()
    if case is None:
        raise NotFound()
    return casework.unlock_case(case, by=by, at=at, force=force)


def note_view(person: Person, *, by: Any, at: datetime) -> None:
    """That somebody read a person's data. The caller decides how often (once an hour and session)."""
    journal.record("person.viewed", by=by, at=at, subject="person", subject_id=person.id)


def in_hand(case: Case, *, by: User) -> Action | None:
    """The action of the case that this person has begun and not closed."""
    found: Action | None = (
        Action.objects.filter(person_id=case.person_id, case_id=case.id, status="in_progress", by_id=by.id).order_by("-occurred_at").first()
    )
    return found


def _planned(account: Account, person: Person) -> Action | None:
    planned = Action.objects.filter(account_id=account.id, person_id=person.id, channel=CALL, status="planned")
    found: Action | None = planned.order_by("-priority", "id").first()
    return found


@transaction.atomic
def finish_and_next(action: Action, *, outcome: Outcome, by: User, at: datetime) -> Taken | None:
    """Close the action in hand and take the next case at once."""
    finish(action, outcome=outcome, by=by, at=at)
    return get_next(by=by, at=at)
