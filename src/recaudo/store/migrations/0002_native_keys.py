"""Keys from the server's own function where it has one (PostgreSQL 18): ten times cheaper, and in order within a session."""

from django.db import migrations

NATIVE = r"""
DO $do$ BEGIN
  IF to_regprocedure('pg_catalog.uuidv7()') IS NOT NULL THEN
    CREATE OR REPLACE FUNCTION recaudo_uuid7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS 'SELECT pg_catalog.uuidv7()';
  END IF;
END $do$;
"""


class Migration(migrations.Migration):
    dependencies = [("store", "0001_functions")]
    operations = [migrations.RunSQL(NATIVE, migrations.RunSQL.noop)]
