"""Evidence files, requests and complaints with their clocks, retention and the proofs of removal."""

import django.db.models.deletion
import recaudo.store.keys
import recaudo.store.tenancy
from django.db import migrations, models

from recaudo.store.operations import RowSecurity


# The input of a permit is the only personal part of a table to which the application may only add. Runs as the owner; row security
# still applies to it.
FORGET = """
CREATE FUNCTION recaudo_forget_permits(person uuid) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  done integer;
BEGIN
  UPDATE casework_permitrecord SET input = NULL WHERE person_id = person AND input IS NOT NULL;
  GET DIAGNOSTICS done = ROW_COUNT;
  RETURN done;
END $$;
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('casework', '0004_decision_input'),
        ('portfolio', '0004_covering_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='RemovalProof',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('run_id', models.UUIDField(null=True)),
                ('request_id', models.UUIDField(null=True)),
                ('pseudonym', models.CharField(max_length=64)),
                ('basis', models.CharField(max_length=40)),
                ('rule', models.CharField(blank=True, max_length=40)),
                ('country', models.CharField(max_length=2)),
                ('tables', models.JSONField(default=dict)),
                ('file_count', models.IntegerField(default=0)),
                ('digest', models.CharField(max_length=64)),
                ('by_id', models.UUIDField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['tenant_id', 'run_id'], name='removal_run')],
                'constraints': [models.UniqueConstraint(fields=('tenant_id', 'pseudonym'), name='removal_once')],
            },
        ),
        migrations.CreateModel(
            name='RetentionRun',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('on', models.DateField()),
                ('status', models.CharField(default='proposed', max_length=10)),
                ('due_count', models.IntegerField(default=0)),
                ('held_count', models.IntegerField(default=0)),
                ('done_count', models.IntegerField(default=0)),
                ('counts', models.JSONField(default=dict)),
                ('removed', models.JSONField(default=dict)),
                ('proposed_by_id', models.UUIDField(null=True)),
                ('proposed_by_name', models.CharField(blank=True, max_length=120)),
                ('approved_by_id', models.UUIDField(null=True)),
                ('approved_by_name', models.CharField(blank=True, max_length=120)),
                ('approved_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('problem', models.CharField(blank=True, max_length=300)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('status__in', ['proposed', 'running'])), fields=('tenant_id',), name='retention_run_one_open'), models.CheckConstraint(condition=models.Q(('approved_by_id', None), ('proposed_by_id', None), models.Q(('approved_by_id', models.F('proposed_by_id')), _negated=True), _connector='OR'), name='retention_run_two_people')],
            },
        ),
        migrations.CreateModel(
            name='RetentionTerm',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('country', models.CharField(max_length=2)),
                ('years', models.PositiveSmallIntegerField()),
                ('reason', models.CharField(max_length=300)),
                ('proposed_by_id', models.UUIDField(null=True)),
                ('approved_by_id', models.UUIDField(null=True)),
                ('approved_at', models.DateTimeField(null=True)),
                ('withdrawn_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('years__gte', 1), ('years__lte', 30)), name='retention_term_years'), models.CheckConstraint(condition=models.Q(('approved_by_id', None), ('proposed_by_id', None), models.Q(('approved_by_id', models.F('proposed_by_id')), _negated=True), _connector='OR'), name='retention_term_two_people')],
            },
        ),
        migrations.CreateModel(
            name='RightsRequest',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('folio', models.CharField(max_length=20)),
                ('kind', models.CharField(max_length=16)),
                ('status', models.CharField(default='received', max_length=12)),
                ('channel', models.CharField(max_length=16)),
                ('received_on', models.DateField()),
                ('text', models.TextField(blank=True)),
                ('jurisdiction', models.CharField(blank=True, max_length=12)),
                ('rule', models.CharField(blank=True, max_length=40)),
                ('citation', models.CharField(blank=True, max_length=200)),
                ('confidence', models.CharField(blank=True, max_length=20)),
                ('due_on', models.DateField()),
                ('extended_on', models.DateField(null=True)),
                ('extension_reason', models.CharField(blank=True, max_length=300)),
                ('identity_method', models.CharField(blank=True, max_length=20)),
                ('identity_checked_at', models.DateTimeField(null=True)),
                ('identity_by_id', models.UUIDField(null=True)),
                ('assigned_to_id', models.UUIDField(null=True)),
                ('outcome', models.CharField(blank=True, max_length=8)),
                ('answer', models.TextField(blank=True)),
                ('answered_at', models.DateTimeField(null=True)),
                ('answered_by_id', models.UUIDField(null=True)),
                ('hold_id', models.UUIDField(null=True)),
                ('path', models.CharField(blank=True, max_length=200)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('by_id', models.UUIDField(null=True)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='portfolio.person')),
            ],
        ),
        migrations.CreateModel(
            name='RightsStep',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('kind', models.CharField(max_length=16)),
                ('text', models.CharField(blank=True, max_length=500)),
                ('by_id', models.UUIDField(null=True)),
                ('by_name', models.CharField(blank=True, max_length=120)),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='compliance.rightsrequest')),
            ],
        ),
        migrations.CreateModel(
            name='Complaint',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('account_id', models.UUIDField(null=True)),
                ('creditor_id', models.UUIDField(null=True)),
                ('folio', models.CharField(max_length=20)),
                ('outside_folio', models.CharField(blank=True, max_length=60)),
                ('lodged', models.CharField(default='house', max_length=16)),
                ('channel', models.CharField(max_length=16)),
                ('cause', models.CharField(max_length=20)),
                ('about', models.CharField(default='other', max_length=10)),
                ('agency_id', models.UUIDField(null=True)),
                ('user_id', models.UUIDField(null=True)),
                ('action_id', models.UUIDField(null=True)),
                ('hold_id', models.UUIDField(null=True)),
                ('text', models.TextField(blank=True)),
                ('received_on', models.DateField()),
                ('jurisdiction', models.CharField(blank=True, max_length=12)),
                ('rule', models.CharField(blank=True, max_length=40)),
                ('citation', models.CharField(blank=True, max_length=200)),
                ('confidence', models.CharField(blank=True, max_length=20)),
                ('due_on', models.DateField()),
                ('status', models.CharField(default='open', max_length=10)),
                ('assigned_to_id', models.UUIDField(null=True)),
                ('result', models.CharField(blank=True, max_length=10)),
                ('answer', models.TextField(blank=True)),
                ('measure', models.CharField(blank=True, max_length=300)),
                ('answered_at', models.DateTimeField(null=True)),
                ('answered_by_id', models.UUIDField(null=True)),
                ('by_id', models.UUIDField(null=True)),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='portfolio.person')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('status__in', ['open', 'in_review'])), fields=['tenant_id', 'due_on'], name='complaint_due'), models.Index(fields=['tenant_id', '-received_on'], name='complaint_newest'), models.Index(fields=['tenant_id', 'person'], name='complaint_person')],
                'constraints': [models.UniqueConstraint(fields=('tenant_id', 'folio'), name='complaint_folio'), models.UniqueConstraint(condition=models.Q(('action_id__isnull', False)), fields=('tenant_id', 'action_id'), name='complaint_action')],
            },
        ),
        migrations.CreateModel(
            name='EvidenceFile',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('reason', models.CharField(max_length=300)),
                ('recipient', models.CharField(blank=True, max_length=120)),
                ('is_masked', models.BooleanField(default=True)),
                ('status', models.CharField(default='waiting', max_length=8)),
                ('path', models.CharField(blank=True, max_length=200)),
                ('size', models.BigIntegerField(default=0)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('record_count', models.IntegerField(default=0)),
                ('event_count', models.IntegerField(default=0)),
                ('key_id', models.CharField(blank=True, max_length=64)),
                ('by_id', models.UUIDField(null=True)),
                ('by_name', models.CharField(blank=True, max_length=120)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('finished_at', models.DateTimeField(null=True)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='portfolio.person')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant_id', '-created_at'], name='evidence_newest'), models.Index(fields=['tenant_id', 'person'], name='evidence_person')],
            },
        ),
        migrations.AddIndex(
            model_name='rightsrequest',
            index=models.Index(condition=models.Q(('status__in', ['received', 'in_progress'])), fields=['tenant_id', 'due_on'], name='rights_due'),
        ),
        migrations.AddIndex(
            model_name='rightsrequest',
            index=models.Index(fields=['tenant_id', 'person'], name='rights_person'),
        ),
        migrations.AddConstraint(
            model_name='rightsrequest',
            constraint=models.UniqueConstraint(fields=('tenant_id', 'folio'), name='rights_folio'),
        ),
        migrations.AddConstraint(
            model_name='rightsrequest',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['access', 'rectification', 'cancellation', 'opposition', 'portability', 'restriction', 'human_review'])), name='rights_kind'),
        ),
        migrations.AddConstraint(
            model_name='rightsrequest',
            constraint=models.CheckConstraint(condition=models.Q(('identity_by_id', None), ('identity_checked_at__isnull', False), _connector='OR'), name='rights_identity'),
        ),
        migrations.AddIndex(
            model_name='rightsstep',
            index=models.Index(fields=['request', 'created_at'], name='rights_step_order'),
        ),
        RowSecurity("compliance_evidencefile", agency="false"),
        RowSecurity("compliance_rightsrequest", agency="false"),
        RowSecurity("compliance_rightsstep", agency="false"),
        # An agency's own people report the complaints that they hear.
        RowSecurity("compliance_complaint", agency="agency_id = {agency}"),
        RowSecurity("compliance_retentionterm", agency="false"),
        RowSecurity("compliance_retentionrun", agency="false"),
        RowSecurity("compliance_removalproof", agency="false"),
        migrations.RunSQL(FORGET, "DROP FUNCTION recaudo_forget_permits(uuid)"),
    ]
