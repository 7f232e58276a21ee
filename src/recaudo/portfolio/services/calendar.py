"""Which day an instant is for the organisation."""

from __future__ import annotations

from datetime import date, datetime

from recaudo.kernel.time import local
from recaudo.store import tenancy
from recaudo.workforce.models import Tenant


def local_day(at: datetime) -> date:
    """The day of `at` on the clock of the tenant we act in. Raises NaiveInstant."""
    zone = Tenant.objects.values_list("zone", flat=True).get(id=tenancy.tenant_id())
    return local(at, zone).date()
