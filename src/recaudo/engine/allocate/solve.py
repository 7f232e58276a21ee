"""One tier: the best choice of at most one option a group under places and a budget, by prices and repair.

A price on each resource turns the whole question into one per group: take the option with the largest value net of
prices, if it is above zero. The price of one resource, the others fixed, is exact: it is the value at which demand meets
its capacity, found by a partial sort. Going round the resources lowers the dual; the budget's price is found around it
by halving. Where many options are worth nearly the same, no single price can move alone though two together could: then a
smoothed dual is lowered in all prices at once (Nesterov 2005, by L-BFGS-B) and the better prices stay. Whatever the prices,
`bound` holds; `repair` then makes the choice fit, dearest regret first, and small tasks without a budget are finished
exactly by moving groups along cycles of channels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_SAMPLE = 30_000
_ROUNDS = 12
_EXACT_CELLS = 10_000_000
_SECOND_TRY = 300_000
# A plan that is this far from its bound is worth the longer way; how smooth, in parts of the spread of values, each step is.
_LOOSE = 0.003
_SMOOTHNESS = (0.1, 0.02, 0.004, 0.001)


@dataclass(frozen=True, slots=True)
class Resource:
    """kind: which place each option needs, -1 for none; places: how many of each there are."""

    kind: Ints
    places: Ints


@dataclass(frozen=True, slots=True)
class Task:
    """Options in the order of their groups (equal `group` side by side); cost and budget in whole minor units."""

    value: Floats
    group: Ints
    cost: Ints
    budget: int | None
    resources: tuple[Resource, ...]


@dataclass(frozen=True, slots=True)
class Solution:
    """chosen: positions of the options taken; prices: those of the first resource; bound: no choice is worth more."""

    chosen: Ints
    prices: Floats
    bound: float


def solve(task: Task) -> Solution:
    """Choose. Deterministic: ties go to the earlier group and, inside one, to the earlier option."""
    starts = _starts(task.group)
    step = max(len(starts) // _SAMPLE, 1)
    sample, share = _every(task, starts, step)
    prices, rate = _with_budget(sample, share)
    if step > 1:
        prices = _round(task, starts, prices, rate, rounds=3)
    found = _at(task, starts, prices, rate)
    if _gap(task, found) > _LOOSE:
        prices, rate = _lowered(sample, prices, rate)
        if step > 1:
            prices = _round(task, starts, prices, rate, rounds=3)
        other = _at(task, starts, prices, rate)
        best = max(found, other, key=lambda one: float(task.value[one.chosen].sum()))
        tight = min(found, other, key=lambda one: one.bound)
        found = Solution(best.chosen, tight.prices, tight.bound)
    return found


def _at(task: Task, starts: Ints, prices: list[Floats], rate: float) -> Solution:
    """The choice that these prices lead to, and the bound that they prove."""
    chosen = _repair(task, starts, prices, rate)
    if task.budget is None and len(task.resources) == 1:
        chosen = _cycles(task, starts, chosen)
    elif len(task.value) <= _SECOND_TRY:  # with few options one dear one can be worth more than what the prices favour
        plain = _repair(task, starts, _zero_prices(task), 0.0)
        chosen = max(chosen, plain, key=lambda picked: float(task.value[picked].sum()))
    return Solution(chosen, prices[0], _bound(task, starts, prices, rate))


def _gap(task: Task, found: Solution) -> float:
    return 1.0 - float(task.value[found.chosen].sum()) / found.bound if found.bound > 0 else 0.0


def _lowered(task: Task, prices: list[Floats], rate: float) -> tuple[list[Floats], float]:
    """Prices of all resources and the budget's rate moved together, smoother steps first; never a looser bound."""
    from scipy.optimize import minimize  # only here: it takes most of a second to load

    starts = _starts(task.group)
    unit = float(np.ptp(task.value)) or 1.0
    spent = max(float(task.cost.max(initial=0)), 1.0)
    best, tightest = (prices, rate), _bound(task, starts, prices, rate)
    at = np.concatenate([*prices, [rate * spent]]) / unit
    limits = [(0.0, None)] * (len(at) - 1) + [(0.0, None if task.budget is not None else 0.0)]
    for smoothness in _SMOOTHNESS:
        at = minimize(_smoothed, at, (task, starts, unit, spent, smoothness), "L-BFGS-B", jac=True, bounds=limits).x
        moved = _unpacked(task, at, unit, spent)
        bound = _bound(task, starts, *moved)
        if bound < tightest:
            best, tightest = moved, bound
    return best


