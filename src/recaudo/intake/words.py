"""How people call the codes that files are understood as: for the preview and the choices of a layout."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from recaudo.intake.fields import ACCOUNT_STATUSES, Field
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.money import MINOR_DIGITS, shown
from recaudo.portfolio.queries.words import COUNTRY_ES, METHOD_ES

CURRENCY_ES: dict[str, str] = {
    "MXN": "Peso mexicano", "CLP": "Peso chileno", "COP": "Peso colombiano", "PEN": "Sol peruano", "ARS": "Peso argentino", "BRL": "Real brasileño",
    "USD": "Dólar estadounidense", "EUR": "Euro", "GTQ": "Quetzal guatemalteco", "CRC": "Colón costarricense", "PAB": "Balboa panameño",
    "DOP": "Peso dominicano", "HNL": "Lempira hondureño", "NIO": "Córdoba nicaragüense", "PYG": "Guaraní paraguayo", "UYU": "Peso uruguayo",
    "BOB": "Boliviano", "TWD": "Dólar taiwanés",
}  # fmt: skip
# Units whose value in money changes with an index: a debt may be written in them.
UNIT_ES: dict[str, str] = {"UF": "Unidad de fomento (Chile)", "UDI": "Unidad de inversión (México)", "UVT": "Unidad de valor tributario (Colombia)"}
# Offered only where a portfolio is kept in it: the public data set of the examples is.
NOT_OF_THE_REGION = frozenset({"TWD"})

KIND_ES = {"natural": "Persona física o natural", "legal": "Persona moral o jurídica"}
ACCEPTANCE_ES = {"accepted": "Aceptada", "rejected": "Rechazada", "pending": "Pendiente"}
CODES_ES: dict[str, dict[str, str]] = {
    "status": ACCOUNT_STATUSES, "holder_kind": KIND_ES, "codebtor_kind": KIND_ES, "guarantor_kind": KIND_ES, "acceptance": ACCEPTANCE_ES,
    "method": METHOD_ES, "consent_channels": CHANNEL_ES, "country": COUNTRY_ES, "currency": {**CURRENCY_ES, **UNIT_ES},
}  # fmt: skip


def as_read(field: Field, value: Any, currency: str | None) -> str:
    """A clean value as people read it; money needs its currency."""
    if value is None:
        return ""
    if field.kind == "money" and currency:
        return shown(int(value), currency)
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, dict):
        return str(next((value[key] for key in ("value", "e164") if value.get(key)), ""))
    names = CODES_ES.get(field.name, {})
    if isinstance(value, list):
        return ", ".join(names.get(one, str(one)) for one in value)
    return names.get(value, str(value))


def currency_choices(own: Iterable[str]) -> list[Any]:
    """Choices of a form: the organisation's own first, then the region's, then the units of an index."""
    mine = sorted({code for code in own if code in MINOR_DIGITS})
    others = [code for code in CURRENCY_ES if code not in mine and code not in NOT_OF_THE_REGION]
    groups = (
        ("De sus carteras", [(code, f"{code} · {CODES_ES['currency'][code]}") for code in mine]),
        ("Otras monedas", [(code, f"{code} · {CURRENCY_ES[code]}") for code in others]),
        ("Unidades de cuenta (índices)", [(code, f"{code} · {name}") for code, name in UNIT_ES.items() if code not in mine]),
    )
    return [("", "La de la cartera"), *((title, choices) for title, choices in groups if choices)]
