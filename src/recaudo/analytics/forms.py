"""What the indicators are narrowed to."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms

from recaudo.analytics.queries import Scope
from recaudo.engine.facts import BUCKET_ES
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.time import month_of
from recaudo.portfolio.models import Creditor, Portfolio
from recaudo.workforce.queries import users

PERIODS = (("mes", "Este mes"), ("anterior", "Mes anterior"), ("30", "Últimos 30 días"), ("fechas", "Entre fechas"))
_NOT_CHANNELS = {"none", "agency", "legal"}


class ScopeForm(forms.Form):
    """Period and filters, kept in the address."""

    periodo = forms.ChoiceField(label="Periodo", required=False, choices=PERIODS)
    desde = forms.DateField(label="Desde", required=False, widget=forms.DateInput({"type": "date"}), input_formats=["%Y-%m-%d"])
    hasta = forms.DateField(label="Hasta", required=False, widget=forms.DateInput({"type": "date"}), input_formats=["%Y-%m-%d"])
    cartera = forms.ModelChoiceField(label="Cartera", required=False, queryset=Portfolio.objects.none(), empty_label="Todas")
    acreedor = forms.ModelChoiceField(label="Acreedor", required=False, queryset=Creditor.objects.none(), empty_label="Todos")
    moneda = forms.ChoiceField(label="Moneda", required=False)
    tramo = forms.ChoiceField(label="Tramo al inicio", required=False, choices=[("", "Todos"), *BUCKET_ES.items()])
    canal = forms.ChoiceField(
        label="Canal", required=False, choices=[("", "Todos"), *((code, name) for code, name in CHANNEL_ES.items() if code not in _NOT_CHANNELS)]
    )
    ejecutivo = forms.ModelChoiceField(label="Ejecutivo", required=False, queryset=None, empty_label="Todos")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["cartera"].queryset = Portfolio.objects.order_by("name")
        fields["acreedor"].queryset = Creditor.objects.order_by("name")
        fields["ejecutivo"].queryset = users().order_by("name")
        currencies = Portfolio.objects.order_by("currency").values_list("currency", flat=True).distinct()
        fields["moneda"].choices = [("", "Todas"), *((code, code) for code in currencies)]

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        if typed.get("periodo") == "fechas":
            start, last = typed.get("desde"), typed.get("hasta")
            if not start or not last:
                self.add_error("desde", "Indique las dos fechas.")
            elif last < start:
                self.add_error("hasta", "La fecha final es anterior a la inicial.")
            elif (last - start).days > 366:
                self.add_error("hasta", "El periodo puede tener hasta un año.")
        return typed

    def scope(self, *, today: date, zone: str) -> Scope:
        """What the form asks for; this month when it is empty or wrong."""
        typed = self.cleaned_data if self.is_valid() else {}
        start, end = _period(typed, today)
        portfolio, creditor, agent = typed.get("cartera"), typed.get("acreedor"), typed.get("ejecutivo")
        return Scope(
            start=start, end=end, today=today, zone=zone, portfolio_id=portfolio.id if portfolio else None,
            creditor_id=creditor.id if creditor else None, currency=typed.get("moneda") or "", bucket=typed.get("tramo") or "",
            channel=typed.get("canal") or "", agent_id=agent.id if agent else None,
        )  # fmt: skip


def _period(typed: dict[str, Any], today: date) -> tuple[date, date]:
    chosen = typed.get("periodo")
    if chosen == "anterior":
        before = month_of(today.replace(day=1) - timedelta(days=1))
        return before.start, before.end
    if chosen == "30":
        return today - timedelta(days=29), today + timedelta(days=1)
    if chosen == "fechas":
        return typed["desde"], typed["hasta"] + timedelta(days=1)
    month = month_of(today)
    return month.start, month.end
