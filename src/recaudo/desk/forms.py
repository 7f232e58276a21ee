"""Forms of the desk: what an agent types, parsed into what a service takes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from recaudo.casework import catalogue
from recaudo.casework.catalogue import FIELDS, MEANS, PROVENANCES, REASONS, VOLUNTEERED, Disposition
from recaudo.casework.services import ACT_ES, Outcome, Wish
from recaudo.casework.words import DISPUTE_ES, HOLD_ES
from recaudo.engine import clean
from recaudo.engine.facts import BUCKET_ES, PRODUCT_ES
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.money import Money
from recaudo.portfolio.models import Account
from recaudo.portfolio.queries import POINT_ES, SOURCE_ES
from recaudo.portfolio.services import DAYS_ES, PROOF_ES

POINT_DECIMAL = {"MXN", "UDI", "USD", "PAB", "GTQ", "HNL", "NIO", "DOP", "PEN", "TWD"}
INBOUND = ("call", "im", "email", "portal", "visit", "sms")
STATUS_ES = {
    "preventive": "Preventiva", "current": "Al corriente", "delinquent": "En mora", "accelerated": "Vencida por anticipado",
    "written_off": "Castigada", "sold": "Vendida", "recalled": "Retirada", "closed_paid": "Pagada", "closed_settled": "Finiquitada",
    "closed_prescribed": "Prescrita",
}  # fmt: skip
STAGE_ES = {"preventive": "Preventiva", "early": "Temprana", "middle": "Media", "late": "Tardía", "written_off": "Castigada"}
WISH_CHANNELS = [(code, CHANNEL_ES[code]) for code in ("call", "sms", "im", "email", "letter")]
# Kept with the note; the others have their own field below.
TEXTS = ("offer", "schedule", "matter", "reference", "receipt", "evidence", "claimed_on", "place", "disputed", "representative", "folio",
         "window", "event")  # fmt: skip


class AmountField(forms.CharField):
    """An amount as people of the account's country write it, turned into whole minor units."""

    def __init__(self, *, currency: str, **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}), **kwargs)

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        # A browser that fills in a plain number writes 1234.5 whatever the country.
        style: Any = "point" if self.currency in POINT_DECIMAL else "comma"
        minor = clean.amount(text, style, self.currency)
        if isinstance(minor, clean.Refused):
            raise forms.ValidationError(minor.text_es)
        return minor


def day_field(label: str, *, required: bool = False, help_text: str = "") -> forms.DateField:
    return forms.DateField(label=label, required=required, help_text=help_text, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))


