"""Spanish names of what a day counts: steps, treatments, outcomes, rules of the house. The law's rules speak for themselves."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from recaudo.kernel.contact import CHANNEL_ES

STEP_ES: dict[str, str] = {
    "saldos": "saldos y mora", "promesas": "promesas", "casos": "casos", "hechos": "hechos", "decidir": "decidir",
    "norma": "norma", "capacidad": "capacidad", "gestiones": "gestiones", "foto": "foto del día",
}  # fmt: skip
TREATMENT_ES: dict[str, str] = {
    "REMIND_SMS": "Recordatorio por SMS", "REMIND_EMAIL": "Recordatorio por correo", "REMIND_IM": "Recordatorio por WhatsApp",
    "CALL_AGENT": "Llamada de ejecutivo", "CALL_PRIORITY": "Llamada prioritaria", "EMAIL_STATEMENT": "Estado de facturas por correo",
    "WHATSAPP_SOFT": "WhatsApp amable", "VISIT": "Visita", "AGENCY": "Despacho", "LEGAL_REVIEW": "Revisión jurídica",
    "REST": "Descanso", "HOLD": "Suspendida",
}  # fmt: skip
OUTCOME_ES: dict[str, str] = {
    "planned": "Con gestión planeada", "rest": "La estrategia decide no contactar", "refused": "La norma no lo permite hoy",
    "over_capacity": "No cupo en la capacidad", "person_already_chosen": "Ya se contacta a la persona por otra cuenta",
    "agency": "Para un despacho", "legal": "Para el área jurídica",
}  # fmt: skip
RULE_ES: dict[str, str] = {
    "HOUSE-POINT": "Sin medio de contacto utilizable", "HOUSE-HOLD": "Suspensión vigente",
    "HOUSE-PROMISE": "Promesa de pago vigente", "HOUSE-CAP": "Tope de contactos de la casa", "HOUSE-PAUSE": "Contacto en pausa",
}  # fmt: skip
RUN_ES: dict[str, str] = {"running": "En curso", "finished": "Terminada", "failed": "Falló"}
RUN_TONE: dict[str, str] = {"running": "info", "finished": "ok", "failed": "bad"}
OUTCOME_TONE: dict[str, str] = {
    "planned": "ok", "rest": "muted", "refused": "bad", "over_capacity": "warn", "person_already_chosen": "info", "agency": "brand",
    "legal": "brand",
}  # fmt: skip
# What each outcome means for one account, said to whoever asks why.
OUTCOME_SENTENCE: dict[str, str] = {
    "planned": "Se abrió una gestión para esta cuenta.",
    "rest": "La estrategia decidió no contactar ese día.",
    "refused": "La estrategia quería contactar, pero una norma no lo permitía ese día.",
    "over_capacity": "El contacto estaba permitido, pero la capacidad del canal se llenó con cuentas de mayor prioridad.",
    "person_already_chosen": "La persona ya se contacta ese día por otra de sus cuentas.",
    "agency": "La cuenta la trabaja un despacho.",
    "legal": "La cuenta pasa a revisión jurídica.",
}
OFFER_ES: dict[str, str] = {"none": "Ninguna", "prompt_payment": "Bonificación por pronto pago", "plan": "Convenio en plazos", "settlement": "Quita"}
RISK_ES: dict[str, str] = {"high": "Alto", "medium": "Medio", "low": "Bajo"}
SIZE_ES: dict[str, str] = {"large": "Grande", "medium": "Mediano", "small": "Pequeño"}
TEMPLATE_ES: dict[str, str] = {
    "none": "Ninguna", "recordatorio_previo": "Recordatorio previo", "recordatorio_dia1": "Recordatorio del primer día",
    "aviso_mora_temprana": "Aviso de mora temprana", "aviso_mora_media": "Aviso de mora media", "aviso_mora_tardia": "Aviso de mora tardía",
    "invitacion_convenio": "Invitación a convenio", "recordatorio_promesa": "Recordatorio de promesa", "estado_factura": "Estado de factura",
}  # fmt: skip
_SEGMENT_ES: dict[str, str] = {
    "preventive": "Preventiva", "early": "Temprana", "middle": "Media", "late": "Tardía", "written_off": "Castigada", "consumer": "consumo",
    "commercial": "comercial", "high": "riesgo alto", "medium": "riesgo medio", "low": "riesgo bajo", "large": "monto alto",
    "small": "monto bajo", "watch": "a vigilar", "key": "cliente clave", "unclassified": "Sin clasificar",
}  # fmt: skip


def segment_es(code: str) -> str:
    """«early_consumer_high» is «Temprana · consumo · riesgo alto»; a code of one's own is shown as it is."""
    parts = code.replace("written_off", "written-off").split("_")
    words = [_SEGMENT_ES.get(part.replace("-", "_")) for part in parts]
    return " · ".join(word for word in words if word) if all(words) else code


def decided_es(decision: str, value: object) -> str:
    """What a decision gave, in words: «CALL_AGENT» of the treatment is «Llamada de ejecutivo»."""
    if value is None:
        return "nada"
    if decision == "segment":
        return segment_es(str(value))
    names: dict[str, dict[str, str]] = {
        "treatment": TREATMENT_ES, "channel": CHANNEL_ES, "fallback_channel": CHANNEL_ES, "offer": OFFER_ES, "risk": RISK_ES,
        "size": SIZE_ES, "template": TEMPLATE_ES,
    }  # fmt: skip
    return names.get(decision, {}).get(str(value), plain(value))


def plain(value: object) -> str:
    """A value on a screen: yes and no in Spanish, a day as a day, nothing as «sin dato»."""
    if value is None:
        return "sin dato"
    if isinstance(value, bool):
        return "sí" if value else "no"
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    if isinstance(value, float | Decimal):
        text = f"{value:.4f}".rstrip("0").rstrip(".")
        return text.replace(".", ",")
    return str(value)
