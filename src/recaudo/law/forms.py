"""What people fill in: a proposal over the law with its reason, and the question of the permission tester."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.text import capfirst

from recaudo.engine.comply import EDITABLE, PastContact, Rule, lawbook
from recaudo.engine.comply.terms import WEEKDAYS, parse_week
from recaudo.law import queries, words
from recaudo.law.queries import OFF, PENDING, Choice, WhatIf
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


WEEK_HELP = "Por ejemplo 08:00-20:00, o 08:00-12:00, 14:00-18:00. Vacío = ese día no se contacta."


class ChangeForm(forms.Form):
    """Other values for one rule, with a field for each value that fits what it is; then when, from where and why."""

    since = forms.DateField(label="Rige desde", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    until = forms.DateField(
        label="Deja de regir el", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Primer día en que ya no rige. Vacío = sin fin.",
    )  # fmt: skip
    source = forms.CharField(label="Fuente", max_length=160, required=False, help_text="Norma, artículo y fecha de donde sale el valor.")
    is_pending = forms.BooleanField(label="La fuente está pendiente de verificar", required=False)
    reason = forms.CharField(
        label="Motivo", min_length=REASON_MINIMUM, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Por qué cambia el valor. Quedará firmado con su nombre.",
    )  # fmt: skip

    def __init__(self, *args: Any, rule: Rule, value: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rule, self.value = rule, value
        self.keys = [key for key in EDITABLE.get(rule.type, ()) if value.get(key) is not None]
        for key in self.keys:
            for name, field in _value_fields(key, value[key], value):
                self.fields[name] = field
        self.order_fields([*(name for name in self.fields if name.startswith("v_")), "since", "until", "source", "is_pending", "reason"])

    def value_fields(self) -> list[forms.BoundField]:
        """The fields of the values, the week apart."""
        return [self[name] for name in self.fields if name.startswith("v_") and not name.startswith("v_week_")]

    def week_fields(self) -> list[forms.BoundField]:
        """Seven fields, Monday first; none where the rule has no hours."""
        return [self[name] for name in self.fields if name.startswith("v_week_")]

    def plain_fields(self) -> list[forms.BoundField]:
        """When, from where and why."""
        return [self[name] for name in self.fields if not name.startswith("v_")]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "source" in given and bool(given["source"].strip()) == bool(given.get("is_pending")):
            self.add_error("source", "Escriba la fuente, o marque que está pendiente; no las dos cosas.")
        for number, day in enumerate(WEEKDAYS):
            text = given.get(f"v_week_{day}")
            if text:
                try:
                    parse_week({day: text})
                except (ValueError, KeyError) as wrong:
                    self.add_error(f"v_week_{day}", f"{capfirst(words.DAYS[number])}: {wrong}. {WEEK_HELP}")
        if given.get("v_period") == "rolling_days" and "v_period_days" in given and given["v_period_days"] is None:
            self.add_error("v_period_days", "Escriba cuántos días corridos.")
        if self.week_fields() and not self.errors and not any(given.get(f"v_week_{day}") for day in WEEKDAYS):
            self.add_error("v_week_mon", "El horario no abre ningún día: para no contactar, abra una suspensión.")
        return given

    def values(self) -> dict[str, Any]:
        """What was given, as the lawbook writes it."""
        return {key: _given(key, self.cleaned_data, self.value[key]) for key in self.keys}

    @property
    def source_given(self) -> str:
        """The source as the service takes it."""
        return PENDING if self.cleaned_data.get("is_pending") else str(self.cleaned_data["source"])


class EndForm(forms.Form):
    """Why a change in force should end."""

    reason = forms.CharField(
        label="Motivo", min_length=REASON_MINIMUM, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Al aprobarse vuelve a regir el valor anterior.",
    )  # fmt: skip


def _value_fields(key: str, now: Any, value: Mapping[str, Any]) -> Iterable[tuple[str, forms.Field]]:
    label = words.VALUE[key]
    match key:
        case "week":
            week = parse_week(now)
            for number, day in enumerate(WEEKDAYS):
                spans = ", ".join(f"{a // 60:02d}:{a % 60:02d}-{b // 60:02d}:{b % 60:02d}" for a, b in week.get(number, ()))
                yield f"v_week_{day}", forms.CharField(label=capfirst(words.DAYS[number]), initial=spans, required=False, max_length=60)
        case "channels":
            codes = lawbook().documents["COMMON"].meta["words"]["channels"]
            initial = list(codes) if now == "any" else list(now)
            choices = [(code, capfirst(words.CHANNEL.get(code, code))) for code in codes]
            yield "v_channels", forms.MultipleChoiceField(label=label, choices=choices, initial=initial, widget=forms.CheckboxSelectMultiple)
        case "exclude_holidays":
            yield "v_exclude_holidays", forms.BooleanField(label=label, initial=bool(now), required=False)
        case "period":
            choices = [("calendar_week", "De lunes a domingo"), ("rolling_days", "Días corridos hacia atrás")]
            yield "v_period", forms.ChoiceField(label=label, choices=choices, initial=next(iter(now)))
            days = now.get("rolling_days", 7)
            yield "v_period_days", forms.IntegerField(label="Días corridos", initial=days, min_value=1, max_value=PERIOD_MAXIMUM_DAYS, required=False)
        case "min_days_between":
            choices = [("clear_days", "Días completos entre uno y otro"), ("date_diff", "Fechas de diferencia")]
            yield "v_min_days_between", forms.ChoiceField(label=label, choices=choices, initial=next(iter(now)))
            yield "v_min_days_between_days", forms.IntegerField(label="Días", initial=next(iter(now.values())), min_value=1, max_value=30)
        case "count_basis" | "scope":
            names = words.COUNT if key == "count_basis" else words.SCOPE
            yield f"v_{key}", forms.ChoiceField(label=label, choices=[(code, capfirst(name)) for code, name in names.items()], initial=now)
        case "reduction_without_notice":
            yield f"v_{key}", forms.DecimalField(label=f"{label} ({value['unit']})", initial=now, min_value=0, max_value=1000, max_digits=8, decimal_places=4)
        case _:
            least = 1 if key in {"max", "days_including_conversation_day"} else 0
            most = PERIOD_MAXIMUM_DAYS if key == "days_including_conversation_day" else CAP_MAXIMUM if key == "max" else 36_600
            unit = words.UNIT.get(value["unit"], value["unit"]) if key in {"n", "extension", "max"} else ""
            yield f"v_{key}", forms.IntegerField(label=f"{label} ({unit})" if unit else label, initial=now, min_value=least, max_value=most)


def _given(key: str, given: Mapping[str, Any], now: Any) -> Any:
    match key:
        case "week":
            return _as_before(now, {day: _spans(given[f"v_week_{day}"]) for day in WEEKDAYS if given.get(f"v_week_{day}")})
        case "channels":
            order = lawbook().documents["COMMON"].meta["words"]["channels"]
            if now == "any" and set(given["v_channels"]) == set(order):
                return "any"
            return now if now != "any" and set(now) == set(given["v_channels"]) else [code for code in order if code in given["v_channels"]]
        case "period":
            return {"calendar_week": "mon"} if given["v_period"] == "calendar_week" else {"rolling_days": given["v_period_days"]}
        case "min_days_between":
            return {given["v_min_days_between"]: given["v_min_days_between_days"]}
        case "reduction_without_notice":
            return now if Decimal(str(now)) == given["v_reduction_without_notice"] else float(given["v_reduction_without_notice"])
    return given[f"v_{key}"]


def _as_before(now: Mapping[str, str], week: dict[str, str]) -> Mapping[str, str]:
    """The week as it was written when it says the same."""
    return now if dict(parse_week(now)) == dict(parse_week(week)) else week


def _spans(text: str) -> str:
    return ", ".join(part.strip() for part in text.split(","))


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
