"""The built-in functions of the profile as SQL. A function that is not here is refused, by name."""

from __future__ import annotations

from collections.abc import Callable as PythonCallable
from dataclasses import replace
from decimal import Decimal

from recaudo.engine.decide.feel.builtins import BUILTINS
from recaudo.engine.decide.sql import numbers
from recaudo.engine.decide.sql.dialects import op
from recaudo.engine.decide.sql.expressions import belongs, compare, is_true, logic, negation, unify
from recaudo.engine.decide.sql.terms import (
    INSTANT,
    MAX_DIGITS,
    MOMENT,
    Items,
    Known,
    Refused,
    Sql,
    Term,
    kind_of,
    lift,
    text_literal,
)

Maker = PythonCallable[..., Term]

_ROUNDINGS = {"decimal": "even", "floor": "floor", "ceiling": "ceiling", "round up": "up", "round down": "down",
              "round half up": "half_up", "round half down": "half_down"}  # fmt: skip
_DAY = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip


def function(name: str, args: list[Term], named: list[tuple[str, Term]]) -> Term:
    """A built-in call. Raises Refused for what is outside the profile."""
    if name not in BUILTINS:
        return Known(None)
    if named:
        args = _by_position(name, dict(named))
    if name in ("min", "max", "sum", "mean"):
        return _aggregate(name, args)
    if name in _ROUNDINGS:
        return _round(name, args)
    maker = _MAKERS.get((name, len(args)))
    if maker is None:
        raise Refused(f"la función «{name}» con {len(args)} argumentos sobre datos de la cuenta")
    return maker(*args)


def _by_position(name: str, named: dict[str, Term]) -> list[Term]:
    for signature in BUILTINS[name]:
        order = [param.name for param in signature.params]
        if set(named) <= set(order) and order[: len(named)] and all(one in named for one in order[: len(named)]):
            return [named[one] for one in order[: len(named)]]
    raise Refused(f"los argumentos por nombre de «{name}»", "Escríbalos por posición.")


def _number(term: Term) -> Sql | None:
    """A number as SQL; None when it can only be null."""
    if kind_of(term) == "number":
        return lift(term)
    if kind_of(term) in ("list", "context", "function"):
        raise Refused("una lista donde va un número")
    return None


def _texts(*terms: Term) -> list[str] | None:
    if any(kind_of(term) in ("list", "context", "function") for term in terms):
        raise Refused("una lista donde va un texto")
    return [lift(term).text for term in terms] if all(kind_of(term) == "string" for term in terms) else None


def _round(name: str, args: list[Term]) -> Term:
    scale = args[1] if len(args) == 2 else Known(Decimal(0))
    if len(args) not in (1, 2) or (len(args) == 1 and name not in ("floor", "ceiling")):
        return Known(None)
    if not isinstance(scale, Known):
        raise Refused(f"«{name}» con decimales que varían", "Escriba los decimales como número fijo.")
    value = _number(args[0])
    if value is None or not isinstance(scale.value, Decimal):
        return Known(None)
    return numbers.rounded(value, int(scale.value), _ROUNDINGS[name])


def _aggregate(name: str, args: list[Term]) -> Term:
    if len(args) == 1 and isinstance(args[0], Items):
        args = list(args[0].items)
    if len(args) == 1 and not isinstance(args[0], Sql):
        raise Refused(f"«{name}» de una lista")
    kinds = {kind_of(arg) for arg in args}
    if kinds != {"number"}:
        raise Refused(f"«{name}» de valores que no son todos números")
    parts = [lift(arg) for arg in args]
    if name in ("min", "max"):
        if any(part.over for part in parts):
            raise Refused(f"«{name}» de una división", "Redondee antes con decimal(x, n).")
        texts, out = unify(parts)
        nulls = " OR ".join(f"{text} IS NULL" for text in texts)
        pick = "least" if name == "min" else "greatest"
        return Sql("number", f"(CASE WHEN NOT ({nulls}) THEN {pick}({', '.join(texts)}) END)", out.digits)
    total = parts[0]
    for part in parts[1:]:
        total = numbers.arithmetic("+", total, part)
    return total if name == "sum" else numbers.arithmetic("/", total, lift(Known(Decimal(len(parts)))))


