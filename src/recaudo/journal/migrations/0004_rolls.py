"""Tables of other contexts sealed by batches; events looked up by name have an index."""

import django.contrib.postgres.fields
from django.db import migrations, models

import recaudo.store.keys
import recaudo.store.tenancy
from recaudo.store.operations import RowSecurity


class Migration(migrations.Migration):
    dependencies = [("journal", "0003_signed_anchors")]

    operations = [
        migrations.CreateModel(
            name="SealedBatch",
            fields=[
                ("id", models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ("tenant_id", models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ("created_at", models.DateTimeField()),
                ("roll", models.CharField(max_length=30)),
                ("number", models.IntegerField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("ids", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ("hints", models.BinaryField()),
                ("root", models.BinaryField(max_length=32)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("tenant_id", "roll", "number"), name="journal_batch_once")],
                "indexes": [models.Index(fields=["tenant_id", "roll", "last_at"], name="journal_batch_when")],
            },
        ),
        RowSecurity("journal_sealedbatch", agency="false"),
        migrations.AddIndex(
            "event",
            models.Index(fields=["tenant_id", "name", "created_at"], name="journal_named", condition=models.Q(name__in=["day.finished", "rolls.sealed"])),
        ),
    ]
