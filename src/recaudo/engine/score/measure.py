"""How good a score is: does it rank, is it true, has the world moved, and is it fair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recaudo.kernel.problems import Problem

Floats = npt.NDArray[np.float64]

BANDS = 10
# Conventional readings of the population stability index: below the first stable, above the second another population.
STABLE, MOVED = 0.10, 0.25
LEAST_OF_A_GROUP = 100


class OneOutcome(Problem):
    code = "one_outcome"
    message = "No se puede medir: en las {count} filas de prueba el resultado es siempre el mismo. Use días en que a unas les ocurra y a otras no."


@dataclass(frozen=True, slots=True)
class Band:
    """A tenth of the accounts by score: how many, the mean probability given, and the rate that came true."""

    count: int
    given: float
    seen: float


@dataclass(frozen=True, slots=True)
class Quality:
    """On rows that the score did not learn from.

    auc      chance that one who did is scored above one who did not; 0.5 is no better than a coin
    ks       largest distance between the two groups' shares
    brier    mean squared error of the probability; `brier_base` that of saying the rate to everybody
    error    mean distance between what was said and what came true, over the bands (expected calibration error)
    slope    log-odds that came true for each log-odds given: 1 is right, below 1 the score is too sure of itself
    """

    count: int
    rate: float
    auc: float
    ks: float
    brier: float
    brier_base: float
    error: float
    slope: float
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class Fairness:
    """How a score treats one group. `chosen` is the share at or above the threshold; `ratio` that share over the highest group's.

    gap    mean given minus rate seen: above zero the score says more than came true for this group
    """

    group: str
    count: int
    rate: float
    given: float
    gap: float
    auc: float | None
    chosen: float
    ratio: float
    is_small: bool


def quality(happened: Floats, given: Floats) -> Quality:
    """Measures of probabilities against what happened (0 or 1). Raises OneOutcome where it happened to all, or to none."""
    from sklearn.metrics import roc_auc_score, roc_curve

    if not 0 < happened.sum() < len(happened):
        raise OneOutcome(count=len(happened))
    rate = float(happened.mean())
    low, high, _ = roc_curve(happened, given)
    bands = _bands(happened, given)
    return Quality(
        count=len(happened), rate=rate, auc=float(roc_auc_score(happened, given)), ks=float(np.max(high - low)),
        brier=float(np.mean((given - happened) ** 2)), brier_base=rate * (1 - rate),
        error=float(sum(band.count * abs(band.given - band.seen) for band in bands) / len(happened)), slope=_slope(happened, given), bands=bands,
    )  # fmt: skip


def _bands(happened: Floats, given: Floats) -> tuple[Band, ...]:
    parts = [part for part in np.array_split(np.argsort(given, kind="stable"), BANDS) if len(part)]
    return tuple(Band(len(part), float(given[part].mean()), float(happened[part].mean())) for part in parts)


def _slope(happened: Floats, given: Floats) -> float:
    from sklearn.linear_model import LogisticRegression

    odds = np.log(np.clip(given, 1e-9, 1 - 1e-9) / np.clip(1 - given, 1e-9, 1))
    if np.ptp(odds) == 0:
        return 0.0
    return float(LogisticRegression(C=1e6, max_iter=500).fit(odds[:, None], happened).coef_[0][0])


def drift(before: Floats, now: Floats) -> float:
    """Population stability index of a number between two days, over tenths of the earlier one: 0 is the same population. Neither is empty."""
    edges = np.unique(np.quantile(before, np.arange(1, BANDS) / BANDS))
    was = np.bincount(np.searchsorted(edges, before), minlength=len(edges) + 1) / len(before)
    is_ = np.bincount(np.searchsorted(edges, now), minlength=len(edges) + 1) / len(now)
    was, is_ = np.maximum(was, 1e-4), np.maximum(is_, 1e-4)
    return float(np.sum((is_ - was) * np.log(is_ / was)))


def fairness(happened: Floats, given: Floats, group: Sequence[str | None], *, threshold: float) -> tuple[Fairness, ...]:
    """Each group of a protected attribute, by name; empty cells are a group of their own ("sin dato").

    threshold  the probability from which an account is treated as likely
    """
    from sklearn.metrics import roc_auc_score

    named = np.array(["sin dato" if one is None else str(one) for one in group], object)
    parts = {name: np.flatnonzero(named == name) for name in sorted(set(named.tolist()))}
    shares = {name: float((given[at] >= threshold).mean()) for name, at in parts.items()}
    large = [shares[name] for name, at in parts.items() if len(at) >= LEAST_OF_A_GROUP] or list(shares.values())
    most = max(large)
    found = []
    for name, at in parts.items():
        seen = happened[at]
        auc = float(roc_auc_score(seen, given[at])) if 0 < seen.sum() < len(at) else None
        rate, mean = float(seen.mean()), float(given[at].mean())
        ratio = shares[name] / most if most else 1.0
        found.append(Fairness(name, len(at), rate, mean, mean - rate, auc, shares[name], ratio, len(at) < LEAST_OF_A_GROUP))
    return tuple(found)
