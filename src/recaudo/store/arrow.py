"""Reading large tables as Arrow, in the tenant we act in: one read-only snapshot on a connection of its own (ADBC).

Sees what is committed, not what the caller's transaction has written so far.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
from django.db import connection
from psycopg import sql

from recaudo.store import tenancy


class Reader:
    """One snapshot of the database."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def fetch(self, text: str, **params: Any) -> pa.Table:
        """The rows of a query as an Arrow table. `{name}` in the text is replaced by the quoted parameter."""
        query = sql.SQL(text).format(**{name: sql.Literal(value) for name, value in params.items()})  # type: ignore[arg-type]
        self._cursor.execute(query.as_string(connection.connection))
        return self._cursor.fetch_arrow_table()


@contextmanager
def reader() -> Iterator[Reader]:
    """Open a repeatable-read snapshot inside the current tenant (and agency). Raises NoTenant."""
    tenant, agency = tenancy.tenant_id(), tenancy.agency_id()
    with adbc.connect(_uri()) as conn, conn.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute(
            f"SELECT set_config('recaudo.tenant', '{tenant}', true), set_config('recaudo.agency', '{agency or ''}', true)"
        )
        cursor.fetchall()
        yield Reader(cursor)
        conn.rollback()


def _uri() -> str:
    settings = connection.settings_dict
    user, password = quote(settings["USER"], safe=""), quote(settings["PASSWORD"], safe="")
    host, port = settings["HOST"], settings["PORT"] or "5432"
    # A socket folder goes into the query: it has slashes.
    place = f"/{quote(settings['NAME'])}?host={quote(host, safe='')}&port={port}" if host.startswith("/") else (
        f"{host}:{port}/{quote(settings['NAME'])}"
    )
    return f"postgresql://{user}:{password}@{place}"
