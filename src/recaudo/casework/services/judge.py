"""House rules first, then the law: one answer for one question about one person. Reads nothing, writes nothing.

The engine is asked once per cap of the house; the answer is an allow only when all agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from recaudo.casework.queries.dossier import Dossier, KnownAction
from recaudo.casework.services import house, prescription
from recaudo.casework.services.house import Question, Refusal
from recaudo.casework.words import CALLBACK
from recaudo.engine import comply
from recaudo.kernel.contact import LAW_PERSON, Purpose
from recaudo.law.queries import Rules, library_problems

PERMIT_MINUTES = (10, 5, 2, 1)
# Rounds of looking for an instant that suits the law and every cap of the house.
ROUNDS = 4
CONSENTS = frozenset({"authorised_channel", "tcpa_consent", "marketing_consent"})
HOLD_STATES = {"insolvency": "insolvency_proceeding", "legal": "in_court", "represented": "attorney_represented"}
WAIVERS = {"CO": "co_hours_waiver", "US": "us_time_consent"}
# The lawbook's words for who is under age, and for whom no age is known.
MINOR, AGE_UNKNOWN = "minor", "age_unknown"
EVER = datetime(1, 1, 2, tzinfo=UTC)
PLACES = {"work": "workplace"}
SOURCES = {"creditor": "entity", "debtor": "debtor", "agreed": "agreed", "third_party": "third_party", "skip_tracing": "skip_tracing"}


@dataclass(frozen=True, slots=True)
class Answer:
    """May this contact be made now? `next_allowed_at` UTC, None = not known or not looked for. `citation` names the source."""

    allowed: bool
    rule: str = ""
    citation: str = ""
    reason_es: str = ""
    next_allowed_at: datetime | None = None
    cures: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    lawbook_version: str = ""
    libraries: str = ""
    confidence: str = ""
    pack_hash: str = ""


def judge(
    dossier: Dossier,
    question: Question,
    *,
    at: datetime,
    rules: Rules,
    content: frozenset[str] | None = None,
    reply_to: UUID | None = None,
    find_next: bool = True,
) -> Answer:
    """The answer for one contact at an instant.

    content    tokens of what will be said; None = not known yet (a call): required parts are not asked for
    reply_to   the inbound action that this contact answers
    find_next  also look for the next allowed instant (slower)
    """
    inquiry = _Inquiry(dossier, question, rules, content, reply_to)
    if refused := _by_house(inquiry, at):
        return _of_house(inquiry, refused, at, find_next)
    if unfit := _unfit(rules):
        return _answer(inquiry, unfit[0], None)
    denied = inquiry.denials(at)
    if not denied:
        verdict = inquiry.ask(at, None)
        return Answer(
            True, lawbook_version=_short(verdict), libraries=_libraries(verdict), warnings=verdict.warnings, reason_es=verdict.reason_es,
            confidence=verdict.confidence, pack_hash=verdict.lawbook_version,
        )  # fmt: skip
    verdict = denied[0]
    return Answer(
        False, verdict.rule_id or "", verdict.citation, verdict.reason_es, inquiry.next_allowed(at) if find_next else None, verdict.cures,
        verdict.warnings, _short(verdict), _libraries(verdict), verdict.confidence, verdict.lawbook_version,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ground:
    """One rule that refuses, with its source and what would cure it. `until` None: no end is known; `confidence` empty: the house's."""

    rule: str
    reason_es: str
    citation: str
    cure_es: str
    until: datetime | None = None
    confidence: str = ""


