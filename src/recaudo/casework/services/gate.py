"""The gate: the only place in the product that makes a Permit. No permit, no contact.

`clear` takes the person's lock, asks the house and the law, writes the answer down either way, and holds the slot until the
action is closed. `verdict_for` asks the same without holding or writing: for screens.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from recaudo.casework.models import Action, PermitRecord
from recaudo.casework.permit import ContactRefused, Permit, PermitExpired
from recaudo.casework.queries.dossier import Dossier, dossiers
from recaudo.casework.services import decision, house
from recaudo.casework.services.house import Question
from recaudo.casework.services.judge import Answer, judge, permit_end
from recaudo.journal import services as journal
from recaudo.kernel.contact import Purpose
from recaudo.kernel.problems import NotFound, Problem
from recaudo.law.queries import Rules
from recaudo.law.queries import rules as rules_in_force
from recaudo.portfolio.models import ContactPoint
from recaudo.store import tenancy
from recaudo.store.locks import hold_free, hold_person

OPEN = frozenset({"planned", "in_progress"})
# Refusals that say nothing about the person: they pass, and what was planned stays planned.
PASSING = frozenset({"HOUSE-PAUSE", "HOUSE-LIBRARIES", "HOUSE-LAW"})
# A machine may try to send the same message again; a person who rang once has rung.
RETRIED = frozenset({"sms", "im", "email", "push", "portal", "letter"})


class ActionClosed(Problem):
    code = "action_closed"
    message = "Esta gestión ya terminó o fue cancelada: no puede usarse para contactar."
    status = 409


class ActionBusy(Problem):
    code = "action_busy"
    message = "Esta gestión ya está en curso con otro medio: registre su resultado antes de intentar de nuevo."
    status = 409


def clear(
    *,
    action: Action,
    contact_point: ContactPoint | None,
    at: datetime,
    by: Any,
    content: frozenset[str] | None = None,
    reply_to: UUID | None = None,
) -> Permit:
    """Permission for an action to reach a contact point now; the slot is taken until the action is closed.

    action    planned, or in progress on the same point (a message that is sent again)
    content   tokens of what will be said, for written channels; None = not known (a call)
    Returns   a Permit; the action is in progress from here on
    Raises    ContactRefused (the refusal is written down: catch it inside the transaction, or it is lost with it);
              ActionClosed; ActionBusy; NotFound
    """
    with transaction.atomic():
        hold_person(action.person_id)
        fresh = Action.objects.select_for_update().filter(id=action.id).first()
        if fresh is None:
            raise NotFound()
        contact_point = _as_written(contact_point)
        _usable(fresh, contact_point)
        dossier = dossiers([fresh.person_id], at=at).get(fresh.person_id)
        if dossier is None:
            raise NotFound()
        rules = rules_in_force()
        # A re-sent message must not be stopped by its own slot.
        question = question_of(fresh, dossier, contact_point, forget=fresh.id if fresh.channel in RETRIED else None)
        answer = judge(dossier, question, at=at, rules=rules, content=content, reply_to=reply_to)
        until = permit_end(dossier, question, at=at, rules=rules) if answer.allowed else None
        known = decision.written(dossier, question, rules, at=at, content=content, reply_to=reply_to)
        _record(fresh, question, answer, until, known, at=at, by=by).save(force_insert=True)
        if until is not None:
            _slot(fresh, question, answer, until, at=at, by=by)
            _save_slots([fresh])
            _same(action, fresh)
            return _permit(fresh, until)
        _step_back(fresh, answer, at=at, by=by)
        _same(action, fresh)
    raise refused(answer)


@dataclass(frozen=True, slots=True)
class Request:
    """One question of `clear_many`, as the arguments of `clear`."""

    action_id: UUID
    contact_point_id: UUID | None
    content: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """The gate's word on one request: the action as written, and a Permit or a refusal. `known` is what it was based on."""

    action: Action
    known: Dossier
    point: ContactPoint | None
    permit: Permit | None = None
    refusal: ContactRefused | None = None


