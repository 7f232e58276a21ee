"""Forms of the team's pages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.money import MINOR_DIGITS
from recaudo.kernel.permissions import ROLES
from recaudo.workforce import queries
from recaudo.workforce.models import Agency, Team, User
from recaudo.workforce.services.organisation import COUNTRIES

WEEKDAYS = ("Lunes", "Martes", "Miércoles", "Jueves", "Viernes", "Sábado", "Domingo")
ROLE_CHOICES = [
    (code, role.name_es + (" (de despacho)" if role.is_agency and "despacho" not in role.name_es else ""))
    for code, role in ROLES.items()
]
COUNTRY_CHOICES = [(code, code) for code in COUNTRIES]
CHANNEL_CHOICES = [(code, CHANNEL_ES[code]) for code in queries.CAPACITY_CHANNELS]


class UserFilters(forms.Form):
    q = forms.CharField(label="Nombre o correo", required=False, max_length=80)
    role = forms.ChoiceField(label="Rol", required=False, choices=[("", "Todos"), *ROLE_CHOICES])
    agency = forms.ModelChoiceField(label="Despacho", required=False, queryset=Agency.objects.none(), empty_label="Todos")
    state = forms.ChoiceField(
        label="Estado", required=False, choices=[("active", "Activos"), ("inactive", "Desactivados"), ("all", "Todos")]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agency"].queryset = Agency.objects.order_by("name")  # type: ignore[attr-defined]


class _WithRoles(forms.Form):
    name = forms.CharField(label="Nombre completo", max_length=120)
    roles = forms.MultipleChoiceField(
        label="Roles", choices=ROLE_CHOICES, widget=forms.CheckboxSelectMultiple,
        help_text="Lo que puede hacer es la suma de sus roles. Vea el catálogo de roles para el detalle.",
    )  # fmt: skip
    agency = forms.ModelChoiceField(
        label="Despacho", required=False, queryset=Agency.objects.none(), empty_label="Ninguno: es gente de la organización",
        help_text="La gente de un despacho ve sólo lo que tiene asignado.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agency"].queryset = Agency.objects.filter(is_active=True).order_by("name")  # type: ignore[attr-defined]


class InviteForm(_WithRoles):
    email = forms.EmailField(label="Correo", max_length=254)
    field_order = ("email", "name", "roles", "agency")


class UserForm(_WithRoles):
    pass


class TokenForm(forms.Form):
    name = forms.CharField(label="Sistema que la usará", max_length=60)
    days = forms.TypedChoiceField(
        label="Vale",
        coerce=int,
        initial=90,
        choices=[(30, "30 días"), (90, "90 días"), (180, "180 días"), (365, "Un año")],
    )


class AcceptForm(forms.Form):
    name = forms.CharField(
        label="Su nombre completo", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = forms.CharField(
        label="Elija una contraseña", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Doce caracteres o más. Una frase fácil de recordar y difícil de adivinar funciona bien.",
    )  # fmt: skip
    again = forms.CharField(
        label="Repítala", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("password") and given.get("again") and given["password"] != given["again"]:
            self.add_error("again", "No es igual a la anterior.")
        return given


class TeamForm(forms.Form):
    name = forms.CharField(label="Nombre del equipo", max_length=80)
    channel = forms.ChoiceField(label="Canal principal", choices=CHANNEL_CHOICES)
    supervisor = forms.ModelChoiceField(label="Supervisor", required=False, queryset=User.objects.none(), empty_label="Sin supervisor")
    agency = forms.ModelChoiceField(label="Despacho", required=False, queryset=Agency.objects.none(), empty_label="Ninguno")
    members = forms.ModelMultipleChoiceField(
        label="Integrantes", required=False, queryset=User.objects.none(), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = queries.users().filter(is_active=True).order_by("name")
        for name in ("supervisor", "members"):
            self.fields[name].queryset = people  # type: ignore[attr-defined]
        self.fields["agency"].queryset = Agency.objects.order_by("name")  # type: ignore[attr-defined]

    @classmethod
    def of(cls, team: Team) -> TeamForm:
        start = {"name": team.name, "channel": team.channel, "supervisor": team.supervisor_id, "agency": team.agency_id}
        return cls(initial={**start, "members": list(team.members.values_list("id", flat=True))})


class AgencyForm(forms.Form):
    name = forms.CharField(label="Nombre", max_length=120)
    code = forms.SlugField(label="Código", max_length=20, help_text="Corto y único; aparece en archivos y listas.")
    country = forms.ChoiceField(label="País", choices=COUNTRY_CHOICES)
    registry_id = forms.CharField(
        label="Registro", required=False, max_length=60,
        help_text="Su número en el registro de despachos, donde la ley lo pide (REDECO en México).",
    )  # fmt: skip
    address_phone = forms.CharField(label="Domicilio y teléfono públicos", required=False, max_length=200)
    is_active = forms.BooleanField(label="Activo: puede recibir cuentas", required=False, initial=True)


class SettingsForm(forms.Form):
    name = forms.CharField(label="Nombre de la organización", max_length=120)
    zone = forms.CharField(
        label="Zona horaria", max_length=40, widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
        help_text="La de los relojes de su operación. Los horarios de contacto usan siempre la zona de cada persona.",
    )  # fmt: skip
    currency = forms.ChoiceField(label="Moneda de los informes", choices=[(code, code) for code in MINOR_DIGITS])
    day_at = forms.TimeField(
        label="Hora de la jornada", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="La jornada empieza sola a esta hora de su operación. Vacía: sólo cuando alguien la ejecute.",
    )  # fmt: skip
    sender_agent = forms.CharField(
        label="Quién firma los mensajes automáticos", max_length=120, required=False,
        help_text="Nombre de la persona responsable; en México la primera comunicación debe decirlo.",
    )  # fmt: skip
    sender_contact = forms.CharField(
        label="Domicilio y teléfono de la organización", max_length=200, required=False,
        help_text="Se incluye donde la norma pide que el cobrador se identifique.",
    )  # fmt: skip
    usd_rates = forms.CharField(
        label="Unidades por dólar", max_length=200, required=False,
        help_text="Sólo para comparar deudas de distintas monedas. Por ejemplo: MXN 18.50, CLP 950, COP 4100.",
    )  # fmt: skip

    def clean_usd_rates(self) -> dict[str, Decimal]:
        """The rates by currency."""
        rates: dict[str, Decimal] = {}
        for part in filter(None, (piece.strip() for piece in self.cleaned_data["usd_rates"].split(","))):
            code, _, text = part.upper().partition(" ")
            try:
                rate = Decimal(text.strip())
            except InvalidOperation:
                rate = Decimal(0)
            if code not in MINOR_DIGITS or not rate.is_finite() or rate <= 0:
                raise forms.ValidationError(f"«{part}» no se entiende. Escriba la moneda, un espacio y un número mayor que cero: MXN 18.50.")
            rates[code] = rate
        return rates


class CapacityForm(forms.Form):
    """One number per channel and weekday, named `call_0` .. `visit_6`."""

    valid_from = forms.DateField(
        label="Vale desde", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, table: dict[str, list[int]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for channel in table:
            for weekday in range(7):
                label = f"{CHANNEL_ES.get(channel, channel)}, {WEEKDAYS[weekday].lower()}"
                self.fields[f"{channel}_{weekday}"] = forms.IntegerField(
                    label=label, min_value=0, max_value=100_000_000, initial=table[channel][weekday],
                    widget=forms.NumberInput(attrs={"class": "num", "inputmode": "numeric", "aria-label": label}),
                )  # fmt: skip
        self.channels = list(table)

    def rows(self) -> list[tuple[str, list[Any]]]:
        """For the page: the channel and its seven fields."""
        return [(channel, [self[f"{channel}_{weekday}"] for weekday in range(7)]) for channel in self.channels]

    def units(self) -> dict[str, list[int]]:
        given = self.cleaned_data
        return {channel: [given[f"{channel}_{weekday}"] for weekday in range(7)] for channel in self.channels}

    @property
    def first_day(self) -> date:
        day: date = self.cleaned_data["valid_from"]
        return day