def grounds(dossier: Dossier, question: Question, *, at: datetime, rules: Rules) -> list[Ground]:
    """Every rule that refuses a contact at an instant, the house's first; the first is the one that `judge` names. Empty: it is allowed."""
    inquiry = _Inquiry(dossier, question, rules, None, None)
    refused = [Ground(one.rule, one.reason_es, one.citation, one.cure_es, one.until) for one in (*_by_house(inquiry, at), *_unfit(rules))]
    said = {clause.rule.id: clause.rule for clause in inquiry.pack.clauses(at.date(), inquiry.debtor.subdivision)} if inquiry.pack.known else {}
    for rule_id in dict.fromkeys(rule_id for verdict in inquiry.denials(at) for rule_id in verdict.all_rule_ids):
        rule = said.get(rule_id) or inquiry.pack.rule(rule_id)
        refused.append(Ground(rule.id, rule.text_es, rule.citation, comply.cure_of(rule), None, "" if rule.id == "HOUSE-CAP" else rule.confidence))
    return refused


def headroom(dossier: Dossier, question: Question, *, at: datetime, rules: Rules) -> list[comply.Room]:
    """What is left of every limit on how often, those of the law and of the house."""
    inquiry = _Inquiry(dossier, question, rules, None, None)
    return comply.rooms(inquiry.pack, inquiry.debtor, inquiry.past, inquiry.proposed(at), inquiry.caps)


def open_hours(dossier: Dossier, question: Question, *, on: date, zone: str, rules: Rules) -> comply.Hours:
    """The hours of a local day in which no rule of the clock refuses, whatever was done before."""
    inquiry = _Inquiry(dossier, question, rules, None, None)
    at = datetime.combine(on, time(12), tzinfo=ZoneInfo(zone))
    return comply.open_hours(inquiry.pack, inquiry.debtor, inquiry.proposed(at), day=on, zone=zone)


def permit_end(dossier: Dossier, question: Question, *, at: datetime, rules: Rules) -> datetime:
    """Until when an allow holds: some minutes, and never past the closing of a window."""
    inquiry = _Inquiry(dossier, question, rules, None, None)
    for minutes in PERMIT_MINUTES:
        end = at + timedelta(minutes=minutes)
        # Half-open windows: the last instant inside decides.
        if not inquiry.denials(end - timedelta(seconds=1)):
            return end
    return at + timedelta(seconds=30)


class _Inquiry:
    """The question in the engine's words, prepared once."""

    def __init__(
        self, dossier: Dossier, question: Question, rules: Rules, content: frozenset[str] | None, reply_to: UUID | None
    ) -> None:
        self.dossier, self.question, self.rules = dossier, question, rules
        self.pack = rules.pack(dossier.country, dossier.subdivision, dossier.municipality)
        self.debtor = _debtor(dossier, question)
        self.past = _history(dossier, question)
        self.content, self.reply_to = content, reply_to
        # What the person asked to be called back about is not the house's initiative: its cap does not apply, the law's does.
        self.caps = () if question.treatment == CALLBACK else rules.caps

    def ask(self, at: datetime, cap: comply.HouseCap | None, *, find_next: bool = False) -> comply.Verdict:
        # Slots are taken in the order of the lock, not of the clocks: what is written already happened before this.
        past = [p if p.at < at else replace(p, at=at - timedelta(microseconds=1)) for p in self.past]
        return comply.permit_verdict(self.pack, self.debtor, past, self.proposed(at), cap=cap, find_next=find_next)

    def denials(self, at: datetime) -> list[comply.Verdict]:
        """The refusals of the law and of each cap."""
        return [verdict for cap in (self.caps or (None,)) if not (verdict := self.ask(at, cap)).allowed]

    def next_allowed(self, at: datetime) -> datetime | None:
        """The earliest instant that the law and every cap allow, as far as a few rounds find it."""
        instant = at
        for _ in range(ROUNDS):
            later = [self.ask(instant, cap, find_next=True) for cap in (self.caps or (None,))]
            denied = [verdict for verdict in later if not verdict.allowed]
            if not denied:
                return instant
            nexts = [verdict.next_allowed_at for verdict in denied]
            known = [one for one in nexts if one is not None]
            if len(known) < len(nexts):
                return None
            instant = max(known)
        return None

    def proposed(self, at: datetime) -> comply.Proposed:
        question, point = self.question, self.question.point
        return comply.Proposed(
            at=at,
            channel=question.channel,
            purpose=question.purpose,
            person=MINOR if self.dossier.minor_until else LAW_PERSON.get(question.role, question.role),
            person_id=str(self.dossier.person_id),
            debts=(str(question.account_id),) if question.account_id else (),
            creditor=str(question.creditor_id) if question.creditor_id else None,
            collector=str(question.collector_id),
            number=str(point.id) if point else None,
            content=self.content or frozenset(),
            content_checked=self.content is not None,
            stage=None if self.past else "first",
            reply_to=str(self.reply_to) if self.reply_to else None,
            place=PLACES.get(point.place, point.place) if point and point.kind in {"phone", "address"} else None,
            address_source=_source(question),
            address=str(point.id) if point else None,
            line_type=(point.line_type or None) if point else None,
        )


