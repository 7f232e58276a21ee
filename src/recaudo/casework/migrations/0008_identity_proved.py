"""A check is written only when identity was proved: what said so in every row is not kept."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("casework", "0007_permit_when")]
    operations = [migrations.RemoveField("identitycheck", "is_verified")]
