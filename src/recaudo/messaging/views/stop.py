"""The public page of every message: «no deseo recibir», «no soy esta persona», «prefiero otro horario». Nothing about a debt, nor a name."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.problems import NotFound, Problem
from recaudo.messaging import services
from recaudo.messaging.models import Message
from recaudo.messaging.services import StopLink
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Consent, ContactPoint
from recaudo.store import tenancy
from recaudo.ui.access import everyone

TIMES = {"morning": "por la mañana", "afternoon": "por la tarde", "evening": "al final del día"}
CHOICES = frozenset({"stop", "not_me", *TIMES})
WISHES_A_DAY = 10


class TooManyWishes(Problem):
    code = "too_many_wishes"
    message = "Hoy ya nos dijo varias veces cuándo prefiere que le contactemos. Vale lo último; vuelva mañana si quiere cambiarlo."
    status = 429


@everyone
@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    try:
        link = services.read_link(token, on=timezone.now().date())
    except NotFound:
        return _gone(request)
    choice = request.POST.get("choice", "")
    if request.method == "POST" and choice in CHOICES:
        return _done(request, link, choice)
    return render(request, "messaging/stop.html", {"channel": CHANNEL_ES.get(link.channel, link.channel), "times": TIMES, "token": token})


@everyone
@require_http_methods(["GET", "POST"])
def not_me(request: HttpRequest, token: str) -> HttpResponse:
    """The page with one question. Looking at it changes nothing; one press does."""
    try:
        link = services.read_link(token, on=timezone.now().date())
    except NotFound:
        return _gone(request)
    if request.method == "POST":
        return _done(request, link, "not_me")
    return render(request, "messaging/not_me.html", {"channel": CHANNEL_ES.get(link.channel, link.channel), "token": token})


@csrf_exempt
@everyone
@require_http_methods(["GET", "POST"])
def one_click(request: HttpRequest, token: str) -> HttpResponse:
    """What a mail program posts by itself (RFC 8058): it carries no cookie and no token of ours, the signed address is the proof.

    Whoever opens the address instead gets the page that asks: programs that only look must not stop anything.
    """
    if request.method == "GET":
        return redirect("messaging:stop", token)
    try:
        link = services.read_link(token, on=timezone.now().date())
    except NotFound:
        return _gone(request)
    return _done(request, link, "stop")


def _done(request: HttpRequest, link: StopLink, choice: str) -> HttpResponse:
    with tenancy.acting(link.tenant_id):
        point = ContactPoint.objects.select_related("person").filter(id=link.point_id).first()
        if point is None:
            return _gone(request)
        _apply(link, point, choice, at=timezone.now())
    return render(request, "messaging/stop_done.html", {"choice": choice, "channel": CHANNEL_ES.get(link.channel, link.channel)})


def _apply(link: StopLink, point: ContactPoint, choice: str, *, at: datetime) -> None:
    """What was pressed, once: «no soy yo» stops the tenant's whole traffic for a moment, and a link may be posted to without end."""
    if choice == "not_me":
        if portfolio.quarantine_of(point) is None:
            services.wrong_person(point=point, channel=link.channel, at=at)
        return
    if choice == "stop":
        if not _is_stopped(link, point):
            services.opt_out(point=point, channel=link.channel, at=at)
        return
    text = f"Prefiere que se le contacte {TIMES[choice]} (lo pidió en la página de bajas)."
    said = Message.objects.filter(contact_point_id=point.id, direction="in", provider="web", created_at__gt=at - timedelta(days=1))
    newest = said.order_by("-created_at", "-id").first()
    if newest is not None and newest.body == text:
        return
    if said.count() >= WISHES_A_DAY:
        raise TooManyWishes()
    services.receive(point=point, channel=link.channel, provider="web", text=text, at=at)


def _is_stopped(link: StopLink, point: ContactPoint) -> bool:
    stopped = Consent.objects.filter(
        person_id=point.person_id, kind="channel_optout", channels__contains=[link.channel], creditor_id=None, contact_point_id=None, revoked_at=None
    )
    return stopped.exists()


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "messaging/stop_gone.html", status=404)
