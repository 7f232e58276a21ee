"""What a person allowed or took back. A row is written once; taking it back only dates its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from recaudo.journal import services as journal
from recaudo.kernel.contact import Channel
from recaudo.kernel.problems import Problem
from recaudo.portfolio.models import Consent, Creditor, Person
from recaudo.store import locks

CONSENT_ES: dict[str, str] = {
    "authorised_channel": "Autoriza ser contactado por estos canales",
    "channel_optout": "Pide no ser contactado por estos canales",
    "hours_waiver": "Autoriza contacto fuera del horario general",
    "marketing_consent": "Acepta recibir ofertas",
}


class BadConsent(Problem):
    code = "bad_consent"
    message = "El consentimiento no se guardó: {reason}"


@transaction.atomic
def give_consent(
    *,
    person: Person,
    kind: str,
    channels: Sequence[str],
    source: str,
    evidence: str,
    by: Any,
    at: datetime,
    creditor: Creditor | None = None,
    contact_point_id: UUID | None = None,
) -> Consent:
    """Write down what a person allowed (or, channel_optout, forbade).

    channels  the lawbook's channels; none means all
    evidence  where the proof lies (a recording, a form); no identity data; empty only for an opt-out, which needs no proof
    Raises    BadConsent
    """
    if kind not in CONSENT_ES:
        raise BadConsent(reason=f"el tipo «{kind}» no se conoce.")
    if unknown := set(channels) - {channel.value for channel in Channel}:
        raise BadConsent(reason=f"el canal «{min(unknown)}» no se conoce.")
    if kind != "channel_optout" and not evidence.strip():
        raise BadConsent(reason="diga dónde está la prueba (grabación, formulario, contrato).")
    locks.hold_person(person.id)  # nothing goes out while it is being written
    consent = Consent.objects.create(
        person=person, creditor_id=creditor.id if creditor else None, kind=kind, channels=list(channels), source=source,
        evidence=evidence.strip()[:200], given_at=at, contact_point_id=contact_point_id, by_id=by.id, created_at=at,
    )  # fmt: skip
    journal.record(
        "consent.given", by=by, at=at, subject="person", subject_id=person.id, consent_id=consent.id, kind=kind,
        channels=list(channels), source=source,
    )  # fmt: skip
    return consent


@transaction.atomic
def revoke_consent(consent: Consent, *, by: Any, at: datetime) -> Consent:
    """The person took it back. A second time changes nothing."""
    locks.hold_person(consent.person_id)
    consent = Consent.objects.select_for_update().get(id=consent.id)
    if consent.revoked_at is None:
        consent.revoked_at = at
        consent.save(update_fields=["revoked_at"])
        journal.record(
            "consent.revoked", by=by, at=at, subject="person", subject_id=consent.person_id, consent_id=consent.id,
            kind=consent.kind, channels=consent.channels,
        )  # fmt: skip
    return consent
