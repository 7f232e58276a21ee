"""Spanish names of what a day counts: steps, treatments, outcomes. The law's rules speak for themselves."""

from __future__ import annotations

from recaudo.casework.words import CAUSE_ES
from recaudo.strategy.words import OFFER_ES, RISK_ES, SIZE_ES, TEMPLATE_ES, TREATMENT_ES, decided_es, plain, segment_es

__all__ = [
    "CAUSE_ES", "NOT_OPENED_ES",
    "OFFER_ES", "OUTCOME_ES", "OUTCOME_SENTENCE", "OUTCOME_TONE", "RISK_ES", "RUN_ES", "RUN_TONE", "SIZE_ES", "STEP_ES",
    "TEMPLATE_ES", "TREATMENT_ES", "decided_es", "plain", "segment_es",
]  # fmt: skip

STEP_ES: dict[str, str] = {
    "saldos": "saldos y mora", "promesas": "promesas", "casos": "casos", "hechos": "hechos", "decidir": "decidir",
    "norma": "norma", "capacidad": "capacidad", "gestiones": "gestiones", "foto": "foto del día",
}  # fmt: skip
OUTCOME_ES: dict[str, str] = {
    "planned": "Con gestión planeada", "rest": "La estrategia decide no contactar", "refused": "La norma no lo permite hoy",
    "over_capacity": "No cupo en la capacidad", "over_budget": "No cupo en el presupuesto", "person_already_chosen": "Ya se contacta a la persona por otra cuenta",
    "agency": "Para un despacho", "legal": "Para el área jurídica", "control": "Grupo de control: no se contacta",
}  # fmt: skip
RUN_ES: dict[str, str] = {"running": "En curso", "finished": "Terminada", "failed": "Falló"}
RUN_TONE: dict[str, str] = {"running": "info", "finished": "ok", "failed": "bad"}
OUTCOME_SHORT: dict[str, str] = {
    "planned": "Planeada", "rest": "Descanso", "refused": "Negada", "over_capacity": "Sin cupo", "over_budget": "Sin presupuesto", "person_already_chosen": "Por otra cuenta",
    "agency": "Despacho", "legal": "Jurídico", "control": "Control",
}  # fmt: skip
OUTCOME_TONE: dict[str, str] = {
    "planned": "ok", "rest": "muted", "refused": "bad", "over_capacity": "warn", "over_budget": "warn", "person_already_chosen": "info", "agency": "brand",
    "legal": "brand", "control": "info",
}  # fmt: skip
# What each outcome means for one account, said to whoever asks why.
OUTCOME_SENTENCE: dict[str, str] = {
    "planned": "Se abrió una gestión para esta cuenta.",
    "rest": "La estrategia decidió no contactar ese día.",
    "refused": "La estrategia quería contactar, pero una norma no lo permitía ese día.",
    "over_capacity": "El contacto estaba permitido, pero la capacidad del canal se llenó con cuentas de mayor prioridad.",
    "over_budget": "El contacto estaba permitido, pero el presupuesto del día se gastó en cuentas que valen más.",
    "person_already_chosen": "La persona ya se contacta ese día por otra de sus cuentas.",
    "agency": "La cuenta la trabaja un despacho.",
    "legal": "La cuenta pasa a revisión jurídica.",
    "control": "La persona quedó por sorteo en el grupo de control: no se le contacta proactivamente por un plazo, para medir cuánto se "
    "recupera sin gestión. Si ella escribe o llama, se le atiende como a cualquiera.",
}
# Why a new action was not opened although the strategy now wants a contact.
NOT_OPENED_ES: dict[str, str] = {
    "stopped": "No se abrió otra gestión: hoy se detuvo el contacto con la persona.",
    "promise": "No se abrió otra gestión: hay una promesa vigente.",
    "control": "No se abrió otra gestión: la persona está en el grupo de control.",
    "contacted": "No se abrió otra gestión: la persona ya tiene la suya de hoy.",
    "point": "No se abrió otra gestión: no hay un medio de contacto utilizable.",
    "wish": "No se abrió otra gestión: la persona pidió no ser contactada por ese canal, o que se use otro.",
    "by_hand": "No se abrió otra gestión: hay una decisión a mano sobre la cuenta o la persona.",
    "small": "No se abrió otra gestión: el vencido no pasa del monto mínimo de la cartera.",
    "pace": "No se abrió otra gestión: ya se intentó lo que el ritmo de la casa permite.",
    "capacity": "No se abrió otra gestión: no queda capacidad en el canal hoy.",
    "wave": "No se abrió otra gestión: el envío de hoy por ese canal ya fue liberado o retirado.",
}

# What came of the last attempt, as the pace asks it; why a decision is taken by hand, and what is wanted.
AFTER_ES: dict[str, str] = {
    "none": "Nadie lo ha intentado en 31 días", "nobody": "Nadie contestó", "third": "Contestó otra persona", "reached": "Se habló con la persona",
    "broken": "Rompió una promesa",
}  # fmt: skip
WANT_ES: dict[str, str] = {"none": "El plan no la contacta", "human": "La lleva una persona del equipo"}
OVERRIDE_REASON_ES: dict[str, str] = {
    "negotiation": "Se negocia con un responsable", "sensitive": "Caso delicado o de alto impacto", "data": "Hay un dato por corregir",
    "creditor": "Instrucción del acreedor", "complex": "Solicitud compleja que debe atender una persona", "other": "Otro motivo",
}  # fmt: skip
ESCALATION_ES: dict[str, str] = {"first": "Sin primera gestión", "idle": "Sin gestión"}
ESCALATION_STATUS_ES: dict[str, str] = {"open": "Sin tomar", "taken": "Tomadas", "closed": "Cerradas"}
ESCALATION_END_ES: dict[str, str] = {"worked": "se gestionó", "paid": "se puso al corriente", "other": "la cerró una persona"}
# What became of what a day planned.
FATE_ES: dict[str, str] = {
    "reached": "Con contacto", "done": "Hecha, sin contacto", "needless": "Ya no hizo falta", "refused": "Negada al contactar", "expired": "No se llegó",
    "cancelled": "Cancelada", "pending": "Por hacer",
}  # fmt: skip
FATE_TONE: dict[str, str] = {
    "reached": "ok", "done": "info", "needless": "ok", "refused": "bad", "expired": "warn", "cancelled": "muted", "pending": "muted",
}  # fmt: skip
