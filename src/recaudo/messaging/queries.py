"""Reads of messaging: the outbox, the mailbox, templates."""

from __future__ import annotations

from django.db.models import QuerySet

from recaudo.messaging.models import Message, Template


def messages(*, channel: str = "", status: str = "", direction: str = "") -> QuerySet[Message]:
    """Messages newest first."""
    found = Message.objects.order_by("-created_at", "-id")
    for name, value in (("channel", channel), ("status", status), ("direction", direction)):
        if value:
            found = found.filter(**{name: value})
    return found


def templates() -> QuerySet[Template]:
    return Template.objects.order_by("code", "channel", "-version")
