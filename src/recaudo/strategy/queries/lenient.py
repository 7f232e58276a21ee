"""What a person writes in a cell, as FEEL; and FEEL as a person would write it.

«Tarjeta, Factura», «30-60», «≥ 30», «no Tarjeta», «sí», «31/12/2026», «0,5», nothing for anything. What can be read in two
ways is refused with the two readings: a rule is not guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from recaudo.engine.decide.feel.parser import parse_entry, parse_tests
from recaudo.engine.decide.problems import FeelSyntax
from recaudo.kernel.problems import Problem

ANY = "-"


class Unclear(Problem):
    code = "strategy_unclear_cell"
    message = "{what} {remedy}"


@dataclass(frozen=True)
class Words:
    """What is known of a column.

    kind      FEEL type; "" when not known
    codes     code -> Spanish name, of the values it can have
    is_open   other texts than the codes may come
    names     names that FEEL expressions may use
    """

    label: str
    kind: str
    codes: Mapping[str, str] = field(default_factory=dict)
    is_output: bool = False
    is_open: bool = True
    is_whole: bool = False
    is_usd: bool = False
    names: frozenset[str] = frozenset()

    def by_name(self) -> dict[str, str]:
        """Both the codes and their names, folded, to the code."""
        return {folded(name): code for code, name in self.codes.items()} | {folded(code): code for code in self.codes}


def folded(text: str) -> str:
    """Lower case without accents or double spaces: what two spellings of a word have in common."""
    bare = unicodedata.normalize("NFKD", " ".join(text.split()))
    return "".join(letter for letter in bare if not unicodedata.combining(letter)).lower()


_ANYTHING = {"", "-", "–", "cualquiera", "cualquier valor", "todos", "todas", "indistinto"}
_NOTHING = {"null", "sin dato", "vacio", "sin datos"}
_YES = {"si", "verdadero", "true", "s"}
_NO = {"no", "falso", "false", "n"}
_NOT = re.compile(r"^(?:no es|no|distinto de|diferente de|que no sea|excepto|menos los de|not|!=|≠)(?=[\s(\d])\s*\(?\s*(?P<rest>.+?)\s*\)?$", re.IGNORECASE)
_RANGE = r"^(?:entre|de|desde)?\s*(?P<low>{one})\s*(?:-|–|—|\.\.|\ba\b|\by\b|\bhasta\b)\s*(?P<high>{one})$"
_FEEL_RANGE = r"^(?P<open>[\[\](])\s*(?P<low>{one})\s*\.\.\s*(?P<high>{one})\s*(?P<close>[\[\])])$"
_SIGNED = r"^(?P<sign>>=|<=|=>|=<|>|<|=|≥|≤)\s*(?P<one>{one})$"
_SPOKEN = (
    (r"^(?:desde|minimo|al menos|por lo menos)\s*(?P<one>{one})$", ">="), (r"^(?P<one>{one})\s*(?:o mas|\+|en adelante)$", ">="),
    (r"^(?:hasta|maximo|a lo mas)\s*(?P<one>{one})$", "<="), (r"^(?P<one>{one})\s*o menos$", "<="),
    (r"^(?:mas de|mayor que|mayor de)\s*(?P<one>{one})$", ">"), (r"^(?:menos de|menor que|menor de)\s*(?P<one>{one})$", "<"),
)  # fmt: skip
_NUMBER = r"(?:us\$\s*)?-?\d[\d.]*(?:,\d+)?\s*%?"
_DATE = r"(?:\d{1,2}/\d{1,2}/\d{4}|\d{4}-\d{2}-\d{2})"
_SIGNS = {"=>": ">=", "=<": "<=", "≥": ">=", "≤": "<="}


def feel_of(words: Words, text: str, *, is_sheet: bool) -> str:
    """The FEEL of a cell.

    text      as typed
    is_sheet  numbers as in a Spanish spreadsheet (comma for decimals); else as in FEEL, where a comma parts alternatives
    Raises    Unclear: what, and how to mend it
    """
    bare = " ".join(text.split())
    low = folded(bare)
    if words.is_output:
        return _result(words, bare, low, is_sheet)
    if low in _ANYTHING:
        return ANY
    if '"' in bare or low.startswith(("date(", "not(null", "not (")):
        return _checked(words, bare)
    if words.kind == "boolean":
        return _boolean(words, low)
    refused = _NOT.match(bare)
    if refused and folded(bare) not in words.by_name():
        return f"not({_alternatives(words, refused['rest'], is_sheet)})"
    return _alternatives(words, bare, is_sheet)


def _alternatives(words: Words, text: str, is_sheet: bool) -> str:
    if words.kind == "number":
        parts = re.split(r"\s*;\s*|,\s+|\s+o\s+(?=[\d<>=≥≤\[(]|sin)" if is_sheet else r"\s*[;,]\s*", text)
        return ", ".join(_amount(words, part.strip(), is_sheet) for part in parts)
    if words.kind == "date":
        return ", ".join(_amount(words, part.strip(), is_sheet) for part in re.split(r"\s*[;,]\s*", text))
    if words.kind in ("", "string") or words.codes:
        names = words.by_name()
        if folded(text) in names:
            return _quoted(names[folded(text)])
        return ", ".join(_text(words, part.strip()) for part in re.split(r"\s*[;,]\s*", text))
    return _checked(words, text)


def _text(words: Words, part: str) -> str:
    if folded(part) in _NOTHING:
        return "null"
    found = words.by_name().get(folded(part))
    if found is not None:
        return _quoted(found)
    if words.codes and not words.is_open:
        raise Unclear(what=f"«{part}» no es un valor de «{words.label}».", remedy=f"Los que hay: {_listed(words)}.")
    return _quoted(part)


def _amount(words: Words, part: str, is_sheet: bool) -> str:
    """One alternative of a number or date column."""
    low = folded(part)
    if low in _NOTHING:
        return "null"
    one = _DATE if words.kind == "date" else _NUMBER
    value: Callable[[str], str] = (lambda token: _day(words, token)) if words.kind == "date" else (lambda token: _number(words, token, is_sheet))
    if found := re.match(_FEEL_RANGE.format(one=one), low):
        return f"{found['open']}{value(found['low'])}..{value(found['high'])}{found['close']}"
    if found := re.match(_RANGE.format(one=one), low):
        return _between(words, value(found["low"]), value(found["high"]))
    if found := re.match(_SIGNED.format(one=one), low):
        sign = _SIGNS.get(found["sign"], found["sign"])
        return value(found["one"]) if sign == "=" else f"{sign} {value(found['one'])}"
    for pattern, sign in _SPOKEN:
        if found := re.match(pattern.format(one=one), low):
            return f"{sign} {value(found['one'])}"
    if re.fullmatch(one, low):
        return value(low)
    return _checked(words, part)


def _between(words: Words, low: str, high: str) -> str:
    if _order(low) > _order(high):
        raise Unclear(what=f"El intervalo de «{words.label}» está al revés: {low} es mayor que {high}.", remedy="Escriba primero el menor.")
    return f"[{low}..{high}]"


def _order(token: str) -> tuple[int, Decimal | str]:
    try:
        return 0, Decimal(token)
    except InvalidOperation:
        return 1, token


def _number(words: Words, token: str, is_sheet: bool) -> str:
    bare = token.replace("us$", "").strip()
    is_share = bare.endswith("%")
    bare = bare.rstrip("% ")
    if is_sheet and "," in bare:
        bare = bare.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"-?\d{1,3}(?:\.\d{3})+", bare) and (is_sheet or bare.count(".") > 1):
        if not words.is_whole:
            raise Unclear(what=f"«{token}» se puede leer como miles o como decimales.", remedy=f"Escriba {bare.replace('.', '')} o {bare.replace('.', ',')}0.")
        bare = bare.replace(".", "")
    try:
        value = Decimal(bare)
    except InvalidOperation:
        raise Unclear(what=f"«{token}» no es un número.", remedy="Escriba por ejemplo 30, 30-60 o >= 30.") from None
    if is_share:
        value /= 100
    if words.is_usd and "us$" in token:
        value *= 100
    if words.is_whole and value != value.to_integral_value():
        raise Unclear(what=f"«{words.label}» son números enteros y «{token}» no lo es.", remedy="Si son varios valores, sepárelos con punto y coma: 1; 7.")
    return f"{value.normalize():f}"


def _day(words: Words, token: str) -> str:
    try:
        if "/" in token:
            day, month, year = (int(part) for part in token.split("/"))
            return f'date("{date(year, month, day).isoformat()}")'
        return f'date("{date.fromisoformat(token).isoformat()}")'
    except ValueError:
        raise Unclear(what=f"«{token}» no es un día que exista.", remedy="Escríbalo como 31/12/2026.") from None


def _boolean(words: Words, low: str) -> str:
    if low in _YES | _NO:
        return "true" if low in _YES else "false"
    if low in _NOTHING:
        return "null"
    raise Unclear(what=f"«{words.label}» es sí o no.", remedy="Escriba sí, no, o deje la celda vacía.")


def _result(words: Words, bare: str, low: str, is_sheet: bool) -> str:
    if bare == "" or '"' in bare:
        return _checked(words, bare) if bare else ""
    names = words.by_name()
    if low in names:
        return _quoted(names[low])
    if words.kind == "boolean":
        return _boolean(words, low)
    if low in _NOTHING:
        return "null"
    if words.kind == "number":
        return _number(words, low, is_sheet) if re.fullmatch(_NUMBER, low) else _checked(words, bare)
    if words.kind == "date":
        return _day(words, low) if re.fullmatch(_DATE, low) else _checked(words, bare)
    if words.codes and not words.is_open:
        raise Unclear(what=f"«{bare}» no es un valor de «{words.label}».", remedy=f"Los que hay: {_listed(words)}.")
    return _quoted(bare)


def _checked(words: Words, text: str) -> str:
    """FEEL as it was typed, when it is FEEL."""
    try:
        (parse_entry if words.is_output else parse_tests)(text, words.names)
    except FeelSyntax as problem:
        remedy = "Escriba por ejemplo 30, 30-60, >= 30 o 1; 7." if words.kind == "number" else "Ponga los textos entre comillas."
        raise Unclear(what=f"«{text}» no se entiende: {problem.data['what']}.", remedy=remedy) from None
    return text


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _listed(words: Words) -> str:
    shown = sorted(words.codes.values())
    return ", ".join(shown[:15]) + (f" y {len(shown) - 15} más" if len(shown) > 15 else "")


# -- the way back

_TEXTS = re.compile(r'^(?P<not>not\s*\()?\s*(?P<list>"[^"\\]*"(?:\s*,\s*"[^"\\]*")*)\s*(?(not)\))$')


def shown(words: Words, feel: str) -> str:
    """FEEL as a person would write it in a sheet, when reading that gives the same FEEL; else the FEEL."""
    bare = feel.strip()
    if bare in ("", ANY):
        return ""
    said = _said(words, bare)
    try:
        return said if _same(feel_of(words, said, is_sheet=True), bare) else bare
    except Unclear:
        return bare


def _said(words: Words, bare: str) -> str:
    if bare in ("true", "false"):
        return "sí" if bare == "true" else "no"
    if bare == "null":
        return "sin dato"
    if found := _TEXTS.match(bare):
        names = [words.codes.get(code, code) for code in re.findall(r'"([^"]*)"', found["list"])]
        return ("no " if found["not"] else "") + ", ".join(names)
    if words.kind == "number":
        said = re.sub(r"\[\s*(-?[\d.]+?)\s*\.\.\s*(-?[\d.]+)\s*\]", r"\1 - \2", bare).replace("null", "sin dato")
        return re.sub(r"(\d)\.(\d)", r"\1,\2", said.replace(", ", "; "))
    if words.kind == "date":
        said = re.sub(r'date\("(\d{4})-(\d\d)-(\d\d)"\)', r"\3/\2/\1", bare)
        return re.sub(r"\[\s*([\d/]+)\s*\.\.\s*([\d/]+)\s*\]", r"\1 - \2", said)
    return bare


def _same(one: str, other: str) -> bool:
    return re.sub(r"\s+", "", one) == re.sub(r"\s+", "", other)
