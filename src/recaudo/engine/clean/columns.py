"""A cleaner over a whole column: plain kinds run in Arrow, the rest once for each distinct value.

An empty cell stays empty (null) and is no refusal: whether a column may be empty is for the layout to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recaudo.engine.clean.addresses import address
from recaudo.engine.clean.currencies import currency as clean_currency
from recaudo.engine.clean.dates import day
from recaudo.engine.clean.emails import email
from recaudo.engine.clean.ids import national_id
from recaudo.engine.clean.names import name, search_key
from recaudo.engine.clean.numbers import Style, amount, integer, number, too_many_decimals
from recaudo.engine.clean.phones import phone
from recaudo.engine.clean.reasons import Refused
from recaudo.kernel.money import minor_digits
from recaudo.kernel.problems import Problem

Column: TypeAlias = Sequence[str | None] | pa.Array | pa.ChunkedArray
Scalar = Callable[[str], Any]

DECIMAL = pa.decimal128(24, 6)

# Kind -> Arrow type of the clean values.
KINDS: dict[str, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "decimal": DECIMAL,
    "money": pa.int64(),
    "date": pa.date32(),
    "currency": pa.string(),
    "search_key": pa.string(),
    "name": pa.struct({"value": pa.string(), "search_key": pa.string()}),
    "email": pa.struct({"value": pa.string(), "match_key": pa.string()}),
    "national_id": pa.struct({
        "country": pa.string(), "kind": pa.string(), "value": pa.string(), "person": pa.string(),
        "match_keys": pa.list_(pa.string()), "weak_keys": pa.list_(pa.string()),
    }),
    "phone": pa.struct({
        "e164": pa.string(), "type": pa.string(), "region": pa.string(), "variants": pa.list_(pa.string()),
        "zones": pa.list_(pa.string()), "dialable": pa.bool_(),
    }),
    "address": pa.struct({
        "value": pa.string(), "has_number": pa.bool_(), "between": pa.list_(pa.string()), "landmark": pa.string(),
        "search_key": pa.string(),
    }),
}  # fmt: skip


class UnknownKind(Problem):
    code = "unknown_column_kind"
    message = "El tipo de columna «{kind}» no existe. Use uno de: {known}."


class Cleaned(NamedTuple):
    """values: one a row, null where empty or refused; reasons: row (from 0) -> why it was refused."""

    values: pa.Array
    reasons: dict[int, Refused]


def clean_column(values: Column, kind: str, **options: Any) -> Cleaned:
    """Clean a column of texts.

    kind      one of KINDS, which gives the type of the clean values
    options   those of the cleaner of one value: style (integer, decimal, money); currency, one code or one a row (money);
              order, pivot, first, last (date); country and kind_of_id, one or one a row (national_id); country (phone)
    Raises    UnknownKind; UnknownCurrency for a money column in a currency the kernel does not have
    """
    if kind not in KINDS:
        raise UnknownKind(kind=kind, known=", ".join(KINDS))
    column = _trimmed(values)
    if kind == "text":
        return _text(column)
    if kind in ("integer", "decimal"):
        return _numeric(column, kind, options.get("style", "point"))
    if kind == "money":
        return _money(column, options.get("style", "point"), options["currency"])
    if kind in ("national_id", "phone"):
        return _by_country(column, kind, options["country"], options.get("kind_of_id"))
    return _by_distinct(column, _scalar(kind, options), KINDS[kind])


def _scalar(kind: str, options: dict[str, Any]) -> Scalar:
    if kind == "date":
        return lambda text: day(text, **options)
    plain: dict[str, Scalar] = {"currency": clean_currency, "search_key": search_key, "name": name, "email": email, "address": address}
    return plain[kind]


def _by_country(column: pa.Array, kind: str, country: str | Column, kind_of_id: str | Column | None) -> Cleaned:
    """Phones and ids, whose rules are those of a country (and kind of id), one for the column or one a row."""
    if isinstance(country, str) and (kind_of_id is None or isinstance(kind_of_id, str)):
        return _by_distinct(column, _of_country(kind, country, kind_of_id), KINDS[kind])
    countries, kinds = _spread(country, len(column)), _spread(kind_of_id, len(column))
    values = _packed([None] * len(column), KINDS[kind])
    reasons: dict[int, Refused] = {}
    for one, of_id in sorted(set(zip(countries.to_pylist(), kinds.to_pylist(), strict=True)), key=str):
        mask = pc.and_(_is(countries, one), _is(kinds, of_id))
        part = _by_distinct(column.filter(mask), _of_country(kind, one or "", of_id), KINDS[kind])
        values, reasons = _merged(values, reasons, mask, part)
    return Cleaned(values, reasons)


def _of_country(kind: str, country: str, kind_of_id: str | None) -> Scalar:
    if kind == "phone":
        return lambda text: phone(text, country)
    return lambda text: national_id(text, country, kind_of_id)


def _spread(option: str | Column | None, size: int) -> pa.Array:
    if option is None or isinstance(option, str):
        return pa.array([option] * size, pa.string())
    return _trimmed(option)


def _is(column: pa.Array, value: str | None) -> pa.Array:
    return pc.is_null(column) if value is None else pc.fill_null(pc.equal(column, value), False)


def _merged(values: pa.Array, reasons: dict[int, Refused], mask: pa.Array, part: Cleaned) -> tuple[pa.Array, dict[int, Refused]]:
    """Lay the cleaned rows of a mask over the column."""
    rows = np.flatnonzero(mask.to_numpy(zero_copy_only=False))
    at = np.full(len(values), -1, np.int64)
    at[rows] = np.arange(len(rows))
    both = pa.chunked_array([values, part.values]).combine_chunks()
    order = np.where(at >= 0, at + len(values), np.arange(len(values)))
    return both.take(pa.array(order)), {**reasons, **{int(rows[row]): why for row, why in part.reasons.items()}}


def _trimmed(values: Column) -> pa.Array:
    column = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, pa.string())
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    column = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def _text(column: pa.Array) -> Cleaned:
    """Single spaces; refused when a byte could not be read in the file's encoding, or beyond 10,000 characters."""
    column = pc.replace_substring_regex(column, r"[\s\x{00a0}]+", " ")
    unreadable = pc.match_substring_regex(column, "[\x00-\x08\x0e-\x1f\ufffd]")
    long = pc.greater(pc.utf8_length(column), 10_000)
    bad = pc.fill_null(pc.or_(unreadable, long), False)
    reason = Refused("Texto", "text_unreadable", "tiene caracteres ilegibles o es demasiado largo.", "Revise la codificación del archivo; use UTF-8.")
    rows = np.flatnonzero(bad.to_numpy(zero_copy_only=False))
    return Cleaned(pc.if_else(bad, pa.scalar(None, pa.string()), column), dict.fromkeys(rows.tolist(), reason))


