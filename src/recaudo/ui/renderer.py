"""Fields of a form as HTML, the same as Django's templates give and ten times cheaper: a list draws hundreds of options each time.

Only the plain ones are written here (inputs and selects); everything else goes to the templates.
"""

from __future__ import annotations

from typing import Any

from django.forms.renderers import DjangoTemplates
from django.utils.formats import localize
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

FOLDER = "django/forms/widgets/"
INPUTS = {FOLDER + f"{name}.html" for name in ("input", "text", "number", "email", "url", "hidden", "date", "time", "datetime")}
SELECT, OPTION = FOLDER + "select.html", FOLDER + "select_option.html"


class Renderer(DjangoTemplates):
    """Named in settings as FORM_RENDERER."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        if template_name in INPUTS:
            return _input(context["widget"])
        if template_name == SELECT:
            return self._select(context["widget"])
        drawn: str = super().render(template_name, context, request)
        return drawn

    def _select(self, widget: dict[str, Any]) -> SafeString:
        parts = [f'<select name="{_text(widget["name"])}"{_attributes(widget["attrs"])}>']
        for group, options, _ in widget["optgroups"]:
            if group:
                parts.append(f'\n  <optgroup label="{_text(group)}">')
            for option in options:
                own = option["template_name"] != OPTION
                drawn = super().render(option["template_name"], {"widget": option}) if own else _option(option)
                parts.append(f"\n  {drawn}")
            if group:
                parts.append("\n  </optgroup>")
        return mark_safe("".join([*parts, "\n</select>"]))  # noqa: S308 - every part is escaped


def _option(option: dict[str, Any]) -> str:
    return f'<option value="{_as_string(option["value"])}"{_attributes(option["attrs"])}>{_text(option["label"])}</option>'


def _input(widget: dict[str, Any]) -> SafeString:
    value = "" if widget["value"] is None else f' value="{_as_string(widget["value"])}"'
    name = _text(widget["name"])
    return mark_safe(f'<input type="{_text(widget["type"])}" name="{name}"{value}{_attributes(widget["attrs"])}>')  # noqa: S308 - escaped


def _attributes(attributes: dict[str, Any]) -> str:
    return "".join(
        f" {_text(name)}" if value is True else f' {_text(name)}="{_as_string(value)}"' for name, value in attributes.items() if value is not False
    )


def _text(value: Any) -> str:
    return conditional_escape(value if isinstance(value, str) else localize(value, use_l10n=True))


def _as_string(value: Any) -> str:
    # As |stringformat:'s' does: the value itself, never localized.
    return conditional_escape(value if isinstance(value, str) else str(value))
