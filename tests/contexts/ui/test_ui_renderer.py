"""What is drawn without templates is what Django's templates would draw."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates, get_default_renderer
from django.template import Context, Template
from django.urls import reverse
from django.utils.formats import date_format

from recaudo.ui.renderer import Renderer
from recaudo.ui.templatetags import ui

HOSTILE = '"><script>alert(1)</script>&amp;'


class Everything(forms.Form):
    text = forms.CharField(widget=forms.TextInput({"placeholder": HOSTILE, "autofocus": True, "hidden": False, "maxlength": 1200}))
    number = forms.IntegerField(widget=forms.NumberInput({"step": "any"}))
    on = forms.DateField(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    key = forms.CharField(widget=forms.HiddenInput)
    mail = forms.EmailField()
    hour = forms.TimeField()
    secret = forms.CharField(widget=forms.PasswordInput)
    long = forms.CharField(widget=forms.Textarea)
    box = forms.BooleanField()
    many = forms.MultipleChoiceField(choices=[("a", "A"), ("b", HOSTILE)])
    one = forms.ChoiceField(choices=[("", "Todas"), (12345, 12345), ("g & <b>", [("x", "X"), (HOSTILE, HOSTILE)]), (None, "nada")])
    radio = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect)


GIVEN: dict[str, Any] = {
    "text": HOSTILE, "number": 1234567, "on": date(2026, 3, 9), "key": "k", "mail": "a@b.example", "long": HOSTILE, "many": ["b"], "one": HOSTILE,
}  # fmt: skip


@pytest.mark.parametrize("given", [{}, GIVEN], ids=["empty", "filled"])
@pytest.mark.parametrize("name", Everything.base_fields)
def test_a_field_is_drawn_as_the_templates_draw_it(name: str, given: dict[str, Any]) -> None:
    for form in (Everything(given or None), Everything(initial=given)):
        field = form[name]
        form.renderer = DjangoTemplates()
        expected = field.as_widget(attrs={"class": "form-control"})
        form.renderer = Renderer()
        assert close(field.as_widget(attrs={"class": "form-control"})) == close(expected)


def close(drawn: str) -> str:
    """Without the empty lines between two tags, which a page does not show."""
    return re.sub(r">\s+<", "><", drawn)


def test_forms_are_drawn_by_it() -> None:
    assert isinstance(get_default_renderer(), Renderer)


def test_days_and_instants_read_as_django_writes_them_in_small_letters() -> None:
    for month in range(1, 13):
        on = date(2026, month, month + 3)
        assert ui.day(on) == date_format(on, "j M Y").lower()
    at = datetime.fromisoformat("2026-01-02T05:07:00+00:00")
    assert ui.instant({"zone": "America/Mexico_City"}, at) == "1 ene 2026 23:07"


def test_a_link_is_the_address_of_the_page() -> None:
    key = UUID("01890000-0000-7000-8000-000000000001")
    assert ui.link("desk:account", key) == reverse("desk:account", args=[key])
    assert ui.link("desk:queue") == reverse("desk:queue")
    assert Template('{% link "desk:queue" %}').render(Context()) == reverse("desk:queue")
