"""The Spanish names of this context's codes, once."""

from __future__ import annotations

from recaudo.casework.words import HOLD_ES
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.law.words import CONFIDENCE

RIGHT_ES: dict[str, str] = {
    "access": "Acceso", "rectification": "Rectificación", "cancellation": "Cancelación o supresión", "opposition": "Oposición",
    "portability": "Portabilidad", "restriction": "Bloqueo o limitación", "human_review": "Revisión humana de una decisión automática",
}  # fmt: skip

RIGHT_HELP: dict[str, str] = {
    "access": "La persona quiere saber qué datos suyos se tratan.",
    "rectification": "Un dato está mal y debe corregirse.",
    "cancellation": "Pide que sus datos se borren.",
    "opposition": "Pide que se deje de contactarla o de usar sus datos para cobrarle.",
    "portability": "Quiere una copia de sus datos que otro sistema pueda leer.",
    "restriction": "Pide que sus datos se guarden sin usarse mientras algo se aclara.",
    "human_review": "No acepta una decisión que tomó una máquina y pide que la revise una persona.",
}

RIGHT_STATUS_ES: dict[str, str] = {
    "received": "Recibida", "in_progress": "En curso", "answered": "Respondida", "refused": "Negada", "withdrawn": "Retirada",
}  # fmt: skip
RIGHT_OPEN = ("received", "in_progress")

OUTCOME_ES: dict[str, str] = {"granted": "Procede", "partly": "Procede en parte", "denied": "No procede"}

IDENTITY_ES: dict[str, str] = {
    "id_document": "Documento oficial a la vista", "known_data": "Datos que sólo la persona conoce", "verified_point": "Código a un medio verificado",
    "power_of_attorney": "Poder de su representante", "notary": "Ante fedatario",
}  # fmt: skip

STEP_ES: dict[str, str] = {
    "received": "Se recibió", "assigned": "Se asignó", "identified": "Se comprobó la identidad", "extended": "Se amplió el plazo", "note": "Nota",
    "file_made": "Se preparó la copia de datos", "hold_opened": "Se suspendió el contacto", "consents_revoked": "Se revocaron consentimientos",
    "corrected": "Se corrigió", "erased": "Se suprimieron los datos", "kept": "No puede suprimirse todavía", "reviewed": "La revisó una persona",
    "answered": "Se respondió", "refused": "Se negó", "withdrawn": "La retiró la persona", "downloaded": "Se descargó la copia",
}  # fmt: skip

CHANNEL_IN_ES: dict[str, str] = {
    "call": "Teléfono", "email": "Correo", "letter": "Carta", "branch": "En persona", "portal": "Portal", "im": "WhatsApp", "sms": "SMS",
    "authority": "Autoridad",
}  # fmt: skip

LODGED_ES: dict[str, str] = {
    "house": "Ante nosotros", "redeco": "REDECO / CONDUSEF (México)", "sernac": "SERNAC (Chile)", "cmf": "CMF (Chile)",
    "sfc": "Superintendencia Financiera (Colombia)", "sic": "SIC (Colombia)", "indecopi": "INDECOPI (Perú)", "procon": "Procon / Banco Central (Brasil)",
    "defensoria": "Defensoría del consumidor", "other_authority": "Otra autoridad", "creditor": "Ante el acreedor",
}  # fmt: skip

# What collection complaints are about, in the categories that authorities of the region publish, put in our own words.
CAUSES: dict[str, str] = {
    "hours": "Contacto fuera de horario o en día inhábil", "frequency": "Demasiados contactos", "third_party": "Se habló de la deuda con un tercero",
    "wrong_person": "No es la persona deudora", "threat": "Amenazas, ofensas o intimidación", "impersonation": "Se hicieron pasar por autoridad o por otro",
    "no_identification": "No se identificaron", "false_documents": "Documentos que parecen judiciales", "workplace": "Contacto en el trabajo",
    "public_exposure": "Se exhibió la deuda", "paid": "Ya pagó y se le sigue cobrando", "amount": "Cobro indebido o monto equivocado",
    "no_agreement": "No se respetó un convenio o una promesa", "cash_to_agent": "Pidieron pagar a una cuenta ajena o al gestor",
    "optout_ignored": "Pidió no ser contactada y siguieron", "data": "Uso indebido de datos personales", "bureau": "Reporte equivocado al buró",
    "service": "Mala atención", "other": "Otra",
}  # fmt: skip
# Causes that say the law itself was broken: the officer sees them first.
GRAVE = frozenset({"third_party", "threat", "impersonation", "false_documents", "public_exposure", "cash_to_agent", "optout_ignored"})

