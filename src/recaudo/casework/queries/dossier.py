"""What the gate must know of a person before anybody reaches them: read at once, for one person or for many.

One query per call whatever the number of persons: get-next, screens and the gate itself ask in the middle of work.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from recaudo.casework import catalogue
from recaudo.store import tenancy
from recaudo.store.fields import CannotDecrypt, aad, decrypt

HISTORY_DAYS = 31
# Planned long before it happens (a callback in a month): the row is older than what it tells.
PLANNED_DAYS = 62
# A permit holds its slot until the action is closed, or until this long after: nobody talks longer.
RESERVED_MINUTES = 120
# Whole years; everywhere where we work.
OF_AGE = 18
ROLE_ORDER = ("holder", "co_debtor", "guarantor", "representative", "reference")


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account of the person: what they are to it and where it stands. Amounts in minor units."""

    id: UUID
    creditor_id: UUID
    role: str
    status: str
    balance_minor: int
    overdue_minor: int
    promise_due_on: date | None
    # What the prescription clock asks: the oldest unpaid due day, and the last day on which something interrupted it.
    oldest_due_on: date | None = None
    interrupted_on: date | None = None


@dataclass(frozen=True, slots=True)
class KnownConsent:
    kind: str
    channels: tuple[str, ...]
    creditor_id: UUID | None
    given_at: datetime
    revoked_at: datetime | None
    contact_point_id: UUID | None


@dataclass(frozen=True, slots=True)
class KnownHold:
    id: UUID
    kind: str
    account_id: UUID | None
    creditor_id: UUID | None
    channel: str
    from_at: datetime
    until_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class KnownPreference:
    """`starts` and `ends` are local minutes of the day, end-exclusive."""

    channel: str
    days: tuple[str, ...]
    starts: int
    ends: int
    avoid: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class KnownAction:
    """A contact of the past, or a slot that somebody holds right now."""

    id: UUID
    at: datetime
    channel: str
    direction: str
    purpose: str
    outcome: str
    account_id: UUID | None
    creditor_id: UUID | None
    agency_id: UUID | None
    party_role: str
    contact_point_id: UUID | None


@dataclass(frozen=True, slots=True)
class Dossier:
    """A person as the gate sees them, over all accounts, creditors and agencies."""

    person_id: UUID
    country: str
    subdivision: str
    municipality: str
    zones: tuple[str, ...]
    deceased_on: date | None
    accounts: Mapping[UUID, KnownAccount]
    consents: tuple[KnownConsent, ...]
    preferences: tuple[KnownPreference, ...]
    holds: tuple[KnownHold, ...]
    history: tuple[KnownAction, ...]
    pauses: tuple[tuple[str, str], ...]
    # Drawn for a control group: the last day without proactive contact, or nothing.
    control_until: date | None = None
    # First day of age of who is under age now; and whether an age is known at all (a legal person has none).
    minor_until: date | None = None
    is_age_known: bool = True


# jsonb_agg over a correlated sub-select: one round trip, each part by its own index.
_SQL = """
SELECT p.id, p.country, p.subdivision, p.municipality, p.zones, p.deceased_on,
  (SELECT jsonb_agg(jsonb_build_array(a.id, a.creditor_id, r.role, a.status, a.balance_minor, a.overdue_minor,
       (SELECT m.due_on FROM agreements_promise m WHERE m.tenant_id = %(tenant)s AND m.account_id = a.id AND m.status = 'active'),
       a.oldest_due_on, greatest(a.last_payment_on, (SELECT max(i."on") FROM casework_interruptingact i
          WHERE i.tenant_id = %(tenant)s AND i.account_id = a.id AND i.withdrawn_at IS NULL))))
     FROM portfolio_accountparty r JOIN portfolio_account a ON a.id = r.account_id AND a.tenant_id = %(tenant)s
     WHERE r.tenant_id = %(tenant)s AND r.person_id = p.id
       AND (r.from_on IS NULL OR r.from_on <= %(on)s) AND (r.until_on IS NULL OR r.until_on > %(on)s)),
  (SELECT jsonb_agg(jsonb_build_array(c.kind, c.channels, c.creditor_id, c.given_at, c.revoked_at, c.contact_point_id))
     FROM portfolio_consent c WHERE c.tenant_id = %(tenant)s AND c.person_id = p.id),
  (SELECT jsonb_agg(jsonb_build_array(f.channel, f.days, f.from_time, f.until_time, f.avoid, f.created_at))
     FROM portfolio_preference f WHERE f.tenant_id = %(tenant)s AND f.person_id = p.id),
  (SELECT jsonb_agg(jsonb_build_array(h.id, h.kind, h.account_id, h.creditor_id, h.channel, h.from_at, h.until_at, h.reason))
     FROM casework_hold h WHERE h.tenant_id = %(tenant)s AND h.person_id = p.id AND h.released_at IS NULL
       AND (h.until_at IS NULL OR h.until_at > %(at)s)),
  (SELECT jsonb_agg(jsonb_build_array(x.id, x.occurred_at, x.channel, x.direction, x.purpose, x.disposition, x.account_id,
       x.creditor_id, x.agency_id, x.party_role, x.contact_point_id) ORDER BY x.occurred_at)
     FROM casework_action x
     WHERE x.tenant_id = %(tenant)s AND x.person_id = p.id AND x.created_at > %(oldest)s AND x.occurred_at > %(since)s
       AND ((x.status = 'done' AND (x.is_attempt OR x.direction = 'in'))
         OR (x.status = 'in_progress' AND x.occurred_at > %(reserved)s))),
  (SELECT jsonb_agg(jsonb_build_array(s.scope, s.reason))
     FROM casework_contactpause s WHERE s.tenant_id = %(tenant)s AND s.resumed_at IS NULL),
  (SELECT max(m.enrolled_on + e.outcome_days - 1)::text
     FROM strategy_experimentmember m JOIN strategy_experiment e ON e.id = m.experiment_id AND e.tenant_id = %(tenant)s
     JOIN strategy_experimentarm k ON k.experiment_id = e.id AND k.code = m.arm AND k.tenant_id = %(tenant)s
     WHERE m.tenant_id = %(tenant)s AND m.person_id = p.id AND e.status = 'running' AND k.is_holdout
       AND m.enrolled_on + e.outcome_days > %(on)s),
  p.birth_on, p.kind
FROM portfolio_person p
WHERE p.tenant_id = %(tenant)s AND p.id = ANY(%(persons)s)
"""


