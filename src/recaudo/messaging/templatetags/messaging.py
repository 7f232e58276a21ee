"""Chips of messaging: {% load messaging %}."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.conf import settings
from django.utils.safestring import SafeString

from recaudo.kernel.contact import CHANNEL_ES
from recaudo.messaging import queries
from recaudo.messaging.models import Message
from recaudo.messaging.services import STATUS_ES, pace
from recaudo.messaging.words import MESSAGE_ES, SAID_ES, TEMPLATE_TONE, WAVE_ES
from recaudo.ui.templatetags.ui import chip

register = template.Library()


@register.simple_tag
def message_chip(message: Message) -> SafeString:
    """Where a message stands; for one that came in, what it said."""
    if message.direction == "in" and (message.reason != "DG05" or message.status == "received"):
        name, tone = SAID_ES.get(message.reason, ("Respondió", "info"))
    else:
        name, tone = MESSAGE_ES.get(message.status, (message.status, "muted"))
    return chip(name, tone)


@register.simple_tag
def provider_trouble() -> list[tuple[str, datetime]]:
    """Channels whose provider does not answer now, in words, and when each is asked again."""
    names = {pace.provider_of(channel): channel for channel in settings.PROVIDERS}
    return [(CHANNEL_ES[names[name]], at) for name, at in queries.in_trouble(list(names))]


@register.simple_tag
def wave_chip(status: str) -> SafeString:
    name, tone = WAVE_ES.get(status, (status, "muted"))
    return chip(name, tone)


@register.simple_tag
def template_chip(status: str) -> SafeString:
    return chip(STATUS_ES.get(status, status), TEMPLATE_TONE.get(status, "muted"))


@register.filter
def item(mapping: dict[str, object], key: str) -> object:
    """The value of a key; the key itself when there is none."""
    return mapping.get(key, key)
