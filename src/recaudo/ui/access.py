"""Who may open a view: said on the view itself, checked before it runs (project/middleware.py).

    @allow("portfolio.view")
    def accounts(request): ...

`allow("a.b|c.d")` needs either. A view without a word is refused, so nothing is open by forgetting.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from recaudo.kernel.permissions import PERMISSIONS

OPEN = "open"
SIGNED_IN = "signed_in"

View = TypeVar("View", bound=Callable[..., Any])


def allow(permission: str) -> Callable[[View], View]:
    """Mark a view with the permission(s) it needs. Raises ValueError for one that does not exist."""
    unknown = set(permission.split("|")) - PERMISSIONS.keys() - {OPEN, SIGNED_IN}
    if unknown:
        raise ValueError(f"unknown permission: {unknown}")

    def mark(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        return view

    return mark


def everyone(view: View) -> View:
    """Mark a view as open to people who are not signed in. The allow-list is tested."""
    view.permission = OPEN  # type: ignore[attr-defined]
    return view


def staff(view: View) -> View:
    """Mark a view as for whoever is signed in, whatever the role: one's own account."""
    view.permission = SIGNED_IN  # type: ignore[attr-defined]
    return view
