"""What somebody presses on the public pages that a message links to: stop this channel, «no soy yo», or when to be contacted.

A link may be posted to without end, so each press counts once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from recaudo.kernel.problems import NotFound, Problem
from recaudo.messaging.models import Message
from recaudo.messaging.services.inbox import opt_out, receive, wrong_person
from recaudo.messaging.services.links import StopLink
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Consent, ContactPoint

TIMES = {"morning": "por la mañana", "afternoon": "por la tarde", "evening": "al final del día"}
CHOICES = frozenset({"stop", "not_me", *TIMES})
WISHES_A_DAY = 10


class TooManyWishes(Problem):
    code = "too_many_wishes"
    message = "Hoy ya nos dijo varias veces cuándo prefiere que le contactemos. Vale lo último; vuelva mañana si quiere cambiarlo."
    status = 429


def press(link: StopLink, choice: str, *, at: datetime) -> None:
    """Apply one of CHOICES, inside the link's tenant. Raises NotFound for a contact point that is gone, TooManyWishes."""
    point = ContactPoint.objects.select_related("person").filter(id=link.point_id).first()
    if point is None:
        raise NotFound()
    if choice == "stop":
        if not _is_stopped(link, point):
            opt_out(point=point, channel=link.channel, at=at)
    elif choice == "not_me":
        # It stops the tenant's whole traffic for a moment.
        if portfolio.quarantine_of(point) is None:
            wrong_person(point=point, channel=link.channel, at=at)
    else:
        _wish(link, point, TIMES[choice], at=at)


def _wish(link: StopLink, point: ContactPoint, when: str, *, at: datetime) -> None:
    text = f"Prefiere que se le contacte {when} (lo pidió en la página de bajas)."
    said = Message.objects.filter(contact_point_id=point.id, direction="in", provider="web", created_at__gt=at - timedelta(days=1))
    newest = said.order_by("-created_at", "-id").first()
    if newest is not None and newest.body == text:
        return
    if said.count() >= WISHES_A_DAY:
        raise TooManyWishes()
    receive(point=point, channel=link.channel, provider="web", text=text, at=at)


def _is_stopped(link: StopLink, point: ContactPoint) -> bool:
    stopped = Consent.objects.filter(
        person_id=point.person_id, kind="channel_optout", channels__contains=[link.channel], creditor_id=None, contact_point_id=None, revoked_at=None
    )
    return stopped.exists()