def _unpacked(task: Task, at: Floats, unit: float, spent: float) -> tuple[list[Floats], float]:
    prices, from_ = [], 0
    for resource in task.resources:
        prices.append(at[from_ : from_ + len(resource.places)] * unit)
        from_ += len(resource.places)
    return prices, float(at[-1]) * unit / spent


def _smoothed(at: Floats, task: Task, starts: Ints, unit: float, spent: float, smoothness: float) -> tuple[float, Floats]:
    """The dual with each group's best option replaced by a soft maximum, and its slope; both in units of value a group."""
    prices, rate = _unpacked(task, at, unit, spent)
    net = _net(task, prices, rate) / (unit * smoothness)
    sizes = np.diff(np.r_[starts, len(net)])
    top = np.maximum(np.maximum.reduceat(net, starts), 0.0)
    weight = np.exp(net - np.repeat(top, sizes))
    total = np.add.reduceat(weight, starts) + np.exp(-top)
    weight /= np.repeat(total, sizes)
    value = smoothness * float((top + np.log(total)).sum())
    slope = []
    for resource, price in zip(task.resources, prices, strict=True):
        uses = resource.kind >= 0
        taken = np.bincount(resource.kind[uses], weight[uses], minlength=len(resource.places))
        value += float(price @ resource.places) / unit
        slope.append(resource.places - taken)
    budget = float(task.budget or 0)
    value += rate * budget / unit
    slope.append(np.array([(budget - float(task.cost @ weight)) / spent]))
    return value / len(starts), np.concatenate(slope) / len(starts)


def _starts(group: Ints) -> Ints:
    return np.flatnonzero(np.r_[True, group[1:] != group[:-1]]) if len(group) else np.zeros(0, np.int64)


def _every(task: Task, starts: Ints, step: int) -> tuple[Task, float]:
    """Every `step`-th group, with places and budget cut in the same share."""
    if step == 1:
        return task, 1.0
    number = np.cumsum(np.r_[0, task.group[1:] != task.group[:-1]])
    at = np.flatnonzero(number % step == 0)
    share = float(len(starts[::step]) / len(starts))
    resources = tuple(Resource(one.kind[at], np.round(one.places * share).astype(np.int64)) for one in task.resources)
    budget = None if task.budget is None else round(task.budget * share)
    return Task(task.value[at], task.group[at], task.cost[at], budget, resources), share


def _zero_prices(task: Task) -> list[Floats]:
    return [np.zeros(len(one.places)) for one in task.resources]


def _net(task: Task, prices: list[Floats], rate: float) -> Floats:
    net = task.value - rate * task.cost if rate else task.value.copy()
    for resource, price in zip(task.resources, prices, strict=True):
        net -= np.where(resource.kind >= 0, price[resource.kind], 0.0)
    return net


def _round(task: Task, starts: Ints, prices: list[Floats], rate: float, *, rounds: int = _ROUNDS) -> list[Floats]:
    """Go round the resources, giving each the price at which its demand meets its places."""
    prices = [price.copy() for price in prices]
    net = _net(task, prices, rate)
    for _ in range(rounds):
        before = [price.copy() for price in prices]
        for resource, price in zip(task.resources, prices, strict=True):
            for kind, places in enumerate(resource.places.tolist()):
                uses = resource.kind == kind
                if uses.any():
                    new = _clearing(np.where(uses, net + price[kind], -np.inf), np.where(uses, -np.inf, net), starts, places)
                    net[uses] += price[kind] - new
                    price[kind] = new
        if all(np.allclose(new, old, rtol=1e-6, atol=1e-12) for new, old in zip(prices, before, strict=True)):
            break
    return prices


def _clearing(inside: Floats, outside: Floats, starts: Ints, places: int) -> float:
    """The lowest price at which no more than `places` groups prefer the resource."""
    gain = np.maximum.reduceat(inside, starts) - np.maximum(np.maximum.reduceat(outside, starts), 0.0)
    gain = gain[gain > 0]
    if len(gain) <= places:
        return 0.0
    at = len(gain) - places - 1
    return float(np.partition(gain, at)[at])


