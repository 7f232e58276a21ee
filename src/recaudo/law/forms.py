"""What people fill in: a proposal over the law with its reason, and the question of the permission tester."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.text import capfirst

from recaudo.engine.comply import PastContact, lawbook
from recaudo.law import queries, words
from recaudo.law.queries import OFF, Choice, WhatIf
from recaudo.law.services import CAP_MAXIMUM, PERIOD_MAXIMUM_DAYS, REASON_MINIMUM

ANYWHERE_ELSE = "*"
PAST_ROWS = 5
HISTORY_DAYS = 31
YEARS = (1970, 2100)
OUTCOMES = ("sent", "no_answer", "conversation", "third_party_answered", "visit_contact", "busy")


class ProposalForm(forms.Form):
    """A choice and its legal basis. The field `option` is a list of readings, or a number for a cap of the house."""

    reason = forms.CharField(
        label="Fundamento", min_length=REASON_MINIMUM, max_length=2000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Por qué se elige esta lectura y en qué se apoya. Quedará en la bitácora con su nombre.",
    )  # fmt: skip
    field_order = ["option", "no_cap", "reason"]

    def __init__(self, *args: Any, choice: Choice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not choice.is_house:
            self.fields["option"] = forms.ChoiceField(
                label="Opción", widget=forms.RadioSelect, choices=[(one.code, _label(one)) for one in choice.options if not one.is_current]
            )
        else:
            is_period = choice.name == "house.period_days"
            most = PERIOD_MAXIMUM_DAYS if is_period else CAP_MAXIMUM
            self.fields["option"] = forms.IntegerField(
                label=capfirst(words.HOUSE[choice.name][2]), min_value=1, max_value=most, required=is_period, help_text=f"De 1 a {most}."
            )
            if not is_period:
                self.fields["no_cap"] = forms.BooleanField(label="Sin tope de la casa", required=False, help_text="La ley sigue rigiendo.")
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "no_cap" in self.fields and not self.errors and (given.get("option") is None) == (not given.get("no_cap")):
            self.add_error("option", "Escriba un número, o marque que no hay tope; no las dos cosas.")
        return given

    @property
    def code(self) -> str:
        """The option as the service takes it."""
        return OFF if self.cleaned_data.get("no_cap") else str(self.cleaned_data["option"])


def _label(option: queries.Option) -> str:
    return f"{option.text} (por omisión)" if option.is_default else option.text


class TesterForm(forms.Form):
    """A what-if question about nobody: it travels in the address, so it asks for no name, number or document."""

    pais = forms.ChoiceField(label="País")
    region = forms.ChoiceField(label="Región", required=False)
    municipio = forms.CharField(label="Municipio o comuna", max_length=60, required=False)
    prefijo = forms.RegexField(
        r"^\+?\d{1,8}$", label="Prefijo del teléfono", required=False, max_length=9,
        help_text="Con código de país y sin el número completo: +5661.", error_messages={"invalid": "Escriba sólo el prefijo: hasta 8 cifras."},
    )  # fmt: skip
    zona = forms.ChoiceField(label="Otra zona posible", required=False)
    canal = forms.ChoiceField(label="Canal")
    proposito = forms.ChoiceField(label="Propósito")
    persona = forms.ChoiceField(label="A quién")
    lugar = forms.ChoiceField(label="Lugar", required=False)
    origen = forms.ChoiceField(label="El dato lo dio", required=False)
    dia = forms.DateField(label="Día", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    hora = forms.TimeField(label="Hora local de la persona", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    estados = forms.MultipleChoiceField(label="De esta persona se sabe que", required=False, widget=forms.CheckboxSelectMultiple)
    consentimientos = forms.MultipleChoiceField(label="Dio", required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        vocabulary = lawbook().documents["COMMON"].meta["words"]
        self._options("pais", _countries())
        self._options("region", [("", "No se sabe"), (ANYWHERE_ELSE, "Otra, con la hora general del país"), *_regions()])
        self._options("zona", [("", "Ninguna"), *((name, name) for name in queries.zone_names())])
        self._options("canal", [(code, capfirst(words.CHANNEL.get(code, code))) for code in vocabulary["channels"]])
        purposes = [*vocabulary["purposes"][:1], *vocabulary["same_as_collection"], *vocabulary["purposes"][1:]]
        self._options("proposito", [(code, capfirst(words.PURPOSE.get(code, code))) for code in purposes])
        self._options("persona", [(code, capfirst(words.PERSON.get(code, code))) for code in vocabulary["persons"]])
        self._options("lugar", [("", "No importa"), *((code, capfirst(name)) for code, name in words.PLACE.items() if code != "none")])
        self._options("origen", [("", "No se sabe"), *((code, capfirst(name)) for code, name in words.ADDRESS.items())])
        self._options("estados", [(code, capfirst(name)) for code, name in words.STATE.items()])
        self._options("consentimientos", [(code, capfirst(name)) for code, name in words.CONSENT.items()])
        for number in range(1, PAST_ROWS + 1):
            self.fields[f"d{number}"] = forms.DateField(label="Día", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
            self.fields[f"h{number}"] = forms.TimeField(label="Hora", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
            self.fields[f"c{number}"] = forms.ChoiceField(label="Canal", required=False, choices=[("", "—"), *self.fields["canal"].choices])  # type: ignore[attr-defined]
            self.fields[f"r{number}"] = forms.ChoiceField(
                label="Resultado", required=False, choices=[(code, capfirst(words.OUTCOME[code])) for code in OUTCOMES]
            )

    def rows(self) -> list[tuple[forms.BoundField, ...]]:
        """The rows of past contacts, four fields each."""
        return [tuple(self[f"{letter}{number}"] for letter in "dhcr") for number in range(1, PAST_ROWS + 1)]

    def has_past(self) -> bool:
        """Whether a past contact is given: the page then shows the rows open."""
        return any(self[f"d{number}"].value() for number in range(1, PAST_ROWS + 1))

    def clean_dia(self) -> date:
        return _sensible(self.cleaned_data["dia"])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        country, region = given.get("pais"), given.get("region") or ""
        if region not in {"", ANYWHERE_ELSE} and not region.startswith(f"{country}:"):
            self.add_error("region", "Esa región no es del país elegido.")
        for number in range(1, PAST_ROWS + 1):
            row = [given.get(f"{letter}{number}") for letter in "dhc"]
            if any(row) and not all(row):
                self.add_error(f"d{number}", "Complete día, hora y canal, o deje la fila vacía.")
            elif all(row) and given.get("dia") and given[f"d{number}"] < given["dia"] - timedelta(days=HISTORY_DAYS):
                self.add_error(f"d{number}", f"Más de {HISTORY_DAYS} días antes: ya no cuenta para ninguna norma.")
        return given

    def question(self, *, clock: str) -> WhatIf:
        """The question; its hours are read on the person's clock, or on `clock` when the person's is not known."""
        given = self.cleaned_data
        _, _, region = given["region"].partition(":")
        subdivision = ANYWHERE_ELSE if given["region"] == ANYWHERE_ELSE else region
        zones = queries.places(given["pais"], subdivision, given["municipio"], given["prefijo"], [given["zona"]] if given["zona"] else [])
        here = ZoneInfo(zones[0] if zones else clock)
        return WhatIf(
            country=given["pais"],
            subdivision=subdivision,
            municipality=given["municipio"],
            zones=zones,
            channel=given["canal"],
            purpose=given["proposito"],
            person=given["persona"],
            at=datetime.combine(given["dia"], given["hora"], tzinfo=here),
            place=given["lugar"],
            address_source=given["origen"],
            states=tuple(given["estados"]),
            consents=tuple(given["consentimientos"]),
            past=tuple(self._past(here)),
        )

    def _past(self, here: ZoneInfo) -> Iterable[PastContact]:
        given = self.cleaned_data
        for number in range(1, PAST_ROWS + 1):
            if given.get(f"d{number}"):
                yield PastContact(
                    at=datetime.combine(given[f"d{number}"], given[f"h{number}"], tzinfo=here),
                    channel=given[f"c{number}"],
                    outcome=given[f"r{number}"] or "sent",
                    person=given["persona"],
                    person_id="P",
                    debts=("D",),
                    creditor="A",
                    collector="K",
                    number="N",
                    id=str(number),
                )

    def _options(self, name: str, options: list[Any]) -> None:
        self.fields[name].choices = options  # type: ignore[attr-defined]


class DayForm(forms.Form):
    """The day on which the rules are read."""

    dia = forms.DateField(label="Vigentes el", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def clean_dia(self) -> date:
        return _sensible(self.cleaned_data["dia"])


def _sensible(day: date) -> date:
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise forms.ValidationError(f"Escriba un año entre {YEARS[0]} y {YEARS[1]}.")
    return day


def _countries() -> list[tuple[str, str]]:
    documents = [one for one in lawbook().documents.values() if one.meta.get("covers") and "subdivision" not in one.meta["covers"]]
    return sorted(((one.meta["covers"]["country"], one.name) for one in documents), key=lambda row: row[1])


def _regions() -> list[tuple[str, list[tuple[str, str]]]]:
    names = dict(_countries())
    return [
        (names[country], [(f"{country}:{code}", name) for code, name in regions.items()])
        for country, regions in words.SUBDIVISIONS.items()
        if country in names
    ]
