"""Signing in: the only place where a person is looked up before the tenant is known."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from recaudo.store import tenancy
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


class ClosedSignup(DefaultAccountAdapter):
    """Nobody signs up by themselves: people are invited."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
