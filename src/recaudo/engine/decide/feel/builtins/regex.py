"""Regular expressions of XPath (what FEEL asks for) written as Python's; what has no counterpart is unsupported."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from math import comb

MAX_PATTERN = 500
_ESCAPED = re.compile(r"\\(?:[pP]\{[^}]*\}|.)", re.S)
_CLASS = re.compile(r"\[[^\[\]]*(?:\[[^\[\]]*\])?\]")
_REPEAT = re.compile(r"[*+]|\{\d")
# Ways in which a pattern may be laid over a text: Python tries them all before it says no, and holds the whole process meanwhile.
MAX_WAYS = 20_000_000
_BLOCKS = {"BasicLatin": (0, 0x7F), "Latin-1Supplement": (0x80, 0xFF), "LatinExtended-A": (0x100, 0x17F),
           "Greek": (0x370, 0x3FF), "Cyrillic": (0x400, 0x4FF)}  # fmt: skip
_NAME_START = ":A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff"
_SIMPLE = frozenset("nrtdDsSwW")


class Unsupported(Exception):
    """The pattern is not one that can be run."""


@lru_cache(maxsize=512)
def pattern_of(pattern: str, flags: str) -> re.Pattern[str]:
    """flags: s m i x q. Raises Unsupported."""
    if set(flags) - set("smixq") or len(pattern) > MAX_PATTERN:
        raise Unsupported
    options = 0
    for letter, option in (("s", re.S), ("m", re.M), ("i", re.I)):
        options |= option if letter in flags else 0
    if "q" in flags:
        return re.compile(re.escape(pattern), options)
    try:
        return re.compile(_translate(_collapse(pattern) if "x" in flags else pattern, flags), options)
    except (re.error, RecursionError, OverflowError):
        raise Unsupported from None


def pattern_for(text: str, pattern: str, flags: str) -> re.Pattern[str]:
    """The pattern, when it may be tried on the text in reasonable time. Raises Unsupported."""
    compiled = pattern_of(pattern, flags)
    if "q" not in flags:
        repeats, choices = _freedom(pattern)
        size = len(text)
        # Each repeat may begin and end anywhere after the one before; a search may begin anywhere.
        if choices * comb(size + repeats, repeats) * (size + 1) > MAX_WAYS and repeats + choices > 2:
            raise Unsupported
    return compiled


@lru_cache(maxsize=512)
def _freedom(pattern: str) -> tuple[int, int]:
    """How many repeats a pattern has, and in how many ways its choices combine. Raises Unsupported for repeats of what varies."""
    bare = _CLASS.sub("c", _ESCAPED.sub("c", pattern))
    repeats, choices, varies = 0, 1, [False]
    for place, letter in enumerate(bare):
        repeated = _REPEAT.match(bare, place + 1) is not None
        if letter == "(":
            varies.append(False)
        elif letter == "|":
            varies[-1] = True
            choices *= 2
        elif letter == ")" and len(varies) > 1:
            inner = varies.pop()
            if inner and repeated:
                raise Unsupported
            varies[-1] = varies[-1] or inner
        elif letter == "?" and place and bare[place - 1] not in "(*+?}":
            varies[-1] = True
            choices *= 2
        if repeated and letter not in "(|":
            repeats += 1
            varies[-1] = True
    return repeats, choices


def replacement_of(text: str, groups: int, flags: str) -> Callable[[re.Match[str]], str]:
    """`$1` is a group, `\\$` and `\\\\` are themselves. Raises Unsupported."""
    if "q" in flags:
        return lambda found: text
    parts = re.findall(r"\\[\\$]|\$\d+|[^\\$]+|.", text, re.S)
    if any(part in ("\\", "$") for part in parts):
        raise Unsupported
    return lambda found: "".join(_part(part, found, groups) for part in parts)


def _part(part: str, found: re.Match[str], groups: int) -> str:
    if part.startswith("\\"):
        return part[1]
    if not part.startswith("$"):
        return part
    digits, tail = part[1:], ""
    while len(digits) > 1 and int(digits) > groups:
        digits, tail = digits[:-1], digits[-1] + tail
    return (found.group(int(digits)) or "" if int(digits) <= groups else "") + tail


def _collapse(pattern: str) -> str:
    """Without white space, except inside a character class."""
    parts = re.split(r"(\[[^\]]*\])", pattern)
    return "".join(part if part.startswith("[") else "".join(part.split()) for part in parts)


def _translate(pattern: str, flags: str) -> str:
    out: list[str] = []
    place, in_class, closed, opened = 0, 0, 0, 0
    while place < len(pattern):
        letter = pattern[place]
        if letter == "\\":
            text, place = _escape(pattern, place, bool(in_class), closed)
            out.append(text)
            continue
        if letter == "(" and not in_class:
            if pattern.startswith("(?", place) and not pattern.startswith("(?:", place):
                raise Unsupported
            opened += 1
        if letter == ")" and not in_class:
            closed += 1
        if letter == "[":
            if in_class and pattern[place - 1] == "-":  # class subtraction: [a-z-[aeiou]]
                return _subtraction(pattern, flags)
            in_class += 1
            if in_class > 1:
                raise Unsupported
        elif letter == "]" and in_class:
            in_class -= 1
        out.append(letter if in_class else _plain(letter, flags))
        place += 1
    return "".join(out)


def _plain(letter: str, flags: str) -> str:
    if letter == "$" and "m" not in flags:
        return "\\Z"
    return "[^\\n\\r]" if letter == "." and "s" not in flags else letter


def _subtraction(pattern: str, flags: str) -> str:
    found = re.search(r"\[([^\[\]]*)-\[([^\[\]]*)\]\]", pattern)
    if not found:
        raise Unsupported
    before, after = pattern[: found.start()], pattern[found.end() :]
    return _translate(before, flags) + f"(?:(?![{found.group(2)}])[{found.group(1)}])" + _translate(after, flags)


def _escape(pattern: str, place: int, in_class: bool, closed: int) -> tuple[str, int]:
    if place + 1 >= len(pattern):
        raise Unsupported
    letter = pattern[place + 1]
    if letter in "pP":
        return _category(pattern, place, in_class)
    if letter in "icIC":
        if in_class and letter in "IC":
            raise Unsupported
        body = _NAME_START + (".0-9\u00b7\\-" if letter in "cC" else "")
        return (body if in_class else f"[{'^' if letter in 'IC' else ''}{body}]"), place + 2
    if letter.isdigit():
        if in_class or letter == "0" or int(letter) > closed:
            raise Unsupported
        return f"(?:\\{letter})", place + 2
    if letter.isalpha() and letter not in _SIMPLE:
        raise Unsupported
    return "\\" + letter, place + 2


def _category(pattern: str, place: int, in_class: bool) -> tuple[str, int]:
    found = re.compile(r"\\([pP])\{([\w-]+)\}").match(pattern, place)
    if not found:
        raise Unsupported
    name, negative = found.group(2), found.group(1) == "P"
    body = _block(name[2:]) if name.startswith("Is") else _ranges(name)
    if not body or (in_class and negative):
        raise Unsupported
    return (body if in_class else f"[{'^' if negative else ''}{body}]"), found.end()


def _block(name: str) -> str:
    if name not in _BLOCKS:
        raise Unsupported
    low, high = _BLOCKS[name]
    return f"{re.escape(chr(low))}-{re.escape(chr(high))}"


@lru_cache(maxsize=64)
def _ranges(category: str) -> str:
    """The body of a character class for a Unicode general category such as `Lu` or `L`."""
    out: list[str] = []
    start: int | None = None
    for code in range(sys.maxunicode + 2):
        inside = code <= sys.maxunicode and unicodedata.category(chr(code)).startswith(category)
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            out.append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start = None
    return "".join(out)
