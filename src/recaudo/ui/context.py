"""What every page needs: the menu of the person who looks, the organisation, the zone, the theme."""

from __future__ import annotations

from typing import Any

from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from recaudo.kernel.permissions import ROLES
from recaudo.ui.navigation import MENU

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
    files = {name: staticfiles_storage.url(path) for name, path in FILES.items()}
    if user is None or not user.is_authenticated:
        return {**files, "menu": [], "zone": "UTC", "theme": "auto", "layout": "ui/entrance.html"}
    groups, shortcuts = menu_of(user, request.path)
    return {
        **files,
        "menu": groups,
        "shortcuts": shortcuts,
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


def menu_of(user: Any, path: str) -> tuple[list[tuple[str, list[dict[str, Any]]]], list[dict[str, Any]]]:
    """Groups of the menu with what the user may open, and the shortcuts that lead there."""
    groups: dict[str, list[dict[str, Any]]] = {}
    shortcuts = []
    entries = [(entry, url) for entry in MENU if may_open(entry.permission, user) and (url := address(entry.name))]
    # Of /cuentas/ and /cuentas/duplicados/ only the longest that fits is the current one.
    fitting = [url for _, url in entries if path == url or (url != "/" and path.startswith(url))]
    current = max(fitting, key=len, default="")
    for at, (entry, url) in enumerate(entries):
        key = SHORTCUTS.get(entry.name, "")
        item = {"entry": entry, "url": url, "current": url == current, "shortcut": f"g {key}" if key else ""}
        item["on_phone"] = at < PHONE_ENTRIES
        groups.setdefault(entry.group, []).append(item)
        if key:
            shortcuts.append({"keys": ["g", key], "label": entry.label})
    return list(groups.items()), shortcuts


def home_of(user: Any) -> str:
    """Where a person starts: the first page of the menu that the role opens, else the own account."""
    for entry in MENU:
        if may_open(entry.permission, user) and (url := address(entry.name)):
            return url
    return reverse("workforce:me")


def may_open(permission: str, user: Any) -> bool:
    """Whether the user has either of several permissions; an empty word is for everybody."""
    return not permission or any(user.may(name) for name in permission.split("|"))


def _notice(request: HttpRequest) -> dict[str, str] | None:
    organisation = getattr(request, "organisation", None)
    if organisation is not None and organisation.is_demo:
        text = "Mundo de demostración: personas y contactos inventados; ningún mensaje sale de este equipo."
        return {"tone": "info", "icon": "info-circle", "text": text}
    return None


def address(name: str) -> str:
    """The path of a URL name, empty while there is no such page."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