class OutcomeForm(forms.Form):
    """How a contact ended. Shows only the fields that the chosen disposition asks for."""

    def __init__(self, data: Any = None, *, channel: str, account: Account, zone: str, may_ask_reason: bool, today: date) -> None:
        super().__init__(data)
        self.account, self.zone, self.today = account, zone, today
        groups = [(g.label_es, [(d.code, f"{d.code} · {d.label_es}") for d in g.items]) for g in catalogue.choices(channel)]
        self.fields["disposition"] = forms.ChoiceField(
            label="Resultado", choices=[("", "Escriba el código o elija…"), *groups],
            widget=forms.Select({"data-auto-focus": "", "autocomplete": "off"}),
        )  # fmt: skip
        self.chosen = catalogue.dispositions().get((data or {}).get("disposition", ""))
        self._ask_required()
        if self.chosen is not None and self.chosen.is_rpc:
            self._ask_reason(may_ask_reason)
        if self.chosen is None or not self.chosen.forbids_note:
            rows = forms.Textarea({"rows": 3, "maxlength": 2000})
            self.fields["note"] = forms.CharField(label="Nota", required=False, widget=rows, help_text="Hechos, sin juicios ni datos de terceros.")

    def _ask_required(self) -> None:
        needed = self.chosen.requires if self.chosen else ()
        makers = {
            "amount": lambda: AmountField(label=f"Monto ({self.account.currency})", currency=self.account.currency),
            "due_on": lambda: day_field(FIELDS["due_on"], required=True),
            "means": lambda: forms.ChoiceField(label=FIELDS["means"], choices=list(MEANS.items())),
            "callback_at": self._moment,
        }
        for name in needed:
            if name == "new_contact":
                self.fields["contact_kind"] = forms.ChoiceField(label="Tipo de medio", choices=list(POINT_ES.items()))
                self.fields["contact_value"] = forms.CharField(label=FIELDS["new_contact"], max_length=200)
            elif name in makers:
                self.fields[name] = makers[name]()
            elif name == "window":
                self._ask_wish()
            elif name in TEXTS:
                self.fields[name] = forms.CharField(label=FIELDS[name], max_length=200)
        for name, options in self.suggestions().items():
            if name in self.fields and options:
                self.fields[name].widget.attrs["list"] = f"suggest-{name}"

    def _ask_wish(self) -> None:
        clock = {"type": "time"}
        self.fields["wish_channel"] = forms.ChoiceField(label="Canal que prefiere", required=False, choices=[("", "Cualquiera"), *WISH_CHANNELS])
        self.fields["wish_days"] = forms.MultipleChoiceField(
            label="Días", required=False, choices=list(DAYS_ES.items()), widget=forms.CheckboxSelectMultiple, help_text="Ninguno marcado: todos."
        )
        self.fields["wish_from"] = forms.TimeField(
            label="Desde", required=False, widget=forms.TimeInput(clock, format="%H:%M"), help_text=f"Hora de la persona ({self.zone})."
        )
        self.fields["wish_until"] = forms.TimeField(
            label="Hasta", required=False, widget=forms.TimeInput(clock, format="%H:%M"),
            help_text="Desde que guarde, el sistema sólo permite contactar así. Un canal sin días ni horas hace descansar a los demás.",
        )  # fmt: skip

    def _moment(self) -> forms.DateTimeField:
        widget = forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        return forms.DateTimeField(
            label=FIELDS["callback_at"], widget=widget, input_formats=["%Y-%m-%dT%H:%M"], help_text=f"Hora de la persona ({self.zone})."
        )

    def _ask_reason(self, may_ask: bool) -> None:
        self.fields["reason"] = forms.ChoiceField(
            label="Motivo de no pago" if may_ask else "Motivo (sólo si lo dijo por su cuenta)", required=False,
            choices=[("", "—"), *((code, f"{code} · {label}") for code, label in REASONS.items())],
        )  # fmt: skip
        if may_ask:
            self.fields["provenance"] = forms.ChoiceField(
                label="Cómo se supo", required=False, choices=[(code, PROVENANCES[code]) for code in (VOLUNTEERED, "asked", "third_party")]
            )

    def suggestions(self) -> dict[str, list[tuple[str, str]]]:
        """Amounts and days that people usually agree on: the whole of what is overdue, half of it; tomorrow, payday."""
        overdue = self.account.overdue_minor
        amounts = [(overdue, "todo lo vencido"), (overdue // 2, "la mitad de lo vencido"), (self.account.balance_minor, "saldo total")]
        return {
            "amount": [(_typed(minor, self.account.currency), label) for minor, label in amounts if minor > 0],
            "due_on": [(day.isoformat(), label) for day, label in _paydays(self.today)],
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        moment = cleaned.get("callback_at")
        if moment is not None:
            # Django read it on the server's clock; it was meant on the person's.
            cleaned["callback_at"] = moment.replace(tzinfo=ZoneInfo(self.zone))
        return cleaned

    def outcome(self) -> Outcome:
        """What was typed, as the service takes it. After is_valid()."""
        typed = self.cleaned_data
        reason = typed.get("reason", "")
        return Outcome(
            disposition=typed["disposition"], reason=reason, provenance=(typed.get("provenance") or VOLUNTEERED) if reason else "",
            note=typed.get("note", ""), amount_minor=typed.get("amount"), due_on=typed.get("due_on"), means=typed.get("means", ""),
            callback_at=typed.get("callback_at"), contact_kind=typed.get("contact_kind", ""), contact_value=typed.get("contact_value", ""),
            wish=Wish(typed.get("wish_channel", ""), tuple(typed.get("wish_days", ())), typed.get("wish_from"), typed.get("wish_until")),
            details={name: typed[name] for name in TEXTS if typed.get(name)},
        )  # fmt: skip

    @property
    def disposition_chosen(self) -> Disposition | None:
        return self.chosen


class PromiseForm(forms.Form):
    """A promise that came to us without a call of ours."""

    def __init__(self, data: Any = None, *, account: Account) -> None:
        super().__init__(data)
        self.fields["amount"] = AmountField(label=f"Monto ({account.currency})", currency=account.currency)
        self.fields["due_on"] = day_field("Fecha de pago", required=True)
        self.fields["means"] = forms.ChoiceField(label="Medio de pago", choices=list(MEANS.items()))
        self.fields["channel"] = forms.ChoiceField(label="Cómo lo dijo", choices=[(c, CHANNEL_ES[c]) for c in INBOUND])


class HoldForm(forms.Form):
    kind = forms.ChoiceField(label="Causa", choices=[(k, v) for k, v in HOLD_ES.items() if k != "promise"])
    scope = forms.ChoiceField(label="Alcance", choices=[("account", "Sólo esta cuenta"), ("person", "Toda la persona")])
    until_on = day_field("Hasta (vacío: hasta que se libere)")
    reason = forms.CharField(label="Motivo", max_length=200)


class DisputeForm(forms.Form):
    kind = forms.ChoiceField(label="Qué reclama", choices=list(DISPUTE_ES.items()))
    text = forms.CharField(label="Lo que dice la persona", widget=forms.Textarea({"rows": 3}), max_length=2000)


class ResolveForm(forms.Form):
    status = forms.ChoiceField(
        label="Resolución",
        choices=[("resolved_for_debtor", "A favor de la persona"), ("resolved_against", "En contra"), ("withdrawn", "La retiró")],
    )
    resolution = forms.CharField(label="Respuesta", widget=forms.Textarea({"rows": 3}), max_length=2000)


class ReasonForm(forms.Form):
    reason = forms.CharField(label="Motivo", max_length=200)


class NoteForm(forms.Form):
    text = forms.CharField(label="Nota", widget=forms.Textarea({"rows": 2}), max_length=2000)


class InsistForm(forms.Form):
    """Why somebody calls where the strategy rests."""

    reason = forms.CharField(label="Por qué llama de todos modos", min_length=10, max_length=200)


class ActForm(forms.Form):
    """What interrupted the prescription of a debt."""

    kind = forms.ChoiceField(label="Qué ocurrió", choices=[(k, v) for k, v in ACT_ES.items() if k != "payment"])
    on = day_field("Fecha", required=True)
    evidence = forms.CharField(label="Dónde está la prueba", max_length=200, help_text="Expediente, documento o grabación, sin datos personales.")


class ReleaseForm(forms.Form):
    """Evidence that a quarantined value is a person's after all."""

    person = forms.UUIDField(widget=forms.HiddenInput)
    evidence_kind = forms.ChoiceField(label="Qué evidencia hay", choices=list(PROOF_ES.items()))
    evidence = forms.CharField(
        label="Qué dice y dónde está", min_length=10, max_length=300, widget=forms.Textarea({"rows": 3}), help_text="Referencia del documento o grabación, sin datos personales.",
    )  # fmt: skip


class SearchForm(forms.Form):
    """How a search ended."""

    kind = forms.ChoiceField(label="Medio encontrado", required=False, choices=[("", "Ninguno"), *POINT_ES.items()])
    value = forms.CharField(label="Número, correo o domicilio", required=False, max_length=200, widget=forms.TextInput({"autocomplete": "off"}))
    source = forms.ChoiceField(label="De dónde se obtuvo", choices=list(SOURCE_ES.items()), initial="skip_tracing")
    note = forms.CharField(label="Dónde se buscó y qué resultó", min_length=5, max_length=300, widget=forms.Textarea({"rows": 3}))

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        if bool(typed.get("kind")) != bool((typed.get("value") or "").strip()):
            self.add_error("value", "Elija el tipo y escriba el medio encontrado, o deje los dos vacíos.")
        return typed


class InboundForm(forms.Form):
    channel = forms.ChoiceField(label="Canal", choices=[(c, CHANNEL_ES[c]) for c in INBOUND])


class AccountFilterForm(forms.Form):
    """Filters of the account list. All of them live in the address."""

    q = forms.CharField(
        label="Buscar", required=False, max_length=120,
        widget=forms.TextInput({"placeholder": "Nombre, cuenta, identificación o teléfono", "data-search": "", "type": "search"}),
    )  # fmt: skip
    cartera = forms.ChoiceField(label="Cartera", required=False)
    tramo = forms.ChoiceField(label="Tramo", required=False)
    etapa = forms.ChoiceField(label="Etapa", required=False, choices=[("", "Todas"), *STAGE_ES.items()])
    estado = forms.ChoiceField(label="Estado", required=False, choices=[("", "Todos"), *STATUS_ES.items()])
    producto = forms.ChoiceField(label="Producto", required=False, choices=[("", "Todos"), *PRODUCT_ES.items()])
    despacho = forms.ChoiceField(label="Despacho", required=False)

    def __init__(
        self, data: Any, *, portfolios: list[tuple[str, str]], buckets: list[str], agencies: list[tuple[str, str]]
    ) -> None:
        super().__init__(data)
        self.fields["cartera"].choices = [("", "Todas"), *portfolios]
        self.fields["tramo"].choices = [("", "Todos"), *((b, f"{b} · {BUCKET_ES[b]}" if b in ("CUR", "WO") else b) for b in buckets)]
        self.fields["despacho"].choices = [("", "Todos"), *agencies]
        if not agencies:
            del self.fields["despacho"]


def until_at(day: date | None, zone: str) -> datetime | None:
    """The end of a day on a clock."""
    if day is None:
        return None
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=ZoneInfo(zone))


def _typed(minor: int, currency: str) -> str:
    text = f"{Money(minor, currency).decimal():f}"
    return text if currency in POINT_DECIMAL else text.replace(".", ",")


def _paydays(today: date) -> list[tuple[date, str]]:
    month_end = (today.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    fifteenth = today.replace(day=15) if today.day < 15 else (month_end + timedelta(days=15))
    friday = today + timedelta(days=(4 - today.weekday()) % 7 or 7)
    days = {today + timedelta(days=1): "mañana", friday: "el viernes", fifteenth: "quincena", month_end: "fin de mes"}
    return sorted((day, label) for day, label in days.items() if day > today)
