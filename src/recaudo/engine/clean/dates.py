"""Days as people write them: 31/12/2025, 2025-12-31, 20251231, 31-dic-25, "31 de diciembre de 2025"."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Literal

from recaudo.engine.clean.names import search_key
from recaudo.engine.clean.reasons import Refused, empty

Order = Literal["dmy", "mdy", "ymd"]

FIELD = "Fecha"
_YEAR_FIRST = re.compile(r"(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_WORDS = re.compile(r"(\d{1,2})[- /.]*(?:de[l]?\s+)?([a-z]{3,10})[- /.]*(?:de[l]?\s+)?(\d{4}|\d{2})")
_CLOCK = re.compile(r"[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[ap]\.?\s?m\.?)?(?:Z|[+-]\d{2}:?\d{2})?$", re.IGNORECASE)
_SERIAL = re.compile(r"\d{5}(?:\.0+)?")
_MONTHS = {
    "ene": 1, "jan": 1, "feb": 2, "mar": 3, "abr": 4, "apr": 4, "may": 5, "jun": 6, "jul": 7, "ago": 8, "aug": 8,
    "sep": 9, "set": 9, "oct": 10, "nov": 11, "dic": 12, "dec": 12,
}  # fmt: skip
_SHOWN = {"dmy": "día/mes/año", "mdy": "mes/día/año", "ymd": "año-mes-día"}


def day(text: str, order: Order = "dmy", *, pivot: int = 50, first: date = date(1900, 1, 1), last: date = date(2100, 1, 1)) -> date | Refused:
    """A calendar day. A clock time behind it is dropped.

    order   how the file writes figures that could be read two ways; four-digit years in front are always year-month-day
    pivot   two-digit years below it are 20xx, the others 19xx
    first, last   days before `first` or from `last` on are refused
    Spreadsheet serials (45991) are understood as days since 1899-12-30.
    """
    body = _CLOCK.sub("", text.strip())
    if not body:
        return empty(FIELD)
    parts = _parts(body, order, pivot)
    if isinstance(parts, Refused):
        return parts
    try:
        value = date(*parts)
    except ValueError:
        return Refused(FIELD, "no_such_day", "ese día no existe en el calendario.", f"Revise que el orden sea {_SHOWN[order]}.")
    if not first <= value < last:
        return Refused(FIELD, "date_out_of_range", "está fuera del intervalo admitido.", "Revise el año.")
    return value


def _parts(body: str, order: Order, pivot: int) -> tuple[int, int, int] | Refused:
    if found := (_YEAR_FIRST.fullmatch(body) or _COMPACT.fullmatch(body)):
        year, month, number = found.groups()
        return int(year), int(month), int(number)
    if found := _YEAR_LAST.fullmatch(body):
        return _figures(found.groups(), order, pivot)
    if _SERIAL.fullmatch(body):
        day_ = date(1899, 12, 30) + timedelta(days=int(body.split(".")[0]))
        return day_.year, day_.month, day_.day
    if (found := _WORDS.fullmatch(search_key(body))) and (in_words := _MONTHS.get(found[2][:3])):
        return _year(found[3], pivot), in_words, int(found[1])
    return Refused(FIELD, "not_a_date", "no es una fecha.", f"Escríbala como {_SHOWN[order]}, por ejemplo {_sample(order)}.")


def _figures(figures: tuple[str, ...], order: Order, pivot: int) -> tuple[int, int, int] | Refused:
    one, two, three = figures
    if order == "ymd":
        if len(three) == 4:
            return Refused(FIELD, "date_other_order", "no empieza por el año.", "Cambie el orden de la fecha en el formato.")
        return _year(one, pivot), int(two), int(three)
    month, number = (int(two), int(one)) if order == "dmy" else (int(one), int(two))
    return _year(three, pivot), month, number


def _year(text: str, pivot: int) -> int:
    if len(text) == 4:
        return int(text)
    return int(text) + (2000 if int(text) < pivot else 1900)


def _sample(order: Order) -> str:
    return {"dmy": "31/12/2025", "mdy": "12/31/2025", "ymd": "2025-12-31"}[order]
