"""Migrate as the owner, then grant the application's role what it needs and no more."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import sql

# Tables that the application may add to but never change: the journal is sealed by a function of the owner.
APPEND_ONLY = [
    "journal_event", "journal_anchor", "portfolio_ledgerentry", "portfolio_buckethistory", "casework_permitrecord", "law_lawchange", "law_lawimpact",
    "journal_sealedbatch",
]
# Tables whose rows change but never go: without its newest row an older reading of the law, approved and signed, would rule again.
NEVER_DELETED = ["law_lawdecision"]
PARTITIONED = ["journal_event", "casework_action", "messaging_message"]


def migrate(*, verbosity: int = 0) -> None:
    """Bring the schema up to date and renew the grants."""
    call_command("migrate", database="owner", interactive=False, verbosity=verbosity)
    grant()


def grant() -> None:
    """Rights of the application's role on everything that exists now."""
    role = sql.Identifier(settings.DATABASES["default"]["USER"])
    statements = [
        sql.SQL("GRANT USAGE ON SCHEMA public TO {role}"),
        sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"),
        sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}"),
        sql.SQL("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}"),
        sql.SQL("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}"),
    ]
    for table in APPEND_ONLY:
        statement = "REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}"
        statements.append(sql.SQL(statement).format(table=sql.Identifier(table), role=role))
    for table in NEVER_DELETED:
        statements.append(sql.SQL("REVOKE DELETE, TRUNCATE ON {table} FROM {role}").format(table=sql.Identifier(table), role=role))
    with connections["owner"].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.format(role=role) if isinstance(statement, sql.SQL) else statement)


def make_months(*, on: date, behind: int = 13, ahead: int = 2) -> int:
    """Monthly partitions around a day: what happened in the last year, and what will. Returns how many were made."""
    first = (on.replace(day=1) - timedelta(days=30 * behind)).replace(day=1)
    past = on.replace(day=1) + timedelta(days=31 * (ahead + 1))
    made = 0
    with connections["default"].cursor() as cursor:
        for table in PARTITIONED:
            cursor.execute("SELECT recaudo_months(%s, %s, %s)", [table, first, past])
            made += cursor.fetchone()[0]
    return made
