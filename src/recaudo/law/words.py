"""The lawbook's words in Spanish, as a lawyer reads them on screen, in the command line and in a letter.

The codes are those of lawbook/ and engine.comply; a word that has no name here is shown as it is written, and a test
looks for such words. Says nothing about what a rule means: that is `rulebook`.
"""

from __future__ import annotations

from recaudo.kernel.contact import CHANNEL_ES as CHANNELS

# code: (words of the chip, tone)
CONFIDENCE: dict[str, tuple[str, str]] = {
    "verified_primary": ("norma leída", "ok"),
    "quoted_secondary": ("citada por fuente secundaria", "info"),
    "secondary": ("descrita por fuente secundaria", "warn"),
    "interpretation": ("interpretación: lectura estricta", "warn"),
    "background": ("sin verificar en fuente primaria", "bad"),
}
HOUSE_CONFIDENCE = ("regla de la casa", "muted")
CONFIDENCE_MEANING: dict[str, str] = {
    "verified_primary": "Se leyó el texto de la norma.",
    "quoted_secondary": "Una fuente cita las palabras de la norma; falta leer la norma misma.",
    "secondary": "Una fuente cuenta lo que dice la norma, sin citarla; falta leerla.",
    "interpretation": "La norma no lo dice con esas palabras: se aplica la lectura más estricta.",
    "background": "Conocimiento general, sin una fuente que lo respalde todavía.",
}
STATUS: dict[str, tuple[str, str]] = {
    "in_force": ("en vigor", "ok"),
    "partial": ("cargada en parte", "warn"),
    "bill_only": ("solo proyectos de ley", "warn"),
    "future": ("aún no rige", "info"),
    "draft": ("borrador", "muted"),
}

# What a lawyer looks for, in reading order: heading -> types of rule.
THEMES: dict[str, tuple[str, ...]] = {
    "Días y horas": ("window", "absent"),
    "Cuántas veces": ("frequency", "min_gap", "cooldown", "one_channel", "exempt"),
    "Por qué medio": ("channel_consent", "channel_ban", "address", "caller_id"),
    "Con quién y dónde": ("person", "place", "preference", "location_info"),
    "Qué se puede decir": ("content",),
    "Cuándo se detiene todo": ("stop",),
    "Gastos de cobranza": ("fee",),
    "Plazos y avisos": ("deadline", "prior_notice"),
    "Conservación de registros": ("retention",),
    "Otros deberes": ("duty",),
    "Sanciones": ("sanction",),
    "Resguardos": ("guard", "warn"),
    "Por definirse": ("pending",),
}
TYPES: dict[str, str] = {
    "window": "Horario", "absent": "Sin regla", "frequency": "Límite de contactos", "min_gap": "Separación mínima",
    "cooldown": "Espera tras conversar", "one_channel": "Un solo canal", "exempt": "Lo que no cuenta",
    "channel_consent": "Autorización del canal", "channel_ban": "Canal prohibido", "address": "Origen del dato",
    "caller_id": "Número de origen", "person": "Personas", "place": "Lugar", "preference": "Preferencia de la persona",
    "location_info": "Consulta de ubicación", "content": "Contenido", "stop": "Suspensión", "fee": "Gastos de cobranza",
    "deadline": "Plazo", "prior_notice": "Aviso previo", "retention": "Conservación", "duty": "Deber",
    "sanction": "Sanción", "guard": "Resguardo", "warn": "Aviso", "pending": "Pendiente",
}  # fmt: skip

DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")

