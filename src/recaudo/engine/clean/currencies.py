"""Currencies: the code, or the name and sign that only one currency has."""

from __future__ import annotations

from recaudo.engine.clean.names import search_key
from recaudo.engine.clean.reasons import Refused, empty
from recaudo.kernel.money import MINOR_DIGITS

FIELD = "Moneda"

# Only what names one currency. "$" and "pesos" name six, so they are refused.
_ALIASES: dict[str, str] = {
    "mn": "MXN", "m n": "MXN", "moneda nacional": "MXN", "peso mexicano": "MXN", "pesos mexicanos": "MXN", "mxp": "MXN", "mex": "MXN",
    "peso chileno": "CLP", "pesos chilenos": "CLP", "peso colombiano": "COP", "pesos colombianos": "COP",
    "peso argentino": "ARS", "pesos argentinos": "ARS", "sol": "PEN", "soles": "PEN", "nuevos soles": "PEN", "s": "PEN",
    "real": "BRL", "reales": "BRL", "reais": "BRL", "r": "BRL", "dolar": "USD", "dolares": "USD", "dls": "USD", "us": "USD", "u s": "USD",
    "euro": "EUR", "euros": "EUR", "colon": "CRC", "colones": "CRC", "quetzal": "GTQ", "quetzales": "GTQ", "q": "GTQ",
    "balboa": "PAB", "balboas": "PAB", "guarani": "PYG", "guaranies": "PYG", "boliviano": "BOB", "bolivianos": "BOB",
    "lempira": "HNL", "lempiras": "HNL", "cordoba": "NIO", "cordobas": "NIO",
    "clf": "UF", "u f": "UF", "u v t": "UVT", "unidad de fomento": "UF", "mxv": "UDI", "udis": "UDI",
}  # fmt: skip


def currency(text: str) -> str | Refused:
    """The currency code of the kernel for an ISO code, a name or an unmistakable sign; "$" alone is refused."""
    code = text.strip().upper()
    if code in MINOR_DIGITS:
        return code
    key = search_key(text)
    if key in _ALIASES:
        return _ALIASES[key]
    if not code:
        return empty(FIELD)
    if code in {"$", "PESO", "PESOS"}:
        return Refused(FIELD, "currency_ambiguous", "sirve para varias monedas.", "Use el código de tres letras, por ejemplo MXN o CLP.")
    return Refused(FIELD, "currency_unknown", "no se reconoce.", "Use el código ISO 4217 (MXN, CLP, COP…) o UF, UDI, UVT.")
