"""Writes over the lawbook: a reading or a value is proposed by one person, its effect is seen, and another approves it."""

from recaudo.law.services.changes import (
    BadChange,
    ChangeInForce,
    NotInForce,
    SourceMissing,
    TooEarly,
    approve_change,
    propose_change,
    propose_end,
    withdraw_change,
)
from recaudo.law.services.choices import (
    CAP_MAXIMUM,
    PERIOD_MAXIMUM_DAYS,
    REASON_MINIMUM,
    AlreadyDecided,
    AlreadyProposed,
    InForce,
    NothingToChange,
    ReasonMissing,
    SamePerson,
    UnknownChoice,
    approve,
    propose,
    withdraw,
)
from recaudo.law.services.impacts import ImpactUnseen, note_impact

__all__ = [
    "CAP_MAXIMUM", "PERIOD_MAXIMUM_DAYS", "REASON_MINIMUM", "AlreadyDecided", "AlreadyProposed", "BadChange", "ChangeInForce",
    "ImpactUnseen", "InForce", "NotInForce", "NothingToChange", "ReasonMissing", "SamePerson", "SourceMissing", "TooEarly",
    "UnknownChoice", "approve", "approve_change", "note_impact", "propose", "propose_change", "propose_end", "withdraw", "withdraw_change",
]  # fmt: skip
