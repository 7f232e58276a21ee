"""Reads of evidence files, and of the person that somebody names."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from recaudo.compliance.models import EvidenceFile
from recaudo.portfolio.models import Account, Person


def evidence_files() -> QuerySet[EvidenceFile]:
    """Newest first, with their persons."""
    return EvidenceFile.objects.select_related("person").order_by("-created_at")


def person_named(text: str) -> Person | None:
    """The person of an id, or the holder of an account number; None when there is none."""
    text = text.strip()
    try:
        found: Person | None = Person.objects.filter(id=UUID(text)).first()
    except ValueError:
        account = Account.objects.filter(number__iexact=text).select_related("holder").first()
        found = account.holder if account else None
    return found
