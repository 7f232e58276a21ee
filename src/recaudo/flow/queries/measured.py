"""Some indicators of a scope, read at once and kept for some minutes: what plans and the comparison of versions show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256

import pyarrow as pa
import pyarrow.compute as pc
from django.core.cache import cache

from recaudo.analytics import queries as analytics
from recaudo.analytics.queries import Scope
from recaudo.engine import measure
from recaudo.engine.measure import Row
from recaudo.store import tenancy

KEPT_SECONDS = 300
IDLE = "K-23"  # asks for attempts of before the period


def measured(keys: Sequence[str], scope: Scope, *, stages: Sequence[str] = ()) -> list[Row]:
    """The rows of some indicators (keys of engine.measure.KPIS) without further cuts. One reading of the base tables, or none.

    stages  only accounts that began the period in one of them; none is all
    """
    name = f"flow.measured.{tenancy.tenant_id()}.{tenancy.agency_id()}.{sha256(repr((scope, sorted(keys), sorted(stages))).encode()).hexdigest()}"
    found: list[Row] | None = cache.get(name)
    if found is None:
        found = _measured(keys, scope, stages)
        cache.set(name, found, KEPT_SECONDS)
    return found


def _measured(keys: Sequence[str], scope: Scope, stages: Sequence[str]) -> list[Row]:
    since = min(scope.start, scope.closed_on - timedelta(days=analytics.UNWORKED_DAYS)) if IDLE in keys else None
    tables = analytics.read(scope, attempts_since=since)
    if stages:
        accounts = tables["accounts"]
        tables["accounts"] = accounts.filter(pc.is_in(accounts["stage0"], pa.array(stages, pa.string())))
    rows = measure.compute([key for key in keys if key != IDLE], analytics.in_period(tables, scope), params=scope.params)
    return rows + (measure.compute([IDLE], {name: tables[name] for name in ("accounts", "attempts")}, params=scope.params) if since else [])
