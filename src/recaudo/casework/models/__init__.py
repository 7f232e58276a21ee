"""Tables of the casework, one module per noun."""

from recaudo.casework.models.action import Action, PermitRecord, Wave
from recaudo.casework.models.case import Case, ContactPause, Dispute, Hold, IdentityCheck, InterruptingAct, Search

__all__ = ["Action", "Case", "ContactPause", "Dispute", "Hold", "IdentityCheck", "InterruptingAct", "PermitRecord", "Search", "Wave"]
