"""Reads of strategies: which version is in force, what changed, what a past day decided for one account."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import duckdb
from django.core.files.storage import storages
from django.db.models import QuerySet

from recaudo.kernel.problems import Problem
from recaudo.strategy.models import Snapshot, Strategy, StrategyVersion


class NoStrategy(Problem):
    code = "no_strategy"
    message = "No hay una estrategia en vigor. Apruebe una versión en Estrategia y póngala en vigor."
    status = 409


def active_version(code: str = "collections") -> StrategyVersion:
    """The version in force of a strategy. Raises NoStrategy."""
    version = StrategyVersion.objects.select_related("strategy").filter(strategy__code=code, status="active").first()
    if version is None:
        raise NoStrategy()
    found: StrategyVersion = version
    return found


def strategies() -> QuerySet[Strategy]:
    return Strategy.objects.order_by("name").prefetch_related("versions")


def snapshots() -> QuerySet[Snapshot]:
    return Snapshot.objects.select_related("version", "version__strategy").order_by("-on")


def snapshot_row(account_id: UUID, *, on: date | None = None) -> tuple[Snapshot, dict[str, Any]] | None:
    """What was known and decided of one account on a day (the newest one by default): the row of the snapshot."""
    found = snapshots()
    snapshot = (found.filter(on=on) if on else found).first()
    if snapshot is None or not storages["snapshots"].exists(snapshot.key):
        return None
    with duckdb.connect() as db:
        table = db.execute(
            "SELECT * FROM read_parquet($path) WHERE account_id = $account::UUID",
            {"path": _path(snapshot), "account": str(account_id)},
        ).to_arrow_table()
    rows = table.to_pylist()
    return (snapshot, rows[0]) if rows else None


def _path(snapshot: Snapshot) -> str:
    return str(storages["snapshots"].path(snapshot.key))
