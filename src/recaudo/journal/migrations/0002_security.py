"""Row security and partitions of this context's tables."""

from django.db import migrations

from recaudo.store.operations import PartitionByMonth, RowSecurity

FUNCTIONS = r"""
CREATE FUNCTION recaudo_chain_head(tenant uuid) RETURNS TABLE (number bigint, hash bytea)
LANGUAGE sql STABLE AS $$
  SELECT chain_number, hash FROM journal_event
  WHERE tenant_id = tenant AND chain_number IS NOT NULL ORDER BY chain_number DESC LIMIT 1
$$;

-- The only way to fill the seal of an event, once. Runs as the owner; row security still applies to it.
CREATE FUNCTION recaudo_seal(ids uuid[], whens timestamptz[], numbers bigint[], hashes bytea[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  done integer;
BEGIN
  UPDATE journal_event e SET chain_number = s.number, hash = s.hash
  FROM unnest(ids, whens, numbers, hashes) AS s(id, at, number, hash)
  WHERE e.id = s.id AND e.created_at = s.at AND e.hash IS NULL;
  GET DIAGNOSTICS done = ROW_COUNT;
  IF done <> cardinality(ids) THEN
    RAISE EXCEPTION 'an event was sealed twice or is gone';
  END IF;
  RETURN done;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [('journal', '0001_initial'), ('store', '0001_functions')]
    operations = [
        PartitionByMonth("journal_event"),
        RowSecurity("journal_event", agency="agency_id = {agency}"),
        RowSecurity("journal_anchor", agency="false"),
        migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop),
    ]
