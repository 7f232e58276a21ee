"""Arithmetic in SQL that gives what decimals of 34 digits give: tracked DECIMAL digits, ratios for divisions."""

from __future__ import annotations

from decimal import Decimal

from recaudo.engine.decide.sql.dialects import op as word
from recaudo.engine.decide.sql.terms import MAX_DIGITS, Refused, Sql

_ONE = Sql("number", "1", (1, 0))
_TOO_LONG = "Redondee antes con decimal(x, n) o use menos factores."


def typed(value: Sql) -> str:
    """The expression in its own DECIMAL type: small literals would get small integer types that overflow."""
    if value.digits is None:
        return value.text
    return f"CAST({value.text} AS DECIMAL({max(value.digits[0], 1)},{value.digits[1]}))"


def exact(text: str, precision: int, scale: int) -> Sql:
    if precision > MAX_DIGITS or scale > MAX_DIGITS:
        raise Refused("una operación que necesita más de 38 dígitos", _TOO_LONG)
    return Sql("number", text, (precision, scale))


def as_double(value: Sql) -> Sql:
    """The nearest DOUBLE; a ratio is divided, by zero gives null."""
    if value.over is not None:
        return Sql("number", f"(CAST({value.text} AS DOUBLE) / NULLIF(CAST({value.over.text} AS DOUBLE), 0))")
    return value if value.digits is None else Sql("number", f"CAST({value.text} AS DOUBLE)")


def arithmetic(op: str, left: Sql, right: Sql) -> Sql:
    """op: + - * /"""
    if left.is_approximate or right.is_approximate:
        return _double(op, as_double(left), as_double(right))
    if op == "/":
        return _divide(left, right)
    if left.over is None and right.over is None:
        return _decimal(op, left, right)
    a, b = left.over or _ONE, right.over or _ONE
    if op == "*":
        return _ratio(_decimal("*", top(left), top(right)), _product(a, b))
    if a == b:
        return _ratio(_decimal(op, top(left), top(right)), a)
    crossed = _decimal(op, _product(top(left), b), _product(top(right), a))
    return _ratio(crossed, _product(a, b))


def top(value: Sql) -> Sql:
    """The numerator."""
    return Sql("number", value.text, value.digits)


def _product(left: Sql, right: Sql) -> Sql:
    if left == _ONE:
        return right
    return left if right == _ONE else _decimal("*", left, right)


def _ratio(value: Sql, over: Sql) -> Sql:
    return Sql("number", value.text, value.digits, over)


def _divide(left: Sql, right: Sql) -> Sql:
    numerator = _product(top(left), right.over or _ONE)
    denominator = _product(left.over or _ONE, top(right))
    if right.over is not None:  # (a/b) / (c/d) with d = 0 is null, not 0
        numerator = Sql("number", f"(CASE WHEN {right.over.text} <> 0 THEN {numerator.text} END)", numerator.digits)
    return _ratio(numerator, denominator)


def _decimal(op: str, left: Sql, right: Sql) -> Sql:
    assert left.digits and right.digits
    (p, s), (q, t) = left.digits, right.digits
    if op == "*":
        return exact(word("times", typed(left), typed(right), p, q), p + q, s + t)
    scale = max(s, t)
    precision = max(p - s, q - t) + scale + 1
    return exact(word("plus", op, left.text, right.text, precision, scale), precision, scale)


def _double(op: str, left: Sql, right: Sql) -> Sql:
    if op == "/":
        return finite(f"({left.text} / NULLIF({right.text}, 0))")
    return finite(f"({left.text} {op} {right.text})")


def finite(text: str) -> Sql:
    """A DOUBLE, null when it is not a finite number."""
    return Sql("number", word("finite", text))


def negate(value: Sql) -> Sql:
    return Sql("number", f"(-{typed(value)})", value.digits, value.over)


def power(left: Sql, right: Sql, exponent: Decimal | None) -> Sql:
    """A small whole exponent multiplies, which is exact; any other is DOUBLE."""
    if exponent is not None and exponent in (1, 2, 3) and not left.is_approximate:
        out = left
        for _ in range(int(exponent) - 1):
            out = arithmetic("*", out, left)
        return out
    base, top_text = as_double(left).text, as_double(right).text
    guard = f"({base} <> 0 OR {top_text} > 0) AND ({base} >= 0 OR {top_text} = floor({top_text}))"
    return finite(f"(CASE WHEN {guard} THEN {word('power', base, top_text)} END)")


