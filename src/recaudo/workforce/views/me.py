"""The own account."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from recaudo.journal import queries as journal
from recaudo.kernel.permissions import PERMISSIONS, ROLES
from recaudo.ui.access import staff
from recaudo.workforce import queries, services


@staff
@require_safe
def me(request: HttpRequest) -> HttpResponse:
    person = queries.staff().get(pk=request.user.pk)
    context = {
        "person": person,
        "roles": [ROLES[code] for code in person.roles if code in ROLES],
        "permissions": [PERMISSIONS[name] for name in PERMISSIONS if name in person.permissions],
        "events": [(event, journal.title(event)) for event in journal.trail(subject_id=person.id, name="user.")[:10]],
    }
    return render(request, "workforce/me.html", context)


@staff
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    services.set_theme(request.user, theme=request.POST.get("theme", ""), by=request.user, at=timezone.now())
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return redirect(back if is_ours else "workforce:me")


@staff
@require_POST
def close_sessions(request: HttpRequest) -> HttpResponse:
    services.close_sessions(request.user, by=request.user, at=timezone.now())
    logout(request)
    messages.success(request, "Se cerraron todas sus sesiones. Entre de nuevo.")
    return redirect("account_login")
