"""Spanish names of what a strategy decides and of the states of a version. Shared by every floor above."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from recaudo.kernel.contact import CHANNEL_ES

STATUS_ES: dict[str, str] = {
    "draft": "Borrador", "submitted": "Enviada a aprobación", "approved": "Aprobada", "active": "En vigor", "retired": "Retirada",
    "rejected": "Rechazada", "withdrawn": "Descartada",
}  # fmt: skip
STATUS_TONE: dict[str, str] = {
    "draft": "info", "submitted": "warn", "approved": "brand", "active": "ok", "retired": "muted", "rejected": "bad", "withdrawn": "muted",
}  # fmt: skip
TREATMENT_ES: dict[str, str] = {
    "REMIND_SMS": "Recordatorio por SMS", "REMIND_EMAIL": "Recordatorio por correo", "REMIND_IM": "Recordatorio por WhatsApp",
    "CALL_AGENT": "Llamada de ejecutivo", "CALL_PRIORITY": "Llamada prioritaria", "EMAIL_STATEMENT": "Estado de facturas por correo",
    "WHATSAPP_SOFT": "WhatsApp amable", "VISIT": "Visita", "AGENCY": "Despacho", "LEGAL_REVIEW": "Revisión jurídica",
    "REST": "Descanso", "HOLD": "Suspendida",
}  # fmt: skip
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
DECISION_ES: dict[str, str] = {
    "risk": "Riesgo", "size": "Monto", "segment": "Segmento", "treatment": "Tratamiento", "channel": "Canal",
    "fallback_channel": "Canal alterno", "offer": "Oferta", "template": "Plantilla", "priority": "Prioridad",
}  # fmt: skip
POLICY_ES: dict[str, str] = {
    "U": "Una sola fila puede cumplirse", "A": "Las filas que se cumplen dan lo mismo", "P": "Gana el resultado de mayor prioridad",
    "F": "Decide la primera fila que se cumple", "R": "Dan resultado todas las que se cumplen, en su orden",
    "O": "Dan resultado todas las que se cumplen, por prioridad", "C": "Dan resultado todas las que se cumplen",
    "C+": "Se suman todas las filas que se cumplen", "C<": "El menor de las filas que se cumplen",
    "C>": "El mayor de las filas que se cumplen", "C#": "Cuántas filas se cumplen",
}  # fmt: skip
_VALUES: dict[str, dict[str, str]] = {
    "treatment": TREATMENT_ES, "channel": CHANNEL_ES, "fallback_channel": CHANNEL_ES, "offer": OFFER_ES, "risk": RISK_ES,
    "size": SIZE_ES, "template": TEMPLATE_ES,
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
    return _VALUES.get(decision, {}).get(str(value), plain(value))


def decision_es(name: str) -> str:
    """The name of a decision of the product; others are called as they are."""
    return DECISION_ES.get(name, name)


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


EXPERIMENT_STATUS_ES: dict[str, str] = {
    "draft": "Borrador", "submitted": "Enviado a aprobación", "rejected": "Rechazado", "approved": "Aprobado", "running": "En marcha",
    "stopped": "Terminado",
}  # fmt: skip
EXPERIMENT_STATUS_TONE: dict[str, str] = {
    "draft": "info", "submitted": "warn", "rejected": "bad", "approved": "brand", "running": "ok", "stopped": "muted",
}  # fmt: skip
METRIC_ES: dict[str, str] = {"paid": "Personas que pagan algo", "recovered": "Parte de lo vencido que pagan"}
CONTAMINATED_ES: dict[str, str] = {
    "merged": "Se unió con el registro de otra persona", "placed": "Una de sus cuentas pasó a un despacho",
    "contacted": "Se le contactó aunque estaba en el grupo de control",
}  # fmt: skip
CONTROL_ES = "Grupo de control: no contactar proactivamente"

TARGET_ES: dict[str, str] = {
    "pay": "Pago de lo vencido", "cure": "Vuelve a estar al día", "self_cure": "Se pone al día sola", "promise": "Cumple su promesa",
}  # fmt: skip
TARGET_HELP_ES: dict[str, str] = {
    "pay": "Qué tan probable es que una cuenta vencida pague algo dentro del plazo.",
    "cure": "Qué tan probable es que una cuenta vencida quede al corriente, o pagada, al terminar el plazo.",
    "self_cure": "Qué tan probable es que una cuenta vencida pague sin que nadie hable con la persona dentro del plazo.",
    "promise": "Qué tan probable es que quien tiene una promesa vigente pague algo dentro del plazo.",
}  # fmt: skip
# Not a card: rates by channel and hour, learnt from what came of the contacts (engine/score/reach.py).
REACH = "reach"
MODEL_ES: dict[str, str] = {**TARGET_ES, REACH: "Mejor hora y mejor canal"}
MODEL_HELP_ES: dict[str, str] = {**TARGET_HELP_ES, REACH: "A qué hora es más probable hablar con cada persona y por qué canal responde. Quien tiene pocos intentos se parece a los suyos."}
SCORE_STATUS_ES: dict[str, str] = {"proposed": "Propuesto", "active": "En vigor", "rejected": "Rechazado", "retired": "Retirado"}
SCORE_STATUS_TONE: dict[str, str] = {"proposed": "warn", "active": "ok", "rejected": "bad", "retired": "muted"}

# What is told to those who work here, with the tone of its chip.
TOLD_ES: dict[str, tuple[str, str]] = {"rules": ("reglas", "brand"), "policy": ("política", "info"), "law": ("norma", "warn")}
