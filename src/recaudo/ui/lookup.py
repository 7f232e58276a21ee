"""Finding the one row an address names."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from recaudo.kernel.problems import NotFound


def one(rows: QuerySet[Any], **which: Any) -> Any:
    """The row, or NotFound: the answer is the same for what does not exist and for what is out of reach."""
    row = rows.filter(**which).first()
    if row is None:
        raise NotFound()
    return row
