import django.db.models.deletion
import recaudo.store.keys
import recaudo.store.tenancy
from django.db import migrations, models

from recaudo.store.operations import RowSecurity


class Migration(migrations.Migration):

    dependencies = [
        ('strategy', '0002_security'),
    ]

    operations = [
        migrations.CreateModel(
            name='Experiment',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('name', models.CharField(max_length=120)),
                ('hypothesis', models.CharField(blank=True, max_length=500)),
                ('kind', models.CharField(max_length=10)),
                ('is_default', models.BooleanField(default=False)),
                ('status', models.CharField(default='draft', max_length=10)),
                ('salt', models.CharField(max_length=64)),
                ('scope', models.JSONField(default=dict)),
                ('metric', models.CharField(default='paid', max_length=10)),
                ('outcome_days', models.PositiveSmallIntegerField(default=30)),
                ('alpha_bp', models.PositiveSmallIntegerField(default=500)),
                ('power_bp', models.PositiveSmallIntegerField(default=8000)),
                ('base_bp', models.PositiveSmallIntegerField()),
                ('lift_bp', models.SmallIntegerField()),
                ('planned_count', models.PositiveBigIntegerField()),
                ('starts_on', models.DateField(null=True)),
                ('created_by_id', models.UUIDField(null=True)),
                ('submitted_at', models.DateTimeField(null=True)),
                ('decided_by_id', models.UUIDField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decision_note', models.CharField(blank=True, max_length=300)),
                ('stopped_at', models.DateTimeField(null=True)),
                ('stopped_on', models.DateField(null=True)),
                ('stopped_by_id', models.UUIDField(null=True)),
                ('stop_reason', models.CharField(blank=True, max_length=300)),
                ('result', models.JSONField(default=dict)),
                ('measured_on', models.DateField(null=True)),
                ('strategy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='experiments', to='strategy.strategy')),
            ],
        ),
        migrations.CreateModel(
            name='ExperimentArm',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('place', models.PositiveSmallIntegerField()),
                ('code', models.CharField(max_length=30)),
                ('name', models.CharField(max_length=80)),
                ('share_bp', models.PositiveSmallIntegerField()),
                ('is_holdout', models.BooleanField(default=False)),
                ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='arms', to='strategy.experiment')),
                ('version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='strategy.strategyversion')),
            ],
            options={
                'ordering': ('place',),
            },
        ),
        migrations.CreateModel(
            name='ExperimentMember',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('person_id', models.UUIDField()),
                ('arm', models.CharField(max_length=30)),
                ('enrolled_on', models.DateField()),
                ('baseline_minor', models.BigIntegerField(null=True)),
                ('currency', models.CharField(blank=True, max_length=4)),
                ('contaminated', models.CharField(blank=True, max_length=10)),
                ('contaminated_on', models.DateField(null=True)),
                ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='strategy.experiment')),
            ],
        ),
        migrations.AddConstraint(
            model_name='experiment',
            constraint=models.UniqueConstraint(fields=('tenant_id', 'salt'), name='experiment_salt'),
        ),
        migrations.AddConstraint(
            model_name='experiment',
            constraint=models.UniqueConstraint(condition=models.Q(('is_default', True), ('status', 'running')), fields=('tenant_id', 'strategy'), name='experiment_one_default'),
        ),
        migrations.AddConstraint(
            model_name='experiment',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by_id', None), ('created_by_id', None), models.Q(('decided_by_id', models.F('created_by_id')), _negated=True), _connector='OR'), name='experiment_two_people'),
        ),
        migrations.AddConstraint(
            model_name='experimentarm',
            constraint=models.UniqueConstraint(fields=('tenant_id', 'experiment', 'code'), name='experiment_arm_code'),
        ),
        migrations.AddConstraint(
            model_name='experimentarm',
            constraint=models.UniqueConstraint(fields=('tenant_id', 'experiment', 'place'), name='experiment_arm_place'),
        ),
        migrations.AddConstraint(
            model_name='experimentarm',
            constraint=models.CheckConstraint(condition=models.Q(('is_holdout', False), ('version', None), _connector='OR'), name='experiment_holdout_has_no_version'),
        ),
        migrations.AddIndex(
            model_name='experimentmember',
            index=models.Index(fields=['tenant_id', 'person_id'], name='experiment_member_person'),
        ),
        migrations.AddConstraint(
            model_name='experimentmember',
            constraint=models.UniqueConstraint(fields=('tenant_id', 'experiment', 'person_id'), name='experiment_member_once'),
        ),
        RowSecurity("strategy_experiment", agency="false"),
        RowSecurity("strategy_experimentarm", agency="false"),
        RowSecurity("strategy_experimentmember", agency="false"),
    ]
