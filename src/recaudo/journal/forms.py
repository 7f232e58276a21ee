"""Filters of the journal."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.core.validators import MaxValueValidator

from recaudo.kernel.events import EVENTS

# The first word of an event's name, as people call it.
AREAS_ES = {
    "organisation": "Organización", "user": "Personas del equipo", "invitation": "Invitaciones", "team": "Equipos",
    "agency": "Despachos", "capacity": "Capacidad", "creditor": "Acreedores", "portfolio": "Carteras", "person": "Personas",
    "contact_point": "Medios de contacto", "consent": "Consentimientos", "account": "Cuentas", "accounts": "Cálculo de mora",
    "payment": "Pagos", "document": "Documentos", "law": "Normas", "layout": "Formatos", "batch": "Cargas",
    "strategy": "Estrategias", "snapshot": "Fotos del día", "promise": "Promesas", "promises": "Revisión de promesas",
    "case": "Casos", "cases": "Apertura de casos", "action": "Gestiones", "actions": "Gestiones en bloque",
    "contact": "Contacto", "hold": "Suspensiones", "dispute": "Aclaraciones", "callback": "Llamadas agendadas",
    "wave": "Envíos", "template": "Plantillas", "messages": "Mensajes en bloque", "message": "Mensajes", "day": "Jornadas",
    "list": "Exportaciones", "backup": "Respaldos", "journal": "Bitácora", "rolls": "Registros sellados",
    "evidence": "Expedientes", "rights": "Solicitudes de derechos", "complaint": "Quejas", "retention": "Conservación de datos",
    "audit": "Auditorías", "finding": "Hallazgos de auditoría", "quarantine": "Cuarentena", "search": "Búsqueda de personas",
    "identity": "Comprobación de identidad", "preference": "Preferencias", "prescription": "Prescripción", "experiment": "Experimentos",
    "what_if": "Simulaciones", "score": "Puntajes", "costs": "Costos", "limits": "Topes", "token": "Llaves de programas",
    "pace": "Ritmo de contacto", "override": "Decisiones a mano", "escalation": "Cuentas escaladas", "places": "Plazas reasignadas",
    "plan": "Planes de cobranza", "policy": "Políticas",
}  # fmt: skip


def kinds() -> list[tuple[str, Any]]:
    """Areas with their events, for a select: an area alone stands for all of its events."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, sentence in EVENTS.items():
        groups.setdefault(name.split(".")[0], []).append((name, sentence))
    named = ((AREAS_ES.get(area, area), [(f"{area}.", "Todo lo de esta sección"), *events]) for area, events in groups.items())
    return [("", "Todo"), *named]


class EventFilters(forms.Form):
    name = forms.ChoiceField(label="Qué", required=False, choices=kinds)
    by = forms.ChoiceField(label="Quién", required=False)
    day_from = forms.DateField(label="Desde", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    day_to = forms.DateField(
        label="Hasta", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[MaxValueValidator(date(2199, 12, 31), "Ese día está demasiado lejos.")],
    )  # fmt: skip
    subject = forms.UUIDField(
        label="Sobre (identificador)", required=False, widget=forms.TextInput(attrs={"placeholder": "de cuenta, persona, carga…"})
    )

    def __init__(self, *args: Any, people: list[tuple[UUID, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["by"].choices = [("", "Cualquiera"), *((str(key), name) for key, name in people)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("day_from") and given.get("day_to") and given["day_from"] > given["day_to"]:
            self.add_error("day_to", "Es anterior al día «Desde».")
        return given
