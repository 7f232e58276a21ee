"""Finding accounts, and everything the portfolio knows about one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet

from recaudo.engine.clean import phone_variants, search_key
from recaudo.portfolio.models import (
    Account,
    AccountParty,
    BucketHistory,
    Consent,
    ContactPoint,
    DelinquencyPause,
    Document,
    Instalment,
    LedgerEntry,
    Payment,
    Person,
    Placement,
)
from recaudo.store.fields import blind_index

FOUND_AT_MOST = 200
_OLD_MX = re.compile(r"^(?:521|01|044|045)(\d{10})$")  # forms that the Mexican plan abolished
_DIAL_CODES = ("52", "56", "57", "51", "54", "55", "593", "506", "507", "502", "1")


@dataclass(frozen=True, slots=True)
class AccountFilters:
    """What a list of accounts is narrowed to; everything empty is every account.

    text       number, payment reference, national id, phone, e-mail or part of a name
    is_open    True leaves out what is closed, sold or recalled; False shows only that
    agency_id  placed with the agency now; team_id, with the team
    """

    text: str = ""
    portfolio_id: UUID | None = None
    creditor_id: UUID | None = None
    product: str = ""
    currency: str = ""
    stage: str = ""
    bucket: str = ""
    status: str = ""
    dpd_from: int | None = None
    dpd_to: int | None = None
    overdue_from_minor: int | None = None
    agency_id: UUID | None = None
    team_id: UUID | None = None
    is_open: bool | None = None


CLOSED = ("closed_paid", "closed_settled", "closed_prescribed", "sold", "recalled")
_PLACED = ("active", "recall_requested")


def find_accounts(filters: AccountFilters) -> QuerySet[Account]:
    """Accounts that fit, with portfolio and holder at hand: most days late first, inside one bucket most overdue first (each
    order has its index). Paginate: it may be a million.
    """
    accounts = search(filters.text) if filters.text.strip() else Account.objects.all()
    exact = {
        "portfolio_id": filters.portfolio_id, "creditor_id": filters.creditor_id, "product": filters.product,
        "currency": filters.currency, "stage": filters.stage, "bucket": filters.bucket, "status": filters.status,
        "dpd__gte": filters.dpd_from, "dpd__lte": filters.dpd_to, "overdue_minor__gte": filters.overdue_from_minor,
    }  # fmt: skip
    accounts = accounts.filter(**{name: value for name, value in exact.items() if value not in (None, "")})
    if filters.is_open is not None:
        accounts = accounts.exclude(status__in=CLOSED) if filters.is_open else accounts.filter(status__in=CLOSED)
    if filters.agency_id:
        placed = Placement.objects.filter(agency_id=filters.agency_id, status__in=_PLACED).values("account_id")
        accounts = accounts.filter(id__in=placed)
    if filters.team_id:
        placed = Placement.objects.filter(team_id=filters.team_id, status__in=_PLACED).values("account_id")
        accounts = accounts.filter(id__in=placed)
    order = ("-overdue_minor", "id") if filters.bucket else ("-dpd", "-overdue_minor", "id")
    return accounts.select_related("portfolio", "holder").order_by(*order)


def search(text: str) -> QuerySet[Account]:
    """Accounts found by what a person types: number, payment reference, id, phone, e-mail or name (accents do not matter).

    Each way is looked up by its own index; at most FOUND_AT_MOST accounts and as many persons a way.
    """
    text = text.strip()
    if not text:
        return Account.objects.none()
    numbered = _numbered(text)
    # What begins like an account's number is a number: names are not searched for it.
    persons = [] if numbered else _persons(text)
    condition = Q(id__in=numbered)
    if persons:
        held = AccountParty.objects.filter(person_id__in=persons).values_list("account_id", flat=True)[:FOUND_AT_MOST]
        condition |= Q(id__in=list(held))
    return Account.objects.filter(condition)


def search_persons(text: str) -> QuerySet[Person]:
    """Persons found by what a person types, as `search`: those named by it, and whoever answers for an account it numbers."""
    text = text.strip()
    if not text:
        return Person.objects.none()
    numbered = _numbered(text)
    found = list(AccountParty.objects.filter(account_id__in=numbered).values_list("person_id", flat=True)) if numbered else _persons(text)
    return Person.objects.filter(id__in=found, merged_into=None).order_by("search_name", "id")


def bounded_count(accounts: QuerySet[Any], most: int = 10_000) -> tuple[int, bool]:
    """How many, counted no further than `most`: (count, is exact)."""
    count = accounts.order_by()[: most + 1].count()
    return (most, False) if count > most else (count, True)


def _numbered(text: str) -> list[UUID]:
    """By the start of the number or the whole reference. Ranges, for LIKE cannot use an index under row security."""
    upper = text.upper()
    starts = Q(number__gte=upper, number__lt=upper + "\U0010ffff") | Q(number__gte=text, number__lt=text + "\U0010ffff")
    numbered = Account.objects.filter(starts).values_list("id", flat=True)[:FOUND_AT_MOST]
    referred = Account.objects.filter(pay_reference__in=[text, upper]).exclude(pay_reference="").values_list("id", flat=True)
    return [*numbered, *referred[:FOUND_AT_MOST]]


def _persons(text: str) -> list[UUID]:
    """Persons by id, phone, e-mail or name; a record that was joined stands for the one that stayed."""
    compact = re.sub(r"[\s.\-/]", "", text).upper()
    found: set[UUID] = set()
    if re.fullmatch(r"[A-Z0-9Ñ&]{5,20}", compact) and any(c.isdigit() for c in compact):
        index = blind_index(compact, "national_id")
        found |= set(Person.objects.filter(national_id_index=index).values_list("id", flat=True)[:FOUND_AT_MOST])
    if "@" in text:
        found |= _reached({blind_index(text.lower(), "email")})
    digits = re.sub(r"\D", "", text)
    if 8 <= len(digits) <= 15 and re.fullmatch(r"[\d\s()+.\-]+", text):
        found |= _reached(_phone_indexes(digits))
    key = search_key(text)
    if len(key) >= 3 and any(c.isalpha() for c in key) and "@" not in text:
        named = Person.objects.filter(merged_into=None)
        for word in key.split():
            named = named.filter(search_name__contains=word)
        found |= set(named.values_list("id", flat=True)[:FOUND_AT_MOST])
    return list(found)


def _phone_indexes(digits: str) -> set[bytes]:
    digits = _OLD_MX.sub(r"52\1", digits)
    numbers = {f"+{digits}"} | {f"+{code}{digits}" for code in _DIAL_CODES}
    written = {variant for number in numbers for variant in phone_variants(number)}
    return {blind_index(variant, kind) for variant in written for kind in ("phone", "im")}


def _reached(indexes: set[bytes]) -> set[UUID]:
    points = ContactPoint.objects.filter(value_index__in=indexes)
    return set(points.values_list("person_id", flat=True)[:FOUND_AT_MOST])


@dataclass(frozen=True, slots=True)
class PartyLine:
    """A person in a role, with their ways to be reached (best first) and what they allowed."""

    person: Person
    role: str
    contact_points: tuple[ContactPoint, ...]
    consents: tuple[Consent, ...]


@dataclass(frozen=True, slots=True)
class AccountSheet:
    """Everything the portfolio knows about an account, newest first where it is a history.

    components    what is owed by component, minor units; adds up to the balance
    siblings      other accounts of the holder
    placement     who works it now, or None
    """

    account: Account
    parties: tuple[PartyLine, ...]
    instalments: tuple[Instalment, ...]
    components: dict[str, int]
    entries: tuple[LedgerEntry, ...]
    payments: tuple[Payment, ...]
    buckets: tuple[BucketHistory, ...]
    pauses: tuple[DelinquencyPause, ...]
    documents: tuple[Document, ...]
    siblings: tuple[Account, ...]
    placement: Placement | None


def account_sheet(account: Account, *, entries: int = 30) -> AccountSheet:
    """The sheet of an account, in a number of queries that does not grow with it (11). `entries` bounds each history."""
    account = Account.objects.select_related("creditor", "portfolio", "holder").get(id=account.id)
    # One read of the ledger gives both its newest lines and the sums by component.
    lines = list(LedgerEntry.objects.filter(account=account).order_by("-on", "-created_at", "-id"))
    components: dict[str, int] = {}
    for line in lines:
        components[line.component] = components.get(line.component, 0) + line.amount_minor
    pauses = tuple(DelinquencyPause.objects.filter(account=account).order_by("-from_on"))
    placements = Placement.objects.filter(account=account, status__in=_PLACED).select_related("agency", "team")
    siblings = Account.objects.filter(holder=account.holder_id).exclude(id=account.id).select_related("portfolio")
    return AccountSheet(
        account=account,
        parties=_parties(account),
        instalments=tuple(Instalment.objects.filter(account=account).order_by("due_on", "number")[:120]),
        components={name: minor for name, minor in components.items() if minor},
        entries=tuple(lines[:entries]),
        payments=tuple(Payment.objects.filter(account=account).defer("payer").order_by("-paid_on", "-created_at")[:entries]),
        buckets=tuple(BucketHistory.objects.filter(account=account).order_by("-on")[:entries]),
        pauses=pauses,
        documents=tuple(Document.objects.filter(account=account).order_by("-created_at")),
        siblings=tuple(siblings.order_by("-dpd")[:20]),
        placement=placements.order_by(F("agency").asc(nulls_last=True)).first(),
    )


def _parties(account: Account) -> tuple[PartyLine, ...]:
    parties = list(AccountParty.objects.filter(account=account).select_related("person"))
    persons = [party.person_id for party in parties]
    points: dict[UUID, list[ContactPoint]] = {}
    for point in ContactPoint.objects.filter(person_id__in=persons).order_by("-ownership_score", "kind"):
        points.setdefault(point.person_id, []).append(point)
    consents: dict[UUID, list[Consent]] = {}
    for consent in Consent.objects.filter(person_id__in=persons).order_by("-given_at"):
        consents.setdefault(consent.person_id, []).append(consent)
    order = {"holder": 0, "co_debtor": 1, "guarantor": 2, "representative": 3, "reference": 4}
    parties.sort(key=lambda party: (order[party.role], party.created_at))
    return tuple(
        PartyLine(p.person, p.role, tuple(points.get(p.person_id, ())), tuple(consents.get(p.person_id, ()))) for p in parties
    )
