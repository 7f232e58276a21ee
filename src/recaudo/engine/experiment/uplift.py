"""After: what an arm brought more than the control, per person, with an interval that holds at every look.

A person enters the result when their time is over (so many days after they were drawn), with one number that no longer changes:
whether they paid, the part of the debt they paid, what came in net of what contacting cost. Everybody counts in the arm they were
drawn for, whatever happened later; leaving out those who got something else would compare unlike people.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recaudo.engine.experiment.sequential import always_valid_p, radius, tuning

MIN_PERSONS = 30  # in each arm; with fewer the normal law says nothing
SUSPECT = 0.001


@dataclass(frozen=True, slots=True)
class Side:
    """One arm: persons seen to the end, their mean and the variance of one of them."""

    persons: int
    mean: float
    variance: float

    @property
    def total(self) -> float:
        return self.persons * self.mean


@dataclass(frozen=True, slots=True)
class Uplift:
    """treated - control.

    low, high        hold at all looks together with 1 - alpha; both None while there is too little (`is_enough` False)
    p_value          always valid; 1 while nothing is known
    added, added_low, added_high    the difference over all treated persons: what would not have come anyway
    self_cured       what the treated would have brought anyway, by the control
    """

    treated: Side
    control: Side
    difference: float
    low: float | None
    high: float | None
    p_value: float
    is_enough: bool

    @property
    def verdict(self) -> str:
        """no_data, better, worse, unclear."""
        if self.low is None or self.high is None:
            return "no_data"
        return "better" if self.low > 0 else "worse" if self.high < 0 else "unclear"

    @property
    def added(self) -> float:
        return self.difference * self.treated.persons

    @property
    def added_low(self) -> float | None:
        return None if self.low is None else self.low * self.treated.persons

    @property
    def added_high(self) -> float | None:
        return None if self.high is None else self.high * self.treated.persons

    @property
    def self_cured(self) -> float:
        return self.control.mean * self.treated.persons

    @property
    def relative(self) -> float | None:
        """The difference as a part of the control's mean."""
        return self.difference / self.control.mean if self.control.mean > 0 else None


@dataclass(frozen=True, slots=True)
class Look:
    """The result as it was when the persons up to a day had been seen to the end."""

    on: date
    result: Uplift


def sides(rows: pa.Table, value: str, *, arm: str = "arm") -> dict[str, Side]:
    """The arms of a table with one row per person; persons without the value are left out."""
    known = rows.filter(pc.is_valid(rows[value]))
    grouped = known.group_by(arm).aggregate([(value, "count"), (value, "mean"), (value, "variance", pc.VarianceOptions(ddof=1))])
    return {
        row[arm]: Side(row[f"{value}_count"], float(row[f"{value}_mean"]), float(row[f"{value}_variance"] or 0.0)) for row in grouped.to_pylist()
    }


def compare(treated: Side, control: Side, *, planned: int, alpha: float = 0.05) -> Uplift:
    """What the treated brought more.

    planned   persons in both arms that the experiment was made for: there the interval is tightest. It must not be chosen
              by looking at the result.
    """
    nothing = Uplift(treated, control, treated.mean - control.mean, None, None, 1.0, False)
    if min(treated.persons, control.persons) < MIN_PERSONS:
        return nothing
    variance = treated.variance / treated.persons + control.variance / control.persons
    # As if the shares stayed what they are: the variance that is planned for is that of `planned` persons.
    mixture = tuning(variance * (treated.persons + control.persons) / max(planned, 2), alpha)
    half = radius(variance, mixture, alpha)
    if not math.isfinite(half):
        return nothing
    found = treated.mean - control.mean
    return Uplift(treated, control, found, found - half, found + half, always_valid_p(found, variance, mixture), True)


def looks(
    rows: pa.Table, value: str, *, day: str, treated: str, control: str, planned: int, alpha: float = 0.05, arm: str = "arm"
) -> list[Look]:
    """The result after each day on which somebody's time was over, oldest first.

    The p value of a look is the smallest so far, which is what may be reported.
    """
    known = rows.filter(pc.is_valid(rows[value])).sort_by(day)
    days, arms = known[day].to_numpy(zero_copy_only=False), np.asarray(known[arm].to_pylist(), object)
    values = known[value].cast(pa.float64()).to_numpy()
    found, least = [], 1.0
    for on in sorted(set(known[day].to_pylist())):
        seen = days <= np.datetime64(on)
        pair = [_side(values[seen & (arms == name)]) for name in (treated, control)]
        result = compare(*pair, planned=planned, alpha=alpha)
        least = min(least, result.p_value)
        found.append(Look(on, Uplift(result.treated, result.control, result.difference, result.low, result.high, least, result.is_enough)))
    return found


def _side(values: np.ndarray) -> Side:
    size = len(values)
    return Side(size, float(values.mean()) if size else 0.0, float(values.var(ddof=1)) if size > 1 else 0.0)


def mismatch(counts: Mapping[str, int], shares_bp: Mapping[str, int]) -> str:
    """The arm that holds a number of persons which its share cannot explain (one time in a thousand), or empty.

    A split that is off means that something else than the lot decides who is in: no result is worth reading then.
    """
    total, whole = sum(counts.values()), sum(shares_bp.values())
    if not total or not whole:
        return ""
    worst, where = 1.0, ""
    for code, share_bp in shares_bp.items():
        share = share_bp / whole
        spread = math.sqrt(total * share * (1 - share))
        if spread == 0:
            continue
        z = abs(counts.get(code, 0) - total * share) / spread
        chance = 2 * (1 - NormalDist().cdf(z)) * len(shares_bp)
        if chance < worst:
            worst, where = chance, code
    return where if worst < SUSPECT else ""
