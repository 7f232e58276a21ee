"""Named rules that turn what a source has into what we need. Pure; what a rule fills is marked in `account.derived`.

`monthly_status_v1`, for cards that come with a status a month instead of due days:

    status    n > 0 months late at the close; 0 revolving, -1 paid in full, -2 no use: nothing late
    dpd       30 n - 15: the middle of the n-th month of delay; 0 when nothing is owed
    due days  the oldest unpaid is `on` - dpd, the next ones every 30 days, the one to come on `on` + 15
    minimum   5 % of the balance, rounded up to the minor unit, never more than the balance
    overdue   n minimum payments, never more than the balance
    worst     the highest of the six statuses, 0 or more
    last pay  when an amount of last month's payment came: the day `on` - 15

The 15 days stand for not knowing the day inside the month; 5 % is a common minimum payment of cards, not the issuer's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

RULES: dict[str, str] = {"monthly_status_v1": "Estados mensuales a días de atraso, vencimientos y pago mínimo"}
DERIVED_FIELDS = ["dpd", "due_on", "overdue", "instalments_overdue", "next_due_on", "next_amount", "worst_status_6m"]
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class MonthlyStatus:
    """One value a row; days are days since 1970-01-01, -1 where there is none. Amounts in minor units."""

    dpd: Ints
    oldest_due: Ints
    instalments_overdue: Ints
    overdue: Ints
    next_due: Ints
    next_amount: Ints
    worst: Ints


def monthly_status_v1(statuses: list[Ints], balance: Ints, *, on: date) -> MonthlyStatus:
    """Apply the rule of the module's docstring.

    statuses   newest month first, one array each (rows without a value hold 0)
    balance    minor units; may be negative (the bank owes)
    """
    day = (on - EPOCH).days
    owed = np.maximum(balance, 0)
    months = np.where(owed > 0, np.maximum(statuses[0], 0), 0)
    late = months > 0
    dpd = np.where(late, 30 * months - 15, 0)
    minimum = np.minimum(-(-owed * 5 // 100), owed)
    return MonthlyStatus(
        dpd=dpd,
        oldest_due=np.where(late, day - dpd, -1),
        instalments_overdue=months,
        overdue=np.minimum(minimum * months, owed),
        next_due=np.where(owed > 0, day + 15, -1),
        next_amount=np.minimum(minimum, owed - np.minimum(minimum * months, owed)),
        worst=np.maximum(np.max(np.stack(statuses), axis=0), 0),
    )
