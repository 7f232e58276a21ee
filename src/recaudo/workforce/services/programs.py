"""Programs of other systems: the tokens they sign in with, and what they were answered under each idempotency key."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.store import tenancy
from recaudo.workforce.models import ApiAnswer, ApiToken, User

TOKEN_BYTES = 32
PREFIX = "rcd_"  # so that a token left in a text can be found and recognised
LONGEST_DAYS = 366
USE_NOTED_EVERY = timedelta(minutes=5)
ANSWERS_KEPT = timedelta(days=7)
ROLE = "integrator"  # all that a token grants, whatever else its user may


class NotAProgram(Problem):
    code = "not_a_program"
    message = "Sólo quien tiene el rol Integrador usa fichas de acceso. Déle ese rol, o cree una persona aparte para el sistema."


class WrongExpiry(Problem):
    code = "wrong_token_expiry"
    message = f"La ficha vale de 1 a {LONGEST_DAYS} días."


class NameMissing(Problem):
    code = "token_name_missing"
    message = "Diga qué sistema usará la ficha, con 60 letras o menos."


class KeyReused(Problem):
    code = "idempotency_key_reused"
    message = "Esa clave de idempotencia ya se usó con otra petición. Use una clave nueva para cada petición distinta."
    status = 422


@transaction.atomic
def issue_token(user: User, *, name: str, days: int, by: Any, at: datetime) -> tuple[ApiToken, str]:
    """A way in for a program, as `user`, for some days. Returns it and its secret, which is kept nowhere.

    Raises  NotAProgram, NameMissing, WrongExpiry
    """
    if not user.may("api.use"):
        raise NotAProgram()
    if not 0 < len(name.strip()) <= 60:
        raise NameMissing()
    if not 1 <= days <= LONGEST_DAYS:
        raise WrongExpiry()
    secret = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    token = ApiToken.objects.create(
        user=user,
        name=name.strip(),
        token_hash=_hash(secret),
        issued_by_id=by.id,
        expires_at=at + timedelta(days=days),
        created_at=at,
    )
    journal.record("token.issued", by=by, at=at, subject="user", subject_id=user.id, token=token.id, days=days)
    return token, secret


@transaction.atomic
def revoke_token(token: ApiToken, *, by: Any, at: datetime) -> ApiToken:
    """The program is out at its next request. Revoking again changes nothing."""
    fresh: ApiToken = ApiToken.objects.select_for_update().get(pk=token.pk)
    if fresh.revoked_at is None:
        fresh.revoked_at = at
        fresh.save(update_fields=["revoked_at"])
        journal.record("token.revoked", by=by, at=at, subject="user", subject_id=fresh.user_id, token=fresh.id)
    return fresh


def program_of(secret: str, *, at: datetime) -> User | None:
    """Whoever a token signs in, across tenants, with the integrator's rights alone; None when it is unknown, expired, revoked or its user is out.

    Not to be saved: the roles are cut for this request.
    """
    if not secret.startswith(PREFIX) or len(secret) > 200:
        return None
    with tenancy.identifying():
        everywhere: QuerySet[ApiToken] = QuerySet(ApiToken)
        token = (
            everywhere.select_related("user__agency")
            .filter(token_hash=_hash(secret), revoked_at=None, expires_at__gt=at, user__is_active=True)
            .first()
        )
        if token is None:
            return None
        if token.last_used_at is None or at - token.last_used_at > USE_NOTED_EVERY:
            everywhere.filter(pk=token.pk).update(last_used_at=at)
    token.user.roles = [role for role in token.user.roles if role == ROLE]
    return token.user


def answered(*, key: str, operation: str, content: Mapping[str, Any], by: User) -> dict[str, Any] | None:
    """What was answered to this request before, or None: then do it and `keep_answer`, in the same transaction.

    Requests of one program under one key wait for each other until their transaction ends.
    Raises  KeyReused, when the key was used for another operation or other content
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"api {by.id} {key}"])
    kept = ApiAnswer.objects.filter(user=by, key=key).first()
    if kept is None:
        return None
    if bytes(kept.request_hash) != _request(operation, content):
        raise KeyReused()
    body: dict[str, Any] = kept.body
    return body


def keep_answer(
    body: Mapping[str, Any], *, key: str, operation: str, content: Mapping[str, Any], by: User, at: datetime
) -> None:
    """Keep an answer (JSON) for whoever asks again under the key."""
    ApiAnswer.objects.create(user=by, key=key, request_hash=_request(operation, content), body=body, created_at=at)


def forget_answers(*, at: datetime) -> int:
    """Forget the tenant's answers that are older than a week. Returns how many."""
    count, _ = ApiAnswer.objects.filter(created_at__lt=at - ANSWERS_KEPT).delete()
    return count


def _request(operation: str, content: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps([operation, content], sort_keys=True, separators=(",", ":")).encode()).digest()


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
