"""Signing in: the only place where a person is looked up before the tenant is known."""

from __future__ import annotations

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from recaudo.store import tenancy
from recaudo.store.fields import decrypt, encrypt
from recaudo.ui.context import home_of
from recaudo.workforce.models import User


class StaffBackend(AuthenticationBackend):
    """E-mail and password, across tenants."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        with tenancy.identifying():
            found: User | None = super().authenticate(request, **credentials)
            return found

    def get_user(self, user_id: Any) -> User | None:
        with tenancy.identifying():
            user: User | None = super().get_user(user_id)
            return user


class StaffAccounts(DefaultAccountAdapter):
    """Nobody signs up by themselves: people are invited. Links in e-mails lead to the public address, whatever Host said."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return home_of(request.user)

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_login")

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, token = key.split("-", 1)
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
        return settings.PUBLIC_URL.rstrip("/") + path

    def reauthenticate(self, user: Any, password: str) -> bool:
        # allauth looks for an address of its own table; ours is on the user.
        return bool(user.check_password(password))

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        super().send_notification_mail(template_prefix, user, context, email or user.email)


class SealedSecondFactor(DefaultMFAAdapter):
    """The seeds of the second factor are ciphertext in the database."""

    def encrypt(self, text: str) -> str:
        return base64.b64encode(encrypt(text, MFA_AAD)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(base64.b64decode(encrypted_text), MFA_AAD)


MFA_AAD = "mfa_authenticator|data"


def attempted_email(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Whose attempt it is, for counting failures: the same for every way of writing the address."""
    given = (credentials or {}).get("email") or (credentials or {}).get("username") or request.POST.get("login", "")
    return str(given).strip().lower()[:254]
