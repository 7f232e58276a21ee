"""Restricted persons, and the filter that hides them from who may not see them.

Quarantines stay in sight: they keep a value away from everybody, whoever it was said about, and show no more than its last digits.
Placements and parties hold no more than ids, and the filter of agencies reads them: what they name is hidden, not they.
The list itself is the filter's and stays readable inside the organisation: its pages ask for `restricted.view`.
"""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

import recaudo.store.keys
import recaudo.store.tenancy
from recaudo.store.operations import HideRestricted, RowSecurity, placed_person

OF_PERSON = ("contactpoint", "consent", "preference")
OF_ACCOUNT = ("instalment", "buckethistory", "delinquencypause", "document", "payment", "ledgerentry", "eventmark")


class Migration(migrations.Migration):
    dependencies: Any = [("portfolio", "0009_exceptional_events")]
    operations: Any = [
        migrations.CreateModel(
            name="Restriction",
            fields=[
                ("id", models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ("tenant_id", models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ("created_at", models.DateTimeField()),
                ("level", models.CharField(max_length=10)),
                ("reason", models.CharField(max_length=200)),
                ("by_id", models.UUIDField(null=True)),
                ("by_name", models.CharField(blank=True, max_length=80)),
                ("batch_id", models.UUIDField(null=True)),
                ("person", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="restrictions", to="portfolio.person")),
            ],
        ),
        migrations.AddConstraint("restriction", models.UniqueConstraint(fields=("tenant_id", "person"), name="restriction_once")),
        migrations.AddConstraint(
            "restriction", models.CheckConstraint(condition=models.Q(("level__in", ["employee", "vip", "litigious"])), name="restriction_level")
        ),
        migrations.AddConstraint(
            "restriction", models.CheckConstraint(condition=models.Q(("reason", ""), _negated=True), name="restriction_reason")
        ),
        RowSecurity("portfolio_restriction", agency=placed_person("portfolio_restriction.person_id")),
        HideRestricted("portfolio_person", persons=("id",)),
        HideRestricted("portfolio_personmerge", persons=("kept_id", "merged_id")),
        HideRestricted("portfolio_account", persons=("holder_id",)),
        *(HideRestricted(f"portfolio_{table}", persons=("person_id",)) for table in OF_PERSON),
        *(HideRestricted(f"portfolio_{table}", accounts=("account_id",)) for table in OF_ACCOUNT),
    ]
