"""Readings of the indicators: worked out after the day and when somebody looks, kept for every process, renewed beside the pages.

A page shows what is kept and says of when it is. What is older than FRESH is renewed by a worker when it is looked at; a finished day,
a file that was loaded or undone renew what is looked at most. Without a worker a page works out what it has not, as it always did.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import AlreadyEnqueued

from recaudo.analytics import packing, queries
from recaudo.analytics.models import Reading
from recaudo.analytics.packing import Lists
from recaudo.analytics.queries import Scope
from recaudo.kernel.time import local, month_of
from recaudo.store import tenancy
from recaudo.store.workers import has_worker
from recaudo.workforce.models import Agency, Tenant

FRESH = timedelta(minutes=15)
# Scopes change with the day: what nobody renewed for so long is not looked at any more.
KEPT = timedelta(days=3)
ONE_TASK, USUAL_TASK = "analytics.tasks.read_one", "analytics.tasks.read_usual"


@dataclass(frozen=True, slots=True)
class Looked:
    """What a page has to show. lists is None while the first reading of a scope is worked out; `is_coming`: a newer one is."""

    lists: Lists | None
    made_at: datetime | None
    is_coming: bool

    @property
    def stamp(self) -> str:
        """When it was made, in milliseconds and rounded up: what a page says to have a newer one."""
        return str(-int(-self.made_at.timestamp() * 1000 // 1)) if self.made_at else ""

    def rows(self, name: str = "rows") -> Any:
        return self.lists[name] if self.lists else []


def look(name: str, scope: Scope, *, at: datetime, newer_than: datetime | None = None) -> Looked:
    """The kept reading of a scope; asks for a newer one when it is not fresh, or not newer than somebody wants.

    name        figures, patterns, or one.<indicator>.<cut>
    newer_than  the reading that somebody has seen and wants renewed
    Raises      UnknownKpi, CutNotPossible; NoTenant
    """
    found = queries.kept(name, scope)
    is_wanted = newer_than is not None and (found is None or found.made_at <= newer_than)
    is_coming = False
    if found is None or is_wanted or at - found.made_at >= FRESH:
        is_coming = has_worker(at=at)
        if is_coming:
            ask(name, scope)
        elif found is None or is_wanted:
            found = keep(name, scope, at=at)
    return Looked(packing.unpack(found.rows), found.made_at, is_coming) if found else Looked(None, None, is_coming)


def keep(name: str, scope: Scope, *, at: datetime) -> Reading:
    """Work a reading out and keep it in the place of the older one. Reads what is committed."""
    row = Reading(
        agency_id=tenancy.agency_id(), name=name, scope_key=scope.key, rows=packing.pack(queries.compute(name, scope)), made_at=at, created_at=at
    )
    Reading.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["tenant_id", "agency_id", "name", "scope_key"], update_fields=["rows", "made_at"]
    )
    return row


def keep_usual(tenant: Tenant, *, at: datetime) -> int:
    """Renew what is looked at most: this month and the one it is compared with, for the organisation and each agency. Returns how many."""
    month = month_of(today := local(at, tenant.zone).date())
    scope = Scope(month.start, month.end, today, tenant.zone)
    with tenancy.acting(tenant.id):
        agencies = list(Agency.objects.filter(is_active=True).values_list("id", flat=True))
    for agency in (None, *agencies):
        for name, wanted in (("figures", scope), ("patterns", scope), ("figures", scope.previous)):
            with tenancy.acting(tenant.id, agency):
                keep(name, wanted, at=at)
    return 3 * (1 + len(agencies))


def ask(name: str, scope: Scope) -> None:
    """Have a worker renew a reading. Asking again while it waits changes nothing."""
    agency = tenancy.agency_id()
    given = {"tenant_id": str(tenancy.tenant_id()), "agency_id": str(agency) if agency else None, "name": name, "scope": packing.pack_scope(scope)}
    _defer(ONE_TASK, f"{tenancy.tenant_id()}:{agency}:{name}:{scope.key}", given, wait_seconds=0)


def ask_usual(*, wait_seconds: int = 0) -> None:
    """Have a worker renew what is looked at most, in so many seconds: what happens until then is in the same reading."""
    _defer(USUAL_TASK, str(tenancy.tenant_id()), {"tenant_id": str(tenancy.tenant_id())}, wait_seconds=wait_seconds)


def forget_readings(*, at: datetime) -> int:
    """Drop what nobody renewed for days. Returns how many."""
    dropped, _ = Reading.objects.filter(made_at__lt=at - KEPT).delete()
    return dropped


def _defer(task: str, key: str, given: dict[str, Any], *, wait_seconds: int) -> None:
    # Inside a worker the app's own connector is asynchronous: a day that ends there asks through Django's connection.
    queue = app.with_connector(DjangoConnector())
    later = {"schedule_in": {"seconds": wait_seconds}} if wait_seconds else {}
    try:
        with transaction.atomic():  # a savepoint: the refusal of a second job must not spoil the transaction
            queue.configure_task(task, queue="figures", lock=task, queueing_lock=f"{task}:{key}", **later).defer(**given)  # type: ignore[arg-type]
    except AlreadyEnqueued:
        return
