"""Jobs of the journal: a long chain is verified by a worker."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from procrastinate.contrib.django import app

from recaudo.journal import services
from recaudo.journal.models import Verification
from recaudo.store import tenancy


class Asker:
    """Whoever asked for a verification, as it was noted with it."""

    agency_id: UUID | None = None

    def __init__(self, row: Verification) -> None:
        self.id, self.name = row.by_id, row.by_name


@app.task(name="journal.tasks.verify", queue="upkeep", lock="journal.verify", retry=1)
def verify(tenant_id: str, verification_id: str) -> None:
    """Do a verification that somebody asked for."""
    tenant = UUID(tenant_id)
    with tenancy.acting(tenant):
        row = Verification.objects.get(id=verification_id)
    services.verify_on(row.id, by=Asker(row), clock=timezone.now, tenant=tenant)
