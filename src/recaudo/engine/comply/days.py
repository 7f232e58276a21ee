"""Clocks and calendars of the law: local days, holidays, business days, and whether the libraries are new enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib import metadata
from typing import Any
from zoneinfo import ZoneInfo

import holidays as holiday_library

from recaudo.engine.comply.pack import Lawbook


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo | None:
    """The zone of an IANA name; None when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def zones_of(names: Iterable[str]) -> tuple[ZoneInfo, ...]:
    """The zones of the names, in order; empty when any of them is unknown, for then no clock can be trusted."""
    found = tuple(zone_of(name) for name in names)
    return () if None in found else tuple(zone for zone in found if zone is not None)


@lru_cache(maxsize=65536)
def day_start(day: date, zone: ZoneInfo) -> datetime:
    """UTC instant at which a local day begins; where midnight is skipped or repeated, its first instant."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


@lru_cache(maxsize=4096)
def holidays_of(country: str, subdivision: str | None, categories: tuple[str, ...], year: int) -> frozenset[date]:
    """The holidays of a year; those of the nation when the library does not know the subdivision."""
    subdivisions = holiday_library.list_supported_countries(include_aliases=True).get(country, [])
    subdiv = subdivision if subdivision in subdivisions else None
    found = holiday_library.country_holidays(country, subdiv=subdiv, years=year, categories=categories)
    return frozenset(day for day in found if day.year == year)


def is_holiday(calendar: Mapping[str, Any] | None, subdivision: str | None, day: date) -> bool:
    """Whether a local day is a holiday for a document (its `holidays` of meta.yaml) and a debtor's subdivision."""
    if calendar is None:
        return False
    region = calendar.get("subdivision") or (subdivision if calendar.get("by_subdivision") else None)
    return day in holidays_of(calendar["country"], region, tuple(calendar["categories"]), day.year)


def holidays_between(calendar: Mapping[str, Any] | None, subdivision: str | None, first: date, last: date) -> frozenset[date]:
    """Every holiday from `first` to `last`, both included."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return frozenset(day for day in days if is_holiday(calendar, subdivision, day))


def is_business_day(calendar: Mapping[str, Any] | None, day: date) -> bool:
    """Monday to Friday and no national public holiday. Saturday never counts here, whatever the hours of contact say."""
    if calendar is None:
        return day.weekday() < 5
    return day.weekday() < 5 and day not in holidays_of(calendar["country"], None, ("public",), day.year)


@lru_cache(maxsize=1)
def library_versions() -> dict[str, str]:
    """Versions of the data that verdicts rest on, for the decision record."""
    return {"holidays": metadata.version("holidays"), "tzdata": metadata.version("tzdata")}


@dataclass(frozen=True, slots=True)
class Libraries:
    """Whether the holiday and time-zone data are fit to send by. `problems` are Spanish sentences."""

    ok: bool
    problems: tuple[str, ...]
    versions: Mapping[str, str]


def libraries_ok(book: Lawbook, *, versions: Mapping[str, str] | None = None) -> Libraries:
    """Whether the installed data are at least what the lawbook requires; if not, nothing may be sent.

    versions  name -> version; None = those installed
    """
    have = dict(versions or library_versions())
    need = {"tzdata": str(book.documents["COMMON"].meta["tzdata_min_version"])}
    floors = [d.meta["holidays"].get("min_version", "0") for d in book.documents.values() if d.meta.get("holidays")]
    need["holidays"] = max(floors, key=_version)
    problems = [
        f"La biblioteca {name} {have.get(name, '(ausente)')} es anterior a la {least} que exige el libro de leyes. Actualícela."
        for name, least in sorted(need.items())
        if _version(have.get(name, "0")) < _version(least)
    ]
    # The operating system's zone files win over the package's, so the zones themselves are asked too.
    missing = sorted(name for name in lawbook_zones(book) if zone_of(name) is None)
    if missing:
        problems.append(f"Faltan zonas horarias en este equipo: {', '.join(missing)}. Actualice tzdata.")
    return Libraries(not problems, tuple(problems), have)


def lawbook_zones(book: Lawbook) -> set[str]:
    """Every zone that the lawbook names."""
    return {name for document in book.documents.values() for name in zone_names(document.meta.get("timezones") or {})}


def zone_names(timezones: Mapping[str, Any]) -> set[str]:
    """Every zone named by the `timezones` of one meta.yaml."""
    names = set((timezones.get("by_subdivision") or {}).values()) | set((timezones.get("number_prefixes") or {}).values())
    for places in (timezones.get("by_municipality") or {}).values():
        names |= set(places.values())
    return names | ({timezones["default"]} if timezones.get("default") else set())


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())
