"""Values of FEEL and what the operators do with them. Whatever has no meaning is null (None).

number Decimal (34 digits, half even) · string str · boolean bool · list list · context dict · range Range ·
function Function · the temporal kinds of `temporal`.
"""

from __future__ import annotations

import datetime as py
import decimal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from recaudo.engine.decide.feel.temporal import (
    DAY,
    NANOS,
    Date,
    DateTime,
    Months,
    Seconds,
    Time,
    at_nanos,
    from_ordinal,
    plus_months,
    time_of_day,
)  # fmt: skip

Value = Any

# FEEL compares moments to the millisecond.
MILLI = 1_000_000
MAX_TEXT = 1_000_000  # letters; a longer text has no value
CONTEXT = decimal.Context(prec=34, rounding=decimal.ROUND_HALF_EVEN, Emin=-6143, Emax=6144, traps=[])


@dataclass(frozen=True, slots=True)
class Range:
    """An interval. unbounded: "low" or "high" when that end is without limit, "point" for `(= x)`; a null end is unknown."""

    low: Value
    low_closed: bool
    high: Value
    high_closed: bool
    unbounded: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """call takes the arguments in the order of params; types are FEEL type names or ""."""

    params: tuple[str, ...]
    types: tuple[str, ...]
    call: Callable[[Sequence[Value]], Value]


_KINDS: dict[type, str] = {
    bool: "boolean", Decimal: "number", str: "string", list: "list", dict: "context", Date: "date", Time: "time",
    DateTime: "date and time", Seconds: "days and time duration", Months: "years and months duration",
    Range: "range", Function: "function", type(None): "null",
}  # fmt: skip


def kind(value: Value) -> str:
    """The FEEL type name of a value."""
    return _KINDS.get(type(value), "function")


def from_python(value: Any) -> Value:
    """A plain Python value as a FEEL value. int, float (its shortest decimal text), date, datetime, timedelta too."""
    if isinstance(value, bool | str | Decimal) or value is None or type(value) in _KINDS:
        if isinstance(value, list):
            return [from_python(item) for item in value]
        if isinstance(value, dict):
            return {str(key): from_python(item) for key, item in value.items()}
        return value if not isinstance(value, Decimal) or value.is_finite() else None
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        number = Decimal(repr(value))
        return number if number.is_finite() else None
    return _from_calendar(value)


def _from_calendar(value: Any) -> Value:
    if isinstance(value, py.datetime):
        shift = value.utcoffset()
        offset = int(shift.total_seconds()) if shift is not None else None
        moment = Time(value.hour, value.minute, value.second, value.microsecond * 1000, offset)
        return DateTime(Date(value.year, value.month, value.day), moment)
    if isinstance(value, py.date):
        return Date(value.year, value.month, value.day)
    if isinstance(value, py.time):
        return Time(value.hour, value.minute, value.second, value.microsecond * 1000)
    if isinstance(value, py.timedelta):
        return Seconds((value.days * 86_400 + value.seconds) * NANOS + value.microseconds * 1000)
    raise TypeError(f"not a FEEL value: {type(value).__name__}")


