"""What was approved before there was a place for it in the signed chain of acts is put there now."""

from typing import Any

from django.db import migrations


def chain_what_was_approved(apps: Any, schema_editor: Any) -> None:
    from recaudo.law.signing import GENESIS, sign

    decisions, acts = apps.get_model("law", "LawDecision"), apps.get_model("law", "LawChange")
    alias = schema_editor.connection.alias
    # The owner is held by row security too (forced): lifted for these statements.
    for table in ("law_lawdecision", "law_lawchange"):
        schema_editor.execute(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
    for row in decisions.objects.using(alias).filter(approved_at__isnull=False, withdrawn_at=None).order_by("approved_at", "id"):
        last = acts.objects.using(alias).filter(tenant_id=row.tenant_id).order_by("-number").first()
        content = {"kind": "choice", "name": row.name, "choice": row.choice, "proposed_by": str(row.proposed_by_id)}
        act = acts(
            tenant_id=row.tenant_id, created_at=row.approved_at, number=last.number + 1 if last else 1, act="decided", subject_id=row.id, content=content,
            reason=row.reason, by_id=row.approved_by_id,
        )  # fmt: skip
        sign(act, bytes(last.hash) if last else GENESIS)
        act.save(using=alias, force_insert=True)
    for table in ("law_lawdecision", "law_lawchange"):
        schema_editor.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')


class Migration(migrations.Migration):
    dependencies = [("law", "0003_signed_changes")]

    operations = [migrations.RunPython(chain_what_was_approved, migrations.RunPython.noop)]
