"""Jobs of the indicators: a worker works out what pages show. Doing one again only makes it newer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from procrastinate.contrib.django import app

from recaudo.analytics import services
from recaudo.analytics.packing import unpack_scope
from recaudo.store import tenancy
from recaudo.workforce.models import Tenant


@app.task(name=services.ONE_TASK, queue="figures")
def read_one(tenant_id: str, agency_id: str | None, name: str, scope: dict[str, Any]) -> None:
    """One reading that somebody looks at."""
    with tenancy.acting(UUID(tenant_id), UUID(agency_id) if agency_id else None):
        services.keep(name, unpack_scope(scope), at=timezone.now())


@app.task(name=services.USUAL_TASK, queue="figures")
def read_usual(tenant_id: str) -> None:
    """What is looked at most, after a day or a file."""
    services.keep_usual(Tenant.objects.get(pk=tenant_id), at=timezone.now())