def dossiers(person_ids: Iterable[UUID], *, at: datetime) -> dict[UUID, Dossier]:
    """Persons by id as the gate sees them at an instant. Persons out of reach are missing. One query."""
    wanted = list(person_ids)
    if not wanted:
        return {}
    values = {
        "tenant": tenancy.tenant_id(),
        "persons": wanted,
        "at": at,
        "on": at.date(),
        "since": at - timedelta(days=HISTORY_DAYS + 1),
        "oldest": at - timedelta(days=HISTORY_DAYS + PLANNED_DAYS),
        "reserved": at - timedelta(minutes=RESERVED_MINUTES),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SQL, values)
        return {row[0]: _dossier(row, at.date()) for row in cursor.fetchall()}


def _dossier(row: tuple[Any, ...], on: date) -> Dossier:
    of_age_on = _of_age_on(row[0], row[13])
    accounts, consents, preferences, holds, history, pauses = (_list(part) for part in row[6:12])
    known: dict[UUID, KnownAccount] = {}
    for item in accounts:
        account = KnownAccount(UUID(item[0]), UUID(item[1]), item[2], item[3], item[4], item[5], _day(item[6]), _day(item[7]), _day(item[8]))
        before = known.get(account.id)
        if before is None or ROLE_ORDER.index(account.role) < ROLE_ORDER.index(before.role):
            known[account.id] = account
    return Dossier(
        person_id=row[0],
        country=row[1],
        subdivision=row[2],
        municipality=row[3],
        zones=tuple(row[4] or ()),
        deceased_on=row[5],
        accounts=known,
        consents=tuple(
            KnownConsent(c[0], tuple(c[1] or ()), _id(c[2]), datetime.fromisoformat(c[3]), _instant(c[4]), _id(c[5])) for c in consents
        ),
        preferences=tuple(
            KnownPreference(f[0], tuple(f[1] or ()), _minute(f[2], 0), _minute(f[3], 1440), f[4], datetime.fromisoformat(f[5]))
            for f in preferences
        ),
        holds=tuple(
            KnownHold(UUID(h[0]), h[1], _id(h[2]), _id(h[3]), h[4], datetime.fromisoformat(h[5]), _instant(h[6]), h[7]) for h in holds
        ),
        history=tuple(
            KnownAction(
                UUID(x[0]), datetime.fromisoformat(x[1]), x[2], x[3], x[4], _law_word(x[5], x[2]), _id(x[6]), _id(x[7]), _id(x[8]), x[9],
                _id(x[10]),
            )
            for x in history
        ),
        pauses=tuple((s[0], s[1]) for s in pauses),
        control_until=_day(row[12]),
        # A day of grace: somewhere in the person's zones it may not be the birthday yet.
        minor_until=of_age_on if of_age_on and on <= of_age_on else None,
        is_age_known=of_age_on is not None or row[14] == "legal",
    )  # fmt: skip


def _of_age_on(person_id: UUID, birth: bytes | None) -> date | None:
    """The eighteenth birthday; None where no birth date is known, or it cannot be read."""
    if birth is None:
        return None
    try:
        born = date.fromisoformat(decrypt(bytes(birth), aad("portfolio_person", "birth_on", person_id)))
    except (CannotDecrypt, ValueError):
        return None
    # Who was born on a 29th of February comes of age on the first of March of a common year.
    leaps = (born.month, born.day) == (2, 29)
    return date(born.year + OF_AGE, 3, 1) if leaps and (born.year + OF_AGE) % 4 else born.replace(year=born.year + OF_AGE)


def _law_word(code: str, channel: str) -> str:
    """What the law calls a disposition; a slot without an outcome counts as a contact that was made."""
    known = catalogue.dispositions().get(code)
    return known.law_word(channel) if known else "sent"


def _list(part: Any) -> list[Any]:
    if part is None:
        return []
    found: list[Any] = json.loads(part) if isinstance(part, str) else part
    return found


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _minute(text: str | None, absent: int) -> int:
    if not text:
        return absent
    hours, minutes = text.split(":")[:2]
    return int(hours) * 60 + int(minutes)
