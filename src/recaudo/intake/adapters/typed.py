"""Cells that have a type already, written as text the way the layout's cleaners expect."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any


def text_of(value: Any, decimal: str) -> str:
    """A typed cell as text: days as year-month-day, numbers with the declared decimal sign, no thousands groups."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return _float(value, decimal)
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", decimal)
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def _float(value: float, decimal: str) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value).replace(".", decimal)
