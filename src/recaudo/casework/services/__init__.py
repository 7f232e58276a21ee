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
    close_if_paid,
    lock_case,
    review_cases,
    unlock_case,
)
from recaudo.casework.services.gate import (
    ActionBusy,
    ActionClosed,
    Reply,
    Request,
    clear,
    clear_again,
    clear_many,
    permit_of,
    question_of,
    still_stands,
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
from recaudo.casework.services.house import DEBT_WORDS, HEARSAY, POINT_KINDS, SERVICE_PURPOSES, Question, role_of
from recaudo.casework.services.identity import (
    IDENTITY_ES,
    NotIdentified,
    check_identity,
    is_identified,
)
from recaudo.casework.services.judge import Answer, Ground, grounds, headroom, judge, open_hours, zones_of
from recaudo.casework.services.moves import move_back
from recaudo.casework.services.outcome import Outcome, Wish, asks_reason
from recaudo.casework.services.pending import cancel_pending
from recaudo.casework.services.prescription import ACT_ES, BadAct, Clock, acts_of, clock, record_act, withdraw_act
from recaudo.casework.services.queue import Taken, defer_or_refuse, take_next
from recaudo.casework.services.search import (
    SearchClosed,
    close_search,
    end_search,
    follow_quarantine,
    open_search,
    take_search,
    wrong_party,
)
from recaudo.casework.services.sending import ask_follow_up, close_sent, note_delivery, put_back
from recaudo.casework.services.waves import (
    SENT_CHANNELS,
    has_room_in_wave,
    join_wave,
    open_waves,
    prepare_waves,
    release_wave,
    withdraw_wave,
)
from recaudo.store.locks import hold_free, hold_person

__all__ = [
    "ACT_ES",
    "DEBT_WORDS",
    "HEARSAY",
    "IDENTITY_ES",
    "POINT_KINDS",
    "SENT_CHANNELS",
    "SERVICE_PURPOSES",
    "ActionBusy",
    "ActionClosed",
    "Answer",
    "BadAct",
    "CaseLocked",
    "Clock",
    "ContactRefused",
    "Ground",
    "NoPermit",
    "NotIdentified",
    "NotInAgency",
    "Outcome",
    "Permit",
    "PermitExpired",
    "PermitMismatch",
    "Question",
    "Reply",
    "Request",
    "SearchClosed",
    "Taken",
    "Wish",
    "acts_of",
    "add_note",
    "ask_follow_up",
    "asks_reason",
    "assign_cases",
    "cancel_action",
    "cancel_pending",
    "case_for",
    "check_identity",
    "clear",
    "clear_again",
    "clear_many",
    "clock",
    "close_action",
    "close_if_paid",
    "close_search",
    "close_sent",
    "day_of",
    "defer_or_refuse",
    "end_search",
    "expire_actions",
    "grounds",
    "has_room_in_wave",
    "headroom",
    "follow_quarantine",
    "hold_free",
    "hold_person",
    "is_identified",
    "is_paused",
    "join_wave",
    "judge",
    "lock_case",
    "move_back",
    "move_person",
    "note_delivery",
    "open_action",
    "open_dispute",
    "open_hold",
    "open_hours",
    "open_search",
    "open_waves",
    "pause_contact",
    "permit_of",
    "prepare_waves",
    "put_back",
    "question_of",
    "record_act",
    "release_hold",
    "release_wave",
    "resolve_dispute",
    "resume_contact",
    "review_cases",
    "role_of",
    "still_stands",
    "take_next",
    "take_search",
    "unlock_case",
    "verdict_for",
    "verdicts_for",
    "withdraw_act",
    "withdraw_wave",
    "wrong_party",
    "zones_of",
]  # fmt: skip