# What Arrow can read by itself once the separators are gone; every other form goes to the cleaner of one value.
_PLAIN = {
    "point": r"^-?(\d{1,3}(,\d{3}){1,4}|\d{1,15})(\.\d{1,6})?$",
    "comma": r"^-?(\d{1,3}(\.\d{3}){1,4}|\d{1,15})(,\d{1,6})?$",
}


def _decimals(column: pa.Array, style: Style) -> tuple[pa.Array, pa.Array]:
    """The plain numbers as decimals, and the mask of rows that are not plain."""
    plain = pc.fill_null(pc.match_substring_regex(column, _PLAIN[style]), False)
    texts = pc.replace_substring(column.filter(plain), "," if style == "point" else ".", "")
    texts = texts if style == "point" else pc.replace_substring(texts, ",", ".")
    numbers = pc.replace_with_mask(pa.nulls(len(column), DECIMAL), plain, texts.cast(DECIMAL))
    return numbers, pc.and_(pc.invert(plain), pc.is_valid(column))


def _numeric(column: pa.Array, kind: str, style: Style) -> Cleaned:
    numbers, odd = _decimals(column, style)
    if kind == "integer":
        fraction = pc.fill_null(pc.not_equal(numbers, pc.round(numbers)), False)
        odd = pc.or_(odd, fraction)
        whole = pc.if_else(odd, pa.scalar(None, DECIMAL), numbers).cast(pa.int64())
        return _mended(whole, odd, column, lambda text: integer(text, style))
    return _mended(numbers, odd, column, lambda text: _six_decimals(text, style))


