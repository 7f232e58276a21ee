"""Reads of simulations: those that are kept, and the accounts behind their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
from django.core.files.storage import storages
from django.db.models import QuerySet

from recaudo.flow.models import WhatIf
from recaudo.kernel.problems import NotFound, Problem
from recaudo.portfolio.models import Account
from recaudo.strategy.queries.snapshots import quoted

# What two versions may decide differently, in the order of the report; and what becomes of an account.
DIMENSIONS = ("segment", "treatment", "channel", "fallback_channel", "offer", "template")
PAST = ("outcome", "refused_rule", "planned_channel", "priority")
# Columns of the lists that may narrow them.
FILTERS = tuple(f"{side}_{name}" for side in ("old", "new") for name in (*DIMENSIONS, "outcome", "refused_rule", "planned_channel"))
CHANGED = tuple(f"changed_{name}" for name in (*DIMENSIONS, "outcome"))
NOTHING = "-"


class ListsGone(Problem):
    code = "what_if_lists_gone"
    message = "Las listas de esta simulación ya no están en el almacén: repita la simulación."
    status = 404


@dataclass(frozen=True, slots=True)
class Line:
    """One account of a list: as it is now (none when it is out of reach), and its row."""

    account: Account | None
    row: dict[str, Any]


def what_ifs() -> QuerySet[WhatIf]:
    """Newest first."""
    return WhatIf.objects.order_by("-created_at")


def what_if_by_id(what_if_id: UUID) -> WhatIf:
    """Raises NotFound."""
    found: WhatIf | None = WhatIf.objects.filter(pk=what_if_id).first()
    if found is None:
        raise NotFound()
    return found


def count(found: WhatIf, where: Mapping[str, str]) -> int:
    """How many accounts fit. Raises ListsGone."""
    text, values = _where(where)
    with duckdb.connect() as db:
        return int(db.execute(f"SELECT count(*) FROM read_parquet($path) WHERE {text}", {"path": _path(found), **values}).fetchall()[0][0])


def lines(found: WhatIf, where: Mapping[str, str], *, after: str = "", limit: int) -> tuple[list[Line], str]:
    """A page of the accounts that fit, and the id that the next goes on from. Raises ListsGone."""
    rows = list(_rows(found, where, after=after, limit=limit + 1))
    page = rows[:limit]
    return _with_accounts(page), str(page[-1]["account_id"]) if len(rows) > limit else ""


def all_lines(found: WhatIf, where: Mapping[str, str]) -> Iterator[Line]:
    """Every account that fits, in chunks: for an export."""
    chunk: list[dict[str, Any]] = []
    for row in _rows(found, where):
        chunk.append(row)
        if len(chunk) == 2_000:
            yield from _with_accounts(chunk)
            chunk = []
    yield from _with_accounts(chunk)


def _rows(found: WhatIf, where: Mapping[str, str], *, after: str = "", limit: int | None = None) -> Iterator[dict[str, Any]]:
    text, values = _where(where)
    if after:
        text, values = f"{text} AND account_id::VARCHAR > $after", {**values, "after": after}
    query = f"SELECT * FROM read_parquet($path) WHERE {text} ORDER BY account_id" + (f" LIMIT {int(limit)}" if limit else "")
    with duckdb.connect() as db:
        reader: pa.RecordBatchReader = db.sql(query, params={"path": _path(found), **values}).to_arrow_reader(20_000)
        for batch in reader:
            yield from batch.to_pylist()


def _where(where: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The condition of a list; only names that are known, values bound."""
    parts: list[str] = ["true"]
    values: dict[str, str] = {}
    for name, value in where.items():
        if name in CHANGED and value:
            column = name.removeprefix("changed_")
            parts.append(f"{quoted('old_' + column)} IS DISTINCT FROM {quoted('new_' + column)}")
        elif name == "changed" and value:
            parts.append("(" + " OR ".join(f"{quoted('old_' + one)} IS DISTINCT FROM {quoted('new_' + one)}" for one in DIMENSIONS) + ")")
        elif name in FILTERS and value == NOTHING:
            parts.append(f"{quoted(name)} IS NULL")
        elif name in FILTERS and value:
            key = f"v{len(values)}"
            parts.append(f"{quoted(name)}::VARCHAR = ${key}")
            values[key] = value
    return " AND ".join(parts), values


def _path(found: WhatIf) -> str:
    storage = storages["snapshots"]
    if not found.key or not storage.exists(found.key):
        raise ListsGone()
    return str(storage.path(found.key))


def _with_accounts(rows: list[dict[str, Any]]) -> list[Line]:
    accounts = Account.objects.select_related("portfolio").in_bulk([UUID(str(row["account_id"])) for row in rows])
    return [Line(accounts.get(UUID(str(row["account_id"]))), row) for row in rows]
