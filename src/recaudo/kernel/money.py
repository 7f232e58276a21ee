"""Money: whole minor units and a currency. Currencies are never added to each other.

Index units (UF, UDI, UVT) are currencies here too; what one is worth on a day is data, not code.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from recaudo.kernel.problems import Problem

# ISO 4217 exponents of the currencies in use, and the decimals with which index units are published.
MINOR_DIGITS: dict[str, int] = {
    "MXN": 2, "CLP": 0, "COP": 2, "PEN": 2, "ARS": 2, "BRL": 2, "USD": 2, "EUR": 2, "CRC": 2, "GTQ": 2,
    "PAB": 2, "PYG": 0, "UYU": 2, "BOB": 2, "DOP": 2, "HNL": 2, "NIO": 2, "TWD": 2,
    "UF": 4, "UDI": 6, "UVT": 2,
}  # fmt: skip

# How many decimals people write: Colombian pesos have cents on paper only.
SHOWN_DIGITS: dict[str, int] = {**MINOR_DIGITS, "COP": 0}


class UnknownCurrency(Problem):
    code = "unknown_currency"
    message = "La moneda «{currency}» no se reconoce. Use un código ISO 4217 (por ejemplo MXN, CLP, COP) o UF, UDI, UVT."


class MixedCurrencies(Problem):
    code = "mixed_currencies"
    message = "No se pueden sumar {left} y {right}: son monedas distintas."


def minor_digits(currency: str) -> int:
    """Decimals of the minor unit of a currency. Raises UnknownCurrency."""
    try:
        return MINOR_DIGITS[currency]
    except KeyError:
        raise UnknownCurrency(currency=currency) from None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount: `minor` whole minor units (cents; pesos for CLP) of `currency`."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        minor_digits(self.currency)

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.minor <= other.minor

    def times(self, factor: Decimal) -> Money:
        """The amount multiplied, rounded half even to the minor unit."""
        return Money(int((Decimal(self.minor) * factor).to_integral_value(ROUND_HALF_EVEN)), self.currency)

    def decimal(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.minor).scaleb(-minor_digits(self.currency))

    @classmethod
    def from_decimal(cls, amount: Decimal, currency: str) -> Money:
        """From major units, rounded half even to the minor unit."""
        return cls(int(amount.scaleb(minor_digits(currency)).to_integral_value(ROUND_HALF_EVEN)), currency)

    def shown(self) -> str:
        """As people of the country write it: «$ 1,234.50 MXN», «$ 1.234 CLP», «UF 12,3456»."""
        return shown(self.minor, self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise MixedCurrencies(left=self.currency, right=other.currency)


# Mexico and Central America write 1,234.50; the south writes 1.234,50.
_POINT_DECIMAL = frozenset({"MXN", "UDI", "USD", "PAB", "GTQ", "HNL", "NIO", "DOP", "PEN", "TWD"})


def shown(minor: int, currency: str) -> str:
    """Format minor units in the manner of the currency's country."""
    digits = SHOWN_DIGITS.get(currency, 2)
    amount = Decimal(minor).scaleb(-minor_digits(currency))
    text = f"{abs(amount):,.{digits}f}"
    if currency not in _POINT_DECIMAL:
        text = text.translate(str.maketrans(",.", ".,"))
    sign = "-" if minor < 0 else ""
    if currency in {"UF", "UDI", "UVT"}:
        return f"{sign}{currency} {text}"
    symbol = {"BRL": "R$", "PEN": "S/", "CRC": "₡", "GTQ": "Q", "PYG": "₲", "EUR": "€"}.get(currency, "$")
    return f"{sign}{symbol} {text} {currency}"
