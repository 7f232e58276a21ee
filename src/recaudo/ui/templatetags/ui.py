"""Template tags that every page may use without loading."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms, template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.contrib.staticfiles.storage import staticfiles_storage
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from recaudo.kernel.contact import CHANNEL_ES, LEVEL_ES, ROLE_ES
from recaudo.kernel.money import shown
from recaudo.kernel.permissions import ROLES

register = template.Library()

CHANNEL_ICON = {
    "call": "phone", "prerecorded": "phone-call", "sms": "message", "im": "brand-whatsapp", "email": "mail",
    "letter": "file-text", "visit": "map-pin", "portal": "device-mobile", "push": "bell", "agency": "building",
    "legal": "gavel", "none": "ban",
}  # fmt: skip


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite; with a label it speaks, without one it is decoration."""
    return _icon(str(name), str(label))


@lru_cache(maxsize=2_000)
def _icon(name: str, label: str) -> SafeString:
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
def prose(text: str) -> SafeString:
    """Markdown as HTML: headings below the page's own, lists, tables, emphasis; no HTML of its own, no pictures, no scripts."""
    return mark_safe(_markdown().render(text))  # noqa: S308  raw HTML is off: what is written is escaped


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    made = MarkdownIt("js-default", {"html": False, "linkify": False}).disable("image")

    def lower(tokens: Any, index: int, options: Any, env: Any) -> str:
        token = tokens[index]
        token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
        return str(made.renderer.renderToken(tokens, index, options, env))

    made.add_render_rule("heading_open", lambda self, *given: lower(*given))
    made.add_render_rule("heading_close", lambda self, *given: lower(*given))
    return made


@register.filter
def percent(value: float | None, digits: int = 1) -> str:
    """A fraction as a percentage; nothing is a dash, never 0 %."""
    return "—" if value is None else f"{value * 100:.{digits}f} %".replace(".", ",")


@register.filter
def day(value: date | None) -> str:
    return "—" if value is None else f"{value.day} {_months()[value.month]} {value.year}"


@lru_cache(maxsize=1)
def _months() -> tuple[str, ...]:
    """Short names by number, from 1. Months are written in lower case in Spanish; Django's short names are not."""
    return ("", *(date_format(date(2000, month, 1), "M").lower() for month in range(1, 13)))


@register.simple_tag(takes_context=True)
def instant(context: dict[str, Any], value: datetime | None, zone: str = "") -> str:
    """An instant on the clock of a zone (the organisation's by default)."""
    if value is None:
        return "—"
    local = timezone.localtime(value, ZoneInfo(zone or context.get("zone") or "UTC"))
    return f"{day(local)} {local.hour:02}:{local.minute:02}"


@register.simple_tag
def link(name: str, key: UUID | None = None) -> str:
    """`{% link "desk:account" account.id %}`: `{% url %}` for a page without parameters or with one key, cheap enough for every row."""
    before, after = _address(name, key is not None)
    return before if key is None else f"{before}{key}{after}"


_NOBODY = UUID(int=0)


@lru_cache(maxsize=500)
def _address(name: str, has_key: bool) -> tuple[str, str]:
    if not has_key:
        return reverse(name), ""
    before, _, after = reverse(name, args=[_NOBODY]).partition(str(_NOBODY))
    return before, after


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


@register.filter
def initials(name: str) -> str:
    """«Ana Pérez» is AP."""
    return "".join(word[0] for word in name.split()[:2]).upper()


@register.simple_tag
def chip(text: object, tone: str = "muted", icon_name: str = "") -> SafeString:
    """A small label: `{% chip "Vigente" "ok" %}`. Tones: ok warn bad info muted brand, or a stage of the debt."""
    picture = format_html("{} ", icon(icon_name)) if icon_name else ""
    return format_html('<span class="chip chip-{}">{}{}</span>', TONE.get(tone, tone), picture, text)


@register.simple_tag
def chip_count(count: int, noun: str, tone: str = "muted", icon_name: str = "") -> SafeString:
    """A chip with a number: «12,340 sellados»."""
    return chip(f"{intcomma(count)} {noun}", tone, icon_name)


TONE = {"success": "ok", "warning": "warn", "danger": "bad", "secondary": "muted", "primary": "brand"}


@register.inclusion_tag("ui/_breadcrumbs.html")
def crumbs(*parts: str) -> dict[str, Any]:
    """`{% crumbs "Usuarios" "workforce:users" person.name %}`: labels followed by the URL name they lead to; the last has none.

    An address with arguments is given ready made, as a path that begins with "/".
    """
    pairs = []
    for at in range(0, len(parts), 2):
        target = parts[at + 1] if at + 1 < len(parts) else ""
        pairs.append((parts[at], target if not target or target.startswith("/") else reverse(target)))
    return {"crumbs": pairs}


@register.filter
def is_checkbox(field: BoundField) -> bool:
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def is_many(field: BoundField) -> bool:
    """Whether the field is a group of boxes or of radio buttons."""
    return isinstance(field.field.widget, forms.CheckboxSelectMultiple | forms.RadioSelect)


@register.filter
def control(field: BoundField) -> SafeString:
    """The field's input with the look of the house and what a screen reader needs."""
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxInput | forms.CheckboxSelectMultiple | forms.RadioSelect):
        look = "form-check-input"
    elif isinstance(widget, forms.Select):
        look = "form-select"
    else:
        look = "form-control"
    given = widget.attrs.get("class", "")
    bad = " is-invalid" if field.errors else ""
    return field.as_widget(attrs={"class": f"{look}{bad} {given}".strip()})


@register.filter
def role_name(code: str) -> str:
    """The Spanish name of a role."""
    return ROLES[code].name_es if code in ROLES else code


@register.filter
def last_part(key: object) -> str:
    """The end of an id, enough to tell it from its neighbours."""
    return str(key)[-6:]
