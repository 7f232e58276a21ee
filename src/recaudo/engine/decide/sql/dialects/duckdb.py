"""How DuckDB says the words of the plan (see `dialects`). Text is compared by its bytes; lists count from 1, beyond them is null."""

from __future__ import annotations

from recaudo.engine.decide.sql.dialects import Dialect, decoded


def name(code: str) -> str:
    return '"' + decoded(code).replace('"', '""') + '"'


def text(code: str) -> str:
    return "'" + decoded(code).replace("'", "''") + "'"


def _listed(items: tuple[str, ...], kind: str = "") -> str:
    found = f"[{', '.join(items)}]"
    return f"CAST({found} AS {kind}[])" if kind else found


def _whole(value: str, precision: str, scale: str, shift: str) -> str:
    """The digits of a number without its point, times 10^shift when that is positive."""
    if scale == "0" and shift == "0" and int(precision) <= 18:
        return f"CAST({value} AS BIGINT)"  # a division in 128 bits costs ten times as much
    if scale == "0":
        out = f"CAST({value} AS HUGEINT)"
    elif int(precision) + int(scale) + 1 <= 38:
        out = f"CAST({value} * CAST(1{'0' * int(scale)} AS DECIMAL({int(scale) + 1},0)) AS HUGEINT)"
    else:
        out = f"CAST(replace(CAST({value} AS VARCHAR), '.', '') AS HUGEINT)"
    return f"({out} * CAST(1{'0' * int(shift)} AS HUGEINT))" if int(shift) > 0 else out


def _plus(sign: str, left: str, right: str, precision: str, scale: str) -> str:
    kind = f"DECIMAL({min(int(precision), 38)},{scale})"
    return f"(CAST({left} AS {kind}) {sign} CAST({right} AS {kind}))"


def _part(value: str, divisor: str, modulus: str) -> str:
    size = f"abs({value})" + (f" // {divisor}" if divisor else "") + (f" % {modulus}" if modulus else "")
    return f"(sign({value}) * ({size}))"


def _folded(kind: str, items: str, *_: str) -> str:
    return f"{ {'+': 'list_sum', '<': 'list_min', '>': 'list_max'}[kind]}({items})"


DUCKDB = Dialect("DuckDB", {
    "name": name,
    "text": text,
    "text_type": lambda: "VARCHAR",
    "moment": lambda value: f"TIMESTAMP '{value}'",
    # facts
    "rate": lambda column: f"CAST({column} AS DECIMAL(18,9))",
    "instant": lambda column: f"make_timestamp(epoch_us({column}))",
    "local_moment": lambda column: f"CAST({column} AS TIMESTAMP)",
    # numbers
    "finite": lambda value: f"(CASE WHEN isfinite({value}) THEN {value} END)",
    "power": lambda base, exponent: f"pow({base}, {exponent})",
    "plus": _plus,
    "times": lambda left, right, *digits: f"({left} * {right})",
    "compared": lambda sign, left, right, *digits: f"{left} {sign} {right}",
    "whole": _whole,
    "quotient": lambda n, d, *digits: f"({n} // {d})",
    "tenths": lambda value, size, places: f"CAST({value} * CAST(0.{'1'.zfill(int(places))} AS DECIMAL({places},{places})) AS DECIMAL({size},{places}))",
    # texts
    "upper": lambda value: f"upper({value})",
    "lower": lambda value: f"lower({value})",
    "starts_with": lambda value, part: f"starts_with({value}, {part})",
    "ends_with": lambda value, part: f"ends_with({value}, {part})",
    "place_of": lambda value, part: f"strpos({value}, {part})",
    "number_text": lambda value: rf"regexp_replace(CAST({value} AS VARCHAR), '\.?0+$', '')",
    # dates and durations
    "date_text": lambda value: f"strftime({value}, '%Y-%m-%d')",
    "seconds_between": lambda start, end: f"(date_diff('day', {start}, {end}) * 86400)",
    "plus_months": lambda day, months: f"CAST({day} + to_months(CAST({months} AS INTEGER)) AS DATE)",
    "plus_days": lambda day, seconds: f"({day} + CAST(floor(({seconds}) / 86400.0) AS INTEGER))",
    "part": _part,
    "weekday": lambda day: f"isodow({day})",
    "day_of_year": lambda day: f"dayofyear({day})",
    "week_of_year": lambda day: f"week({day})",
    # bits and lists
    "bit": lambda word, place: f"(({word} >> {place}) & 1)",
    "pick": lambda index, *items: f"({_listed(items)})[{index}]",
    "pick_whole": lambda index, *items: f"({_listed(items, 'BIGINT')})[{index}]",
    "ranks": lambda word, shift, *places: f"list_filter({_listed(places, 'INTEGER')}, lambda x: (({word} >> (x - {shift})) & 1) = 1)",
    "one_rank": lambda place: f"[{place}]",
    "joined": lambda *lists: f"list_concat({', '.join(lists)})",
    "mapped": lambda ranks, *items: f"list_transform({ranks}, lambda x: ({_listed(items)})[x])",
    "mapped_whole": lambda ranks, *items: f"list_transform({ranks}, lambda x: ({_listed(items, 'INTEGER')})[x])",
    "first": lambda items: f"({items})[1]",
    "size": lambda items: f"len({items})",
    "has_no_null": lambda items: f"list_count({items}) = len({items})",
    "folded": _folded,
})  # fmt: skip
