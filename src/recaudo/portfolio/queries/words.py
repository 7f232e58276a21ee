"""Spanish names of the portfolio's codes, for its own screens and those above."""

from __future__ import annotations

from recaudo.engine.accrue import COMPONENTS as COMPONENT_NAMES
from recaudo.portfolio.models.ledger import COMPONENTS

COUNTRY_ES = {
    "MX": "México", "CL": "Chile", "CO": "Colombia", "PE": "Perú", "AR": "Argentina", "EC": "Ecuador", "BR": "Brasil",
    "CR": "Costa Rica", "GT": "Guatemala", "PA": "Panamá", "UY": "Uruguay", "PY": "Paraguay", "BO": "Bolivia", "SV": "El Salvador",
    "HN": "Honduras", "NI": "Nicaragua", "DO": "República Dominicana", "TW": "Taiwán", "US": "Estados Unidos",
}  # fmt: skip
COMPONENT_ES = {name: COMPONENT_NAMES["costs" if name == "collection_cost" else name] for name in COMPONENTS}
METHOD_ES = {
    "transfer": "Transferencia", "cash": "Efectivo o ventanilla", "card": "Tarjeta", "direct_debit": "Domiciliación", "check": "Cheque",
    "store": "Tienda o corresponsal", "other": "Otro",
}  # fmt: skip
PAYMENT_ES = {
    "unidentified": "Por identificar", "applied": "Aplicado", "reversed": "Reversado", "announced": "Anunciado",
    "pending_verification": "Por verificar", "rejected": "Rechazado",
}  # fmt: skip
POINT_ES = {"phone": "Teléfono", "im": "WhatsApp", "email": "Correo", "address": "Domicilio"}
SOURCE_ES = {
    "debtor": "La propia persona", "creditor": "El acreedor", "agreed": "Contrato o convenio", "third_party": "Un tercero",
    "skip_tracing": "Búsqueda", "employer": "El empleador",
}  # fmt: skip
STATUS_ES = {
    "unverified": "Sin verificar", "valid": "Verificado", "stale": "Desactualizado", "invalid": "No sirve", "wrong_party": "Es de otra persona",
    "opted_out": "Pidió no ser contactada aquí",
}  # fmt: skip
PLACE_ES = {"mobile": "Personal", "home": "Casa", "work": "Trabajo"}
VOICE_ES = {"usted": "De usted", "tu": "De tú"}
