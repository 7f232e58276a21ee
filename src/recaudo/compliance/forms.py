"""What people fill in about evidence files, requests, complaints and retention."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from recaudo.compliance import queries, words
from recaudo.compliance.queries.controls import CONTROLS
from recaudo.kernel.problems import Problem
from recaudo.portfolio.models import Account, Person
from recaudo.workforce.models import Agency, User

DAY = {"type": "date"}
EARLIEST, LATEST = date(1990, 1, 1), date(2199, 12, 31)


def pairs(names: dict[str, str], empty: str = "") -> list[tuple[str, str]]:
    """A dictionary of codes as choices of a select."""
    return ([("", empty)] if empty else []) + list(names.items())


class PersonField(forms.CharField):
    """A person named by the number of an account or by their id. Cleans to a Person."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label="Cuenta o persona", max_length=60, help_text="El número de una cuenta, o el identificador de la persona.", **kwargs)

    def clean(self, value: Any) -> Person | None:  # type: ignore[override]
        text = super().clean(value)
        if not text:
            return None
        try:
            found = queries.person_named(text)
        except Problem as problem:
            raise forms.ValidationError(problem.text) from None
        if found is None:
            raise forms.ValidationError("No hay una cuenta ni una persona con ese número. Revíselo.")
        return found


class CountryField(forms.CharField):
    """Two letters, in capitals."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_length=2, max_length=2, widget=forms.TextInput(attrs={"placeholder": "MX"}), **kwargs)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).upper()


def day_field(label: str, **kwargs: Any) -> forms.DateField:
    """A day that can be counted on from: neither the first nor the last of the calendar."""
    between = [MinValueValidator(EARLIEST, "Ese día es demasiado antiguo."), MaxValueValidator(LATEST, "Ese día está demasiado lejos.")]
    return forms.DateField(label=label, widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"), validators=between, **kwargs)


class EvidenceForm(forms.Form):
    person = PersonField()
    reason = forms.CharField(label="Para qué se saca", min_length=5, max_length=300, help_text="Queda en la bitácora y en el expediente.")
    recipient = forms.CharField(label="A quién se entrega", max_length=120, required=False)
    full = forms.BooleanField(
        label="Con identificación y medios de contacto completos", required=False, help_text="Sin marcar van abreviados: bastan para reconocer, no para contactar."
    )


class RequestForm(forms.Form):
    person = PersonField()
    kind = forms.ChoiceField(label="Derecho", choices=pairs(words.RIGHT_ES))
    channel = forms.ChoiceField(label="Por dónde llegó", choices=pairs(words.CHANNEL_IN_ES))
    received_on = day_field("Día en que llegó")
    text = forms.CharField(label="Qué pide", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))


class RequestFilters(forms.Form):
    derecho = forms.ChoiceField(label="Derecho", required=False, choices=pairs(words.RIGHT_ES, "Todos"))
    estado = forms.ChoiceField(label="Estado", required=False, choices=[("", "Todos"), ("waiting", "Por responder"), ("late", "Vencidas"), *words.RIGHT_STATUS_ES.items()])


class ComplaintForm(forms.Form):
    person = PersonField(required=False)
    country = CountryField(label="País, si no se sabe de quién es", required=False)
    cause = forms.ChoiceField(label="Causa", choices=pairs(words.CAUSES))
    lodged = forms.ChoiceField(label="Ante quién se presentó", choices=pairs(words.LODGED_ES))
    outside_folio = forms.CharField(label="Folio de la autoridad", required=False, max_length=60)
    channel = forms.ChoiceField(label="Por dónde llegó", choices=pairs(words.CHANNEL_IN_ES))
    received_on = day_field("Día en que llegó")
    about = forms.ChoiceField(label="De quién trata", choices=pairs(words.ABOUT_ES))
    agency = forms.ModelChoiceField(label="Despacho", required=False, queryset=Agency.objects.none())
    text = forms.CharField(label="Qué dice", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))
    stop_contact = forms.BooleanField(label="Suspender el contacto con la persona mientras se aclara", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agency"].queryset = Agency.objects.order_by("name")  # type: ignore[attr-defined]

    @property
    def account(self) -> Account | None:
        """The account whose number was written, where it is one and no other."""
        found = list(queries.accounts_numbered(self.data.get("person", "").strip())[:2])
        return found[0] if len(found) == 1 else None


class ComplaintFilters(forms.Form):
    causa = forms.ChoiceField(label="Causa", required=False, choices=pairs(words.CAUSES, "Todas"))
    ante = forms.ChoiceField(label="Ante quién", required=False, choices=pairs(words.LODGED_ES, "Todas"))
    estado = forms.ChoiceField(
        label="Estado", required=False, choices=[("", "Todos"), ("waiting", "Por responder"), ("late", "Vencidas"), *words.COMPLAINT_STATUS_ES.items()]
    )


class TakeForm(forms.Form):
    to = forms.ChoiceField(label="Quién la investiga")
    cause = forms.ChoiceField(label="Causa", choices=pairs(words.CAUSES))
    about = forms.ChoiceField(label="De quién trata", choices=pairs(words.ABOUT_ES))
    agency = forms.ModelChoiceField(label="Despacho", required=False, queryset=Agency.objects.none())
    user = forms.ModelChoiceField(label="Persona del equipo", required=False, queryset=User.objects.none())

    def __init__(self, *args: Any, staff: Iterable[User], everybody: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [(str(user.id), user.name) for user in staff]  # type: ignore[attr-defined]
        self.fields["agency"].queryset = Agency.objects.order_by("name")  # type: ignore[attr-defined]
        self.fields["user"].queryset = everybody  # type: ignore[attr-defined]


class AnswerComplaintForm(forms.Form):
    result = forms.ChoiceField(label="Resultado", choices=pairs(words.RESULT_ES))
    answer = forms.CharField(label="Respuesta que se da", min_length=10, max_length=4000, widget=forms.Textarea(attrs={"rows": 5}))
    measure = forms.CharField(label="Qué se corrige", required=False, max_length=300, help_text="Obligatorio si es fundada, en todo o en parte.")


class AnswerRequestForm(forms.Form):
    outcome = forms.ChoiceField(label="Respuesta", choices=pairs(words.OUTCOME_ES))
    text = forms.CharField(label="Lo que se le dice a la persona", min_length=10, max_length=4000, widget=forms.Textarea(attrs={"rows": 5}))


class TermForm(forms.Form):
    country = CountryField(label="País")
    years = forms.IntegerField(label="Años", min_value=1, max_value=30)
    reason = forms.CharField(label="Motivo", max_length=300)


class ProgrammeForm(forms.Form):
    name = forms.CharField(label="Nombre", max_length=120)
    purpose = forms.CharField(label="Para qué se hace", max_length=300)
    controls = forms.MultipleChoiceField(
        label="Controles automáticos", required=False, widget=forms.CheckboxSelectMultiple, help_text="Revisan todo el período, no sólo la muestra.",
        choices=[(code, one.rule) for code, one in CONTROLS.items()],
    )  # fmt: skip
    questions = forms.CharField(
        label="Preguntas para quien revisa la muestra", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Una por línea: «¿El agente se identificó?».",
    )  # fmt: skip
    subject = forms.ChoiceField(label="La muestra se sortea entre", choices=pairs(words.SUBJECT_ES))
    sample_size = forms.IntegerField(label="Tamaño de la muestra", min_value=1, max_value=500)
    country = CountryField(label="Sólo un país", required=False)
    agency = forms.ModelChoiceField(label="Sólo un despacho", required=False, queryset=Agency.objects.none())
    period = forms.ChoiceField(label="Cada cuánto", choices=pairs(words.PERIOD_ES))
    next_on = day_field("Próxima auditoría", help_text="Revisa el período completo anterior a ese día.")
    responsible = forms.ChoiceField(label="Responsable")
    is_active = forms.BooleanField(label="Activo: se hace sola en su fecha", required=False)

    def __init__(self, *args: Any, staff: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agency"].queryset = Agency.objects.order_by("name")  # type: ignore[attr-defined]
        self.fields["responsible"].choices = [(str(user.id), user.name) for user in staff]  # type: ignore[attr-defined]


class AuditPeriodForm(forms.Form):
    desde = day_field("Desde")
    hasta = day_field("Hasta")
    semilla = forms.IntegerField(label="Semilla del sorteo", required=False, min_value=0, max_value=2**62, help_text="Vacía: se elige al azar y queda anotada.")


class ItemForm(forms.Form):
    number = forms.IntegerField(min_value=0)
    result = forms.ChoiceField(choices=[("pass", "Se cumple"), ("fail", "No se cumple")])
    note = forms.CharField(required=False, max_length=300)


class FindingForm(forms.Form):
    title = forms.CharField(label="Qué se halló", max_length=160)
    detail = forms.CharField(label="Detalle", required=False, max_length=600, widget=forms.Textarea(attrs={"rows": 3}), help_text="Sin nombres ni teléfonos.")
    severity = forms.ChoiceField(label="Gravedad", choices=pairs(words.SEVERITY_ES))


class CorrectionForm(forms.Form):
    correction = forms.CharField(label="Qué se corrige", min_length=10, max_length=600, widget=forms.Textarea(attrs={"rows": 3}))
    responsible = forms.ChoiceField(label="Quién responde")
    due_on = day_field("Hasta cuándo")

    def __init__(self, *args: Any, staff: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["responsible"].choices = [(str(user.id), user.name) for user in staff]  # type: ignore[attr-defined]


class FindingFilters(forms.Form):
    estado = forms.ChoiceField(label="Estado", required=False, choices=[("", "Todos"), ("pending", "Por cerrar"), ("late", "Vencidos"), *words.FINDING_STATUS_ES.items()])
    gravedad = forms.ChoiceField(label="Gravedad", required=False, choices=pairs(words.SEVERITY_ES, "Todas"))
