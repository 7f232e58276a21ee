"""Bulk writes: COPY into a staging table, then INSERT ... SELECT.

COPY cannot write into a table under row security, and a staging table also lets one statement check, skip or
update on conflict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection
from psycopg import sql
from psycopg.pq import TransactionStatus


@contextmanager
def staging(name: str, columns: dict[str, str]) -> Iterator[str]:
    """A temporary table of this transaction: name, {column: SQL type}. Yields its name; dropped on the way out."""
    with connection.cursor() as cursor:
        body = sql.SQL(", ").join(sql.SQL("{} " + kind).format(sql.Identifier(column)) for column, kind in columns.items())
        cursor.execute(sql.SQL("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DROP").format(sql.Identifier(name), body))
        try:
            yield name
        finally:
            # After an error the transaction takes no more statements, and its end drops the table anyway.
            if connection.connection.info.transaction_status != TransactionStatus.INERROR:
                cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(name)))


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """COPY rows into a (staging) table. Returns how many."""
    count = 0
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def copy_csv(table: str, columns: Sequence[str], blocks: Iterable[bytes]) -> None:
    """COPY blocks of CSV (UTF-8, no header, empty = NULL) into a (staging) table."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, NULL '')").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.cursor.copy(statement) as copy:
        for block in blocks:
            copy.write(block)


def copy_binary(table: str, columns: Sequence[str], rows: Any) -> None:
    """COPY a buffer in COPY's binary format (`store.binary.copied`) into a (staging) table."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    view, size = memoryview(rows), 1 << 20
    with connection.cursor() as cursor, cursor.cursor.copy(statement) as copy:
        for at in range(0, len(view), size):
            copy.write(view[at : at + size])


def analyze(*tables: str) -> None:
    """Fresh statistics after a bulk write, so that the next query of the same transaction is planned well."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute("SELECT recaudo_analyze(%s)", [table])
