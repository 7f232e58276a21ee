"""Reads of the casework: the dossier the gate asks, the timeline, queues, holds, the agenda, who works what."""

from recaudo.casework.queries.calendar import Held, Past, contacts_between, holds_between
from recaudo.casework.queries.dossier import Dossier, dossiers
from recaudo.casework.queries.lists import (
    agenda_callbacks,
    case_of,
    desk_counts,
    disputes_of,
    holds_of,
    identity_checked,
    open_pauses,
    pause_scope,
    pending_counts,
    permits_of,
    refusals_by_rule,
    worked_now,
)
from recaudo.casework.queries.searches import open_searches, searches
from recaudo.casework.queries.timeline import Moment, timeline

__all__ = [
    "Dossier",
    "Held",
    "Moment",
    "Past",
    "agenda_callbacks",
    "case_of",
    "contacts_between",
    "desk_counts",
    "disputes_of",
    "dossiers",
    "holds_between",
    "holds_of",
    "identity_checked",
    "open_pauses",
    "open_searches",
    "pause_scope",
    "pending_counts",
    "permits_of",
    "refusals_by_rule",
    "searches",
    "timeline",
    "worked_now",
]  # fmt: skip
