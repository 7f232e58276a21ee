"""What a sender of messages reports about an action: not yet, later news of what was sent, an answer that waits for a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from recaudo.casework import catalogue
from recaudo.casework.models import Action, Case
from recaudo.casework.permit import Permit
from recaudo.casework.services import effects
from recaudo.casework.services.actions import day_of
from recaudo.casework.services.effects import Setting
from recaudo.casework.services.outcome import Outcome
from recaudo.journal import services as journal
from recaudo.portfolio.models import Account, Person
from recaudo.store.locks import hold_person, hold_persons

# How far a message came: news of an earlier step change nothing. What bounced or was refused for good is the last word.
STEPS = {"DG01": 1, "DG02": 2, "DG03": 3, "DG04": 4, "DG05": 5, "DG07": 6, "DG06": 7, "DG08": 7, "DG09": 7, "DG10": 7}


@transaction.atomic
def put_back(action: Action, *, not_before_at: datetime | None = None) -> None:
    """An action that certainly reached nobody waits again, or ends when it was stopped meanwhile: its slot is free.

    not_before_at  None keeps the time it had
    """
    changes: dict[str, Any] = {"status": "planned", "occurred_at": None}
    if not_before_at is not None:
        changes["not_before_at"] = not_before_at
    held = Action.objects.filter(id=action.id, created_at=action.created_at, status__in=["in_progress", "refused"])
    if held.exclude(cancelled_reason="").update(status="cancelled", occurred_at=None):
        action.status, action.occurred_at = "cancelled", None
    elif held.update(**changes):
        for name, value in changes.items():
            setattr(action, name, value)


@transaction.atomic
def close_sent(sent: Iterable[Permit], *, at: datetime, by: Any) -> set[UUID]:
    """Close the actions of messages that a provider took (DG01), each under its Permit: a constant number of queries.

    Returns  the actions that were closed; what ended by another way meanwhile is left alone
    """
    permits = {permit.action_id: permit for permit in sent}
    hold_persons(permit.person_id for permit in permits.values())
    known = catalogue.disposition("DG01")
    found = [
        action
        for action in Action.objects.select_for_update().filter(id__in=list(permits), status="in_progress", direction="out")
        if permits[action.id].is_for(action)
    ]
    ids = [action.id for action in found]
    Action.objects.filter(id__in=ids).update(
        status="done", disposition=known.code, contact_level=known.level, effect=known.effect, is_attempt=known.is_attempt,
        is_contact=known.is_contact, is_rpc=known.is_rpc, is_tpc=known.is_tpc, cancelled_reason="",
    )  # fmt: skip
    # A callback that was due is answered by this, as it is when one action is closed.
    Case.objects.filter(id__in=[action.case_id for action in found], next_at__lte=at).update(next_at=None)
    journal.record_many(
        "action.closed", by=by, at=at, subject="action",
        rows=[
            (action.id, {"person_id": action.person_id, "account_id": action.account_id, "channel": action.channel,
                         "disposition": known.code, "effect": known.effect, "level": known.level})
            for action in found
        ],
    )  # fmt: skip
    return set(ids)


@transaction.atomic
def note_delivery(*, action_id: UUID, disposition: str, by: Any, at: datetime) -> Action | None:
    """Later news of a message that was sent (delivered, read, bounced, blocked), with what it brings about.

    disposition  a code of the catalogue's digital group
    Returns      the action, None when it is not a sent one or the news are old
    """
    person_id = Action.objects.filter(id=action_id).values_list("person_id", flat=True).first()
    if person_id is None:
        return None
    hold_person(person_id)
    action: Action | None = Action.objects.select_for_update().filter(id=action_id, status="done", direction="out").first()
    if action is None or STEPS.get(disposition, 0) <= STEPS.get(action.disposition, 9):
        return None
    known = catalogue.disposition(disposition)
    action.disposition, action.contact_level, action.effect = known.code, known.level, known.effect
    action.is_attempt, action.is_contact = action.is_attempt or known.is_attempt, action.is_contact or known.is_contact
    action.save(update_fields=["disposition", "contact_level", "effect", "is_attempt", "is_contact"])
    person = Person.objects.get(id=person_id)
    account = Account.objects.filter(id=action.account_id).first() if action.account_id else None
    setting = Setting(action, person, account, Case.objects.get(id=action.case_id), by, at, day_of(person, at))
    effects.apply(known, Outcome(known.code), setting)
    return action


@transaction.atomic
def ask_follow_up(*, case_id: UUID, by: Any, at: datetime) -> None:
    """Somebody answered and waits for a person: the case is due at once, unless it is due already."""
    case = Case.objects.select_for_update().filter(id=case_id, status="open").first()
    if case is None or (case.next_at is not None and case.next_at <= at):
        return
    case.next_at = at
    case.save(update_fields=["next_at"])
    journal.record("case.assigned", by=by, at=at, subject="case", subject_id=case.id, step="follow_up")
