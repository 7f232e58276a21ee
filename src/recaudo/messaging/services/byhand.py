"""A message that a person sends from an account page: the gate's word first, then an ordinary action of the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from recaudo.casework import services as casework
from recaudo.casework.models import Action
from recaudo.casework.services import Answer
from recaudo.journal import services as journal
from recaudo.kernel.contact import Purpose
from recaudo.kernel.problems import Problem
from recaudo.messaging.models import Template
from recaudo.messaging.services.letters import compose, facts_of
from recaudo.messaging.services.rendering import line, render
from recaudo.portfolio.models import Account, ContactPoint
from recaudo.workforce.models import Tenant

POINT_KIND = {"sms": "phone", "im": "im", "email": "email"}
# A message by hand that could not go within this time is not sent late.
LIFE = timedelta(hours=2)
URGENT = 900_000_000


class NotSendable(Problem):
    code = "not_sendable"
    message = "No se puede enviar: {why}"
    status = 409


@dataclass(frozen=True, slots=True)
class Draft:
    """A message before it is sent: what it would say, to whom, and the gate's word."""

    template: Template
    point: ContactPoint | None
    subject: str
    body: str
    answer: Answer


def draft(tenant: Tenant, *, account: Account, template: Template, point: ContactPoint | None, at: datetime, by: Any) -> Draft:
    """What a message would say now, and whether it may go. Writes nothing."""
    action = Action(
        person_id=account.holder_id, account_id=account.id, creditor_id=account.creditor_id, channel=template.channel,
        contact_point_id=point.id if point else None,
    )  # fmt: skip
    merge = compose(tenant, action, facts_of([action]), at=at, by_name=by.name)
    answer = casework.verdict_for(
        person_id=account.holder_id, account_id=account.id, creditor_id=account.creditor_id, channel=template.channel,
        contact_point=point, at=at, purpose=purpose_of(account),
    )  # fmt: skip
    return Draft(template, point, line(template.subject, merge) if merge else "", render(template.body, merge) if merge else "", answer)


@transaction.atomic
def queue_message(*, account: Account, template: Template, point: ContactPoint, by: Any, at: datetime) -> Action:
    """Put one message into the outbox; the gate is asked again when it goes. Raises NotSendable."""
    if template.status != "approved":
        raise NotSendable(why="la plantilla no está vigente.")
    if point.person_id != account.holder_id or point.kind != POINT_KIND.get(template.channel):
        raise NotSendable(why="el medio no es de la persona o no sirve para este canal.")
    action: Action = casework.open_action(
        person=account.holder, account=account, channel=template.channel, by=by, at=at, purpose=purpose_of(account),
        contact_point_id=point.id, treatment="manual", template=template.code, expires_at=at + LIFE, priority=URGENT,
    )  # fmt: skip
    journal.record("messages.queued", by=by, at=at, subject="action", subject_id=action.id, channel=template.channel, template=template.code)
    return action


def purpose_of(account: Account) -> str:
    """With nothing overdue only a reminder is in order."""
    return Purpose.COLLECTION if account.overdue_minor > 0 else Purpose.REMINDER
