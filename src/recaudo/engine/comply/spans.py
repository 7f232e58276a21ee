"""Clocks for many contacts at once: local days, and the open spans of a window as arrays of UTC microseconds.

The reference evaluator asks the clock of each contact; here the window is laid out once per zone and searched. The
two are written apart on purpose: the property tests compare them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from recaudo.engine.comply.days import day_start
from recaudo.engine.comply.pack import Clause

Micros = NDArray[np.int64]
Spans = tuple[Micros, Micros]
HolidaysBetween = Callable[[Mapping[str, Any] | None, str | None, date, date], frozenset[date]]
DAY = 86_400_000_000
MINUTE = 60_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = date(1970, 1, 1)


def micros(instant: datetime) -> int:
    """Microseconds since 1970 UTC of an aware instant."""
    return (instant - EPOCH) // timedelta(microseconds=1)


class ZoneLine:
    """The UTC offsets of one zone over a stretch of time: each from `starts[i]` on is `offsets[i]` (microseconds)."""

    def __init__(self, zone: ZoneInfo, first: int, last: int) -> None:
        self.zone = zone
        starts, offsets = [first], [_offset(zone, first)]
        probe = first
        while probe < last:
            ahead = min(probe + DAY, last)
            if _offset(zone, ahead) != offsets[-1]:
                change = _change(zone, probe, ahead, offsets[-1])
                starts.append(change)
                offsets.append(_offset(zone, change))
                probe = change
                continue
            probe = ahead
        self.last = last
        self.starts = np.array(starts, dtype=np.int64)
        self.offsets = np.array(offsets, dtype=np.int64)

    def local(self, at: Micros) -> Micros:
        """Local clock of each instant, as microseconds since 1970 of that clock."""
        return at + self.offsets[np.maximum(np.searchsorted(self.starts, at, side="right") - 1, 0)]

    def days(self, at: Micros) -> Micros:
        """Local day of each instant, as days since 1970."""
        return np.floor_divide(self.local(at), DAY)

    def day_starts(self, days: Micros) -> Micros:
        """First UTC instant of each local day."""
        unique, back = np.unique(days, return_inverse=True)
        starts = [micros(day_start(EPOCH_DAY + timedelta(days=int(day)), self.zone)) for day in unique]
        return np.array(starts, dtype=np.int64)[back]

    def open_spans(self, clause: Clause, subdivision: str | None, holidays_between: HolidaysBetween, since: int) -> Spans:
        """The spans from `since` on in which a window is open on this clock: sorted, not touching, end-exclusive."""
        opens: list[int] = []
        closes: list[int] = []
        ends = [*self.starts[1:].tolist(), self.last]
        for start, end, offset in zip(self.starts.tolist(), ends, self.offsets.tolist(), strict=True):
            if end <= since:
                continue
            first, last = (max(start, since) + offset) // DAY, (end + offset) // DAY
            closed = self._closed(clause, subdivision, holidays_between, first, last)
            for day in range(first, last + 1):
                if day in closed:
                    continue
                for opening, closing in clause.terms.week.get((day + 3) % 7, ()):  # 1970-01-01 was a Thursday
                    low = max(start, day * DAY + opening * MINUTE - offset)
                    high = min(end, day * DAY + closing * MINUTE - offset)
                    if low < high:
                        opens.append(low)
                        closes.append(high)
        return joined(np.array(opens, dtype=np.int64), np.array(closes, dtype=np.int64))

    @staticmethod
    def _closed(clause: Clause, subdivision: str | None, holidays_between: HolidaysBetween, first: int, last: int) -> frozenset[int]:
        if not clause.terms.exclude_holidays:
            return frozenset()
        low, high = EPOCH_DAY + timedelta(days=first), EPOCH_DAY + timedelta(days=last)
        return frozenset((day - EPOCH_DAY).days for day in holidays_between(clause.holidays, subdivision, low, high))


def joined(opens: Micros, closes: Micros) -> Spans:
    """The same spans sorted, with those that touch made one."""
    if len(opens) == 0:
        return opens, closes
    order = np.argsort(opens, kind="stable")
    opens, closes = opens[order], closes[order]
    new = np.concatenate(([True], opens[1:] > np.maximum.accumulate(closes)[:-1]))
    first = np.flatnonzero(new)
    return opens[first], np.maximum.reduceat(closes, first)


def common(many: Sequence[Spans]) -> Spans:
    """The spans that are open in all of them."""
    opens, closes = many[0]
    for other_opens, other_closes in many[1:]:
        edges = np.unique(np.concatenate((opens, closes, other_opens, other_closes)))
        low, high = edges[:-1], edges[1:]
        both = inside((opens, closes), low) & inside((other_opens, other_closes), low)
        opens, closes = joined(low[both], high[both])
    return opens, closes


def inside(spans: Spans, at: Micros) -> NDArray[np.bool_]:
    """Whether each instant lies in an open span."""
    opens, closes = spans
    if len(opens) == 0:
        return np.zeros(len(at), dtype=bool)
    position = np.searchsorted(opens, at, side="right") - 1
    return (position >= 0) & (at < closes[np.maximum(position, 0)])


def next_open(spans: Spans, at: Micros, never: int) -> Micros:
    """Each instant if it is open, else the next opening; `never` where there is none."""
    opens, _ = spans
    padded = np.append(opens, never)
    return np.where(inside(spans, at), at, padded[np.searchsorted(opens, at, side="left")])


def _offset(zone: ZoneInfo, at: int) -> int:
    shift = (EPOCH + timedelta(microseconds=at)).astimezone(zone).utcoffset() or timedelta()
    return shift // timedelta(microseconds=1)


def _change(zone: ZoneInfo, before: int, after: int, offset: int) -> int:
    """The first instant in (before, after] with another offset."""
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after
