"""Row security of this context's tables."""

from django.db import migrations

from recaudo.store.operations import RowSecurity, placed_account, placed_person

# A balance is the sum of its entries. Single writes are kept in step by the database; a bulk step sets
# recaudo.ledger_bulk for its transaction, writes both itself, and compares at its end.
TRIGGERS = r"""
CREATE FUNCTION portfolio_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('recaudo.ledger_bulk', true) = 'on' THEN
    RETURN NULL;
  END IF;
  UPDATE portfolio_account a SET balance_minor = a.balance_minor + s.amount
  FROM (SELECT account_id, sum(amount_minor) AS amount FROM entered GROUP BY account_id) s
  WHERE a.id = s.account_id;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_balance AFTER INSERT ON portfolio_ledgerentry
  REFERENCING NEW TABLE AS entered FOR EACH STATEMENT EXECUTE FUNCTION portfolio_balance();

CREATE FUNCTION portfolio_entry_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ledger entries never change: reverse them';
END $$;
CREATE TRIGGER ledger_fixed BEFORE UPDATE OR DELETE ON portfolio_ledgerentry
  FOR EACH ROW EXECUTE FUNCTION portfolio_entry_fixed();
"""


class Migration(migrations.Migration):
    dependencies = [('portfolio', '0001_initial'), ('store', '0001_functions')]
    operations = [
        RowSecurity("portfolio_creditor"),
        RowSecurity("portfolio_portfolio"),
        RowSecurity("portfolio_bucketdefinition"),
        RowSecurity("portfolio_placement", agency="agency_id = {agency}"),
        RowSecurity("portfolio_account", agency=placed_account("portfolio_account.id")),
        RowSecurity("portfolio_person", agency=placed_person("portfolio_person.id")),
        RowSecurity("portfolio_personmerge", agency="false"),
        RowSecurity("portfolio_accountparty", agency=placed_account("portfolio_accountparty.account_id")),
        RowSecurity("portfolio_instalment", agency=placed_account("portfolio_instalment.account_id")),
        RowSecurity("portfolio_buckethistory", agency=placed_account("portfolio_buckethistory.account_id")),
        RowSecurity("portfolio_delinquencypause", agency=placed_account("portfolio_delinquencypause.account_id")),
        RowSecurity("portfolio_document", agency=placed_account("portfolio_document.account_id")),
        RowSecurity("portfolio_payment", agency=placed_account("portfolio_payment.account_id")),
        RowSecurity("portfolio_ledgerentry", agency=placed_account("portfolio_ledgerentry.account_id")),
        RowSecurity("portfolio_contactpoint", agency=placed_person("portfolio_contactpoint.person_id")),
        RowSecurity("portfolio_consent", agency=placed_person("portfolio_consent.person_id")),
        RowSecurity("portfolio_preference", agency=placed_person("portfolio_preference.person_id")),
        migrations.RunSQL(TRIGGERS, migrations.RunSQL.noop),
    ]