CHANNEL: dict[str, str] = {
    **{code: name.lower() if name not in {"SMS", "WhatsApp"} else name for code, name in CHANNELS.items()},
    "prerecorded": "llamada grabada", "ringless_vm": "buzón de voz sin timbre", "im": "mensajería (WhatsApp)",
    "push": "notificación de la aplicación", "social_private": "mensaje privado en redes",
    "social_public": "publicación en redes", "voicemail_with_debt_info": "recado de voz que menciona la deuda",
}  # fmt: skip
PERSON: dict[str, str] = {
    "debtor": "titular", "codebtor": "codeudor", "guarantor": "aval o garante", "solidary_debtor": "deudor solidario",
    "legal_representative": "representante legal", "attorney": "abogado de la persona", "spouse": "cónyuge",
    "relative": "familiar", "reference": "referencia", "beneficiary": "beneficiario", "employer": "empleador",
    "coworker": "compañero de trabajo", "neighbour": "vecino", "minor": "menor de edad",
    "elderly_non_debtor": "adulto mayor que no es el deudor", "third_party": "otro tercero",
    "parent_of_minor_debtor": "padre o madre de deudor menor", "guardian": "tutor", "executor": "albacea",
    "successor_in_interest": "sucesor de la deuda", "creditor": "acreedor", "creditor_attorney": "abogado del acreedor",
    "consumer_reporting_agency": "buró de crédito",
}  # fmt: skip
PURPOSE: dict[str, str] = {
    "collection": "cobranza", "marketing": "publicidad", "location_info": "averiguar dónde está la persona",
    "reply_to_debtor": "responder a quien escribió", "receipt": "recibo de pago",
    "otp_requested_by_debtor": "código que la persona pidió", "portal_session": "sesión del portal abierta por la persona",
    "optout_confirmation": "confirmar una baja", "transaction_confirmation": "confirmar una operación",
    "requested_info": "información que la persona pidió", "fraud_alert": "alerta de fraude",
    "termination_notice": "aviso de que cesa la cobranza", "remedy_may_notice": "aviso de acciones posibles",
    "remedy_will_notice": "aviso de acciones decididas", "required_by_law": "aviso que exige la ley", "reminder": "recordatorio",
}  # fmt: skip
PLACE: dict[str, str] = {"home": "domicilio", "workplace": "lugar de trabajo", "mobile": "celular", "none": "ninguno"}
ADDRESS: dict[str, str] = {
    "entity": "el acreedor", "debtor": "la propia persona", "agreed": "acordado con la persona", "third_party": "un tercero",
    "skip_tracing": "una búsqueda de datos", "employer_email": "correo dado por el empleador",
}  # fmt: skip
STATE: dict[str, str] = {
    "attorney_represented": "la representa un abogado", "age_unknown": "no se conoce su fecha de nacimiento", "channel_optout": "pidió no ser contactada por este canal",
    "in_court": "la deuda está en juicio", "insolvency_proceeding": "está en un procedimiento de insolvencia",
    "original_creditor_request_in_period": "pidió a tiempo el nombre del acreedor original", "repep": "está inscrita en REPEP",
    "reus": "está inscrita en REUS", "utility_claim_pending": "tiene un reclamo pendiente por el servicio",
    "written_cease": "pidió por escrito que cese la cobranza", "written_dispute_in_period": "disputó la deuda por escrito y a tiempo",
    "written_refusal": "se negó por escrito a pagar", "employer_prohibits": "el empleador no lo permite",
    "co_hours_waiver": "aceptó otro horario", "tcpa_consent": "dio consentimiento para llamadas grabadas",
    "us_time_consent": "aceptó que se le escriba a esa hora",
    "attorney_consents": "el abogado lo consiente", "attorney_unresponsive": "el abogado no responde",
    "co_microcredit_visit_consent": "autorizó visitas (microcrédito, fomento, agropecuario o rural)",
    "co_no_updated_contact_data": "no hay datos de contacto actualizados",
    "original_creditor_info_sent": "ya se le informó el acreedor original", "verification_sent": "ya se le envió la verificación",
    "consumer_used_it_for_debt": "la persona usó ese correo para esta deuda",
    "direct_consent_for_address": "la persona consintió esa dirección",
    "prior_collector_chain": "un cobrador anterior ya la usaba con permiso",
    "requested_by_person": "la persona consultada lo pidió", "earlier_response_erroneous": "la respuesta anterior era errónea",
}  # fmt: skip
CONSENT: dict[str, str] = {
    "authorised_channel": "autorización del canal", "tcpa_consent": "consentimiento para llamadas grabadas",
    "marketing_consent": "consentimiento para publicidad", "us_call_prior_consent": "consentimiento previo para llamar en estos siete días",
}  # fmt: skip
CONTENT: dict[str, str] = {
    "agency_address_phone": "domicilio y teléfono del despacho", "agency_name": "nombre del despacho", "agent_name": "nombre de quien gestiona",
    "amount_and_calc_date": "monto y fecha de cálculo", "complaint_contact": "dónde quejarse", "consumer_rights": "derechos del consumidor",
    "contract_reference": "número de contrato", "creditor_address": "domicilio del acreedor", "creditor_name": "nombre del acreedor",
    "creditor_tax_id": "identificación tributaria del acreedor", "debt_collector_disclosure": "aviso de que quien escribe es cobrador",
    "debt_origin": "origen de la deuda", "interest_and_fees": "intereses y gastos", "optout_instructions": "cómo darse de baja",
    "not_an_enforcement_proceeding": "aviso de que no es un procedimiento judicial", "payment_options": "medios de pago",
    "payments_only_to_entity": "aviso de pagar solo a la entidad", "settlement_conditions": "condiciones del acuerdo",
    "limited_content_message": "mensaje de contenido limitado", "asks_reason_for_default": "preguntar por qué no paga",
    "blacklist": "amenazar con listas negras", "collects_payment_directly": "recibir el pago directamente",
    "debtor_lists_in_media": "listas de deudores en medios", "false_statement": "afirmaciones falsas", "insult": "ofensas",
    "looks_judicial": "apariencia de documento judicial", "mentions_court_action_as_document": "documentos que simulan una acción judicial",
    "name_like_public_body": "nombre parecido al de un órgano público", "obscene": "lenguaje obsceno",
    "payment_request_in_confirmation": "pedir un pago en la confirmación", "poses_as_authority": "hacerse pasar por autoridad",
    "postcard": "tarjeta postal a la vista", "posters": "carteles", "public_shaming": "exposición pública", "threat": "amenazas",
    "threat_of_arrest": "amenaza de cárcel", "threat_of_suit_time_barred": "amenaza de demanda por deuda prescrita",
    "unusual_clothing_agents": "cobradores con vestimenta llamativa", "vexatious": "trato vejatorio", "states_debt": "mencionar la deuda",
}  # fmt: skip
CALLER: dict[str, str] = {"hidden": "número oculto", "private": "número privado", "unregistered": "número no registrado"}
OUTCOME: dict[str, str] = {
    "sent": "enviado", "no_answer": "sin respuesta", "conversation": "conversación",
    "third_party_answered": "atendió otro", "visit_contact": "visita con contacto", "busy": "ocupado",
    "not_in_service": "fuera de servicio", "bounced": "rebotó", "delivered": "entregado", "visit_nobody": "visita sin nadie",
    "voicemail": "buzón de voz", "voicemail_lcm": "recado mínimo en el buzón", "conversation_in": "la persona llamó",
}  # fmt: skip
SCOPE: dict[str, str] = {
    "debtor_x_creditor_or_collector": "por persona, sumando lo del mismo acreedor y lo de la misma empresa de cobranza",
    "debtor_x_creditor": "por persona y acreedor", "person": "por persona", "person_x_debt": "por persona y deuda",
    "person_x_number": "por persona y número",
}  # fmt: skip
COUNT: dict[str, str] = {
    "attempt_any": "todo intento cuenta", "attempt_connected": "cuenta todo intento que llega a sonar o a entregarse",
    "live_contact": "cuenta solo si alguien contesta",
}  # fmt: skip
EXCLUDED: dict[str, str] = {
    "misdirected": "los que llegaron a otra persona", "not_connected": "los que no conectaron",
    "persons_attorney_creditor_cra": "los hechos a abogados, al acreedor o a burós", "prior_consent_7d": "los consentidos en los siete días previos",
}  # fmt: skip
FACTOR: dict[str, str] = {
    "active_litigation": "juicio en curso", "requested_info_without_consent": "información que pidió sin consentir llamadas",
    "required_by_law": "exigencia legal", "time_critical_not_in_collector_control": "urgencia ajena al cobrador",
}  # fmt: skip
STARTS: dict[str, str] = {
    "agreement": "el acuerdo", "complaint_received": "recibir la queja", "consent": "el consentimiento", "contact": "el contacto",
    "data_claim_received": "recibir el reclamo de datos", "data_query_received": "recibir la consulta de datos",
    "data_request_received": "recibir la solicitud de datos", "default": "la mora", "initial_communication": "la primera comunicación",
    "last_activity": "la última actividad", "oldest_unpaid_due": "el vencimiento impago más antiguo", "recording": "la grabación", "validation_notice_sent": "enviar el aviso de validación",
    "written_copy_requested": "pedir la copia por escrito",
}  # fmt: skip
BEFORE: dict[str, str] = {
    "furnish_to_cra": "informar a un buró de crédito", "report_negative_to_bureau": "reportar un dato negativo a la central de riesgo",
}  # fmt: skip
UNIT: dict[str, str] = {
    "business_days": "días hábiles", "calendar_days": "días corridos", "years": "años", "months": "meses", "unknown": "unidad por verificar",
}  # fmt: skip
SINGULAR: dict[str, str] = {
    "contactos": "contacto", "gestiones": "gestión", "canales": "canal", "llamadas": "llamada", "comunicaciones": "comunicación",
}  # fmt: skip
PREFERENCE: dict[str, str] = {"inconvenient_time": "hora inconveniente", "inconvenient_place": "lugar inconveniente"}
LINE: dict[str, str] = {"residential_landline": "línea fija residencial"}
WHEN: dict[str, str] = {"always": "siempre", "first_contact_of_management": "en el primer contacto de la gestión"}
NATURE: dict[str, str] = {"rebuttable_presumption": "presunción que admite prueba en contra"}
AFTER: dict[str, str] = {"conversation": "una conversación"}

