"""What is typed on the pages of the day."""

from __future__ import annotations

from typing import Any

from django import forms

from recaudo.engine.facts import BUCKET_ES
from recaudo.flow.words import OUTCOME_ES, TREATMENT_ES
from recaudo.kernel.contact import CHANNEL_ES


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
