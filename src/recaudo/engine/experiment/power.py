"""Before: how many persons an experiment needs, for a fixed end and for one that may be looked at every day."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from recaudo.engine.experiment.sequential import radius, tuning
from recaudo.kernel.problems import Problem

_NORMAL = NormalDist()
MOST = 10**12


class UnfitPlan(Problem):
    code = "unfit_experiment_plan"
    message = "El cálculo no es posible: {why}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is compared.

    base      the share of the control that is expected to pay, more than 0 and less than 1
    lift      the difference that should be seen, in the same unit; may be negative
    share     the part of the persons in the treated arm (of the two that are compared), more than 0 and less than 1
    alpha     the chance of a false alarm that is accepted; power: the chance of seeing a true difference of `lift`
    """

    base: float
    lift: float
    share: float
    alpha: float = 0.05
    power: float = 0.8

    def __post_init__(self) -> None:
        if not 0 < self.base < 1 or not 0 < self.base + self.lift < 1:
            raise UnfitPlan(why="la recuperación base, y con la diferencia, debe estar entre 0 y 100 %, sin llegar a ninguno.")
        if self.lift == 0:
            raise UnfitPlan(why="la diferencia que se busca no puede ser cero.")
        if not 0 < self.share < 1:
            raise UnfitPlan(why="cada brazo debe tener una parte mayor que cero.")
        if not 0 < self.alpha < 0.5 or not 0.5 <= self.power < 1:
            raise UnfitPlan(why="el error debe estar entre 0 y 50 %, y la potencia entre 50 y 100 %.")

    @property
    def unit_variance(self) -> float:
        """The variance of the difference when there is one person in all; N persons divide it by N."""
        treated = self.base + self.lift
        return self.base * (1 - self.base) / (1 - self.share) + treated * (1 - treated) / self.share


def needed(plan: Plan, *, is_sequential: bool = True) -> int:
    """Persons in both arms together. Sequential: so many that the interval that always holds leaves zero out with `power`."""
    reach = _NORMAL.inv_cdf(plan.power)
    if not is_sequential:
        return math.ceil(plan.unit_variance * ((_NORMAL.inv_cdf(1 - plan.alpha / 2) + reach) / plan.lift) ** 2)
    low, high = 1, 2
    while not _is_enough(plan, high, reach):
        low, high = high, high * 2
        if high > MOST:
            raise UnfitPlan(why="la diferencia es tan pequeña que no hay personas que alcancen.")
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _is_enough(plan, middle, reach) else (middle + 1, high)
    return high


def _is_enough(plan: Plan, persons: int, reach: float) -> bool:
    variance = plan.unit_variance / persons
    return radius(variance, tuning(variance, plan.alpha), plan.alpha) + reach * math.sqrt(variance) <= abs(plan.lift)


def power_at(plan: Plan, persons: int) -> float:
    """The chance of seeing `lift` when so many persons have been seen, with the interval that always holds."""
    if persons < 2:
        return 0.0
    variance = plan.unit_variance / persons
    half = radius(variance, tuning(variance, plan.alpha), plan.alpha)
    return _NORMAL.cdf((abs(plan.lift) - half) / math.sqrt(variance))


def smallest_lift(plan: Plan, persons: int) -> float | None:
    """The smallest improvement over `base` that so many persons would show with `power`; None when not even the largest."""
    top = 1 - plan.base
    low, high = 0.0, top
    for _ in range(50):
        middle = (low + high) / 2
        if middle <= 0 or plan.base + middle >= 1:
            break
        tried = Plan(plan.base, middle, plan.share, plan.alpha, plan.power)
        if power_at(tried, persons) >= plan.power:
            high = middle
        else:
            low = middle
    return high if high < top else None
