"""The permission tester for one person: what the gate would say, why, what would cure it, and the person's history on a calendar.

Words: a *trial* is a question that makes no Permit and no record of one; *headroom* what is left of a limit; a *cell* one local day
of the calendar, on the debtor's clock. The answer is `casework.judge`'s, the one that the gate gives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from recaudo.casework import queries as casework
from recaudo.casework import services as gate
from recaudo.casework.queries import Dossier, Held, Past
from recaudo.casework.services import Answer, Ground, Question
from recaudo.engine.comply import Room
from recaudo.law import queries as law
from recaudo.law.queries import DayStrip, Rules
from recaudo.portfolio import queries as portfolio
from recaudo.portfolio.models import Account, ContactPoint, Person, Placement
from recaudo.store import tenancy

FOUND = 30
WEEK = 7
PLACED = ("active", "recall_requested")


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to choose from for a person, and the clock that counts."""

    person: Person
    dossier: Dossier
    accounts: tuple[Account, ...]
    points: tuple[ContactPoint, ...]
    zone: str


@dataclass(frozen=True, slots=True)
class Trial:
    """The answer to one question.

    grounds   every rule that refuses, the named one first; empty = allowed
    rooms     what is left of each limit on how often
    strip     the seven local days from the one asked about, by half hours
    """

    answer: Answer
    grounds: tuple[Ground, ...]
    rooms: tuple[Room, ...]
    strip: tuple[DayStrip, ...]
    zones: tuple[str, ...]
    agency: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Contacts of one kind and channel on one day: how many, and each with its hour."""

    kind: str
    channel: str
    count: int
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One local day. `hours` are those in which the clock's rules let the channel through, whatever was done before."""

    on: date
    is_inside: bool
    is_holiday: bool
    hours: tuple[tuple[int, int], ...]
    marks: tuple[Mark, ...]
    holds: tuple[str, ...]


def find(text: str) -> list[tuple[Person, Account | None]]:
    """Persons by what people type, each with the account that is most days late; at most FOUND. Two queries after the search."""
    people = list(portfolio.search_persons(text).defer("national_id", "birth_on")[:FOUND])
    worst: dict[UUID, Account] = {}
    for account in Account.objects.filter(holder_id__in=[one.id for one in people]).select_related("creditor").order_by("dpd"):
        worst[account.holder_id] = account
    return [(one, worst.get(one.id)) for one in people]


def known(person: Person, *, at: datetime, clock: str) -> Known | None:
    """A person with their accounts and contact points; None out of reach. `clock`: the zone when theirs is not known. Three queries."""
    dossier = casework.dossiers([person.id], at=at).get(person.id)
    if dossier is None:
        return None
    accounts = Account.objects.filter(id__in=list(dossier.accounts)).select_related("creditor").order_by("-dpd", "number")
    points = ContactPoint.objects.filter(person_id=person.id).defer("value").order_by("-ownership_score", "id")
    return Known(person, dossier, tuple(accounts), tuple(points), dossier.zones[0] if dossier.zones else clock)


def at_moment(one: Known, *, at: datetime) -> Known:
    """What the gate would know at a moment to come: slots and holds that end before it are gone. One query."""
    dossier = casework.dossiers([one.person.id], at=at).get(one.person.id)
    return replace(one, dossier=dossier) if dossier else one


def asked(one: Known, *, channel: str, purpose: str, account: Account | None, point: ContactPoint | None) -> Question:
    """The question as the gate takes it, in the name of whoever works the account. One query."""
    placed = Placement.objects.filter(account_id=account.id, status__in=PLACED, agency__isnull=False).values_list("agency_id", flat=True).first() if account else None
    role = gate.role_of(one.dossier, account.id if account else None, next((known.role for known in one.dossier.accounts.values()), ""))
    return Question(
        channel, purpose, account.id if account else None, account.creditor_id if account else None, role, point, tenancy.tenant_id(),
        placed or tenancy.tenant_id(),
    )  # fmt: skip


def trial(one: Known, question: Question, *, at: datetime, rules: Rules, agency: str = "") -> Trial:
    """What the gate would say at an instant. Reads nothing, writes nothing."""
    then = _as_of(one.dossier, at)
    answer = gate.judge(then, question, at=at, rules=rules)
    first = at.astimezone(ZoneInfo(one.zone)).date()
    strip = law.week_strip(lambda instant: _rule_at(one.dossier, question, instant, rules), first=first, zone=one.zone, tone=_tones(one, rules))
    return Trial(
        answer, tuple(gate.grounds(then, question, at=at, rules=rules)), tuple(gate.headroom(then, question, at=at, rules=rules)), tuple(strip),
        gate.zones_of(one.dossier, question), agency,
    )  # fmt: skip


def calendar(one: Known, question: Question, *, first: date, last: date, inside: tuple[date, date], rules: Rules) -> list[Cell]:
    """The local days from `first` to `last`, with what happened on each; `inside`: the days that the reader asked for. Two queries."""
    here = ZoneInfo(one.zone)
    since, until = datetime.combine(first, time(), tzinfo=here), datetime.combine(last + timedelta(days=1), time(), tzinfo=here)
    contacts = casework.contacts_between(one.person.id, since=since, until=until)
    holds = casework.holds_between(one.person.id, since=since, until=until)
    by_day: dict[date, list[Past]] = {}
    for contact in contacts:
        by_day.setdefault(contact.at.astimezone(here).date(), []).append(contact)
    return [_cell(one, question, day, by_day.get(day, []), holds, inside, rules) for day in (first + timedelta(days=n) for n in range((last - first).days + 1))]


def _tones(one: Known, rules: Rules) -> Callable[[str], str]:
    pack = rules.pack(one.dossier.country, one.dossier.subdivision, one.dossier.municipality)

    def tone(rule_id: str) -> str:
        try:
            return law.tone_of(pack.rule(rule_id))
        except KeyError:
            return "bad"  # a rule of the house that is no rule of the lawbook

    return tone


def _cell(one: Known, question: Question, day: date, contacts: list[Past], holds: list[Held], inside: tuple[date, date], rules: Rules) -> Cell:
    here = ZoneInfo(one.zone)
    hours = gate.open_hours(one.dossier, question, on=day, zone=one.zone, rules=rules)
    begins, ends = datetime.combine(day, time(), tzinfo=here), datetime.combine(day + timedelta(days=1), time(), tzinfo=here)
    on = dict.fromkeys(held.kind_es for held in holds if held.since < ends and (held.until is None or held.until > begins))
    return Cell(day, inside[0] <= day <= inside[1], hours.is_holiday, hours.spans, tuple(_marks(contacts, here)), tuple(on))


def _marks(contacts: list[Past], here: ZoneInfo) -> Iterable[Mark]:
    counted = Counter((one.kind, one.channel) for one in contacts)
    for (kind, channel), count in counted.items():
        says = tuple(f"{one.at.astimezone(here):%H:%M} {one.says}" for one in contacts if (one.kind, one.channel) == (kind, channel))
        yield Mark(kind, channel, count, says)


def _as_of(dossier: Dossier, at: datetime) -> Dossier:
    """The dossier without what happened later: a question about yesterday is not answered with today's call."""
    return replace(dossier, history=tuple(one for one in dossier.history if one.at < at))


def _rule_at(dossier: Dossier, question: Question, at: datetime, rules: Rules) -> str:
    instant = at.astimezone(UTC)
    return gate.judge(_as_of(dossier, instant), question, at=instant, rules=rules, find_next=False).rule
