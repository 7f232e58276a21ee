"""Writes of the casework, and the gate: one function per thing a user or the day can do, one module per noun.

    from recaudo.casework import services as casework
    permit = casework.clear(action=action, contact_point=point, at=at, by=user)

Keyword-only; `by` is a user or journal.SYSTEM, `at` an aware instant; atomic, with one line in the journal.
"""

from recaudo.casework.permit import ContactRefused, Permit, PermitExpired, PermitMismatch
from recaudo.casework.services.actions import (
    NoPermit,
    add_note,
    cancel_action,
    close_action,
    day_of,
    expire_actions,
    move_person,
    open_action,
)
from recaudo.casework.services.cases import (
    CaseLocked,
    NotInAgency,
    assign_cases,
    case_for,
    close_cases,
    close_if_paid,
    lock_case,
    open_cases,
    unlock_case,
)
from recaudo.casework.services.gate import (
    ActionBusy,
    ActionClosed,
    clear,
    hold_person,
    permit_of,
    question_of,
    verdict_for,
    verdicts_for,
)
from recaudo.casework.services.holds import (
    is_paused,
    open_dispute,
    open_hold,
    pause_contact,
    release_hold,
    resolve_dispute,
    resume_contact,
)
from recaudo.casework.services.house import Question
from recaudo.casework.services.judge import Answer, judge
from recaudo.casework.services.moves import move_back
from recaudo.casework.services.outcome import Outcome, asks_reason
from recaudo.casework.services.pending import cancel_pending
from recaudo.casework.services.queue import Taken, defer_or_refuse, take_next
from recaudo.casework.services.sending import ask_follow_up, note_delivery, put_back
from recaudo.casework.services.waves import SENT_CHANNELS, prepare_waves, release_wave, withdraw_wave

__all__ = [
    "SENT_CHANNELS", "ActionBusy", "ActionClosed", "Answer", "CaseLocked", "ContactRefused", "NoPermit", "NotInAgency", "Outcome", "Permit",
    "PermitExpired", "PermitMismatch", "Question", "Taken", "add_note", "ask_follow_up", "asks_reason", "assign_cases", "cancel_action", "cancel_pending", "case_for", "clear",
    "close_action", "close_cases", "close_if_paid", "day_of", "defer_or_refuse", "expire_actions", "hold_person", "is_paused", "judge",
    "lock_case", "move_back", "move_person", "note_delivery", "open_action", "open_cases", "open_dispute", "open_hold", "pause_contact", "permit_of", "prepare_waves", "put_back",
    "question_of", "release_hold", "release_wave", "resolve_dispute", "resume_contact", "take_next", "unlock_case", "verdict_for",
    "verdicts_for", "withdraw_wave",
]  # fmt: skip
