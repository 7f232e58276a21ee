"""What the gate is asked and what it answers: plain frozen values, no rules here.

Instants are aware datetimes. Words for channels, outcomes, persons and purposes are those of lawbook/common/meta.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from recaudo.kernel.contact import LAW_PERSON


@dataclass(frozen=True, slots=True)
class State:
    """Something true of the debtor for a time: `in_court`, `attorney_represented`, `channel_optout`, `reus`.

    Active when `since <= now` and not `until <= now`. `channels` and `address` matter to `channel_optout` only;
    one with neither blocks every channel.
    """

    state: str
    since: datetime
    until: datetime | None = None
    channels: frozenset[str] | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent of the ledger: valid from `since`, ended from `revoked` on.

    type        authorised_channel, tcpa_consent, marketing_consent, us_call_prior_consent
    channels    covered channels; None = all
    debts       us_call_prior_consent only: the debts it is about
    until_date  us_call_prior_consent only: last local day, inclusive
    """

    type: str
    since: datetime
    revoked: datetime | None = None
    channels: frozenset[str] | None = None
    debts: tuple[str, ...] = ()
    until_date: date | None = None


@dataclass(frozen=True, slots=True)
class Preference:
    """A time or place that the person called inconvenient.

    kind             inconvenient_time or inconvenient_place
    days             ISO weekdays 0 (Monday) to 6
    starts, ends     local minutes of the day, end-exclusive: 0 to 1440
    until_date       last local day, inclusive; None = for good
    """

    kind: str
    since: datetime
    days: frozenset[int] = frozenset(range(7))
    starts: int = 0
    ends: int = 1440
    place: str | None = None
    until_date: date | None = None


@dataclass(frozen=True, slots=True)
class Debtor:
    """The person whose debt it is, as far as the law asks.

    zones        every candidate IANA zone; a window must be open in all of them; the first gives the local day
    subdivision  region code (CL `AP`, BR `SP`): state rules and regional holidays
    same_debt    debt id -> the id under which it is counted (student loans of one account number)
    """

    zones: tuple[str, ...] = ()
    subdivision: str | None = None
    states: tuple[State, ...] = ()
    consents: tuple[Consent, ...] = ()
    preferences: tuple[Preference, ...] = ()
    same_debt: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PastContact:
    """One contact that happened (or will: entries at or after the proposed instant are ignored).

    direction   out or in
    person      law word; `person_id` tells persons of one word apart
    counted_to  debts it is counted to in a per-debt cap; None = `debts`
    discussed   debts really talked about; None = `debts`
    reply_to    id of the inbound entry that this one answered
    """

    at: datetime
    channel: str
    direction: str = "out"
    outcome: str = "sent"
    purpose: str = "collection"
    debts: tuple[str, ...] = ()
    counted_to: tuple[str, ...] | None = None
    discussed: tuple[str, ...] | None = None
    person: str = "debtor"
    person_id: str | None = None
    creditor: str | None = None
    collector: str | None = None
    number: str | None = None
    id: str | None = None
    reply_to: str | None = None
    misdirected: bool = False


@dataclass(frozen=True, slots=True)
class Proposed:
    """One contact that somebody wants to make now.

    at               the second of sending, dialling or ringing the bell
    person           who would be reached, in the lawbook's words (`law_person` translates)
    content          tokens of what would be said; see the content rules of the lawbook
    content_checked  False = what would be said is not known yet: the required parts are not asked for
    stage            `first` = the first contact of a management
    place            home, workplace, mobile, none
    address_source   entity, debtor, agreed, third_party, skip_tracing, employer_email
    override_factor  a rebuttal factor that somebody claims; never makes an allow
    """

    at: datetime
    channel: str
    purpose: str = "collection"
    person: str = "debtor"
    person_id: str | None = None
    debts: tuple[str, ...] = ()
    creditor: str | None = None
    collector: str | None = None
    number: str | None = None
    content: frozenset[str] = frozenset()
    content_checked: bool = True
    stage: str | None = None
    reply_to: str | None = None
    place: str | None = None
    caller_id: str | None = None
    address_source: str | None = None
    address: str | None = None
    line_type: str | None = None
    override_factor: str | None = None


@dataclass(frozen=True, slots=True)
class HouseCap:
    """The organisation's own limit per person, over all accounts, creditors and agencies; above the law, never below.

    max_contacts_per_person  contacts allowed in the period, 1 or more
    period_days              local calendar days, the day of the contact included
    """

    max_contacts_per_person: int
    period_days: int


@dataclass(frozen=True, slots=True)
class Override:
    """What a claimed rebuttal factor is worth: `allowed` means it may be signed by compliance, not that one may call."""

    allowed: bool
    factor: str | None
    needs: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer: may this contact be made, under which law, and if not, when.

    rule_id           None on allow, else the first denying rule in reading order
    all_rule_ids      every denying rule, in that order
    confidence        how well the deciding rule is known; on allow, the weakest of the rules that were asked
    next_allowed_at   UTC; earliest instant within 60 days at which it would be allowed; None = none, or not asked
    cures             Spanish hints: what would make it lawful
    warnings          rapid_succession, concentrated: never change the verdict
    libraries         versions of the holiday and time-zone data used
    """

    allowed: bool
    rule_id: str | None
    all_rule_ids: tuple[str, ...]
    citation: str
    reason_es: str
    confidence: str
    next_allowed_at: datetime | None
    cures: tuple[str, ...]
    warnings: tuple[str, ...]
    lawbook_version: str
    libraries: Mapping[str, str]
    override: Override | None = None


def law_person(role: str) -> str:
    """The lawbook's word for a role of an account (`holder` -> `debtor`); a word of the lawbook stays as it is."""
    return LAW_PERSON.get(role, role)
