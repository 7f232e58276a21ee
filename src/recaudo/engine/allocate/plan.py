"""The plan of a day: tiers one after the other, each solved with prices, and every account that is left out with a reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recaudo.engine.allocate.solve import Resource, Solution, Task, solve
from recaudo.kernel.problems import Problem

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

REASONS: dict[str, str] = {
    "person_already_chosen": "A la persona ya se le contacta hoy por otra cuenta.",
    "over_capacity": "No queda capacidad en el canal.",
    "over_budget": "No queda presupuesto del día.",
    "no_value": "Ninguna opción vale más que no contactar.",
}


class MissingColumn(Problem):
    code = "missing_option_column"
    message = "A la tabla de opciones le falta la columna «{column}»."


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What had to be done and did not fit. kind: forced (by channel) or floor (by quota); wanted, done: options or persons.

    lacking   what to relax: channels without a place left, "budget", or nothing when there are not so many persons
    """

    kind: str
    name: str
    wanted: int
    done: int
    lacking: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """chosen    the rows of the options that are done, same columns, by person
    refused   one row for each account with nothing chosen: account_id, person_id, channel (its best option), reason (REASONS)
    prices    channel -> what one more place would be worth, in the unit of `value`
    used      channel -> places taken
    spent_minor   cost of what was chosen, whole minor units
    value     worth of what was chosen
    bound     no choice could be worth more, given what forced options, floors and higher priorities took
    gap       (bound - value) / bound, 0 when the bound is 0
    shortfalls    forced options and floors that did not fit, with what to relax; empty when all did
    """

    chosen: pa.Table
    refused: pa.Table
    prices: dict[str, float]
    used: dict[str, int]
    spent_minor: int
    value: float
    bound: float
    gap: float
    shortfalls: tuple[Shortfall, ...] = ()


@dataclass(slots=True)
class _Day:
    """The options sorted by person, account and channel, and what is left as the tiers go by."""

    rows: Ints
    person: Ints
    account: Ints
    channel: Ints
    team: Ints
    quota: Ints
    value: Floats
    cost: Ints
    priority: Ints
    forced: Bools
    channels: list[str]
    teams: list[str]
    quotas: list[str]
    channel_left: Ints
    team_left: Ints
    budget_left: int | None
    taken: Bools
    prices: Floats
    chosen: list[Ints] = field(default_factory=list)
    bound: float = 0.0


def plan(
    options: pa.Table,
    capacity: Mapping[str, int],
    *,
    team_capacity: Mapping[str, int] | None = None,
    budget_minor: int | None = None,
    floors: Mapping[str, int] | None = None,
) -> Plan:
    """Choose at most one option a person.

    options         account_id, person_id (null: the account stands for itself), channel, value double; and, when there,
                    cost_minor int64 (one currency), priority int (1 is served first), forced bool, team text, quota text
    capacity        channel -> places today; a channel that is not named has none
    team_capacity   team -> places today, on top of the channel's; an option without a team needs none
    budget_minor    ceiling of the summed cost, in the currency of cost_minor; None is no ceiling
    floors          quota -> persons of it to be worked before anything but forced options, whatever they are worth
    Returns         Plan. The same options in another order give the same plan.
    Raises          MissingColumn
    """
    day = _day(options, capacity, team_capacity or {}, budget_minor)
    for rows, keep_all, cap in _tiers(day, floors or {}):
        _serve(day, rows, keep_all=keep_all, cap=cap)
    return _plan(options, day, _shortfalls(day, floors or {}))


def _shortfalls(day: _Day, floors: Mapping[str, int]) -> tuple[Shortfall, ...]:
    done = np.zeros(len(day.rows), bool)
    for rows in day.chosen:
        done[rows] = True
    short = []
    for at, name in enumerate(day.channels):
        asked = day.forced & (day.channel == at)
        # Another option of the person, forced too, may stand for this one.
        left = asked & ~done & ~day.taken[day.person]
        if left.any():
            wanted, got = int((asked & (done | left)).sum()), int((asked & done).sum())
            short.append(Shortfall("forced", name, wanted, got, _lacking(day, left)))
    for at, name in enumerate(day.quotas):
        of_it = day.quota == at
        got = int((of_it & done).sum())
        if got < floors.get(name, 0):
            short.append(Shortfall("floor", name, floors[name], got, _lacking(day, of_it & ~day.taken[day.person])))
    missing = [(name, wanted) for name, wanted in floors.items() if wanted > 0 and name not in day.quotas]
    return (*short, *(Shortfall("floor", name, wanted, 0, ()) for name, wanted in missing))


