"""Searches for the right person, identity checks, and what interrupts a prescription."""

import django.contrib.postgres.fields
import django.db.models.deletion
import recaudo.store.keys
import recaudo.store.tenancy
from django.conf import settings
from django.db import migrations, models

from recaudo.store.operations import RowSecurity, placed_account, placed_person


class Migration(migrations.Migration):

    dependencies = [
        ('casework', '0004_decision_input'),
        ('portfolio', '0005_quarantine'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='InterruptingAct',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('account_id', models.UUIDField()),
                ('person_id', models.UUIDField()),
                ('kind', models.CharField(max_length=16)),
                ('on', models.DateField()),
                ('evidence', models.CharField(max_length=200)),
                ('by_id', models.UUIDField(null=True)),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('withdrawn_by_id', models.UUIDField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['tenant_id', 'account_id', '-on'], name='act_account')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['payment', 'acknowledgment', 'lawsuit', 'other'])), name='act_kind')],
            },
        ),
        migrations.CreateModel(
            name='IdentityCheck',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('action_id', models.UUIDField()),
                ('checked', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, size=None)),
                ('is_verified', models.BooleanField()),
                ('by_id', models.UUIDField(null=True)),
                ('person', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='identity_checks', to='portfolio.person')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant_id', 'person', '-created_at'], name='identity_person')],
                'constraints': [models.UniqueConstraint(fields=('tenant_id', 'action_id'), name='identity_once')],
            },
        ),
        migrations.CreateModel(
            name='Search',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('quarantine_id', models.UUIDField(null=True)),
                ('hint', models.CharField(blank=True, max_length=40)),
                ('channel', models.CharField(max_length=16)),
                ('status', models.CharField(default='open', max_length=8)),
                ('result', models.CharField(blank=True, max_length=10)),
                ('found_point_id', models.UUIDField(null=True)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('closed_at', models.DateTimeField(null=True)),
                ('closed_by_id', models.UUIDField(null=True)),
                ('assigned_to', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='searches', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='searches', to='portfolio.person')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant_id', 'status', '-created_at'], name='search_newest'), models.Index(fields=['tenant_id', 'person'], name='search_person')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'open')), fields=('tenant_id', 'person'), name='search_one_open'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('result', ''), ('status', 'open')), models.Q(('closed_at__isnull', False), ('result__in', ['found', 'released', 'none']), ('status', 'closed')), _connector='OR'), name='search_closed')],
            },
        ),
        RowSecurity("casework_search", agency=placed_person("casework_search.person_id")),
        RowSecurity("casework_identitycheck", agency=placed_person("casework_identitycheck.person_id")),
        RowSecurity("casework_interruptingact", agency=placed_account("casework_interruptingact.account_id")),
    ]
