"""What is left of every limit for one contact, and the hours that a day leaves open: what a screen shows beside a verdict.

The same functions answer as in the verdict; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from recaudo.engine.comply.case import Case, case_of
from recaudo.engine.comply.counting import frequency_used, house_cap_used
from recaudo.engine.comply.days import is_holiday
from recaudo.engine.comply.pack import Clause, Pack, Rule
from recaudo.engine.comply.rules import denies, is_lifted
from recaudo.engine.comply.words import Debtor, HouseCap, PastContact, Proposed

# Rules that look at the clock and at nothing that was done.
BY_THE_CLOCK = frozenset({"window", "preference"})
SLOT_MINUTES = 30


@dataclass(frozen=True, slots=True)
class Room:
    """One limit: how many contacts it allows in its period and how many it counts already.

    channels  that share it; empty = all of them
    days      of the period, today included; None = the local week from Monday
    """

    rule: Rule
    channels: frozenset[str]
    most: int
    used: int
    days: int | None

    @property
    def left(self) -> int:
        return max(self.most - self.used, 0)


@dataclass(frozen=True, slots=True)
class Hours:
    """The open hours of a local day: spans of minutes, end-exclusive. `is_holiday` by the calendar of the law."""

    spans: tuple[tuple[int, int], ...]
    is_holiday: bool


def rooms(pack: Pack, debtor: Debtor, history: Iterable[PastContact], proposed: Proposed, caps: Iterable[HouseCap]) -> list[Room]:
    """Every limit on how often, in reading order, the organisation's caps last; those that do not ask about the contact are left out.

    A limit of other channels than the proposed one is counted for the first of its own. Nothing for an unknown jurisdiction.
    """
    if not pack.known:
        return []
    case = case_of(pack, debtor, tuple(history), proposed)
    found = [room for clause in pack.clauses(case.day, debtor.subdivision) if clause.rule.type == "frequency" for room in _of_clause(case, clause)]
    rule = pack.rule("HOUSE-CAP")
    terms = pack.terms(rule, case.day)
    for cap in caps:
        used = house_cap_used(case, terms, cap.period_days) if terms else None
        if used is not None:
            found.append(Room(rule, frozenset(), cap.max_contacts_per_person, used, cap.period_days))
    return found


def open_hours(pack: Pack, debtor: Debtor, proposed: Proposed, *, day: date, zone: str) -> Hours:
    """The half hours of a local day in which no rule of the clock refuses; in every candidate zone of the person."""
    if not pack.known:
        return Hours((), False)
    here = ZoneInfo(zone)
    is_open = []
    for slot in range(24 * 60 // SLOT_MINUTES):
        minute = slot * SLOT_MINUTES
        at = datetime.combine(day, time(minute // 60, minute % 60), tzinfo=here)
        case = case_of(pack, debtor, (), replace(proposed, at=at))
        clauses = pack.clauses(case.day, debtor.subdivision)
        is_open.append(not any(denies(case, one) for one in clauses if one.rule.type in BY_THE_CLOCK))
    calendars = [one.holidays for one in pack.clauses(day, debtor.subdivision) if one.holidays]
    return Hours(tuple(_spans(is_open)), bool(calendars) and is_holiday(calendars[0], debtor.subdivision, day))


def _of_clause(case: Case, clause: Clause) -> Iterable[Room]:
    terms = clause.terms
    if is_lifted(case, clause):
        return
    mine = case.proposed.channel
    asked = sorted(terms.group) if terms.per_channel else [mine if mine in terms.group else min(terms.group)]
    for channel in asked:
        used = frequency_used(replace(case, proposed=replace(case.proposed, channel=channel)), terms)
        if used is not None:
            group = frozenset({channel}) if terms.per_channel else frozenset(terms.group)
            yield Room(clause.rule, group, terms.max, used, None if terms.calendar_week else terms.rolling_days)


def _spans(is_open: list[bool]) -> Iterable[tuple[int, int]]:
    first = None
    for slot, free in enumerate([*is_open, False]):
        if free and first is None:
            first = slot
        elif not free and first is not None:
            yield first * SLOT_MINUTES, slot * SLOT_MINUTES
            first = None
