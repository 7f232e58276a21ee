"""Migration operations for what Django does not know: row security and monthly partitions."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.operations import NotInTransactionMixin
from django.db.migrations.operations import AddIndex
from django.db.migrations.operations.base import Operation

TENANT = "tenant_id = nullif(current_setting('recaudo.tenant', true), '')::uuid"
IDENTITY = "current_setting('recaudo.identity', true) = 'on'"
NO_AGENCY = "coalesce(current_setting('recaudo.agency', true), '') = ''"
AGENCY = "nullif(current_setting('recaudo.agency', true), '')::uuid"

_PLACED = "p.agency_id = {agency} AND p.status IN ('active', 'recall_requested')"


def placed_account(column: str) -> str:
    """Condition: the account in `column` is placed with the agency now."""
    return f"EXISTS (SELECT 1 FROM portfolio_placement p WHERE p.account_id = {column} AND {_PLACED})"


def placed_person(column: str) -> str:
    """Condition: an account of the person in `column` is placed with the agency now."""
    return (
        "EXISTS (SELECT 1 FROM portfolio_accountparty r JOIN portfolio_placement p ON p.account_id = r.account_id"
        f" WHERE r.person_id = {column} AND {_PLACED})"
    )


class RowSecurity(Operation):
    """ENABLE and FORCE row security on a table, with the tenant policy.

    identity   the table may also be read while somebody signs in
    agency     SQL condition under which an agency's person may see a row; {agency} is the agency's id. Without it an
               agency's person sees the tenant's rows (use only for tables that hold no portfolio data)
    """

    reversible = True

    def __init__(self, table: str, *, identity: bool = False, agency: str | None = None) -> None:
        self.table, self.identity, self.agency = table, identity, agency

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Django's model state does not change."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        using = f"({TENANT} OR {IDENTITY})" if self.identity else TENANT
        schema_editor.execute(f'ALTER TABLE "{self.table}" ENABLE ROW LEVEL SECURITY')
        schema_editor.execute(f'ALTER TABLE "{self.table}" FORCE ROW LEVEL SECURITY')
        schema_editor.execute(
            f'CREATE POLICY tenant ON "{self.table}" USING ({using}) WITH CHECK ({using})'
        )
        if self.agency:
            seen = self.agency.format(agency=AGENCY)
            schema_editor.execute(
                f'CREATE POLICY agency ON "{self.table}" AS RESTRICTIVE USING ({NO_AGENCY} OR ({seen}))'
            )

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.execute(f'DROP POLICY IF EXISTS agency ON "{self.table}"')
        schema_editor.execute(f'DROP POLICY IF EXISTS tenant ON "{self.table}"')
        schema_editor.execute(f'ALTER TABLE "{self.table}" NO FORCE ROW LEVEL SECURITY')
        schema_editor.execute(f'ALTER TABLE "{self.table}" DISABLE ROW LEVEL SECURITY')

    def describe(self) -> str:
        return f"Row security on {self.table}"


class PartitionByMonth(Operation):
    """Turn a table that was just created (and is empty) into one partitioned by month of `created_at`.

    The key becomes (id, created_at); unique constraints other than the key are refused, for a partitioned table could
    not hold them. Months are made by `recaudo_months(table, from, to)`; what has no month lands in the default partition.
    """

    reversible = False

    def __init__(self, table: str) -> None:
        self.table = table

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Django keeps seeing an ordinary table with the key `id`."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = self.table
        # Constraints and indexes that Django deferred to the end of the migration must exist before we copy them.
        for statement in schema_editor.deferred_sql:
            schema_editor.execute(statement, None)
        schema_editor.deferred_sql.clear()
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = %s::regclass AND NOT indisunique",
                [table],
            )
            indexes = [row[0] for row in cursor.fetchall()]
            cursor.execute(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE conrelid = %s::regclass AND contype IN ('f')",
                [table],
            )
            foreign = cursor.fetchall()
        execute = schema_editor.execute
        execute(f'ALTER TABLE "{table}" RENAME TO "{table}_plain"', None)
        execute(
            f'CREATE TABLE "{table}" (LIKE "{table}_plain" INCLUDING DEFAULTS INCLUDING CONSTRAINTS)'
            " PARTITION BY RANGE (created_at)",
            None,
        )
        execute(f'DROP TABLE "{table}_plain"', None)
        execute(f'ALTER TABLE "{table}" ADD PRIMARY KEY (id, created_at)', None)
        execute(f'CREATE TABLE "{table}_rest" PARTITION OF "{table}" DEFAULT', None)
        # Reached through the parent only: a partition of its own answers with no rows.
        execute(f'ALTER TABLE "{table}_rest" ENABLE ROW LEVEL SECURITY', None)
        execute(f'ALTER TABLE "{table}_rest" FORCE ROW LEVEL SECURITY', None)
        for name, definition in foreign:
            execute(f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}', None)
        for definition in indexes:
            execute(definition, None)

    def describe(self) -> str:
        return f"Partition {self.table} by month"


class AddIndexByMonth(NotInTransactionMixin, AddIndex):
    """Add an index to a table partitioned by month without keeping anybody from writing; its migration is `atomic = False`.

    PostgreSQL builds no index concurrently on the whole: it is declared on the parent alone, built on each month beside those who
    write, and attached; with the last month the parent's is whole, and every later month is made with it. One that was killed halfway
    is taken up where it stopped.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._ensure_not_in_transaction(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        table, name = model._meta.db_table, self.index.name
        whole = str(self.index.create_sql(model, schema_editor))
        begins = f'CREATE INDEX "{name}" ON "{table}" '
        if not whole.startswith(begins):
            raise ValueError(f"not a plain index: {whole}")
        rest = whole.removeprefix(begins)
        execute = schema_editor.execute
        execute(f'CREATE INDEX IF NOT EXISTS "{name}" ON ONLY "{table}" {rest}', None)
        for month in _months(schema_editor, table):
            own = f"{name}_{month.removeprefix(table).strip('_')}"
            if own in _indexes(schema_editor, month, is_whole=False):
                execute(f'DROP INDEX CONCURRENTLY "{own}"', None)
            execute(f'CREATE INDEX CONCURRENTLY IF NOT EXISTS "{own}" ON "{month}" {rest}', None)
            execute(f'ALTER INDEX "{name}" ATTACH PARTITION "{own}"', None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.execute(f'DROP INDEX IF EXISTS "{self.index.name}"')

    def describe(self) -> str:
        return f"Index {self.index.name} on every month of {self.model_name}"


def _months(schema_editor: Any, table: str) -> list[str]:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass ORDER BY 1", [table])
        return [row[0] for row in cursor.fetchall()]


def _indexes(schema_editor: Any, table: str, *, is_whole: bool) -> set[str]:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = %s::regclass AND indisvalid = %s", [table, is_whole])
        return {row[0] for row in cursor.fetchall()}
