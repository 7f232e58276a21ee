"""Corrected scores of restricted persons are seen by who may see them."""

from typing import Any

from django.db import migrations

from recaudo.store.operations import HideRestricted


class Migration(migrations.Migration):
    dependencies: Any = [("strategy", "0007_score_days"), ("portfolio", "0010_restrictions")]
    operations: Any = [
        HideRestricted("strategy_scoreoverride", accounts=("account_id",)),
    ]
