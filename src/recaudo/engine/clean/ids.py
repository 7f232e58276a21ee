"""National ids: compacted, check digits verified with python-stdnum, and the keys under which the same person is found.

Where python-stdnum has no rule (Panama, the Guatemalan DPI) the form alone is checked, and for the DPI its check digit.
Ids without a check digit refuse the fillings people type to get past a form (00000000, 11111111).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import ModuleType

from stdnum.ar import cuit as ar_cuit
from stdnum.ar import dni as ar_dni
from stdnum.br import cnpj as br_cnpj
from stdnum.br import cpf as br_cpf
from stdnum.cl import rut as cl_rut
from stdnum.co import nit as co_nit
from stdnum.cr import cpf as cr_cedula
from stdnum.cr import cpj as cr_cpj
from stdnum.cr import cr as cr_dimex
from stdnum.do import cedula as do_cedula
from stdnum.do import rnc as do_rnc
from stdnum.ec import ci as ec_ci
from stdnum.ec import ruc as ec_ruc
from stdnum.exceptions import InvalidChecksum, InvalidFormat, InvalidLength, ValidationError
from stdnum.gt import nit as gt_nit
from stdnum.mx import curp as mx_curp
from stdnum.mx import rfc as mx_rfc
from stdnum.pe import cui as pe_dni
from stdnum.pe import ruc as pe_ruc
from stdnum.py import ruc as py_ruc
from stdnum.sv import nit as sv_nit
from stdnum.uy import rut as uy_rut

from recaudo.engine.clean.reasons import Refused, empty

FIELD = "Identificación"


@dataclass(frozen=True, slots=True)
class CleanId:
    """country, kind   MX and RFC, CL and RUT ...
    value           compact, as kept and compared
    person          "natural", "legal", or "" when the number does not tell
    match_keys      "MX:RFC:..." and the ids it contains (a RUC or CUIT of a person holds the DNI): same key, same person
    weak_keys       what namesakes born on one day share (first ten of RFC and CURP): needs a second sign
    """

    country: str
    kind: str
    value: str
    person: str
    match_keys: tuple[str, ...]
    weak_keys: tuple[str, ...] = ()


Check = Callable[[str], str]


def _digits(text: str) -> str:
    return re.sub(r"[\s.\-_/,]", "", text)


def _repeated(number: str) -> bool:
    return len(set(number)) == 1


def _plain(lengths: frozenset[int], text: str) -> str:
    """An id of digits only and no check digit."""
    number = _digits(text)
    if not (number.isascii() and number.isdigit()):
        raise InvalidFormat()
    number = number.lstrip("0") or "0"
    if len(number) not in lengths:
        raise InvalidLength()
    if _repeated(number):
        raise Placeholder()
    return number


class Placeholder(ValidationError):
    """All digits alike, or the tax office's generic number: identifies nobody."""


def _rfc(text: str) -> str:
    number = mx_rfc.compact(text)
    if number in {"XAXX010101000", "XEXX010101000"}:
        raise Placeholder()
    if len(number) == 10:  # without homoclave and check digit two people share it
        raise InvalidLength()
    return mx_rfc.validate(number, validate_check_digits=True)


def _curp(text: str) -> str:
    number = mx_curp.compact(text)
    if number[10:11] != "X":
        return mx_curp.validate(number)
    # Non-binary people carry X where python-stdnum knows only H and M; everything else is checked as usual.
    mx_curp.validate(f"{number[:10]}H{number[11:]}", validate_check_digits=False)
    if mx_curp.calc_check_digit(number) != number[-1]:
        raise InvalidChecksum()
    return number


def _rut(text: str) -> str:
    return cl_rut.validate(cl_rut.compact(text).lstrip("0"))


def _nit(text: str) -> str:
    number = co_nit.validate(text)
    if len(number) not in {9, 10, 11}:
        raise InvalidLength()
    return number


def _unrepeated(module: ModuleType, text: str) -> str:
    number: str = module.validate(text)
    if _repeated(number):
        raise Placeholder()
    return number


def _pe_dni(text: str) -> str:
    number = pe_dni.validate(text.strip().zfill(8) if text.strip().isdigit() else text)
    if _repeated(number[:8]):
        raise Placeholder()
    return number[:8]