def _by_house(inquiry: _Inquiry, at: datetime) -> list[Refusal]:
    """Every refusal of the house, what the text tells included."""
    found = list(house.refusals(inquiry.dossier, inquiry.question, at=at))
    told = house.disclosure(inquiry.question, inquiry.content) if inquiry.content is not None else None
    return [*found, *(one for one in (_prescribed(inquiry, at), told) if one is not None)]


def _unfit(rules: Rules) -> list[Refusal]:
    """Why nobody may be contacted at all: the libraries or the decisions of the house cannot be trusted."""
    found = [Refusal("HOUSE-LIBRARIES", problem) for problem in library_problems()[:1]]
    return [*found, *([Refusal("HOUSE-LAW", rules.trouble)] if rules.trouble else [])]


def _prescribed(inquiry: _Inquiry, at: datetime) -> Refusal | None:
    """Where what is prescribed is not collected, nothing but answers goes out about it."""
    question = inquiry.question
    account = inquiry.dossier.accounts.get(question.account_id) if question.account_id else None
    if account is None or question.purpose in house.SERVICE_PURPOSES:
        return None
    acts = [account.interrupted_on] if account.interrupted_on else []
    now = prescription.clock(inquiry.pack, due_on=account.oldest_due_on, interrupted=acts, on=_day_there(inquiry, at))
    if not (now.blocks and now.is_prescribed):
        return None
    return Refusal(
        "HOUSE-PRESCRIBED", f"La deuda prescribió el {now.prescribes_on:%d/%m/%Y}: ahí no se cobra ni se comunica.", citation=now.citation,
        cure_es="Jurídico revisa si algún acto interrumpió el plazo.",
    )  # fmt: skip


def _day_there(inquiry: _Inquiry, at: datetime) -> date:
    """The day on the person's clock; where two may hold, the earlier: a debt is not prescribed before it surely is."""
    days = []
    for name in inquiry.debtor.zones:
        with suppress(ZoneInfoNotFoundError, ValueError):
            days.append(at.astimezone(ZoneInfo(name)).date())
    return min(days, default=at.date())


def _of_house(inquiry: _Inquiry, refused: list[Refusal], at: datetime, find_next: bool) -> Answer:
    ends = [refusal.until for refusal in refused]
    known = [end for end in ends if end is not None]
    later = None
    if find_next and known and len(known) == len(ends):
        later = inquiry.next_allowed(max(known))
    return _answer(inquiry, refused[0], later)


def _answer(inquiry: _Inquiry, refusal: Refusal, later: datetime | None) -> Answer:
    versions = comply.library_versions()
    return Answer(
        False, refusal.rule, refusal.citation, refusal.reason_es, later, (refusal.cure_es,) if refusal.cure_es else (), (),
        inquiry.pack.version[:16], _named(versions), pack_hash=inquiry.pack.version,
    )  # fmt: skip


