"""A schema change beside people who work: how long they wait, and whether yesterday's code still runs on the new schema.

Before the first release the schema is made from nothing; BASELINE lists what a released installation has. Each migration after it is applied
to a database with rows at the state before, while readers and writers knock on the hot tables.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.db import migrations
from django.db.migrations.operations.base import Operation
from psycopg import sql

HOT = ("portfolio_account", "portfolio_person", "casework_case", "casework_action", "messaging_message", "journal_event")
LIMIT_SECONDS = 2.0
ROWS = 50_000


@dataclass
class Waits:
    """The longest that somebody at each hot table had to wait, in seconds, and how often they knocked."""

    longest: dict[str, float] = field(default_factory=dict)
    knocks: int = 0

    @property
    def too_long(self) -> dict[str, float]:
        return {table: seconds for table, seconds in self.longest.items() if seconds > LIMIT_SECONDS}


def watched(dsn: dict[str, Any], change: Callable[[], None], tables: tuple[str, ...] = HOT) -> Waits:
    """Make the change while each hot table is read and written; returns how long the others waited."""
    waits, stop = Waits(), threading.Event()
    threads = [threading.Thread(target=_knock, args=(dsn, table, waits, stop)) for table in tables]
    [thread.start() for thread in threads]
    try:
        change()
    finally:
        stop.set()
        [thread.join(30) for thread in threads]
    return waits


def _knock(dsn: dict[str, Any], table: str, waits: Waits, stop: threading.Event) -> None:
    name = sql.Identifier(table)
    read = sql.SQL("SELECT id FROM {} LIMIT 1").format(name)
    write = sql.SQL("UPDATE {} SET created_at = created_at WHERE id = (SELECT id FROM {} LIMIT 1)").format(name, name)
    with psycopg.connect(**dsn, autocommit=True) as connection:
        while True:
            begun = time.monotonic()
            connection.execute(read)
            connection.execute(write)
            waits.longest[table] = max(waits.longest.get(table, 0.0), time.monotonic() - begun)
            waits.knocks += 1
            if stop.wait(0.02):
                return


def fill(admin: psycopg.Connection[Any], table: str, rows: int = ROWS) -> None:
    """Rows of nothing in particular: what counts is how many there are. Past triggers and foreign keys, as the superuser may."""
    columns = admin.execute(
        "SELECT column_name, udt_name, is_nullable = 'NO', character_maximum_length FROM information_schema.columns"
        " WHERE table_name = %s AND table_schema = 'public' AND column_default IS NULL AND is_identity = 'NO' ORDER BY ordinal_position",
        [table],
    ).fetchall()
    needed = [(name, _value(name, kind)) for name, kind, is_needed, _ in columns if is_needed]
    statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM generate_series(1, {}) n").format(
        sql.Identifier(table), sql.SQL(", ").join(sql.Identifier(name) for name, _ in needed),
        sql.SQL(", ").join(sql.SQL(value) for _, value in needed), sql.Literal(rows),
    )  # fmt: skip
    admin.execute("SET session_replication_role = replica")
    admin.execute(statement)
    admin.execute("SET session_replication_role = origin")


FIXED = {"currency": "'MXN'", "country": "'MX'", "kind": "'natural'", "status": "'open'", "number": "n::text", "created_at": "now()", "code": "n::text"}


def _value(name: str, kind: str) -> str:
    if name in FIXED and kind in {"varchar", "text", "timestamptz"}:
        return FIXED[name]
    return {
        "uuid": "gen_random_uuid()", "varchar": "''", "text": "''", "bool": "false", "date": "current_date", "timestamptz": "now()",
        "jsonb": "'{}'::jsonb", "bytea": "''::bytea", "_varchar": "'{}'", "_text": "'{}'", "_uuid": "'{}'",
    }.get(kind, "0")  # fmt: skip


def breaks_old_code(operation: Operation) -> str:
    """Empty, or why yesterday's code could not run beside this change (release N-1 on the schema of N)."""
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        return next(filter(None, map(breaks_old_code, operation.database_operations)), "")
    if isinstance(operation, migrations.AddField):
        given = operation.field
        # Django's own default lives in the code; the database forgets it, and old code does not send the column.
        if not given.null and not given.has_db_default() and not given.many_to_many:
            return f"{operation.name}: a new column that old code does not fill needs null=True or db_default"
    if isinstance(operation, migrations.AlterField) and not operation.field.null and not operation.field.has_db_default():
        return f"{operation.name}: a column may only become narrower in a release after the one whose code fills it (say so in TWO_STEPS)"
    if isinstance(operation, migrations.RemoveField | migrations.RenameField | migrations.DeleteModel | migrations.RenameModel | migrations.AlterModelTable):
        return f"{operation.describe()}: old code still asks for it; take it off one release after the code stopped using it"
    return ""
