"""Reads of evidence files, and of the person that somebody names."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from recaudo.compliance.models import EvidenceFile
from recaudo.kernel.problems import Problem
from recaudo.portfolio.models import Account, Person


class SeveralPersons(Problem):
    code = "several_persons"
    message = "Ese número de cuenta es de varias personas, con acreedores distintos. Use el identificador de la persona."


def evidence_files() -> QuerySet[EvidenceFile]:
    """Newest first, with their persons."""
    return EvidenceFile.objects.select_related("person").order_by("-created_at")


def person_named(text: str) -> Person | None:
    """The person of an id, or the holder of an account number; None when there is none. Raises SeveralPersons."""
    text = text.strip()
    try:
        found: Person | None = Person.objects.filter(id=UUID(text)).first()
    except ValueError:
        holders = {account.holder_id: account.holder for account in accounts_numbered(text).select_related("holder")}
        if len(holders) > 1:
            raise SeveralPersons() from None
        found = next(iter(holders.values()), None)
    return found


def accounts_numbered(text: str) -> QuerySet[Account]:
    """The accounts of a number, as it is written or in capitals: a number is unique with its creditor only."""
    return Account.objects.filter(number__in={text, text.upper()})
