"""Where providers call us. Whoever calls is nobody to us until the signature holds; nothing is said about what is unknown."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from recaudo.kernel.problems import Problem
from recaudo.messaging import services
from recaudo.ui.access import everyone

LARGEST_CALL = 256 * 1024


class CallTooLarge(Problem):
    code = "webhook_too_large"
    message = "El aviso pesa más de 256 KB."
    status = 413


@csrf_exempt
@transaction.non_atomic_requests
@everyone
@require_http_methods(["GET", "POST"])
def hook(request: HttpRequest, channel: str, provider: str, slug: str) -> HttpResponse:
    """Meta registers an address with a GET that must be echoed; everything else is news."""
    try:
        if request.method == "GET":
            return HttpResponse(services.challenge(channel, provider, slug, request.GET.dict()), content_type="text/plain")
        return _news(request, channel, provider, slug)
    except Problem as problem:
        # A program reads this: no page, no redirect.
        return JsonResponse({"code": problem.code, "detail": str(problem)}, status=problem.status, content_type="application/problem+json")


def _news(request: HttpRequest, channel: str, provider: str, slug: str) -> HttpResponse:
    if len(request.body) > LARGEST_CALL:  # what announces more than a form may hold was refused before it was read
        raise CallTooLarge()
    headers = {name.lower(): value for name, value in request.headers.items()}
    taken = services.take(slug, channel=channel, provider=provider, headers=headers, body=request.body, at=timezone.now())
    return JsonResponse({"news": taken.news})
