"""The question of the permission tester: account, channel, contact point, purpose, and a moment on the person's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms

from recaudo.casework.services import POINT_KINDS
from recaudo.casework.words import POINT_STATUS_ES
from recaudo.compliance.queries.tester import Known
from recaudo.kernel.contact import CHANNEL_ES, Channel, Purpose
from recaudo.law.words import PURPOSE
from recaudo.portfolio.models import Account, ContactPoint
from recaudo.portfolio.queries import POINT_ES

# What the gate remembers of a person, and as far ahead as it looks for an hour.
BEHIND_DAYS, AHEAD_DAYS = 31, 60


class TrialForm(forms.Form):
    """Fields are named as the address says them. `cleaned_data` holds an Account or None, a ContactPoint or None."""

    cuenta = forms.ChoiceField(label="Cuenta", required=False)
    canal = forms.ChoiceField(label="Canal", choices=[(one.value, CHANNEL_ES[one]) for one in Channel])
    medio = forms.ChoiceField(label="Medio", required=False)
    proposito = forms.ChoiceField(label="Para qué", choices=[(one.value, PURPOSE[one].capitalize()) for one in Purpose])
    dia = forms.DateField(label="Día", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    hora = forms.TimeField(label="Hora de la persona", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))

    def __init__(self, given: Any, *, known: Known, today: date, **kwargs: Any) -> None:
        super().__init__(given, **kwargs)
        self.known, self.today = known, today
        self.fields["cuenta"].choices = [(str(one.id), f"{one.number} · {one.creditor.name}") for one in known.accounts] + [("", "Ninguna en particular")]  # type: ignore[attr-defined]
        self.fields["medio"].choices = [("", "Ninguno"), *((str(one.id), _named(one)) for one in known.points)]  # type: ignore[attr-defined]

    def clean_cuenta(self) -> Account | None:
        return next((one for one in self.known.accounts if str(one.id) == self.cleaned_data["cuenta"]), None)

    def clean_medio(self) -> ContactPoint | None:
        return next((one for one in self.known.points if str(one.id) == self.cleaned_data["medio"]), None)

    def clean_dia(self) -> date:
        day: date = self.cleaned_data["dia"]
        first, last = self.today - timedelta(days=BEHIND_DAYS), self.today + timedelta(days=AHEAD_DAYS)
        if not first <= day <= last:
            raise forms.ValidationError(f"Elija un día entre el {first:%d/%m/%Y} y el {last:%d/%m/%Y}: de lo anterior quedan los permisos en la historia de la cuenta.")
        return day

    @property
    def at(self) -> datetime:
        """The moment asked about, in UTC."""
        clock = datetime.combine(self.cleaned_data["dia"], self.cleaned_data["hora"], tzinfo=ZoneInfo(self.known.zone))
        return clock.astimezone(UTC)


def first_question(known: Known, *, at: datetime) -> dict[str, str]:
    """What is asked when somebody opens the page: a call about the account that is most days late, now."""
    here = at.astimezone(ZoneInfo(known.zone))
    kind = POINT_KINDS[Channel.CALL]
    point: UUID | str = next((one.id for one in known.points if one.kind == kind), "")
    account: UUID | str = known.accounts[0].id if known.accounts else ""
    return {
        "cuenta": str(account), "canal": Channel.CALL.value, "medio": str(point), "proposito": Purpose.COLLECTION.value,
        "dia": here.date().isoformat(), "hora": f"{here:%H:%M}",
    }  # fmt: skip


def _named(point: ContactPoint) -> str:
    status = "" if point.status == "valid" else f" ({POINT_STATUS_ES.get(point.status, point.status).lower()})"
    return f"{POINT_ES.get(point.kind, point.kind)} {point.hint}{status}"
