"""The programs' interface: one router per context, signing in by token or session, errors as problem+json.

Every error is {"type", "title", "status"}, in Spanish; validation adds "fields". What an operation began is rolled back when it
answers with an error.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import django_auth

from recaudo.kernel.problems import NotAllowed, NotFound, Problem
from recaudo.portfolio.api import router as portfolio
from recaudo.ui.access import allow

log = logging.getLogger("recaudo.api")


def program(request: HttpRequest) -> Any:
    """Whoever a token signed in (project/middleware.py): no cookie, so no forgery to guard against."""
    return request.user if getattr(request, "is_program", False) else None


api = NinjaAPI(title="recaudo", version="1", auth=[program, django_auth], docs_url=None, docs_decorator=allow("api.use"), urls_namespace="api")
api.add_router("", portfolio)


def _answer(code: str, title: str, status: int, **more: Any) -> HttpResponse:
    body = {"type": code, "title": title, "status": status, **more}
    return JsonResponse(body, status=status, content_type="application/problem+json")


def _undo() -> None:
    """Errors are answered inside the view, so its transaction would commit what was begun."""
    if transaction.get_connection().in_atomic_block:
        transaction.set_rollback(True)


@api.exception_handler(Problem)
def _problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    _undo()
    return _answer(problem.code, problem.text, problem.status)


@api.exception_handler(AuthenticationError)
def _not_signed_in(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return _answer("not_signed_in", "Inicie sesión o envíe su ficha de acceso para usar la interfaz de programas.", 401)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    _undo()
    # Which field and which rule; never the value, it may be personal.
    fields = [{"field": ".".join(str(part) for part in one["loc"][1:]), "rule": one["type"]} for one in error.errors]
    names = ", ".join(sorted({field["field"] for field in fields})) or "cuerpo"
    return _answer("invalid_request", f"La petición tiene campos que no se entienden: {names}.", 422, fields=fields)


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    _undo()
    return _answer(NotFound.code, NotFound.message, 404)


@api.exception_handler(HttpError)
def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    _undo()
    if error.status_code == 403:
        return _answer(NotAllowed.code, NotAllowed.message, 403)
    title = "No se pudo leer la petición: el cuerpo no es JSON válido." if error.status_code == 400 else "La petición no se aceptó."
    return _answer("bad_request", title, error.status_code)


@api.exception_handler(Exception)
def _failed(request: HttpRequest, error: Exception) -> HttpResponse:
    _undo()
    log.exception("API: unexpected error")
    return _answer("unexpected", "Algo falló de nuestro lado; no se guardó nada. Vuelva a intentarlo.", 500)
