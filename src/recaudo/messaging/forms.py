"""What people fill in: a template, a pause, a reason, an answer, a message by hand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import slugify

from recaudo.kernel.contact import CHANNEL_ES
from recaudo.messaging.models import Template
from recaudo.portfolio.models import ContactPoint, Creditor

WRITTEN = [(code, CHANNEL_ES[code]) for code in ("im", "sms", "email")]
PAUSABLE = ("call", "prerecorded", "sms", "im", "email", "letter", "visit")


class TemplateForm(forms.Form):
    """A template; what is wrong with the text is told by the lint, live."""

    name = forms.CharField(label="Nombre", max_length=80, help_text="Cómo la reconocerá el equipo.")
    channel = forms.ChoiceField(label="Canal", choices=WRITTEN)
    code = forms.CharField(
        label="Código", max_length=40, help_text="El que usa la tabla de decisión, en minúsculas y con guiones bajos: aviso_mora_temprana.",
    )  # fmt: skip
    subject = forms.CharField(label="Asunto", max_length=120, required=False, help_text="Sólo para correos.")
    body = forms.CharField(label="Texto", max_length=10_000, widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "true"}))

    def __init__(self, *args: Any, fixed: Template | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if fixed is not None:  # a new version keeps its name for the machine and its channel
            for field in ("code", "channel"):
                self.fields[field].disabled = True

    def clean_code(self) -> str:
        return slugify(str(self.cleaned_data["code"])).replace("-", "_")[:40]


class PauseForm(forms.Form):
    """What stops, and why."""

    scope = forms.ChoiceField(label="Qué se detiene", choices=[])
    reason = forms.CharField(label="Motivo", max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        creditors = Creditor.objects.filter(is_active=True).order_by("name")[:200]
        self.fields["scope"].choices = [  # type: ignore[attr-defined]
            ("all", "Todo contacto, por todo canal"),
            *((f"channel:{code}", f"Sólo {CHANNEL_ES[code]}") for code in PAUSABLE),
            *((f"creditor:{one.id}", f"Sólo {one.name}") for one in creditors),
        ]


class WithdrawForm(forms.Form):
    """Why a wave does not go out. The code is kept with every cancelled action; the words, in the journal."""

    reason = forms.CharField(label="Motivo", max_length=200, help_text="Queda en la bitácora.")


class ReplyForm(forms.Form):
    """What the debtor would answer."""

    text = forms.CharField(
        label="Responder como la persona", max_length=1000, widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Ej.: BAJA"})
    )


class SendForm(forms.Form):
    """A message by hand: which text and to which address; only what is in force and still serves is offered."""

    template = forms.ModelChoiceField(label="Plantilla", queryset=Template.objects.none(), empty_label="Elija una plantilla")
    point = forms.ModelChoiceField(label="Para", queryset=ContactPoint.objects.none(), required=False, empty_label="El más confiable")

    def __init__(self, *args: Any, templates: Any, points: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["template"].queryset = templates  # type: ignore[attr-defined]
        self.fields["point"].queryset = points  # type: ignore[attr-defined]
        self.fields["template"].label_from_instance = lambda one: f"{CHANNEL_ES[one.channel]} · {one.name}"  # type: ignore[attr-defined]
        self.fields["point"].label_from_instance = lambda one: f"{KIND_ES.get(one.kind, one.kind)} {one.hint}"  # type: ignore[attr-defined]


KIND_ES = {"phone": "Teléfono", "im": "WhatsApp", "email": "Correo"}
