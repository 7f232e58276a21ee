"""How each card in force fares, day by day."""

import django.db.models.deletion
from django.db import migrations, models

import recaudo.store.keys
import recaudo.store.tenancy
from recaudo.store.operations import RowSecurity


class Migration(migrations.Migration):
    dependencies = [("strategy", "0006_told")]

    operations = [
        migrations.CreateModel(
            name="ScoreDay",
            fields=[
                ("id", models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ("tenant_id", models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ("created_at", models.DateTimeField()),
                ("on", models.DateField()),
                ("account_count", models.PositiveIntegerField()),
                ("mean", models.FloatField(null=True)),
                ("base_on", models.DateField(null=True)),
                ("shift", models.FloatField(null=True)),
                ("judged_on", models.DateField(null=True)),
                ("judged_count", models.PositiveIntegerField(null=True)),
                ("said", models.FloatField(null=True)),
                ("seen", models.FloatField(null=True)),
                ("error", models.FloatField(null=True)),
                ("auc", models.FloatField(null=True)),
                ("alert", models.CharField(blank=True, max_length=8)),
                ("model", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="days", to="strategy.scoremodel")),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("tenant_id", "model", "on"), name="score_day_once")]},
        ),
        RowSecurity("strategy_scoreday", agency="false"),
    ]
