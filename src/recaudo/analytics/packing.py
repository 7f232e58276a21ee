"""Rows of engine.measure and scopes as JSON and back, exactly: a decimal stays the decimal that it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from recaudo.analytics.queries import Scope
from recaudo.engine.measure import Row

Lists = dict[str, list[Row]]


def pack(lists: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    """Lists of rows by name as JSON keeps them."""
    return {name: [_packed(row) for row in rows] for name, rows in lists.items()}


def unpack(kept: Mapping[str, Any]) -> Lists:
    """The same lists again."""
    return {name: [_unpacked(row) for row in rows] for name, rows in kept.items()}


def pack_scope(scope: Scope) -> dict[str, Any]:
    """A scope as the arguments of a job; ids and days, no personal data."""
    return {name: str(value) if isinstance(value, date | UUID) else value for name, value in asdict(scope).items()}


def unpack_scope(kept: Mapping[str, Any]) -> Scope:
    given = dict(kept)
    for name in ("start", "end", "today"):
        given[name] = date.fromisoformat(given[name])
    for name in ("portfolio_id", "creditor_id", "agent_id"):
        given[name] = UUID(given[name]) if given[name] else None
    return Scope(**given)


def _packed(row: Row) -> list[Any]:
    group = {name: _value(value) for name, value in row.group.items()}
    return [row.kpi, group, _value(row.numerator), _value(row.denominator), _value(row.value), row.has_data]


def _unpacked(kept: list[Any]) -> Row:
    kpi, group, numerator, denominator, value, has_data = kept
    return Row(kpi, {name: _thing(one) for name, one in group.items()}, _thing(numerator), _thing(denominator), _thing(value), has_data)


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    return {"day": value.isoformat()} if isinstance(value, date) else value


def _thing(kept: Any) -> Any:
    if not isinstance(kept, dict):
        return kept
    return Decimal(kept["decimal"]) if "decimal" in kept else date.fromisoformat(kept["day"])
