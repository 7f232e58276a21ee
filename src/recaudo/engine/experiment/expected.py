"""What a plan may recover: what alike accounts paid in the past, shrunk to their group where they are few.

A *cell* is a group (bucket) and a treatment. Its mean is a weighted middle of its own and its group's: own weight
t / (t + s / n), where s is the variance of one account, n their number, and t the variance between the cells of the group, by the
moments of DerSimonian and Laird (Controlled Clinical Trials, 1986). A cell that was never seen is its group, with t as doubt; a
group of fewer than MIN_SEEN accounts says nothing. This is what went together, not what caused what: only an experiment says that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import NormalDist

MIN_SEEN = 50


@dataclass(frozen=True, slots=True)
class Cell:
    """Accounts of one group and treatment that were followed: how many, the sum of the parts they paid, of the squares."""

    group: str
    treatment: str
    seen: int
    total: float
    squares: float


@dataclass(frozen=True, slots=True)
class Known:
    """The expected part, the variance of that expectation, and the variance of one account."""

    mean: float
    doubt: float
    spread: float


@dataclass(frozen=True, slots=True)
class Past:
    """What was learned. `of(group, treatment)` is None where nothing is known."""

    cells: Mapping[tuple[str, str], Known]
    groups: Mapping[str, Known]
    seen: int

    def of(self, group: str, treatment: str) -> Known | None:
        return self.cells.get((group, treatment)) or self.groups.get(group)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected of the accounts about which something is known, with an interval of 95 %; `without_data` is the rest."""

    mean: float
    low: float
    high: float
    accounts: int
    without_data: int

    @property
    def is_known(self) -> bool:
        return self.accounts > 0


def learn(cells: Iterable[Cell]) -> Past:
    """Means and doubts of every cell and group. Parts are from 0 to 1."""
    by_group: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.seen > 0:
            by_group.setdefault(cell.group, []).append(cell)
    known: dict[tuple[str, str], Known] = {}
    groups: dict[str, Known] = {}
    for group, members in by_group.items():
        seen = sum(cell.seen for cell in members)
        if seen < MIN_SEEN:
            continue
        mean = sum(cell.total for cell in members) / seen
        within = _within(members)
        between = _between(members, within, mean)
        groups[group] = Known(mean, between + within / seen, within)
        for cell in members:
            noise = within / cell.seen
            weight = between / (between + noise) if between + noise > 0 else 0.0
            own = cell.total / cell.seen
            # The group's own doubt comes in as far as the cell leans on it.
            doubt = weight * noise + (1 - weight) ** 2 * within / seen
            known[(group, cell.treatment)] = Known(weight * own + (1 - weight) * mean, doubt, within)
    return Past(known, groups, sum(cell.seen for members in by_group.values() for cell in members))


def _within(members: list[Cell]) -> float:
    """The variance of one account inside its cell, pooled. Never below that of one payer among those seen: nothing paid is not certainty."""
    seen = sum(cell.seen for cell in members)
    inside = sum(cell.squares - cell.total**2 / cell.seen for cell in members)
    return max(inside / max(seen - len(members), 1), 1 / seen)


def _between(members: list[Cell], within: float, mean: float) -> float:
    if len(members) < 2:
        return 0.0
    weights = [cell.seen / within for cell in members]
    whole = sum(weights)
    spread = sum(weight * (cell.total / cell.seen - mean) ** 2 for weight, cell in zip(weights, members, strict=True))
    scale = whole - sum(weight**2 for weight in weights) / whole
    return max((spread - (len(members) - 1)) / scale, 0.0) if scale > 0 else 0.0


def expect(past: Past, plan: Iterable[tuple[str, str, int, float, float]], *, is_change: bool = False) -> Expectation:
    """Add up a plan.

    plan        group, treatment, accounts, sum of their debts, sum of the squares of their debts
    is_change   the plan is what one plan does more than another: debts it gives up are negative, and so may the result be
    Returns     in the unit of the debts
    """
    mean = variance = 0.0
    accounts = unknown = 0
    for group, treatment, count, debt, squares in plan:
        found = past.of(group, treatment)
        if found is None:
            unknown += count
            continue
        accounts += count
        mean += found.mean * debt
        variance += found.doubt * debt**2 + found.spread * squares
    half = NormalDist().inv_cdf(0.975) * math.sqrt(variance)
    return Expectation(mean, mean - half if is_change else max(mean - half, 0.0), mean + half, accounts, unknown)
