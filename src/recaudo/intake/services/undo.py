"""Undo a batch: created accounts are recalled with reversing entries, changed ones get their figures back, payments are reversed.

Refused while something later rests on it, and it says what. Nothing is deleted: the ledger shows the way there and back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import ForeignObjectRel

from recaudo.intake.fields import STATUS_ES
from recaudo.intake.models import Batch
from recaudo.intake.services.before import read_before
from recaudo.intake.services.keeping import FilesGone
from recaudo.intake.services.load_accounts import COMPARED
from recaudo.intake.services.reconcile import Mismatch
from recaudo.intake.services.sealing import stage_texts
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, Payment
from recaudo.store import tenancy
from recaudo.store.bulk import staging


class NotUndoable(Problem):
    code = "batch_not_undoable"
    message = "Sólo se deshace una carga aplicada; ésta está «{status}»."
    status = 409


class LaterWork(Problem):
    code = "batch_has_later_work"
    message = "No se puede deshacer: después de esta carga hay {what}. Revierta primero eso, o corrija con un archivo de actualización."
    status = 409


TYPES: dict[str, str] = {
    "status": "text", "opened_on": "date", "written_off_on": "date", "credit_limit_minor": "bigint", "balance_minor": "bigint",
    "overdue_minor": "bigint", "instalments_overdue": "integer", "oldest_due_on": "date", "next_due_on": "date", "dpd": "integer",
    "last_payment_on": "date", "last_payment_minor": "bigint", "worst_status_6m": "smallint", "risk_score": "smallint", "branch": "text",
    "pay_reference": "text", "acceptance": "text", "purchase_order": "text", "derived": "jsonb", "extra": "jsonb", "bucket": "text", "stage": "text",
    "closed_on": "date", "batch_id": "uuid",
}  # fmt: skip
# What was made with the account and goes back with it.
_OWN = {"accountparty", "instalment", "buckethistory", "ledgerentry", "placement"}
_LABELS = {"payment": "pagos", "promise": "promesas", "document": "documentos", "delinquencypause": "pausas de mora"}


@transaction.atomic
def undo(batch: Batch, *, by: Any, at: datetime) -> Batch:
    """Take a batch back. Raises NotUndoable, FilesGone, LaterWork."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 11))", [f"intake:{tenancy.tenant_id()}"])
    batch = Batch.objects.select_for_update(of=("self",)).select_related("layout").get(id=batch.id)
    if batch.status != "applied" or batch.layout is None:
        raise NotUndoable(status=STATUS_ES.get(batch.status, batch.status))
    if batch.files_gone_at is not None:
        raise FilesGone(days=settings.INTAKE_FILES_KEPT_DAYS)
    if later := what_depends(batch):
        raise LaterWork(what=", ".join(f"{count} {label}" for label, count in later.items()))
    counts = _undo_payments(batch, by=by, at=at) if batch.layout.target == "payments" else _undo_accounts(batch, by=by, at=at)
    batch.status, batch.undone_at, batch.undone_by_id = "undone", at, by.id
    batch.save(update_fields=["status", "undone_at", "undone_by_id"])
    journal.record("batch.undone", by=by, at=at, subject="batch", subject_id=batch.id, changes=counts)
    return batch


def what_depends(batch: Batch) -> dict[str, int]:
    """What came after and rests on the batch: Spanish label -> count; empty when it can be undone."""
    if batch.layout is None or batch.layout.target == "payments":
        return {}
    found: dict[str, int] = {}
    later = Batch.objects.filter(status="applied", applied_at__gt=batch.applied_at, layout__target__in=["accounts", "update"])
    changed = _changed_since(batch) if later.exists() else 0
    if changed:
        found["cuentas que cambió otra carga posterior"] = changed
    mine = Account.objects.filter(batch_id=batch.id)
    for relation in Account._meta.related_objects:
        label = _label(relation)
        if label is None:
            continue
        model, field = relation.related_model, relation.field.name
        rows = model._default_manager.filter(**{f"{field}__in": mine}, created_at__gt=batch.applied_at)
        if model is Payment:
            rows = rows.exclude(status="reversed")
        if count := rows.count():
            found[label] = count
    return found | _work_by_id(batch)


def _label(relation: ForeignObjectRel) -> str | None:
    name = relation.related_model._meta.model_name
    if name in _OWN:
        return None
    return _LABELS.get(name, str(relation.related_model._meta.verbose_name_plural))


def _work_by_id(batch: Batch) -> dict[str, int]:
    """Work that points at accounts by a plain id. The tables belong to floors above, so they are found in the catalogue, not imported."""
    found: dict[str, int] = {}
    tables = {"casework_action": "gestiones", "casework_hold": "suspensiones", "casework_dispute": "aclaraciones", "messaging_message": "mensajes"}
    with connection.cursor() as cursor:
        for table, label in tables.items():
            cursor.execute("SELECT 1 FROM information_schema.columns WHERE table_name = %s AND column_name = 'account_id'", [table])
            if cursor.fetchone() is None:
                continue
            cursor.execute(
                f"SELECT count(*) FROM {table} w JOIN portfolio_account a ON a.id = w.account_id AND a.tenant_id = %s"
                " WHERE w.tenant_id = %s AND a.batch_id = %s AND w.created_at > %s",
                [tenancy.tenant_id(), tenancy.tenant_id(), batch.id, batch.applied_at],
            )
            if count := cursor.fetchone()[0]:
                found[label] = count
    return found


