"""Built-in functions that relate points and ranges (Allen's relations)."""

from __future__ import annotations

from collections.abc import Callable

from recaudo.engine.decide.feel.builtins.registry import builtin
from recaudo.engine.decide.feel.values import Range, Value, both, compare, either

Relation = Callable[[Range, Range], bool | None]


def _range(value: Value) -> Range:
    return value if isinstance(value, Range) else Range(value, True, value, True)


def _relation(name: str, signatures: tuple[str, ...], run: Relation) -> None:
    for signature in signatures:
        builtin(name, signature)(lambda left, right: run(_range(left), _range(right)))


def _before(left: Range, right: Range) -> bool | None:
    op = "<=" if not (left.high_closed and right.low_closed) else "<"
    return compare(op, left.high, right.low)


def _meets(left: Range, right: Range) -> bool | None:
    return both(left.high_closed and right.low_closed, compare("=", left.high, right.low))


def _overlaps(left: Range, right: Range) -> bool | None:
    first, second = _before(left, right), _before(right, left)
    return None if first is None or second is None else not (first or second)


def _starts_first(left: Range, right: Range) -> bool | None:
    same = both(compare("=", left.low, right.low), left.low_closed and not right.low_closed)
    return either(compare("<", left.low, right.low), same)


def _ends_last(left: Range, right: Range) -> bool | None:
    same = both(compare("=", left.high, right.high), left.high_closed and not right.high_closed)
    return either(compare(">", left.high, right.high), same)


def _overlaps_before(left: Range, right: Range) -> bool | None:
    starts = _starts_first(left, right)
    if left.low == right.low and left.low_closed == right.low_closed:
        starts = False
    return both(both(starts, _not(_before(left, right))), _not(_ends_last(left, right)))


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _includes(left: Range, right: Range) -> bool | None:
    low = either(compare("<", left.low, right.low),
                 both(compare("=", left.low, right.low), left.low_closed or not right.low_closed))  # fmt: skip
    high = either(compare(">", left.high, right.high),
                  both(compare("=", left.high, right.high), left.high_closed or not right.high_closed))  # fmt: skip
    return both(low, high)


def _same_start(left: Range, right: Range) -> bool | None:
    return both(compare("=", left.low, right.low), left.low_closed == right.low_closed)


def _same_end(left: Range, right: Range) -> bool | None:
    return both(compare("=", left.high, right.high), left.high_closed == right.high_closed)


def _starts(left: Range, right: Range) -> bool | None:
    if left.low == left.high:
        return both(compare("=", left.low, right.low), right.low_closed)
    return both(_same_start(left, right), _includes(right, left))


def _finishes(left: Range, right: Range) -> bool | None:
    if left.low == left.high:
        return both(compare("=", left.high, right.high), right.high_closed)
    return both(_same_end(left, right), _includes(right, left))


def _coincides(left: Range, right: Range) -> bool | None:
    return both(_same_start(left, right), _same_end(left, right))


_POINTS = ("point1:a, point2:a", "point:a, range:r", "range:r, point:a", "range1:r, range2:r")
_RANGES = ("range1:r, range2:r",)
_POINT_RANGE = ("point:a, range:r", "range1:r, range2:r")
_RANGE_POINT = ("range:r, point:a", "range1:r, range2:r")

_relation("before", _POINTS, _before)
_relation("after", _POINTS, lambda left, right: _before(right, left))
_relation("meets", _RANGES, _meets)
_relation("met by", _RANGES, lambda left, right: _meets(right, left))
_relation("overlaps", _RANGES, _overlaps)
_relation("overlaps before", _RANGES, _overlaps_before)
_relation("overlaps after", _RANGES, lambda left, right: _overlaps_before(right, left))
_relation("finishes", _POINT_RANGE, _finishes)
_relation("finished by", _RANGE_POINT, lambda left, right: _finishes(right, left))
_relation("includes", _RANGE_POINT, _includes)
_relation("during", _POINT_RANGE, lambda left, right: _includes(right, left))
_relation("starts", _POINT_RANGE, _starts)
_relation("started by", _RANGE_POINT, lambda left, right: _starts(right, left))
_relation("coincides", ("range1:r, range2:r", "point1:a, point2:a"), _coincides)


def range_property(value: Range, name: str) -> Value:
    """start, end, start included, end included"""
    return {
        "start": value.low,
        "end": value.high,
        "start included": value.low_closed,
        "end included": value.high_closed,
    }.get(name)
