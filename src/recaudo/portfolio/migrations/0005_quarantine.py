"""Values in quarantine: what is said of one contact point holds for every one with the same value, also for those that come later."""

import django.db.models.deletion
import recaudo.store.keys
import recaudo.store.tenancy
from django.db import migrations, models

from recaudo.store.operations import RowSecurity, placed_person

# A value is one debtor's when a release for them stands. The functions look with the whole organisation's eyes: what another
# agency's people heard counts too.
TRIGGERS = r"""
CREATE FUNCTION portfolio_is_quarantined(tenant uuid, person uuid, value bytea) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  eyes text := current_setting('recaudo.agency', true);
  found boolean;
BEGIN
  PERFORM set_config('recaudo.agency', '', true);
  found := EXISTS (SELECT 1 FROM portfolio_quarantine q WHERE q.tenant_id = tenant AND (q.value_index = value OR q.twin_index = value)
    AND NOT EXISTS (SELECT 1 FROM portfolio_quarantinerelease r WHERE r.tenant_id = tenant AND r.quarantine_id = q.id
                    AND r.person_id = person AND r.is_approved AND r.revoked_at IS NULL));
  PERFORM set_config('recaudo.agency', coalesce(eyes, ''), true);
  RETURN found;
END $$;

CREATE FUNCTION portfolio_quarantine_new() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  eyes text := current_setting('recaudo.agency', true);
BEGIN
  PERFORM set_config('recaudo.agency', '', true);
  IF EXISTS (SELECT 1 FROM portfolio_quarantine) THEN
    UPDATE portfolio_contactpoint p SET status = 'wrong_party', ownership_score = 0
    FROM added a JOIN portfolio_quarantine q ON q.tenant_id = a.tenant_id AND a.value_index IN (q.value_index, q.twin_index)
    WHERE p.id = a.id AND p.status IN ('unverified', 'valid', 'stale')
      AND portfolio_is_quarantined(a.tenant_id, a.person_id, a.value_index);
  END IF;
  PERFORM set_config('recaudo.agency', coalesce(eyes, ''), true);
  RETURN NULL;
END $$;
CREATE TRIGGER contact_point_quarantine AFTER INSERT ON portfolio_contactpoint
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION portfolio_quarantine_new();

CREATE FUNCTION portfolio_quarantine_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF portfolio_is_quarantined(NEW.tenant_id, NEW.person_id, NEW.value_index) THEN
    RAISE EXCEPTION 'a value in quarantine is released by two people, with evidence';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER contact_point_kept BEFORE UPDATE OF status ON portfolio_contactpoint FOR EACH ROW
  WHEN (NEW.status IN ('unverified', 'valid', 'stale') AND OLD.status IS DISTINCT FROM NEW.status)
  EXECUTE FUNCTION portfolio_quarantine_kept();
"""
# An agency's people see a quarantine when it covers a contact point of somebody placed with them.
SEEN = (
    "EXISTS (SELECT 1 FROM portfolio_contactpoint c WHERE c.tenant_id = portfolio_quarantine.tenant_id"
    " AND c.value_index IN (portfolio_quarantine.value_index, portfolio_quarantine.twin_index))"
)


class Migration(migrations.Migration):

    dependencies = [
        ('portfolio', '0004_covering_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Quarantine',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('kind', models.CharField(max_length=8)),
                ('value_index', models.BinaryField()),
                ('twin_index', models.BinaryField(null=True)),
                ('hint', models.CharField(max_length=40)),
                ('channel', models.CharField(max_length=16)),
                ('evidence_kind', models.CharField(max_length=16)),
                ('evidence', models.CharField(max_length=300)),
                ('action_id', models.UUIDField(null=True)),
                ('by_id', models.UUIDField(null=True)),
                ('by_name', models.CharField(blank=True, max_length=80)),
                ('last_at', models.DateTimeField()),
                ('reports', models.PositiveIntegerField(default=1)),
                ('person', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='quarantines', to='portfolio.person')),
            ],
        ),
        migrations.CreateModel(
            name='QuarantineRelease',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('evidence_kind', models.CharField(max_length=16)),
                ('evidence', models.CharField(max_length=300)),
                ('proposed_by_id', models.UUIDField()),
                ('decided_by_id', models.UUIDField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('is_approved', models.BooleanField(null=True)),
                ('answer', models.CharField(blank=True, max_length=200)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('person', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='quarantine_releases', to='portfolio.person')),
                ('quarantine', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='releases', to='portfolio.quarantine')),
            ],
        ),
        migrations.AddIndex(
            model_name='quarantine',
            index=models.Index(condition=models.Q(('twin_index__isnull', False)), fields=['tenant_id', 'twin_index'], name='quarantine_twin'),
        ),
        migrations.AddIndex(
            model_name='quarantine',
            index=models.Index(fields=['tenant_id', '-last_at'], name='quarantine_newest'),
        ),
        migrations.AddConstraint(
            model_name='quarantine',
            constraint=models.UniqueConstraint(fields=('tenant_id', 'value_index'), name='quarantine_once'),
        ),
        migrations.AddConstraint(
            model_name='quarantine',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['phone', 'email', 'address'])), name='quarantine_kind'),
        ),
        migrations.AddConstraint(
            model_name='quarantinerelease',
            constraint=models.UniqueConstraint(condition=models.Q(('is_approved', None)), fields=('tenant_id', 'quarantine', 'person'), name='release_waits_once'),
        ),
        migrations.AddConstraint(
            model_name='quarantinerelease',
            constraint=models.UniqueConstraint(condition=models.Q(('is_approved', True), ('revoked_at', None)), fields=('tenant_id', 'quarantine', 'person'), name='release_holds_once'),
        ),
        migrations.AddConstraint(
            model_name='quarantinerelease',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('is_approved', True), _negated=True), models.Q(('decided_by_id__isnull', False), models.Q(('decided_by_id', models.F('proposed_by_id')), _negated=True)), _connector='OR'), name='release_two_people'),
        ),
        migrations.AddConstraint(
            model_name='quarantinerelease',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by_id', None), ('is_approved', None)), models.Q(('decided_at__isnull', False), ('is_approved__isnull', False)), _connector='OR'), name='release_decided'),
        ),
        migrations.AddConstraint(
            model_name='quarantinerelease',
            constraint=models.CheckConstraint(condition=models.Q(('evidence', ''), _negated=True), name='release_evidence'),
        ),
        RowSecurity("portfolio_quarantine", agency=SEEN),
        RowSecurity("portfolio_quarantinerelease", agency=placed_person("portfolio_quarantinerelease.person_id")),
        migrations.RunSQL(TRIGGERS, migrations.RunSQL.noop),
    ]
