"""Phones: one E.164 form, what kind of line, which zones, and the variants under which the same line is written.

Three traps (capability C-07): Mexican lines still appear as +52 1, Argentine mobiles with and without the 9, Brazilian
mobiles with and without the ninth digit. The number kept is the one given; variants serve only to find it again.
Only forms that the numbering plan abolished without exception are rewritten: Mexico's 1, 01, 044 and 045.

Plain numbers take a short path that asks the same metadata of `phonenumbers` with two patterns; the rest is parsed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberType
from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

from recaudo.engine.clean.reasons import Refused, empty

FIELD = "Teléfono"
_PUNCTUATION = str.maketrans("", "", " -.()/\u00a0\u2011\u2013\t")
_OLD_MX = re.compile(r"(?:\+?521|01|044|045)(\d{10})")
_OLD_BR_MOBILE = re.compile(r"\d{2}[6-9]\d{7}")
_TYPES = {
    PhoneNumberType.MOBILE: "mobile", PhoneNumberType.FIXED_LINE: "fixed", PhoneNumberType.FIXED_LINE_OR_MOBILE: "either",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CleanPhone:
    """e164      +, country code and number, as given
    type      "mobile", "fixed", "either" (the plan does not tell, as in Mexico) or "other" (toll-free, shared cost)
    region    two letters; may differ from the country asked when the number is foreign
    variants  every E.164 form of the same line, e164 first; compare two phones by any common variant
    zones     the time zones it may be in, () when unknown
    dialable  False for a Brazilian mobile without its ninth digit: only its variant can be dialled
    """

    e164: str
    type: str
    region: str
    variants: tuple[str, ...]
    zones: tuple[str, ...]
    dialable: bool = True


def phone(text: str, country: str) -> CleanPhone | Refused:
    """A telephone number written in `country` (two letters), in national or international form."""
    compact = text.strip().translate(_PUNCTUATION)
    if not compact:
        return empty(FIELD)
    if country == "MX" or compact.startswith("+52"):
        compact = _OLD_MX.sub(r"+52\1", compact) if _OLD_MX.fullmatch(compact) else compact
    return _short_path(compact, country) or _parsed(text, compact, country)


def phone_variants(e164: str) -> tuple[str, ...]:
    """Every written form of one line, the given form first."""
    if e164.startswith("+52") and len(e164) == 13:
        return (e164, f"+521{e164[3:]}")
    if e164.startswith("+549") and len(e164) == 14:
        return (e164, f"+54{e164[4:]}")
    if e164.startswith("+54") and len(e164) == 13:
        return (e164, f"+549{e164[3:]}")
    if e164.startswith("+55"):
        return _brazilian(e164)
    return (e164,)


def _brazilian(e164: str) -> tuple[str, ...]:
    area, rest = e164[3:5], e164[5:]
    if len(rest) == 9 and rest[0] == "9" and rest[1] in "6789":
        return (e164, f"+55{area}{rest[1:]}")
    if len(rest) == 8 and rest[0] in "6789":
        return (e164, f"+55{area}9{rest}")
    return (e164,)


@dataclass(frozen=True, slots=True)
class _Plan:
    code: str
    mobile: re.Pattern[str]
    fixed: re.Pattern[str]
    other: re.Pattern[str]


_SAFE = frozenset({"MX", "CL", "CO", "PE", "EC", "CR", "PA", "GT", "BR", "UY", "PY", "BO", "SV", "HN", "NI"})


@lru_cache(maxsize=64)  # a handful of countries, no personal values
def _plan(country: str) -> _Plan | None:
    """The national patterns; None where short and parsed paths could differ (Argentina's 15, shared country codes)."""
    if country not in _SAFE:
        return None
    meta = PhoneMetadata.metadata_for_region(country)
    if meta is None or meta.mobile is None or meta.fixed_line is None:
        return None
    others = (meta.toll_free, meta.premium_rate, meta.shared_cost, meta.voip, meta.personal_number, meta.pager, meta.uan, meta.voicemail)
    joined = "|".join(f"(?:{desc.national_number_pattern})" for desc in others if desc and desc.national_number_pattern)
    return _Plan(
        str(phonenumbers.country_code_for_region(country)),
        re.compile(meta.mobile.national_number_pattern or r"(?!)"),
        re.compile(meta.fixed_line.national_number_pattern or r"(?!)"),
        re.compile(joined or r"(?!)"),
    )


def _short_path(compact: str, country: str) -> CleanPhone | None:
    plan = _plan(country)
    if plan is None:
        return None
    prefix = "+" + plan.code
    if compact.startswith(prefix):
        national = compact[len(prefix) :]
    elif compact.isascii() and compact.isdigit() and not compact.startswith((plan.code, "0", "1")):
        national = compact
    else:
        return None
    mobile, fixed = plan.mobile.fullmatch(national), plan.fixed.fullmatch(national)
    if not (mobile or fixed) or plan.other.fullmatch(national) or _repeated(national):
        return None
    kind = "either" if mobile and fixed else "mobile" if mobile else "fixed"
    return _clean(f"{prefix}{national}", kind, country)


def _parsed(text: str, compact: str, country: str) -> CleanPhone | Refused:
    if not compact.startswith("+") and country not in phonenumbers.SUPPORTED_REGIONS:
        return Refused(FIELD, "phone_country", "no se sabe de qué país es.", "Escríbalo con + y clave de país, o indique el país de la fila.")
    try:
        found = phonenumbers.parse(compact if compact.startswith("+") else text, country)
    except phonenumbers.NumberParseException:
        return Refused(FIELD, "not_a_phone", "no es un número de teléfono.", "Escriba solo el número, con su clave de área.")
    e164 = phonenumbers.format_number(found, PhoneNumberFormat.E164)
    national = e164[1 + len(str(found.country_code)) :]
    if _repeated(national):
        return Refused(FIELD, "phone_placeholder", "es un relleno, no un teléfono.", "Deje la celda vacía si no lo tiene.")
    if phonenumbers.is_valid_number(found):
        region = phonenumbers.region_code_for_number(found) or country
        return _clean(e164, _TYPES.get(phonenumbers.number_type(found), "other"), region)
    if found.country_code == 55 and _OLD_BR_MOBILE.fullmatch(national):
        return _clean(e164, "mobile", "BR", dialable=False)
    return _why_not(found)


def _repeated(national: str) -> bool:
    return len(set(national[2:])) == 1


def _clean(e164: str, kind: str, region: str, *, dialable: bool = True) -> CleanPhone:
    variants = phone_variants(e164)
    return CleanPhone(e164, kind, region, variants, _zones(e164, kind, region), dialable)


# Countries whose mobile numbers carry an area.
_AREA_MOBILE = frozenset({"52", "54", "55"})


@lru_cache(maxsize=256)
def _code(region: str) -> str:
    return str(phonenumbers.country_code_for_region(region) or "")


def _zones(e164: str, kind: str, region: str) -> tuple[str, ...]:
    """The zones where the line may be: of its area where the number tells one, else all of its country."""
    digits = e164[1:]
    code = _code(region)
    if kind not in {"fixed", "either"} and not (kind == "mobile" and code in _AREA_MOBILE):
        digits = code or digits
    for size in range(min(TIMEZONE_LONGEST_PREFIX, len(digits)), 0, -1):
        if zones := TIMEZONE_DATA.get(digits[:size]):
            return tuple(zones)
    return ()


def _why_not(found: phonenumbers.PhoneNumber) -> Refused:
    reason = phonenumbers.is_possible_number_with_reason(found)
    if reason in (phonenumbers.ValidationResult.TOO_SHORT, phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY):
        return Refused(FIELD, "phone_short", "le faltan cifras.", "Agregue la clave de área o de ciudad.")
    if reason == phonenumbers.ValidationResult.TOO_LONG:
        return Refused(FIELD, "phone_long", "le sobran cifras.", "Deje un teléfono por celda y la extensión en otra.")
    return Refused(FIELD, "phone_not_assigned", "ese número no existe en el plan de numeración del país.", "Revise la clave de área y el país.")
