"""What each type of rule asks of one contact: the reference semantics, one small function per type.

`denies` says whether a clause of the pack refuses a case. The columnar evaluator asks these same functions for
everything that does not depend on the clock or on history.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from recaudo.engine.comply import counting
from recaudo.engine.comply.case import Case
from recaudo.engine.comply.days import is_holiday
from recaudo.engine.comply.pack import Clause
from recaudo.engine.comply.terms import Terms
from recaudo.engine.comply.words import Preference


def denies(case: Case, clause: Clause) -> bool:
    """Whether a rule refuses the contact."""
    return not is_lifted(case, clause) and ASK[clause.rule.type](case, clause)


def is_lifted(case: Case, clause: Clause) -> bool:
    """Whether the rule does not apply: exempt purpose, active lifting state, waiver, or the one allowed reply."""
    terms, purpose = clause.terms, case.proposed.purpose
    if purpose in terms.purposes_exempt or purpose in terms.except_purposes:
        return True
    if terms.blocks is not None and purpose not in terms.blocks:
        return True
    if clause.rule.type != "location_info" and case.lifted(terms.unless):
        return True
    if terms.waiver_state is not None and case.has_state(terms.waiver_state):
        return True
    if case.proposed.person in terms.persons_exempt:
        return True
    return terms.response_once and case.is_reply_once()


def covers(terms: Terms, channel: str) -> bool:
    """Whether a rule speaks of a channel."""
    return terms.channels is None or channel in terms.channels


def window(case: Case, clause: Clause) -> bool:
    """Outside the hours in any candidate zone, or in no zone that is known."""
    if not covers(clause.terms, case.proposed.channel):
        return False
    return not case.zones or not all(open_in(case, clause, zone) for zone in case.zones)


def open_in(case: Case, clause: Clause, zone: ZoneInfo) -> bool:
    """Whether the window is open on the clock of one zone. Half open: at the closing minute it is closed."""
    clock = case.at.astimezone(zone)
    if clause.terms.exclude_holidays and is_holiday(clause.holidays, case.debtor.subdivision, clock.date()):
        return False
    minute = _minute(clock)
    return any(first <= minute < last for first, last in clause.terms.week.get(clock.weekday(), ()))


def person(case: Case, clause: Clause) -> bool:
    who = case.proposed.person
    return who in clause.terms.forbid or (clause.terms.allow is not None and who not in clause.terms.allow)


def place(case: Case, clause: Clause) -> bool:
    where = case.proposed.place
    if where is None or where == "none" or where not in clause.terms.forbid:
        return False
    return clause.terms.when_state is None or case.has_state(clause.terms.when_state)


def address(case: Case, clause: Clause) -> bool:
    origin, terms = case.proposed.address_source, clause.terms
    if origin is None or not covers(terms, case.proposed.channel):
        return False
    return origin in terms.forbid or (terms.accepts is not None and origin not in terms.accepts)


def caller_id(case: Case, clause: Clause) -> bool:
    return case.proposed.channel in case.pack.words["voice"] and case.proposed.caller_id in clause.terms.forbid


def channel_ban(case: Case, clause: Clause) -> bool:
    return covers(clause.terms, case.proposed.channel)


def channel_consent(case: Case, clause: Clause) -> bool:
    terms, proposed = clause.terms, case.proposed
    if not covers(terms, proposed.channel):
        return False
    if terms.unless_line_type is not None and proposed.line_type == terms.unless_line_type:
        return False
    return terms.requires is None or not case.has_consent(terms.requires)


def content(case: Case, clause: Clause) -> bool:
    terms, proposed = clause.terms, case.proposed
    if not covers(terms, proposed.channel):
        return False
    if proposed.content & terms.forbid:
        return True
    if not terms.require or not proposed.content_checked or proposed.content & terms.except_content:
        return False
    if terms.when == "first_contact_of_management" and proposed.stage != "first":
        return False
    return "link_to_full_notice" not in proposed.content and not terms.require <= proposed.content


def stop(case: Case, clause: Clause) -> bool:
    return any(case.opted_out() if name == "channel_optout" else case.has_state(name) for name in clause.terms.state)


def preference(case: Case, clause: Clause) -> bool:
    if case.proposed.purpose == "portal_session":
        return False
    return any(_inconvenient(case, p) for p in case.debtor.preferences if p.kind in clause.terms.kinds)


def location_info(case: Case, clause: Clause) -> bool:
    """Asking somebody where the debtor is: without naming the debt, and once."""
    if case.proposed.purpose != "location_info":
        return False
    if case.proposed.content & clause.terms.must_not:
        return True
    return counting.spoken_before(case) and not case.lifted(clause.terms.unless)


ASK: dict[str, Callable[[Case, Clause], bool]] = {
    "window": window,
    "person": person,
    "place": place,
    "address": address,
    "caller_id": caller_id,
    "channel_ban": channel_ban,
    "channel_consent": channel_consent,
    "content": content,
    "stop": stop,
    "preference": preference,
    "location_info": location_info,
    "frequency": lambda case, clause: counting.frequency_full(case, clause.terms),
    "min_gap": lambda case, clause: counting.gap_too_short(case, clause.terms),
    "cooldown": lambda case, clause: counting.cooling_down(case, clause.terms),
    "one_channel": lambda case, clause: counting.other_channel_used(case, clause.terms),
}


def _inconvenient(case: Case, wish: Preference) -> bool:
    if wish.since > case.at or (wish.until_date is not None and case.day > wish.until_date):
        return False
    if wish.kind == "inconvenient_place":
        return case.proposed.place is not None and case.proposed.place == wish.place
    if case.proposed.channel == "letter":
        return False
    if not case.zones:
        return True  # the person's clock is not known
    clock = case.at.astimezone(case.zones[0])
    return clock.weekday() in wish.days and wish.starts <= _minute(clock) < wish.ends


def _minute(clock: datetime) -> int:
    return clock.hour * 60 + clock.minute
