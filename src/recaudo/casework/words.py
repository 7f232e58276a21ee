"""The Spanish names of this context's codes, once."""

from __future__ import annotations

HOLD_ES: dict[str, str] = {
    "dispute": "Aclaración", "payment_claim": "Dice que ya pagó", "promise": "Promesa vigente", "insolvency": "Insolvencia",
    "deceased": "Fallecimiento", "legal": "Revisión o etapa jurídica", "represented": "Tiene representante",
    "vulnerability": "Vulnerabilidad", "regulator": "Autoridad", "fraud": "Posible fraude", "opt_out": "Pidió no ser contactado",
}  # fmt: skip

ACTION_STATUS_ES: dict[str, str] = {
    "planned": "Pendiente", "in_progress": "En curso", "done": "Hecha", "cancelled": "Cancelada", "refused": "No permitida",
    "expired": "Vencida",
}  # fmt: skip

POINT_STATUS_ES: dict[str, str] = {
    "unverified": "Sin verificar", "valid": "Válido", "stale": "Desactualizado", "invalid": "No sirve",
    "wrong_party": "En cuarentena: no es de la persona", "opted_out": "Pidió no usarlo",
}  # fmt: skip

DISPUTE_ES: dict[str, str] = {"debt": "No reconoce la deuda", "charges": "Cargos o monto", "service": "Producto o servicio"}

DISPUTE_STATUS_ES: dict[str, str] = {
    "open": "Abierta", "in_review": "En revisión", "waiting_creditor": "Espera al acreedor",
    "resolved_for_debtor": "Resuelta a favor de la persona", "resolved_against": "Resuelta en contra", "withdrawn": "Retirada",
}  # fmt: skip

CANCEL_ES: dict[str, str] = {
    "by_hand": "por una decisión a mano", "payment": "por un pago", "promise": "por una promesa", "hold": "por una suspensión", "opt_out": "porque pidió no ser contactada",
    "wrong_party": "porque el medio no es de la persona", "paid": "porque ya no debe", "withdrawn": "porque se retiró el envío",
    "replaced": "por otra gestión", "released": "por el ejecutivo", "reassigned": "por reasignación", "case_closed": "porque se cerró el caso",
    "no_template": "porque no hay una plantilla aprobada", "redecided": "porque la estrategia volvió a decidir la cuenta",
}  # fmt: skip

# Why an account was decided again, after «por».
CAUSE_ES: dict[str, str] = {
    "payment.applied": "un pago", "payment.reversed": "un pago que se reversó", "batch.applied": "un archivo de pagos",
    "promise.made": "una promesa de pago", "promise.kept": "una promesa cumplida", "promise.broken": "una promesa incumplida",
    "promise.cancelled": "una promesa que se canceló", "message.received": "un mensaje que llegó", "action.closed": "el resultado de una gestión",
    "hold.opened": "una suspensión", "hold.released": "una suspensión que terminó", "dispute.opened": "una aclaración",
    "dispute.resolved": "una aclaración resuelta",
}  # fmt: skip

# The house's rules by their code; a rule of the law has its own words.
HOUSE_RULE_ES: dict[str, str] = {
    "HOUSE-PROMISE": "Promesa de pago vigente", "HOUSE-CAP": "Tope de contactos de la casa", "HOUSE-PAUSE": "Contacto en pausa",
    "HOUSE-PAID": "Nada que cobrar", "HOUSE-POINT": "Sin medio de contacto utilizable", "HOUSE-HOLD": "Suspensión vigente",
    "HOUSE-DECEASED": "Persona fallecida", "HOUSE-CONTROL": "Grupo de control: no contactar proactivamente",
    "HOUSE-PREFERENCE": "Horario o canal que pidió la persona", "HOUSE-DISCLOSURE": "Texto de la deuda a un medio sin verificar",
    "HOUSE-LIBRARIES": "Feriados o zonas horarias sin actualizar", "HOUSE-LAW": "Decisiones normativas que no cuadran",
    "HOUSE-PRESCRIBED": "Deuda prescrita",
}  # fmt: skip

# Calls that a person asked for stand above everything that a run plans, so that the queue's index finds them at its top.
CALLBACK = "callback"
CALLBACK_PRIORITY = 1_000_000_000
