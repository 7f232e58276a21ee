"""Street addresses of Latin America: "S/N", manzana and lote, entre calles, and landmarks that people really use.

A landmark ("200 m sur de la iglesia") is often the only thing that finds the door, so it is kept in the line and
also given apart. Nothing is geocoded here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from recaudo.engine.clean.names import search_key
from recaudo.engine.clean.reasons import Refused, empty

FIELD = "Domicilio"
_NO_NUMBER = re.compile(r"(?<!\w)(?:s\s*[/.\-]\s*n\b\.?|sin\s+n[uú]m(?:ero|\.)?|s\.n\.)", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:entre|e/|entre\s+calles?)\s+(?:calles?\s+)?(.+?)\s+(?:y|e)\s+(.+?)(?=[,;.]|$)", re.IGNORECASE)
_LANDMARK = re.compile(
    r"(?:\b(?:frente|enfrente|junto|detr[aá]s|atr[aá]s|a\s+un\s+costado|al\s+lado|a\s+espaldas|esquina|esq\.|contiguo|cerca|diagonal)\s+(?:a|al|de|del|con)?\b"
    r"|\b\d+\s*(?:m|mts?|metros|cuadras?|kms?)\.?\s+(?:al\s+)?(?:norte|sur|este|oeste|oriente|poniente|arriba|abajo|antes|despu[eé]s)\b)"
    r"[^,;]*", re.IGNORECASE)  # fmt: skip
_LOT = re.compile(r"\b(?:mz|mza|manzana|mzn)\b\.?\s*(\w+)|\b(?:lt|lte|lote)\b\.?\s*(\w+)", re.IGNORECASE)
_NUMBER = re.compile(r"(?:#|n[°ºo]\.?\s*|n[uú]m\.?\s*)?\b(\d+[a-z]?(?:\s*[-–]\s*\d+)?)\b", re.IGNORECASE)
_PLACEHOLDERS = frozenset({"na", "n a", "sin direccion", "sin domicilio", "no tiene", "desconocido", "ninguno", "xxx", "s n", "sn"})


@dataclass(frozen=True, slots=True)
class CleanAddress:
    """value       the whole line, single spaces, "S/N" written one way
    has_number  a house, lot or kilometre number is there; without it the visit depends on the landmark
    between     the two streets of "entre A y B", or ()
    landmark    the reference that finds the door, or ""
    search_key  without accents and capitals
    """

    value: str
    has_number: bool
    between: tuple[str, ...]
    landmark: str
    search_key: str


def address(text: str) -> CleanAddress | Refused:
    """One street line (with or without landmarks). Place, postcode and country have columns of their own."""
    value = _NO_NUMBER.sub("S/N", " ".join(text.split())).strip(" ,;")
    if not value:
        return empty(FIELD)
    key = search_key(value)
    if key in _PLACEHOLDERS or sum(c.isalpha() for c in key) < 3:
        return Refused(FIELD, "address_placeholder", "no es un domicilio.", "Escriba calle y número, o una referencia para llegar.")
    if len(value) > 500:
        return Refused(FIELD, "address_too_long", "tiene más de 500 caracteres.", "Separe lo que no sea el domicilio.")
    between = _BETWEEN.search(value)
    landmark = _LANDMARK.search(value)
    plain = _LANDMARK.sub("", _BETWEEN.sub("", value))
    has_number = ("S/N" not in value and bool(_NUMBER.search(plain))) or bool(_LOT.search(plain))
    streets = tuple(street.strip() for street in between.groups()) if between else ()
    return CleanAddress(value, has_number, streets, landmark[0].strip() if landmark else "", key)
