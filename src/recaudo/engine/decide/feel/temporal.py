"""Dates, times and durations of FEEL: any year from -999,999,999 on, nanoseconds, zones kept by name.

Python's own classes stop at the years 1 and 9999 and at microseconds, and mix the two kinds of duration.
"""

from __future__ import annotations

import datetime as py
import re
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

NANOS = 1_000_000_000
DAY = 86_400 * NANOS
MAX_YEAR = 999_999_999

_DATE = re.compile(r"(-?(?:[1-9]\d{4,8}|\d{4}))-(\d\d)-(\d\d)")
_TIME = re.compile(r"(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|z|[+-]\d\d:\d\d(?::\d\d)?|@[A-Za-z][\w/+-]*)?")
_MONTHS = re.compile(r"(-?)P(?=\d)(?:(\d+)Y)?(?:(\d+)M)?")
_SECONDS = re.compile(r"(-?)P(?=[\dT])(?:(\d+)D)?(?:T(?=[\d.])(?:(\d+)H)?(?:(\d+)M)?(?:(\d*)(?:\.(\d*))?S)?)?")


@dataclass(frozen=True, slots=True, order=True)
class Date:
    year: int
    month: int
    day: int

    @property
    def ordinal(self) -> int:
        """Days since 1970-01-01 in the proleptic Gregorian calendar."""
        year = self.year - (self.month <= 2)
        era, of_era = divmod(year, 400)
        of_year = (153 * ((self.month + 9) % 12) + 2) // 5 + self.day - 1
        return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468

    def __str__(self) -> str:
        sign = "-" if self.year < 0 else ""
        return f"{sign}{abs(self.year):04d}-{self.month:02d}-{self.day:02d}"


@dataclass(frozen=True, slots=True)
class Time:
    """offset: seconds from UTC; zone: a name such as Europe/Paris; both None is local time."""

    hour: int
    minute: int
    second: int
    nanos: int = 0
    offset: int | None = None
    zone: str | None = None

    @property
    def of_day(self) -> int:
        return (self.hour * 3600 + self.minute * 60 + self.second) * NANOS + self.nanos

    @property
    def has_zone(self) -> bool:
        return self.offset is not None or self.zone is not None

    def offset_on(self, day: Date) -> int | None:
        if self.zone is None:
            return self.offset
        year = min(max(day.year, 1), 9999)
        moment = py.datetime(
            year, day.month, min(day.day, 28), self.hour, self.minute, self.second, tzinfo=ZoneInfo(self.zone)
        )
        if year == day.year:
            moment = moment.replace(day=day.day)
        shift = moment.utcoffset()
        return int(shift.total_seconds()) if shift is not None else None

    def __str__(self) -> str:
        fraction = f".{self.nanos:09d}".rstrip("0") if self.nanos else ""
        return f"{self.hour:02d}:{self.minute:02d}:{self.second:02d}{fraction}{self._zone_text()}"

    def _zone_text(self) -> str:
        if self.zone is not None:
            return f"@{self.zone}"
        if self.offset is None:
            return ""
        if self.offset == 0:
            return "Z"
        hours, rest = divmod(abs(self.offset), 3600)
        seconds = f":{rest % 60:02d}" if rest % 60 else ""
        return f"{'-' if self.offset < 0 else '+'}{hours:02d}:{rest // 60:02d}{seconds}"


@dataclass(frozen=True, slots=True)
class DateTime:
    date: Date
    time: Time

    @property
    def local_nanos(self) -> int:
        return self.date.ordinal * DAY + self.time.of_day

    @property
    def nanos(self) -> int:
        """Nanoseconds since 1970 in UTC; local time counts as UTC."""
        return self.local_nanos - (self.time.offset_on(self.date) or 0) * NANOS

    def __str__(self) -> str:
        return f"{self.date}T{self.time}"


@dataclass(frozen=True, slots=True, order=True)
class Seconds:
    """A days-and-time duration, in nanoseconds."""

    nanos: int

    def __str__(self) -> str:
        size = abs(self.nanos)
        days, size = divmod(size, DAY)
        hours, size = divmod(size, 3600 * NANOS)
        minutes, size = divmod(size, 60 * NANOS)
        whole, nanos = divmod(size, NANOS)
        fraction = f".{nanos:09d}".rstrip("0") if nanos else ""
        time = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
        time += f"{whole}{fraction}S" if whole or nanos else ""
        text = (f"{days}D" if days else "") + (f"T{time}" if time else "")
        return ("-" if self.nanos < 0 else "") + "P" + (text or "T0S")


