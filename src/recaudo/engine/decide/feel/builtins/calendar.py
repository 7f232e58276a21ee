"""Built-in functions on dates, times and durations. There is no `now()` or `today()`: the day is a fact, not a clock."""

from __future__ import annotations

from decimal import Decimal

from recaudo.engine.decide.feel import temporal
from recaudo.engine.decide.feel.builtins.registry import builtin
from recaudo.engine.decide.feel.temporal import Date, DateTime, Months, Seconds, Time
from recaudo.engine.decide.feel.values import Value

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip


@builtin("date", "from:s")
def date_from_text(text: str) -> Date | None:
    return temporal.parse_date(text)


@builtin("date", "from:d")
def date_itself(value: Date) -> Date:
    return value


@builtin("date", "from:D")
def date_of(value: DateTime) -> Date:
    return value.date


@builtin("date", "year:n, month:n, day:n")
def date_from_parts(year: Decimal, month: Decimal, day: Decimal) -> Date | None:
    if any(part != int(part) for part in (year, month, day)):
        return None
    return temporal.date(int(year), int(month), int(day))


@builtin("time", "from:s")
def time_from_text(text: str) -> Time | None:
    return temporal.parse_time(text)


@builtin("time", "from:t")
def time_itself(value: Time) -> Time:
    return value


@builtin("time", "from:D")
def time_of(value: DateTime) -> Time:
    return value.time


@builtin("time", "hour:n, minute:n, second:n, offset?:x0")
def time_from_parts(hour: Decimal, minute: Decimal, second: Decimal, offset: Seconds | None) -> Time | None:
    if isinstance(offset, Months) or hour != int(hour) or minute != int(minute):
        return None
    shift = None if offset is None else offset.nanos // temporal.NANOS
    nanos = int(second % 1 * temporal.NANOS)
    return temporal.time(int(hour), int(minute), int(second), nanos, shift)


@builtin("date and time", "from:s")
def moment_from_text(text: str) -> DateTime | None:
    return temporal.parse_date_time(text)


@builtin("date and time", "from:D")
def moment_itself(value: DateTime) -> DateTime:
    return value


@builtin("date and time", "date:D, time:t")
def moment_from_parts(day: DateTime, moment: Time) -> DateTime:
    return DateTime(day.date, moment)


@builtin("duration", "from:s")
def duration(text: str) -> Seconds | Months | None:
    return temporal.parse_duration(text)


@builtin("duration", "from:x")
def duration_itself(value: Seconds | Months) -> Seconds | Months:
    return value


@builtin("years and months duration", "from:D, to:D")
def months_duration(start: DateTime, end: DateTime) -> Months:
    return Months(temporal.months_between(start.date, end.date))


@builtin("day of year", "date:D")
def day_of_year(value: DateTime) -> Decimal:
    return Decimal(value.date.ordinal - Date(value.date.year, 1, 1).ordinal + 1)


@builtin("day of week", "date:D")
def day_of_week(value: DateTime) -> str:
    return _DAYS[weekday(value.date) - 1]


@builtin("month of year", "date:D")
def month_of_year(value: DateTime) -> str:
    return _MONTHS[value.date.month - 1]


@builtin("week of year", "date:D")
def week_of_year(value: DateTime) -> Decimal:
    """ISO 8601: week 1 holds the first Thursday."""
    day = value.date
    thursday = temporal.from_ordinal(day.ordinal - weekday(day) + 4)
    return Decimal((thursday.ordinal - Date(thursday.year, 1, 1).ordinal) // 7 + 1)


def weekday(day: Date) -> int:
    """1 is Monday."""
    return (day.ordinal + 3) % 7 + 1


def property_of(value: Value, name: str) -> Value:
    """`date.year`, `duration.hours`, `time.time offset` ...; null when the kind has no such property."""
    if isinstance(value, Seconds):
        return _of_seconds(value, name)
    if isinstance(value, Months):
        years, months = divmod(abs(value.months), 12)
        sign = -1 if value.months < 0 else 1
        return {"years": Decimal(sign * years), "months": Decimal(sign * months)}.get(name)
    if isinstance(value, DateTime):
        if name in ("time offset", "timezone", "hour", "minute", "second"):
            return _of_time(value.time, name, value.date)
        return _of_date(value.date, name)
    return _of_date(value, name) if isinstance(value, Date) else _of_time(value, name, None)


def _of_date(value: Date, name: str) -> Value:
    if name == "weekday":
        return Decimal(weekday(value))
    if name in ("hour", "minute", "second"):
        return Decimal(0)
    return Decimal(getattr(value, name)) if name in ("year", "month", "day") else None


def _of_time(value: Time, name: str, day: Date | None) -> Value:
    if name == "time offset":
        shift = value.offset_on(day) if day else value.offset
        return None if shift is None else Seconds(shift * temporal.NANOS)
    if name == "timezone":
        return value.zone
    return Decimal(getattr(value, name)) if name in ("hour", "minute", "second") else None


def _of_seconds(value: Seconds, name: str) -> Value:
    size, sign = abs(value.nanos), -1 if value.nanos < 0 else 1
    seconds = size // temporal.NANOS
    parts = {
        "days": seconds // 86_400,
        "hours": seconds // 3600 % 24,
        "minutes": seconds // 60 % 60,
        "seconds": seconds % 60,
    }
    return Decimal(sign * parts[name]) if name in parts else None
