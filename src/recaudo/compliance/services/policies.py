"""Policies: written by one person, approved by another, read by those whom they are for, looked at again in time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import transaction

from recaudo.compliance import words
from recaudo.compliance.models import Policy, PolicyVersion
from recaudo.compliance.queries import policies as queries
from recaudo.compliance.services import kept
from recaudo.engine.comply import count
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.store import tenancy
from recaudo.store.keys import uuid7
from recaudo.strategy import services as strategy
from recaudo.strategy.queries.publications import EVERYBODY, digest_of
from recaudo.workforce import queries as workforce
from recaudo.workforce.models import User
from recaudo.workforce.services import remind

TEXT_MAXIMUM = 60_000
FILE_MAXIMUM = 5 * 1024 * 1024
NOTE_MINIMUM = 10
# Before the day of review, so that there is time for it.
REMIND_DAYS = 15


class BadPolicy(Problem):
    code = "bad_policy"
    message = "La política no puede guardarse: {reason}"


class NotOpen(Problem):
    code = "policy_not_open"
    message = "Esta versión está «{status}»: sólo un borrador se cambia o se envía, y sólo lo enviado se decide."
    status = 409


class OwnPolicy(Problem):
    code = "policy_same_person"
    message = "Quien escribió la política no puede aprobarla: pídalo a otra persona."
    status = 403


class Retired(Problem):
    code = "policy_retired"
    message = "Esta política se retiró: no recibe versiones nuevas."
    status = 409


class FileGone(Problem):
    code = "policy_file_gone"
    message = "El archivo de esta versión no está o no es el que se guardó. Pida a quien administra que lo recupere del respaldo."
    status = 409


@transaction.atomic
def define_policy(
    *, code: str, title: str, area: str, owner_id: UUID, review_months: int, read_days: int, roles: Sequence[str], agency_ids: Sequence[UUID], to_staff: bool,
    by: Any, at: datetime, policy: Policy | None = None,
) -> Policy:  # fmt: skip
    """Write down a policy, or change who answers for it and for whom it is. Its text comes with a version.

    roles   of EVERYBODY; none = those who work accounts. A change holds from the next version that is approved.
    Raises  BadPolicy, Retired
    """
    if policy and policy.retired_at:
        raise Retired()
    if not code.strip() or not title.strip() or area not in words.AREA_ES or not set(roles) <= EVERYBODY:
        raise BadPolicy(reason="escriba clave y título, y elija de la lista el área y los roles.")
    if not agency_ids and not to_staff:
        raise BadPolicy(reason="elija para quién es: el personal propio, o al menos un despacho.")
    if not 1 <= review_months <= 36 or not 1 <= read_days <= 60:
        raise BadPolicy(reason="se revisa cada 1 a 36 meses y se lee en 1 a 60 días.")
    if not workforce.users().filter(id=owner_id, is_active=True, agency=None).exists():
        raise BadPolicy(reason="el responsable debe ser una persona activa de la organización.")
    if Policy.objects.filter(code=code.strip()).exclude(id=policy.id if policy else None).exists():
        raise BadPolicy(reason=f"ya hay una política con la clave «{code.strip()}».")
    row = policy or Policy(by_id=by.id, created_at=at)
    row.code, row.title, row.area, row.owner_id, row.review_months, row.read_days = code.strip()[:20], title.strip()[:160], area, owner_id, review_months, read_days
    row.roles, row.agency_ids, row.to_staff = sorted(roles), list(agency_ids), to_staff
    row.save()
    _record("policy.changed", row, None, by, at, step="defined")
    return row


@transaction.atomic
def write_version(
    policy: Policy, *, text: str, note: str, links: Sequence[Mapping[str, str]], by: Any, at: datetime, file: bytes | None = None, file_name: str = ""
) -> PolicyVersion:
    """Keep the policy's draft: a new one, or the one that is open, rewritten by whoever takes it on.

    text    Markdown, up to TEXT_MAXIMUM letters;  file  a PDF up to FILE_MAXIMUM bytes, read with the text or instead of it
    note    what changes and why, NOTE_MINIMUM letters or more
    links   as in PolicyVersion.links, see `queries.policies.linked`
    Raises  BadPolicy, Retired, NotOpen (a version waits for its approval)
    """
    if policy.retired_at:
        raise Retired()
    if len(text) > TEXT_MAXIMUM or len(note.strip()) < NOTE_MINIMUM:
        raise BadPolicy(reason=f"el texto lleva hasta {TEXT_MAXIMUM} letras y la nota de qué cambia, al menos {NOTE_MINIMUM}.")
    if file is not None and (not file.startswith(b"%PDF-") or len(file) > FILE_MAXIMUM):
        raise BadPolicy(reason="el archivo debe ser un PDF de hasta 5 MB.")
    Policy.objects.select_for_update().get(id=policy.id)
    row = PolicyVersion.objects.filter(policy=policy, status__in=["draft", "waiting"]).first()
    if row is not None and row.status == "waiting":
        raise NotOpen(status=words.POLICY_STATUS_ES["waiting"].lower())
    last = PolicyVersion.objects.filter(policy=policy).order_by("-number").first()
    row = row or PolicyVersion(id=uuid7(), policy=policy, number=last.number + 1 if last else 1, created_at=at)
    if file is not None:
        if row.path:
            transaction.on_commit(lambda path=row.path: default_storage.delete(path))  # type: ignore[misc]
        row.path, row.file_sha256 = kept.keep(f"policies/{tenancy.tenant_id()}/{row.id}.pdf", file), hashlib.sha256(file).hexdigest()
        row.file_name = (file_name.rsplit("/", 1)[-1].rsplit("\\", 1)[-1] or "politica.pdf")[:120]
    if not text.strip() and not row.path:
        raise BadPolicy(reason="escriba el texto o cargue un PDF.")
    row.text, row.note, row.links, row.written_by_id = text.strip(), note.strip()[:300], [dict(one) for one in links], by.id
    row.digest = digest_of(title=f"{policy.code} · {policy.title}"[:160], text=row.text, file=row.file_sha256)
    row.save()
    _record("policy.changed", policy, row, by, at, step="written")
    return row


@transaction.atomic
def submit_version(version: PolicyVersion, *, by: Any, at: datetime) -> PolicyVersion:
    """Ask a second person for approval. Raises NotOpen."""
    row = _in(version, "draft")
    row.status = "waiting"
    row.save(update_fields=["status"])
    _record("policy.changed", row.policy, row, by, at, step="submitted")
    return row


@transaction.atomic
def approve_version(version: PolicyVersion, *, on: date, by: Any, at: datetime) -> PolicyVersion:
    """Put a version in force from a day's `on`, in place of the one before, and tell everybody whom it is for.

    Raises  NotOpen, OwnPolicy, NobodyToTell (every agency that it was for is gone)
    """
    row = _in(version, "waiting")
    if row.written_by_id == by.id:
        raise OwnPolicy()
    policy = row.policy
    before = list(PolicyVersion.objects.filter(policy=policy, status="in_force"))
    PolicyVersion.objects.filter(id__in=[one.id for one in before]).update(status="replaced", until_on=on)
    row.status, row.decided_by_id, row.decided_at, row.from_on = "in_force", by.id, at, on
    row.review_on = count(None, on, policy.review_months, "months")
    # The title may have changed since it was written; the reader says yes to what is shown.
    title = f"{policy.code} · {policy.title}"[:160]
    row.digest = digest_of(title=title, text=row.text, file=row.file_sha256)
    row.save()
    agencies = [one for one in workforce.agencies() if one.id in policy.agency_ids and one.is_active]
    strategy.tell(
        kind="policy", title=title, note=row.note, text=row.text, subject_id=row.id, agencies=agencies, to_staff=policy.to_staff, roles=policy.roles,
        due_on=on + timedelta(days=policy.read_days), today=on, attached_sha256=row.file_sha256, replaces=[one.id for one in before], by=by, at=at,
    )  # fmt: skip
    _record("policy.approved", policy, row, by, at, digest=row.digest, from_on=on, review_on=row.review_on)
    return row


@transaction.atomic
def reject_version(version: PolicyVersion, *, answer: str, by: Any, at: datetime) -> PolicyVersion:
    """Give a version back, with the reason; who wrote it may take it back too. Raises NotOpen, BadPolicy."""
    if not answer.strip():
        raise BadPolicy(reason="escriba por qué no se aprueba, para que pueda mejorarse.")
    row = _in(version, "waiting", "draft")
    row.status, row.answer, row.decided_by_id, row.decided_at = "rejected", answer.strip()[:300], by.id, at
    row.save(update_fields=["status", "answer", "decided_by_id", "decided_at"])
    _record("policy.changed", row.policy, row, by, at, step="rejected")
    return row


@transaction.atomic
def reviewed(version: PolicyVersion, *, note: str, on: date, by: Any, at: datetime) -> PolicyVersion:
    """The version in force was looked at and stays as it is: its next review counts from today. Raises NotOpen, BadPolicy."""
    if len(note.strip()) < NOTE_MINIMUM:
        raise BadPolicy(reason=f"escriba qué se revisó ({NOTE_MINIMUM} letras o más).")
    row = _in(version, "in_force")
    row.review_on, row.reminded_on = count(None, on, row.policy.review_months, "months"), None
    row.save(update_fields=["review_on", "reminded_on"])
    _record("policy.reviewed", row.policy, row, by, at, note=note.strip()[:300], review_on=row.review_on)
    return row


@transaction.atomic
def retire_policy(policy: Policy, *, on: date, by: Any, at: datetime) -> Policy:
    """End a policy: nobody need read it any more; its versions and who read them stay. Raises Retired."""
    row = Policy.objects.select_for_update().get(id=policy.id)
    if row.retired_at:
        raise Retired()
    row.retired_at = at
    row.save(update_fields=["retired_at"])
    for one in PolicyVersion.objects.filter(policy=row, status="in_force"):
        strategy.stop_telling(one.id, at=at)
    PolicyVersion.objects.filter(policy=row, status="in_force").update(status="replaced", until_on=on)
    PolicyVersion.objects.filter(policy=row, status__in=["draft", "waiting"]).update(status="rejected", answer="Se retiró la política.")
    _record("policy.changed", row, None, by, at, step="retired")
    return row


def remind_reviews(*, on: date, by: Any, at: datetime) -> int:
    """Tell the owners of policies whose review is near, each once; what waits is also on the dashboard. Returns how many were told."""
    told = 0
    for row in queries.to_review(on=on + timedelta(days=REMIND_DAYS)).filter(reminded_on=None):
        with transaction.atomic():
            if not PolicyVersion.objects.filter(id=row.id, reminded_on=None).update(reminded_on=on):
                continue
            owner = User.objects.filter(id=row.policy.owner_id, is_active=True).first()
            _record("policy.review_due", row.policy, row, by, at, owner_id=row.policy.owner_id, review_on=row.review_on)
        title = f"{row.policy.code} {row.policy.title}"
        if owner is not None:
            remind(owner, subject=f"Revisar la política {title}", text=f"La política «{title}» se revisa a más tardar el {row.review_on:%d/%m/%Y}: Cumplimiento, Políticas.")
        told += 1
    return told


def read_file(version: PolicyVersion) -> bytes:
    """The PDF of a version. Raises CannotDecrypt when it was altered."""
    return kept.read(version.path)


def _in(version: PolicyVersion, *statuses: str) -> PolicyVersion:
    row: PolicyVersion = PolicyVersion.objects.select_for_update(of=("self",)).select_related("policy").get(id=version.id)
    if row.status not in statuses or row.policy.retired_at:
        raise NotOpen(status=words.POLICY_STATUS_ES[row.status].lower())
    return row


def _record(name: str, policy: Policy, version: PolicyVersion | None, by: Any, at: datetime, **detail: Any) -> None:
    more = {"version_id": version.id, "number": version.number} if version else {}
    journal.record(name, by=by, at=at, subject="policy", subject_id=policy.id, policy=policy.code, **more, **detail)
