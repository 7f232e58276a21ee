"""A day's facts as a Parquet file: plausible, invented, the same for the same number of accounts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from recaudo.engine.facts import FACTS, Fact

KINDS = {"text": "VARCHAR", "integer": "INTEGER", "money": "BIGINT", "rate": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE", "instant": "TIMESTAMP"}


def facts_file(path: Path, accounts: int, names: Iterable[str] = FACTS) -> Path:
    """Write so many accounts of these facts; a fifth of what may be empty is."""
    columns = ", ".join(_column(place, FACTS[name]) for place, name in enumerate(names))
    with duckdb.connect(config={"preserve_insertion_order": False}) as db:
        db.execute("SET enable_progress_bar = false").fetchall()
        db.execute(f"COPY (SELECT {columns} FROM range({accounts}) t(i)) TO '{path}' (FORMAT parquet, COMPRESSION zstd)").fetchall()
    return path


def _column(place: int, fact: Fact) -> str:
    lot = f"hash(i * 97 + {place})"
    if fact.name in ("account_id", "person_id"):
        value = f"lpad(i::VARCHAR, 12, '0') || '{fact.name[0]}'"
    else:
        value = _value(fact, lot)
        if not fact.is_always:
            value = f"CASE WHEN {lot} % 5 = 0 THEN NULL ELSE {value} END"
    return f"({value})::{KINDS[fact.type]} AS {fact.name}"


def _value(fact: Fact, lot: str) -> str:
    if fact.type == "text":
        listed = list(fact.values) or [{"currency": "MXN", "country": "MX"}.get(fact.name, "x")]
        return f"{listed!r}[1 + ({lot} % {len(listed)})::INTEGER]"
    return {
        "integer": f"{lot} % 200", "money": f"{lot} % 900000", "rate": f"({lot} % 1000) / 1000.0", "boolean": f"{lot} % 4 = 0",
        "date": "DATE '2026-11-24'", "instant": "TIMESTAMP '2026-11-24'",
    }[fact.type]  # fmt: skip
