"""Which past contacts a limit counts: outcome, purpose, scope. Frequencies, gaps, cool-downs, one channel a week."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from recaudo.engine.comply.case import Case
from recaudo.engine.comply.terms import Terms
from recaudo.engine.comply.words import PastContact


def connected(case: Case, contact: PastContact) -> bool:
    """A line that rang, a message that arrived: everything but busy, not in service, bounced."""
    return contact.outcome not in case.pack.words["outcomes_not_connected"]


def counts(case: Case, contact: PastContact, basis: str) -> bool:
    """Whether an outbound contact counts under a count_basis of the lawbook."""
    if basis == "attempt_any":
        return True
    if not connected(case, contact):
        return False
    if basis != "live_contact" or (contact.channel not in case.pack.words["voice"] and contact.channel != "visit"):
        return True
    return contact.outcome in case.pack.words["outcomes_live"]


def in_scope(case: Case, contact: PastContact, scope: str) -> bool:
    """Whether a past contact and the proposed one share a limit, debts aside. A side that is not known is the same."""
    proposed = case.proposed
    same_creditor = None in (contact.creditor, proposed.creditor) or contact.creditor == proposed.creditor
    if scope == "debtor_x_creditor":
        return same_creditor
    if scope == "debtor_x_creditor_or_collector":
        return same_creditor or None in (contact.collector, proposed.collector) or contact.collector == proposed.collector
    if scope in {"person", "person_x_debt"}:
        return case.same_person(contact)
    if scope == "person_x_number":
        return contact.number == proposed.number
    return True  # an unknown scope counts everything


def limited_past(case: Case, terms: Terms, group: Iterable[str]) -> list[PastContact]:
    """Outbound contacts of the group and scope whose purpose is not exempt, whatever their outcome and age."""
    channels = frozenset(group)
    return [
        p
        for p in case.past
        if p.direction == "out" and p.channel in channels and _purpose(case, p) not in terms.purposes_exempt and in_scope(case, p, terms.scope)
    ]


def frequency_full(case: Case, terms: Terms) -> bool:
    """Whether a cap has no slot left for the proposed contact (any of its debts, for a cap per debt)."""
    used = frequency_used(case, terms)
    return used is not None and used >= terms.max


def frequency_used(case: Case, terms: Terms) -> int | None:
    """How many contacts a cap already counts for the proposed one, of the debt with the most; None when it does not ask about it."""
    proposed = case.proposed
    if proposed.channel not in terms.group or proposed.person in case.pack.words["persons_not_counted"]:
        return None
    if terms.only_line_type is not None and proposed.line_type != terms.only_line_type:
        return None
    group = {proposed.channel} if terms.per_channel else terms.group
    counted = [
        p for p in limited_past(case, terms, group) if counts(case, p, terms.count_basis) and case.in_period(p, terms)
    ]
    if terms.scope != "person_x_debt":
        return len(counted)
    counted = [p for p in counted if not p.misdirected]
    if not proposed.debts:
        return len(counted)
    return max((used for debt in proposed.debts if (used := _debt_used(case, terms, counted, case.debt(debt))) is not None), default=None)


def _debt_used(case: Case, terms: Terms, counted: list[PastContact], debt: str) -> int | None:
    """None: the person asked to be called about this debt."""
    consented = "prior_consent_7d" in terms.exclude
    if consented and case.prior_consent(debt, case.at):
        return None
    return sum(1 for p in counted if case.about(p, debt, talked=False) and not (consented and case.prior_consent(debt, p.at)))


def house_cap_used(case: Case, terms: Terms, days: int) -> int | None:
    """How many contacts the organisation's own cap counts; None for answers, receipts and codes, which neither ask nor count."""
    if case.proposed.purpose in terms.purposes_exempt:
        return None
    return sum(
        1
        for p in case.past
        if p.direction == "out" and p.purpose not in terms.purposes_exempt and counts(case, p, terms.count_basis) and case.within_days(p, days)
    )


def gap_too_short(case: Case, terms: Terms) -> bool:
    """Whether the last contact of the group lies fewer local days back than the law asks."""
    if case.proposed.channel not in terms.group:
        return False
    return any(case.within_days(p, terms.gap_days) for p in limited_past(case, terms, terms.group))


def cooling_down(case: Case, terms: Terms) -> bool:
    """Whether a conversation, whoever began it, still bars calls about a proposed debt."""
    proposed = case.proposed
    if not _covers(terms, proposed.channel) or proposed.person in case.pack.words["persons_without_cooldown"]:
        return False
    talks = [
        p for p in case.past if p.outcome == "conversation" and case.same_person(p) and case.within_days(p, terms.cooldown_days)
    ]
    if not proposed.debts:
        return bool(talks)
    return any(
        any(case.about(p, debt, talked=True) for p in talks)
        and not ("prior_consent_7d" in terms.exclude and case.prior_consent(debt, case.at))
        for debt in map(case.debt, proposed.debts)
    )


def other_channel_used(case: Case, terms: Terms) -> bool:
    """Whether another family of channels was used in the period."""
    channel = case.proposed.channel
    if channel not in terms.group:
        return False
    family = terms.families.get(channel, channel)
    return any(
        terms.families.get(p.channel, p.channel) != family
        for p in limited_past(case, terms, terms.group)
        if connected(case, p) and case.in_period(p, terms)
    )


def spoken_before(case: Case) -> bool:
    """Whether somebody of the same identity was already reached."""
    return any(case.same_person(p) and p.outcome in case.pack.words["outcomes_live"] for p in case.past)


def warnings(case: Case, *, rapid_minutes: int, rapid_outcome: str, per_day: int) -> tuple[str, ...]:
    """Signs of harassment that change no verdict: calls only, of any debt."""
    calls = sorted((p for p in case.past if p.direction == "out" and p.channel == "call"), key=lambda p: p.at)
    found = []
    if calls and calls[-1].outcome == rapid_outcome and case.at - calls[-1].at <= timedelta(minutes=rapid_minutes):
        found.append("rapid_succession")
    if sum(1 for p in calls if case.day_of(p.at) == case.day) >= per_day:
        found.append("concentrated")
    return tuple(found)


def _purpose(case: Case, contact: PastContact) -> str:
    return "collection" if contact.purpose in case.pack.words["same_as_collection"] else contact.purpose


def _covers(terms: Terms, channel: str) -> bool:
    return terms.channels is None or channel in terms.channels
