"""Keys that a file of a million rows can afford: no index twice, and references asked once a statement instead of once a row.

A foreign key queues one check a row for the end of the transaction: of the 22 seconds of processor time that 100,000 accounts cost the
database, five were those checks. The triggers below ask the same in one query a statement, and also that both rows are the same
organisation's, which the foreign keys did not. What somebody still points at cannot be deleted, as before.
"""

import django.db.models.deletion
from django.db import migrations, models

# (table, {column: the table it points at})
REFERENCES = {
    "portfolio_account": {"creditor_id": "portfolio_creditor", "portfolio_id": "portfolio_portfolio", "holder_id": "portfolio_person"},
    "portfolio_accountparty": {"account_id": "portfolio_account", "person_id": "portfolio_person"},
    "portfolio_instalment": {"account_id": "portfolio_account"},
    "portfolio_buckethistory": {"account_id": "portfolio_account"},
    "portfolio_contactpoint": {"person_id": "portfolio_person"},
    "portfolio_ledgerentry": {
        "account_id": "portfolio_account", "instalment_id": "portfolio_instalment", "payment_id": "portfolio_payment",
        "reverses_id": "portfolio_ledgerentry",
    },
}  # fmt: skip

FUNCTIONS = r"""
-- After an INSERT: every reference of the new rows is there, in the same organisation. Arguments: column, table, column, table ...
CREATE FUNCTION portfolio_referenced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  missing boolean;
BEGIN
  FOR n IN 0 .. TG_NARGS / 2 - 1 LOOP
    -- A scalar subquery is looked up by key, row by row, whatever the planner believes of a table that has just been filled.
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM entered e WHERE e.%1$I IS NOT NULL AND'
                   ' (SELECT p.tenant_id FROM %2$I p WHERE p.id = e.%1$I) IS DISTINCT FROM e.tenant_id)', TG_ARGV[2 * n], TG_ARGV[2 * n + 1]) INTO missing;
    IF missing THEN
      RAISE EXCEPTION '% of % points at nothing', TG_ARGV[2 * n], TG_TABLE_NAME USING ERRCODE = 'foreign_key_violation';
    END IF;
  END LOOP;
  RETURN NULL;
END $$;

-- After a reference was changed. Arguments: column, table.
CREATE FUNCTION portfolio_repointed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  is_there boolean;
BEGIN
  EXECUTE format('SELECT $1.%1$I IS NULL OR EXISTS (SELECT 1 FROM %2$I p WHERE p.id = $1.%1$I AND p.tenant_id = $1.tenant_id)', TG_ARGV[0], TG_ARGV[1])
    INTO is_there USING NEW;
  IF NOT is_there THEN
    RAISE EXCEPTION '% of % points at nothing', TG_ARGV[0], TG_TABLE_NAME USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NULL;
END $$;

-- Before a row goes or changes its key: nobody points at it. Arguments: table, column, table, column ...
CREATE FUNCTION portfolio_needed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  is_needed boolean;
BEGIN
  FOR n IN 0 .. TG_NARGS / 2 - 1 LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I c WHERE c.tenant_id = $1.tenant_id AND c.%I = $1.id)', TG_ARGV[2 * n], TG_ARGV[2 * n + 1])
      INTO is_needed USING OLD;
    IF is_needed THEN
      RAISE EXCEPTION 'a row of % is still needed by %', TG_TABLE_NAME, TG_ARGV[2 * n] USING ERRCODE = 'foreign_key_violation';
    END IF;
  END LOOP;
  IF TG_OP = 'DELETE' THEN
    RETURN OLD;
  END IF;
  RETURN NEW;
END $$;
"""
NO_FUNCTIONS = "DROP FUNCTION portfolio_referenced(); DROP FUNCTION portfolio_repointed(); DROP FUNCTION portfolio_needed();"


