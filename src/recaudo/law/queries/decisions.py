"""Which toggles, house caps, changed values and packs are in force for the tenant, now or as they stood at an instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

from recaudo.engine.comply import Change, HouseCap, Lawbook, Pack, jurisdiction_for, lawbook, libraries_ok
from recaudo.law import rulebook
from recaudo.law.models import LawDecision
from recaudo.law.queries.changes import acts, book_of, overlay, trouble_of, trouble_with
from recaudo.law.signing import fault_between, fault_of_decisions

# What the house allows itself per person when nobody decided otherwise: contacts, calendar days.
HOUSE_DEFAULTS: dict[str, str] = {
    "house.max_per_day": "1",
    "house.max_contacts": "5",
    "house.period_days": "7",
}
OFF = "off"
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Rules:
    """What this tenant decided: toggles of the lawbook, the house's own caps (empty = no cap), and changed values.

    toggles   as the packs take them: what was decided, and the strict reading of what was not
    codes     the decisions themselves, by name
    trouble   why the decisions cannot be trusted, in Spanish: then every pack denies everything; empty = they can
    """

    toggles: dict[str, str] = field(default_factory=dict)
    caps: tuple[HouseCap, ...] = ()
    changes: tuple[Change, ...] = ()
    trouble: str = ""
    codes: dict[str, str] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[str, ...]:
        """Why nobody may be contacted at all: old libraries, or decisions that were tampered with."""
        return (*library_problems(), *((self.trouble,) if self.trouble else ()))

    @property
    def book(self) -> Lawbook:
        """The lawbook with the tenant's values."""
        return book_of(self.changes)

    @property
    def version(self) -> str:
        """Of the whole law in force for the tenant: lawbook, changed values and chosen options."""
        return self.book.version_with(self._chosen())

    def pack(self, country: str, subdivision: str = "", municipality: str = "") -> Pack:
        """The law of an address; of an unknown place, or with decisions in doubt, it denies everything."""
        name = None if self.trouble else jurisdiction_for(country, subdivision or None, municipality or None)
        return _pack(name, tuple(sorted(self._chosen().items())), self.changes)

    def packs(self) -> dict[str, Pack]:
        """Every jurisdiction's pack by name, as `engine.comply.screen` takes them; none with decisions in doubt."""
        if self.problems:
            return {}
        return {name: _pack(name, tuple(sorted(self._chosen().items())), self.changes) for name in self.book.jurisdictions}

    def with_choice(self, name: str, choice: str) -> Rules:
        """These rules if a choice were approved."""
        return rules({**self.codes, name: choice}, changes=self.changes)

    def with_changes(self, changes: tuple[Change, ...]) -> Rules:
        """These rules with other changes of values."""
        return replace(self, changes=changes)

    def _chosen(self) -> dict[str, str]:
        return {name: choice for name, choice in self.toggles.items() if choice != DEFAULT}


def decisions(*, at: datetime | None = None) -> dict[str, str]:
    """The newest approved choice by name, of this tenant (as it stood at an instant). Not verified: `rules` is."""
    return {row.name: row.choice for row in _approved(at)}


def _approved(at: datetime | None) -> list[LawDecision]:
    approved = LawDecision.objects.filter(approved_at__isnull=False)
    if at is not None:
        approved = approved.filter(approved_at__lte=at)
    return list(approved.order_by("name", "-approved_at").distinct("name"))


def rules(chosen: Mapping[str, str] | None = None, *, changes: tuple[Change, ...] | None = None, at: datetime | None = None) -> Rules:
    """The rules in force now, or as they stood at an instant.

    chosen, changes  given = not read. Two queries at most
    """
    trouble = ""
    written = acts() if chosen is None or changes is None else []
    if chosen is None:
        approved = _approved(at)
        told = [act for act in written if at is None or act.created_at <= at]
        trouble = trouble_with(fault_of_decisions(approved) or fault_between(told, approved))
        chosen = {row.name: row.choice for row in approved}
    if changes is None:
        trouble = trouble or trouble_of(written)
        changes = () if trouble else overlay(written, at=at)
    house = {**HOUSE_DEFAULTS, **{name: choice for name, choice in chosen.items() if name in HOUSE_DEFAULTS}}
    toggles = {**strict_readings(), **{name: choice for name, choice in chosen.items() if not name.startswith("house.")}}
    caps = []
    if house["house.max_per_day"] != OFF:
        caps.append(HouseCap(max_contacts_per_person=int(house["house.max_per_day"]), period_days=1))
    if house["house.max_contacts"] != OFF and house["house.period_days"] != OFF:
        caps.append(HouseCap(int(house["house.max_contacts"]), int(house["house.period_days"])))
    return Rules(toggles, tuple(caps), changes, trouble, dict(chosen))


def delivered() -> Rules:
    """The rules as the product is delivered: strict readings, default caps, no change of this tenant."""
    return rules({}, changes=())


@lru_cache(maxsize=1)
def strict_readings() -> dict[str, str]:
    """As in rulebook, of the lawbook that is shipped."""
    return rulebook.strict_readings(lawbook())


def standing(name: str) -> str:
    """The code that counts while nobody decides."""
    return HOUSE_DEFAULTS.get(name) or strict_readings().get(name, DEFAULT)


def rules_toggles(value: Mapping[str, object]) -> dict[str, str]:
    """The options in force of the toggles that a value of the lawbook depends on; no query when there are none."""
    if not any(isinstance(written, dict) and "toggle" in written for written in value.values()):
        return {}
    return {**strict_readings(), **decisions()}


def toggle_options() -> dict[str, tuple[str, ...]]:
    """Every toggle of the lawbook with its options; `default` is the reading of the lawbook's files."""
    return {name: (DEFAULT, *map(str, says["options"])) for name, says in rulebook.toggles(lawbook()).items()}


@lru_cache(maxsize=512)
def _pack(name: str | None, toggles: tuple[tuple[str, str], ...], changes: tuple[Change, ...]) -> Pack:
    # Kept: a pack remembers the clauses of each day it was asked about.
    return book_of(changes).pack(name, toggles=dict(toggles))


@lru_cache(maxsize=1)
def library_problems() -> tuple[str, ...]:
    """Why the holiday and time-zone data of this machine are not fit to contact by; empty when they are."""
    return libraries_ok(lawbook()).problems
