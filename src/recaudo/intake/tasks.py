"""Jobs of intake: a big file is applied by a worker. Running one again, after a crash too, ends in the same books."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from procrastinate.contrib.django import app

from recaudo.intake import services
from recaudo.intake.models import Batch
from recaudo.intake.progress import reporter
from recaudo.journal.services import SYSTEM
from recaudo.store import tenancy
from recaudo.workforce.models import User


@app.task(name="intake.tasks.apply_batch", queue="intake", lock="intake.apply", retry=2)
def apply_batch(tenant_id: str, batch_id: str, user_id: str | None = None) -> None:
    """Apply a batch of a tenant on behalf of a user."""
    with tenancy.acting(UUID(tenant_id)), reporter(UUID(tenant_id), UUID(batch_id)) as progress:
        by = User.objects.filter(id=user_id, tenant_id=tenant_id).first() if user_id else None
        services.apply(Batch.objects.get(id=batch_id), by=by or SYSTEM, at=timezone.now(), progress=progress)


@app.task(name="intake.tasks.check_batch", queue="intake", retry=2)
def check_batch(tenant_id: str, batch_id: str, user_id: str | None = None) -> None:
    """Check a batch of a tenant on behalf of a user."""
    with tenancy.acting(UUID(tenant_id)), reporter(UUID(tenant_id), UUID(batch_id)) as progress:
        by = User.objects.filter(id=user_id, tenant_id=tenant_id).first() if user_id else None
        services.check(Batch.objects.get(id=batch_id), by=by or SYSTEM, at=timezone.now(), progress=progress)
