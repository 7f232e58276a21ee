"""One question, prepared: who, when on which clocks, what happened before. The rules read this and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from recaudo.engine.comply.days import zones_of
from recaudo.engine.comply.pack import Pack
from recaudo.engine.comply.terms import Terms
from recaudo.engine.comply.words import Consent, Debtor, PastContact, Proposed
from recaudo.kernel.time import NaiveInstant

# Consents that a rule may name beside states; the other names in `unless` are states.
CONSENT_TYPES = frozenset({"authorised_channel", "tcpa_consent", "marketing_consent"})
PRIOR_CONSENT = "us_call_prior_consent"


@dataclass(frozen=True, slots=True)
class Case:
    """The question at one instant. `past` holds only what happened before `at`; `zones` is empty when not known."""

    pack: Pack
    debtor: Debtor
    proposed: Proposed
    at: datetime
    zones: tuple[ZoneInfo, ...]
    day: date
    past: tuple[PastContact, ...]

    def moved_to(self, at: datetime, history: Iterable[PastContact]) -> Case:
        """The same question at another instant."""
        return case_of(self.pack, self.debtor, history, replace(self.proposed, at=at))

    # --- clocks

    def day_of(self, instant: datetime) -> date:
        """The local day by which things are counted: that of the first candidate zone."""
        return instant.astimezone(self.zones[0]).date() if self.zones else instant.astimezone(UTC).date()

    def within_days(self, contact: PastContact, days: int) -> bool:
        """Whether a past contact lies on the local day of the question or one of the `days - 1` days before."""
        if not self.zones:
            # The local day is not known: one day more, so that nothing is let through.
            return contact.at > self.at - timedelta(days=days + 1)
        return self.day_of(contact.at) > self.day - timedelta(days=days)

    def in_period(self, contact: PastContact, terms: Terms) -> bool:
        """Whether a past contact lies in the period of a limit."""
        if terms.calendar_week and self.zones:
            return self.day_of(contact.at) >= self.day - timedelta(days=self.day.weekday())
        return self.within_days(contact, terms.rolling_days)

    # --- states and consents

    def has_state(self, name: str) -> bool:
        return any(s.state == name and s.since <= self.at and not (s.until and s.until <= self.at) for s in self.debtor.states)

    def lifted(self, names: Iterable[str]) -> bool:
        """Whether any state of the names is active, or a consent of that type is valid."""
        return any(self.has_state(name) or (name in CONSENT_TYPES and self.has_consent(name)) for name in names)

    def has_consent(self, kind: str) -> bool:
        channel = self.proposed.channel
        return any(
            c.type == kind and _runs(c, self.at) and (kind != "authorised_channel" or c.channels is None or channel in c.channels)
            for c in self.debtor.consents
        )

    def opted_out(self) -> bool:
        """Whether an active opt-out hits the channel or the address; one that names neither hits every channel."""
        for s in self.debtor.states:
            if s.state != "channel_optout" or s.since > self.at or (s.until and s.until <= self.at):
                continue
            if not s.channels and s.address is None:
                return True
            if (s.channels and self.proposed.channel in s.channels) or (s.address is not None and s.address == self.proposed.address):
                return True
        return False

    # --- debts and persons

    def debt(self, debt_id: str) -> str:
        """The id under which a debt is counted."""
        return self.debtor.same_debt.get(debt_id, debt_id)

    def same_person(self, contact: PastContact) -> bool:
        return identity(contact) == identity(self.proposed)

    def about(self, contact: PastContact, debt: str, *, talked: bool) -> bool:
        """Whether a past contact is about a debt: talked about it, or counted to it. One about no known debt is about all."""
        named = contact.discussed if talked else contact.counted_to
        debts = contact.debts if named is None else named
        if not debts and contact.counted_to is None and contact.discussed is None:
            return True
        return debt in {self.debt(one) for one in debts}

    def prior_consent(self, debt: str, instant: datetime) -> bool:
        """Whether the person's consent to be called about a debt was valid at an instant (12 CFR 1006.14(b)(3)(i))."""
        return any(c.type == PRIOR_CONSENT and self._prior_runs(c, debt, instant) for c in self.debtor.consents)

    def _prior_runs(self, consent: Consent, debt: str, instant: datetime) -> bool:
        if not _runs(consent, instant) or debt not in {self.debt(one) for one in consent.debts}:
            return False
        last = self.day_of(consent.since) + timedelta(days=6)
        if consent.until_date is not None:
            last = min(last, consent.until_date)
        if self.day_of(instant) > last:
            return False
        return not any(
            p.outcome == "conversation" and consent.since < p.at < instant and self.about(p, debt, talked=True) for p in self.past
        )

    def is_reply_once(self) -> bool:
        """Whether this is the one answer on the same channel and local day to something the person sent."""
        wanted = self.proposed.reply_to
        if wanted is None or any(p.reply_to == wanted for p in self.past):
            return False
        return any(
            p.id == wanted and p.direction == "in" and p.channel == self.proposed.channel and self.day_of(p.at) == self.day
            for p in self.past
        )


def case_of(pack: Pack, debtor: Debtor, history: Iterable[PastContact], proposed: Proposed) -> Case:
    """Prepare a question. Raises NaiveInstant when an instant has no zone."""
    if proposed.at.tzinfo is None:
        raise NaiveInstant()
    at = proposed.at.astimezone(UTC)
    zones = zones_of(debtor.zones)
    if proposed.purpose in pack.words["same_as_collection"]:
        proposed = replace(proposed, purpose="collection")
    day = at.astimezone(zones[0]).date() if zones else proposed.at.date()
    past = []
    for contact in history:
        if contact.at.tzinfo is None:
            raise NaiveInstant()
        if contact.at < at:
            past.append(contact)
    return Case(pack, debtor, proposed, at, zones, day, tuple(past))


def identity(who: PastContact | Proposed) -> str:
    """Who a contact was with: the person's id, else what the person is to the debt."""
    return who.person_id or who.person or "debtor"


def _runs(consent: Consent, instant: datetime) -> bool:
    return consent.since <= instant and not (consent.revoked and consent.revoked <= instant)