def _absolute(term: Term) -> Term:
    value = _number(term)
    if value is None:
        if kind_of(term).endswith("duration"):
            return Sql(kind_of(term), f"abs({lift(term).text})")
        return Known(None)
    over = Sql("number", f"abs({value.over.text})", value.over.digits) if value.over else None
    return Sql("number", f"abs({numbers.typed(value)})", value.digits, over)


def _modulo(dividend: Term, divisor: Term) -> Term:
    a, b = _number(dividend), _number(divisor)
    return Known(None) if a is None or b is None else numbers.modulo(a, b)


def _square_root(term: Term) -> Term:
    value = _number(term)
    if value is None:
        return Known(None)
    text = numbers.as_double(value).text
    return Sql("number", f"(CASE WHEN {text} >= 0 THEN sqrt({text}) END)")


def _parity(remainder: int) -> Maker:
    def make(term: Term) -> Term:
        value = _number(term)
        if value is None:
            return Known(None)
        rest = numbers.modulo(value, lift(Known(Decimal(2))))
        return Sql("boolean", numbers.compare("=", rest, lift(Known(Decimal(remainder)))))

    return make


def _text_function(template: str, kind: str, digits: tuple[int, int] | None = None) -> Maker:
    def make(*terms: Term) -> Term:
        texts = _texts(*terms)
        return Known(None) if texts is None else Sql(kind, template.format(*texts), digits)

    return make


def _substring(text: Term, start: Term, length: Term | None = None) -> Term:
    if not isinstance(start, Known) or not (length is None or isinstance(length, Known)):
        raise Refused("«substring» con posiciones que varían", "Escriba las posiciones como números fijos.")
    texts = _texts(text)
    size = length.value if isinstance(length, Known) else None
    if texts is None or not isinstance(start.value, Decimal) or not (size is None or isinstance(size, Decimal)):
        return Known(None)
    first, count = int(start.value), None if size is None else int(size)
    if first == 0 or (count is not None and count < 1):
        return Known(None)
    begin = str(first) if first > 0 else f"length({texts[0]}) + {first + 1}"
    taken = f"substring({texts[0]}, {begin}{'' if count is None else f', {count}'})"
    return Sql("string", f"(CASE WHEN length({texts[0]}) >= {abs(first)} THEN {taken} END)")


def _to_text(term: Term) -> Term:
    value = lift(term)
    if value.kind == "string":
        return value
    if value.kind == "boolean":
        return Sql("string", f"CAST({value.text} AS {op('text_type')})")
    if value.kind == "date":
        return Sql("string", op("date_text", value.text))
    if value.kind != "number" or value.digits is None or value.over is not None:
        raise Refused(f"«string» de un valor de tipo «{value.kind}» calculado", "Redondee antes con decimal(x, n).")
    precision, scale = value.digits
    if precision == scale:  # DuckDB leaves out the zero before the point of a type that has no place for it
        value = replace(value, digits=(min(precision + 1, MAX_DIGITS), scale))
    text = numbers.typed(value)
    return Sql("string", f"CAST({text} AS {op('text_type')})" if scale == 0 else op("number_text", text))


def _date_of(term: Term) -> Term:
    if kind_of(term) == "date":
        return lift(term)
    if kind_of(term) in (MOMENT, INSTANT):
        return Sql("date", f"CAST({lift(term).text} AS DATE)")
    raise Refused("«date» de un texto de la cuenta", "Traiga el dato como fecha.")


