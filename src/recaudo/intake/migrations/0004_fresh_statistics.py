"""After a large file the planner must know the new sizes at once, not when autovacuum comes round."""

from django.db import migrations

# Runs as the owner, for the application's role may not analyse tables. No argument, so nothing to misuse.
FUNCTION = r"""
CREATE FUNCTION recaudo_fresh_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  ANALYZE portfolio_person, portfolio_account, portfolio_accountparty, portfolio_contactpoint, portfolio_instalment, portfolio_ledgerentry,
    portfolio_payment, portfolio_buckethistory;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("intake", "0003_reading_and_portfolio")]
    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION recaudo_fresh_statistics()")]
