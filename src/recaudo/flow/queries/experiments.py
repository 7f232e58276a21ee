"""What the pages of experiments ask: how many persons there are to draw, who decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

import duckdb

from recaudo.engine.facts import FACTS
from recaudo.flow.models import Run
from recaudo.strategy import queries as strategy
from recaudo.strategy.models import Experiment, Snapshot
from recaudo.strategy.queries.snapshots import present, quoted
from recaudo.workforce.models import User


def persons(scope: Mapping[str, Sequence[str]]) -> int:
    """Persons of the newest snapshot who owe something overdue within a scope and whose accounts are not at an agency."""
    snapshot = _newest()
    if snapshot is None:
        return 0
    parts: list[str] = ["overdue_minor > 0"]
    values: dict[str, list[str]] = {}
    for fact, wanted in scope.items():
        if fact in FACTS and wanted:
            parts.append(f"list_contains(${fact}, {quoted(fact)})")
            values[fact] = list(wanted)
    text = (
        "SELECT count(*) FROM (SELECT person_id FROM read_parquet($path) GROUP BY person_id"
        f" HAVING bool_or({' AND '.join(parts)}) AND NOT bool_or(placed_with_agency))"
    )
    with duckdb.connect() as db:
        return int(db.execute(text, {"path": present(snapshot), **values}).fetchall()[0][0])


def countries() -> list[str]:
    """The countries of the newest snapshot's accounts."""
    snapshot = _newest()
    return sorted(strategy.snapshot_counts(snapshot, by="country")) if snapshot else []


def first_day(today: date) -> date:
    """The first day that still can draw for an experiment that is approved now: today's, or tomorrow's once today's has begun."""
    has_begun = Run.objects.filter(on=today).exclude(status="failed").exists()
    return today + timedelta(days=1) if has_begun else today


def people(one: Experiment) -> dict[UUID, str]:
    """The names of who proposed, decided and stopped it."""
    ids = {key for key in (one.created_by_id, one.decided_by_id, one.stopped_by_id) if key}
    return dict(User.objects.filter(pk__in=ids).values_list("id", "name"))


def _newest() -> Snapshot | None:
    found: Snapshot | None = strategy.snapshots().first()
    return found if found and strategy.is_kept(found) else None
