"""The wrong-party firewall of the contact points: into quarantine in one moment, out of it with evidence and two people.

A value is kept away from everybody: every contact point of the organisation with the same value, whoever's person, creditor or agency.
What is released is released for one person; for the others it stays where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from recaudo.journal import services as journal
from recaudo.kernel.problems import NotFound, Problem
from recaudo.portfolio.models import ContactPoint, Person, Quarantine, QuarantineRelease
from recaudo.store import locks, tenancy
from recaudo.store.fields import blind_index

USABLE = ("unverified", "valid", "stale")
# How we know that it is not the person's.
REPORT_ES: dict[str, str] = {
    "said": "Lo dijo quien atendió", "message": "Lo escribió en un mensaje", "link": "Lo marcó en el enlace del mensaje",
    "keypad": "Lo marcó en el teclado", "visit": "Se comprobó en la visita", "complaint": "Lo dice una queja", "document": "Consta en un documento",
    "screen": "Lo marcó alguien del equipo en la ficha",
}  # fmt: skip
# Through no channel: somebody of the staff says so on a screen.
BY_HAND = "none"
# What shows that it is the person's after all.
PROOF_ES: dict[str, str] = {
    "document": "Documento firmado (contrato, solicitud)", "recording": "Grabación en que la persona se identificó",
    "creditor": "Confirmación escrita del acreedor", "carrier": "Constancia de la compañía telefónica", "in_person": "Lo comprobó en persona con identificación",
}  # fmt: skip


class BadEvidence(Problem):
    code = "quarantine_bad_evidence"
    message = "Diga qué evidencia hay y dónde está: {reason}"


class NotQuarantined(Problem):
    code = "not_quarantined"
    message = "Este medio no está en cuarentena para esa persona."
    status = 409


class AlreadyProposed(Problem):
    code = "release_already_proposed"
    message = "Ya hay una propuesta de liberación que espera a otra persona."
    status = 409


class SamePersonReleases(Problem):
    code = "release_same_person"
    message = "Quien propuso la liberación no puede aprobarla: pídalo a otra persona."
    status = 403


class AlreadyDecided(Problem):
    code = "release_already_decided"
    message = "Esta propuesta ya fue resuelta."
    status = 409


@dataclass(frozen=True, slots=True)
class Quarantined:
    """What went into quarantine: the record, the contact points it covers and the persons they were of."""

    quarantine: Quarantine
    point_ids: tuple[UUID, ...]
    person_ids: tuple[UUID, ...]


@transaction.atomic
def quarantine_value(
    point: ContactPoint, *, channel: str, evidence_kind: str, evidence: str, by: Any, at: datetime, action_id: UUID | None = None
) -> Quarantined:
    """Keep the value of a contact point away from everybody. Saying it again counts one more report and ends releases for that person.

    evidence_kind   a key of REPORT_ES; evidence, in words or a reference, without identity data
    Raises          BadEvidence
    """
    if evidence_kind not in REPORT_ES or not evidence.strip():
        raise BadEvidence(reason="elija de qué clase es y escriba la referencia.")
    # Whoever says it, it holds for the whole organisation.
    with tenancy.acting(tenancy.tenant_id()):
        first, twin = _indexes(point)
        found, _ = Quarantine.objects.get_or_create(
            value_index=first,
            defaults={
                "kind": "phone" if twin else point.kind, "twin_index": twin, "hint": point.hint, "person_id": point.person_id, "channel": channel,
                "evidence_kind": evidence_kind, "evidence": evidence.strip()[:300], "last_at": at, "created_at": at, "reports": 0,
            },
        )  # fmt: skip
        Quarantine.objects.filter(id=found.id).update(
            person_id=point.person_id, channel=channel, evidence_kind=evidence_kind, evidence=evidence.strip()[:300], action_id=action_id,
            by_id=by.id, by_name=by.name[:80], last_at=at, reports=F("reports") + 1,
        )  # fmt: skip
        QuarantineRelease.objects.filter(quarantine=found, person_id=point.person_id, is_approved=True, revoked_at=None).update(revoked_at=at)
        # What already stopped for another reason (the person opted out) keeps that reason.
        reached = reached_by(found)
        hit = list(reached.values_list("id", "person_id"))
        reached.filter(Q(status__in=USABLE) | Q(id=point.id)).update(status="wrong_party", ownership_score=0)
        found = Quarantine.objects.get(id=found.id)
        journal.record(
            "contact_point.quarantined", by=by, at=at, subject="person", subject_id=point.person_id, quarantine_id=found.id, contact_point_id=point.id,
            kind=found.kind, channel=channel, evidence_kind=evidence_kind, action_id=action_id, points=len(hit), reports=found.reports,
        )  # fmt: skip
    return Quarantined(found, tuple(one for one, _ in hit), tuple({person for _, person in hit}))


def quarantine_of(point: ContactPoint) -> Quarantine | None:
    """The quarantine that covers a contact point now, as the whole organisation knows it; None when it may be used."""
    return covering(point.person_id, bytes(point.value_index))


def covering(person_id: UUID, value_index: bytes) -> Quarantine | None:
    """The quarantine of a value for a person."""
    with tenancy.acting(tenancy.tenant_id()):
        found: Quarantine | None = Quarantine.objects.filter(Q(value_index=value_index) | Q(twin_index=value_index)).first()
        if found is None or _released(found, person_id).exists():
            return None
        return found


def points_of(quarantine: Quarantine) -> QuerySet[ContactPoint]:
    """Every contact point with the value, in both guises of a number, as far as who asks may see."""
    indexes = [bytes(quarantine.value_index), *([bytes(quarantine.twin_index)] if quarantine.twin_index else [])]
    return ContactPoint.objects.filter(value_index__in=indexes).defer("value")


def reached_by(quarantine: Quarantine) -> QuerySet[ContactPoint]:
    """The contact points that a quarantine keeps from being used: all with the value, but for persons for whom it was released."""
    released = QuarantineRelease.objects.filter(quarantine=quarantine, is_approved=True, revoked_at=None).values("person_id")
    return points_of(quarantine).exclude(person_id__in=released)


@transaction.atomic
def propose_release(
    quarantine: Quarantine, *, person: Person, evidence_kind: str, evidence: str, by: Any, at: datetime
) -> QuarantineRelease:
    """Say, with evidence, that the value is this person's after all; somebody else decides.

    evidence_kind   a key of PROOF_ES
    Raises          BadEvidence, NotQuarantined, AlreadyProposed
    """
    if evidence_kind not in PROOF_ES or len(evidence.strip()) < 10:
        raise BadEvidence(reason="elija de qué clase es y escriba la referencia (10 letras o más).")
    if _released(quarantine, person.id).exists() or not points_of(quarantine).filter(person=person).exists():
        raise NotQuarantined()
    try:
        with transaction.atomic():
            release: QuarantineRelease = QuarantineRelease.objects.create(
                quarantine=quarantine, person=person, evidence_kind=evidence_kind, evidence=evidence.strip()[:300], proposed_by_id=by.id, created_at=at
            )
    except IntegrityError:
        raise AlreadyProposed() from None
    _record("quarantine.release_proposed", release, by, at, evidence_kind=evidence_kind)
    return release


@transaction.atomic
def approve_release(release: QuarantineRelease, *, by: Any, at: datetime) -> QuarantineRelease:
    """Let the person's contact points with the value be used again, unverified. Raises SamePersonReleases, AlreadyDecided, NotFound."""
    locks.hold_person(release.person_id)  # who hears «no soy yo» again now comes before this, or after it
    fresh = _waiting(release)
    if fresh.proposed_by_id == by.id:
        raise SamePersonReleases()
    fresh.is_approved, fresh.decided_by_id, fresh.decided_at = True, by.id, at
    fresh.save(update_fields=["is_approved", "decided_by_id", "decided_at"])
    freed = points_of(fresh.quarantine).filter(person_id=fresh.person_id, status="wrong_party")
    count = freed.update(status="unverified", ownership_score=0.5)
    _record("quarantine.released", fresh, by, at, points=count, proposed_by_id=fresh.proposed_by_id)
    return fresh


