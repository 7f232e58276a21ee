"""Tokens with which programs sign in: issued once, shown once, revoked at once."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from recaudo.kernel.problems import NotFound, Problem
from recaudo.ui.access import allow
from recaudo.workforce import queries, services
from recaudo.workforce.forms import TokenForm
from recaudo.workforce.models import ApiToken


@allow("user.edit")
@require_POST
def issue(request: HttpRequest, user_id: UUID) -> HttpResponse:
    person = queries.staff(is_active=None).filter(pk=user_id).first()
    if person is None:
        raise NotFound()
    form = TokenForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Diga qué sistema usará la ficha y por cuánto tiempo.")
        return redirect("workforce:user", user_id=user_id)
    try:
        token, secret = services.issue_token(
            person, name=form.cleaned_data["name"], days=form.cleaned_data["days"], by=request.user, at=timezone.now()
        )
    except Problem as problem:
        messages.error(request, problem.text)
        return redirect("workforce:user", user_id=user_id)
    return render(request, "workforce/token_issued.html", {"token": token, "secret": secret, "person": person})


@allow("user.edit")
@require_POST
def revoke(request: HttpRequest, token_id: UUID) -> HttpResponse:
    token = ApiToken.objects.filter(pk=token_id).first()
    if token is None:
        raise NotFound()
    services.revoke_token(token, by=request.user, at=timezone.now())
    messages.success(request, "La ficha ya no sirve: el sistema queda fuera desde su próxima petición.")
    return redirect("workforce:user", user_id=token.user_id)
