"""What people fill in about evidence files, requests, complaints and retention."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from recaudo.compliance import queries, words
from recaudo.compliance.models import AuditProgramme
from recaudo.compliance.queries import policies as policy_queries
from recaudo.compliance.queries.controls import CONTROLS
from recaudo.kernel.permissions import ROLES
from recaudo.kernel.problems import Problem
from recaudo.messaging.models import Template
from recaudo.portfolio.models import Account, Person
from recaudo.strategy.models import Strategy
from recaudo.strategy.queries.publications import EVERYBODY
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


class PolicyForm(forms.Form):
    """Who answers for a policy, and for whom it is."""

    code = forms.CharField(label="Clave", max_length=20, widget=forms.TextInput(attrs={"placeholder": "POL-01"}))
    title = forms.CharField(label="Título", max_length=160)
    area = forms.ChoiceField(label="Área", choices=pairs(words.AREA_ES))
    owner = forms.ChoiceField(label="Responsable", help_text="Recibe el aviso cuando toca revisarla.")
    review_months = forms.IntegerField(label="Se revisa cada (meses)", min_value=1, max_value=36)
    read_days = forms.IntegerField(label="Se lee en (días)", min_value=1, max_value=60)
    to_staff = forms.BooleanField(label="Para el personal propio", required=False)
    agencies = forms.ModelMultipleChoiceField(label="Para los despachos", required=False, queryset=Agency.objects.none(), widget=forms.CheckboxSelectMultiple)
    roles = forms.MultipleChoiceField(
        label="Sólo para estos roles", required=False, widget=forms.CheckboxSelectMultiple, choices=[(code, ROLES[code].name_es) for code in ROLES if code in EVERYBODY],
        help_text="Sin marcar ninguno: quienes trabajan cuentas.",
    )  # fmt: skip

    def __init__(self, *args: Any, staff: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = [(str(user.id), user.name) for user in staff]  # type: ignore[attr-defined]
        self.fields["agencies"].queryset = Agency.objects.filter(is_active=True).order_by("name")  # type: ignore[attr-defined]


class PolicyTextForm(forms.Form):
    """A version of a policy and what applies it."""

    text = forms.CharField(
        label="Texto", required=False, max_length=60_000, widget=forms.Textarea(attrs={"rows": 16, "class": "form-control mono"}),
        help_text="Con Markdown: # título, - lista, **importante**. Sin datos de personas.",
    )  # fmt: skip
    file = forms.FileField(label="PDF, si lo hay", required=False, widget=forms.ClearableFileInput(attrs={"accept": ".pdf,application/pdf"}), help_text="Hasta 5 MB; se guarda cifrado.")
    note = forms.CharField(label="Qué cambia y por qué", min_length=10, max_length=300, widget=forms.Textarea(attrs={"rows": 2}), help_text="Lo lee quien la aprueba, y después todos.")
    rules = forms.CharField(label="Normas que aplica", required=False, max_length=600, widget=forms.TextInput(attrs={"placeholder": "MX-HOURS, CL-FEE"}))
    strategies = forms.ModelMultipleChoiceField(label="Estrategias que la aplican", required=False, queryset=Strategy.objects.none(), widget=forms.CheckboxSelectMultiple)
    templates = forms.MultipleChoiceField(label="Plantillas que la aplican", required=False, widget=forms.CheckboxSelectMultiple)
    programmes = forms.ModelMultipleChoiceField(label="Auditorías que la comprueban", required=False, queryset=AuditProgramme.objects.none(), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["strategies"].queryset = Strategy.objects.order_by("name")  # type: ignore[attr-defined]
        self.fields["programmes"].queryset = AuditProgramme.objects.order_by("name")  # type: ignore[attr-defined]
        codes = Template.objects.filter(status="approved").order_by("code").values_list("code", flat=True).distinct()
        self.fields["templates"].choices = [(code, code) for code in codes]  # type: ignore[attr-defined]

    def clean_rules(self) -> list[str]:
        given = [one.strip().upper() for one in self.cleaned_data["rules"].replace(";", ",").split(",") if one.strip()]
        unknown = [one for one in given if one not in policy_queries.rule_ids()]
        if unknown:
            raise forms.ValidationError(f"El libro de normas no tiene {', '.join(unknown)}. Los identificadores están en «Normas».")
        return list(dict.fromkeys(given))

    def clean_file(self) -> tuple[bytes, str] | None:
        file = self.cleaned_data["file"]
        if not file:
            return None
        if file.size > 5 * 1024 * 1024:
            raise forms.ValidationError("El archivo pasa de 5 MB.")
        return file.read(), str(file.name)


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
