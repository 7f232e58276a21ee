"""Rates of few attempts: each is drawn towards the rate of its kind, the more the fewer attempts there are.

Beta-binomial partial pooling with the strength of the prior from the data (method of moments): the best hour or channel of a
person nobody has called is that of people like them, and one lucky call does not make a habit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

STRONGEST, WEAKEST = 500.0, 1.0


def pooled(table: pa.Table, *, levels: list[str], tried: str = "tried", reached: str = "reached") -> pa.Table:
    """Shrunken rates, level by level.

    table    one row for each cell: the columns of `levels` (texts), tried and reached (whole numbers, 0 <= reached <= tried)
             at least one row
    levels   from the widest to the narrowest; each row belongs to the cell of its first column, of its first two, ...
    Returns  the table with `rate` (0 to 1) and `weight` (0 to 1: how much is the cell's own experience)
    """
    attempts = np.asarray(table.column(tried).cast(pa.float64()))
    successes = np.asarray(table.column(reached).cast(pa.float64()))
    rate = np.full(table.num_rows, (successes.sum() + 1) / (attempts.sum() + 2))
    weight = np.zeros(table.num_rows)
    key = np.zeros(table.num_rows, np.int64)
    for level in levels:
        codes = np.asarray(table.column(level).combine_chunks().cast(pa.string()).dictionary_encode().indices.fill_null(-1)) + 1
        _, key = np.unique(key * (int(codes.max(initial=0)) + 1) + codes, return_inverse=True)
        tries: Floats = np.bincount(key, attempts).astype(float)
        wins: Floats = np.bincount(key, successes).astype(float)
        prior = np.bincount(key, rate) / np.bincount(key)
        worth = strength(tries, wins, prior)
        rate = ((wins + worth * prior) / (tries + worth))[key]
        weight = (tries / (tries + worth))[key]
    return table.append_column("rate", pa.array(rate)).append_column("weight", pa.array(weight))


def strength(tries: Floats, wins: Floats, prior: Floats) -> float:
    """How many attempts the prior is worth: few when cells differ by more than chance, many when they do not. One number a cell in each."""
    use = tries > 0
    if use.sum() < 2:
        return WEAKEST * 10
    n, p = tries[use], prior[use]
    chance = p * (1 - p)
    # E[(wins - n p)^2] = chance * n * (1 + (n - 1) * share), share = 1 / (1 + strength)
    excess = float(((wins[use] - n * p) ** 2 - chance * n).sum())
    room = float((chance * n * (n - 1)).sum())
    if room <= 0:
        return WEAKEST * 10
    share = min(max(excess / room, 1 / (1 + STRONGEST)), 1 / (1 + WEAKEST))
    return 1 / share - 1


def best(table: pa.Table, *, of: str, choice: str) -> pa.Table:
    """For each `of` the `choice` with the highest rate: columns of, choice, rate, weight; ties go to the first by name."""
    ordered = table.sort_by([(of, "ascending"), ("rate", "descending"), (choice, "ascending")])
    keys = ordered.column(of).combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    first = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else np.zeros(0, np.int64)
    return ordered.select([of, choice, "rate", "weight"]).take(pa.array(first))
