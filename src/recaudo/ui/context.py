"""What every page needs: the menu of the person who looks, the organisation, the zone, the theme."""

from __future__ import annotations

from functools import cache, lru_cache, partial
from typing import Any

from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse

from recaudo.kernel.permissions import ROLES
from recaudo.ui.navigation import MENU, Entry

# The second key after "g"; one place, shown in the help dialog and put on the menu's links.
SHORTCUTS = {
    "today": "h", "desk:queue": "c", "desk:agenda": "a", "desk:accounts": "u", "intake:batches": "i", "portfolio:payments": "p",
    "strategy:strategies": "e", "analytics:kpis": "k", "journal:events": "b",
}  # fmt: skip

FILES = {
    "app_css": "vendor/app.css", "app_js": "vendor/app.js", "theme_js": "vendor/theme.js", "charts_js": "vendor/charts.js",
    "icon_svg": "ui/icon.svg",
}  # fmt: skip
# The bar at the bottom of a phone holds this many entries and a button for the rest.
PHONE_ENTRIES = 4


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of the base page."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {**_files(), "menu": [], "zone": "UTC", "theme": "auto", "layout": "ui/entrance.html"}
    current = _current(user.permissions, request.path)
    return {
        **_files(),
        "menu": menu_of(user.permissions, current),
        "sidebar": partial(_drawn, "ui/_sidebar.html", user.permissions, current),
        "shortcuts": partial(_drawn, "ui/_shortcuts.html", user.permissions, current),
        "zone": getattr(request, "zone", "UTC"),
        "organisation": getattr(request, "organisation", None),
        "notice": _notice(request),
        "theme": user.theme,
        "role_names": ", ".join(ROLES[code].name_es for code in user.roles if code in ROLES),
        "search_url": address("desk:accounts") if user.may("portfolio.view") else "",
        "search_value": request.GET.get("q", "") if request.path == address("desk:accounts") else "",
        "help_url": address("help"),
        "law_url": address("law:rules") if user.may("law.view") else "",
        "layout": "ui/base.html",
    }


Groups = tuple[tuple[str, list[dict[str, Any]]], ...]


@lru_cache(maxsize=500)
def menu_of(permissions: frozenset[str], current: str) -> Groups:
    """Groups of the menu with what these permissions open, as `current` (an address) sees it."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for at, (entry, url) in enumerate(_entries(permissions)):
        key = SHORTCUTS.get(entry.name, "")
        item = {"entry": entry, "url": url, "current": url == current, "shortcut": f"g {key}" if key else "", "keys": ["g", key] if key else []}
        item["on_phone"] = at < PHONE_ENTRIES
        groups.setdefault(entry.group, []).append(item)
    return tuple(groups.items())


@lru_cache(maxsize=1_000)
def _drawn(template: str, permissions: frozenset[str], current: str) -> str:
    """The menu as HTML: the same for everybody with the same rights on the same page, so it is drawn once."""
    return render_to_string(template, {"menu": menu_of(permissions, current)})


def _current(permissions: frozenset[str], path: str) -> str:
    """The address of the menu that is open. Of /cuentas/ and /cuentas/duplicados/ only the longest that fits."""
    fitting = [url for _, url in _entries(permissions) if path == url or (url != "/" and path.startswith(url))]
    return max(fitting, key=len, default="")


@lru_cache(maxsize=200)
def _entries(permissions: frozenset[str]) -> tuple[tuple[Entry, str], ...]:
    return tuple((entry, url) for entry in MENU if may_open(entry.permission, permissions) and (url := address(entry.name)))


@cache
def _files() -> dict[str, str]:
    return {name: staticfiles_storage.url(path) for name, path in FILES.items()}


def home_of(user: Any) -> str:
    """Where a person starts: the first page of the menu that the role opens, else the own account."""
    entries = _entries(user.permissions)
    return entries[0][1] if entries else reverse("workforce:me")


def may_open(permission: str, permissions: frozenset[str]) -> bool:
    """Whether one of several permissions («a|b») is among those that somebody has; an empty word is for everybody."""
    return not permission or not permissions.isdisjoint(permission.split("|"))


def _notice(request: HttpRequest) -> dict[str, str] | None:
    organisation = getattr(request, "organisation", None)
    if organisation is not None and organisation.is_demo:
        text = "Mundo de demostración: personas y contactos inventados; ningún mensaje sale de este equipo."
        return {"tone": "info", "icon": "info-circle", "text": text}
    return None


@lru_cache(maxsize=500)
def address(name: str) -> str:
    """The path of a URL name, empty while there is no such page."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