def to_python(value: Value) -> Any:
    """A FEEL value as plain Python: whole numbers int, other numbers Decimal, dates as `datetime` where they fit."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value
    if isinstance(value, list):
        return [to_python(item) for item in value]
    if isinstance(value, dict):
        return {key: to_python(item) for key, item in value.items()}
    if isinstance(value, Date) and 1 <= value.year <= 9999:
        return py.date(value.year, value.month, value.day)
    if isinstance(value, DateTime) and 1 <= value.date.year <= 9999 and value.time.zone is None:
        return _python_moment(value)
    if isinstance(value, Date | DateTime | Time | Seconds | Months):
        return str(value)
    return value


def _python_moment(value: DateTime) -> py.datetime:
    day, moment = value.date, value.time
    zone = None if moment.offset is None else py.timezone(py.timedelta(seconds=moment.offset))
    return py.datetime(
        day.year, day.month, day.day, moment.hour, moment.minute, moment.second, moment.nanos // 1000, tzinfo=zone
    )


def finite(value: Decimal) -> Decimal | None:
    return value if value.is_finite() else None


def number(value: int | Decimal) -> Decimal:
    return CONTEXT.create_decimal(value)


# -- comparison


def equal(left: Value, right: Value) -> bool | None:
    """null equals null only; values of other kinds cannot be compared (null)."""
    if left is None or right is None:
        return left is right
    if type(left) is not type(right):
        return None
    if isinstance(left, list):
        return _equal_lists(left, right)
    if isinstance(left, dict):
        return left.keys() == right.keys() and _equal_lists(list(left.values()), [right[key] for key in left])
    if isinstance(left, Range):
        same_ends = (left.low_closed, left.high_closed, left.unbounded) == (
            right.low_closed, right.high_closed, right.unbounded
        )  # fmt: skip
        return same_ends and equal(left.low, right.low) is True and equal(left.high, right.high) is True
    if isinstance(left, DateTime | Time):
        return _same_moment(left, right)
    return bool(left == right)


def _equal_lists(left: list[Value], right: list[Value]) -> bool | None:
    if len(left) != len(right):
        return False
    found = [equal(a, b) for a, b in zip(left, right, strict=True)]
    if False in found:
        return False
    return None if None in found else True


def _same_moment(left: DateTime | Time, right: DateTime | Time) -> bool:
    a, b = order_key(left), order_key(right)
    return a is not None and a == b


def order_key(value: Value) -> Any:
    """Something that orders with the keys of values of the same kind; None when values of this kind have no order."""
    if isinstance(value, bool):
        return None
    if isinstance(value, Decimal | str | Date | Seconds | Months):
        return value
    if isinstance(value, DateTime):
        return (value.time.has_zone, value.nanos // MILLI)
    if isinstance(value, Time):
        shift = value.offset_on(Date(2000, 1, 1)) or 0
        return (value.has_zone, (value.of_day - shift * NANOS) // MILLI)
    return None


def compare(op: str, left: Value, right: Value) -> bool | None:
    """op: = != < <= > >="""
    if op == "=":
        return equal(left, right)
    if op == "!=":
        same = equal(left, right)
        return None if same is None else not same
    if type(left) is not type(right):
        return None
    a, b = order_key(left), order_key(right)
    if a is None or b is None or (isinstance(a, tuple) and a[0] != b[0]):
        return None
    if op == "<":
        return bool(a < b)
    if op == "<=":
        return bool(a <= b)
    return bool(a > b) if op == ">" else bool(a >= b)


def contains(interval: Range, value: Value) -> bool | None:
    """Is the value inside the interval; null when it cannot be compared."""
    low = True if interval.unbounded == "low" else compare(">=" if interval.low_closed else ">", value, interval.low)
    high = (
        True if interval.unbounded == "high" else compare("<=" if interval.high_closed else "<", value, interval.high)
    )
    return both(low, high)


def both(left: Value, right: Value) -> bool | None:
    """FEEL `and`: false wins, then null."""
    if left is False or right is False:
        return False
    return True if left is True and right is True else None


def either(left: Value, right: Value) -> bool | None:
    """FEEL `or`: true wins, then null."""
    if left is True or right is True:
        return True
    return False if left is False and right is False else None


def inverse(value: Value) -> bool | None:
    return not value if isinstance(value, bool) else None


# -- arithmetic


def arithmetic(op: str, left: Value, right: Value) -> Value:
    """op: + - * / **; null for any pair of kinds that has no meaning."""
    if left is None or right is None or isinstance(left, bool) or isinstance(right, bool):
        return None
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return _numbers(op, left, right)
    if op == "+":
        return _add(left, right)
    if op == "-":
        return _subtract(left, right)
    if op == "*":
        return _scale(right, left) if isinstance(left, Decimal) else _scale(left, right)
    return _divide(left, right) if op == "/" else None


def _numbers(op: str, left: Decimal, right: Decimal) -> Decimal | None:
    if op == "+":
        return finite(CONTEXT.add(left, right))
    if op == "-":
        return finite(CONTEXT.subtract(left, right))
    if op == "*":
        return finite(CONTEXT.multiply(left, right))
    if op == "/":
        return None if right == 0 else finite(CONTEXT.divide(left, right))
    return finite(CONTEXT.power(left, right))


def _add(left: Value, right: Value) -> Value:
    if isinstance(left, str) and isinstance(right, str):
        return left + right if len(left) + len(right) <= MAX_TEXT else None
    if isinstance(left, Seconds) and isinstance(right, Seconds):
        return Seconds(left.nanos + right.nanos)
    if isinstance(left, Months) and isinstance(right, Months):
        return Months(left.months + right.months)
    if isinstance(left, Seconds | Months):
        return _shift(right, left, 1)
    return _shift(left, right, 1)


def _subtract(left: Value, right: Value) -> Value:
    if isinstance(left, Seconds) and isinstance(right, Seconds):
        return Seconds(left.nanos - right.nanos)
    if isinstance(left, Months) and isinstance(right, Months):
        return Months(left.months - right.months)
    if isinstance(left, Date | DateTime) and isinstance(right, Date | DateTime):
        return _days_between(left, right)
    if isinstance(left, Time) and isinstance(right, Time):
        return _between_times(left, right)
    return _shift(left, right, -1)


def _between_times(left: Time, right: Time) -> Seconds | None:
    if left.has_zone != right.has_zone:
        return None
    day = Date(2000, 1, 1)
    return Seconds(DateTime(day, left).nanos - DateTime(day, right).nanos)


def _days_between(left: Date | DateTime, right: Date | DateTime) -> Seconds | None:
    if isinstance(left, Date) and isinstance(right, Date):
        return Seconds((left.ordinal - right.ordinal) * DAY)
    a, b = _as_moment(left), _as_moment(right)
    return Seconds(a.nanos - b.nanos) if a.time.has_zone == b.time.has_zone else None


def _as_moment(value: Date | DateTime) -> DateTime:
    return value if isinstance(value, DateTime) else DateTime(value, Time(0, 0, 0, 0, 0))


def _shift(value: Value, by: Value, sign: int) -> Value:
    if isinstance(by, Months):
        if isinstance(value, Date):
            return plus_months(value, sign * by.months)
        if isinstance(value, DateTime):
            day = plus_months(value.date, sign * by.months)
            return DateTime(day, value.time) if day else None
    if isinstance(by, Seconds):
        if isinstance(value, Date):
            return from_ordinal((value.ordinal * DAY + sign * by.nanos) // DAY)
        if isinstance(value, DateTime):
            return at_nanos(value.local_nanos + sign * by.nanos, value.time)
        if isinstance(value, Time):
            return time_of_day(value.of_day + sign * by.nanos, value)
    return None


def _scale(duration: Value, by: Value) -> Value:
    if not isinstance(by, Decimal):
        return None
    if isinstance(duration, Seconds):
        return Seconds(int(CONTEXT.multiply(Decimal(duration.nanos), by)))
    return Months(int(CONTEXT.multiply(Decimal(duration.months), by))) if isinstance(duration, Months) else None


def _divide(left: Value, right: Value) -> Value:
    if isinstance(left, Seconds | Months) and isinstance(right, Decimal):
        return None if right == 0 else _split(left, right)
    if isinstance(left, Seconds) and isinstance(right, Seconds):
        return _numbers("/", Decimal(left.nanos), Decimal(right.nanos))
    if isinstance(left, Months) and isinstance(right, Months):
        return _numbers("/", Decimal(left.months), Decimal(right.months))
    return None


def _split(left: Seconds | Months, right: Decimal) -> Seconds | Months:
    if isinstance(left, Seconds):
        return Seconds(int(CONTEXT.divide(Decimal(left.nanos), right)))
    return Months(int(CONTEXT.divide(Decimal(left.months), right)))


def negate(value: Value) -> Value:
    if isinstance(value, Decimal):
        return CONTEXT.minus(value)
    if isinstance(value, Seconds):
        return Seconds(-value.nanos)
    return Months(-value.months) if isinstance(value, Months) else None


# -- text


def to_text(value: Value, *, nested: bool = False) -> str:
    """What `string(x)` gives; texts inside lists and contexts keep their quotes."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return number_text(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if nested else value
    if isinstance(value, list):
        return "[" + ", ".join(to_text(item, nested=True) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {to_text(item, nested=True)}" for key, item in value.items()) + "}"
    if isinstance(value, Range):
        return _range_text(value)
    return str(value) if not isinstance(value, Function) else f"function({', '.join(value.params)})"


def _range_text(value: Range) -> str:
    low, high = (to_text(end, nested=True) for end in (value.low, value.high))
    return f"{'[' if value.low_closed else '('}{low}..{high}{']' if value.high_closed else ')'}"


def number_text(value: Decimal) -> str:
    """Plain digits, without exponent nor trailing zeros."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
