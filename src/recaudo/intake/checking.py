"""Check a chunk of rows against a plan: clean every column, refuse what cannot be taken, work out what follows. Pure.

A *refusal* names row, column and reason, never the value. `is_row` tells whether the whole row was refused or one datum left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recaudo.engine.clean import Cleaned, Refused, clean_column, search_key
from recaudo.intake.adapters import Chunk
from recaudo.intake.fields import BY_NAME, CHANNEL_WORDS, Field
from recaudo.intake.plan import Book, Plan
from recaudo.kernel.money import MINOR_DIGITS

EPOCH = date(1970, 1, 1)
# Marks that steer the direction of text, zero-width signs and the byte order mark: invisible, and never part of a datum.
_INVISIBLE = "[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
_MOJIBAKE = "Ã[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u2013-\u203a]|Â[\u00a0-\u00bf]|â€"
_MOJIBAKE_REASON = Refused("Texto", "mojibake", "tiene letras mal convertidas (por ejemplo «Ã³» por «ó»).", "Guarde el archivo de nuevo en UTF-8.")


@dataclass(frozen=True, slots=True)
class Refusal:
    row_number: int
    field: str
    code: str
    reason: str
    is_row: bool


@dataclass(slots=True)
class Checked:
    """One chunk checked.

    rows       numbers of the rows accepted
    values     field -> one clean value an accepted row (money in minor units; the clean structs for ids, phones, mails, addresses)
    refusals   in order of row
    cells      row number -> the cells as received, for the rows with a refusal
    source     currency -> sum of the amounts that could be read, accepted or not; `accepted` the same of accepted rows
    """

    rows: npt.NDArray[np.int64]
    values: dict[str, pa.Array]
    refusals: list[Refusal]
    cells: dict[int, list[str]]
    source: dict[str, int]
    accepted: dict[str, int]
    row_count: int
    refused_count: int


class Sheet:
    """A chunk on its way: columns cleaned once, refusals collected, rows marked bad."""

    def __init__(self, chunk: Chunk, plan: Plan) -> None:
        self.table, self.numbers, self.plan = chunk.table, chunk.rows, plan
        self.count = chunk.table.num_rows
        self.bad = np.zeros(self.count, dtype=bool)
        self.refusals: list[Refusal] = []
        self._books: list[Book | None] | None = None

    def raw(self, name: str) -> pa.Array:
        """The texts that feed a field, null where empty; invisible marks gone."""
        feed = self.plan.feeds.get(name)
        if feed is None:
            return pa.nulls(self.count, pa.string())
        if feed.column is None:
            return pa.repeat(pa.scalar(feed.default or None, pa.string()), self.count)
        column = visible(_flat(self.table.column(feed.column)))
        column = pc.if_else(pc.equal(pc.utf8_trim_whitespace(column), ""), pa.scalar(feed.default or None, pa.string()), column)
        return _mapped(column, feed.codes) if feed.codes and BY_NAME[name].kind != "code" else column

    def refuse(self, at: int, name: str, why: Refused, *, strict: bool | None = None) -> None:
        is_row = BY_NAME[name].strict if strict is None else strict
        reason = why.of(f"Columna «{self.plan.title(name)}»").text_es
        self.refusals.append(Refusal(int(self.numbers[at]), self.plan.title(name)[:60], why.code, reason[:300], is_row))
        if is_row:
            self.bad[at] = True

    def refuse_where(self, mask: npt.NDArray[np.bool_], name: str, code: str, problem: str, mend: str, *, strict: bool | None = None) -> None:
        why = Refused("", code, problem, mend)
        for at in np.flatnonzero(mask & ~self.bad).tolist():
            self.refuse(at, name, why, strict=strict)

    def column(self, name: str, **options: Any) -> pa.Array:
        """A field cleaned by its kind; refusals noted."""
        field = BY_NAME[name]
        raw = self.raw(name)
        if raw.null_count == self.count and not field.required:
            return pa.nulls(self.count, _types(field))
        if field.kind == "code":
            return self._code(field, raw)
        if field.kind in ("text", "name", "address"):
            raw = self._legible(field, raw)
        cleaned = clean_column(raw, field.kind, **options)
        for at, why in cleaned.reasons.items():
            self.refuse(at, name, why)
        if field.required:
            empty = pc.is_null(raw).to_numpy(zero_copy_only=False)
            self.refuse_where(empty, name, "empty", "está vacío.", "Escriba el dato.")
        if field.kind == "text" and field.size:
            return self._short(field, cleaned.values)
        if field.past:
            future = _fill(pc.greater(cleaned.values, pa.scalar(self.plan.on, pa.date32())))
            self.refuse_where(future, name, "future_date", "es una fecha futura.", "Revise el año y el orden de día y mes.")
            return pc.if_else(pa.array(future), pa.scalar(None, pa.date32()), cleaned.values)
        return cleaned.values

    def _short(self, field: Field, values: pa.Array) -> pa.Array:
        long = _fill(pc.greater(pc.utf8_length(values), field.size))
        if not long.any():
            return values
        self.refuse_where(long, field.name, "too_long", f"tiene más de {field.size} caracteres.", "Acórtelo.")
        return pc.if_else(pa.array(long), pa.scalar(None, pa.string()), values)

    def _legible(self, field: Field, raw: pa.Array) -> pa.Array:
        broken = _fill(pc.match_substring_regex(raw, _MOJIBAKE))
        if not broken.any():
            return raw
        for at in np.flatnonzero(broken).tolist():
            self.refuse(at, field.name, _MOJIBAKE_REASON)
        return pc.if_else(pa.array(broken), pa.scalar(None, pa.string()), raw)

    def _code(self, field: Field, raw: pa.Array) -> pa.Array:
        codes = self.plan.feeds[field.name].codes
        values = _mapped(raw, codes, keep=False)
        strange = pc.and_(pc.is_valid(raw), pc.is_null(values)).to_numpy(zero_copy_only=False)
        known = ", ".join(sorted(set(codes.values())))
        self.refuse_where(strange, field.name, "unknown_word", "no es una palabra conocida.", f"Use una de: {known}, o agregue su equivalencia al formato.")
        return values

    def grouped(self, name: str, groups: npt.NDArray[np.object_], clean: Callable[[pa.Array, Any], Cleaned], kind: pa.DataType) -> pa.Array:
        """Clean a column whose rules differ by group (country, type of id)."""
        raw = self.raw(name)
        if raw.null_count == self.count:
            return pa.nulls(self.count, kind)
        keys = sorted(set(groups.tolist()), key=str)
        if len(keys) == 1:
            cleaned = clean(raw, keys[0])
            for at, why in cleaned.reasons.items():
                self.refuse(at, name, why)
            return cleaned.values
        order: list[npt.NDArray[np.int64]] = []
        parts: list[pa.Array] = []
        for key in keys:
            rows = np.flatnonzero(groups == key)
            cleaned = clean(raw.take(pa.array(rows)), key)
            for at, why in cleaned.reasons.items():
                self.refuse(int(rows[at]), name, why)
            order.append(rows)
            parts.append(cleaned.values)
        back = np.argsort(np.concatenate(order), kind="stable")
        return pa.concat_arrays(parts).take(pa.array(back))

    def books(self) -> list[Book | None]:
        """The book of each row; a code that is not known refuses it."""
        if self._books is not None:
            return self._books
        if "portfolio_code" not in self.plan.feeds:
            self._books = [self.plan.book] * self.count
            return self._books
        codes = self.column("portfolio_code").to_pylist()
        by_key = {search_key(code): book for code, book in self.plan.books.items()}
        known = {code: by_key.get(search_key(code)) for code in set(codes) if code}
        found = [known[code] if code else self.plan.book for code in codes]
        missing = np.array([book is None for book in found])
        self.refuse_where(missing, "portfolio_code", "unknown_portfolio", "no es el código de una cartera.", "Dé de alta la cartera o corrija el código.")
        self._books = found
        return found

    def by_book(self, of: Callable[[Book], str]) -> npt.NDArray[np.object_]:
        """A text of each row's book; "" where it has none."""
        if "portfolio_code" not in self.plan.feeds:
            return np.full(self.count, of(self.plan.book) if self.plan.book else "", dtype=object)
        return np.array([of(book) if book else "" for book in self.books()], dtype=object)

    def finish(self, values: Mapping[str, pa.Array], chunk: Chunk, amounts: pa.Array, currencies: npt.NDArray[np.object_]) -> Checked:
        """Keep the good rows; sum what was read and what is taken."""
        source = _sums(amounts, currencies)
        keep = pa.array(~self.bad)
        good = {name: column.filter(keep) for name, column in values.items()}
        taken = _sums(amounts.filter(keep), currencies[~self.bad])
        for one in chunk.ragged:
            reason = f"Fila: {one.problem_es} {one.mend_es}"
            self.refusals.append(Refusal(one.row_number, "(fila)", one.code, reason[:300], True))
        self.refusals.sort(key=lambda refusal: (refusal.row_number, not refusal.is_row))
        return Checked(
            rows=self.numbers[~self.bad], values=good, refusals=self.refusals, cells=self._cells(chunk), source=source, accepted=taken,
            row_count=self.count + len(chunk.ragged), refused_count=int(self.bad.sum()) + len(chunk.ragged),
        )  # fmt: skip

    def _cells(self, chunk: Chunk) -> dict[int, list[str]]:
        cells = {one.row_number: one.cells for one in chunk.ragged}
        wanted = np.array(sorted({refusal.row_number for refusal in self.refusals} - cells.keys()), dtype=np.int64)
        if len(wanted):
            at = np.flatnonzero(np.isin(self.numbers, wanted))
            columns = [column.to_pylist() for column in self.table.take(pa.array(at)).columns]
            for n, row in enumerate(at.tolist()):
                cells[int(self.numbers[row])] = [column[n][:2000] for column in columns]
        return cells


