"""Filling a template's merge fields. Data is data: a name with braces in it is printed, never interpreted.

A field that says something the law asks for carries the lawbook's word for it; what a message says is worked out from the fields
that were filled, so a template cannot claim what its text does not hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from recaudo.kernel.problems import Problem

# What a template may say, and what each field is.
FIELDS: dict[str, str] = {
    "nombre": "nombre de la persona, como se la saluda",
    "acreedor": "a quién se le debe",
    "producto": "qué se debe, en palabras",
    "cuenta": "las últimas cuatro cifras de la cuenta",
    "saldo": "lo vencido a hoy, con su moneda",
    "saldo_total": "todo lo que se debe a hoy, con su moneda",
    "vence": "el próximo vencimiento, o el vencido más antiguo",
    "dias": "días de atraso",
    "promesa_monto": "lo prometido, con su moneda",
    "promesa_fecha": "para cuándo se prometió",
    "referencia": "referencia de pago",
    "como_pagar": "cómo y dónde pagar, según el acreedor",
    "quejas": "dónde quejarse",
    "aviso_legal": "lo que la norma pide decir: que no es un juicio, derechos, intereses y gastos, a quién se paga",
    "organizacion": "quién escribe",
    "agente": "nombre de quien responde por el mensaje",
    "contacto": "domicilio y teléfonos de quien escribe",
    "hoy": "la fecha del cálculo",
    "enlace_baja": "página para no recibir más o decir «no soy yo»",
    "enlace_no_soy_yo": "página con una sola pregunta: ¿no es usted?",
}
# The lawbook's words for what the fields say; all the fields named must have been filled.
TOKENS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("creditor_name", ("acreedor",)),
    ("debt_origin", ("producto",)),
    ("contract_reference", ("cuenta",)),
    ("contract_reference", ("referencia",)),
    ("amount_and_calc_date", ("saldo", "hoy")),
    ("amount_and_calc_date", ("saldo_total", "hoy")),
    ("payment_options", ("como_pagar",)),
    ("settlement_conditions", ("aviso_legal",)),
    ("complaint_contact", ("quejas",)),
    ("agency_name", ("organizacion",)),
    ("agent_name", ("agente",)),
    ("agency_address_phone", ("contacto",)),
    ("payments_only_to_entity", ("aviso_legal",)),
    ("consumer_rights", ("aviso_legal",)),
    ("not_an_enforcement_proceeding", ("aviso_legal",)),
    ("interest_and_fees", ("aviso_legal",)),
)
_FIELD = re.compile(r"\{([a-z_]+)\}")
_BRACE = re.compile(r"[{}]")


class UnknownMergeField(Problem):
    code = "unknown_merge_field"
    message = "La plantilla usa «{field}», que no existe. Los campos son: {known}."


@dataclass(frozen=True, slots=True)
class Merge:
    """The values of one message; every one is already text for people."""

    nombre: str = ""
    acreedor: str = ""
    producto: str = ""
    cuenta: str = ""
    saldo: str = ""
    saldo_total: str = ""
    vence: str = ""
    dias: str = ""
    promesa_monto: str = ""
    promesa_fecha: str = ""
    referencia: str = ""
    como_pagar: str = ""
    quejas: str = ""
    aviso_legal: str = ""
    organizacion: str = ""
    agente: str = ""
    contacto: str = ""
    hoy: str = ""
    enlace_baja: str = ""
    enlace_no_soy_yo: str = ""


EXAMPLE = Merge(
    nombre="María", acreedor="Banco del Valle", producto="tarjeta", cuenta="4321", saldo="$ 2,500.00 MXN", saldo_total="$ 12,500.00 MXN",
    vence="15 oct 2026", dias="40", promesa_monto="$ 1,000.00 MXN", promesa_fecha="30 nov 2026", referencia="9000123456",
    como_pagar="Transferencia o ventanilla del banco, con su referencia.", quejas="quejas@bancodelvalle.example",
    aviso_legal="Pague sólo al acreedor. Esto no es un procedimiento judicial.", organizacion="Cobranza del Valle",
    agente="Ana Pérez", contacto="Av. Reforma 1, Ciudad de México, tel. 55 5555 0000", hoy="24 nov 2026",
    enlace_baja="https://ejemplo.example/baja/…", enlace_no_soy_yo="https://ejemplo.example/no-soy-yo/…",
)  # fmt: skip


def used(text: str) -> list[str]:
    """The merge fields a text names, known or not, in order."""
    return _FIELD.findall(text)


def stray_braces(text: str) -> bool:
    """Whether braces are left that are no field: a field with a capital letter or a space in it, or one not closed."""
    return bool(_BRACE.search(_FIELD.sub("", text)))


def check(text: str) -> list[str]:
    """The merge fields a text uses. Raises UnknownMergeField."""
    found = used(text)
    for name in found:
        if name not in FIELDS:
            raise UnknownMergeField(field=name, known=", ".join(FIELDS))
    return found


def render(text: str, merge: Merge) -> str:
    """The text with its fields filled in, in one pass."""
    values = {field.name: getattr(merge, field.name) for field in fields(Merge)}
    return _FIELD.sub(lambda match: values.get(match.group(1), match.group(0)), text)


def value_of(merge: Merge, name: str) -> str:
    """The text of one field; "" for what is no field."""
    return str(getattr(merge, name, ""))


def line(text: str, merge: Merge) -> str:
    """Rendered on one line, for a subject: a line break in somebody's name must not become a header."""
    return " ".join(render(text, merge).split())


def says(text: str, merge: Merge) -> frozenset[str]:
    """The lawbook's words for what a text says once its fields are filled: an empty field says nothing."""
    filled = {name for name in used(text) if getattr(merge, name, "")}
    return frozenset(token for token, names in TOKENS if filled.issuperset(names))