def _lacking(day: _Day, rows: Bools) -> tuple[str, ...]:
    """Why these options did not go: their channels and teams that are full, or the budget."""
    channels = np.unique(day.channel[rows & (day.channel_left[day.channel] <= 0)])
    found = [day.channels[at] for at in channels.tolist()]
    if len(day.team_left):
        full = rows & (day.team >= 0) & (day.team_left[day.team] <= 0)
        found += [day.teams[at] for at in np.unique(day.team[full]).tolist()]
    if not found and day.budget_left is not None and (day.cost[rows] > day.budget_left).any():
        found.append("budget")
    return tuple(found)


def _tiers(day: _Day, floors: Mapping[str, int]) -> Iterator[tuple[Bools, bool, int | None]]:
    """Rows of each tier; whether low values count too; the most persons it may take."""
    yield day.forced, True, None
    for at, wanted in enumerate(floors.get(name, 0) for name in day.quotas):
        done = sum(int((day.quota[rows] == at).sum()) for rows in day.chosen)
        yield day.quota == at, True, max(wanted - done, 0)
    for level in np.unique(day.priority).tolist():
        yield day.priority == level, False, None


def _serve(day: _Day, rows: Bools, *, keep_all: bool, cap: int | None) -> None:
    """Solve one tier over the rows whose person is free and whose places are left, and book what it takes."""
    fits = rows & ~day.taken[day.person] & (day.channel_left[day.channel] > 0)
    if len(day.team_left):
        fits &= (day.team < 0) | (day.team_left[day.team] > 0)
    if day.budget_left is not None:
        fits &= day.cost <= day.budget_left
    at = np.flatnonzero(fits)
    if not len(at) or cap == 0:
        return
    value = day.value[at]
    # A forced or floor option counts even when it is worth nothing: all are lifted by the same amount above zero.
    lifted = value - value.min() + np.ptp(value) + 1.0 if keep_all else value
    found = solve(Task(lifted, day.person[at], day.cost[at], day.budget_left, _resources(day, at, cap)))
    _book(day, at[found.chosen], found, keep_all=keep_all)


def _resources(day: _Day, at: Ints, cap: int | None) -> tuple[Resource, ...]:
    channel = Resource(day.channel[at], day.channel_left)
    team = (Resource(day.team[at], day.team_left),) if len(day.team_left) else ()
    floor = (Resource(np.zeros(len(at), np.int64), np.array([cap], np.int64)),) if cap is not None else ()
    return (channel, *team, *floor)


def _book(day: _Day, rows: Ints, found: Solution, *, keep_all: bool) -> None:
    day.chosen.append(rows)
    day.taken[day.person[rows]] = True
    day.channel_left = day.channel_left - np.bincount(day.channel[rows], minlength=len(day.channel_left))
    with_team = day.team[rows][day.team[rows] >= 0]
    day.team_left = day.team_left - np.bincount(with_team, minlength=len(day.team_left))
    if day.budget_left is not None:
        day.budget_left -= int(day.cost[rows].sum())
    if keep_all:
        day.bound += float(day.value[rows].sum())
    else:
        day.bound += found.bound
        day.prices = np.maximum(day.prices, found.prices[: len(day.prices)])


def _day(options: pa.Table, capacity: Mapping[str, int], teams: Mapping[str, int], budget_minor: int | None) -> _Day:
    for column in ("account_id", "person_id", "channel", "value"):
        if column not in options.column_names:
            raise MissingColumn(column=column)
    size = options.num_rows
    account, _ = _codes(options.column("account_id"))
    person, _ = _codes(_persons(options))
    channel, channels = _codes(options.column("channel"))
    team, team_names = _optional_codes(options, "team")
    quota, quotas = _optional_codes(options, "quota")
    span = max(len(channels), 1)
    order = np.argsort((person * (int(account.max(initial=0)) + 1) + account) * span + channel, kind="stable")
    cost = _numbers(options, "cost_minor", 0)[order]
    persons = int(person.max(initial=-1)) + 1
    _, dense = np.unique(person[order], return_inverse=True)
    return _Day(
        rows=order, person=dense.astype(np.int64), account=account[order], channel=channel[order], team=team[order], quota=quota[order],
        value=options.column("value").cast(pa.float64()).to_numpy()[order], cost=cost,
        priority=_numbers(options, "priority", 1)[order], forced=_numbers(options, "forced", 0)[order].astype(bool),
        channels=channels, teams=team_names, quotas=quotas, channel_left=_left(channels, capacity), team_left=_left(team_names, teams),
        budget_left=budget_minor, taken=np.zeros(max(persons, size and 1), bool), prices=np.zeros(len(channels)),
    )  # fmt: skip


