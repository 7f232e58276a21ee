"""Identity before disclosure: what was checked is kept, the answers never. Without it nothing about a debt is said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from recaudo.casework.models import Action, IdentityCheck
from recaudo.casework.queries.lists import identity_checked
from recaudo.casework.services.gate import ActionClosed
from recaudo.journal import services as journal
from recaudo.kernel.problems import NotFound, Problem
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import ContactPoint
from recaudo.store.locks import hold_person

IDENTITY_ES: dict[str, str] = {
    "name": "Dijo su nombre completo", "id_end": "Últimos tres caracteres de su identificación", "birth": "Fecha de nacimiento",
    "address": "Domicilio o municipio registrado", "email": "Correo registrado", "code": "Código enviado a su medio verificado",
    "document": "Mostró su identificación",
}  # fmt: skip
# A name alone proves nothing: whoever answers may have heard it a moment ago.
NEEDED = 2


class NotIdentified(Problem):
    code = "not_identified"
    message = f"Antes de hablar de la deuda verifique la identidad: marque al menos {NEEDED} datos que la persona confirmó."
    status = 409


class UnknownCheck(Problem):
    code = "unknown_identity_check"
    message = "El dato «{name}» no está en la lista."


@transaction.atomic
def check_identity(*, action: Action, checked: Sequence[str], by: Any, at: datetime) -> IdentityCheck:
    """The person confirmed these data (keys of IDENTITY_ES), on an action in progress. The contact point is theirs from now on.

    Raises  NotIdentified (too few), UnknownCheck, ActionClosed, NotFound
    """
    if unknown := [name for name in checked if name not in IDENTITY_ES]:
        raise UnknownCheck(name=unknown[0])
    if len(set(checked)) < NEEDED:
        raise NotIdentified()
    hold_person(action.person_id)  # the contact cannot end in between
    fresh = Action.objects.filter(id=action.id).first()
    if fresh is None:
        raise NotFound()
    if fresh.status != "in_progress":
        raise ActionClosed()
    check, is_new = IdentityCheck.objects.get_or_create(
        action_id=fresh.id,
        defaults={"person_id": fresh.person_id, "checked": [name for name in IDENTITY_ES if name in checked], "is_verified": True, "by_id": by.id, "created_at": at},
    )  # fmt: skip
    if not is_new:
        return check
    point = ContactPoint.objects.filter(id=fresh.contact_point_id, person_id=fresh.person_id).first() if fresh.contact_point_id else None
    if point is not None and point.status in {"unverified", "stale"}:
        portfolio.set_contact_point_status(point, status="valid", by=by, at=at, reason=f"identidad verificada en la gestión {fresh.id}")
    journal.record(
        "identity.checked", by=by, at=at, subject="person", subject_id=fresh.person_id, action_id=fresh.id, checked=check.checked,
        channel=fresh.channel,
    )  # fmt: skip
    return check


def is_identified(action: Action) -> bool:
    """Whether the person of an action proved who they are, in this very contact."""
    return bool(identity_checked(action.id))
