"""What compliance keeps of restricted persons is seen by who may see them."""

from typing import Any

from django.db import migrations

from recaudo.store.operations import HideRestricted


class Migration(migrations.Migration):
    dependencies: Any = [("compliance", "0003_policies"), ("portfolio", "0010_restrictions")]
    operations: Any = [
        *(HideRestricted(f"compliance_{table}", persons=("person_id",)) for table in ("evidencefile", "rightsrequest", "complaint")),
    ]