def _debtor(dossier: Dossier, question: Question) -> comply.Debtor:
    return comply.Debtor(
        zones=zones_of(dossier, question),
        subdivision=dossier.subdivision or None,
        states=tuple(_states(dossier, question)),
        consents=tuple(
            comply.Consent(c.kind, c.given_at, c.revoked_at, frozenset(c.channels) or None)
            for c in dossier.consents
            if c.kind in CONSENTS and c.creditor_id in {None, question.creditor_id}
        ),
        preferences=tuple(
            comply.Preference("inconvenient_time", f.since, frozenset(house.DAYS.index(d) for d in f.days or house.DAYS), f.starts, f.ends)
            for f in dossier.preferences
            if f.avoid and f.channel in {"", question.channel}
        ),
    )


def zones_of(dossier: Dossier, question: Question) -> tuple[str, ...]:
    """Every zone in which the person may be: those of the person, then of the contact point; worked out when none is kept."""
    point = question.point
    kept = tuple(dict.fromkeys((*dossier.zones, *(point.zones if point else ()))))
    if kept:
        return kept
    phone = point.value if point and point.kind in {"phone", "im"} else None
    return comply.zones_for(dossier.country, dossier.subdivision or None, dossier.municipality or None, phone)


def _states(dossier: Dossier, question: Question) -> list[comply.State]:
    states = [
        comply.State(HOLD_STATES[hold.kind], hold.from_at, hold.until_at)
        for hold in dossier.holds
        if hold.kind in HOLD_STATES and hold.account_id in {None, question.account_id}
    ]
    for consent in dossier.consents:
        if consent.kind in CONSENTS or consent.creditor_id not in {None, question.creditor_id}:
            continue
        name = WAIVERS.get(dossier.country, consent.kind) if consent.kind == "hours_waiver" else consent.kind
        address = str(consent.contact_point_id) if consent.contact_point_id else None
        states.append(comply.State(name, consent.given_at, consent.revoked_at, frozenset(consent.channels) or None, address))
    if not dossier.is_age_known:
        states.append(comply.State(AGE_UNKNOWN, EVER, None))
    return states


def _history(dossier: Dossier, question: Question) -> list[comply.PastContact]:
    inbound: dict[str, KnownAction] = {}
    found = []
    for item in dossier.history:
        if item.id == question.action_id:
            continue
        if item.direction == "in":
            inbound[item.channel] = item
        answered = inbound.get(item.channel) if item.direction == "out" and item.purpose == Purpose.REPLY else None
        found.append(_past(item, dossier, question, answered))
    return found


def _past(item: KnownAction, dossier: Dossier, question: Question, answered: KnownAction | None) -> comply.PastContact:
    return comply.PastContact(
        at=item.at,
        channel=item.channel,
        direction=item.direction,
        outcome=item.outcome,
        purpose=item.purpose,
        debts=(str(item.account_id),) if item.account_id else (),
        person=LAW_PERSON.get(item.party_role, item.party_role),
        person_id=str(dossier.person_id),
        creditor=str(item.creditor_id) if item.creditor_id else None,
        # The organisation's own people have no agency: they are one collector, under the tenant's id.
        collector=str(item.agency_id or question.tenant_id),
        number=str(item.contact_point_id) if item.contact_point_id else None,
        id=str(item.id),
        reply_to=str(answered.id) if answered else None,
    )


def _source(question: Question) -> str | None:
    point = question.point
    if point is None or question.channel == "portal":
        return None
    if point.source == "employer":
        return "employer_email" if point.kind == "email" else "third_party"
    return SOURCES.get(point.source, "third_party")


def _short(verdict: comply.Verdict) -> str:
    return verdict.lawbook_version[:16]


def _libraries(verdict: comply.Verdict) -> str:
    return _named(verdict.libraries)


def _named(versions: Mapping[str, str]) -> str:
    return " ".join(f"{name} {version}" for name, version in sorted(versions.items()))[:80]
