"""How Apache Spark SQL (4.0 or later) says the words of the plan, each with the value that DuckDB gives, or not at all.

It counts on what `SETTINGS` says: errors where a number does not fit instead of null or a cut one (ANSI), UTC. What would differ in
some value is refused when compiling (powers and capitals, whose last figure or letter depends on a library; decimals beyond 38
digits), or stops the run (a day some millennia away): never slightly different.
"""

from __future__ import annotations

from recaudo.engine.decide.sql.dialects import Dialect, Refused, decoded

SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.decimalOperations.allowPrecisionLoss": "true",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.ansi.doubleQuotedIdentifiers": "false",
    "spark.sql.legacy.exponentLiteralAsDecimal.enabled": "false",
    "spark.sql.variable.substitute": "false",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    # Spark resolves about one layer of the statement at a time, and gives up after a hundred if not told otherwise.
    "spark.sql.analyzer.maxIterations": "10000",
    "spark.sql.optimizer.maxIterations": "10000",
}

_MOST_DAYS = 3_000_000
_DIGITS = 38
_ROUND = "Redondee los operandos con decimal(x, n) para que Spark lo calcule con los mismos dígitos."
_ESCAPED = str.maketrans({"\\": "\\\\", "'": "\\'", "$": "\\u0024", "\n": "\\n", "\r": "\\r"})


def name(code: str) -> str:
    return "`" + decoded(code).replace("`", "``") + "`"


def text(code: str) -> str:
    return "'" + decoded(code).translate(_ESCAPED) + "'"


def _refuse(what: str, remedy: str) -> str:
    raise Refused(f"{what} (en Spark)", remedy)


def _array(items: tuple[str, ...]) -> str:
    return f"array({', '.join(items)})"


def _rate(column: str) -> str:
    """A DOUBLE at 9 decimals, ties away from zero, from its product in DOUBLE: by its decimal text it could be another."""
    digits = f"CAST(CAST(round({column} * 1E9D) AS BIGINT) AS DECIMAL(18,0))"
    return f"CAST({digits} * 0.000000001 AS DECIMAL(18,9))"


def _plus(sign: str, left: str, right: str, precision: str, scale: str) -> str:
    kind = f"DECIMAL({max(int(precision) - 1, 1)},{scale})"  # the sum then has the precision, and loses nothing
    return f"(CAST({left} AS {kind}) {sign} CAST({right} AS {kind}))"


def _times(left: str, right: str, p: str, q: str) -> str:
    if int(p) + int(q) + 1 > _DIGITS:
        return _refuse("un producto de más de 37 dígitos", _ROUND)
    return f"({left} * {right})"


def _compared(sign: str, left: str, right: str, *digits: str) -> str:
    if not digits:
        return f"{left} {sign} {right}"
    p, s, q, t = map(int, digits)
    if s == t == 0 and max(p, q) <= 18:
        return f"{left} {sign} {right}"
    scale = max(s, t)
    precision = max(p - s, q - t) + scale
    if precision > _DIGITS:
        return _refuse("comparar números que juntos necesitan más de 38 dígitos", _ROUND)
    kind = f"DECIMAL({max(precision, 1)},{scale})"
    return f"CAST({left} AS {kind}) {sign} CAST({right} AS {kind})"


def _whole(value: str, precision: str, scale: str, shift: str) -> str:
    p, s, up = int(precision), int(scale), int(shift)
    if s == 0:
        out = f"CAST({value} AS DECIMAL({p},0))"
    elif p + s + 2 <= _DIGITS:
        out = f"CAST({value} * CAST(1{'0' * s} AS DECIMAL({s + 1},0)) AS DECIMAL({p},0))"
    else:
        out = f"CAST(replace(CAST({value} AS STRING), '.', '') AS DECIMAL({p},0))"
    return f"CAST({out} * CAST(1{'0' * up} AS DECIMAL({up + 1},0)) AS DECIMAL({p + up},0))" if up > 0 else out


def _quotient(n: str, d: str, np: str, dp: str) -> str:
    if max(int(np), int(dp)) <= 18:
        return f"(CAST({n} AS BIGINT) div CAST({d} AS BIGINT))"
    return f"CAST(({n} - {n} % {d}) / {d} AS DECIMAL(38,0))"


def _tenths(value: str, size: str, places: str) -> str:
    if int(size) + int(places) + 1 > _DIGITS:
        return _refuse("un redondeo que necesita más de 37 dígitos", _ROUND)
    unit = f"CAST(0.{'1'.zfill(int(places))} AS DECIMAL({places},{places}))"
    return f"CAST({value} * {unit} AS DECIMAL({size},{places}))"


