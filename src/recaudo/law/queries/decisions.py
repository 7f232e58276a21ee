"""Which toggles, house caps and packs are in force for the tenant."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from recaudo.engine.comply import HouseCap, Pack, jurisdiction_for, lawbook, libraries_ok
from recaudo.law.models import LawDecision

# What the house allows itself per person when nobody decided otherwise: contacts, calendar days.
HOUSE_DEFAULTS: dict[str, str] = {
    "house.max_per_day": "1",
    "house.max_contacts": "5",
    "house.period_days": "7",
}
OFF = "off"


@dataclass(frozen=True, slots=True)
class Rules:
    """What this tenant decided: toggles of the lawbook and the house's own caps (empty = no cap)."""

    toggles: dict[str, str] = field(default_factory=dict)
    caps: tuple[HouseCap, ...] = ()

    def pack(self, country: str, subdivision: str = "", municipality: str = "") -> Pack:
        """The law of an address; of an unknown place it denies everything."""
        name = jurisdiction_for(country, subdivision or None, municipality or None)
        return _pack(name, tuple(sorted(self.toggles.items())))


def decisions() -> dict[str, str]:
    """The newest approved choice by name, of this tenant."""
    found = (
        LawDecision.objects.filter(approved_at__isnull=False, withdrawn_at=None)
        .order_by("name", "-approved_at")
        .distinct("name")
        .values_list("name", "choice")
    )
    return dict(found)


def rules(chosen: dict[str, str] | None = None) -> Rules:
    """The rules in force now (one query, or none when the decisions are given)."""
    chosen = decisions() if chosen is None else chosen
    house = {**HOUSE_DEFAULTS, **{name: choice for name, choice in chosen.items() if name in HOUSE_DEFAULTS}}
    toggles = {name: choice for name, choice in chosen.items() if not name.startswith("house.")}
    caps = []
    if house["house.max_per_day"] != OFF:
        caps.append(HouseCap(max_contacts_per_person=int(house["house.max_per_day"]), period_days=1))
    if house["house.max_contacts"] != OFF and house["house.period_days"] != OFF:
        caps.append(HouseCap(int(house["house.max_contacts"]), int(house["house.period_days"])))
    return Rules(toggles, tuple(caps))


def toggle_options() -> dict[str, tuple[str, ...]]:
    """Every toggle of the lawbook with its options; `default` is the strict reading."""
    book = lawbook()
    return {
        name: ("default", *map(str, says["options"]))
        for document in book.documents.values()
        for name, says in (document.meta.get("toggles") or {}).items()
    }


@lru_cache(maxsize=256)
def _pack(name: str | None, toggles: tuple[tuple[str, str], ...]) -> Pack:
    # Kept: a pack remembers the clauses of each day it was asked about.
    return lawbook().pack(name, toggles={key: value for key, value in toggles if value != "default"})


@lru_cache(maxsize=1)
def library_problems() -> tuple[str, ...]:
    """Why the holiday and time-zone data of this machine are not fit to contact by; empty when they are."""
    return libraries_ok(lawbook()).problems