def _with_budget(task: Task, share: float) -> tuple[list[Floats], float]:
    """Prices of places and the worth of one more minor unit of budget, found by halving between the values per cost."""
    starts = _starts(task.group)
    prices = _round(task, starts, _zero_prices(task), 0.0)
    if task.budget is None or _spent(task, starts, prices, 0.0) <= task.budget:
        return prices, 0.0
    paid = (task.cost > 0) & (task.value > 0)
    ladder = np.unique(task.value[paid] / task.cost[paid])
    low, high = 0, len(ladder) - 1
    while low < high:
        middle = (low + high) // 2
        prices = _round(task, starts, prices, float(ladder[middle]), rounds=4)
        if _spent(task, starts, prices, float(ladder[middle])) <= task.budget:
            high = middle
        else:
            low = middle + 1
    rate = float(ladder[low])
    return _round(task, starts, prices, rate), rate


def _spent(task: Task, starts: Ints, prices: list[Floats], rate: float) -> int:
    picked = _best(_net(task, prices, rate), starts)
    return int(task.cost[picked[picked >= 0]].sum())


def _bound(task: Task, starts: Ints, prices: list[Floats], rate: float) -> float:
    net = np.maximum.reduceat(_net(task, prices, rate), starts)
    places = sum(float(price @ one.places) for price, one in zip(prices, task.resources, strict=True))
    return float(np.maximum(net, 0.0).sum()) + places + rate * (task.budget or 0)


def _best(net: Floats, starts: Ints) -> Ints:
    """For each group its first option with the largest net, or -1 when none is above zero."""
    top = np.maximum.reduceat(net, starts)
    sizes = np.diff(np.r_[starts, len(net)])
    at = np.where(net == np.repeat(top, sizes), np.arange(len(net)), len(net))
    return np.where(top > 0, np.minimum.reduceat(at, starts), -1)


def _repair(task: Task, starts: Ints, prices: list[Floats], rate: float) -> Ints:
    """Make the priced choice fit: first at the prices, then fill what is left, by value for money while money is short, at face value."""
    left = [one.places.copy() for one in task.resources]
    budget = np.array([np.iinfo(np.int64).max if task.budget is None else task.budget])
    free = np.ones(len(task.value), bool)
    done: list[Ints] = []
    # At the right prices whole crowds are worth just what they cost: none is above zero, and the cheapest of them go furthest.
    for_money = (task.value / np.maximum(task.cost, 1),) if rate else ()
    for net in (_net(task, prices, rate), *for_money, task.value):
        done += _bids(task, net, free, left, budget)
    return np.sort(np.concatenate(done)) if done else np.zeros(0, np.int64)


def _bids(task: Task, net: Floats, free: Bools, left: list[Ints], budget: Ints) -> list[Ints]:
    """Rounds of bids: each group asks for its best open option; over-full places keep the largest regret."""
    done: list[Ints] = []
    while True:
        open_ = free & (net > 0) & (task.cost <= budget[0])
        for resource, places in zip(task.resources, left, strict=True):
            open_ &= (resource.kind < 0) | (places[resource.kind] > 0)
        at = np.flatnonzero(open_)
        if not len(at):
            return done
        taken = at[_accepted(_part(task, at), net[at], left, int(budget[0]))]
        done.append(taken)
        for resource, places in zip(task.resources, left, strict=True):
            kinds = resource.kind[taken]
            places -= np.bincount(kinds[kinds >= 0], minlength=len(places))
        budget -= task.cost[taken].sum()
        settled = np.zeros(int(task.group[-1]) + 1, bool)
        settled[task.group[taken]] = True
        free &= ~settled[task.group]


def _part(task: Task, at: Ints) -> Task:
    resources = tuple(Resource(one.kind[at], one.places) for one in task.resources)
    return replace(task, value=task.value[at], group=task.group[at], cost=task.cost[at], resources=resources)


def _accepted(task: Task, net: Floats, left: list[Ints], budget: int) -> Ints:
    """Of the best option of each group, those that fit, in order of regret (best minus second best)."""
    starts = _starts(task.group)
    best = _best(net, starts)
    rest = net.copy()
    rest[best] = 0.0
    regret = net[best] - np.maximum(np.maximum.reduceat(rest, starts), 0.0)
    order = best[np.lexsort((best, -net[best], -regret))]
    fits = np.cumsum(task.cost[order]) <= budget
    for resource, places in zip(task.resources, left, strict=True):
        kind = resource.kind[order]
        fits &= (kind < 0) | (_rank_inside(kind) < places[kind])
    return order[fits]


