"""Instants, days and periods. Periods are end-exclusive; `_at` is an instant (aware, UTC), `_on` a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from recaudo.kernel.problems import Problem


class NaiveInstant(Problem):
    code = "naive_instant"
    message = "Falta la zona horaria del instante."


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `start` up to and without `end`."""

    start: date
    end: date

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def days(self) -> Iterator[date]:
        return (self.start + timedelta(days=n) for n in range((self.end - self.start).days))


def month_of(day: date) -> Period:
    """The calendar month that holds a day."""
    start = day.replace(day=1)
    return Period(start, (start + timedelta(days=32)).replace(day=1))


def local(instant: datetime, zone: str) -> datetime:
    """The instant on the clock of a zone. Raises NaiveInstant, and ZoneInfoNotFoundError for an unknown zone."""
    if instant.tzinfo is None:
        raise NaiveInstant()
    return instant.astimezone(ZoneInfo(zone))


def day_at(day: date, zone: str, hour: int = 0, minute: int = 0) -> datetime:
    """The UTC instant of a local clock time."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)