def compare(op: str, left: Sql, right: Sql) -> str:
    """< <= > >= = <> of two numbers; a ratio is multiplied out, with the sign of its denominator."""
    if left.is_approximate or right.is_approximate:
        return f"({as_double(left).text} {op} {as_double(right).text})"
    if left.over is None and right.over is None:
        return f"({_compared(op, left, right)})"
    a, b = left.over or _ONE, right.over or _ONE
    x, y = _product(top(left), b), _product(top(right), a)
    if op in ("=", "<>"):
        return f"(CASE WHEN {_nonzero(a, b)} THEN {_compared(op, x, y)} END)"
    flipped = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[op]
    same, opposite = _signs(a, b)
    return f"(CASE WHEN {same} THEN {_compared(op, x, y)} WHEN {opposite} THEN {_compared(flipped, x, y)} END)"


def _compared(op: str, left: Sql, right: Sql) -> str:
    return word("compared", op, left.text, right.text, *both_digits(left, right))


def both_digits(left: Sql, right: Sql) -> tuple[int, ...]:
    """What a dialect has to know to compare two exact numbers: precision and scale of each. () for other values."""
    return (*left.digits, *right.digits) if left.digits and right.digits else ()


def _nonzero(a: Sql, b: Sql) -> str:
    return " AND ".join(f"{one.text} <> 0" for one in (a, b) if one != _ONE)


def _signs(a: Sql, b: Sql) -> tuple[str, str]:
    if a == _ONE or b == _ONE:
        one = b if a == _ONE else a
        return f"{one.text} > 0", f"{one.text} < 0"
    return (
        f"({a.text} > 0 AND {b.text} > 0) OR ({a.text} < 0 AND {b.text} < 0)",
        f"({a.text} > 0 AND {b.text} < 0) OR ({a.text} < 0 AND {b.text} > 0)",
    )


def is_null(value: Sql) -> str:
    """Also a ratio over zero is null."""
    if value.over is None:
        return f"({value.text} IS NULL)"
    return f"({value.text} IS NULL OR COALESCE({value.over.text}, 0) = 0)"


def rounded(value: Sql, places: int, mode: str) -> Sql:
    """mode: even up down half_up half_down floor ceiling; exact for decimals and for ratios, by whole division."""
    if value.is_approximate:
        raise Refused(
            "redondear un número aproximado (una potencia)", "Redondee los operandos o traiga el dato ya calculado."
        )
    assert value.digits
    precision, scale = value.digits
    if value.over is None and scale <= places:
        return Sql("number", value.text, value.digits)
    if not 0 <= places <= 12:
        raise Refused(f"redondear a {places} decimales", "Use entre 0 y 12 decimales.")
    over = value.over or _ONE
    assert over.digits
    shift = over.digits[1] + places - scale
    size = precision - scale + over.digits[1] + places + 1
    if (
        precision + max(shift, 0) > MAX_DIGITS
        or over.digits[0] + max(-shift, 0) > MAX_DIGITS
        or size + places > MAX_DIGITS
    ):
        raise Refused("un redondeo que necesita más de 38 dígitos", _TOO_LONG)
    n, d = _shifted(top(value), shift), _shifted(over, -shift)
    quotient = word("quotient", n, d, precision + max(shift, 0), over.digits[0] + max(-shift, 0))
    text = f"CAST({_rounded_quotient(n, d, quotient, mode)} AS DECIMAL({size},0))"
    if places:
        text = word("tenths", text, size, places)
    if value.over is not None:
        text = f"(CASE WHEN {over.text} <> 0 THEN {text} END)"
    return exact(text, size, places)


def _shifted(value: Sql, shift: int) -> str:
    """The digits of a number without its point, as a whole number, times 10^shift when that is positive."""
    assert value.digits
    precision, scale = value.digits
    return word("whole", typed(value) if scale else value.text, precision, scale, shift)


def _rounded_quotient(n: str, d: str, q: str, mode: str) -> str:
    """Whole division with the rounding of the mode; the quotient and % cut toward zero."""
    r = f"({n} % {d})"
    away = f"(CASE WHEN ({n} < 0) = ({d} < 0) THEN 1 ELSE -1 END)"
    twice, whole = f"2 * abs({r})", f"abs({d})"
    steps = {
        "down": "FALSE",
        "up": f"{r} <> 0",
        "floor": f"{r} <> 0 AND ({n} < 0) <> ({d} < 0)",
        "ceiling": f"{r} <> 0 AND ({n} < 0) = ({d} < 0)",
        "half_up": f"{twice} >= {whole}",
        "half_down": f"{twice} > {whole}",
        "even": f"{twice} > {whole} OR ({twice} = {whole} AND {q} % 2 <> 0)",
    }
    return f"({q} + CASE WHEN {steps[mode]} THEN {away} ELSE 0 END)"


def modulo(dividend: Sql, divisor: Sql) -> Sql:
    """The sign is that of the divisor; null when it is zero."""
    quotient = rounded(arithmetic("/", dividend, divisor), 0, "floor")
    return arithmetic("-", dividend, arithmetic("*", divisor, quotient))