def _part(value: str, divisor: str, modulus: str) -> str:
    size = f"abs({value})" + (f" div {divisor}" if divisor else "") + (f" % {modulus}" if modulus else "")
    return f"(CASE WHEN {value} < 0 THEN -({size}) ELSE {size} END)"


def _date_text(day: str) -> str:
    return f"(CASE WHEN {day} IS NOT NULL THEN format_string('%04d-%02d-%02d', year({day}), month({day}), day({day})) END)"


def _plus_days(day: str, seconds: str) -> str:
    days = f"floor(({seconds}) / 86400.0)"
    far = "raise_error('recaudo: una fecha fuera de alcance')"
    return f"date_add({day}, CASE WHEN abs({days}) > {_MOST_DAYS} THEN {far} ELSE CAST({days} AS INT) END)"


def _folded(kind: str, items: str, precision: str = "", scale: str = "") -> str:
    if kind != "+":
        return f"{'array_min' if kind == '<' else 'array_max'}({items})"
    if not precision:
        return _refuse("C+ de números aproximados", "Redondéelos con decimal(x, n).")
    if int(precision) >= _DIGITS and int(scale) > 6:
        return _refuse("una suma que necesita más de 38 dígitos", _ROUND)
    total = f"DECIMAL({precision},{scale})"
    return f"aggregate({items}, CAST(0 AS {total}), (a, x) -> CAST(a + x AS {total}))"


def _capitals(*_: str) -> str:
    return _refuse("pasar un texto a mayúsculas o minúsculas", "Compare con los textos como vienen, o tráigalos ya normalizados.")


SPARK = Dialect("Spark", {
    "name": name,
    "text": text,
    "text_type": lambda: "STRING",
    "moment": lambda value: f"TIMESTAMP_NTZ '{value}'",
    # facts
    "rate": _rate,
    "instant": lambda column: f"timestampadd(MICROSECOND, unix_micros({column}), TIMESTAMP_NTZ '1970-01-01 00:00:00')",
    "local_moment": lambda column: f"CAST({column} AS TIMESTAMP_NTZ)",
    # numbers
    "finite": lambda value: f"(CASE WHEN NOT isnan({value}) AND abs({value}) < CAST('Infinity' AS DOUBLE) THEN {value} END)",
    "power": lambda *_: _refuse("una potencia con exponente que no es 1, 2 o 3", "Use multiplicaciones o traiga el dato ya calculado."),
    "plus": _plus,
    "times": _times,
    "compared": _compared,
    "whole": _whole,
    "quotient": _quotient,
    "tenths": _tenths,
    # texts
    "upper": _capitals,
    "lower": _capitals,
    "starts_with": lambda value, part: f"startswith({value}, {part})",
    "ends_with": lambda value, part: f"endswith({value}, {part})",
    "place_of": lambda value, part: f"instr({value}, {part})",
    "number_text": lambda value: rf"regexp_replace(CAST({value} AS STRING), '\\.?0+$', '')",
    # dates and durations
    "date_text": _date_text,
    "seconds_between": lambda start, end: f"(CAST(datediff({end}, {start}) AS BIGINT) * 86400)",
    "plus_months": lambda day, months: f"add_months({day}, CAST({months} AS INT))",
    "plus_days": _plus_days,
    "part": _part,
    "weekday": lambda day: f"(weekday({day}) + 1)",
    "day_of_year": lambda day: f"dayofyear({day})",
    "week_of_year": lambda day: f"weekofyear({day})",
    # bits and lists: get() counts from 0, and is null beyond
    "bit": lambda word, place: f"(shiftright({word}, {place}) & 1)",
    "pick": lambda index, *items: f"get({_array(items)}, CAST({index} - 1 AS INT))",
    "pick_whole": lambda index, *items: f"get(CAST({_array(items)} AS ARRAY<BIGINT>), CAST({index} - 1 AS INT))",
    "ranks": lambda word, shift, *places: f"filter({_array(places)}, x -> (shiftright({word}, x - {shift}) & 1) = 1)",
    "one_rank": lambda place: f"array({place})",
    "joined": lambda *lists: f"concat({', '.join(lists)})",
    "mapped": lambda ranks, *items: f"transform({ranks}, x -> get({_array(items)}, x - 1))",
    "mapped_whole": lambda ranks, *items: f"transform({ranks}, x -> get({_array(items)}, x - 1))",
    "first": lambda items: f"get({items}, 0)",
    "size": lambda items: f"array_size({items})",
    "has_no_null": lambda items: f"NOT exists({items}, x -> x IS NULL)",
    "folded": _folded,
})  # fmt: skip
