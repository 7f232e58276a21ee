"""Numbers as people write them: two decimal styles, thousands groups, signs, and amounts in whole minor units.

The style is declared by the saved layout, never guessed from a value: "1.234" is a thousand in Chile and one and a
fraction in Mexico.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

from recaudo.engine.clean.reasons import Refused, empty
from recaudo.kernel.money import minor_digits

Style = Literal["point", "comma"]

FIELD = "Número"
# Spaces and apostrophes group thousands in both styles. Groups must be whole: 12.34,50 is a slip of the keyboard.
_GROUPED = {
    "point": re.compile(r"(?:\d{1,3}(?:[,' \u00a0\u202f]\d{3})+|\d+)(?:\.\d+)?|\.\d+"),
    "comma": re.compile(r"(?:\d{1,3}(?:[.' \u00a0\u202f]\d{3})+|\d+)(?:,\d+)?|,\d+"),
}
_DROP: dict[str, dict[int, str | None]] = {
    "point": dict.fromkeys(map(ord, ",' \u00a0\u202f")),
    "comma": {**dict.fromkeys(map(ord, ".' \u00a0\u202f")), ord(","): "."},
}
_SYMBOL = re.compile(r"^(?:R\$|US\$|U\$S|S/\.?|[$€₡₲Q])\s*|\s*(?:%|[A-Z]{3})$")
_OTHER: dict[str, Style] = {"point": "comma", "comma": "point"}
_EXAMPLE = {"point": "1,234.50", "comma": "1.234,50"}
_LIMIT = Decimal(10) ** 15


def number(text: str, style: Style) -> Decimal | Refused:
    """A number written in the declared style: "point" is 1,234.50 and "comma" is 1.234,50.

    Takes a sign before or after, parentheses for a negative, a currency sign in front or code behind. Exact: no floats.
    """
    body, negative = _unsigned(text.strip())
    if not body:
        return empty(FIELD)
    if not _GROUPED[style].fullmatch(body):
        return _why_not(body, style)
    value = Decimal(body.translate(_DROP[style]))
    if value >= _LIMIT:
        return Refused(FIELD, "number_too_large", "es demasiado grande.", "Revise si se unieron dos columnas.")
    return -value if negative else value


def integer(text: str, style: Style = "point") -> int | Refused:
    """A whole number; 3 and 3.0 are whole, 3.5 is refused."""
    value = number(text, style)
    if isinstance(value, Refused):
        return value
    if value != value.to_integral_value():
        return Refused(FIELD, "not_whole", "tiene decimales y debe ser entero.", "Escriba el número sin decimales.")
    return int(value)


def amount(text: str, style: Style, currency: str) -> int | Refused:
    """An amount of money in whole minor units of `currency`.

    Decimals beyond the currency's are refused unless they are zeros: rounding money in silence is how totals stop
    agreeing. Raises UnknownCurrency when `currency` itself is not known.
    """
    digits = minor_digits(currency)
    value = number(text, style)
    if isinstance(value, Refused):
        return value
    minor = value.scaleb(digits)
    if minor != minor.to_integral_value():
        return too_many_decimals(currency)
    return int(minor)


def too_many_decimals(currency: str) -> Refused:
    """The reason for an amount finer than the currency's minor unit."""
    digits = minor_digits(currency)
    allowed = f"{digits} decimales" if digits else "números sin decimales"
    return Refused("Monto", "too_many_decimals", f"tiene más decimales que los de {currency}.", f"Use {allowed}; no se redondea.")


def _unsigned(text: str) -> tuple[str, bool]:
    negative = False
    if text.startswith("(") and text.endswith(")"):
        text, negative = text[1:-1].strip(), True
    for _ in range(2):  # the sign may stand on either side of the currency sign: -$5 and $-5
        if text[:1] in "+-−" and text[:1]:
            text, negative = text[1:].lstrip(), negative or text[0] != "+"
        text = _SYMBOL.sub("", text)
    if text.endswith("-"):
        text, negative = text[:-1].rstrip(), True
    return text, negative


def _why_not(body: str, style: Style) -> Refused:
    if _GROUPED[_OTHER[style]].fullmatch(body):
        return Refused(
            FIELD, "number_other_style", f"parece escrito como {_EXAMPLE[_OTHER[style]]} y el formato declarado es {_EXAMPLE[style]}.",
            "Cambie el estilo de decimales del formato o corrija el archivo.",
        )  # fmt: skip
    if re.fullmatch(r"[\d.,' \u00a0\u202f]+", body):
        return Refused(FIELD, "number_groups", "tiene los miles o los decimales mal separados.", f"Escríbalo como {_EXAMPLE[style]}.")
    return Refused(FIELD, "not_a_number", "no es un número.", f"Escríbalo como {_EXAMPLE[style]}, sin letras.")