def _months_between(start: Term, end: Term) -> Term:
    if kind_of(start) != "date" or kind_of(end) != "date":
        raise Refused("«years and months duration» de valores que no son fechas")
    a, b = lift(start).text, lift(end).text
    forward = (
        f"((year({b}) - year({a})) * 12 + month({b}) - month({a}) - CASE WHEN day({b}) < day({a}) THEN 1 ELSE 0 END)"
    )
    back = (
        f"(-((year({a}) - year({b})) * 12 + month({a}) - month({b}) - CASE WHEN day({a}) < day({b}) THEN 1 ELSE 0 END))"
    )
    return Sql("years and months duration", f"CAST(CASE WHEN {b} >= {a} THEN {forward} ELSE {back} END AS INTEGER)")


def _calendar(template: str, names: tuple[str, ...] = ()) -> Maker:
    def make(term: Term) -> Term:
        if kind_of(term) not in ("date", MOMENT, INSTANT):
            raise Refused("una función de calendario sobre un valor que no es fecha")
        text = template.format(lift(term).text)
        if names:
            return Sql("string", op("pick", text, *(text_literal(name) for name in names)))
        return Sql("number", text, (4, 0))

    return make


def _list_contains(items: Term, element: Term) -> Term:
    if isinstance(items, Known):
        found = items.value if isinstance(items.value, list) else [items.value]
        items = Items(tuple(Known(one) for one in found if not isinstance(one, list | dict)))
    if not isinstance(items, Items):
        raise Refused("«list contains» de una lista de la cuenta")
    out: Term = Known(False)
    for item in items.items:
        out = logic("or", out, is_true(belongs(element, item)))
    return out


def _count(items: Term) -> Term:
    if isinstance(items, Items):
        return Known(Decimal(len(items.items)))
    raise Refused("«count» de una lista de la cuenta")


def _number_of(term: Term) -> Term:
    if kind_of(term) == "number":
        return term
    raise Refused("«number» de un texto de la cuenta", "Traiga el dato como número.")


_PLACE = op("place_of", "{0}", "{1}")
_MAKERS: dict[tuple[str, int], Maker] = {
    ("not", 1): negation,
    ("is defined", 1): lambda term: compare("!=", term, Known(None)),
    ("abs", 1): _absolute,
    ("modulo", 2): _modulo,
    ("sqrt", 1): _square_root,
    ("odd", 1): _parity(1),
    ("even", 1): _parity(0),
    ("number", 1): _number_of,
    ("string", 1): _to_text,
    ("string length", 1): _text_function("length({0})", "number", (9, 0)),
    ("upper case", 1): _text_function(op("upper", "{0}"), "string"),
    ("lower case", 1): _text_function(op("lower", "{0}"), "string"),
    ("contains", 2): _text_function("contains({0}, {1})", "boolean"),
    ("starts with", 2): _text_function(op("starts_with", "{0}", "{1}"), "boolean"),
    ("ends with", 2): _text_function(op("ends_with", "{0}", "{1}"), "boolean"),
    ("substring", 2): _substring,
    ("substring", 3): _substring,
    ("substring before", 2): _text_function(
        f"(CASE WHEN {{1}} = '' THEN '' ELSE substring({{0}}, 1, greatest({_PLACE} - 1, 0)) END)", "string"
    ),
    ("substring after", 2): _text_function(
        f"(CASE WHEN {_PLACE} = 0 THEN '' ELSE substring({{0}}, {_PLACE} + length({{1}})) END)", "string"
    ),
    ("date", 1): _date_of,
    ("years and months duration", 2): _months_between,
    ("day of year", 1): _calendar(op("day_of_year", "{0}")),
    ("week of year", 1): _calendar(op("week_of_year", "{0}")),
    ("day of week", 1): _calendar(op("weekday", "{0}"), _DAY),
    ("month of year", 1): _calendar("month({0})", _MONTH),
    ("list contains", 2): _list_contains,
    ("count", 1): _count,
}
