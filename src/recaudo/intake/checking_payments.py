"""The checks of payment files. Whose a payment is, the database says later. Pure."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from recaudo.intake.adapters import Chunk
from recaudo.intake.checking import Checked, Sheet, given, ints, known_currency
from recaudo.intake.plan import Plan


class PaymentChecks:
    """Checks chunk after chunk; one file names a payment once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._seen: dict[int, int] = {}

    def check(self, chunk: Chunk) -> Checked:
        sheet = Sheet(chunk, self.plan)
        values: dict[str, pa.Array] = {"account_ref": sheet.column("account_ref"), "external_id": sheet.column("external_id")}
        self._duplicates(sheet, values["external_id"])
        currencies = self._currencies(sheet)
        codes = pa.array([code if code and known_currency(code) else None for code in currencies], pa.string())
        values["amount"] = sheet.column("amount", style=self.plan.style, currency=codes)
        not_positive = given(values["amount"]) & (ints(values["amount"], 1) <= 0)
        sheet.refuse_where(not_positive, "amount", "not_positive", "debe ser mayor que cero.", "Las devoluciones se registran como reversas.")
        values["paid_on"] = sheet.column("paid_on", order=self.plan.order)
        for name in ("method", "payer", "pay_channel"):
            values[name] = sheet.column(name)
        values["currency"] = pa.array(currencies, pa.string())
        return sheet.finish(values, chunk, values["amount"], currencies)

    def _currencies(self, sheet: Sheet) -> np.ndarray:
        default = self.plan.currency
        if "currency" not in self.plan.feeds:
            return np.full(sheet.count, default, dtype=object)
        return np.array([code or default for code in sheet.column("currency").to_pylist()], dtype=object)

    def _duplicates(self, sheet: Sheet, ids: pa.Array) -> None:
        for at, (key, row) in enumerate(zip(ids.to_pylist(), sheet.numbers.tolist(), strict=True)):
            if key is None:
                continue
            if key in self._seen:
                mask = np.zeros(sheet.count, dtype=bool)
                mask[at] = True
                sheet.refuse_where(mask, "external_id", "duplicate_payment", f"ya viene en la fila {self._seen[key]}.", "Deje una fila por pago.")
            else:
                self._seen[key] = row