# House caps: name -> (question, what it means, the number's unit).
HOUSE: dict[str, tuple[str, str, str]] = {
    "house.max_per_day": (
        "¿Cuántos contactos al día por persona?",
        "Tope de la casa por persona y día, sumando todas sus cuentas, acreedores y despachos.",
        "contactos al día",
    ),
    "house.max_contacts": (
        "¿Cuántos contactos por persona en el período?",
        "Tope de la casa por persona en un período; cuántos días dura se decide aparte.",
        "contactos en el período",
    ),
    "house.period_days": (
        "¿De cuántos días es el período?",
        "Días corridos, contando el del contacto, en los que rige el tope por período.",
        "días",
    ),
}

# Places that change the law or the clock, by jurisdiction: code -> name. Others need no name here.
SUBDIVISIONS: dict[str, dict[str, str]] = {
    "CL": {"MA": "Magallanes", "AI": "Aysén", "VS": "Valparaíso", "AP": "Arica y Parinacota", "RM": "Metropolitana"},
    "MX": {"CMX": "Ciudad de México", "BCN": "Baja California", "BCS": "Baja California Sur", "SIN": "Sinaloa", "NAY": "Nayarit",
           "SON": "Sonora", "ROO": "Quintana Roo", "CHH": "Chihuahua", "COA": "Coahuila", "NLE": "Nuevo León", "TAM": "Tamaulipas"},
    "BR": {"SP": "São Paulo", "RJ": "Río de Janeiro", "ES": "Espírito Santo", "AM": "Amazonas", "AL": "Alagoas", "AC": "Acre",
           "RO": "Rondônia", "RR": "Roraima", "MT": "Mato Grosso", "MS": "Mato Grosso do Sul", "PE-Noronha": "Fernando de Noronha"},
    "AR": {"C": "Ciudad Autónoma de Buenos Aires"},
    "EC": {"W": "Galápagos"},
    "US": {"NY": "Nueva York"},
}  # fmt: skip

