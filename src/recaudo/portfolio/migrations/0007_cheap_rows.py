"""What every row of a load pays for: who asks is read once a statement, and the ledger's batches are found by where they lie.

Row security read three settings again for each row that was read or written, a sixth of what the database worked for a load. Inside a
subquery they are read once a statement; the answer is the same, for a setting does not change while a statement runs. The entries of a
batch lie beside one another and never move, so a few blocks' range finds them as well as an index with every entry does.
"""

from typing import Any

import django.contrib.postgres.indexes
from django.db import migrations

from recaudo.store.operations import AGENCY, NO_AGENCY, TENANT, placed_account, placed_person

ONCE_TENANT = "tenant_id = (SELECT nullif(current_setting('recaudo.tenant', true), '')::uuid)"
ONCE_NO_AGENCY = f"(SELECT {NO_AGENCY})"
SEEN = {
    "portfolio_account": placed_account("portfolio_account.id"),
    "portfolio_person": placed_person("portfolio_person.id"),
    "portfolio_accountparty": placed_account("portfolio_accountparty.account_id"),
    "portfolio_instalment": placed_account("portfolio_instalment.account_id"),
    "portfolio_buckethistory": placed_account("portfolio_buckethistory.account_id"),
    "portfolio_payment": placed_account("portfolio_payment.account_id"),
    "portfolio_ledgerentry": placed_account("portfolio_ledgerentry.account_id"),
    "portfolio_contactpoint": placed_person("portfolio_contactpoint.person_id"),
}  # fmt: skip


def policies(tenant: str, no_agency: str) -> str:
    """Both policies of each table, said anew."""
    said = []
    for table, seen in SEEN.items():
        said.append(f'ALTER POLICY tenant ON "{table}" USING ({tenant}) WITH CHECK ({tenant});')
        said.append(f'ALTER POLICY agency ON "{table}" USING ({no_agency} OR ({seen.format(agency=AGENCY)}));')
    return "\n".join(said)


class Migration(migrations.Migration):
    dependencies: Any = [("portfolio", "0006_lean_keys")]
    operations: Any = [
        migrations.RunSQL(policies(ONCE_TENANT, ONCE_NO_AGENCY), policies(TENANT, NO_AGENCY)),
        migrations.RemoveIndex("ledgerentry", "entry_batch"),
        migrations.AddIndex("ledgerentry", django.contrib.postgres.indexes.BrinIndex(fields=["batch_id"], name="entry_batches", autosummarize=True, pages_per_range=32)),
    ]