def _six_decimals(text: str, style: Style) -> Any:
    value = number(text, style)
    if isinstance(value, Refused) or value == round(value, 6):
        return value
    return Refused("Número", "too_many_decimals", "tiene más de 6 decimales.", "Redondéelo en el origen.")


def _money(column: pa.Array, style: Style, currency: str | Column) -> Cleaned:
    if isinstance(currency, str):
        return _money_of(column, style, currency)
    codes = _trimmed(currency)
    values = pa.nulls(len(column), pa.int64())
    reasons: dict[int, Refused] = {}
    for code in sorted(set(codes.to_pylist()) - {None}):
        mask = _is(codes, code)
        values, reasons = _merged(values, reasons, mask, _money_of(column.filter(mask), style, code))
    no_currency = pc.and_(pc.is_null(codes), pc.is_valid(column)).to_numpy(zero_copy_only=False)
    missing = Refused("Monto", "amount_without_currency", "no se sabe en qué moneda está.", "Corrija la moneda de la fila.")
    reasons.update(dict.fromkeys(np.flatnonzero(no_currency).tolist(), missing))
    return Cleaned(values, reasons)


def _money_of(column: pa.Array, style: Style, currency: str) -> Cleaned:
    digits = minor_digits(currency)
    numbers, odd = _decimals(column, style)
    scaled = pc.multiply(numbers, pa.scalar(Decimal(10**digits), pa.decimal128(7, 0)))
    finer = pc.fill_null(pc.not_equal(scaled, pc.round(scaled)), False)
    minor = pc.if_else(finer, pa.scalar(None, scaled.type), scaled).cast(pa.int64())
    cleaned = _mended(minor, odd, column, lambda text: amount(text, style, currency))
    rows = np.flatnonzero(finer.to_numpy(zero_copy_only=False)).tolist()
    return Cleaned(cleaned.values, {**cleaned.reasons, **dict.fromkeys(rows, too_many_decimals(currency))})


def _mended(values: pa.Array, odd: pa.Array, column: pa.Array, one: Scalar) -> Cleaned:
    """Fill the odd rows with the cleaner of one value."""
    rows = np.flatnonzero(odd.to_numpy(zero_copy_only=False))
    if not len(rows):
        return Cleaned(values, {})
    part = _by_distinct(column.filter(odd), one, values.type)
    return Cleaned(pc.replace_with_mask(values, odd, part.values), {int(rows[at]): why for at, why in part.reasons.items()})


def _by_distinct(column: pa.Array, one: Scalar, kind: pa.DataType) -> Cleaned:
    """The cleaner of one value, asked once for each distinct text."""
    encoded = column.dictionary_encode()
    results = [one(text) for text in encoded.dictionary.to_pylist()]
    refused = {code: found for code, found in enumerate(results) if isinstance(found, Refused)}
    values = _packed([None if isinstance(found, Refused) else found for found in results], kind).take(encoded.indices)
    if not refused:
        return Cleaned(values, {})
    codes = encoded.indices.fill_null(-1).to_numpy()
    is_bad = np.zeros(len(results) + 1, dtype=bool)
    is_bad[list(refused)] = True
    rows = np.flatnonzero(is_bad[codes])
    return Cleaned(values, {int(row): refused[int(codes[row])] for row in rows})


def _packed(results: list[Any], kind: pa.DataType) -> pa.Array:
    if not pa.types.is_struct(kind):
        return pa.array(results, kind)
    fields = [kind.field(n) for n in range(kind.num_fields)]
    columns = [pa.array([None if found is None else getattr(found, field.name) for found in results], field.type) for field in fields]
    return pa.StructArray.from_arrays(columns, fields=fields, mask=pa.array([found is None for found in results], pa.bool_()))
