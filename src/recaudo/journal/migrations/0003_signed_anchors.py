"""Anchors carry a signature and the root of a tree; verifications are kept."""

from django.db import migrations, models

import recaudo.store.keys
import recaudo.store.tenancy
from recaudo.store.operations import RowSecurity


class Migration(migrations.Migration):
    dependencies = [("journal", "0002_security")]

    operations = [
        migrations.AddField("anchor", "first_number", models.BigIntegerField(db_default=1)),
        migrations.AddField("anchor", "merkle_root", models.BinaryField(null=True)),
        migrations.AddField("anchor", "previous_digest", models.CharField(blank=True, max_length=64, db_default="")),
        migrations.AddField("anchor", "key_id", models.CharField(blank=True, max_length=64, db_default="")),
        migrations.AddField("anchor", "signature", models.BinaryField(null=True)),
        migrations.CreateModel(
            name="Verification",
            fields=[
                ("id", models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ("tenant_id", models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ("created_at", models.DateTimeField()),
                ("by_id", models.UUIDField(null=True)),
                ("by_name", models.CharField(blank=True, max_length=120)),
                ("status", models.CharField(default="waiting", max_length=8)),
                ("checked", models.BigIntegerField(default=0)),
                ("total", models.BigIntegerField(default=0)),
                ("outside_count", models.IntegerField(default=0)),
                ("broken_number", models.BigIntegerField(null=True)),
                ("broken_id", models.UUIDField(null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["tenant_id", "-created_at"], name="journal_verification_new")],
            },
        ),
        RowSecurity("journal_verification", agency="false"),
    ]
