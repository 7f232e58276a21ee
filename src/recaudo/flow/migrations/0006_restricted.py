"""Decisions by hand and escalations of restricted persons are seen by who may see them."""

from typing import Any

from django.db import migrations

from recaudo.store.operations import HideRestricted


class Migration(migrations.Migration):
    dependencies: Any = [("flow", "0005_by_hand"), ("portfolio", "0010_restrictions")]
    operations: Any = [
        HideRestricted("flow_override", persons=("person_id",), accounts=("account_id",)),
        HideRestricted("flow_escalation", persons=("person_id",), accounts=("account_id",)),
    ]