def _ar_dni(text: str) -> str:
    number = ar_dni.validate(_digits(text))
    if _repeated(number):
        raise Placeholder()
    return number


def _dpi(text: str) -> str:
    number = _digits(text)
    if len(number) != 13:
        raise InvalidLength()
    if not (number.isascii() and number.isdigit()) or not 1 <= int(number[9:11]) <= 22:
        raise InvalidFormat()
    if sum(int(digit) * weight for digit, weight in zip(number[:8], range(2, 10), strict=True)) % 11 != int(number[8]):
        raise InvalidChecksum()
    return number


_PA_CEDULA = re.compile(r"(?:PE|E|N|(?:[1-9]|1[0-3])(?:AV|PI)?)-\d{1,4}-\d{1,6}")
_PA_RUC = re.compile(r"\d{1,9}-\d{1,4}-\d{1,6}(?:\s*DV\s*\d{1,2})?")


def _form(pattern: re.Pattern[str], text: str) -> str:
    value = " ".join(text.upper().split()).replace(" -", "-").replace("- ", "-")
    if not pattern.fullmatch(value):
        raise InvalidFormat()
    return value


# Country -> kind -> check, in the order in which an undeclared kind is tried.
_CHECKS: dict[str, dict[str, Check]] = {
    "MX": {"RFC": _rfc, "CURP": _curp},
    "CL": {"RUT": _rut},
    "CO": {"CC": partial(_plain, frozenset({4, 5, 6, 7, 8, 10})), "NIT": _nit, "CE": partial(_plain, frozenset({5, 6, 7})), "PEP": partial(_plain, frozenset({15}))},
    "AR": {"CUIT": ar_cuit.validate, "DNI": _ar_dni},
    "BR": {"CPF": partial(_unrepeated, br_cpf), "CNPJ": partial(_unrepeated, br_cnpj)},
    "PE": {"DNI": _pe_dni, "RUC": pe_ruc.validate},
    "EC": {"CI": ec_ci.validate, "RUC": ec_ruc.validate},
    "CR": {"CEDULA": cr_cedula.validate, "JURIDICA": cr_cpj.validate, "DIMEX": cr_dimex.validate},
    "PA": {"CEDULA": partial(_form, _PA_CEDULA), "RUC": partial(_form, _PA_RUC)},
    "GT": {"DPI": _dpi, "NIT": gt_nit.validate},
    "DO": {"CEDULA": do_cedula.validate, "RNC": do_rnc.validate},
    "UY": {"RUT": uy_rut.validate},
    "PY": {"RUC": py_ruc.validate},
    "SV": {"NIT": sv_nit.validate},
}  # fmt: skip

ID_KINDS: dict[str, tuple[str, ...]] = {country: tuple(kinds) for country, kinds in _CHECKS.items()}

_PERSON = {"CURP": "natural", "CC": "natural", "CE": "natural", "PEP": "natural", "DNI": "natural", "CPF": "natural", "CI": "natural", "CEDULA": "natural", "DIMEX": "natural", "DPI": "natural", "CNPJ": "legal", "JURIDICA": "legal"}


def national_id(text: str, country: str, kind: str | None = None) -> CleanId | Refused:
    """A national or tax id of `country` (two letters). Without `kind` the form of the number decides.

    Returns CleanId, or Refused when the country or kind is not known or the number cannot be one of that kind.
    """
    if not text.strip():
        return empty(FIELD)
    checks = _CHECKS.get(country)
    if checks is None:
        return Refused(FIELD, "id_country", "no se conocen las reglas de ese país.", f"Países con reglas: {', '.join(_CHECKS)}.")
    chosen = kind or _guess(text, country)
    if chosen not in checks:
        return Refused(FIELD, "id_kind", f"ese tipo no existe en {country}.", f"Use {', '.join(checks)}.")
    try:
        value = checks[chosen](text)
    except ValidationError as error:
        return _refused(error, chosen)
    return _known(country, chosen, value)


