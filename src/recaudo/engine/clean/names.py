"""Names: spaces, capitals, two surnames, and the key under which a name is found without accents."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from recaudo.engine.clean.reasons import Refused, empty

FIELD = "Nombre"
_PARTICLES = frozenset({"de", "del", "la", "las", "los", "y", "e", "da", "das", "do", "dos", "di", "van", "von", "der", "den"})
_KEEP_CAPITALS = frozenset({
    "SA", "SAS", "SAC", "SAA", "SRL", "SPA", "LTDA", "EIRL", "CV", "SAPI", "SC", "AC", "RL", "ME", "EPP", "CIA", "II", "III", "IV",
})  # fmt: skip
_PLACEHOLDERS = frozenset({"na", "n a", "sin nombre", "no tiene", "no aplica", "ninguno", "xxx", "prueba", "test", "sn", "s n"})
_NOT_WORD = re.compile(r"[\W_]+")
_APOSTROPHE = re.compile(r"['’`´]")


@dataclass(frozen=True, slots=True)
class CleanName:
    """value: as shown; search_key: lower case, no accents, single spaces."""

    value: str
    search_key: str


@dataclass(frozen=True, slots=True)
class NameParts:
    """given may hold several names; second_surname is empty for people with one surname."""

    given: str
    first_surname: str
    second_surname: str


def search_key(text: str) -> str:
    """The form under which a name or an address is searched: "José  Núñez" -> "jose nunez".

    Accents fall, ñ becomes n, punctuation becomes a space, apostrophes vanish (D'Angelo -> dangelo).
    """
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(_NOT_WORD.sub(" ", _APOSTROPHE.sub("", text)).casefold().split())


def name(text: str) -> CleanName | Refused:
    """A person's or a company's name, with single spaces; text all in capitals or all in small letters gets nice case."""
    value = " ".join(unicodedata.normalize("NFC", text).split())
    if not value:
        return empty(FIELD)
    key = search_key(value)
    if key in _PLACEHOLDERS or not any(c.isalpha() for c in key):
        return Refused(FIELD, "name_placeholder", "no es un nombre.", "Escriba nombre y apellidos o la razón social.")
    if any(unicodedata.category(c) == "Cc" for c in value) or "�" in value:
        return Refused(FIELD, "name_characters", "tiene caracteres ilegibles.", "Revise la codificación del archivo; use UTF-8.")
    if len(value) > 200:
        return Refused(FIELD, "name_too_long", "tiene más de 200 caracteres.", "Separe en otra columna lo que no sea el nombre.")
    return CleanName(_nice_case(value), key)


def name_parts(text: str, *, order: Literal["given_first", "surnames_first"]) -> NameParts:
    """Split a whole name into given names and two surnames; particles stay with the surname they open ("de la Cruz").

    Three or more pieces have two surnames, two pieces have one. A file that has the parts in columns is always better:
    nobody can tell from the text alone whether "Ana María Solís" has two names or two surnames.
    """
    pieces = _joined_particles(text.replace(",", " ").split())
    surnames = 2 if len(pieces) > 2 else 1 if len(pieces) == 2 else 0
    if order == "given_first":
        cut = len(pieces) - surnames
        given, family = pieces[:cut], pieces[cut:]
    else:
        given, family = pieces[surnames:], pieces[:surnames]
    family += [""] * (2 - len(family))
    return NameParts(" ".join(given), family[0], family[1])


def _joined_particles(words: list[str]) -> list[str]:
    pieces: list[str] = []
    held: list[str] = []
    for word in words:
        held.append(word)
        if word.casefold() not in _PARTICLES:
            pieces.append(" ".join(held))
            held = []
    if held:
        pieces.append(" ".join(held))
    return pieces


def _nice_case(value: str) -> str:
    if not (value.isupper() or value.islower()):
        return value
    return " ".join(_nice_word(word, first=n == 0) for n, word in enumerate(value.split(" ")))


def _nice_word(word: str, *, first: bool) -> str:
    low = word.lower()
    if low in _PARTICLES and not first:
        return low
    if word.replace(".", "").upper() in _KEEP_CAPITALS:
        return word.upper()
    return "".join(_capital(piece) for piece in re.split(r"([-'’])", low))


def _capital(piece: str) -> str:
    return piece[:1].upper() + piece[1:]
