"""SQL functions that every other migration relies on."""

from django.db import migrations

FUNCTIONS = r"""
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE FUNCTION recaudo_uuid7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
              PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
              FROM 1 FOR 6),
      52, 1), 53, 1), 'hex')::uuid
$$;

-- The same key for the same day and parts, ordered by day (UUIDv8): what makes a repeated step harmless.
CREATE FUNCTION recaudo_derived(day date, VARIADIC parts text[]) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM day) * 1000)::bigint), 12, '0') || '8' || substr(h, 1, 3) || '9' || substr(h, 4, 15))::uuid
  FROM (SELECT encode(sha256(convert_to(array_to_string(parts, chr(31)), 'UTF8')), 'hex') AS h) s
$$;

-- Makes the monthly partitions of a table for [from, to). Runs as its owner: the application may not create tables.
CREATE FUNCTION recaudo_months(parent text, first date, past date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  month date := date_trunc('month', first)::date;
  made integer := 0;
  child text;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_partitioned_table p WHERE p.partrelid = to_regclass(quote_ident(parent))) THEN
    RAISE EXCEPTION 'not a partitioned table: %', parent;
  END IF;
  WHILE month < past LOOP
    child := parent || to_char(month, '_YYYYMM');
    IF to_regclass(quote_ident(child)) IS NULL THEN
      EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                     child, parent, month::timestamp AT TIME ZONE 'UTC',
                     (month + interval '1 month')::timestamp AT TIME ZONE 'UTC');
      EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', child);
      EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', child);
      EXECUTE format('ALTER TABLE %I SET (autovacuum_vacuum_scale_factor = 0.02)', child);
      made := made + 1;
    END IF;
    month := (month + interval '1 month')::date;
  END LOOP;
  RETURN made;
END $$;

-- Fresh statistics after a bulk write, within its transaction: the application does not own the tables, so it may not ANALYZE.
CREATE FUNCTION recaudo_analyze(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  EXECUTE format('ANALYZE %I', name);
END $$;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.RunSQL(
            FUNCTIONS, "DROP FUNCTION recaudo_analyze(text); DROP FUNCTION recaudo_derived(date, text[]); DROP FUNCTION recaudo_months(text, date, date); DROP FUNCTION recaudo_uuid7();"
        )
    ]