def _rank_inside(kind: Ints) -> Ints:
    """0 for the first of each kind, 1 for the second, ..."""
    order = np.argsort(kind, kind="stable")
    ordered = kind[order]
    first = np.r_[True, ordered[1:] != ordered[:-1]]
    begin = np.maximum.accumulate(np.where(first, np.arange(len(kind)), 0))
    rank = np.empty(len(kind), np.int64)
    rank[order] = np.arange(len(kind)) - begin
    return rank


def _cycles(task: Task, starts: Ints, chosen: Ints) -> Ints:
    """Move groups between channels while some chain of moves gains; then the choice is the best there is.

    Nodes are the channels, "none" and a turnstile; the weight of an edge is the most that one group gains by that move.
    """
    places = task.resources[0].places
    channels, groups = len(places), len(starts)
    if groups * (channels + 1) > _EXACT_CELLS:
        return chosen
    number = np.cumsum(np.r_[0, task.group[1:] != task.group[:-1]])
    worth, option = _cells(task, number, groups, channels)
    now = np.full(groups, channels, np.int64)
    now[number[chosen]] = task.resources[0].kind[chosen]
    for _ in range(_EXACT_CELLS // (groups * (channels + 1))):
        moves = _improving(worth, now, places, channels)
        if not moves:
            break
        for group, to in moves:
            now[group] = to
    worked = np.flatnonzero(now < channels)
    return np.sort(option[worked, now[worked]])


def _cells(task: Task, number: Ints, groups: int, channels: int) -> tuple[Floats, Ints]:
    """The best value and option of each group in each channel; the last column is "none"."""
    worth = np.full((groups, channels + 1), -np.inf)
    option = np.full((groups, channels + 1), -1, np.int64)
    worth[:, channels] = 0.0
    order = np.lexsort((-np.arange(len(task.value)), task.value))  # the largest value, then the earliest, is written last
    cells = (number[order], task.resources[0].kind[order])
    worth[cells], option[cells] = task.value[order], order
    return worth, option


def _improving(worth: Floats, now: Ints, places: Ints, channels: int) -> list[tuple[int, int]]:
    """The moves of one gaining cycle, or nothing."""
    gain = np.full((channels + 2, channels + 2), -np.inf)
    mover = np.full((channels + 2, channels + 2), -1, np.int64)
    for source in range(channels + 1):
        members = np.flatnonzero(now == source)
        if len(members):
            step = worth[members] - worth[members, source][:, None]
            mover[source, : channels + 1] = members[step.argmax(axis=0)]
            gain[source, : channels + 1] = step.max(axis=0)
            gain[source, source] = -np.inf
    taken = np.bincount(now, minlength=channels + 1)[:channels]
    turnstile = channels + 1
    gain[:channels, turnstile] = np.where(taken < places, 0.0, -np.inf)
    gain[channels, turnstile] = 0.0
    gain[turnstile, : channels + 1] = 0.0
    cycle = _gaining_cycle(gain, tolerance=1e-9 * (1.0 + float(np.abs(worth[np.isfinite(worth)]).max())))
    return [(int(mover[one, two]), two) for one, two in cycle if turnstile not in (one, two)]


def _gaining_cycle(gain: Floats, *, tolerance: float) -> list[tuple[int, int]]:
    """Edges of a simple cycle whose gains sum to more than `tolerance`, by longest walks of growing length."""
    size = len(gain)
    reach = np.zeros(size)
    back = np.full(size, -1, np.int64)
    last = -1
    for _ in range(size + 1):
        through = reach[:, None] + gain
        best = through.max(axis=0)
        better = np.flatnonzero(best > reach + tolerance)
        if not len(better):
            return []
        back[better] = through.argmax(axis=0)[better]
        reach[better] = best[better]
        last = int(better[0])
    for _ in range(size):
        last = int(back[last])
    cycle, at = [], last
    while True:
        cycle.append((int(back[at]), at))
        at = int(back[at])
        if at == last:
            return cycle[::-1]
