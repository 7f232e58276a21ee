"""Counts that are dear where there is much of a thing: kept for a moment by each process there, exact everywhere else.

A count over a portfolio of a thousand accounts costs nothing and is asked anew each time; over a million it takes a second, and a figure
of a minute ago says as much.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

from recaudo.store import tenancy

T = TypeVar("T")


def kept_when_large(name: str, make: Callable[[], T], *, size: Callable[[T], int], from_size: int, seconds: int) -> T:
    """What `make` gives; kept so many seconds for the same tenant, agency and name where it is large.

    size, from_size   how large the answer says that the thing is, and from which size on it is kept
    Raises            NoTenant
    """
    key = f"store.kept.{tenancy.tenant_id()}.{tenancy.agency_id()}.{name}"
    found: T | None = cache.get(key)
    if found is None:
        found = make()
        if size(found) >= from_size:
            cache.set(key, found, seconds)
    return found
