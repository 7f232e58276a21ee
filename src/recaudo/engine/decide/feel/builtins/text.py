"""Built-in functions on strings, and the conversions to string and number."""

from __future__ import annotations

import re
from decimal import Decimal

from recaudo.engine.decide.feel.builtins.regex import Unsupported, pattern_for, replacement_of
from recaudo.engine.decide.feel.builtins.registry import builtin
from recaudo.engine.decide.feel.values import CONTEXT, MAX_TEXT, Value, finite, to_text

_NUMBER = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?")


@builtin("string", "from:v")
def string(value: Value) -> str | None:
    return None if value is None else to_text(value)


@builtin("number", "from:s, grouping separator?:s0, decimal separator?:s0")
def number(text: str, grouping: str | None, point: str | None) -> Decimal | None:
    if grouping not in (None, " ", ",", ".") or point not in (None, ",", ".") or (grouping and grouping == point):
        return None
    if grouping:
        text = text.replace(grouping, "")
    if point == ",":
        text = "x" if "." in text else text.replace(",", ".")
    return finite(CONTEXT.create_decimal(text)) if _NUMBER.fullmatch(text) else None


@builtin("number", "from:n")
def same_number(value: Decimal) -> Decimal:
    return value


@builtin("string length", "string:s")
def string_length(text: str) -> Decimal:
    return Decimal(len(text))


@builtin("upper case", "string:s")
def upper_case(text: str) -> str:
    return text.upper()


@builtin("lower case", "string:s")
def lower_case(text: str) -> str:
    return text.lower()


@builtin("substring", "string:s, start position:n, length?:n0")
def substring(text: str, start: Decimal, length: Decimal | None) -> str | None:
    """Positions count characters from 1, or from the end when negative; 0 has no meaning."""
    first, size = int(start), len(text) if length is None else int(length)
    if first == 0 or abs(first) > len(text) or size < 1:
        return None
    begin = first - 1 if first > 0 else len(text) + first
    return text[begin : begin + size]


@builtin("substring before", "string:s, match:s")
def substring_before(text: str, match: str) -> str:
    return text.partition(match)[0] if match and match in text else ""


@builtin("substring after", "string:s, match:s")
def substring_after(text: str, match: str) -> str:
    if not match:
        return text
    return text.partition(match)[2]


@builtin("contains", "string:s, match:s")
def contains(text: str, match: str) -> bool:
    return match in text


@builtin("starts with", "string:s, match:s")
def starts_with(text: str, match: str) -> bool:
    return text.startswith(match)


@builtin("ends with", "string:s, match:s")
def ends_with(text: str, match: str) -> bool:
    return text.endswith(match)


@builtin("matches", "input:s, pattern:s, flags?:s0")
def matches(text: str, pattern: str, flags: str | None) -> bool | None:
    try:
        return pattern_for(text, pattern, flags or "").search(text) is not None
    except Unsupported:
        return None


@builtin("replace", "input:s, pattern:s, replacement:s, flags?:s0")
def replace(text: str, pattern: str, replacement: str, flags: str | None) -> str | None:
    try:
        compiled = pattern_for(text, pattern, flags or "")
        if compiled.search("") is not None or len(text) * (len(replacement) + 1) > MAX_TEXT:
            return None
        return compiled.sub(replacement_of(replacement, compiled.groups, flags or ""), text)
    except Unsupported:
        return None


@builtin("split", "string:s, delimiter:s")
def split(text: str, delimiter: str) -> list[str] | None:
    try:
        return pattern_for(text, delimiter, "").split(text)
    except Unsupported:
        return None


@builtin("string join", "list:l, delimiter?:s0")
def string_join(items: list[Value], delimiter: str | None) -> str | None:
    texts = [item for item in items if item is not None]
    if not all(isinstance(item, str) for item in texts):
        return None
    size = sum(len(text) + len(delimiter or "") for text in texts)
    return (delimiter or "").join(texts) if size <= MAX_TEXT else None
