"""Exceptional events and the accounts that they affected, with what shows it. A table of its own each: nothing that exists is touched."""

import django.db.models.deletion
import recaudo.store.keys
import recaudo.store.tenancy
from django.db import migrations, models

from recaudo.store.operations import RowSecurity, placed_account


class Migration(migrations.Migration):

    dependencies = [
        ('portfolio', '0008_payments_newest'),
    ]

    operations = [
        migrations.CreateModel(
            name='ExceptionalEvent',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('name', models.CharField(max_length=120)),
                ('kind', models.CharField(max_length=12)),
                ('country', models.CharField(blank=True, max_length=2)),
                ('subdivision', models.CharField(blank=True, max_length=6)),
                ('from_on', models.DateField()),
                ('until_on', models.DateField(null=True)),
                ('declared_by', models.CharField(max_length=200)),
                ('claim_days', models.PositiveSmallIntegerField()),
                ('proposed_by_id', models.UUIDField()),
                ('decided_by_id', models.UUIDField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('is_approved', models.BooleanField(null=True)),
                ('answer', models.CharField(blank=True, max_length=200)),
                ('creditor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='portfolio.creditor')),
                ('portfolio', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='portfolio.portfolio')),
            ],
        ),
        migrations.CreateModel(
            name='EventMark',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('evidence_kind', models.CharField(max_length=12)),
                ('evidence', models.CharField(blank=True, max_length=200)),
                ('marked_on', models.DateField()),
                ('expires_on', models.DateField(null=True)),
                ('by_id', models.UUIDField(null=True)),
                ('by_name', models.CharField(blank=True, max_length=80)),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('withdrawn_why', models.CharField(blank=True, max_length=200)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='event_marks', to='portfolio.account')),
                ('event', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='marks', to='portfolio.exceptionalevent')),
            ],
        ),
        migrations.AddConstraint(
            model_name='exceptionalevent',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['catastrophe', 'pandemic', 'strike', 'other'])), name='exceptional_kind'),
        ),
        migrations.AddConstraint(
            model_name='exceptionalevent',
            constraint=models.CheckConstraint(condition=models.Q(('until_on', None), ('until_on__gte', models.F('from_on')), _connector='OR'), name='exceptional_days'),
        ),
        migrations.AddConstraint(
            model_name='exceptionalevent',
            constraint=models.CheckConstraint(condition=models.Q(('claim_days__gte', 1), ('claim_days__lte', 365)), name='exceptional_claim_days'),
        ),
        migrations.AddConstraint(
            model_name='exceptionalevent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('is_approved', True), _negated=True), models.Q(('decided_by_id__isnull', False), models.Q(('decided_by_id', models.F('proposed_by_id')), _negated=True)), _connector='OR'), name='exceptional_two_people'),
        ),
        migrations.AddConstraint(
            model_name='exceptionalevent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by_id', None), ('is_approved', None)), models.Q(('decided_at__isnull', False), ('is_approved__isnull', False)), _connector='OR'), name='exceptional_decided'),
        ),
        migrations.AddIndex(
            model_name='eventmark',
            index=models.Index(fields=['tenant_id', 'event', 'account'], name='event_mark_event'),
        ),
        migrations.AddConstraint(
            model_name='eventmark',
            constraint=models.UniqueConstraint(condition=models.Q(('withdrawn_at', None)), fields=('tenant_id', 'event', 'account'), name='event_mark_once'),
        ),
        migrations.AddConstraint(
            model_name='eventmark',
            constraint=models.CheckConstraint(condition=models.Q(('evidence_kind__in', ['claimed', 'document', 'authority', 'creditor', 'visit'])), name='event_mark_kind'),
        ),
        migrations.AddConstraint(
            model_name='eventmark',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('evidence_kind', 'claimed'), ('expires_on__isnull', False)), models.Q(models.Q(('evidence_kind', 'claimed'), _negated=True), models.Q(('evidence', ''), _negated=True), ('expires_on', None)), _connector='OR'), name='event_mark_proof'),
        ),
        RowSecurity("portfolio_exceptionalevent"),
        RowSecurity("portfolio_eventmark", agency=placed_account("portfolio_eventmark.account_id")),
    ]