def clear_many(requests: Sequence[Request], *, at: datetime, by: Any) -> dict[UUID, Reply]:
    """`clear` for planned actions of different persons at once: the same questions, answers and rows, in a constant number of queries.

    Returns  by action. Missing: what is not planned any more, and persons whom somebody else works now (their locks are not waited for)
    Raises   ValueError when a person is asked for twice: the second answer depends on the first
    """
    with transaction.atomic():
        rows = {row.id: row for row in Action.objects.filter(id__in=[one.action_id for one in requests], status="planned", direction="out")}
        held = hold_free(row.person_id for row in rows.values())
        fresh = Action.objects.select_for_update().filter(id__in=[row.id for row in rows.values() if row.person_id in held], status="planned")
        actions = {row.id: row for row in fresh}
        if len({row.person_id for row in actions.values()}) < len(actions):
            raise ValueError("one action of a person at a time")
        points = ContactPoint.objects.defer("value").in_bulk([one.contact_point_id for one in requests if one.contact_point_id])
        known, rules = dossiers([row.person_id for row in actions.values()], at=at), rules_in_force()
        found: dict[UUID, Reply] = {}
        records, taken = [], []
        for one in requests:
            action, point = actions.get(one.action_id), points.get(one.contact_point_id)
            if action is None or action.person_id not in known or (one.contact_point_id and point is None):
                continue
            question = question_of(action, known[action.person_id], point, forget=action.id if action.channel in RETRIED else None)
            answer = judge(known[action.person_id], question, at=at, rules=rules, content=one.content)
            until = permit_end(known[action.person_id], question, at=at, rules=rules) if answer.allowed else None
            text = decision.written(known[action.person_id], question, rules, at=at, content=one.content, reply_to=None)
            records.append(_record(action, question, answer, until, text, at=at, by=by))
            if until is not None:
                _slot(action, question, answer, until, at=at, by=by)
                taken.append(action)
                found[action.id] = Reply(action, known[action.person_id], point, permit=_permit(action, until))
            else:
                _step_back(action, answer, at=at, by=by)
                found[action.id] = Reply(action, known[action.person_id], point, refusal=refused(answer))
        PermitRecord.objects.bulk_create(records)
        _save_slots(taken)
    return found


def clear_again(*, action: Action, at: datetime, by: Any, content: frozenset[str] | None) -> Reply:
    """`clear` for a message that is sent again on the same point, with what the answer was based on. A refusal is in the reply."""
    point = ContactPoint.objects.defer("value").filter(id=action.contact_point_id).first()
    known = dossiers([action.person_id], at=at)
    if action.person_id not in known:
        raise NotFound()
    try:
        permit = clear(action=action, contact_point=point, at=at, by=by, content=content)
    except ContactRefused as refusal:
        return Reply(action, known[action.person_id], point, refusal=refusal)
    return Reply(action, known[action.person_id], point, permit=permit)


def still_stands(replies: Iterable[Reply], *, at: datetime) -> set[UUID]:
    """The actions whose Permit rests on what is still so, a moment before the hand-over: nothing came in between. Two queries.

    Ask it with the persons' locks held: what stops a person takes that lock, so it comes before this or after the hand-over.
    """
    asked = [one for one in replies if one.permit is not None]
    now = dossiers([one.action.person_id for one in asked], at=at)
    status = dict(ContactPoint.objects.filter(id__in=[one.point.id for one in asked if one.point]).values_list("id", "status"))
    return {
        one.action.id
        for one in asked
        if one.action.person_id in now
        and _others(now[one.action.person_id], one.action.id) == _others(one.known, one.action.id)
        and (one.point is None or status.get(one.point.id) == one.point.status)
    }


