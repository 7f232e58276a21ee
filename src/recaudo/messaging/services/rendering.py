"""Filling a template's merge fields. Data is data: a name with braces in it is printed, never interpreted."""

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
    "organizacion": "quién escribe",
    "hoy": "la fecha del cálculo",
    "enlace_baja": "página para no recibir más o decir «no soy yo»",
}
_FIELD = re.compile(r"\{([a-z_]+)\}")


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
    organizacion: str = ""
    hoy: str = ""
    enlace_baja: str = ""


def check(text: str) -> list[str]:
    """The merge fields a text uses. Raises UnknownMergeField."""
    used = _FIELD.findall(text)
    for name in used:
        if name not in FIELDS:
            raise UnknownMergeField(field=name, known=", ".join(FIELDS))
    return used


def render(text: str, merge: Merge) -> str:
    """The text with its fields filled in, in one pass."""
    values = {field.name: getattr(merge, field.name) for field in fields(Merge)}
    return _FIELD.sub(lambda match: values.get(match.group(1), match.group(0)), text)