# What a change of value may touch (engine.comply EDITABLE), as the form names it.
VALUE: dict[str, str] = {
    "week": "Horario", "channels": "Alcanza a", "exclude_holidays": "No se contacta en feriado", "max": "Máximo", "period": "Período",
    "count_basis": "Qué cuenta", "scope": "Se cuenta", "min_days_between": "Separación mínima",
    "days_including_conversation_day": "Días de espera, contando el de la conversación", "n": "Plazo", "extension": "Prórroga",
    "then_calendar_days": "Días corridos después", "min_notices": "Avisos como mínimo",
    "chargeable_after_days": "Días de mora antes de poder cobrar gastos", "useful_notice_within_days": "Gestión útil dentro de los primeros días",
    "reduction_without_notice": "Rebaja si no hubo gestión útil", "rapid_within_minutes": "Minutos entre llamadas seguidas",
    "concentrated_calls_per_day": "Llamadas concentradas en un día",
}  # fmt: skip
STRICTNESS: dict[str, tuple[str, str]] = {
    "stricter": ("más estricto", "ok"), "laxer": ("más laxo", "bad"), "mixed": ("en parte más laxo", "warn"), "same": ("igual", "muted"),
}  # fmt: skip
CHANGE_STATE: dict[str, tuple[str, str]] = {
    "waiting": ("en espera", "warn"), "in_force": ("en vigor", "ok"), "ended": ("terminado", "muted"), "withdrawn": ("retirado", "muted"),
}  # fmt: skip
# What a case of a fee, a deadline, a notice or a retention is given, on the pages for lawyers.
GIVEN: dict[str, str] = {
    "start": "desde el", "n": "por", "unit": "en", "action_date": "se actúa el", "notices": "avisos el", "min_notices": "avisos exigidos",
    "then_calendar_days": "y después días corridos", "amount_uf": "deuda en UF", "days_past_due": "días de mora",
    "gestiones_performed": "hubo gestiones", "useful_notice_day": "gestión útil el día",
}  # fmt: skip


def hours(start: int, end: int) -> str:
    """A span of minutes of the day: «8:00 a 20:00»."""
    return f"{start // 60}:{start % 60:02d} a {end // 60}:{end % 60:02d}"
