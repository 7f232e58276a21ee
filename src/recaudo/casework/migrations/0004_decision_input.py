"""What the gate knew, beside what it answered."""

from django.db import migrations, models

import recaudo.store.fields


class Migration(migrations.Migration):
    dependencies = [("casework", "0003_worst_and_due")]

    operations = [
        migrations.AddField("permitrecord", "pack_hash", models.CharField(blank=True, max_length=64, db_default="")),
        migrations.AddField("permitrecord", "input", recaudo.store.fields.EncryptedField(null=True)),
        migrations.AddField("permitrecord", "input_digest", models.CharField(blank=True, max_length=64, db_default="")),
    ]
