"""Spanish names of what a day counts: steps, treatments, outcomes, rules of the house. The law's rules speak for themselves."""

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
