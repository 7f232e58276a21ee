"""Finding what an address names, within reach of who asks."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from recaudo.casework.models import Action
from recaudo.desk import services
from recaudo.kernel.problems import NotFound
from recaudo.portfolio.models import Account, ContactPoint, Person

SEEN = "persons_seen"
SEEN_SECONDS = 3600
SEEN_KEPT = 200


def account_of(account_id: UUID) -> Account:
    """The account with its creditor and holder. Raises NotFound."""
    found: Account | None = Account.objects.select_related("creditor", "holder").filter(id=account_id).first()
    if found is None:
        raise NotFound()
    return found


def action_of(action_id: UUID, request: HttpRequest) -> Action:
    """An action that is in the hands of who asks. Raises NotFound."""
    found: Action | None = Action.objects.filter(id=action_id, by_id=request.user.id, status="in_progress").first()
    if found is None or found.account_id is None:
        raise NotFound()
    return found


def point_of(text: str) -> ContactPoint:
    """A contact point with its person, by the id that a form sent. Raises NotFound."""
    try:
        found: ContactPoint | None = ContactPoint.objects.select_related("person").filter(id=UUID(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound()
    return found


def zone_of(person: Person, request: Any) -> str:
    """The person's clock, or the organisation's."""
    zone: str = person.zones[0] if person.zones else request.zone
    return zone


def note_seen(request: HttpRequest, person: Person, at: datetime) -> None:
    """Write down that this session read the person's data, once an hour."""
    seen: dict[str, int] = request.session.get(SEEN, {})
    now = int(at.timestamp())
    if now - seen.get(str(person.id), 0) < SEEN_SECONDS:
        return
    recent = {key: when for key, when in seen.items() if now - when < SEEN_SECONDS}
    newest = dict(sorted(recent.items(), key=lambda item: item[1])[-SEEN_KEPT:])
    request.session[SEEN] = {**newest, str(person.id): now}
    services.note_view(person, by=request.user, at=at)
