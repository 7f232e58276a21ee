"""Addresses that are shown only to who may open them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, resolve, reverse

from recaudo.ui.access import OPEN, SIGNED_IN


def link(user: Any, name: str, *args: Any, **query: str) -> str:
    """The address of a page, or nothing when it does not exist or the person may not open it."""
    try:
        address = reverse(name, args=args)
    except NoReverseMatch:
        return ""
    permission = getattr(resolve(address).func, "permission", "")
    if permission not in {OPEN, SIGNED_IN} and not any(user.may(one) for one in permission.split("|")):
        return ""
    return f"{address}?{urlencode(query)}" if query else address
