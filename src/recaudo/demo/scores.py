"""A score of the demo that is learnt from real behaviour: who of the cards that were late paid something the month after.

From the six months of the 30,000 real accounts (demo/data/LICENSE.md): each month of each account that was late is a row; its facts
are those that the product knows too, its outcome the payment of the following month.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from datetime import date, datetime
from importlib.resources import as_file, files
from typing import Any

import duckdb
import pyarrow as pa

from recaudo.engine import score
from recaudo.flow.services.reach import train_reach
from recaudo.strategy.services import scores
from recaudo.workforce.models import Tenant

HORIZON = 30
FACTS = ("dpd", "instalments_overdue", "utilisation", "worst_status_6m", "payments_90d_count")
# Status and bill of a month, the payments of the three months before it, the payment after it.
MONTHS = ((2, "pay_2", "bill_amt2", ("pay_amt2", "pay_amt3", "pay_amt4"), "pay_amt1"), (3, "pay_3", "bill_amt3", ("pay_amt3", "pay_amt4", "pay_amt5"), "pay_amt2"),
          (4, "pay_4", "bill_amt4", ("pay_amt4", "pay_amt5", "pay_amt6"), "pay_amt3"))  # fmt: skip
STATUSES = ("pay_2", "pay_3", "pay_4", "pay_5", "pay_6")


def lesson() -> pa.Table:
    """Account-months that were late: the facts, `happened`, and the month as a day."""
    parts = []
    for number, status, bill, before, after in MONTHS:
        seen = ", ".join(STATUSES[number - 2 :])
        paid = " + ".join(f"({name} > 0)::INT" for name in before)
        parts.append(
            f"SELECT 30 * {status}::INT - 15 AS dpd, {status}::INT AS instalments_overdue, {bill} / limit_bal::DOUBLE AS utilisation,"
            f" greatest({seen}, 0)::INT AS worst_status_6m, {paid} AS payments_90d_count, {after} > 0 AS happened,"
            f" DATE '2005-{10 - number:02d}-30' AS \"on\" FROM read_parquet($path) WHERE {status} > 0 AND {bill} > 0"
        )
    with as_file(files("recaudo.demo") / "data" / "card_behaviour.parquet") as path, duckdb.connect() as db:
        found: pa.Table = db.sql(" UNION ALL ".join(parts), params={"path": str(path)}).to_arrow_table()
    return found


def reach_in_force(tenant: Tenant, *, author: Any, approver: Any, at: datetime) -> None:
    """The hours and channels that the demo's past days taught, put in force; a small world has too few contacts and goes without."""
    with suppress(score.TooFewAttempts, score.OneOutcome):
        model = train_reach(tenant, note="Aprendido de los contactos de los últimos días", by=author, at=at)
        scores.activate(model, note="Modelo de ejemplo", by=approver, at=at)


def put_in_force(*, author: Any, approver: Any, at: datetime) -> None:
    """Train, propose, and have another person put the card in force."""
    table = lesson()
    found = score.train(table, "happened", name="pay", facts=FACTS, horizon_days=HORIZON, at="on", rising={"dpd": -1}, compare=False)
    quality = {"test": asdict(found.test), "in_train": asdict(found.in_train), "opaque": None, "rows": table.num_rows}
    model = scores.propose(
        target="pay", card=found.card, quality=quality, source="file", note="Aprendido de seis meses de 30,000 tarjetas reales (Yeh y Lien, 2009)",
        by=author, at=at, since=date(2005, 6, 30), until=date(2005, 8, 30),
    )  # fmt: skip
    scores.activate(model, note="Modelo de ejemplo", by=approver, at=at)
