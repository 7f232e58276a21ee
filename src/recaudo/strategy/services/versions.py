"""The life of a version: draft, submitted, approved or rejected, in force, retired. Two people, always."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max

from recaudo.engine import decide
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.strategy.models import Strategy, StrategyVersion
from recaudo.strategy.queries.findings import UNFINISHED, findings
from recaudo.strategy.words import STATUS_ES
from recaudo.workforce import queries as workforce


class StrategyNotSound(Problem):
    code = "strategy_not_sound"
    message = "La estrategia no puede usarse: {findings}"


class SomeoneElsesDraft(Problem):
    code = "someone_elses_draft"
    message = "Este borrador es de otra persona. Cree uno propio a partir de él: así queda claro quién responde por cada cambio."
    status = 403


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


class UnchangedDraft(Problem):
    code = "unchanged_draft"
    message = "Este borrador dice lo mismo que la versión {number}: no hay nada que aprobar. Cambie algo o descártelo."
    status = 409


class NotWithdrawable(Problem):
    code = "not_withdrawable"
    message = "Sólo se descarta un borrador o una versión que espera aprobación (ésta está «{status}»)."
    status = 409


class NotApproved(Problem):
    code = "not_approved"
    message = "Sólo entra en vigor una versión aprobada (ésta está «{status}»)."
    status = 409


def default_xml() -> bytes:
    """The strategy that comes with the product."""
    return (files("recaudo.strategy") / "defaults" / "collections.dmn").read_bytes()


def sound(xml: bytes, *, is_finished: bool = True) -> decide.Model:
    """The model of a file that the day can use. Raises StrategyNotSound with what is wrong, where and how to mend it.

    is_finished   False for a draft: a new row may still have empty results
    """
    model = decide.read(xml)
    serious = [one for one in findings(model) if one.severity == "error" and (is_finished or one.code not in UNFINISHED)]
    if serious:
        listed = " · ".join(f"{one.message} {one.remedy}".strip() for one in serious[:5])
        more = f" · y {len(serious) - 5} más" if len(serious) > 5 else ""
        raise StrategyNotSound(findings=listed + more)
    return model


@transaction.atomic
def create_strategy(*, code: str, name: str, xml: bytes, by: Any, at: datetime, purpose: str = "") -> StrategyVersion:
    """A strategy with its first draft. Raises StrategyNotSound."""
    sound(xml)
    strategy = Strategy.objects.create(code=code, name=name, purpose=purpose, created_at=at)
    return draft_of(strategy, xml, None, "Primera versión", by, at)


@transaction.atomic
def draft(base: StrategyVersion, *, note: str, by: Any, at: datetime) -> StrategyVersion:
    """A new draft that starts as a copy of a version."""
    return draft_of(base.strategy, _bytes(base), base, note, by, at)


def draft_of(strategy: Strategy, xml: bytes, base: StrategyVersion | None, note: str, by: Any, at: datetime) -> StrategyVersion:
    """A new version of a strategy with a content that was found sound. Called by the services of this folder."""
    last = StrategyVersion.objects.filter(strategy=strategy).aggregate(last=Max("number"))["last"] or 0
    version = StrategyVersion.objects.create(
        strategy=strategy, number=last + 1, xml=xml.decode(), sha256=_sha(xml), note=note, based_on=base,
        created_by_id=by.id, created_at=at,
    )
    journal.record("strategy.drafted", by=by, at=at, subject="strategy_version", subject_id=version.id, number=version.number)
    return version


@transaction.atomic
def change(version: StrategyVersion, *, xml: bytes, note: str, by: Any, at: datetime) -> StrategyVersion:
    """Replace the content of a draft. Raises NotADraft; SomeoneElsesDraft; StrategyNotSound."""
    version = edit(version, lambda model: decide.read(xml), by=by, at=at, what="file")
    return set_note(version, note=note, by=by, at=at) if note and note != version.note else version


@transaction.atomic
def edit(
    version: StrategyVersion, change: Callable[[decide.Model], decide.Model], *, by: Any, at: datetime, what: str, **detail: Any
) -> StrategyVersion:
    """Apply a change to a draft as it is now, under a lock. What comes out must be sound, but may have empty results.

    what, detail   for the journal: codes, no texts
    Raises         NotADraft; SomeoneElsesDraft; StrategyNotSound; what `change` raises
    """
    version = _own_draft(version, by)
    before = version.sha256
    changed = change(decide.read(version.xml.encode()))
    sound(changed.xml, is_finished=False)
    version.xml, version.sha256 = changed.xml.decode(), changed.sha256
    if version.created_by_id is None:
        version.created_by_id = by.id  # what the product itself drafted belongs to the first who changes it
    version.save(update_fields=["xml", "sha256", "created_by_id"])
    journal.record("strategy.changed", by=by, at=at, subject="strategy_version", subject_id=version.id, before=before,
                   after=version.sha256, what=what, **detail)  # fmt: skip
    return version


@transaction.atomic
def set_note(version: StrategyVersion, *, note: str, by: Any, at: datetime) -> StrategyVersion:
    """Say in words what a draft changes and why. Raises NotADraft; SomeoneElsesDraft."""
    version = _own_draft(version, by)
    version.note = note
    version.save(update_fields=["note"])
    journal.record("strategy.changed", by=by, at=at, subject="strategy_version", subject_id=version.id, what="note")
    return version


@transaction.atomic
def submit(version: StrategyVersion, *, by: Any, at: datetime) -> StrategyVersion:
    """Send a draft to approval; from here on its content never changes. Raises NotADraft; UnchangedDraft; StrategyNotSound."""
    version = _locked(version)
    if version.status != "draft":
        raise NotADraft(status=said(version))
    model = sound(_bytes(version))
    if version.based_on is not None and not decide.diff(decide.read(_bytes(version.based_on)), model):
        raise UnchangedDraft(number=version.based_on.number)
    version.status, version.submitted_at = "submitted", at
    version.save(update_fields=["status", "submitted_at"])
    journal.record("strategy.submitted", by=by, at=at, subject="strategy_version", subject_id=version.id, sha256=version.sha256)
    return version


@transaction.atomic
def withdraw(version: StrategyVersion, *, by: Any, at: datetime) -> StrategyVersion:
    """Put aside a draft, or take back what was sent, before anyone decided on it. Only its author; it stays to be read.

    Raises   NotWithdrawable; SomeoneElsesDraft
    """
    version = _locked(version)
    if version.status not in {"draft", "submitted"}:
        raise NotWithdrawable(status=said(version))
    if version.created_by_id is not None and by.id != version.created_by_id:
        raise SomeoneElsesDraft()
    before, version.status = version.status, "withdrawn"
    version.save(update_fields=["status"])
    journal.record("strategy.withdrawn", by=by, at=at, subject="strategy_version", subject_id=version.id, before=before)
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
        raise NotSubmitted(status=said(version))
    if by.id is not None and by.id == version.created_by_id:
        raise OwnStrategy()
    version.status, version.decided_by_id, version.decided_at, version.decision_note = status, by.id, at, note
    version.save(update_fields=["status", "decided_by_id", "decided_at", "decision_note"])
    journal.record(event, by=by, at=at, subject="strategy_version", subject_id=version.id, sha256=version.sha256)
    return version


@transaction.atomic
def activate(version: StrategyVersion, *, on: date, by: Any, at: datetime) -> StrategyVersion:
    """Put an approved (or formerly active: a rollback) version in force; the one before is retired.

    on       the first day it decides; a day to come only sets the date, and `put_due_in_force` does the rest that day
    Raises   NotApproved
    """
    version = _locked(version)
    if version.status not in {"approved", "retired"} or version.decided_at is None:
        raise NotApproved(status=said(version))
    if on > _today(version, at):
        version.status, version.active_from = "approved", on
        version.save(update_fields=["status", "active_from"])
        journal.record("strategy.scheduled", by=by, at=at, subject="strategy_version", subject_id=version.id, on=on)
        return version
    return _put_in_force(version, on, by, at)


@transaction.atomic
def cancel_activation(version: StrategyVersion, *, by: Any, at: datetime) -> StrategyVersion:
    """Take back the date on which an approved version was to come into force. Raises NotApproved."""
    version = _locked(version)
    if version.status != "approved" or version.active_from is None:
        raise NotApproved(status=said(version))
    version.active_from = None
    version.save(update_fields=["active_from"])
    journal.record("strategy.scheduled", by=by, at=at, subject="strategy_version", subject_id=version.id, on=None)
    return version


@transaction.atomic
def put_due_in_force(*, on: date, by: Any, at: datetime) -> int:
    """Put in force the approved versions whose date has come, in the order of their dates. Returns how many."""
    due = StrategyVersion.objects.select_for_update().filter(status="approved", active_from__lte=on).order_by("active_from", "number")
    found = list(due)
    for version in found:
        _put_in_force(version, version.active_from, by, at)
    return len(found)


def _put_in_force(version: StrategyVersion, on: date, by: Any, at: datetime) -> StrategyVersion:
    for before in StrategyVersion.objects.select_for_update().filter(strategy_id=version.strategy_id, status="active"):
        before.status, before.retired_at = "retired", at
        before.save(update_fields=["status", "retired_at"])
        journal.record("strategy.retired", by=by, at=at, subject="strategy_version", subject_id=before.id)
    version.status, version.active_from, version.retired_at = "active", on, None
    version.save(update_fields=["status", "active_from", "retired_at"])
    journal.record("strategy.activated", by=by, at=at, subject="strategy_version", subject_id=version.id, sha256=version.sha256, on=on)
    return version


def _today(version: StrategyVersion, at: datetime) -> date:
    return at.astimezone(ZoneInfo(workforce.organisation(version.tenant_id).zone)).date()


def _own_draft(version: StrategyVersion, by: Any) -> StrategyVersion:
    """Only its author changes a draft: else two people could each write half of it and approve the whole."""
    version = _locked(version)
    if version.status != "draft":
        raise NotADraft(status=said(version))
    if version.created_by_id is not None and by.id != version.created_by_id:
        raise SomeoneElsesDraft()
    return version


def said(version: StrategyVersion) -> str:
    """The state of a version in words, small."""
    return STATUS_ES.get(version.status, version.status).lower()


def _bytes(version: StrategyVersion) -> bytes:
    text: str = version.xml
    return text.encode()


def _locked(version: StrategyVersion) -> StrategyVersion:
    locked: StrategyVersion = StrategyVersion.objects.select_for_update().select_related("strategy").get(pk=version.pk)
    return locked


def _sha(xml: bytes) -> str:
    return hashlib.sha256(xml).hexdigest()
