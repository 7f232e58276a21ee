"""The public page of every message: «no deseo recibir», «no soy esta persona», «prefiero otro horario». Nothing about a debt, nor a name."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.problems import NotFound
from recaudo.messaging import services
from recaudo.messaging.services import StopLink
from recaudo.store import tenancy
from recaudo.ui.access import everyone


@everyone
@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    try:
        link = services.read_link(token, on=timezone.now().date())
    except NotFound:
        return _gone(request)
    choice = request.POST.get("choice", "")
    if request.method == "POST" and choice in services.CHOICES:
        return _done(request, link, choice)
    return render(request, "messaging/stop.html", {"channel": CHANNEL_ES.get(link.channel, link.channel), "times": services.TIMES, "token": token})


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
    try:
        with tenancy.acting(link.tenant_id):
            services.press(link, choice, at=timezone.now())
    except NotFound:
        return _gone(request)
    return render(request, "messaging/stop_done.html", {"choice": choice, "channel": CHANNEL_ES.get(link.channel, link.channel)})


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "messaging/stop_gone.html", status=404)
