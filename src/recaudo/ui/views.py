"""Pages that belong to no context: help, and what is shown when something is not there or went wrong."""

from __future__ import annotations

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from recaudo.ui.access import everyone, staff
from recaudo.ui.context import address, home_of, may_open
from recaudo.ui.help import SECTIONS, WORDS


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "ui/not_found.html", status=404)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "ui/forbidden.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "ui/csrf.html", status=403)


@everyone
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The root: where the person's role starts, or the way in."""
    if not request.user.is_authenticated:
        return redirect(settings.LOGIN_URL)
    return HttpResponseRedirect(home_of(request.user))


@staff
@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """What the person may do, and where."""
    sections = []
    for section in SECTIONS:
        topics = [
            (topic, address(topic.name) if topic.name else "")
            for topic in section.topics
            if may_open(topic.permission, request.user.permissions) and (not topic.name or address(topic.name))
        ]
        if topics:
            sections.append((section, topics))
    return render(request, "ui/help.html", {"sections": sections, "words": WORDS})


def server_error(request: HttpRequest) -> HttpResponse:
    # No context processors: they may need the database that just failed.
    return HttpResponse(ERROR_PAGE, status=500)


@everyone
def health(request: HttpRequest) -> HttpResponse:
    """For a load balancer: the process answers. Whether the rest is well is `recaudo doctor`'s business."""
    return HttpResponse("ok", content_type="text/plain")


@everyone
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """What a browser asks for on its own, where no page named the picture."""
    return redirect(staticfiles_storage.url("ui/icon.svg"))


ERROR_PAGE = (
    '<!doctype html><html lang="es"><head><meta charset="utf-8"><title>Error · recaudo</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<link rel="stylesheet" href="/static/vendor/app.css"></head><body><div class="auth"><main class="auth-card"><h1>Algo falló de nuestro lado</h1>'
    "<p>No se guardó nada a medias. Vuelva a intentarlo; si se repite, avise a su administrador con la hora exacta.</p>"
    '<p><a class="btn btn-primary" href="/">Volver al inicio</a></p></main></div></body></html>'
)