@transaction.atomic
def reject_release(release: QuarantineRelease, *, answer: str, by: Any, at: datetime) -> QuarantineRelease:
    """Leave the value where it is; who proposed it may take it back too. Raises BadEvidence, AlreadyDecided, NotFound."""
    if not answer.strip():
        raise BadEvidence(reason="escriba por qué no basta.")
    fresh = _waiting(release)
    fresh.is_approved, fresh.decided_by_id, fresh.decided_at, fresh.answer = False, by.id, at, answer.strip()[:200]
    fresh.save(update_fields=["is_approved", "decided_by_id", "decided_at", "answer"])
    _record("quarantine.release_rejected", fresh, by, at)
    return fresh


def _waiting(release: QuarantineRelease) -> QuarantineRelease:
    fresh: QuarantineRelease | None = (
        QuarantineRelease.objects.select_for_update(of=("self",)).select_related("quarantine").filter(id=release.id).first()
    )
    if fresh is None:
        raise NotFound()
    if fresh.is_approved is not None:
        raise AlreadyDecided()
    return fresh


def _released(quarantine: Quarantine, person_id: UUID) -> QuerySet[QuarantineRelease]:
    return QuarantineRelease.objects.filter(quarantine=quarantine, person_id=person_id, is_approved=True, revoked_at=None)


def _indexes(point: ContactPoint) -> tuple[bytes, bytes | None]:
    """The keyed hashes of a value: a number also as a messaging address, always under the phone's first."""
    if point.kind not in {"phone", "im"}:
        return bytes(point.value_index), None
    return blind_index(point.value, "phone"), blind_index(point.value, "im")


def _record(name: str, release: QuarantineRelease, by: Any, at: datetime, **detail: Any) -> None:
    journal.record(
        name, by=by, at=at, subject="person", subject_id=release.person_id, quarantine_id=release.quarantine_id, release_id=release.id, **detail
    )