def triggers() -> tuple[str, str]:
    """The triggers of REFERENCES, and how they go."""
    made, gone, needed = [], [], {}
    for table, columns in REFERENCES.items():
        arguments = ", ".join(f"'{column}', '{target}'" for column, target in columns.items())
        made.append(f"CREATE TRIGGER keys_entered AFTER INSERT ON {table} REFERENCING NEW TABLE AS entered FOR EACH STATEMENT EXECUTE FUNCTION portfolio_referenced({arguments});")
        gone.append(f"DROP TRIGGER keys_entered ON {table};")
        for column, target in columns.items():
            needed.setdefault(target, []).append(f"'{table}', '{column}'")
            made.append(
                f"CREATE TRIGGER repointed_{column} AFTER UPDATE OF {column}, tenant_id ON {table} FOR EACH ROW"
                f" WHEN (OLD.{column} IS DISTINCT FROM NEW.{column} OR OLD.tenant_id <> NEW.tenant_id) EXECUTE FUNCTION portfolio_repointed('{column}', '{target}');"
            )
            gone.append(f"DROP TRIGGER repointed_{column} ON {table};")
    for target, children in needed.items():
        made.append(f"CREATE TRIGGER keys_needed BEFORE DELETE OR UPDATE OF id ON {target} FOR EACH ROW WHEN (true) EXECUTE FUNCTION portfolio_needed({', '.join(children)});")
        gone.append(f"DROP TRIGGER keys_needed ON {target};")
    return "\n".join(made), "\n".join(gone)


def reference(to: str, on_delete, **options) -> models.ForeignKey:
    return models.ForeignKey(db_constraint=False, on_delete=on_delete, to=f"portfolio.{to}", **options)


CASCADE, PROTECT = django.db.models.deletion.CASCADE, django.db.models.deletion.PROTECT


class Migration(migrations.Migration):
    dependencies = [("portfolio", "0005_quarantine")]

    operations = [
        migrations.AlterField("account", "creditor", reference("creditor", PROTECT, db_index=False)),
        migrations.AlterField("account", "portfolio", reference("portfolio", PROTECT, db_index=False)),
        migrations.AlterField("account", "holder", reference("person", PROTECT, related_name="held_accounts")),
        migrations.AlterField("accountparty", "account", reference("account", CASCADE, related_name="parties", db_index=False)),
        migrations.AlterField("accountparty", "person", reference("person", PROTECT, related_name="roles")),
        migrations.AlterField("instalment", "account", reference("account", CASCADE, related_name="instalments", db_index=False)),
        migrations.AlterField("buckethistory", "account", reference("account", CASCADE, related_name="buckets", db_index=False)),
        migrations.AlterField("contactpoint", "person", reference("person", CASCADE, related_name="contact_points", db_index=False)),
        migrations.AlterField("ledgerentry", "account", reference("account", PROTECT, related_name="entries", db_index=False)),
        migrations.AlterField("ledgerentry", "instalment", reference("instalment", PROTECT, null=True, db_index=False)),
        migrations.AlterField("ledgerentry", "payment", reference("payment", PROTECT, null=True, related_name="entries", db_index=False)),
        migrations.AlterField("ledgerentry", "reverses", reference("ledgerentry", PROTECT, null=True, db_index=False)),
        migrations.AlterField("person", "merged_into", models.ForeignKey(null=True, db_index=False, on_delete=PROTECT, to="portfolio.person")),
        migrations.RemoveIndex("account", "account_by_number"),
        migrations.RemoveConstraint("account", "account_number"),
        migrations.AddConstraint("account", models.UniqueConstraint(fields=("tenant_id", "number", "creditor"), name="account_number")),
        migrations.RemoveIndex("contactpoint", "contact_point_best"),
        migrations.AddIndex("person", models.Index(condition=models.Q(merged_into__isnull=False), fields=["merged_into"], name="person_merged")),
        migrations.AddIndex("ledgerentry", models.Index(condition=models.Q(payment__isnull=False), fields=["payment"], name="entry_payment")),
        migrations.RemoveConstraint("ledgerentry", "entry_reversed_once"),
        migrations.AddConstraint(
            "ledgerentry", models.UniqueConstraint(condition=models.Q(reverses__isnull=False), fields=("reverses",), name="entry_reversed_once")
        ),
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        migrations.RunSQL(*triggers()),
    ]
