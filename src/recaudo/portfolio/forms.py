"""Forms of the portfolio: what a person types, parsed into what a service takes."""

from __future__ import annotations

from typing import Any

from django import forms

from recaudo.engine.facts import KIND_ES, PRODUCT_ES
from recaudo.kernel.contact import CHANNEL_ES, Channel
from recaudo.kernel.money import MINOR_DIGITS, Money
from recaudo.portfolio.models import Account, Creditor, Portfolio
from recaudo.portfolio.models.ledger import COMPONENTS
from recaudo.portfolio.queries.words import (
    COMPONENT_ES,
    COUNTRY_ES,
    METHOD_ES,
    PAYMENT_ES,
    PLACE_ES,
    POINT_ES,
    SOURCE_ES,
    STATUS_ES,
    VOICE_ES,
)
from recaudo.portfolio.services.consents import CONSENT_ES
from recaudo.portfolio.services.documents import DOCUMENT_ES
from recaudo.portfolio.services.ledger import DEFAULT_WATERFALL, waterfall_of
from recaudo.portfolio.services.preferences import DAYS_ES, LANGUAGE_ES, SAID_BY_ES


def _choices(names: dict[str, str], empty: str | None = None) -> list[tuple[str, str]]:
    return ([("", empty)] if empty is not None else []) + list(names.items())


def _day(label: str, *, required: bool = True, help_text: str = "") -> forms.DateField:
    return forms.DateField(label=label, required=required, help_text=help_text, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))


class CreditorForm(forms.Form):
    code = forms.SlugField(label="Clave", max_length=20, help_text="Corta, sin espacios: así la nombran los archivos.")
    name = forms.CharField(label="Nombre", max_length=120)
    legal_name = forms.CharField(label="Razón social", max_length=160, required=False)
    tax_id = forms.CharField(label="Identificación fiscal", max_length=30, required=False)
    country = forms.ChoiceField(label="País", choices=_choices(COUNTRY_ES))
    voice = forms.ChoiceField(label="Trato en los mensajes", choices=_choices(VOICE_ES))
    how_to_pay = forms.CharField(
        label="Cómo pagar", required=False, max_length=2000, widget=forms.Textarea({"rows": 4}),
        help_text="Va en cada aviso: banco, cuenta, convenio, horario.",
    )  # fmt: skip
    complaint_contact = forms.CharField(
        label="Dónde se atienden quejas", max_length=200, required=False, help_text="Teléfono, correo o dirección pública del acreedor."
    )
    is_active = forms.BooleanField(label="En uso", required=False, initial=True)

    def __init__(self, *args: Any, creditor: Creditor | None = None, **kwargs: Any) -> None:
        if creditor is not None:
            kwargs.setdefault("initial", {name: getattr(creditor, name) for name in self.base_fields})
        super().__init__(*args, **kwargs)
        order = waterfall_of(creditor) if creditor else DEFAULT_WATERFALL
        for place, component in enumerate(order, start=1):
            self.fields[f"order_{place}"] = forms.ChoiceField(label=f"{place}.º", choices=_choices(COMPONENT_ES), initial=component)

    @property
    def plain_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.base_fields]

    @property
    def waterfall_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("order_")]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        order = [given.pop(name) for name in list(given) if name.startswith("order_")]
        if len(set(order)) != len(COMPONENTS):
            raise forms.ValidationError("El orden de aplicación debe nombrar cada concepto una sola vez.")
        given["waterfall"] = order
        return given


class PortfolioForm(forms.Form):
    creditor = forms.ModelChoiceField(label="Acreedor", queryset=Creditor.objects.none())
    code = forms.SlugField(label="Clave", max_length=20, help_text="Corta, sin espacios: así la nombran los archivos.")
    name = forms.CharField(label="Nombre", max_length=120)
    product = forms.ChoiceField(label="Producto", choices=_choices(PRODUCT_ES))
    kind = forms.ChoiceField(label="Tipo de deudor", choices=_choices(KIND_ES))
    currency = forms.ChoiceField(label="Moneda", choices=[(code, code) for code in MINOR_DIGITS])
    country = forms.ChoiceField(label="País cuyas normas rigen", choices=_choices(COUNTRY_ES))
    is_active = forms.BooleanField(label="En uso", required=False, initial=True)

    def __init__(self, *args: Any, portfolio: Portfolio | None = None, **kwargs: Any) -> None:
        if portfolio is not None:
            kwargs.setdefault("initial", {name: getattr(portfolio, name) for name in self.base_fields})
        super().__init__(*args, **kwargs)
        self.fields["creditor"].queryset = Creditor.objects.order_by("name")


class BucketForm(forms.Form):
    """S-062: where early delinquency ends is the organisation's to say."""

    valid_from = _day("Vigente desde")
    early_below_days = forms.IntegerField(label="Mora temprana: menos de (días)", min_value=2, max_value=700)
    late_from_days = forms.IntegerField(label="Mora tardía: desde (días)", min_value=3, max_value=720)


