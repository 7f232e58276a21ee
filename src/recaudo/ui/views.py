"""Pages that belong to no context: help, and what is shown when something is not there or went wrong."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from recaudo.ui.access import everyone


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "ui/not_found.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    # No context processors: they may need the database that just failed.
    return HttpResponse(ERROR_PAGE, status=500)


@everyone
def health(request: HttpRequest) -> HttpResponse:
    """For a load balancer: the process answers. Whether the rest is well is `recaudo doctor`'s business."""
    return HttpResponse("ok", content_type="text/plain")


ERROR_PAGE = (
    '<!doctype html><html lang="es"><head><meta charset="utf-8"><title>Error · recaudo</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<link rel="stylesheet" href="/static/vendor/app.css"></head><body class="d-flex align-items-center min-vh-100">'
    '<main class="container-tight py-4 text-center"><h1>Algo falló de nuestro lado</h1>'
    "<p>No se guardó nada a medias. Vuelva a intentarlo; si se repite, avise a su administrador con la hora exacta.</p>"
    '<p><a class="btn btn-primary" href="/">Volver al inicio</a></p></main></body></html>'
)
