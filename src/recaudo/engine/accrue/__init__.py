"""Accrue: what time and payments do to a debt: days past due, buckets and stages, late interest, how a payment is applied.

Words   an *item* is an instalment or invoice with a due day; a *pause* is a period whose days do not count; a *bucket
        set* is a dated definition of buckets and stages; a *waterfall* is the order in which a payment pays components.
Not     keeps no ledger: it says what the lines are, `portfolio` writes them. Moving due days to business days is the
        job of who makes the schedule; here a due day is what the schedule says.
"""

from recaudo.engine.accrue.arrears import Item, arrears, days_past_due
from recaudo.engine.accrue.buckets import (
    DEFAULT_BUCKETS,
    BucketSet,
    NoBucketSet,
    UnorderedEdges,
    bucket_of,
    bucket_sql,
    in_force,
    stage_of,
    stage_sql,
)
from recaudo.engine.accrue.interest import NegativeDays, NegativePrincipal, late_interest
from recaudo.engine.accrue.prescription import prescribes_on, starts_on
from recaudo.engine.accrue.waterfall import (
    COMPONENTS,
    DEFAULT_ORDER,
    Applied,
    BadOrder,
    Due,
    Line,
    NegativeAmount,
    apply_payment,
)

__all__ = [
    "COMPONENTS", "DEFAULT_BUCKETS", "DEFAULT_ORDER", "Applied", "BadOrder", "BucketSet", "Due", "Item", "Line", "NegativeAmount",
    "NegativeDays", "NegativePrincipal", "NoBucketSet", "UnorderedEdges", "apply_payment", "arrears", "bucket_of", "bucket_sql",
    "days_past_due", "in_force", "late_interest", "prescribes_on", "stage_of", "stage_sql", "starts_on",
]  # fmt: skip
