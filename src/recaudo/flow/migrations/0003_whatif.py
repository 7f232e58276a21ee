import recaudo.store.keys
import recaudo.store.tenancy
from django.db import migrations, models

from recaudo.store.operations import RowSecurity


class Migration(migrations.Migration):

    dependencies = [
        ('flow', '0002_security'),
    ]

    operations = [
        migrations.CreateModel(
            name='WhatIf',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('on', models.DateField()),
                ('snapshot_sha', models.CharField(max_length=64)),
                ('old_version_id', models.UUIDField()),
                ('new_version_id', models.UUIDField()),
                ('horizon_days', models.PositiveSmallIntegerField(default=30)),
                ('status', models.CharField(default='waiting', max_length=10)),
                ('step', models.CharField(blank=True, max_length=20)),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('result', models.JSONField(default=dict)),
                ('seconds', models.JSONField(default=dict)),
                ('key', models.CharField(blank=True, max_length=120)),
                ('problem', models.CharField(blank=True, max_length=400)),
                ('by_id', models.UUIDField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['tenant_id', '-created_at'], name='whatif_newest')],
            },
        ),
        RowSecurity("flow_whatif", agency="false"),
    ]
