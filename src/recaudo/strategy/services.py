"""Writes of strategies: draft, change, submit, approve, activate, retire; and keeping a day's snapshot."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, datetime
from importlib.resources import files
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
from django.core.files import File
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import Max

from recaudo.engine import decide
from recaudo.engine.facts import types
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.strategy.models import Snapshot, Strategy, StrategyVersion

# What the day needs from a strategy: one row per account with these columns.
OUTPUTS = ("segment", "treatment", "channel", "fallback_channel", "template", "offer", "priority")


class StrategyNotSound(Problem):
    code = "strategy_not_sound"
    message = "La estrategia no puede usarse: {findings}"


class NotADraft(Problem):
    code = "not_a_draft"
    message = "Esta versión ya no es un borrador (está «{status}»). Cree un borrador nuevo a partir de ella."
    status = 409


class OwnStrategy(Problem):
    code = "own_strategy"
    message = "Quien hizo la versión no puede aprobarla ni rechazarla: debe hacerlo otra persona."
    status = 403


class NotSubmitted(Problem):
    code = "not_submitted"
    message = "Sólo se decide sobre una versión enviada a aprobación (ésta está «{status}»)."
    status = 409


class NotApproved(Problem):
    code = "not_approved"
    message = "Sólo entra en vigor una versión aprobada (ésta está «{status}»)."
    status = 409


def default_xml() -> bytes:
    """The strategy that comes with the product."""
    return (files("recaudo.strategy") / "defaults" / "collections.dmn").read_bytes()


def sound(xml: bytes) -> decide.Model:
    """The model of a file that the day can use. Raises StrategyNotSound with what is wrong, where and how to mend it."""
    model = decide.read(xml)
    serious = [finding for finding in decide.check(model, types()) if finding.severity == "error"]
    if serious:
        raise StrategyNotSound(findings=" · ".join(f"{f.message} {f.remedy}" for f in serious[:5]))
    compiled = decide.compile(model, types())
    missing = sorted(set(OUTPUTS) - {column.name for column in compiled.columns})
    if missing:
        raise StrategyNotSound(findings=f"faltan las salidas {', '.join(missing)}")
    return model


@transaction.atomic
def create_strategy(*, code: str, name: str, xml: bytes, by: Any, at: datetime, purpose: str = "") -> StrategyVersion:
    """A strategy with its first draft. Raises StrategyNotSound."""
    sound(xml)
    strategy = Strategy.objects.create(code=code, name=name, purpose=purpose, created_at=at)
    return _draft(strategy, xml, None, "Primera versión", by, at)


@transaction.atomic
def draft(base: StrategyVersion, *, note: str, by: Any, at: datetime) -> StrategyVersion:
    """A new draft that starts as a copy of a version."""
    return _draft(base.strategy, base.xml.encode(), base, note, by, at)


def _draft(strategy: Strategy, xml: bytes, base: StrategyVersion | None, note: str, by: Any, at: datetime) -> StrategyVersion:
    last = StrategyVersion.objects.filter(strategy=strategy).aggregate(last=Max("number"))["last"] or 0
    version = StrategyVersion.objects.create(
        strategy=strategy, number=last + 1, xml=xml.decode(), sha256=_sha(xml), note=note, based_on=base,
        created_by_id=by.id, created_at=at,
    )
    journal.record("strategy.drafted", by=by, at=at, subject="strategy_version", subject_id=version.id, number=version.number)
    return version


@transaction.atomic
def change(version: StrategyVersion, *, xml: bytes, note: str, by: Any, at: datetime) -> StrategyVersion:
    """Replace the content of a draft. Raises NotADraft; StrategyNotSound."""
    version = _locked(version)
    if version.status != "draft":
        raise NotADraft(status=version.status)
    sound(xml)
    before = version.sha256
    version.xml, version.sha256 = xml.decode(), _sha(xml)
    version.note = note or version.note
    version.save(update_fields=["xml", "sha256", "note"])
    journal.record("strategy.changed", by=by, at=at, subject="strategy_version", subject_id=version.id, before=before, after=version.sha256)
    return version


@transaction.atomic
def submit(version: StrategyVersion, *, by: Any, at: datetime) -> StrategyVersion:
    """Send a draft to approval; from here on its content never changes. Raises NotADraft; StrategyNotSound."""
    version = _locked(version)
    if version.status != "draft":
        raise NotADraft(status=version.status)
    sound(version.xml.encode())
    version.status, version.submitted_at = "submitted", at
    version.save(update_fields=["status", "submitted_at"])
    journal.record("strategy.submitted", by=by, at=at, subject="strategy_version", subject_id=version.id, sha256=version.sha256)
    return version


@transaction.atomic
def approve(version: StrategyVersion, *, by: Any, at: datetime, note: str = "") -> StrategyVersion:
    """A second person agrees. Raises NotSubmitted; OwnStrategy."""
    return _decide(version, "approved", "strategy.approved", by, at, note)


@transaction.atomic
def reject(version: StrategyVersion, *, by: Any, at: datetime, note: str) -> StrategyVersion:
    """A second person does not agree, and says why. Raises NotSubmitted; OwnStrategy."""
    return _decide(version, "rejected", "strategy.rejected", by, at, note)


def _decide(version: StrategyVersion, status: str, event: str, by: Any, at: datetime, note: str) -> StrategyVersion:
    version = _locked(version)
    if version.status != "submitted":
        raise NotSubmitted(status=version.status)
    if by.id is not None and by.id == version.created_by_id:
        raise OwnStrategy()
    version.status, version.decided_by_id, version.decided_at, version.decision_note = status, by.id, at, note
    version.save(update_fields=["status", "decided_by_id", "decided_at", "decision_note"])
    journal.record(event, by=by, at=at, subject="strategy_version", subject_id=version.id, sha256=version.sha256)
    return version


@transaction.atomic
def activate(version: StrategyVersion, *, on: date, by: Any, at: datetime) -> StrategyVersion:
    """Put an approved (or formerly active: a rollback) version in force; the one before is retired. Raises NotApproved."""
    version = _locked(version)
    if version.status not in {"approved", "retired"} or version.decided_at is None:
        raise NotApproved(status=version.status)
    for before in StrategyVersion.objects.select_for_update().filter(strategy_id=version.strategy_id, status="active"):
        before.status, before.retired_at = "retired", at
        before.save(update_fields=["status", "retired_at"])
        journal.record("strategy.retired", by=by, at=at, subject="strategy_version", subject_id=before.id)
    version.status, version.active_from, version.retired_at = "active", on, None
    version.save(update_fields=["status", "active_from", "retired_at"])
    journal.record("strategy.activated", by=by, at=at, subject="strategy_version", subject_id=version.id, sha256=version.sha256)
    return version


def keep_snapshot(
    rows: Iterator[pa.RecordBatch], *, schema: pa.Schema, on: date, run_id: UUID, version: StrategyVersion, by: Any, at: datetime
) -> Snapshot:
    """Write a day's facts and decisions as Parquet, sorted by account, and register it.

    The file goes to the storage «snapshots» (a local folder or S3-compatible). Repeating a day's run replaces its file.
    """
    with NamedTemporaryFile(suffix=".parquet") as draft_file:
        count = 0
        with pq.ParquetWriter(draft_file.name, schema, compression="zstd") as writer:
            for batch in rows:
                writer.write_batch(batch, row_group_size=50_000)
                count += batch.num_rows
        digest = hashlib.sha256()
        with open(draft_file.name, "rb") as written:
            while block := written.read(1 << 20):
                digest.update(block)
        key = f"{version.tenant_id}/on={on}/accounts.parquet"
        storage = storages["snapshots"]
        if storage.exists(key):
            storage.delete(key)
        with open(draft_file.name, "rb") as written:
            storage.save(key, File(written))
    snapshot, _ = Snapshot.objects.update_or_create(
        on=on, tenant_id=version.tenant_id,
        defaults={"run_id": run_id, "version": version, "key": key, "row_count": count, "sha256": digest.hexdigest(), "created_at": at},
    )
    journal.record("snapshot.kept", by=by, at=at, subject="snapshot", subject_id=snapshot.id, on=on, rows=count, sha256=snapshot.sha256)
    return snapshot


def _locked(version: StrategyVersion) -> StrategyVersion:
    locked: StrategyVersion = StrategyVersion.objects.select_for_update().select_related("strategy").get(pk=version.pk)
    return locked


def _sha(xml: bytes) -> str:
    return hashlib.sha256(xml).hexdigest()
