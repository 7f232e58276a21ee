"""From when the person of a call is likely to answer."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("casework", "0007_permit_when")]

    operations = [migrations.AddField("action", "preferred_at", models.DateTimeField(null=True))]
