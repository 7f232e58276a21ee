"""The shift: who works what, and handing work over."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from recaudo.casework import queries as casework
from recaudo.casework import services as cases
from recaudo.desk import queries, services
from recaudo.kernel.problems import NotFound
from recaudo.ui.access import allow
from recaudo.workforce.models import User

VIEWS = {"todos": "Todos los casos", "libres": "Sin responsable", "tomados": "En curso ahora", "persona": "De una persona"}
BACK = "-"


@allow("work.assign")
@require_safe
def team(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    start, end = queries.day_bounds(now, request.zone)
    shown = request.GET.get("ver", "todos")
    who = _uuid(request.GET.get("persona", ""))
    context = {
        "people": casework.worked_now(at=now, day_from=start, day_until=end),
        "cases": queries.shift_cases(shown, at=now, user_id=who),
        "views": [(code, label) for code, label in VIEWS.items() if code != "persona" or who],
        "shown": shown,
        "who": who,
        "now": now,
        "back": BACK,
    }
    return render(request, "desk/team.html", context)


@allow("work.assign")
@require_POST
def reassign(request: HttpRequest) -> HttpResponse:
    chosen = [one for one in map(_uuid, request.POST.getlist("caso")) if one]
    target = request.POST.get("para", "")
    to = None
    if target != BACK:
        to = User.objects.filter(id=_uuid(target), tenant_id=request.user.tenant_id).first()
        if to is None:
            raise NotFound()
    if not chosen:
        messages.error(request, "Elija al menos un caso.")
        return redirect("desk:team")
    count = cases.assign_cases(case_ids=chosen, to=to, by=request.user, at=timezone.now())
    messages.success(request, f"{count} {'caso pasó' if count == 1 else 'casos pasaron'} a {to.name if to else 'la cola de todos'}.")
    return redirect("desk:team")


@allow("work.assign")
@require_POST
def unlock(request: HttpRequest, case_id: UUID) -> HttpResponse:
    services.release(case_id, by=request.user, at=timezone.now(), force=True)
    messages.success(request, "Caso liberado.")
    return redirect("desk:team")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
