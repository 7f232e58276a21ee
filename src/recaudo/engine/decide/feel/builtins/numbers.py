"""Built-in functions on numbers."""

from __future__ import annotations

import decimal
from decimal import Decimal

from recaudo.engine.decide.feel.builtins.registry import builtin
from recaudo.engine.decide.feel.temporal import Seconds
from recaudo.engine.decide.feel.values import CONTEXT, Value, finite, negate

# What has more digits before or after the point than this cannot be rounded.
_MAX_SCALE, _MIN_SCALE = 6176, -6111


def rounded(value: Decimal, scale: Decimal | None, mode: str) -> Decimal | None:
    """To `scale` decimals (0 when None), in one of the modes of `decimal`; null for a scale out of range."""
    places = int(scale) if scale is not None else 0
    if not _MIN_SCALE <= places <= _MAX_SCALE:
        return None
    if places >= -int(value.as_tuple().exponent):
        return value
    wide = decimal.Context(prec=6200, rounding=mode, Emin=-7000, Emax=7000, traps=[])
    return finite(value.quantize(Decimal(1).scaleb(-places, wide), context=wide))


def _rounding(name: str, signature: str, mode: str) -> None:
    @builtin(name, signature)
    def run(value: Decimal, scale: Decimal | None = None) -> Decimal | None:
        return rounded(value, scale, mode)


_rounding("decimal", "n:n, scale:n", decimal.ROUND_HALF_EVEN)
_rounding("floor", "n:n, scale?:n", decimal.ROUND_FLOOR)
_rounding("ceiling", "n:n, scale?:n", decimal.ROUND_CEILING)
_rounding("round up", "n:n, scale:n", decimal.ROUND_UP)
_rounding("round down", "n:n, scale:n", decimal.ROUND_DOWN)
_rounding("round half up", "n:n, scale:n", decimal.ROUND_HALF_UP)
_rounding("round half down", "n:n, scale:n", decimal.ROUND_HALF_DOWN)


@builtin("abs", "n:nx")
def absolute(value: Value) -> Value:
    if isinstance(value, Decimal):
        return abs(value)
    size = value.nanos if isinstance(value, Seconds) else value.months
    return value if size >= 0 else negate(value)


@builtin("modulo", "dividend:n, divisor:n")
def modulo(dividend: Decimal, divisor: Decimal) -> Decimal | None:
    """The sign is that of the divisor."""
    if divisor == 0:
        return None
    wide = decimal.Context(prec=200, traps=[])
    quotient = wide.divide(dividend, divisor).to_integral_value(decimal.ROUND_FLOOR)
    return finite(CONTEXT.plus(wide.subtract(dividend, wide.multiply(divisor, quotient))))


@builtin("sqrt", "number:n")
def square_root(value: Decimal) -> Decimal | None:
    return None if value < 0 else finite(CONTEXT.sqrt(value))


@builtin("log", "number:n")
def logarithm(value: Decimal) -> Decimal | None:
    return None if value <= 0 else finite(CONTEXT.ln(value))


@builtin("exp", "number:n")
def exponential(value: Decimal) -> Decimal | None:
    return finite(CONTEXT.exp(value))


def _parity(name: str, remainder: int) -> None:
    @builtin(name, "number:n")
    def run(value: Decimal) -> bool:
        return CONTEXT.remainder(abs(value), Decimal(2)) == remainder


_parity("odd", 1)
_parity("even", 0)
