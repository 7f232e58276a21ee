"""Which tables are sealed into the chain of the journal by batches: what proves afterwards that a contact was asked for, and by which law."""

from __future__ import annotations

from recaudo.casework.models import PermitRecord
from recaudo.journal.services import Roll
from recaudo.law.models import LawChange, LawImpact

# What the gate knew is emptied when a person's data is removed; its digest stays.
ROLLS = (
    Roll("permit", PermitRecord, "permisos", when="asked_at", unsaid=frozenset({"input"})),
    Roll("law", LawChange, "decisiones normativas"),
    Roll("impact", LawImpact, "vistas de impacto"),
)
