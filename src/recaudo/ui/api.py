"""What every operation of the programs' interface says first: which permission it needs.

Signing in is by token, or the session's (with its CSRF check); `api.use` opens the interface, the operation's own permission the operation.
"""

from __future__ import annotations

from django.http import HttpRequest

from recaudo.kernel.problems import NotAllowed


def need(request: HttpRequest, permission: str) -> None:
    """Raises NotAllowed unless whoever is signed in may use the interface and has the permission."""
    if not (request.user.may("api.use") and request.user.may(permission)):
        raise NotAllowed()
