"""When a batch's files were deleted; and statistics of what is searched by only: the long columns made them dear."""

from django.db import migrations, models

SEARCHED = """
CREATE OR REPLACE FUNCTION recaudo_fresh_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  ANALYZE portfolio_person (id, tenant_id, national_id_index, search_name, merged_into_id),
    portfolio_account (id, tenant_id, creditor_id, portfolio_id, holder_id, number, currency, status, bucket, stage, dpd, balance_minor, overdue_minor, product,
      oldest_due_on, next_due_on, accrued_on, batch_id, pay_reference, risk_score, last_payment_on),
    portfolio_accountparty (id, tenant_id, account_id, person_id, role),
    portfolio_contactpoint (id, tenant_id, person_id, kind, value_index, status, batch_id),
    portfolio_instalment (id, tenant_id, account_id, number, due_on, amount_minor, paid_minor),
    portfolio_ledgerentry (id, tenant_id, account_id, "on", kind, component, payment_id, batch_id, reverses_id),
    portfolio_payment (id, tenant_id, account_id, paid_on, status, external_id, batch_id),
    portfolio_buckethistory (id, tenant_id, account_id, "on", bucket);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("intake", "0004_fresh_statistics")]
    operations = [
        migrations.AddField("batch", "files_gone_at", models.DateTimeField(null=True)),
        migrations.RunSQL(SEARCHED, migrations.RunSQL.noop),
    ]