@dataclass(frozen=True, slots=True, order=True)
class Months:
    """A years-and-months duration."""

    months: int

    def __str__(self) -> str:
        years, months = divmod(abs(self.months), 12)
        text = (f"{years}Y" if years else "") + (f"{months}M" if months else "")
        return ("-" if self.months < 0 else "") + "P" + (text or "0M")


Temporal = Date | Time | DateTime | Seconds | Months


def date(year: int, month: int, day: int) -> Date | None:
    """None when there is no such day."""
    if abs(year) > MAX_YEAR or not 1 <= month <= 12 or not 1 <= day <= days_in(year, month):
        return None
    return Date(year, month, day)


def days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def from_ordinal(ordinal: int) -> Date:
    """The day that is so many days after 1970-01-01."""
    era, of_era = divmod(ordinal + 719_468, 146_097)
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return Date(year + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1)


def time(hour: int, minute: int, second: int, nanos: int = 0, offset: int | None = None) -> Time | None:
    fits = 0 <= hour <= 23 and 0 <= minute <= 59 and 0 <= second <= 59 and abs(offset or 0) <= 18 * 3600
    return Time(hour, minute, second, nanos, offset) if fits else None


def at_nanos(nanos: int, like: Time) -> DateTime:
    """A local moment with the zone of another."""
    days, rest = divmod(nanos, DAY)
    return DateTime(from_ordinal(days), time_of_day(rest, like))


def time_of_day(nanos: int, like: Time) -> Time:
    whole, rest = divmod(nanos % DAY, NANOS)
    return Time(whole // 3600, whole // 60 % 60, whole % 60, rest, like.offset, like.zone)


def plus_months(day: Date, months: int) -> Date | None:
    """The same day some months on, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, days_in(year, month + 1)))


def months_between(start: Date, end: Date) -> int:
    """Whole months from start to end, toward zero."""
    if end < start:
        return -months_between(end, start)
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)


def parse_date(text: str) -> Date | None:
    found = _DATE.fullmatch(text)
    return date(*map(int, found.groups())) if found else None


def parse_time(text: str) -> Time | None:
    found = _TIME.fullmatch(text)
    if not found:
        return None
    hour, minute, second, fraction, zone = found.groups()
    nanos = int((fraction or "0")[:9].ljust(9, "0"))
    if zone and zone.startswith("@"):
        return _zoned(time(int(hour), int(minute), int(second), nanos), zone[1:])
    return time(int(hour), int(minute), int(second), nanos, _offset(zone))


def _zoned(value: Time | None, zone: str) -> Time | None:
    if value is None or zone not in _zones():
        return None
    return Time(value.hour, value.minute, value.second, value.nanos, None, zone)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _offset(text: str | None) -> int | None:
    if not text:
        return None
    if text in "Zz":
        return 0
    hours, minutes, *seconds = map(int, text[1:].split(":"))
    size = hours * 3600 + minutes * 60 + (seconds[0] if seconds else 0)
    if minutes > 59:
        return 99 * 3600
    return -size if text[0] == "-" else size


def parse_date_time(text: str) -> DateTime | None:
    """A date alone is its midnight."""
    day_text, mark, time_text = text.partition("T")
    day = parse_date(day_text)
    if day and time_text.startswith("24:00:00"):  # the end of a day is the start of the next
        day, time_text = from_ordinal(day.ordinal + 1), "00" + time_text[2:]
    moment = parse_time(time_text) if mark else Time(0, 0, 0)
    return DateTime(day, moment) if day and moment else None


def parse_duration(text: str) -> Seconds | Months | None:
    if found := _MONTHS.fullmatch(text):
        sign, years, months = found.groups()
        size = int(years or 0) * 12 + int(months or 0)
        return Months(-size if sign else size)
    if found := _SECONDS.fullmatch(text):
        sign, days, hours, minutes, seconds, fraction = found.groups()
        size = ((int(days or 0) * 24 + int(hours or 0)) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
        nanos = size * NANOS + int((fraction or "0")[:9].ljust(9, "0"))
        return Seconds(-nanos if sign else nanos)
    return None


def parse_any(text: str) -> Temporal | None:
    """An @-literal; None when it is none."""
    if "T" in text and text[:1] not in "PT" and text[:2] != "-P":
        return parse_date_time(text)
    return parse_date(text) or parse_time(text) or parse_duration(text)
