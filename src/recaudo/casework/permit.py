"""The permit: the frozen answer that one action may reach one contact point, on one channel, for one purpose, until an instant.

Only `services/gate.py` makes one (a test reads every module for it). Whoever reaches a person takes a Permit as an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recaudo.kernel.problems import Problem


class ContactRefused(Problem):
    """The gate said no. `rule`, `citation`, `reason_es`, `next_allowed_at` (UTC or None) and `cures` are attributes."""

    code = "contact_refused"
    message = "Contacto no permitido: {reason_es}"
    status = 409

    def __init__(
        self, *, rule: str, reason_es: str, citation: str = "", next_allowed_at: datetime | None = None, cures: tuple[str, ...] = (),
        **data: Any,
    ) -> None:
        self.rule, self.citation, self.reason_es = rule, citation, reason_es
        self.next_allowed_at, self.cures = next_allowed_at, cures
        super().__init__(rule=rule, reason_es=reason_es, **data)


class PermitMismatch(Problem):
    code = "permit_mismatch"
    message = "El permiso es de otra gestión, persona, medio o canal: pida uno propio."
    status = 409


class PermitExpired(Problem):
    code = "permit_expired"
    message = "El permiso venció: vuelva a pedirlo antes de contactar."
    status = 409


@dataclass(frozen=True, slots=True)
class Permit:
    """An allow. `lawbook_version` names the law it rests on; `rule` is empty: nothing refused it."""

    action_id: UUID
    person_id: UUID
    contact_point_id: UUID | None
    channel: str
    purpose: str
    lawbook_version: str
    valid_until: datetime
    rule: str = ""

    def is_for(self, action: Any) -> bool:
        """Whether it was given for exactly this action, as the action stands now."""
        mine = (self.action_id, self.person_id, self.channel, self.purpose, self.contact_point_id)
        return mine == (action.id, action.person_id, action.channel, action.purpose, action.contact_point_id)

    def check(self, *, action_id: UUID, person_id: UUID, channel: str, purpose: str, contact_point_id: UUID | None, at: datetime) -> None:
        """That this permit serves exactly this contact, now. Raises PermitMismatch, PermitExpired."""
        mine = (self.action_id, self.person_id, self.channel, self.purpose, self.contact_point_id)
        if mine != (action_id, person_id, channel, purpose, contact_point_id):
            raise PermitMismatch()
        if at >= self.valid_until:
            raise PermitExpired()
