"""What every page needs: the menu of the person who looks, the zone, the theme."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from recaudo.ui.navigation import MENU


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of the base page."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"menu": [], "zone": "UTC"}
    groups: dict[str, list[dict[str, Any]]] = {}
    for entry in MENU:
        if not any(user.may(name) for name in entry.permission.split("|")):
            continue
        try:
            url = reverse(entry.name)
        except NoReverseMatch:
            continue
        current = request.path == url or (url != "/" and request.path.startswith(url))
        groups.setdefault(entry.group, []).append({"entry": entry, "url": url, "current": current})
    return {"menu": list(groups.items()), "zone": getattr(request, "zone", "UTC"), "theme": user.theme}
