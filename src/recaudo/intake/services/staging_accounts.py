"""From checked values to the three staging tables of account files: accounts, persons, contact points."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recaudo.engine.comply import zones_for
from recaudo.intake.checking import Checked, given, ints
from recaudo.intake.fields import COMPONENT_FIELDS, PARTIES
from recaudo.intake.plan import Plan
from recaudo.intake.services.sealing import Staged, fresh_ids, fresh_lists, indexes, sealed, written
from recaudo.portfolio.services import masked
from recaudo.store.binary import arrays

ACCOUNT: dict[str, str] = {
    "row_number": "integer", "id": "uuid", "creditor_id": "uuid", "portfolio_id": "uuid", "number": "text", "product": "text", "currency": "text",
    "status": "text", "opened_on": "date", "issued_on": "date", "written_off_on": "date", "credit_limit": "bigint", "balance": "bigint",
    "has_balance": "boolean", "overdue": "bigint", "instalments_overdue": "integer", "due_on": "date", "next_due_on": "date", "next_amount": "bigint",
    "dpd": "integer", "has_delay": "boolean", "is_derived": "boolean", "invoice_amount": "bigint", "last_payment_on": "date",
    "last_payment": "bigint", "worst_status_6m": "integer", "risk_score": "integer", "branch": "text", "origin_channel": "text",
    "pay_reference": "text", "acceptance": "text", "purchase_order": "text", **dict.fromkeys(COMPONENT_FIELDS, "bigint"),
    "derived": "jsonb", "extra": "jsonb",
    # keys for what a new account brings: its entries (principal, then the components fed), its instalments
    "entry_ids": "uuid[]", "due_ids": "uuid[]",
}  # fmt: skip
PERSON: dict[str, str] = {
    "row_number": "integer", "role": "text", "id": "uuid", "nid_index": "bytea", "nid": "bytea", "birth_on": "bytea", "kind": "text", "name": "text",
    "search_name": "text", "id_type": "text", "country": "text", "subdivision": "text", "municipality": "text", "zones": "text[]",
    "consent_channels": "text[]", "consent_on": "date",
}  # fmt: skip
POINT: dict[str, str] = {
    "row_number": "integer", "role": "text", "id": "uuid", "kind": "text", "value": "bytea", "value_index": "bytea", "hint": "text",
    "line_type": "text", "country": "text", "subdivision": "text", "municipality": "text", "zones": "text[]", "place": "text",
}  # fmt: skip
TABLES = {"intake_account": ACCOUNT, "intake_person": PERSON, "intake_point": POINT}


class Stager:
    """Makes the staged rows of chunk after chunk; remembers the zones of the places it met. Needs no database."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._zones: dict[tuple[str, str, str], tuple[str, ...]] = {}
        self._made: list[Staged] = []

    def made(self, checked: Checked) -> list[Staged]:
        """What goes into the staging tables for a chunk."""
        self._made = []
        if len(checked.rows):
            self._accounts(checked)
            for prefix, role in PARTIES.items() if self.plan.target == "accounts" else ():
                base = prefix or "holder_"
                if f"{base}name" in checked.values:
                    self._persons(checked, prefix, base, role)
        return self._made

    def _make(self, name: str, columns: dict[str, pa.Array]) -> None:
        self._made.append(written(name, columns, TABLES[name]))

    def _accounts(self, checked: Checked) -> None:
        count = len(checked.rows)
        columns: dict[str, pa.Array] = {"row_number": pa.array(checked.rows), "id": pa.array(fresh_ids(count))}
        if self.plan.target == "accounts":
            overdue = np.where(ints(checked.values["overdue"]) > 0, ints(checked.values["instalments_overdue"]), 0)
            columns |= {"entry_ids": fresh_lists(np.full(count, 1 + len(self.plan.components))), "due_ids": fresh_lists(1 + overdue)}
        for name in ACCOUNT:
            if name not in columns:
                columns[name] = checked.values.get(name, pa.nulls(count, pa.string()))
        self._make("intake_account", columns)

    def _persons(self, checked: Checked, prefix: str, base: str, role: str) -> None:
        values = checked.values
        here = given(values[f"{base}name"])
        at = pa.array(np.flatnonzero(here))
        if not len(at):
            return
        rows = checked.rows[here]
        ids = fresh_ids(len(rows))
        names, numbers = values[f"{base}name"].take(at), values[f"{base}id"].take(at)
        value = pc.struct_field(numbers, "value").to_pylist()
        empty = pa.nulls(len(rows), pa.string())
        countries = values["country"].take(at)
        places = {name: values[name].take(at) if name in values and not prefix else empty for name in ("subdivision", "municipality")}
        zones = self._address_zones(countries, places["subdivision"], places["municipality"])
        zones = self._with_phones(values, prefix, at, zones, known=given(places["subdivision"]) | given(places["municipality"]))
        births = values["holder_birth_on"].take(at) if not prefix and "holder_birth_on" in values else None
        texts = births.cast(pa.string()).to_pylist() if births is not None else [None] * len(rows)
        consents = values.get("consent_channels") if not prefix else None
        zone_lists = arrays(pa.array(zones, pa.list_(pa.string())))
        self._make("intake_person", {
            "row_number": pa.array(rows), "role": pa.repeat(pa.scalar(role), len(rows)), "id": pa.array(ids),
            "nid_index": indexes(value, "national_id"), "nid": sealed(value, "portfolio_person", "national_id", ids),
            "birth_on": sealed(texts, "portfolio_person", "birth_on", ids),
            "kind": values[f"{base}kind"].take(at), "name": pc.utf8_slice_codeunits(pc.struct_field(names, "value"), 0, 160),
            "search_name": pc.utf8_slice_codeunits(pc.struct_field(names, "search_key"), 0, 160),
            "id_type": pc.fill_null(pc.struct_field(numbers, "kind"), ""), "country": countries,
            "subdivision": pc.fill_null(places["subdivision"], ""), "municipality": pc.fill_null(places["municipality"], ""),
            "zones": zone_lists,
            "consent_channels": arrays(consents.take(at)) if consents is not None else empty,
            "consent_on": values["consent_on"].take(at) if "consent_on" in values and not prefix else empty,
        })  # fmt: skip
        common = _Common(rows, role, countries, places["subdivision"], places["municipality"], zone_lists)
        phones, emails = _Said(), _Said()
        for n in range(1, 4):
            if f"{prefix}phone_{n}" in values:
                self._phones(values[f"{prefix}phone_{n}"].take(at), common, phones, is_first=n == 1)
            if f"{prefix}email_{n}" in values:
                self._plain(emails.only_new(pc.struct_field(values[f"{prefix}email_{n}"].take(at), "match_key").to_pylist()), "email", common)
        if not prefix and "street" in values:
            self._plain(pc.struct_field(values["street"].take(at), "value").to_pylist(), "address", common, is_placed=True)

    def _phones(self, phones: pa.Array, common: _Common, said: _Said, *, is_first: bool) -> None:
        kinds = pc.fill_null(pc.struct_field(phones, "type"), "").to_pylist()
        e164 = pc.struct_field(phones, "e164").to_pylist()
        variants = pc.struct_field(phones, "variants").to_pylist()
        # A Brazilian mobile without its ninth digit cannot be dialled; its variant can.
        dialable = pc.struct_field(phones, "dialable").to_pylist()
        e164 = [variants[n][-1] if ok is False else number for n, (number, ok) in enumerate(zip(e164, dialable, strict=True))]
        zones = arrays(pc.struct_field(phones, "zones"))
        place = ["home" if kind == "fixed" else "mobile" for kind in kinds]
        self._points(said.only_new(e164), "phone", common, line_type=kinds, zones=zones, place=place)
        if is_first and self.plan.whatsapp:
            mobile = [number if kind in ("mobile", "either") else None for number, kind in zip(e164, kinds, strict=True)]
            self._points(mobile, "im", common, line_type=kinds, zones=zones, place=place)

    def _plain(self, texts: list[str | None], kind: str, common: _Common, *, is_placed: bool = False) -> None:
        self._points(texts, kind, common, line_type=[""] * len(texts), zones=None, place=["home" if is_placed else "mobile"] * len(texts), is_placed=is_placed)

    def _points(
        self, texts: list[str | None], kind: str, common: _Common, *, line_type: list[str], zones: pa.Array | None, place: list[str], is_placed: bool = False
    ) -> None:
        at = [n for n, text in enumerate(texts) if text is not None]
        if not at:
            return
        take = pa.array(at)
        present = [text for text in texts if text is not None]
        ids = fresh_ids(len(at))
        blank = pa.repeat(pa.scalar(""), len(at))
        self._make("intake_point", {
            "row_number": pa.array(common.rows).take(take), "role": pa.repeat(pa.scalar(common.role), len(at)), "id": pa.array(ids),
            "kind": pa.repeat(pa.scalar(kind), len(at)), "value": sealed(present, "portfolio_contactpoint", "value", ids),
            "value_index": indexes(present, kind), "hint": pa.array([masked(kind, text) for text in present]),
            "line_type": pa.array(line_type).take(take), "country": common.countries.take(take),
            "subdivision": pc.fill_null(common.subdivisions.take(take), "") if is_placed else blank,
            "municipality": pc.fill_null(common.municipalities.take(take), "") if is_placed else blank,
            "zones": (zones if zones is not None else common.zones).take(take), "place": pa.array(place).take(take),
        })  # fmt: skip

    def _address_zones(self, countries: pa.Array, subdivisions: pa.Array, municipalities: pa.Array) -> list[tuple[str, ...]]:
        found = []
        for key in zip(countries.to_pylist(), subdivisions.to_pylist(), municipalities.to_pylist(), strict=True):
            zones = self._zones.get(key)
            if zones is None:
                zones = self._zones[key] = zones_for(key[0], key[1], key[2]) if key[0] else ()
            found.append(zones)
        return found

    def _with_phones(
        self, values: dict[str, pa.Array], prefix: str, at: pa.Array, zones: list[tuple[str, ...]], known: npt.NDArray[np.bool_]
    ) -> list[tuple[str, ...]]:
        """Without an address the first number says more than "anywhere in the country"."""
        name = f"{prefix}phone_1"
        if name not in values or known.all():
            return zones
        by_phone = pc.struct_field(values[name].take(at), "zones").to_pylist()
        return [one if ok or not numbers else tuple(numbers) for one, numbers, ok in zip(zones, by_phone, known.tolist(), strict=True)]


class _Said:
    """What each row of a chunk has said of one kind: the same value twice in a row is one contact point."""

    def __init__(self) -> None:
        self._before: list[list[str | None]] = []

    def only_new(self, texts: list[str | None]) -> list[str | None]:
        """The texts, None where an earlier column of the row says the same."""
        found = [None if any(text == one for one in earlier) else text for text, *earlier in zip(texts, *self._before, strict=True)] if self._before else texts
        self._before.append(texts)
        return found


class _Common:
    """What the contact points of a chunk's persons in one role share."""

    def __init__(self, rows: Any, role: str, countries: pa.Array, subdivisions: pa.Array, municipalities: pa.Array, zones: pa.Array) -> None:
        self.rows, self.role, self.countries = rows, role, countries
        self.subdivisions, self.municipalities, self.zones = subdivisions, municipalities, zones
