"""Cases that a day can open by the hundred thousand: no index of empty values, and the person asked for once a statement."""

import django.db.models.deletion
from django.db import migrations, models

SET_NULL = django.db.models.deletion.SET_NULL
# The functions are those of portfolio/0006_lean_keys.
TRIGGERS = """
CREATE TRIGGER keys_entered AFTER INSERT ON casework_case REFERENCING NEW TABLE AS entered
  FOR EACH STATEMENT EXECUTE FUNCTION portfolio_referenced('person_id', 'portfolio_person');
CREATE TRIGGER repointed_person_id AFTER UPDATE OF person_id, tenant_id ON casework_case FOR EACH ROW
  WHEN (OLD.person_id IS DISTINCT FROM NEW.person_id OR OLD.tenant_id <> NEW.tenant_id)
  EXECUTE FUNCTION portfolio_repointed('person_id', 'portfolio_person');
CREATE TRIGGER keys_needed_by_cases BEFORE DELETE OR UPDATE OF id ON portfolio_person FOR EACH ROW
  WHEN (true) EXECUTE FUNCTION portfolio_needed('casework_case', 'person_id');
"""
NO_TRIGGERS = """
DROP TRIGGER keys_needed_by_cases ON portfolio_person;
DROP TRIGGER repointed_person_id ON casework_case;
DROP TRIGGER keys_entered ON casework_case;
"""


def held(name: str, field: str) -> migrations.AddIndex:
    return migrations.AddIndex("case", models.Index(condition=models.Q(**{f"{field}__isnull": False}), fields=[field], name=name))


class Migration(migrations.Migration):
    dependencies = [("casework", "0005_search"), ("portfolio", "0006_lean_keys")]
    operations = [
        migrations.AlterField(
            "case", "person",
            models.ForeignKey(
                db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name="cases", to="portfolio.person"
            ),
        ),
        migrations.AlterField(
            "case", "assigned_to",
            models.ForeignKey(db_index=False, null=True, on_delete=SET_NULL, related_name="cases", to="workforce.user"),
        ),
        migrations.AlterField("case", "team", models.ForeignKey(db_index=False, null=True, on_delete=SET_NULL, to="workforce.team")),
        migrations.AlterField(
            "case", "locked_by",
            models.ForeignKey(db_index=False, null=True, on_delete=SET_NULL, related_name="locked_cases", to="workforce.user"),
        ),
        migrations.RemoveIndex("case", "case_agenda"),
        migrations.AddIndex(
            "case",
            models.Index(
                condition=models.Q(status="open", assigned_to__isnull=False), fields=["tenant_id", "assigned_to", "next_at"], name="case_agenda"
            ),
        ),
        held("case_assigned", "assigned_to"),
        held("case_team", "team"),
        held("case_locked", "locked_by"),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
    ]