def _others(dossier: Dossier, action_id: UUID) -> Dossier:
    """What is known, but for the action's own slot."""
    return replace(dossier, history=tuple(one for one in dossier.history if one.id != action_id))


def permit_of(action: Action, *, at: datetime) -> Permit:
    """The permit that an action in progress holds: a page asked for it, the next one uses it. Raises PermitExpired.

    A contact begins while the permit is valid; its outcome may be written later, while the slot is held.
    """
    record = (
        PermitRecord.objects.filter(action_id=action.id, person_id=action.person_id, is_allowed=True).order_by("-asked_at").first()
    )
    if record is None or action.status != "in_progress" or record.valid_until is None:
        raise PermitExpired()
    return _permit(action, record.valid_until)


def verdict_for(
    *, person_id: UUID, account_id: UUID | None, creditor_id: UUID | None, channel: str, contact_point: ContactPoint | None,
    at: datetime, purpose: str = Purpose.COLLECTION, role: str = "", treatment: str = "", find_next: bool = True,
) -> Answer:  # fmt: skip
    """What the gate would say, without asking for a slot or writing anything. Raises NotFound. Two queries."""
    dossier = dossiers([person_id], at=at).get(person_id)
    if dossier is None:
        raise NotFound()
    question = Question(
        channel, purpose, account_id, creditor_id, house.role_of(dossier, account_id, role), contact_point, tenancy.tenant_id(),
        tenancy.agency_id() or tenancy.tenant_id(), treatment,
    )  # fmt: skip
    return judge(dossier, question, at=at, rules=rules_in_force(), find_next=find_next)


def verdicts_for(
    dossier: Dossier, asked: Iterable[tuple[str, ContactPoint | None]], *, account_id: UUID | None, creditor_id: UUID | None,
    at: datetime, rules: Rules, purpose: str = Purpose.COLLECTION, find_next: bool = True,
) -> list[Answer]:  # fmt: skip
    """The gate's word for several channels and points of one person, from a dossier that was read before. No queries."""
    role = house.role_of(dossier, account_id, "")
    collector = tenancy.agency_id() or tenancy.tenant_id()
    return [
        judge(
            dossier, Question(channel, purpose, account_id, creditor_id, role, point, tenancy.tenant_id(), collector), at=at,
            rules=rules, find_next=find_next,
        )
        for channel, point in asked
    ]  # fmt: skip


def question_of(action: Action, dossier: Dossier, point: ContactPoint | None, *, forget: UUID | None = None) -> Question:
    """The question that an action asks. Its role comes from the account's parties, not from what the action says."""
    return Question(
        channel=action.channel,
        purpose=action.purpose,
        account_id=action.account_id,
        creditor_id=action.creditor_id,
        role=house.role_of(dossier, action.account_id, action.party_role),
        point=point,
        tenant_id=tenancy.tenant_id(),
        collector_id=action.agency_id or tenancy.agency_id() or tenancy.tenant_id(),
        treatment=action.treatment,
        action_id=forget,
    )


def refused(answer: Answer) -> ContactRefused:
    """A refusal as the problem that people see."""
    return ContactRefused(
        rule=answer.rule, reason_es=answer.reason_es, citation=answer.citation, next_allowed_at=answer.next_allowed_at, cures=answer.cures
    )


def _as_written(point: ContactPoint | None) -> ContactPoint | None:
    """The contact point as the database has it now: what the caller read a while ago may be in quarantine since."""
    if point is None:
        return None
    fresh: ContactPoint | None = ContactPoint.objects.defer("value").filter(id=point.id).first()
    if fresh is None:
        raise NotFound()
    return fresh


def _usable(action: Action, point: ContactPoint | None) -> None:
    if action.status not in OPEN or action.direction != "out":
        raise ActionClosed()
    if action.status == "in_progress" and action.contact_point_id != (point.id if point else None):
        raise ActionBusy()


