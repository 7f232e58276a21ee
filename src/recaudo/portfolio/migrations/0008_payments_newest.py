"""Payments as they are looked at: the newest page in one step, by reference, and those that are not simply applied."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    # Built beside those who record payments: their table is never locked.
    atomic = False

    dependencies = [("portfolio", "0007_cheap_rows")]

    operations = [
        AddIndexConcurrently("payment", models.Index(fields=["tenant_id", "-paid_on", "-id"], name="payment_newest")),
        AddIndexConcurrently("payment", models.Index(fields=["tenant_id", "reference"], name="payment_reference", condition=~Q(reference=""))),
        AddIndexConcurrently(
            "payment", models.Index(fields=["tenant_id", "status", "-paid_on", "-id"], name="payment_unusual", condition=~Q(status="applied"))
        ),
        RemoveIndexConcurrently("payment", "payment_day"),
    ]
