"""The indicators of as many days before and after a version came in force, side by side.

It is what was together, not what one thing caused: the season, the portfolio and the law change too. Only an experiment measures the effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from recaudo.analytics.queries import Scope
from recaudo.analytics.words import BETTER_DOWN, BETTER_UP
from recaudo.engine.measure import KPIS, Kpi
from recaudo.flow.queries.measured import measured
from recaudo.strategy.models import StrategyVersion

SHOWN = ("K-61", "K-62", "K-05c", "K-07c", "K-30", "K-31", "K-32", "K-34", "K-36", "K-50", "K-53", "K-23")
DAYS = (7, 14, 30, 60)


@dataclass(frozen=True, slots=True)
class Change:
    """An indicator before and after. tone: ok, bad or "" when it is neither or nothing can be said."""

    kpi: Kpi
    currency: str
    before: Decimal | None
    after: Decimal | None
    tone: str

    @property
    def delta(self) -> Decimal | None:
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True, slots=True)
class Effect:
    """Days [since - days, since) against [since, since + days), cut to what has passed on both sides."""

    since: date
    days: int
    changes: tuple[Change, ...]


def effect(version: StrategyVersion, *, days: int, today: date, zone: str) -> Effect | None:
    """None for a version that has not been in force for a whole day. days: one of DAYS, at most as many as passed."""
    since = version.active_from
    if since is None or version.status not in ("active", "retired") or since >= today:
        return None
    passed = min(days, (today - since).days)
    scopes = [Scope(start=start, end=start + timedelta(days=passed), today=today, zone=zone) for start in (since - timedelta(days=passed), since)]
    before, after = (_values(scope) for scope in scopes)
    keys = sorted({*before, *after}, key=lambda key: (SHOWN.index(key[0]), key[1]))
    return Effect(since, passed, tuple(_change(key, before.get(key), after.get(key)) for key in keys))


def _values(scope: Scope) -> dict[tuple[str, str], Decimal | None]:
    return {(row.kpi, row.group.get("currency", "")): row.value for row in measured(SHOWN, scope) if row.has_data}


def _change(key: tuple[str, str], before: Decimal | None, after: Decimal | None) -> Change:
    moved = 0 if before is None or after is None else (after > before) - (after < before)
    better = {1: BETTER_UP, -1: BETTER_DOWN}.get(moved, frozenset())
    worse = {1: BETTER_DOWN, -1: BETTER_UP}.get(moved, frozenset())
    return Change(KPIS[key[0]], key[1], before, after, "ok" if key[0] in better else "bad" if key[0] in worse else "")
