"""Template tags that every page may use without loading."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from recaudo.kernel.contact import CHANNEL_ES, LEVEL_ES, ROLE_ES
from recaudo.kernel.money import shown

register = template.Library()

CHANNEL_ICON = {
    "call": "phone", "prerecorded": "phone-call", "sms": "message", "im": "brand-whatsapp", "email": "mail",
    "letter": "file-text", "visit": "map-pin", "portal": "device-mobile", "push": "bell", "agency": "building",
    "legal": "gavel", "none": "ban",
}  # fmt: skip


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite; with a label it speaks, without one it is decoration."""
    href = staticfiles_storage.url("vendor/icons.svg") + f"#{name}"
    if label:
        return format_html('<svg class="icon" role="img" aria-label="{}"><use href="{}"></use></svg>', label, href)
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"></use></svg>', href)


@register.simple_tag
def channel_icon(channel: str) -> SafeString:
    return icon(CHANNEL_ICON.get(channel, "message"), CHANNEL_ES.get(channel, channel))


@register.filter
def channel(code: str) -> str:
    return CHANNEL_ES.get(code, code)


@register.filter
def party_role(code: str) -> str:
    return ROLE_ES.get(code, code)


@register.filter
def contact_level(code: str) -> str:
    return LEVEL_ES.get(code, code)


@register.filter
def money(minor: int | None, currency: str) -> str:
    """Minor units as people of the country write them; nothing is a dash."""
    return "—" if minor is None else shown(minor, currency)


@register.filter
def percent(value: float | None, digits: int = 1) -> str:
    """A fraction as a percentage; nothing is a dash, never 0 %."""
    return "—" if value is None else f"{value * 100:.{digits}f} %".replace(".", ",")


@register.filter
def day(value: date | None) -> str:
    return "—" if value is None else date_format(value, "j M Y")


@register.simple_tag(takes_context=True)
def instant(context: dict[str, Any], value: datetime | None, zone: str = "") -> str:
    """An instant on the clock of a zone (the organisation's by default)."""
    if value is None:
        return "—"
    return date_format(timezone.localtime(value, ZoneInfo(zone or context.get("zone") or "UTC")), "j M Y H:i")


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """The page's query string with some parameters changed; None removes one."""
    params: QueryDict = context["request"].GET.copy()
    for name, value in changes.items():
        params.pop(name, None)
        if value is not None:
            params[name] = str(value)
    return "?" + (params.urlencode() if params else urlencode({}))


@register.simple_tag(takes_context=True)
def may(context: dict[str, Any], permission: str) -> bool:
    """Whether the person who looks may do something: `{% may "work.take" as can_work %}`."""
    user = context["request"].user
    return user.is_authenticated and user.may(permission)
