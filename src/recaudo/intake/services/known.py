"""Which accounts of a daily update the portfolio has."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa

from recaudo.intake.adapters import Chunk
from recaudo.intake.checking import Checked, Refusal
from recaudo.intake.plan import Plan
from recaudo.portfolio.models import Account


def only_known(checked: Checked, chunk: Chunk, plan: Plan) -> Checked:
    """Refuse the rows whose account is not there: an update never makes one."""
    numbers, creditors = checked.values["number"].to_pylist(), checked.values["creditor_id"].to_pylist()
    found = Account.objects.filter(creditor_id__in=set(creditors), number__in=numbers).values_list("creditor_id", "number", "currency")
    there = {(str(creditor), number): currency for creditor, number, currency in found}
    keep = np.array([key in there for key in zip(creditors, numbers, strict=True)], dtype=bool)
    if keep.all():
        return checked
    title = plan.title("number")
    reason = f"Columna «{title}»: no es una cuenta conocida de este acreedor. Cárguela primero con un archivo de cuentas."
    lost = checked.rows[~keep].tolist()
    at = np.flatnonzero(np.isin(chunk.rows, lost))
    columns = [column.to_pylist() for column in chunk.table.take(pa.array(at)).columns]
    for n, row in enumerate(at.tolist()):
        checked.cells.setdefault(int(chunk.rows[row]), [column[n][:2000] for column in columns])
    amounts, currencies = checked.values["balance"].to_pylist(), checked.values["currency"].to_pylist()
    accepted = dict(checked.accepted)
    for n in np.flatnonzero(~keep).tolist():
        accepted[currencies[n]] = accepted.get(currencies[n], 0) - (amounts[n] or 0)
    refusals = sorted([*checked.refusals, *(Refusal(row, title[:60], "unknown_account", reason, True) for row in lost)], key=lambda one: (one.row_number, not one.is_row))
    mask = pa.array(keep)
    return dataclasses.replace(
        checked, rows=checked.rows[keep], values={name: column.filter(mask) for name, column in checked.values.items()}, refusals=refusals,
        accepted=accepted, refused_count=checked.refused_count + len(lost),
    )  # fmt: skip
