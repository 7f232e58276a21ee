"""Permissions by when they were asked, for what sums refusals and near misses of the last days."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built beside those who ask for permission: their table is never locked.
    atomic = False

    dependencies = [("casework", "0006_lean_cases")]

    operations = [
        AddIndexConcurrently("permitrecord", models.Index(fields=["tenant_id", "asked_at"], name="permit_when")),
    ]
