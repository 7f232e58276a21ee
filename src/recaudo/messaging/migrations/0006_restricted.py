"""Messages of restricted persons are read by who may see them."""

from typing import Any

from django.db import migrations

from recaudo.store.operations import HideRestricted


class Migration(migrations.Migration):
    dependencies: Any = [("messaging", "0005_message_lookups"), ("portfolio", "0010_restrictions")]
    operations: Any = [
        HideRestricted("messaging_message", persons=("person_id",)),
    ]
