"""What is typed on the pages of the day, of simulations and of experiments."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.humanize.templatetags.humanize import intcomma

from recaudo.compliance.words import CHANNEL_IN_ES
from recaudo.engine.facts import BUCKET_ES, KIND_ES, STAGE_ES
from recaudo.engine.measure import KPIS
from recaudo.flow.models import CollectionPlan
from recaudo.flow.queries.plans import GOALS
from recaudo.flow.words import AFTER_ES, OUTCOME_ES, OVERRIDE_REASON_ES, TREATMENT_ES, WANT_ES
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.money import minor_digits
from recaudo.portfolio.queries import COUNTRY_ES
from recaudo.strategy.models import Snapshot, StrategyVersion
from recaudo.strategy.words import METRIC_ES, STATUS_ES
from recaudo.ui.templatetags.ui import day
from recaudo.workforce.queries import CAPACITY_CHANNELS


def _choices(names: dict[str, str], all_es: str) -> list[tuple[str, str]]:
    return [("", all_es), *names.items()]


class DecidedForm(forms.Form):
    """Narrows the accounts of a run. Rules come from what that run refused."""

    resultado = forms.ChoiceField(label="Qué pasó", required=False, choices=_choices(OUTCOME_ES, "Todo"))
    tratamiento = forms.ChoiceField(label="Tratamiento", required=False, choices=_choices(TREATMENT_ES, "Todos"))
    canal = forms.ChoiceField(label="Canal", required=False, choices=_choices({k: v for k, v in CHANNEL_ES.items() if k not in {"none", "agency", "legal"}}, "Todos"))
    tramo = forms.ChoiceField(label="Tramo", required=False, choices=_choices(BUCKET_ES, "Todos"))
    regla = forms.ChoiceField(label="Norma", required=False)

    def __init__(self, *args: Any, rules: list[str], treatments: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["regla"].choices = [("", "Todas"), *((code, code) for code in rules)]  # type: ignore[attr-defined]
        own = {code: TREATMENT_ES.get(code, code) for code in treatments}
        if own:
            self.fields["tratamiento"].choices = _choices(own, "Todos")  # type: ignore[attr-defined]


class DayForm(forms.Form):
    """The day that is explained."""

    dia = forms.DateField(label="Día", required=False, input_formats=["%Y-%m-%d"])


class ReviewForm(forms.Form):
    """Somebody does not accept what a machine decided about them."""

    channel = forms.ChoiceField(label="Por dónde lo pidió", choices=list(CHANNEL_IN_ES.items()))
    text = forms.CharField(label="Sus razones y qué dato dice que está mal", max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


HORIZON_HELP = "En cuántos días se espera el pago. Se aprende de días pasados cuyo plazo ya terminó."


class WhatIfForm(forms.Form):
    """Which two versions, over the accounts of which day."""

    old = forms.ChoiceField(label="Versión de hoy")
    new = forms.ChoiceField(label="Versión a probar")
    day = forms.ChoiceField(label="Sobre las cuentas del")
    horizon = forms.ChoiceField(label="Recuperación en", choices=[("7", "7 días"), ("15", "15 días"), ("30", "30 días"), ("60", "60 días")], help_text=HORIZON_HELP)

    def __init__(self, *args: Any, versions: list[StrategyVersion], snapshots: list[Snapshot], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed = [(str(one.pk), f"Versión {one.number} · {STATUS_ES.get(one.status, one.status).lower()}") for one in versions]
        self.fields["old"].choices = self.fields["new"].choices = listed  # type: ignore[attr-defined]
        self.fields["day"].choices = [(one.on.isoformat(), f"{day(one.on)} · {intcomma(one.row_count)} cuentas") for one in snapshots]  # type: ignore[attr-defined]


class CostsForm(forms.Form):
    """What one contact costs, by channel, in the organisation's currency. Empty: not known."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for channel in COSTED:
            self.fields[f"cost_{channel}"] = forms.DecimalField(label=CHANNEL_ES[channel], min_value=0, max_digits=10, decimal_places=4, required=False)

    def costs(self) -> dict[str, Decimal]:
        return {channel: cost for channel in COSTED if (cost := self.cleaned_data.get(f"cost_{channel}")) is not None}


