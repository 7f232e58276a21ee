"""Complaints: opened by hand or by what a person said in a contact, with a clock, an investigation and an answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from recaudo.casework import services as casework
from recaudo.casework.models import Action
from recaudo.compliance import words
from recaudo.compliance.clocks import complaint_clock
from recaudo.compliance.models import Complaint
from recaudo.compliance.services.folios import new_folio
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.law.queries import Rules
from recaudo.portfolio.models import Account, Person
from recaudo.store import tenancy
from recaudo.workforce.models import User


class BadComplaint(Problem):
    code = "bad_complaint"
    message = "La queja no puede registrarse: {reason}"


class ComplaintClosed(Problem):
    code = "complaint_closed"
    message = "Esta queja ya se respondió."
    status = 409


@transaction.atomic
def open_complaint(
    *, person: Person | None, cause: str, channel: str, received_on: date, text: str, rules: Rules, by: Any, at: datetime, on: date,
    account: Account | None = None, lodged: str = "house", outside_folio: str = "", about: str = "other", agency_id: UUID | None = None,
    user_id: UUID | None = None, action: Action | None = None, stop_contact: bool = False, country: str = "",
) -> Complaint:  # fmt: skip
    """Note a complaint and start its clock by the law of the person's place.

    person        None when the authority did not say who; then `country` sets the clock
    stop_contact  hold everything about the person until somebody releases it
    Raises        BadComplaint
    """
    if cause not in words.CAUSES or lodged not in words.LODGED_ES or about not in words.ABOUT_ES or channel not in words.CHANNEL_IN_ES:
        raise BadComplaint(reason="elija la causa, el canal y ante quién se presentó.")
    if received_on > on:
        raise BadComplaint(reason="el día en que llegó no puede estar en el futuro.")
    if person is None and not country:
        raise BadComplaint(reason="diga de quién es o en qué país se presentó.")
    place = (person.country, person.subdivision) if person else (country, "")
    clock = complaint_clock(rules, country=place[0], subdivision=place[1], received_on=received_on)
    row = Complaint.objects.create(
        person=person, account_id=account.id if account else None, creditor_id=account.creditor_id if account else None,
        folio=new_folio("Q", received_on), outside_folio=outside_folio.strip()[:60], lodged=lodged, channel=channel, cause=cause, about=about,
        agency_id=agency_id, user_id=user_id, action_id=action.id if action else None, text=text.strip(), received_on=received_on,
        jurisdiction=clock.jurisdiction, rule=clock.rule, citation=clock.citation[:200], confidence=clock.confidence, due_on=clock.due_on, by_id=by.id,
        created_at=at,
    )  # fmt: skip
    if stop_contact and person is not None:
        hold = casework.open_hold(person=person, kind="regulator" if lodged != "house" else "dispute", reason=f"Queja {row.folio}", by=by, at=at)
        row.hold_id = hold.id
        row.save(update_fields=["hold_id"])
    journal.record(
        "complaint.opened", by=by, at=at, subject="person" if person else "complaint", subject_id=person.id if person else row.id, complaint_id=row.id,
        folio=row.folio, cause=cause, lodged=lodged, due_on=clock.due_on, rule=clock.rule, agency_id=agency_id,
    )  # fmt: skip
    return row


def open_from_action(action_id: UUID, *, rules: Rules, by: Any, at: datetime, on: date) -> Complaint | None:
    """A person complained during a contact: open the complaint once. None when the action already opened one."""
    if Complaint.objects.filter(action_id=action_id).exists():
        return None
    action = Action.objects.get(id=action_id)
    person = Person.objects.get(id=action.person_id)
    account = Account.objects.filter(id=action.account_id).first() if action.account_id else None
    channel = action.channel if action.channel in words.CHANNEL_IN_ES else "branch" if action.channel == "visit" else "call"
    return open_complaint(
        person=person, cause="other", channel=channel, received_on=on, text=action.note, rules=rules, by=by, at=at, on=on, account=account,
        about="agency" if action.agency_id else "other", agency_id=action.agency_id or tenancy.agency_id(), action=action,
    )  # fmt: skip


@transaction.atomic
def take_complaint(
    row: Complaint, *, to: User, cause: str = "", about: str = "", agency_id: UUID | None = None, user_id: UUID | None = None, by: Any, at: datetime
) -> Complaint:
    """Somebody investigates; what it is about may be said better now. Raises ComplaintClosed, BadComplaint."""
    fresh = _open(row)
    if (cause and cause not in words.CAUSES) or (about and about not in words.ABOUT_ES):
        raise BadComplaint(reason="elija la causa y de quién trata de la lista.")
    fresh.assigned_to_id, fresh.status = to.id, "in_review"
    fresh.cause, fresh.about = cause or fresh.cause, about or fresh.about
    fresh.agency_id, fresh.user_id = agency_id or fresh.agency_id, user_id or fresh.user_id
    fresh.save()
    _note("complaint.changed", fresh, by, at, step="in_review", cause=fresh.cause)
    return fresh


@transaction.atomic
def answer_complaint(row: Complaint, *, result: str, answer: str, measure: str, by: Any, at: datetime) -> Complaint:
    """Say whether it was founded, and answer. A founded one says what changes. Raises ComplaintClosed, BadComplaint."""
    if result not in words.RESULT_ES or len(answer.strip()) < 10:
        raise BadComplaint(reason="diga si es fundada y escriba la respuesta.")
    if result in {"founded", "partly"} and not measure.strip():
        raise BadComplaint(reason="una queja fundada pide una medida: escriba qué se corrige.")
    fresh = _open(row)
    fresh.result, fresh.answer, fresh.measure, fresh.status = result, answer.strip(), measure.strip()[:300], "answered"
    fresh.answered_at, fresh.answered_by_id = at, by.id
    fresh.save()
    _note("complaint.answered", fresh, by, at, result=result)
    return fresh


def _open(row: Complaint) -> Complaint:
    fresh: Complaint = Complaint.objects.select_for_update().get(id=row.id)
    if fresh.status not in words.COMPLAINT_OPEN:
        raise ComplaintClosed()
    return fresh


def _note(name: str, row: Complaint, by: Any, at: datetime, **more: Any) -> None:
    subject = ("person", row.person_id) if row.person_id else ("complaint", row.id)
    journal.record(name, by=by, at=at, subject=subject[0], subject_id=subject[1], complaint_id=row.id, folio=row.folio, **more)
