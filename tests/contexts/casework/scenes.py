"""Short ways to set a scene: a call of somebody's account, a consent, a promise by outcome."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from recaudo.casework import services as casework
from recaudo.casework.models import Action
from recaudo.casework.services import Outcome
from recaudo.portfolio.models import Consent, ContactPoint


def point(cast: Any, who: str, kind: str = "phone") -> ContactPoint:
    return ContactPoint.objects.get(person=cast.people[who], kind=kind)


def plan(cast: Any, who: str = "maria", channel: str = "call", *, at: datetime | None = None, by: Any = None, **more: Any) -> Action:
    return casework.open_action(
        person=cast.people[who], account=cast.accounts[who], channel=channel, by=by or cast.ana, at=at or cast.now, **more
    )


def call(cast: Any, who: str = "maria", *, at: datetime | None = None, by: Any = None, action: Action | None = None) -> tuple[Action, Any]:
    """A call that the gate allowed: the action in progress and its permit."""
    action = action or plan(cast, who, at=at, by=by)
    permit = casework.clear(action=action, contact_point=point(cast, who), at=at or cast.now, by=by or cast.ana)
    return action, permit


def close(cast: Any, action: Action, permit: Any, code: str, *, at: datetime | None = None, by: Any = None, **more: Any) -> Action:
    return casework.close_action(action, outcome=Outcome(code, **more), permit=permit, by=by or cast.ana, at=at or cast.now)


def authorise(cast: Any, who: str, *channels: str) -> Consent:
    return Consent.objects.create(
        person=cast.people[who], kind="authorised_channel", channels=list(channels), source="contract", evidence="contrato",
        given_at=cast.now.replace(year=2025), created_at=cast.now,
    )  # fmt: skip
