"""What people write about a strategy."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from recaudo.strategy.models import StrategyVersion
from recaudo.strategy.words import MODEL_ES, STATUS_ES, TARGET_ES

MAX_FILE = 4 * 1024 * 1024
CHANGE_HELP = "Lo lee quien deba aprobarla."


class NoteForm(forms.Form):
    note = forms.CharField(label="Qué cambia y por qué", max_length=300, help_text=CHANGE_HELP,
                           widget=forms.Textarea(attrs={"rows": 2, "placeholder": "Por ejemplo: llamar antes a quien rompió una promesa."}))  # fmt: skip


class DecideForm(forms.Form):
    """An approval may be silent; a rejection says why."""

    note = forms.CharField(label="Comentario", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3}))


class RejectForm(forms.Form):
    note = forms.CharField(label="Por qué no", max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
                           error_messages={"required": "Diga por qué la rechaza: quien la hizo debe poder mejorarla."})  # fmt: skip


class ActivateForm(forms.Form):
    on = forms.DateField(label="Desde qué día decide", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
                         help_text="Hoy, o un día por venir: entonces entra en vigor sola, con la jornada de ese día.")  # fmt: skip

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["on"].initial = today
        self.fields["on"].widget.attrs["min"] = today.isoformat()

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on < self.today:
            raise forms.ValidationError("Ese día ya pasó. Elija hoy o un día por venir.")
        return on


class UploadForm(forms.Form):
    file = forms.FileField(label="Archivo DMN", widget=forms.ClearableFileInput(attrs={"accept": ".dmn,.xml,application/xml"}),
                           help_text="DMN 1.2 a 1.5, de cualquier editor; hasta 4 MB. Se revisa antes de guardarlo.")  # fmt: skip
    note = forms.CharField(label="Qué cambia y por qué", max_length=300, widget=forms.Textarea(attrs={"rows": 2}), help_text=CHANGE_HELP)

    def clean_file(self) -> bytes:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MAX_FILE:
            raise forms.ValidationError("El archivo pasa de 4 MB. Divida el modelo en varias tablas.")
        content: bytes = file.read()
        return content


class WorkbookForm(forms.Form):
    file = forms.FileField(label="Libro de Excel", widget=forms.ClearableFileInput(attrs={"accept": ".xlsx"}),
                           help_text="El que se descarga de una versión, con sus cambios; hasta 4 MB. Antes de guardarlo se ve qué cambia.")  # fmt: skip

    def clean_file(self) -> bytes:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MAX_FILE:
            raise forms.ValidationError("El libro pasa de 4 MB. Deje sólo las hojas de las tablas.")
        content: bytes = file.read()
        return content


class CompareForm(forms.Form):
    against = forms.ChoiceField(label="Comparada con")

    def __init__(self, *args: Any, versions: list[StrategyVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["against"].choices = [(str(one.pk), name_of(one)) for one in versions]  # type: ignore[attr-defined]


def name_of(version: StrategyVersion) -> str:
    return f"Versión {version.number} · {STATUS_ES.get(version.status, version.status).lower()}"


class TrainForm(forms.Form):
    target = forms.ChoiceField(label="Qué pronostica", choices=list(MODEL_ES.items()))
    horizon_days = forms.IntegerField(label="Plazo en días", min_value=1, max_value=90, initial=30,
                                      help_text="Se aprende de los días de los que ya se sabe qué pasó después. La mejor hora y el mejor canal no llevan plazo.")  # fmt: skip
    note = forms.CharField(label="Para qué", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}))


class LoadModelForm(forms.Form):
    target = forms.ChoiceField(label="Qué pronostica", choices=list(TARGET_ES.items()))
    file = forms.FileField(label="Modelo (JSON)", widget=forms.ClearableFileInput(attrs={"accept": ".json,application/json"}),
                           help_text="El que guarda «recaudo model train … --out». Usa los nombres del diccionario de hechos.")  # fmt: skip
    note = forms.CharField(label="De dónde viene", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))

    def clean_file(self) -> str:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > 1024 * 1024:
            raise forms.ValidationError("El archivo pasa de 1 MB: un modelo guardado ocupa mucho menos.")
        try:
            return bytes(file.read()).decode("utf-8")
        except UnicodeDecodeError:
            raise forms.ValidationError("El archivo no es texto UTF-8.") from None


class ExplainForm(forms.Form):
    number = forms.CharField(label="Número de cuenta", max_length=60)


class OverrideForm(forms.Form):
    percent = forms.DecimalField(label="Probabilidad, %", min_value=0, max_value=100, decimal_places=1)
    until_on = forms.DateField(label="Hasta el día", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    reason = forms.CharField(label="Por qué el modelo se equivoca", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class PublishForm(forms.Form):
    """Who has to know the rules in force, and until when they say so."""

    agencies = forms.ModelMultipleChoiceField(label="Despachos", queryset=None, required=False, widget=forms.CheckboxSelectMultiple)
    to_staff = forms.BooleanField(label="También al personal propio que trabaja cuentas", required=False)
    note = forms.CharField(label="Qué cambia, para quien lo trabaja", max_length=600, widget=forms.Textarea(attrs={"rows": 3}),
                           help_text="Lo primero que leen. Sin datos de personas.")  # fmt: skip
    due_on = forms.DateField(label="Acusar recibo a más tardar el", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, agencies: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agencies"].queryset = agencies.filter(is_active=True)  # type: ignore[attr-defined]
        self.fields["due_on"].widget.attrs["min"] = today.isoformat()
