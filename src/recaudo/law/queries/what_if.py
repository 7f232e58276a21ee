"""What would the law say? A question about nobody: a place, a channel, an hour, what was done before.

Asks engine.comply with the tenant's toggles and caps. Reads no person and writes nothing; holds, payments and promises
of a real case are not known here: casework adds them at the gate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from zoneinfo import ZoneInfo

import phonenumbers

from recaudo.engine import comply
from recaudo.engine.comply.days import lawbook_zones
from recaudo.law import words
from recaudo.law.queries.decisions import Rules

DAYS = 7
SLOT_MINUTES = 30
SLOTS = 24 * 60 // SLOT_MINUTES
ROUNDS = 4
LIMITS = frozenset({"frequency", "min_gap", "cooldown", "one_channel"})


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One question. `at` is aware; `zones` every place where the person may be, the likeliest first."""

    country: str
    subdivision: str
    municipality: str
    zones: tuple[str, ...]
    channel: str
    purpose: str
    person: str
    at: datetime
    place: str = ""
    address_source: str = ""
    states: tuple[str, ...] = ()
    consents: tuple[str, ...] = ()
    past: tuple[comply.PastContact, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """Half hours in a row with the same answer. `first` 0 to 47 and `slots` 1 to 48; `rule` empty = allowed."""

    first: int
    slots: int
    rule: str
    tone: str

    @property
    def text(self) -> str:
        """«8:00 a 20:00»."""
        return words.hours(self.first * SLOT_MINUTES, (self.first + self.slots) * SLOT_MINUTES)


@dataclass(frozen=True, slots=True)
class DayStrip:
    """One local day of the calendar."""

    on: date
    name: str
    spans: tuple[Span, ...]

    @property
    def allowed(self) -> str:
        """The hours allowed, in words."""
        return ", ".join(span.text for span in self.spans if not span.rule) or "ninguna"


@dataclass(frozen=True, slots=True)
class PastMark:
    """A contact of the past on the calendar: how far into its local day, in half hours as text (a decimal comma is no length)."""

    slot: str
    text: str


@dataclass(frozen=True, slots=True)
class PastDay:
    """A local day on which the person was contacted, before or on the day asked about."""

    on: date
    name: str
    marks: tuple[PastMark, ...]


@dataclass(frozen=True, slots=True)
class WhatIfAnswer:
    """The answer of the law and of the house's caps together.

    denying   every rule that refuses, the named one first, with citation and confidence
    past      the days of the past contacts that were given, oldest first
    strip     seven local days of 48 half hours; rules of the legend in order of appearance
    """

    allowed: bool
    reason_es: str
    denying: tuple[comply.Rule, ...]
    cures: tuple[str, ...]
    warnings: tuple[str, ...]
    next_allowed_at: datetime | None
    confidence: str
    jurisdiction: str
    jurisdiction_name: str
    zone: str
    zones: tuple[str, ...]
    past: tuple[PastDay, ...]
    strip: tuple[DayStrip, ...]
    legend: tuple[tuple[comply.Rule, str], ...]
    version: str

    @property
    def confidence_es(self) -> str:
        """How well the deciding rule is known; on an allow, the weakest of those that were asked."""
        return words.CONFIDENCE[self.confidence][0] if self.confidence in words.CONFIDENCE else ""


def answer(question: WhatIf, rules: Rules, *, clock: str) -> WhatIfAnswer:
    """The verdict for one instant, and the week around it.

    clock  zone whose days the calendar shows when the person's is not known
    """
    pack = rules.pack(question.country, question.subdivision, question.municipality)
    zone = question.zones[0] if question.zones else clock
    verdicts = _asked(pack, question, rules, question.at, find_next=False)
    denied = [one for one in verdicts if not one.allowed]
    named = list(dict.fromkeys(rule_id for one in denied for rule_id in one.all_rule_ids))
    first_day = question.at.astimezone(ZoneInfo(zone)).date()
    strip = tuple(week_strip(lambda at: _first_refusal(pack, question, rules, at), first=first_day, zone=zone, tone=lambda rule_id: tone_of(pack.rule(rule_id))))
    seen = dict.fromkeys(span.rule for day in strip for span in day.spans if span.rule)
    first = denied[0] if denied else verdicts[0]
    return WhatIfAnswer(
        allowed=not denied,
        reason_es=first.reason_es,
        denying=tuple(_said_then(pack, rule_id, question) for rule_id in named),
        cures=tuple(dict.fromkeys(cure for one in denied for cure in one.cures)),
        warnings=first.warnings,
        next_allowed_at=_next(pack, question, rules) if denied else None,
        confidence=first.confidence,
        jurisdiction=pack.jurisdiction,
        jurisdiction_name=pack.chain[0].name if pack.chain else "",
        zone=zone,
        zones=question.zones,
        past=tuple(_past_days(question, zone)),
        strip=strip,
        legend=tuple((pack.rule(rule_id), tone_of(pack.rule(rule_id))) for rule_id in seen),
        version=pack.version,
    )


def places(country: str, subdivision: str, municipality: str, prefix: str, also: Sequence[str] = ()) -> tuple[str, ...]:
    """Every zone in which a person of an address and a phone prefix may be; `also` are zones said by hand."""
    if also and not (subdivision or municipality or prefix):
        return tuple(dict.fromkeys(also))
    found = comply.zones_for(country, subdivision or None, municipality or None, complete(prefix) if prefix else None)
    return tuple(dict.fromkeys((*found, *also)))


@lru_cache(maxsize=256)
def complete(prefix: str) -> str:
    """A valid number that begins with a prefix, so that its zones can be looked up; the prefix itself when there is none."""
    start = prefix if prefix.startswith("+") else f"+{prefix}"
    for digit in "23456789":
        for length in range(8, 16):
            number = start + digit * (length + 1 - len(start))
            try:
                if len(number) == length + 1 and phonenumbers.is_valid_number(phonenumbers.parse(number)):
                    return number
            except phonenumbers.NumberParseException:
                continue
    return start


def zone_names() -> list[str]:
    """Every zone that the lawbook names."""
    return sorted(lawbook_zones(comply.lawbook()))


def tone_of(rule: comply.Rule) -> str:
    """The colour of a refusal: by the clock, by what was done before, by the house's cap, or by what the person is."""
    if rule.type == "window":
        return "muted"
    if rule.id == "HOUSE-CAP":
        return "info"
    return "warn" if rule.type in LIMITS else "bad"


def _asked(pack: comply.Pack, question: WhatIf, rules: Rules, at: datetime, *, find_next: bool) -> list[comply.Verdict]:
    debtor, proposed = _debtor(question), replace(_proposed(question), at=at)
    return [
        comply.permit_verdict(pack, debtor, question.past, proposed, cap=cap, find_next=find_next) for cap in (rules.caps or (None,))
    ]


def _first_refusal(pack: comply.Pack, question: WhatIf, rules: Rules, at: datetime) -> str:
    """The rule that refuses first, empty = allowed: the law is not asked again for each cap where it refuses already."""
    debtor, proposed = _debtor(question), replace(_proposed(question), at=at)
    for cap in rules.caps or (None,):
        verdict = comply.permit_verdict(pack, debtor, question.past, proposed, cap=cap, find_next=False)
        if not verdict.allowed:
            return verdict.rule_id or ""
    return ""


def _next(pack: comply.Pack, question: WhatIf, rules: Rules) -> datetime | None:
    """The earliest instant that the law and every cap allow, as far as a few rounds find it."""
    instant = question.at
    for _ in range(ROUNDS):
        denied = [one for one in _asked(pack, question, rules, instant, find_next=True) if not one.allowed]
        if not denied:
            return instant
        later = [one.next_allowed_at for one in denied if one.next_allowed_at is not None]
        if len(later) < len(denied):
            return None
        instant = max(later)
    return None


def _past_days(question: WhatIf, zone: str) -> Iterable[PastDay]:
    clocks = sorted(((contact.at.astimezone(ZoneInfo(zone)), contact) for contact in question.past), key=lambda pair: pair[0])
    for day, found in groupby(clocks, key=lambda pair: pair[0].date()):
        marks = tuple(
            PastMark(
                f"{(clock.hour * 60 + clock.minute) / SLOT_MINUTES:.2f}",
                f"{clock:%H:%M} {words.CHANNEL.get(contact.channel, contact.channel)}, {words.OUTCOME.get(contact.outcome, contact.outcome)}",
            )
            for clock, contact in found
        )
        yield PastDay(day, words.DAYS[day.weekday()], marks)


def week_strip(ask: Callable[[datetime], str], *, first: date, zone: str, tone: Callable[[str], str] = lambda rule_id: "bad") -> Iterable[DayStrip]:
    """Seven local days by half hours: 7 x 48 questions, whatever is asked.

    ask   the rule that refuses at an instant (UTC); empty = allowed
    tone  the colour of a rule
    """
    here = ZoneInfo(zone)
    for day in (first + timedelta(days=n) for n in range(DAYS)):
        rules_of_day = []
        for slot in range(SLOTS):
            minute = slot * SLOT_MINUTES
            clock = datetime.combine(day, time(minute // 60, minute % 60), tzinfo=here).astimezone(UTC)
            rules_of_day.append(ask(clock))
        yield DayStrip(day, words.DAYS[day.weekday()], tuple(_spans(rules_of_day, tone)))


def _spans(rules_of_day: list[str], tone: Callable[[str], str]) -> Iterable[Span]:
    first = 0
    for rule_id, slots in groupby(rules_of_day):
        count = len(list(slots))
        yield Span(first, count, rule_id, tone(rule_id) if rule_id else "ok")
        first += count


def _said_then(pack: comply.Pack, rule_id: str, question: WhatIf) -> comply.Rule:
    """The rule in the words that are in force at the instant asked about."""
    for clause in pack.clauses(question.at.date(), question.subdivision or None):
        if clause.rule.id == rule_id:
            return clause.rule
    return pack.rule(rule_id)


def _debtor(question: WhatIf) -> comply.Debtor:
    # What is true is true since before anything that is asked about.
    since = datetime(2000, 1, 1, tzinfo=UTC)
    return comply.Debtor(
        zones=question.zones,
        subdivision=question.subdivision or None,
        states=tuple(comply.State(name, since) for name in question.states),
        consents=tuple(comply.Consent(name, since, debts=("D",), until_date=date.max) for name in question.consents),
    )


def _proposed(question: WhatIf) -> comply.Proposed:
    return comply.Proposed(
        at=question.at,
        channel=question.channel,
        purpose=question.purpose,
        person=question.person,
        person_id="P",
        debts=("D",),
        creditor="A",
        collector="K",
        number="N",
        content_checked=False,
        place=question.place or None,
        address_source=question.address_source or None,
    )