def _left(names: list[str], capacity: Mapping[str, int]) -> Ints:
    return np.array([max(capacity.get(name, 0), 0) for name in names], np.int64)


def _persons(options: pa.Table) -> pa.ChunkedArray:
    """Who each row is; an account without a person stands for itself and can meet no person's id."""
    person = options.column("person_id")
    if not person.null_count:
        return person
    alone = pc.binary_join_element_wise("", options.column("account_id").cast(pa.string()), "\x00")
    return pc.coalesce(person.cast(pa.string()), alone)


def _codes(column: pa.ChunkedArray) -> tuple[Ints, list[str]]:
    """Codes in the order of the values, so that the order of the rows does not matter; -1 for null."""
    encoded = column.combine_chunks().dictionary_encode()
    names = encoded.dictionary
    order = pc.sort_indices(names).to_numpy()
    rank = np.empty(len(names) + 1, np.int64)
    rank[order] = np.arange(len(names))
    rank[-1] = -1
    codes = encoded.indices.cast(pa.int64()).fill_null(len(names)).to_numpy()
    return rank[codes], names.take(pa.array(order)).to_pylist() if len(names) < 10_000 else []


def _optional_codes(options: pa.Table, column: str) -> tuple[Ints, list[str]]:
    if column not in options.column_names:
        return np.full(options.num_rows, -1, np.int64), []
    return _codes(options.column(column))


def _numbers(options: pa.Table, column: str, otherwise: int) -> Ints:
    if column not in options.column_names:
        return np.full(options.num_rows, otherwise, np.int64)
    numbers: Ints = pc.fill_null(options.column(column).cast(pa.int64()), otherwise).to_numpy()
    return numbers


def _plan(options: pa.Table, day: _Day, shortfalls: tuple[Shortfall, ...]) -> Plan:
    done = np.sort(np.concatenate(day.chosen)) if day.chosen else np.zeros(0, np.int64)
    used = np.bincount(day.channel[done], minlength=len(day.channels))
    value = float(day.value[done].sum())
    return Plan(
        chosen=options.take(pa.array(day.rows[done])),
        refused=_refused(options, day, done),
        prices={name: float(price) for name, price in zip(day.channels, day.prices, strict=True)},
        used={name: int(places) for name, places in zip(day.channels, used, strict=True)},
        spent_minor=int(day.cost[done].sum()),
        value=value,
        bound=max(day.bound, value),
        gap=max(day.bound - value, 0.0) / day.bound if day.bound > 0 else 0.0,
        shortfalls=shortfalls,
    )


def _refused(options: pa.Table, day: _Day, done: Ints) -> pa.Table:
    """The best option of every account that got nothing, and why it got nothing."""
    best = np.lexsort((day.channel, -day.value, day.account))
    best = best[np.unique(day.account[best], return_index=True)[1]]
    has = np.zeros(int(day.account.max(initial=-1)) + 1, bool)
    has[day.account[done]] = True
    out = best[~has[day.account[best]]]
    worthless = (day.value[out] <= 0) & ~day.forced[out]
    spare = day.channel_left[day.channel[out]] > 0
    spare &= (day.team[out] < 0) | (day.team_left[day.team[out]] > 0 if len(day.team_left) else True)
    reason = np.where(spare & (day.budget_left is not None), "over_budget", "over_capacity")
    reason = np.where(worthless, "no_value", reason)
    reason = np.where(day.taken[day.person[out]], "person_already_chosen", reason)
    rows = options.take(pa.array(day.rows[out])).select(["account_id", "person_id", "channel"])
    return rows.append_column("reason", pa.array(reason.astype(object), pa.string()))
