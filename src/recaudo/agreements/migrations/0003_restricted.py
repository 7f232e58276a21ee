"""Promises of restricted persons are seen by who may see them."""

from typing import Any

from django.db import migrations

from recaudo.store.operations import HideRestricted


class Migration(migrations.Migration):
    dependencies: Any = [("agreements", "0002_security"), ("portfolio", "0010_restrictions")]
    operations: Any = [
        HideRestricted("agreements_promise", persons=("person_id",), accounts=("account_id",)),
    ]
