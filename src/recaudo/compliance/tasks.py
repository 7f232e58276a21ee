"""Jobs of compliance: an approved removal is done by a worker, in batches. Running it again goes on where it was."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from procrastinate.contrib.django import app

from recaudo.compliance import services
from recaudo.journal.services import SYSTEM
from recaudo.law.queries import rules
from recaudo.store import tenancy
from recaudo.workforce.models import User


@app.task(name="compliance.tasks.carry_out", queue="upkeep", lock="compliance.retention", retry=2)
def carry_out(tenant_id: str, run_id: str, user_id: str) -> None:
    """Do an approved removal on behalf of whoever approved it."""
    tenant = UUID(tenant_id)
    with tenancy.acting(tenant):
        by = User.objects.filter(id=user_id, tenant_id=tenant).first() or SYSTEM
    services.carry_out(UUID(run_id), rules=rules, by=by, clock=timezone.now, tenant=tenant)
