"""Calls of providers: the signature first, then each piece of news once, whatever their order."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from recaudo.kernel.problems import Problem
from recaudo.messaging.adapters import BadSignature, Malformed, News
from recaudo.messaging.services.inbox import receive_from, record_receipt
from recaudo.messaging.services.outbox import OWN_OPTIONS
from recaudo.store import tenancy
from recaudo.workforce.models import Tenant

# Providers that call us, by channel.
HOOKS = frozenset({("sms", "http"), ("im", "whatsapp_cloud")})


# A provider tries for a week to tell us; what is older, or of tomorrow, is nobody's news.
OLDEST, AHEAD = timedelta(days=7), timedelta(minutes=5)


class UnknownHook(Problem):
    code = "unknown_hook"
    message = "No hay nadie a quien avisar aquí."
    status = 404


class NotSigned(Problem):
    code = "webhook_not_signed"
    message = "La firma falta, no corresponde o venció."
    status = 401


class NotUnderstood(Problem):
    code = "webhook_not_understood"
    message = "El aviso no tiene la forma acordada con el proveedor."
    status = 400


@dataclass(frozen=True, slots=True)
class Taken:
    """What a call brought: pieces of news, how many changed something, and how many were not for us or not of now."""

    news: int
    changed: int
    left_out: int = 0


def challenge(channel: str, provider: str, slug: str, given: Mapping[str, str]) -> str:
    """The answer to a provider that asks whether this address is ours. Raises UnknownHook, NotSigned."""
    hook = _hook(channel, provider)
    if not hasattr(hook, "challenge"):
        raise UnknownHook()
    try:
        return str(hook.challenge(given, _options(channel, provider, slug)))
    except BadSignature:
        raise NotSigned() from None


def take(slug: str, *, channel: str, provider: str, headers: Mapping[str, str], body: bytes, at: datetime) -> Taken:
    """Believe a signed call and apply what it tells. Call outside a transaction. Raises UnknownHook, NotSigned, NotUnderstood.

    slug     of the organisation in whose name the provider calls
    headers  by lower-case name
    """
    hook, tenant = _hook(channel, provider), Tenant.objects.filter(slug=slug).first()
    try:
        options = _options(channel, provider, slug)
        call_id = hook.verify(headers, body, options, at)
        if tenant is None:
            raise NotSigned()  # as to an organisation that is there: nobody learns which are
        told = hook.read(body, call_id)
    except BadSignature:
        raise NotSigned() from None
    except Malformed:
        raise NotUnderstood() from None
    mine = [_storable(one) for one in told if _is_ours(one, options, at)]
    changed = 0
    for news in mine:
        # Each in a transaction of its own: persons are locked one at a time.
        with tenancy.acting(tenant.id):
            if news.kind == "inbound":
                changed += receive_from(
                    sender=news.sender, channel=channel, provider=provider, event_id=news.event_id, text=news.text, at=at, answers=news.message_id,
                    said_at=news.said_at,
                ) is not None  # fmt: skip
            else:
                changed += record_receipt(
                    provider=provider, event_id=news.event_id, provider_message_id=news.message_id, kind=news.kind, at=at,
                    detail={"code": news.code},
                )  # fmt: skip
    return Taken(len(told), changed, len(told) - len(mine))


def _is_ours(news: News, options: Mapping[str, str], at: datetime) -> bool:
    """Whether it is about the number of ours that this address serves, and of the last days: a signature says who calls, not about whom or when."""
    phone_id = options.get("phone_id", "")
    if news.line and phone_id and news.line != phone_id:
        return False
    return news.said_at is None or at - OLDEST <= news.said_at <= at + AHEAD


def _storable(news: News) -> News:
    """Without what the database cannot hold: one such letter would have the provider send the whole call again for ever."""
    texts = {name: getattr(news, name) for name in ("event_id", "message_id", "code", "sender", "text")}
    return replace(news, **{name: text.replace("\x00", " ").encode("utf-8", "replace").decode() for name, text in texts.items()})


def _hook(channel: str, provider: str) -> Any:
    if (channel, provider) not in HOOKS:
        raise UnknownHook()
    return importlib.import_module(f"recaudo.messaging.adapters.{channel}.{provider}.hooks")


def _options(channel: str, provider: str, slug: str) -> dict[str, str]:
    """The provider's options; a tenant with an account of its own at the provider has secrets of its own (settings.HOOK_SECRETS)."""
    return {**getattr(settings, OWN_OPTIONS[provider]), **settings.HOOK_SECRETS.get(f"{slug}:{channel}:{provider}", {})}
