from django.db import migrations, models

import recaudo.store.keys
import recaudo.store.tenancy
from recaudo.store.operations import RowSecurity, placed_account


class Migration(migrations.Migration):

    dependencies = [
        ('flow', '0004_limits'),
    ]

    operations = [
        migrations.CreateModel(
            name='CollectionPlan',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('name', models.CharField(max_length=120)),
                ('purpose', models.CharField(blank=True, max_length=500)),
                ('owner_id', models.UUIDField()),
                ('portfolio_id', models.UUIDField(null=True)),
                ('stages', models.JSONField(default=list)),
                ('channels', models.JSONField(default=list)),
                ('goals', models.JSONField(default=list)),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField()),
                ('review', models.PositiveSmallIntegerField(default=0)),
                ('by_id', models.UUIDField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('closed_by_id', models.UUIDField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Escalation',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('account_id', models.UUIDField()),
                ('person_id', models.UUIDField()),
                ('agency_id', models.UUIDField(null=True)),
                ('why', models.CharField(max_length=8)),
                ('days', models.IntegerField()),
                ('opened_on', models.DateField()),
                ('status', models.CharField(default='open', max_length=8)),
                ('taken_by_id', models.UUIDField(null=True)),
                ('taken_at', models.DateTimeField(null=True)),
                ('closed_on', models.DateField(null=True)),
                ('closed_why', models.CharField(blank=True, max_length=8)),
            ],
        ),
        migrations.CreateModel(
            name='Override',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('person_id', models.UUIDField()),
                ('account_id', models.UUIDField(null=True)),
                ('want', models.CharField(max_length=8)),
                ('reason', models.CharField(max_length=20)),
                ('from_on', models.DateField()),
                ('until_on', models.DateField()),
                ('by_id', models.UUIDField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended_by_id', models.UUIDField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Pace',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('creditor_id', models.UUIDField(null=True)),
                ('kind', models.CharField(blank=True, max_length=12)),
                ('stage', models.CharField(blank=True, max_length=12)),
                ('after', models.CharField(blank=True, max_length=10)),
                ('contacts', models.PositiveSmallIntegerField()),
                ('period_days', models.PositiveSmallIntegerField()),
                ('gap_days', models.PositiveSmallIntegerField(default=0)),
                ('valid_from', models.DateField()),
                ('ended_on', models.DateField(null=True)),
                ('by_id', models.UUIDField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='daylimit',
            name='day_limit_kind',
        ),
        migrations.AddConstraint(
            model_name='daylimit',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['budget', 'idle', 'first']), ('scope_id', None)), models.Q(('kind__in', ['portfolio', 'agency', 'tolerance']), ('scope_id__isnull', False)), _connector='OR'), name='day_limit_kind'),
        ),
        migrations.AddIndex(
            model_name='collectionplan',
            index=models.Index(fields=['tenant_id', '-starts_on'], name='plan_newest'),
        ),
        migrations.AddConstraint(
            model_name='collectionplan',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='plan_days'),
        ),
        migrations.AddIndex(
            model_name='escalation',
            index=models.Index(condition=models.Q(('closed_on', None)), fields=['tenant_id', 'opened_on'], name='escalation_open'),
        ),
        migrations.AddConstraint(
            model_name='escalation',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_on', None)), fields=('tenant_id', 'account_id', 'why'), name='escalation_once'),
        ),
        migrations.AddConstraint(
            model_name='escalation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_on__isnull', False), ('status', 'closed')), models.Q(('closed_on', None), ('status__in', ['open', 'taken'])), _connector='OR'), name='escalation_closed'),
        ),
        migrations.AddIndex(
            model_name='override',
            index=models.Index(condition=models.Q(('ended_at', None)), fields=['tenant_id', 'until_on'], name='override_open'),
        ),
        migrations.AddConstraint(
            model_name='override',
            constraint=models.CheckConstraint(condition=models.Q(('until_on__gte', models.F('from_on'))), name='override_days'),
        ),
        migrations.AddConstraint(
            model_name='override',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('tenant_id', 'person_id', 'account_id'), name='override_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='pace',
            constraint=models.CheckConstraint(condition=models.Q(('contacts__lte', 31), ('gap_days__lte', 31), ('period_days__gte', 1), ('period_days__lte', 31)), name='pace_within_a_month'),
        ),
        migrations.AddConstraint(
            model_name='pace',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_on', None)), fields=('tenant_id', 'creditor_id', 'kind', 'stage', 'after'), name='pace_once', nulls_distinct=False),
        ),
        RowSecurity("flow_pace", agency="false"),
        RowSecurity("flow_collectionplan", agency="false"),
        RowSecurity("flow_override", agency=f"account_id IS NOT NULL AND {placed_account('flow_override.account_id')}"),
        RowSecurity("flow_escalation", agency="agency_id = {agency}"),
    ]