class PaymentFilterForm(forms.Form):
    q = forms.CharField(label="Buscar", required=False, max_length=80, widget=forms.TextInput({"type": "search", "placeholder": "Cuenta, referencia o clave"}))
    status = forms.ChoiceField(label="Estado", required=False, choices=_choices(PAYMENT_ES, "Todos"))
    portfolio = forms.ModelChoiceField(label="Cartera", required=False, queryset=Portfolio.objects.none(), empty_label="Todas")
    from_on = _day("Desde", required=False)
    until_on = _day("Hasta", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["portfolio"].queryset = Portfolio.objects.order_by("name")


class PaymentForm(forms.Form):
    """A payment typed by hand. The hidden key makes a second press of the button the same payment."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    number = forms.CharField(label="Número de cuenta", required=False, max_length=60, help_text="Déjelo vacío si aún no se sabe de quién es.")
    amount = forms.DecimalField(label="Importe", min_value=0, max_digits=15, decimal_places=6, localize=False, widget=forms.NumberInput({"step": "any", "inputmode": "decimal"}))
    currency = forms.ChoiceField(label="Moneda", choices=[(code, code) for code in MINOR_DIGITS])
    paid_on = _day("Fecha de pago")
    method = forms.ChoiceField(label="Medio", choices=_choices(METHOD_ES))
    reference = forms.CharField(label="Referencia", required=False, max_length=60)
    payer = forms.CharField(label="Quién pagó, según el banco", required=False, max_length=160, help_text="Se guarda cifrado.")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if "amount" in given and "currency" in given:
            money = Money.from_decimal(given["amount"], given["currency"])
            if money.decimal() != given["amount"]:
                self.add_error("amount", "Tiene más decimales de los que usa esa moneda.")
            given["amount_minor"] = money.minor
        if number := given.get("number", "").strip():
            found = list(Account.objects.filter(number__in={number, number.upper()})[:2])
            if len(found) != 1:
                self.add_error("number", "Hay varias cuentas con ese número." if found else "No hay una cuenta con ese número a su alcance.")
            given["account"] = found[0] if len(found) == 1 else None
        return given


class ReasonForm(forms.Form):
    reason = forms.CharField(label="Motivo", max_length=200, widget=forms.Textarea({"rows": 2}))


class MergeForm(forms.Form):
    kept = forms.UUIDField(widget=forms.HiddenInput)
    merged = forms.UUIDField(widget=forms.HiddenInput)
    reason = forms.CharField(max_length=200)


class PairForm(forms.Form):
    left = forms.UUIDField(widget=forms.HiddenInput)
    right = forms.UUIDField(widget=forms.HiddenInput)


class ContactPointForm(forms.Form):
    kind = forms.ChoiceField(label="Medio", choices=_choices(POINT_ES))
    value = forms.CharField(label="Número, correo o domicilio", max_length=300, widget=forms.TextInput({"autocomplete": "off"}))
    source = forms.ChoiceField(label="De dónde se obtuvo", choices=_choices(SOURCE_ES))
    place = forms.ChoiceField(label="Uso", choices=_choices(PLACE_ES))
    municipality = forms.CharField(label="Municipio o comuna", max_length=80, required=False)


class ContactStatusForm(forms.Form):
    status = forms.ChoiceField(label="Estado", choices=_choices(STATUS_ES))


class ConsentForm(forms.Form):
    kind = forms.ChoiceField(label="Qué dijo", choices=_choices(CONSENT_ES))
    channels = forms.MultipleChoiceField(
        label="Canales", required=False, choices=[(c.value, CHANNEL_ES[c.value]) for c in Channel], widget=forms.CheckboxSelectMultiple,
        help_text="Ninguno marcado: todos.",
    )  # fmt: skip
    source = forms.ChoiceField(label="Cómo lo dijo", choices=[("call", "Llamada"), ("written", "Por escrito"), ("contract", "Contrato"), ("portal", "Portal"), ("visit", "En persona")])
    evidence = forms.CharField(label="Dónde está la prueba", max_length=200, required=False, help_text="Número de grabación o documento, sin datos personales.")


class PreferenceForm(forms.Form):
    channel = forms.ChoiceField(label="Canal", required=False, choices=_choices({c.value: CHANNEL_ES[c.value] for c in Channel}, "Cualquiera"))
    days = forms.MultipleChoiceField(
        label="Días", required=False, choices=list(DAYS_ES.items()), widget=forms.CheckboxSelectMultiple, help_text="Ninguno marcado: todos."
    )
    from_time = forms.TimeField(label="Desde", required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M"), help_text="Hora de la persona.")
    until_time = forms.TimeField(label="Hasta", required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    avoid = forms.ChoiceField(label="Qué pidió", required=False, choices=[("", "Que se le contacte así"), ("1", "Que no se le contacte así")])
    source = forms.ChoiceField(label="Quién lo dijo", choices=list(SAID_BY_ES.items()))

    def clean_avoid(self) -> bool:
        return bool(self.cleaned_data.get("avoid"))


class LanguageForm(forms.Form):
    language = forms.ChoiceField(label="Idioma en que prefiere hablar", choices=list(LANGUAGE_ES.items()))


class DocumentForm(forms.Form):
    kind = forms.ChoiceField(label="Tipo", choices=_choices(DOCUMENT_ES))
    title = forms.CharField(label="Título", max_length=160)
    issued_on = _day("Fecha del documento", required=False)
    file = forms.FileField(label="Archivo", help_text="PDF, PNG, JPG o TIFF, hasta 20 MB.", widget=forms.FileInput({"accept": ".pdf,.png,.jpg,.jpeg,.tif,.tiff"}))


class PauseForm(forms.Form):
    from_on = _day("Desde", help_text="Puede ser una fecha pasada.")
    until_on = _day("Hasta (sin incluir)", required=False, help_text="Vacío: hasta que se indique otra fecha.")
    reason = forms.CharField(label="Motivo", max_length=200)
