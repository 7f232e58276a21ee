"""Short ways to set a scene: approved templates, a released wave, a message on its way."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from recaudo.casework import services as casework
from recaudo.casework.models import Action, Wave
from recaudo.journal import services as journal
from recaudo.messaging import services as messaging
from recaudo.messaging.models import Message
from recaudo.messaging.services import Dispatched
from recaudo.portfolio.models import ContactPoint
from recaudo.store.keys import uuid7
from recaudo.workforce.models import Tenant

KIND = {"sms": "phone", "im": "im", "email": "email"}
SENDER = {"agent": "Sofía Ríos", "address_phone": "Av. Reforma 1, Ciudad de México, tel. 55 5555 0000"}


def ready(cast: Any) -> None:
    """Templates in force, and an organisation that says who answers for its messages."""
    messaging.ensure_templates(by=cast.gabriel, at=cast.now)
    cast.tenant.settings = {"sender": SENDER}
    Tenant.objects.filter(id=cast.tenant.id).update(settings=cast.tenant.settings)


def point(cast: Any, who: str, channel: str) -> ContactPoint:
    return ContactPoint.objects.get(person=cast.people[who], kind=KIND[channel])


def planned(
    cast: Any, who: str = "maria", channel: str = "sms", *, template: str = "aviso_mora_temprana", run_id: UUID | None = None, **more: Any
) -> Action:
    """A message that a run (or, without one, a person) planned for somebody. A run's plan lives a day."""
    if run_id is not None:
        more.setdefault("expires_at", cast.now + timedelta(days=1))
    return casework.open_action(
        person=cast.people[who], account=cast.accounts[who], channel=channel, by=cast.ana if run_id is None else journal.SYSTEM,
        at=more.pop("at", cast.now), contact_point_id=point(cast, who, channel).id, template=template, run_id=run_id, **more,
    )  # fmt: skip


def wave(cast: Any, *people: str, channel: str = "sms", prepared_by: Any = None, **more: Any) -> Wave:
    """A wave that awaits release, with one message for each."""
    run = uuid7()
    for who in people or ("maria",):
        planned(cast, who, channel, run_id=run, **more)
    return casework.prepare_waves(run_id=run, on=cast.today, by=prepared_by or cast.elena, at=cast.now)[0]


def released(cast: Any, *people: str, **more: Any) -> Wave:
    return casework.release_wave(wave(cast, *people, **more), by=cast.sofia, at=cast.now)


def send(cast: Any, *, at: datetime | None = None) -> Dispatched:
    return messaging.dispatch(cast.tenant, at=at or cast.now)


def sent(cast: Any, who: str = "maria", channel: str = "sms") -> Message:
    """A message that went out through the test mailbox."""
    released(cast, who, channel=channel)
    done = send(cast)
    assert done.sent == 1, done
    return Message.objects.get(person_id=cast.people[who].id, channel=channel)