def _guess(text: str, country: str) -> str:
    """The kind that a number of this form has in its country; the check says later whether it is one."""
    compact = _digits(text)
    size = len(compact)
    if country == "MX":
        return "CURP" if size == 18 else "RFC"
    if country == "CO":
        return _guess_co(text, compact)
    if country == "GT":
        return "DPI" if size == 13 else "NIT"
    if country == "CR":
        dashed = re.fullmatch(r"0?\d-\d{1,4}-\d{1,4}", text.strip())
        return "CEDULA" if dashed or size == 9 or compact[:1] == "0" else "JURIDICA" if size == 10 else "DIMEX"
    if country == "PA":
        return "CEDULA" if _PA_CEDULA.fullmatch(text.strip().upper()) else "RUC"
    by_size = {("AR", 11): "CUIT", ("BR", 14): "CNPJ", ("PE", 11): "RUC", ("EC", 13): "RUC", ("DO", 9): "RNC"}
    usual = {"CL": "RUT", "AR": "DNI", "BR": "CPF", "PE": "DNI", "EC": "CI", "DO": "CEDULA", "UY": "RUT", "PY": "RUC", "SV": "NIT"}
    return by_size.get((country, size), usual[country])


def _guess_co(text: str, compact: str) -> str:
    # Ten-digit cédulas begin with 1, company NITs with 8 or 9; a dash before the last digit always marks a NIT.
    if re.search(r"\d-\d$", text.strip()) or len(compact) in {9, 11} or (len(compact) == 10 and compact[0] in "89"):
        return "NIT"
    return "PEP" if len(compact) == 15 else "CC"


def _known(country: str, kind: str, value: str) -> CleanId:
    keys = [f"{country}:{kind}:{value}"]
    weak: tuple[str, ...] = ()
    person = _PERSON.get(kind, "")
    inner = ""
    if kind in {"RFC", "CURP"}:
        person = "legal" if len(value) == 12 else "natural"
        weak = (f"MX:10:{value[:10]}",) if person == "natural" else ()
    elif country == "CL":
        person = "natural" if int(value[:-1]) < 50_000_000 else "legal"
    elif country == "CO" and kind == "NIT":
        person, inner = ("legal", "") if len(value) == 10 and value[0] in "89" else ("natural", f"CC:{value[:-1]}")
    elif country == "AR" and kind == "CUIT":
        person, inner = ("natural", f"DNI:{value[2:10].lstrip('0')}") if value[0] == "2" else ("legal", "")
    elif country == "PE" and kind == "RUC":
        person, inner = ("natural", f"DNI:{value[2:10]}") if value[:2] == "10" else ("legal" if value[:2] == "20" else "", "")
    elif country == "EC" and kind == "RUC":
        natural = value[2] < "6"
        person, inner = ("natural", f"CI:{value[:10]}") if natural else ("legal" if value[2] == "9" else "", "")
    if inner:
        keys.append(f"{country}:{inner}")
    return CleanId(country, kind, value, person, tuple(keys), weak)


def _refused(error: ValidationError, kind: str) -> Refused:
    if isinstance(error, Placeholder):
        return Refused(FIELD, "id_placeholder", f"el {kind} es un relleno que no identifica a nadie.", "Pida el número verdadero al originador.")
    if isinstance(error, InvalidChecksum):
        return Refused(FIELD, "id_check_digit", f"el dígito verificador del {kind} no corresponde.", "Revise si hay cifras cambiadas de lugar.")
    if isinstance(error, InvalidLength):
        return Refused(FIELD, "id_length", f"el {kind} no tiene el número de caracteres debido.", _LENGTH_ES.get(kind, "Escríbalo completo, con su dígito verificador."))
    if isinstance(error, InvalidFormat):
        return Refused(FIELD, "id_format", f"el {kind} tiene caracteres o una forma que no corresponden.", "Escríbalo como aparece en el documento.")
    return Refused(FIELD, "id_component", f"una parte del {kind} no es posible (fecha, provincia o tipo).", "Compárelo con el documento.")


_LENGTH_ES = {
    "RFC": "Escriba 13 caracteres para personas o 12 para empresas, con homoclave.",
    "CURP": "Escriba los 18 caracteres.",
    "CC": "Escriba de 4 a 8 cifras, o 10; si es un NIT, agregue su dígito de verificación.",
    "NIT": "Escríbalo con su dígito de verificación.",
}
