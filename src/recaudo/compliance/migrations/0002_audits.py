"""Preventive audits: programmes, the times they were done, findings."""

import django.db.models.deletion
import recaudo.store.keys
import recaudo.store.tenancy
from django.db import migrations, models

from recaudo.store.operations import RowSecurity


class Migration(migrations.Migration):

    dependencies = [
        ('compliance', '0001_evidence'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditProgramme',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('name', models.CharField(max_length=120)),
                ('purpose', models.CharField(max_length=300)),
                ('subject', models.CharField(max_length=8)),
                ('country', models.CharField(blank=True, max_length=2)),
                ('agency_id', models.UUIDField(null=True)),
                ('checklist', models.JSONField(default=list)),
                ('period', models.CharField(max_length=10)),
                ('sample_size', models.PositiveSmallIntegerField()),
                ('responsible_id', models.UUIDField()),
                ('next_on', models.DateField()),
                ('is_active', models.BooleanField(default=True)),
                ('by_id', models.UUIDField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('is_active', True)), fields=['tenant_id', 'next_on'], name='audit_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(('subject__in', ['action', 'message', 'account', 'permit'])), name='audit_subject'), models.CheckConstraint(condition=models.Q(('period__in', ['weekly', 'monthly', 'quarterly'])), name='audit_period'), models.CheckConstraint(condition=models.Q(('sample_size__gte', 1), ('sample_size__lte', 500)), name='audit_sample')],
            },
        ),
        migrations.CreateModel(
            name='AuditRun',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('folio', models.CharField(max_length=20)),
                ('from_on', models.DateField()),
                ('until_on', models.DateField()),
                ('subject', models.CharField(max_length=8)),
                ('country', models.CharField(blank=True, max_length=2)),
                ('agency_id', models.UUIDField(null=True)),
                ('seed', models.BigIntegerField()),
                ('population_count', models.IntegerField()),
                ('sample', models.JSONField(default=list)),
                ('checklist', models.JSONField(default=list)),
                ('is_scheduled', models.BooleanField(default=False)),
                ('status', models.CharField(default='open', max_length=6)),
                ('responsible_id', models.UUIDField()),
                ('by_id', models.UUIDField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('closed_by_id', models.UUIDField(null=True)),
                ('conclusion', models.CharField(blank=True, max_length=600)),
                ('programme', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='compliance.auditprogramme')),
            ],
        ),
        migrations.CreateModel(
            name='AuditFinding',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('folio', models.CharField(max_length=20)),
                ('control', models.CharField(blank=True, max_length=30)),
                ('title', models.CharField(max_length=160)),
                ('detail', models.CharField(blank=True, max_length=600)),
                ('severity', models.CharField(max_length=8)),
                ('case_count', models.IntegerField(default=1)),
                ('evidence', models.JSONField(default=list)),
                ('responsible_id', models.UUIDField(null=True)),
                ('correction', models.CharField(blank=True, max_length=600)),
                ('due_on', models.DateField(null=True)),
                ('status', models.CharField(default='open', max_length=8)),
                ('by_id', models.UUIDField(null=True)),
                ('proof', models.CharField(blank=True, max_length=600)),
                ('closed_at', models.DateTimeField(null=True)),
                ('closed_by_id', models.UUIDField(null=True)),
                ('reopened_count', models.PositiveSmallIntegerField(default=0)),
                ('reopened_reason', models.CharField(blank=True, max_length=300)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='compliance.auditrun')),
            ],
        ),
        migrations.AddIndex(
            model_name='auditrun',
            index=models.Index(fields=['tenant_id', '-created_at'], name='audit_newest'),
        ),
        migrations.AddConstraint(
            model_name='auditrun',
            constraint=models.UniqueConstraint(fields=('tenant_id', 'folio'), name='audit_folio'),
        ),
        migrations.AddConstraint(
            model_name='auditrun',
            constraint=models.UniqueConstraint(condition=models.Q(('is_scheduled', True)), fields=('programme', 'from_on', 'until_on'), name='audit_once'),
        ),
        migrations.AddConstraint(
            model_name='auditrun',
            constraint=models.CheckConstraint(condition=models.Q(('until_on__gt', models.F('from_on'))), name='audit_days'),
        ),
        migrations.AddConstraint(
            model_name='auditrun',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('status', 'open')), models.Q(('closed_at__isnull', False), ('status', 'closed')), _connector='OR'), name='audit_closed'),
        ),
        migrations.AddIndex(
            model_name='auditfinding',
            index=models.Index(condition=models.Q(('status', 'closed'), _negated=True), fields=['tenant_id', 'due_on'], name='finding_due'),
        ),
        migrations.AddIndex(
            model_name='auditfinding',
            index=models.Index(fields=['tenant_id', '-created_at'], name='finding_newest'),
        ),
        migrations.AddConstraint(
            model_name='auditfinding',
            constraint=models.UniqueConstraint(fields=('tenant_id', 'folio'), name='finding_folio'),
        ),
        migrations.AddConstraint(
            model_name='auditfinding',
            constraint=models.CheckConstraint(condition=models.Q(('severity__in', ['low', 'medium', 'high', 'critical'])), name='finding_severity'),
        ),
        migrations.AddConstraint(
            model_name='auditfinding',
            constraint=models.CheckConstraint(condition=models.Q(('status', 'open'), models.Q(('due_on__isnull', False), ('responsible_id__isnull', False), ('status__in', ['planned', 'closed']), models.Q(('correction', ''), _negated=True)), _connector='OR'), name='finding_planned'),
        ),
        migrations.AddConstraint(
            model_name='auditfinding',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'closed'), _negated=True), models.Q(('closed_at__isnull', False), ('closed_by_id__isnull', False), models.Q(('proof', ''), _negated=True), models.Q(('closed_by_id', models.F('responsible_id')), _negated=True)), _connector='OR'), name='finding_two_people'),
        ),
        # The house audits its agencies: they do not read it.
        RowSecurity("compliance_auditprogramme", agency="false"),
        RowSecurity("compliance_auditrun", agency="false"),
        RowSecurity("compliance_auditfinding", agency="false"),
    ]
