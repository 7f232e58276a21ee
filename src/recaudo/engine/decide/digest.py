"""One number for a table of decisions, whoever computed it: two engines agree when it is the same.

Every row becomes one text of all its values, and the text an MD5; the digest is over the sum of them, so that neither the order of
the rows nor how they lie in files counts, and a million rows need no sorting. It tells results apart; it is no proof against a forger.
"""

from __future__ import annotations

import hashlib

import duckdb

from recaudo.engine.decide.sql.dialects.duckdb import DUCKDB
from recaudo.engine.decide.sql.terms import quoted


def digest(connection: duckdb.DuckDBPyConnection, source: str) -> tuple[int, str]:
    """The rows of a relation and their digest.

    source   what stands behind FROM: a name, or `read_parquet('...')`
    Returns  number of rows; SHA-256 in hexadecimal. Values count, not column order nor the width of a whole number:
             DECIMAL by its digits with its scale, DOUBLE by the shortest text that gives it back
    """
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    row = " || ".join(_told(name, kind) for name, kind, *_ in sorted(described)) or "''"
    rows, low, high = connection.execute(
        f"SELECT count(*), coalesce(sum(md5_number_lower(told)::HUGEINT), 0), coalesce(sum(md5_number_upper(told)::HUGEINT), 0) FROM (SELECT {row} AS told FROM {source})"
    ).fetchall()[0]
    names = "\x1f".join(sorted(name for name, *_ in described))
    return int(rows), hashlib.sha256(f"{names}|{rows}|{low}|{high}".encode()).hexdigest()


def _told(name: str, kind: str) -> str:
    """The text of a value with its length before it, so that no two rows run into one text; «-» is null."""
    column = DUCKDB.spell(quoted(name))
    text = f"to_json(CAST({column} AS VARCHAR[]))::VARCHAR" if kind.endswith("[]") else f"CAST({column} AS VARCHAR)"
    return f"coalesce(length({text}) || ':' || {text}, '-')"
