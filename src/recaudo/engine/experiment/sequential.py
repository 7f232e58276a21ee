"""Intervals that hold at every look: the normal mixture of Robbins.

An interval of the textbook holds at one look that was fixed before; who looks every day and stops at the first good one is wrong
far more often than one time in twenty. The mixture sequential probability ratio test (Robbins 1970; for experiments Johari,
Koomen, Pekelis and Walsh, "Peeking at A/B tests", KDD 2017) averages the likelihood ratio over a normal distribution of effects
with variance `tuning`; by Ville's inequality the interval below covers the truth at all looks together with 1 - alpha. With a
variance that is estimated it holds asymptotically (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit
theory and asymptotic confidence sequences", Annals of Statistics 2024): hence the least number of persons of `uplift`.
"""

from __future__ import annotations

import math


def tuning(planned_variance: float, alpha: float) -> float:
    """The variance of the mixture that makes the interval tightest when the estimate's variance is `planned_variance`."""
    spread = -2 * math.log(alpha)
    return planned_variance * (spread + math.log(spread + 1))


def radius(variance: float, mixture: float, alpha: float) -> float:
    """Half the width of the interval around an estimate with this variance. Infinite while nothing is known."""
    if not (variance > 0 and math.isfinite(variance)) or mixture <= 0:
        return math.inf
    whole = variance + mixture
    return math.sqrt(2 * variance * whole / mixture * (0.5 * math.log(whole / variance) - math.log(alpha)))


def always_valid_p(estimate: float, variance: float, mixture: float) -> float:
    """One over the mixture likelihood ratio against no effect; at most 1. Its running minimum is what a stream reports."""
    if not (variance > 0 and math.isfinite(variance)) or mixture <= 0:
        return 1.0
    whole = variance + mixture
    log_ratio = 0.5 * math.log(variance / whole) + mixture * estimate**2 / (2 * variance * whole)
    return math.exp(-log_ratio) if log_ratio > 0 else 1.0
