"""The checks of account files, initial and daily: amounts that fit, delay that follows, who owes and how to reach them. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recaudo.engine.clean import KINDS, clean_column
from recaudo.intake import derive
from recaudo.intake.adapters import Chunk
from recaudo.intake.checking import (
    EPOCH,
    Checked,
    Sheet,
    channels_of,
    dates,
    days,
    given,
    ints,
    known_currency,
    visible,
)
from recaudo.intake.fields import BY_NAME, COMPONENT_FIELDS, PARTIES
from recaudo.intake.plan import Plan

Ints = npt.NDArray[np.int64]
MAX_DPD = 20_000
MAX_INSTALMENTS = 120
OPTIONAL_MONEY = ("credit_limit", "last_payment", *COMPONENT_FIELDS)
OPTIONAL_TEXT = ("product", "branch", "origin_channel", "pay_reference", "purchase_order")
OPTIONAL_DAYS = ("opened_on", "issued_on", "written_off_on", "last_payment_on")
OPTIONAL_INTS = ("risk_score",)
# Kept with the further columns, under our names: what an audit asks about and nothing else does.
NAMED_EXTRA = ("credit_approved_by", "credit_approved_on")


class AccountChecks:
    """Checks chunk after chunk; remembers which accounts it saw, so that one file names an account once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._seen: dict[int, int] = {}

    def check(self, chunk: Chunk) -> Checked:
        sheet = Sheet(chunk, self.plan)
        values: dict[str, pa.Array] = {}
        currencies = self._currencies(sheet)
        values["number"] = sheet.column("number")
        values["portfolio_id"] = pa.array(sheet.by_book(lambda book: str(book.portfolio_id)), pa.string())
        values["creditor_id"] = pa.array(sheet.by_book(lambda book: str(book.creditor_id)), pa.string())
        self._duplicates(sheet, values["number"], sheet.by_book(lambda book: str(book.creditor_id)))
        balance = self._amounts(sheet, currencies, values)
        for name in (*OPTIONAL_TEXT, *OPTIONAL_DAYS, *OPTIONAL_INTS, "status", "acceptance"):
            values[name] = sheet.column(name, **self._options(name))
        self._delay(sheet, values, balance, currencies)
        if self.plan.target == "accounts":
            self._people(sheet, values)
            self._place(sheet, values)
            self._consent(sheet, values)
        values["currency"] = pa.array(currencies, pa.string())
        values["extra"] = self._extra(sheet)
        return sheet.finish(values, chunk, balance, currencies)

    def _options(self, name: str) -> dict[str, Any]:
        kind = BY_NAME[name].kind
        if kind == "date":
            return {"order": self.plan.order}
        return {"style": self.plan.style} if kind in ("integer", "money") else {}

    def _currencies(self, sheet: Sheet) -> npt.NDArray[np.object_]:
        """The currency of each row; "" and refused when it is not known or not the book's."""
        of_book = sheet.by_book(lambda book: book.currency)
        if "currency" not in self.plan.feeds:
            return of_book
        said = np.array(sheet.column("currency").to_pylist(), dtype=object)
        result = np.where(said == None, of_book, said)  # noqa: E711  element by element
        other = np.array([bool(code) and bool(book) and code != book for code, book in zip(result, of_book, strict=True)], dtype=bool)
        sheet.refuse_where(other, "currency", "other_currency", "no es la moneda de la cartera.", "Cárguela en una cartera de esa moneda.")
        return np.where(sheet.bad & (said == None), "", result)  # noqa: E711

    def _duplicates(self, sheet: Sheet, numbers: pa.Array, creditors: npt.NDArray[np.object_]) -> None:
        seen = self._seen
        for at, (number, creditor, row) in enumerate(zip(numbers.to_pylist(), creditors, sheet.numbers.tolist(), strict=True)):
            if number is None:
                continue
            key = hash((creditor, number))
            if key in seen:
                mask = np.zeros(sheet.count, dtype=bool)
                mask[at] = True
                sheet.refuse_where(mask, "number", "duplicate_account", f"ya viene en la fila {seen[key]}.", "Deje una fila por cuenta.")
            else:
                seen[key] = row

    def _money(self, sheet: Sheet, name: str, currencies: npt.NDArray[np.object_]) -> pa.Array:
        known = sorted({code for code in currencies.tolist() if code and known_currency(code)})
        if len(known) == 1 and "" not in currencies:
            return sheet.column(name, style=self.plan.style, currency=known[0])
        codes = pa.array([code if code and known_currency(code) else None for code in currencies], pa.string())
        return sheet.column(name, style=self.plan.style, currency=codes)

    def _amounts(self, sheet: Sheet, currencies: npt.NDArray[np.object_], values: dict[str, pa.Array]) -> pa.Array:
        balance = self._money(sheet, "balance", currencies)
        invoice = self._money(sheet, "invoice_amount", currencies)
        values["has_balance"] = pa.array(given(balance) | given(invoice))
        balance = pc.coalesce(balance, invoice)
        if self.plan.target == "accounts":
            sheet.refuse_where(~given(balance), "balance", "empty", "está vacío.", "Escriba el saldo; cero si no se debe nada.", strict=True)
        feed = self.plan.feeds.get("balance")
        if feed is None or not feed.is_negative_ok:
            negative = ints(balance) < 0
            sheet.refuse_where(negative, "balance", "negative_balance", "es negativo.", "Si es saldo a favor, indíquelo en el formato; si no, corríjalo.")
        for name in ("overdue", "next_amount", "invoice_amount", *OPTIONAL_MONEY):
            column = invoice if name == "invoice_amount" else self._money(sheet, name, currencies)
            sheet.refuse_where(ints(column) < 0, name, "negative_amount", "es negativo.", "Escríbalo sin signo.")
            values[name] = column
        owed = np.maximum(ints(balance), 0)
        over = given(values["overdue"]) & given(balance) & (ints(values["overdue"]) > owed)
        sheet.refuse_where(over, "overdue", "overdue_above_balance", "es mayor que el saldo total.", "Revise que las columnas no estén cambiadas.")
        parts = sum((ints(values[name]) for name in COMPONENT_FIELDS), np.zeros(sheet.count, dtype=np.int64))
        sheet.refuse_where((parts > owed) & given(balance), "balance", "parts_above_balance", "es menor que la suma de intereses, comisiones y otros conceptos.", "Revise los conceptos.")
        values["balance"] = balance
        return balance

    def _delay(self, sheet: Sheet, values: dict[str, pa.Array], balance: pa.Array, currencies: npt.NDArray[np.object_]) -> None:
        """dpd, oldest and next due days, overdue and how many instalments; what was worked out is named in `derived`."""
        on = (self.plan.on - EPOCH).days
        if self.plan.rule == "monthly_status_v1":
            self._monthly(sheet, values, balance)
            return
        style = {"style": self.plan.style}
        dpd_col, count_col = sheet.column("dpd", **style), sheet.column("instalments_overdue", **style)
        due_col, next_col = sheet.column("due_on", order=self.plan.order), sheet.column("next_due_on", order=self.plan.order)
        values["worst_status_6m"] = sheet.column("worst_status_6m", **style)
        dpd, count = ints(dpd_col), ints(count_col)
        for mask, name in (((dpd < 0) | (dpd > MAX_DPD), "dpd"), ((count < 0) | (count > 1_000), "instalments_overdue")):
            sheet.refuse_where(mask, name, "out_of_range", "está fuera de lo posible.", "Revise que sea la columna correcta.")
        due, has_due, has_dpd = days(due_col), given(due_col), given(dpd_col)
        owed = np.maximum(ints(balance), 0)
        has_overdue = given(values["overdue"])
        knows = has_due | has_dpd | has_overdue
        dpd = np.where(has_dpd, dpd, np.where(has_due, np.maximum(on - due, 0), 0))
        overdue = np.where(has_overdue, ints(values["overdue"]), np.where(dpd > 0, owed, 0))
        # An amount is overdue only if some day has passed; without a day yesterday is the least that can be said.
        dpd = np.where(overdue > 0, np.maximum(dpd, 1), 0)
        late = dpd > 0
        oldest = np.where(late, on - dpd, -1)
        count = np.where(dpd > 0, np.clip(np.where(given(count_col), count, 1), 1, np.minimum(dpd, MAX_INSTALMENTS)), 0)
        # A due day still to come is the next one.
        next_due = np.where(given(next_col), days(next_col), np.where(has_due & (due >= on), due, -1))
        next_due = np.where(next_due >= on, next_due, -1)
        rest = np.maximum(owed - overdue, 0)
        next_amount = np.where(given(values["next_amount"]), np.minimum(ints(values["next_amount"]), rest), rest)
        next_due = np.where(next_amount > 0, next_due, -1)
        values.update(
            dpd=pa.array(dpd), due_on=dates(oldest), overdue=pa.array(overdue), instalments_overdue=pa.array(count), next_due_on=dates(next_due),
            next_amount=pa.array(np.where(next_due >= 0, next_amount, 0)), has_delay=pa.array(knows),
            is_derived=pa.array(~(has_due & (count <= 1))),
        )  # fmt: skip
        marks = (("dpd", ~has_dpd & late), ("due_on", ~has_due & late), ("overdue", ~has_overdue & late))
        values["derived"] = _derived(sheet.count, marks)

    def _monthly(self, sheet: Sheet, values: dict[str, pa.Array], balance: pa.Array) -> None:
        columns = [sheet.column(f"month_status_{n}", style=self.plan.style) for n in range(6)]
        missing = ~given(columns[0])
        sheet.refuse_where(missing, "month_status_0", "empty", "está vacío.", "Escriba el estado del último mes.")
        states = [np.clip(ints(column), -2, 60) for column in columns if column is columns[0] or column.null_count < len(column)]
        out = derive.monthly_status_v1(states, ints(balance), on=self.plan.on)
        count = sheet.count
        values.update(
            dpd=pa.array(out.dpd), due_on=dates(out.oldest_due), overdue=pa.array(out.overdue),
            instalments_overdue=pa.array(np.minimum(out.instalments_overdue, MAX_INSTALMENTS)),
            next_due_on=dates(np.where(out.next_amount > 0, out.next_due, -1)), next_amount=pa.array(out.next_amount),
            worst_status_6m=pa.array(out.worst), has_delay=pa.array(np.ones(count, dtype=bool)), is_derived=pa.array(np.ones(count, dtype=bool)),
        )  # fmt: skip
        paid = given(values["last_payment"]) & (ints(values["last_payment"]) > 0) & ~given(values["last_payment_on"])
        middle = (self.plan.on - EPOCH).days - 15
        values["last_payment_on"] = pc.if_else(pa.array(paid), dates(np.full(count, middle, dtype=np.int64)), values["last_payment_on"])
        nothing = given(values["last_payment"]) & (ints(values["last_payment"]) == 0)
        values["last_payment"] = pc.if_else(pa.array(nothing), pa.scalar(None, pa.int64()), values["last_payment"])
        names = '["' + '", "'.join([*derive.DERIVED_FIELDS, "last_payment_on"]) + '"]'
        values["derived"] = pa.repeat(pa.scalar(names), count)

    def _people(self, sheet: Sheet, values: dict[str, pa.Array]) -> None:
        countries = self._countries(sheet)
        values["country"] = pa.array(countries, pa.string())
        book_kind = sheet.by_book(lambda book: "legal" if book.kind == "commercial" else "natural")
        for prefix in PARTIES:
            base = prefix or "holder_"
            if not self.plan.feeds_any(f"{base}name", f"{base}given_names", f"{base}first_surname"):
                continue
            named = self._name(sheet, base)
            if not prefix:
                sheet.refuse_where(~given(named), "holder_name", "empty", "está vacío.", "Escriba nombre y apellidos o la razón social.", strict=True)
            values[f"{base}name"] = named
            ids = self._ids(sheet, base, countries)
            values[f"{base}id"] = ids
            said = sheet.column(f"{base}kind") if f"{base}kind" in self.plan.feeds else pa.nulls(sheet.count, pa.string())
            by_id = pc.struct_field(ids, "person")
            by_id = pc.if_else(pc.equal(by_id, ""), pa.scalar(None, pa.string()), by_id)
            values[f"{base}kind"] = pc.coalesce(said, by_id, pa.array(book_kind, pa.string()))
            for n in range(1, 4):
                if f"{prefix}phone_{n}" in self.plan.feeds:
                    values[f"{prefix}phone_{n}"] = sheet.grouped(f"{prefix}phone_{n}", countries, lambda raw, country: clean_column(raw, "phone", country=country), KINDS["phone"])
                if f"{prefix}email_{n}" in self.plan.feeds:
                    values[f"{prefix}email_{n}"] = sheet.column(f"{prefix}email_{n}")
        if "holder_birth_on" in self.plan.feeds:
            values["holder_birth_on"] = sheet.column("holder_birth_on", order=self.plan.order)

    def _countries(self, sheet: Sheet) -> npt.NDArray[np.object_]:
        of_book = sheet.by_book(lambda book: book.country)
        if "country" not in self.plan.feeds:
            return of_book
        said = pc.utf8_upper(sheet.column("country")).to_pylist()
        return np.array([code or book for code, book in zip(said, of_book, strict=True)], dtype=object)

    def _name(self, sheet: Sheet, base: str) -> pa.Array:
        whole = f"{base}name"
        if whole in self.plan.feeds:
            return sheet.column(whole)
        parts = [sheet.column(f"{base}{part}") for part in ("given_names", "first_surname", "second_surname")]
        joined = pc.binary_join_element_wise(*parts, pa.scalar(" "), null_handling="skip")
        cleaned = clean_column(joined, "name")
        for at, why in cleaned.reasons.items():
            sheet.refuse(at, f"{base}first_surname", why)
        return cleaned.values

    def _ids(self, sheet: Sheet, base: str, countries: npt.NDArray[np.object_]) -> pa.Array:
        name = f"{base}id"
        if name not in self.plan.feeds:
            return pa.nulls(sheet.count, KINDS["national_id"])
        kinds = sheet.column(f"{base}id_type") if f"{base}id_type" in self.plan.feeds else pa.nulls(sheet.count, pa.string())
        words = [word.upper().replace(".", "") if word else (self.plan.id_kind or "") for word in kinds.to_pylist()]
        groups = np.array([f"{country}|{word}" for country, word in zip(countries, words, strict=True)], dtype=object)

        def clean(raw: pa.Array, key: str) -> Any:
            country, _, word = key.partition("|")
            return clean_column(raw, "national_id", country=country, kind_of_id=word or None)

        return sheet.grouped(name, groups, clean, KINDS["national_id"])

    def _place(self, sheet: Sheet, values: dict[str, pa.Array]) -> None:
        for name in ("street", "subdivision", "municipality"):
            if name in self.plan.feeds:
                values[name] = sheet.column(name)

    def _consent(self, sheet: Sheet, values: dict[str, pa.Array]) -> None:
        if "consent_channels" not in self.plan.feeds:
            return
        texts = sheet.column("consent_channels")
        known = {text: channels_of(text) for text in set(texts.to_pylist()) if text}
        channels: list[list[str] | None] = []
        for at, text in enumerate(texts.to_pylist()):
            found = known[text] if text else None
            if found is not None and not isinstance(found, list):
                sheet.refuse(at, "consent_channels", found)
                found = None
            channels.append(found)
        values["consent_channels"] = pa.array(channels, pa.list_(pa.string()))
        values["consent_on"] = sheet.column("consent_on", order=self.plan.order)

    def _extra(self, sheet: Sheet) -> pa.Array:
        """Further columns as one JSON object a row, as received, and those of NAMED_EXTRA that the file brings."""
        columns = [(title, clean_column(visible(sheet.table.column(title).combine_chunks()), "text").values) for title in self.plan.extra]
        columns += [(name, sheet.column(name, **self._options(name)).cast(pa.string())) for name in NAMED_EXTRA if name in self.plan.feeds]
        if not columns:
            return pa.repeat(pa.scalar("{}"), sheet.count)
        pieces: list[Any] = []
        for n, (title, values) in enumerate(columns):
            text = pc.utf8_slice_codeunits(values, 0, 500)
            text = pc.replace_substring(pc.replace_substring(text, "\\", "\\\\"), '"', '\\"')
            head = '"' + title.replace("\\", "").replace('"', "") + '": "'
            pieces.append(pc.binary_join_element_wise(pa.scalar(("{" if not n else ", ") + head), pc.fill_null(text, ""), pa.scalar('"'), ""))
        return pc.binary_join_element_wise(*pieces, pa.scalar("}"), "")


def _derived(count: int, marks: tuple[tuple[str, npt.NDArray[np.bool_]], ...]) -> pa.Array:
    """A JSON list a row of the names whose mask holds there."""
    names = np.full(count, "", dtype=object)
    for name, mask in marks:
        names = np.where(mask, names + (np.where(names == "", "", ", ")) + f'"{name}"', names)
    return pa.array("[" + names + "]", pa.string())
