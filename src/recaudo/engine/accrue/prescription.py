"""The prescription clock of a debt: how long it may be claimed, counted anew from whatever interrupts it.

Knows no law: the term comes in as months. Dates are calendar days; the last day of a shorter month stands for a day it lacks.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date


def starts_on(due_on: date | None, interrupted: Iterable[date]) -> date | None:
    """The day from which the term counts: the due day of the oldest unpaid debt, or the last interruption after it.

    None when nothing is due: then nothing runs. What happened before the due day interrupts nothing.
    """
    if due_on is None:
        return None
    return max([due_on, *(day for day in interrupted if day >= due_on)])


def prescribes_on(due_on: date | None, interrupted: Iterable[date], months: int) -> date | None:
    """The first day on which the debt is prescribed; None when nothing runs."""
    start = starts_on(due_on, interrupted)
    if start is None:
        return None
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
