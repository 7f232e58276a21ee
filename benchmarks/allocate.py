"""Allocation beside its bound, and beside HiGHS (the linear programme of the same question) where that one finishes.

    python -m benchmarks.allocate [--accounts 1000000] [--many 1000000] [--solver 100000]

Two days: six channels, and sixty-five options (five groups of agents by twelve hours, and five channels). The accounts are
invented, seeded: balances log-normal, answers beta, half of the options open. Aims: within 0.1 % of the bound at
1,000,000 x 6 and 0.5 % at 1,000,000 x 65.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from benchmarks.common import cores, load_average, megabytes, peak_memory_bytes, timed
from recaudo.engine.allocate import plan

Day = tuple[pa.Table, dict[str, int]]
CHANNELS = ("sms", "im", "email", "visit", "letter")
WORTH = np.array([0.2, 0.3, 0.1, 0.9, 0.15])
COST = np.array([0.3, 0.4, 0.05, 60.0, 5.0])


def six(accounts: int) -> Day:
    dice = np.random.default_rng(2)
    value = _balances(dice, accounts) * dice.beta(2, 8, (accounts, 6)) * np.r_[0.5, WORTH] - np.r_[6.0, COST]
    capacity = {"call": accounts // 20, **_capacity(accounts)}
    return _table(("call", *CHANNELS), value, dice.random((accounts, 6)) < 0.62), capacity


def sixty_five(accounts: int) -> Day:
    dice = np.random.default_rng(3)
    hours = [f"call-{group}-{hour:02d}" for group in range(5) for hour in range(8, 20)]
    balance = _balances(dice, accounts)
    answers, skill = dice.beta(2, 8, (accounts, 12)), dice.uniform(0.7, 1.3, (accounts, 5))
    calls = (skill[:, :, None] * answers[:, None, :]).reshape(accounts, 60) * 0.5
    value = balance * np.concatenate([calls, dice.beta(2, 8, (accounts, 5)) * WORTH], axis=1) - np.r_[np.full(60, 6.0), COST]
    capacity = {**dict.fromkeys(hours, max(accounts // 1200, 1)), **_capacity(accounts)}
    return _table((*hours, *CHANNELS), value, dice.random((accounts, 65)) < 0.5), capacity


def _balances(dice: np.random.Generator, accounts: int) -> np.ndarray:
    return dice.lognormal(7, 1, accounts)[:, None]


def _capacity(accounts: int) -> dict[str, int]:
    return {"sms": accounts // 8, "im": accounts // 10, "email": accounts // 2, "visit": accounts // 200, "letter": accounts // 50}


def _table(channels: tuple[str, ...], value: np.ndarray, is_open: np.ndarray) -> pa.Table:
    account, channel = np.nonzero(is_open)
    names = pa.DictionaryArray.from_arrays(pa.array(channel.astype(np.int32)), pa.array(channels))
    return pa.table({"account_id": account, "person_id": account, "channel": names, "value": value[is_open]})


def solved(day: Day) -> float:
    """What the best plan is worth when persons may be split: HiGHS on the same question."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, vstack

    table, capacity = day
    value, person = table.column("value").to_numpy(), table.column("person_id").to_numpy()
    kind = table.column("channel").combine_chunks().dictionary_encode()
    codes, names = kind.indices.to_numpy(), kind.dictionary.to_pylist()
    every, one = np.arange(len(value)), np.ones(len(value))
    use = vstack([csr_array((one, (person, every))), csr_array((one, (codes, every)))])
    most = np.r_[np.ones(person.max() + 1), [capacity[name] for name in names]]
    return -float(linprog(-value, A_ub=use, b_ub=most, bounds=(0, 1), method="highs").fun)


def run(name: str, make: Callable[[int], Day], accounts: int, solver: int, aim: float) -> None:
    day = make(accounts)
    with timed() as took:
        found = plan(*day)
    print(
        f"{name}: {accounts:,} accounts, {day[0].num_rows:,} open options: {took.seconds:.1f} s, {took.cpu:.1f} CPU-s, "
        f"at most {found.gap:.4%} from the best (aim {aim:.1%}), peak so far {megabytes(peak_memory_bytes())}", flush=True,
    )  # fmt: skip
    if not solver:
        return
    small = make(solver)
    with timed() as ours:
        found = plan(*small)
    with timed() as theirs:
        best = solved(small)
    print(
        f"  beside HiGHS at {solver:,}: {ours.cpu:.2f} against {theirs.cpu:.1f} CPU-s; worth {found.value / best:.4%} of its optimum, "
        f"bound {found.bound / best:.4%}", flush=True,
    )  # fmt: skip


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--accounts", type=int, default=1_000_000)
    given.add_argument("--many", type=int, default=1_000_000, help="accounts of the day with 65 options; a million take 6.3 GB")
    given.add_argument("--solver", type=int, default=100_000, help="accounts for HiGHS; 0 leaves it out")
    asked = given.parse_args()
    run("6 channels", six, asked.accounts, asked.solver, 0.001)
    run("65 options", sixty_five, asked.many, min(asked.solver, 2_000), 0.005)
    print(f"{cores()} cores, load {load_average():.1f}")


if __name__ == "__main__":
    main()
