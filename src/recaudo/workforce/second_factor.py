"""Wrong codes of the second step are counted like wrong passwords: in the database, for all processes.

A code has six digits; without a limit whoever knows the password would find it. Passwords are counted by address and person, so
that nobody locks out another; codes by person alone, for only who knows the password gets this far.
"""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from axes.handlers.proxy import AxesProxyHandler
from django import forms
from django.http import HttpRequest
from django.utils import timezone

from recaudo.workforce import services

MARK = "2fa:"
TOO_MANY = "Demasiados códigos equivocados. Espere una hora o pida ayuda a su administrador."


def counted_by(request: HttpRequest, credentials: dict[str, Any] | None = None) -> list[Any]:
    """What a lock holds to: the second step by person, everything else by person and address."""
    given = (credentials or {}).get("email") or (credentials or {}).get("username") or ""
    return ["username"] if str(given).startswith(MARK) else [["username", "ip_address"]]


class _Counted(forms.Form):
    """Mixed into allauth's forms, which check the code."""

    user: Any

    def clean_code(self) -> str:
        request, credentials = context.request, {"email": f"{MARK}{self.user.pk}"}
        if not AxesProxyHandler.is_allowed(request, credentials):
            raise forms.ValidationError(TOO_MANY)
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except forms.ValidationError:
            AxesProxyHandler.user_login_failed(sender=type(self), credentials=credentials, request=request)
            services.note_failed_sign_in(self.user.email, at=timezone.now())
            raise
        AxesProxyHandler.reset_attempts(username=credentials["email"])
        return code


class CountedAuthenticate(_Counted, AuthenticateForm):
    """The second step of signing in."""


class CountedReauthenticate(_Counted, ReauthenticateForm):
    """The second step asked for again before something grave."""
