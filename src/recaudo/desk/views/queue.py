"""The agent's queue and agenda."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from recaudo.casework import queries as casework
from recaudo.casework.services import Taken
from recaudo.desk import queries, services
from recaudo.portfolio.models import Account
from recaudo.ui.access import allow

COMING = 5


@allow("work.take")
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    start, end = queries.day_bounds(now, request.zone)
    counts = casework.desk_counts(request.user.id, at=now, day_from=start, day_until=end)
    context = {
        "counts": counts,
        "locked": queries.own_lock(request.user.id, at=now),
        "coming": queries.coming_callbacks(request.user.id, until=end)[:COMING],
        "pauses": [(pause, casework.pause_scope(pause.scope)) for pause in casework.open_pauses()],
        "waiting": f"más de {counts.waiting}" if counts.is_capped else counts.waiting,
    }
    return render(request, "desk/queue.html", context)


@allow("work.take")
@require_POST
def next_case(request: HttpRequest) -> HttpResponse:
    return go(request, services.get_next(by=request.user, at=timezone.now()))


@allow("work.take")
@require_POST
def release(request: HttpRequest, case_id: UUID) -> HttpResponse:
    services.release(case_id, by=request.user, at=timezone.now())
    messages.info(request, "Caso liberado: vuelve a la cola.")
    return redirect("desk:queue")


@allow("work.take")
@require_safe
def agenda(request: HttpRequest) -> HttpResponse:
    everybody = request.GET.get("de") == "todos" and request.user.may("work.assign")
    now = timezone.now()
    context = {
        "days": queries.agenda(request.user.id, at=now, zone=request.zone, everybody=everybody),
        "everybody": everybody,
        "today": now,
    }
    return render(request, "desk/agenda.html", context)


def go(request: HttpRequest, taken: Taken | None) -> HttpResponse:
    """To the account of the case that was taken, or back to the queue with the news that there is none."""
    if taken is None:
        messages.info(request, "No hay llamadas permitidas en este momento. Vuelva a intentarlo más tarde o revise su agenda.")
        return redirect("desk:queue")
    account_id = taken.action.account_id or Account.objects.filter(holder_id=taken.action.person_id).order_by("-dpd").values_list("id", flat=True).first()
    return redirect(reverse("desk:account", args=[account_id])) if account_id else redirect("desk:queue")