def nothing_but(refusals: list[Refusal], cells: dict[int, list[str]]) -> Checked:
    """Refusals found after the checks (by the database), in the form in which refusals are kept."""
    return Checked(
        rows=np.array([], dtype=np.int64), values={}, refusals=refusals, cells=cells, source={}, accepted={}, row_count=0, refused_count=0
    )


def visible(column: pa.Array) -> pa.Array:
    """Texts without invisible marks; untouched when there are none."""
    if not pc.any(pc.match_substring_regex(column, _INVISIBLE)).as_py():
        return column
    return pc.replace_substring_regex(column, _INVISIBLE, "")


def days(column: pa.Array) -> npt.NDArray[np.int64]:
    """A date column as days since 1970-01-01, -1 where null (no debt is that old)."""
    return np.asarray(pc.fill_null(column.cast(pa.int32()), -1), dtype=np.int64)


def dates(values: npt.NDArray[np.int64]) -> pa.Array:
    """Days back into dates, null where negative."""
    return pa.array(values.astype(np.int32), pa.int32(), mask=values < 0).cast(pa.date32())


def ints(column: pa.Array, null: int = 0) -> npt.NDArray[np.int64]:
    return np.asarray(pc.fill_null(column, null), dtype=np.int64)


def given(column: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(column.is_valid(), dtype=bool)


def channels_of(text: str) -> list[str] | Refused:
    """The channels named in a cell: words parted by comma, semicolon, slash or «y»."""
    words = search_key(text.replace(",", " ").replace(";", " ").replace("/", " ")).split()
    found = [CHANNEL_WORDS.get(word) for word in words if word not in ("y", "e")]
    if not found or None in found:
        return Refused("", "unknown_channel", "nombra un canal que no se conoce.", "Use llamada, sms, whatsapp, correo, visita o carta.")
    return sorted({channel for channel in found if channel})


def known_currency(code: str) -> bool:
    return code in MINOR_DIGITS


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _mapped(column: pa.Array, codes: Mapping[str, str], *, keep: bool = True) -> pa.Array:
    """Each distinct text replaced by what its search key means; others kept, or null."""
    encoded = column.dictionary_encode()
    words = [codes.get(search_key(text), text if keep else None) for text in encoded.dictionary.to_pylist()]
    return pa.array(words, pa.string()).take(encoded.indices)


def _types(field: Field) -> pa.DataType:
    from recaudo.engine.clean import KINDS

    return KINDS.get(field.kind, pa.string())


def _fill(mask: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.fill_null(mask, False), dtype=bool)


def _sums(amounts: pa.Array, currencies: npt.NDArray[np.object_]) -> dict[str, int]:
    table = pa.table({"currency": pa.array(currencies, pa.string()), "minor": amounts.cast(pa.decimal128(38, 0))})
    sums = table.group_by("currency").aggregate([("minor", "sum")])
    return {code: int(total or 0) for code, total in zip(sums["currency"].to_pylist(), sums["minor_sum"].to_pylist(), strict=True) if code}
