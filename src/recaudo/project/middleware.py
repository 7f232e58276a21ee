"""What every request passes: headers, the tenant it acts in, and problems turned into pages."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from recaudo.kernel.problems import NotAllowed, Problem
from recaudo.store import tenancy
from recaudo.ui.access import OPEN, SIGNED_IN
from recaudo.ui.context import home_of
from recaudo.workforce import queries as workforce
from recaudo.workforce import services as programs

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# Signing in, signing out, resetting a password, accepting an invitation: the tenant is not known yet.
IDENTITY_PATHS = ("/cuenta/", "/invitacion/")
BEGUN, SEEN = "begun_at", "seen_at"
SEEN_EVERY_SECONDS = 60
# A whole form with a paper or a strategy (20 MB each); the files of accounts have a limit of their own.
LARGEST_BODY = 25 * 1024 * 1024
UPLOADS = "/cargas/"


class BodyTooLarge(Problem):
    code = "body_too_large"
    message = "Lo que se envió pesa más de lo que esta página admite."
    status = 413


class TokenNotValid(Problem):
    code = "token_not_valid"
    message = "La ficha de acceso no existe, venció o fue revocada. Pida una nueva a su administrador."
    status = 401


class SecurityHeaders:
    """Strict content policy on every answer; downloads are never sniffed."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", settings.CSP)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class BodyLimit:
    """Refuse a body by the size it announces, before anything of it is kept on disk: Django's own limits leave files out."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        size = request.META.get("CONTENT_LENGTH") or "0"
        announced = int(size) if size.isascii() and size.isdigit() and len(size) < 30 else 0
        if announced > settings.DATA_UPLOAD_MAX_MEMORY_SIZE and announced > self._limit(request):
            return problem_page(request, BodyTooLarge())
        return self.get_response(request)

    @staticmethod
    def _limit(request: HttpRequest) -> int:
        user: Any = request.user
        if not user.is_authenticated:
            return settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if request.path.startswith(UPLOADS) and user.may("intake.load"):
            return int(settings.MAX_UPLOAD_BYTES) + LARGEST_BODY
        return LARGEST_BODY


class Program:
    """A program signs in with the token of its `Authorization: Bearer` header, on the programs' interface only."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if request.path.startswith("/api/") and scheme.casefold() == "bearer":
            user = programs.program_of(secret.strip(), at=timezone.now())
            if user is None:
                return problem_page(request, TokenNotValid())
            request.user, request.is_program = user, True  # type: ignore[attr-defined, assignment]
        return self.get_response(request)


class ActingTenant:
    """Run the request inside the tenant (and agency) of the person who signed in, in one transaction.

    A view must say which permission it needs (`ui.access.allow`) or that it is open; one that says nothing is refused.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(settings.STATIC_URL):
            return self.get_response(request)
        user = request.user
        if request.path.startswith(IDENTITY_PATHS):
            with tenancy.identifying():
                return self._as(user, request)
        return self._as(user, request)

    def _as(self, user: Any, request: HttpRequest) -> HttpResponseBase:
        if not user.is_authenticated:
            return self.get_response(request)
        with tenancy.acting(user.tenant_id, user.agency_id):
            if not getattr(request, "is_program", False) and self._is_over(request):
                logout(request)
                return redirect_to_login(request.get_full_path())
            organisation = workforce.organisation(user.tenant_id)
            request.organisation, request.zone = organisation, organisation.zone  # type: ignore[attr-defined]
            return self.get_response(request)

    @staticmethod
    def _is_over(request: HttpRequest) -> bool:
        """Whether the session is too old, or nothing was asked for too long; else keep the time of this request.

        The time is written at most once a minute, so that reads stay reads. The session's own expiry would move with
        every write: its beginning is kept apart.
        """
        session, now = request.session, int(time.time())
        begun, seen = session.get(BEGUN), session.get(SEEN)
        if begun is None or seen is None:
            session[BEGUN] = session[SEEN] = now
            return False
        if now - begun > settings.SESSION_COOKIE_AGE or now - seen > settings.SESSION_IDLE_SECONDS:
            return True
        if now - seen >= SEEN_EVERY_SECONDS:
            session[SEEN] = now
        return False

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        permission = getattr(view, "permission", None)
        if permission == OPEN or view.__module__.startswith(("allauth.", "ninja.")):
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if permission == SIGNED_IN:
            return None
        if permission is None or not any(request.user.may(name) for name in permission.split("|")):
            return redirect(home_of(request.user)) if request.path == "/" else problem_page(request, NotAllowed())
        return None


class Problems:
    """A Problem raised by a service becomes a page, a fragment or problem+json with its status."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code >= 400 and request.path.startswith("/api/") and "json" not in response.get("Content-Type", ""):
            # What never reached an operation: no such address, a method that it does not take, a missing token.
            return _as_json(WORDS.get(response.status_code, "La petición no se aceptó."), response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        return problem_page(request, exception) if isinstance(exception, Problem) else None


WORDS = {
    403: "Falta la ficha que protege la petición (CSRF) o no tiene permiso.",
    404: "Esa dirección no existe.",
    405: "Esa dirección no acepta ese método.",
}


def _as_json(title: str, response: HttpResponseBase) -> HttpResponse:
    body = {"type": "bad_request", "title": title, "status": response.status_code}
    told = JsonResponse(body, status=response.status_code, content_type="application/problem+json")
    if "Allow" in response:
        told["Allow"] = response["Allow"]
    return told


def problem_page(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The answer to a Problem, in the form the caller understands."""
    if request.path.startswith("/api/"):
        return JsonResponse(
            {"type": problem.code, "title": problem.text, "status": problem.status},
            status=problem.status, content_type="application/problem+json",
        )
    template = "ui/_problem.html" if getattr(request, "htmx", False) else "ui/problem.html"
    return render(request, template, {"problem": problem}, status=problem.status)