def _record(
    action: Action, question: Question, answer: Answer, until: datetime | None, known: str, *, at: datetime, by: Any
) -> PermitRecord:
    return PermitRecord(
        created_at=at,
        action_id=action.id,
        person_id=action.person_id,
        contact_point_id=question.point.id if question.point else None,
        channel=action.channel,
        purpose=action.purpose,
        asked_at=at,
        is_allowed=answer.allowed,
        rule=answer.rule[:40],
        citation=answer.citation[:200],
        reason=answer.reason_es[:400],
        next_allowed_at=answer.next_allowed_at,
        valid_until=until,
        lawbook_version=answer.lawbook_version,
        pack_hash=answer.pack_hash,
        libraries=answer.libraries,
        input=decision.packed(known),
        input_digest=decision.digest(known),
        by_id=by.id,
    )


def _slot(action: Action, question: Question, answer: Answer, until: datetime, *, at: datetime, by: Any) -> None:
    """The action as it is from here on: in progress, its slot taken."""
    action.status = "in_progress"
    action.occurred_at = at if action.channel in RETRIED else action.occurred_at or at
    action.contact_point_id = question.point.id if question.point else None
    action.party_role = question.role or action.party_role
    action.permit_rule, action.permit_valid_until = "", until
    action.lawbook_version = answer.lawbook_version
    action.by_id = by.id
    action.agency_id = action.agency_id or tenancy.agency_id()


def _save_slots(actions: Sequence[Action]) -> None:
    """The slots of many actions in one statement; the key of a partitioned table is (id, created_at)."""
    if not actions:
        return
    columns = {
        "id": "uuid", "created_at": "timestamptz", "occurred_at": "timestamptz", "contact_point_id": "uuid", "party_role": "text",
        "permit_valid_until": "timestamptz", "lawbook_version": "text", "by_id": "uuid", "agency_id": "uuid",
    }  # fmt: skip
    listed = ", ".join(f"%s::{kind}[]" for kind in columns.values())
    changed = ", ".join(f"{name} = v.{name}" for name in list(columns)[2:])
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE casework_action a SET status = 'in_progress', permit_rule = '', {changed}"
            f" FROM unnest({listed}) v({', '.join(columns)}) WHERE a.tenant_id = %s AND a.id = v.id AND a.created_at = v.created_at",
            [*([getattr(one, name) for one in actions] for name in columns), tenancy.tenant_id()],
        )


def _step_back(action: Action, answer: Answer, *, at: datetime, by: Any) -> None:
    """A refused action waits for its next allowed instant while its plan lives; otherwise it ends here.

    What has no plan (no `expires_at`: somebody pressed a button) ends. A pause of everything ends nothing that was planned.
    """
    planned = action.status == "planned" and action.expires_at is not None
    waits = planned and answer.next_allowed_at is not None and answer.next_allowed_at < action.expires_at
    if waits:
        action.not_before_at = answer.next_allowed_at
    elif action.status == "planned" and not (planned and answer.rule in PASSING):
        action.status = "refused"
    action.permit_rule, action.lawbook_version = answer.rule[:40], answer.lawbook_version
    action.save(update_fields=["status", "not_before_at", "permit_rule", "lawbook_version"])
    journal.record(
        "contact.refused", by=by, at=at, subject="action", subject_id=action.id, rule=answer.rule, channel=action.channel,
        purpose=action.purpose, person_id=action.person_id, next_allowed_at=answer.next_allowed_at,
    )  # fmt: skip


def _permit(action: Action, until: datetime) -> Permit:
    return Permit(
        action_id=action.id,
        person_id=action.person_id,
        contact_point_id=action.contact_point_id,
        channel=action.channel,
        purpose=action.purpose,
        lawbook_version=action.lawbook_version,
        valid_until=until,
    )


def _same(action: Action, fresh: Action) -> None:
    """The caller's object becomes what was written."""
    for field in Action._meta.concrete_fields:
        setattr(action, field.attname, getattr(fresh, field.attname))