ABOUT_ES: dict[str, str] = {
    "agency": "Un despacho", "agent": "Una persona del equipo", "channel": "Mensajes o llamadas automáticas", "creditor": "El acreedor", "other": "Otra cosa",
}  # fmt: skip

COMPLAINT_STATUS_ES: dict[str, str] = {"open": "Abierta", "in_review": "En investigación", "answered": "Respondida", "closed": "Cerrada"}
COMPLAINT_OPEN = ("open", "in_review")
RESULT_ES: dict[str, str] = {"founded": "Fundada", "partly": "Fundada en parte", "unfounded": "No fundada", "withdrawn": "Retirada"}

CONFIDENCE_ES: dict[str, str] = {**{code: said for code, (said, _) in CONFIDENCE.items()}, "house": "plazo de la casa"}

EVIDENCE_STATUS_ES: dict[str, str] = {"waiting": "En preparación", "ready": "Listo", "failed": "Falló", "removed": "Destruido"}
RUN_STATUS_ES: dict[str, str] = {"proposed": "Espera a otra persona", "running": "En curso", "done": "Hecha", "rejected": "Rechazada", "failed": "Falló"}

SECTION_ES: dict[str, str] = {
    "portfolio.Person": "persona", "portfolio.Account": "cuentas", "portfolio.AccountParty": "relaciones", "portfolio.Instalment": "vencimientos",
    "portfolio.LedgerEntry": "movimientos", "portfolio.Payment": "pagos", "portfolio.ContactPoint": "medios", "portfolio.Consent": "consentimientos",
    "portfolio.Preference": "preferencias", "portfolio.Placement": "asignaciones", "portfolio.Document": "documentos",
    "portfolio.BucketHistory": "tramos", "portfolio.DelinquencyPause": "pausas_de_mora", "casework.Action": "gestiones",
    "casework.PermitRecord": "permisos", "casework.Case": "casos", "casework.Hold": "suspensiones", "casework.Dispute": "aclaraciones",
    "agreements.Promise": "promesas", "messaging.Message": "mensajes", "compliance.Complaint": "quejas", "compliance.RightsRequest": "solicitudes",
    "compliance.RightsStep": "pasos_de_solicitudes",
}  # fmt: skip

AREA_ES: dict[str, str] = {
    "collection": "Cobranza", "credit": "Crédito", "contact": "Contacto y trato", "field": "Visitas", "data": "Datos personales", "agencies": "Despachos",
    "training": "Capacitación", "other": "Otra",
}  # fmt: skip
POLICY_STATUS_ES: dict[str, str] = {
    "draft": "Borrador", "waiting": "Por aprobar", "in_force": "En vigor", "replaced": "Reemplazada", "rejected": "Rechazada",
}  # fmt: skip
POLICY_TONE: dict[str, str] = {"draft": "muted", "waiting": "warn", "in_force": "ok", "replaced": "muted", "rejected": "muted"}

SUBJECT_ES: dict[str, str] = {"action": "Gestiones", "message": "Mensajes", "account": "Cuentas", "permit": "Permisos"}
PERIOD_ES: dict[str, str] = {"weekly": "Cada semana", "monthly": "Cada mes", "quarterly": "Cada trimestre"}
SEVERITY_ES: dict[str, str] = {"critical": "Crítica", "high": "Alta", "medium": "Media", "low": "Baja"}
SEVERITY_TONE: dict[str, str] = {"critical": "bad", "high": "warn", "medium": "info", "low": "muted"}
AUDIT_STATUS_ES: dict[str, str] = {"open": "Abierta", "closed": "Cerrada"}
FINDING_STATUS_ES: dict[str, str] = {"open": "Sin corrección", "planned": "En corrección", "closed": "Cerrado"}
ITEM_ES: dict[str, tuple[str, str]] = {
    "pass": ("se cumple", "ok"), "fail": ("no se cumple", "bad"), "pending": ("por revisar", "warn"), "skipped": ("no se revisó", "muted"),
}  # fmt: skip
CASE_ES: dict[str, str] = {
    "action": "gestión", "message": "mensaje", "promise": "promesa", "complaint": "queja", "request": "solicitud", "permit": "permiso",
    "decision": "decisión", "law": "norma", "person": "persona", "account": "cuenta",
    "user": "persona del equipo", "quarantine": "cuarentena", "policy": "política",
}  # fmt: skip


def note_es(note: str) -> str:
    """What a case says of itself, as people read it: a channel, a kind of hold, a rule, a name."""
    return CHANNEL_ES.get(note) or HOLD_ES.get(note) or note


def channels_es(channels: frozenset[str]) -> str:
    """The channels of a group that the product knows, in words."""
    return ", ".join(name if name in {"SMS", "WhatsApp"} else name.lower() for code, name in CHANNEL_ES.items() if code in channels)