class LimitsForm(forms.Form):
    """The budget of a day, one floor for each portfolio (`portfolio_<id>`) and agency (`agency_<id>`), the smallest amount for which a
    portfolio is worked (`tolerance_<id>`), and the days after which what nobody works is escalated. Empty: no limit."""

    valid_from = forms.DateField(label="Vale desde", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    first = forms.IntegerField(label="Días de atraso sin primera gestión", min_value=1, max_value=30, required=False, help_text="Vacío: 3 días.")
    idle = forms.IntegerField(label="Días sin ninguna gestión", min_value=1, max_value=60, required=False, help_text="Vacío: 30 días.")

    def __init__(self, *args: Any, scopes: dict[str, list[tuple[UUID, str]]], digits: int, currencies: dict[UUID, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scopes, self.digits, self.currencies = scopes, digits, currencies
        self.fields["budget"] = forms.DecimalField(label="Presupuesto del día", min_value=0, max_digits=14 + digits, decimal_places=digits, required=False)
        for kind, listed in scopes.items():
            for key, name in listed:
                attrs = {"class": "num", "inputmode": "numeric", "aria-label": f"Personas por día de {name}, al menos"}
                self.fields[f"{kind}_{key}"] = forms.IntegerField(
                    label=name, min_value=0, max_value=100_000_000, required=False, widget=forms.NumberInput(attrs=attrs)
                )

        for key, name in scopes["portfolio"]:
            code = currencies[key]
            attrs = {"class": "num", "inputmode": "decimal", "aria-label": f"Vencido de {name} desde el que se contacta, en {code}"}
            self.fields[f"tolerance_{key}"] = forms.DecimalField(
                label=name, min_value=0, max_digits=14, decimal_places=minor_digits(code), required=False, widget=forms.NumberInput(attrs=attrs)
            )

    def smallest(self) -> list[tuple[Any, str]]:
        """For the page: the smallest amounts of the portfolios, each with its currency."""
        return [(self[f"tolerance_{key}"], self.currencies[key]) for key, _ in self.scopes["portfolio"]]

    def groups(self) -> list[tuple[str, list[Any]]]:
        """For the page: the floors of the portfolios, then those of the agencies."""
        titles = {"portfolio": "Cobertura mínima por cartera", "agency": "Cobertura mínima por despacho"}
        return [(titles[kind], [self[f"{kind}_{key}"] for key, _ in listed]) for kind, listed in self.scopes.items()]

    def amounts(self) -> dict[tuple[str, UUID | None], int | None]:
        """As the service takes them: the budget in minor units; a floor of nobody is none."""
        budget = self.cleaned_data.get("budget")
        floors: dict[tuple[str, UUID | None], int | None] = {
            (kind, key): self.cleaned_data.get(f"{kind}_{key}") or None for kind, listed in self.scopes.items() for key, _ in listed
        }
        small: dict[tuple[str, UUID | None], int | None] = {
            ("tolerance", key): int(amount.scaleb(minor_digits(self.currencies[key]))) if (amount := self.cleaned_data.get(f"tolerance_{key}")) else None
            for key, _ in self.scopes["portfolio"]
        }
        days: dict[tuple[str, UUID | None], int | None] = {(kind, None): self.cleaned_data.get(kind) for kind in ("first", "idle")}
        return {("budget", None): None if budget is None else int(budget.scaleb(self.digits)), **floors, **small, **days}


COSTED = ("call", "sms", "im", "email", "prerecorded", "letter", "visit")


class ExperimentForm(forms.Form):
    """What is tried, on whom, and how large a difference it should show."""

    kind = forms.ChoiceField(label="Qué se prueba", choices=[("challenger", "Una versión contra la que está en vigor"), ("holdout", "La gestión contra no contactar (grupo de control)")])
    name = forms.CharField(label="Nombre", max_length=120, widget=forms.TextInput(attrs={"placeholder": "Por ejemplo: llamar antes a quien rompió una promesa"}))
    hypothesis = forms.CharField(label="Qué se espera y por qué", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    version = forms.ChoiceField(label="Versión retadora", required=False, help_text="Sólo versiones que otra persona ya aprobó.")
    share = forms.DecimalField(label="Parte de las personas en la prueba (%)", min_value=Decimal("0.5"), max_value=Decimal(50), decimal_places=1, initial=10,
                               help_text="Con la retadora, o en el grupo de control. Las demás siguen como siempre.")  # fmt: skip
    metric = forms.ChoiceField(label="Qué se mide", choices=list(METRIC_ES.items()))
    days = forms.IntegerField(label="Cuántos días se espera el resultado de cada persona", min_value=1, max_value=180, initial=30)
    base = forms.DecimalField(label="Se espera del grupo de comparación (%)", min_value=Decimal("0.1"), max_value=Decimal("99.9"), decimal_places=1, initial=20)
    lift = forms.DecimalField(label="Diferencia que se quiere ver (puntos)", min_value=Decimal("-50"), max_value=Decimal(50), decimal_places=1, initial=3)
    country = forms.MultipleChoiceField(label="Sólo de estos países", required=False, widget=forms.CheckboxSelectMultiple)
    stage = forms.MultipleChoiceField(label="Sólo en estas etapas", required=False, choices=list(STAGE_ES.items()), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, versions: list[StrategyVersion], countries: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].choices = [("", "Elija"), *((str(one.pk), f"Versión {one.number} · {STATUS_ES.get(one.status, one.status).lower()}") for one in versions)]  # type: ignore[attr-defined]
        self.fields["country"].choices = [(code, COUNTRY_ES.get(code, code)) for code in countries]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("kind") == "challenger" and not data.get("version"):
            self.add_error("version", "Elija la versión que se prueba.")
        return data


class StartForm(forms.Form):
    """From which day an experiment draws. `first` is the first day that still can: today's, until it is run."""

    on = forms.DateField(label="Desde qué jornada", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    note = forms.CharField(label="Comentario", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, first: date, today: date, **kwargs: Any) -> None:
        super().__init__(*args, initial={"on": first}, **kwargs)
        self.first = first
        if first > today:
            self.fields["on"].help_text = f"La jornada de hoy ya comenzó: la primera que puede sortear es la del {day(first)}."

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on < self.first:
            raise forms.ValidationError(f"La primera jornada que puede sortear es la del {day(self.first)}: elija esa o una posterior.")
        return on


class ReasonForm(forms.Form):
    note = forms.CharField(label="Por qué", max_length=300, widget=forms.Textarea(attrs={"rows": 3}), error_messages={"required": "Diga por qué."})


class PaceForm(forms.Form):
    """One row of the pace: for whom, after what, and how much."""

    creditor_id = forms.TypedChoiceField(label="Acreedor", required=False, coerce=UUID, empty_value=None)
    kind = forms.ChoiceField(label="Tipo de deudor", required=False, choices=_choices(KIND_ES, "Cualquiera"))
    stage = forms.ChoiceField(label="Etapa", required=False, choices=_choices(STAGE_ES, "Cualquiera"))
    after = forms.ChoiceField(label="Lo último que pasó", required=False, choices=_choices(AFTER_ES, "Cualquier cosa"))
    contacts = forms.IntegerField(label="Intentos, a lo más", min_value=0, max_value=31)
    period_days = forms.IntegerField(label="En cuántos días", min_value=1, max_value=31, initial=7)
    gap_days = forms.IntegerField(label="Días de descanso tras un intento", min_value=0, max_value=31, initial=0)
    valid_from = forms.DateField(label="Vale desde", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, creditors: list[tuple[UUID, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["creditor_id"].choices = [("", "Cualquiera"), *((str(key), name) for key, name in creditors)]  # type: ignore[attr-defined]


class OverrideForm(forms.Form):
    """What is decided by hand on an account."""

    want = forms.ChoiceField(label="Qué se quiere", choices=list(WANT_ES.items()), widget=forms.RadioSelect, initial="none")
    to = forms.ModelChoiceField(label="Quién la lleva", queryset=None, required=False, empty_label="Elija a quién, si la lleva una persona")
    whole_person = forms.BooleanField(label="Todas las cuentas de la persona", required=False)
    reason = forms.ChoiceField(label="Motivo", choices=list(OVERRIDE_REASON_ES.items()))
    until_on = forms.DateField(label="Hasta qué día", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = people  # type: ignore[attr-defined]


class TakeForm(forms.Form):
    """Who answers for an escalated account; empty is oneself."""

    to = forms.ModelChoiceField(label="Para", queryset=None, required=False, empty_label="Yo")

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = people  # type: ignore[attr-defined]


GOAL_LINES = 4


class PlanForm(forms.Form):
    """A plan with up to GOAL_LINES goals: each line an indicator, its currency when it is money, and its target (a percent as 0 to 100)."""

    name = forms.CharField(label="Nombre", max_length=120)
    purpose = forms.CharField(label="Para qué", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    owner_id = forms.TypedChoiceField(label="Quién responde", coerce=UUID)
    portfolio_id = forms.TypedChoiceField(label="Cartera", required=False, coerce=UUID, empty_value=None)
    starts_on = forms.DateField(label="Empieza", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    ends_on = forms.DateField(label="Termina", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    review = forms.TypedChoiceField(label="Se revisa cada", coerce=int, choices=[(n, name) for n, name in enumerate(("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"))])
    stages = forms.MultipleChoiceField(label="Etapas", required=False, choices=list(STAGE_ES.items()), widget=forms.CheckboxSelectMultiple, help_text="Ninguna: todas.")
    channels = forms.MultipleChoiceField(label="Canales", required=False, choices=[(one, CHANNEL_ES[one]) for one in CAPACITY_CHANNELS], widget=forms.CheckboxSelectMultiple, help_text="Ninguno: los que tienen capacidad.")

    def __init__(self, *args: Any, people: list[tuple[UUID, str]], books: list[tuple[UUID, str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["owner_id"].choices = [(str(key), name) for key, name in people]
        fields["portfolio_id"].choices = [("", "Todas"), *((str(key), name) for key, name, _ in books)]
        currencies = [("", "—"), *((code, code) for code in sorted({code for _, _, code in books}))]
        for line in range(GOAL_LINES):
            fields[f"kpi_{line}"] = forms.ChoiceField(label="Indicador", required=False, choices=[("", "—"), *((key, KPIS[key].label_es) for key in GOALS)])
            fields[f"currency_{line}"] = forms.ChoiceField(label="Moneda", required=False, choices=currencies)
            fields[f"target_{line}"] = forms.DecimalField(label="Meta", required=False, min_value=0, max_digits=16, decimal_places=2)

    def plain(self) -> list[Any]:
        """The fields that are no goal."""
        return [field for field in self if not field.name.rpartition("_")[2].isdecimal()]

    def goals(self) -> list[tuple[Any, Any, Any]]:
        """For the page: the lines of goals."""
        return [(self[f"kpi_{line}"], self[f"currency_{line}"], self[f"target_{line}"]) for line in range(GOAL_LINES)]

    def told(self) -> dict[str, Any]:
        """As the service takes it."""
        data = self.cleaned_data
        goals = []
        for line in range(GOAL_LINES):
            key, amount, currency = data.get(f"kpi_{line}"), data.get(f"target_{line}"), data.get(f"currency_{line}") or ""
            if key and amount is not None:
                unit = KPIS[key].unit
                target = amount / 100 if unit == "percent" else amount.scaleb(minor_digits(currency)) if unit == "money" and currency else amount
                goals.append({"kpi": key, "currency": currency, "target": target})
        return {name: data[name] for name in PlanForm.base_fields} | {"goals": goals}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for line in range(GOAL_LINES):
            if bool(data.get(f"kpi_{line}")) != (data.get(f"target_{line}") is not None):
                self.add_error(f"target_{line}", "Cada meta lleva su indicador y su valor.")
        return data

    @staticmethod
    def shown(plan: CollectionPlan) -> dict[str, Any]:
        """The form's values of a plan."""
        values: dict[str, Any] = {name: getattr(plan, name) for name in PlanForm.base_fields}
        for line, goal in enumerate(plan.goals[:GOAL_LINES]):
            unit, target = KPIS[goal["kpi"]].unit, Decimal(goal["target"])
            amount = target * 100 if unit == "percent" else target.scaleb(-minor_digits(goal["currency"])) if unit == "money" else target
            values |= {f"kpi_{line}": goal["kpi"], f"currency_{line}": goal["currency"], f"target_{line}": round(amount, 2)}
        return values
