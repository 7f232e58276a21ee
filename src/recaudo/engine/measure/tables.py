"""The base tables that KPIs are computed from. Give those you have; a KPI whose table or column is missing has no data.

Money is whole minor units of the account's currency. More columns (team, zone, strategy version, arm ...) may be added to
any table and used as cuts. All rows belong to one period.
"""

from __future__ import annotations

import pyarrow as pa

_TEXT, _INT, _YES, _DAY = pa.string(), pa.int64(), pa.bool_(), pa.date32()

TABLES: dict[str, pa.Schema] = {
    # Accounts actively assigned at any instant of the period, once each. bucket1 may also be PAID, SOLD or RECALLED.
    # bal: overdue; tot: all that is owed; 0 at the start (or at placement), 1 at the end. entered: placed in the period.
    "accounts": pa.schema({
        "account_id": _TEXT, "person_id": _TEXT, "creditor": _TEXT, "portfolio": _TEXT, "product": _TEXT, "currency": _TEXT,
        "bucket0": _TEXT, "bucket1": _TEXT, "bal0_minor": _INT, "tot0_minor": _INT, "bal1_minor": _INT, "tot1_minor": _INT,
        "dpd1": _INT, "entered": _YES,
    }),
    # One row an interaction. human: call, visit or live chat; contact: somebody answered; rpc: the holder or an obligor.
    "attempts": pa.schema({
        "account_id": _TEXT, "person_id": _TEXT, "channel": _TEXT, "at": pa.timestamp("us", "UTC"), "attempt": _YES,
        "contact": _YES, "human": _YES, "rpc": _YES, "tpc": _YES, "agent": _TEXT,
    }),
    # Promises created in the period or due in it. paid_by_grace: what was paid by the due day and its days of grace.
    "promises": pa.schema({
        "promise_id": _TEXT, "account_id": _TEXT, "amount_minor": _INT, "due_on": _DAY, "created_on": _DAY, "status": _TEXT,
        "paid_by_grace_minor": _INT, "paid_minor": _INT, "created_in_period": _YES, "due_in_period": _YES,
    }),
    # Payments of the period; a reversal is a negative amount.
    "payments": pa.schema({"account_id": _TEXT, "amount_minor": _INT, "on": _DAY}),
    # Direct cost of channels, agents' time and commissions, by account or, without account, by currency alone.
    "costs": pa.schema({"account_id": _TEXT, "currency": _TEXT, "channel": _TEXT, "amount_minor": _INT}),
    # How much of the legal limit of contacts was used: one row a person and week.
    "headroom": pa.schema({"person_id": _TEXT, "week_on": _DAY, "used": _INT, "allowed": _INT}),
}  # fmt: skip