def _changed_since(batch: Batch) -> int:
    """Accounts of this batch that another one has written since: its entries or its kept rows are there, its mark is not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT a.id) FROM portfolio_ledgerentry e JOIN portfolio_account a ON a.id = e.account_id AND a.tenant_id = %s"
            " WHERE e.tenant_id = %s AND e.batch_id = %s AND e.kind IN ('opening', 'adjustment') AND a.batch_id IS DISTINCT FROM %s",
            [tenancy.tenant_id(), tenancy.tenant_id(), batch.id, batch.id],
        )
        changed = int(cursor.fetchone()[0])
    for part in read_before(batch, "accounts"):
        ids = part["account_id"].to_pylist()
        changed += Account.objects.filter(id__in=ids).exclude(batch_id=batch.id).count()
    return changed


_TAKE_BACK = """
INSERT INTO portfolio_ledgerentry (id, tenant_id, created_at, account_id, instalment_id, reverses_id, "on", kind, component, amount_minor, by_id)
SELECT recaudo_uuid7(), %(tenant)s, %(at)s, e.account_id, e.instalment_id, e.id, %(on)s, 'reversal', e.component, -e.amount_minor, %(by)s
FROM portfolio_ledgerentry e WHERE e.tenant_id = %(tenant)s AND e.batch_id = %(batch)s AND e.kind IN ('opening', 'adjustment')
AND NOT EXISTS (SELECT 1 FROM portfolio_ledgerentry r WHERE r.reverses_id = e.id)
"""
_RECALL = """
UPDATE portfolio_account a SET status = 'recalled', closed_on = %(on)s, overdue_minor = 0, instalments_overdue = 0, oldest_due_on = NULL,
  next_due_on = NULL, dpd = 0, bucket = 'CUR', stage = 'preventive', batch_id = NULL, updated_at = %(at)s
WHERE a.tenant_id = %(tenant)s AND a.batch_id = %(batch)s AND NOT EXISTS (SELECT 1 FROM intake_was w WHERE w.account_id = a.id)
"""
_NOTHING_DUE = """
UPDATE portfolio_instalment i SET amount_minor = i.paid_minor FROM portfolio_account a
WHERE a.tenant_id = %(tenant)s AND a.batch_id = %(batch)s AND i.tenant_id = %(tenant)s AND i.account_id = a.id AND i.amount_minor <> i.paid_minor
AND NOT EXISTS (SELECT 1 FROM intake_was w WHERE w.account_id = a.id)
"""
_RESTORE = """
UPDATE portfolio_account a SET {sets}, closed_on = w.closed_on, batch_id = w.batch_id, updated_at = %(at)s
FROM intake_was w WHERE a.id = w.account_id AND a.tenant_id = %(tenant)s
"""
_DUES_BACK = """
UPDATE portfolio_instalment i SET amount_minor = w.was FROM intake_due_was w WHERE i.id = w.id AND i.tenant_id = %(tenant)s AND w.id IS NOT NULL
"""
_DUES_GONE = """
UPDATE portfolio_instalment i SET amount_minor = i.paid_minor FROM intake_due_was w
WHERE w.id IS NULL AND i.tenant_id = %(tenant)s AND i.account_id = w.account_id AND i.due_on = w.due_on AND i.amount_minor = w.amount_minor
AND i.created_at >= %(since)s
"""
_POINTS = """
UPDATE portfolio_contactpoint SET status = 'invalid', ownership_score = 0
WHERE tenant_id = %(tenant)s AND batch_id = %(batch)s AND status = 'unverified'
"""
_CONSENTS = """
UPDATE portfolio_consent SET revoked_at = %(at)s WHERE tenant_id = %(tenant)s AND evidence = %(evidence)s AND revoked_at IS NULL
"""


def _undo_accounts(batch: Batch, *, by: Any, at: datetime) -> dict[str, int]:
    values = {
        "tenant": tenancy.tenant_id(), "at": at, "on": portfolio.local_day(at), "by": by.id, "batch": batch.id, "evidence": f"Carga {batch.id}",
        "since": batch.applied_at,
    }  # fmt: skip
    due = {"id": "uuid", "account_id": "uuid", "due_on": "date", "was": "bigint", "amount_minor": "bigint"}
    with staging("intake_was", {"account_id": "uuid", **TYPES}), staging("intake_due_was", due), connection.cursor() as cursor:
        for part in read_before(batch, "accounts"):
            stage_texts("intake_was", part)
        for part in read_before(batch, "instalments"):
            stage_texts("intake_due_was", part)
        done: dict[str, int] = {}
        # The ledger's trigger keeps balances in step: reversing entries bring them back.
        for name, statement in (
            ("entries", _TAKE_BACK), ("", _NOTHING_DUE), ("recalled", _RECALL),
            ("restored", _RESTORE.format(sets=", ".join(f"{name} = w.{name}" for name in COMPARED if name != "balance_minor"))),
            ("", _DUES_BACK), ("", _DUES_GONE), ("contact_points", _POINTS), ("consents", _CONSENTS),
        ):  # fmt: skip
            cursor.execute(statement, values)
            if name:
                done[name] = cursor.rowcount
        cursor.execute(
            "SELECT count(*) FROM intake_was w JOIN portfolio_account a ON a.id = w.account_id AND a.tenant_id = %(tenant)s"
            " WHERE a.balance_minor <> w.balance_minor", values,
        )  # fmt: skip
        if wrong := cursor.fetchone()[0]:
            raise Mismatch(count=wrong)
    return done


def _undo_payments(batch: Batch, *, by: Any, at: datetime) -> dict[str, int]:
    """Payment by payment: each reversal wakes what depends on it (promises, cases)."""
    payments = Payment.objects.filter(batch_id=batch.id, status__in=["applied", "unidentified"]).order_by("id")
    count = 0
    for payment in payments.iterator(chunk_size=1000):
        portfolio.reverse_payment(payment, reason="Se deshizo la carga del archivo", by=by, at=at)
        count += 1
    return {"reversed": count}
