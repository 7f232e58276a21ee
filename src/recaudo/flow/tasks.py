"""Jobs of the day, of large simulations and of what is learnt of contacts: a worker runs them. Asking twice, or again after a crash, ends in one run."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.utils import timezone
from procrastinate.contrib.django import app

from recaudo.flow.day import run_day
from recaudo.flow.services.reach import train_reach
from recaudo.flow.services.whatif import work_out
from recaudo.journal.services import SYSTEM
from recaudo.store import tenancy
from recaudo.strategy.services import training
from recaudo.strategy.words import REACH
from recaudo.workforce.models import Tenant, User


@app.task(name="flow.tasks.run_day", queue="day", lock="flow.day")
def run_day_task(tenant_id: str, on: str, by_id: str | None = None) -> None:
    """Run the day `on` (ISO) of a tenant on behalf of a user, or of the product."""
    with tenancy.acting(UUID(tenant_id)):
        tenant = Tenant.objects.get(pk=tenant_id)
        by = User.objects.filter(pk=by_id, tenant_id=tenant_id).first() if by_id else None
    run_day(tenant, on=date.fromisoformat(on), by=by or SYSTEM, at=timezone.now(), clock=timezone.now)


@app.task(name="flow.tasks.what_if", queue="day")
def what_if_task(tenant_id: str, what_if_id: str, by_id: str | None = None) -> None:
    """Work a simulation out on behalf of a user."""
    with tenancy.acting(UUID(tenant_id)):
        tenant = Tenant.objects.get(pk=tenant_id)
        by = User.objects.filter(pk=by_id, tenant_id=tenant_id).first() if by_id else None
    work_out(tenant, UUID(what_if_id), by=by or SYSTEM, clock=timezone.now)


@app.task(name="flow.tasks.train_reach", queue="upkeep", lock="strategy.train")
def train_reach_task(tenant_id: str, target: str, horizon_days: int, note: str, today: str, by_id: str | None) -> None:
    """Learn hours and channels from the contacts and propose it. Asked for as cards are (`strategy.tasks.train_score`): same arguments."""

    def work(by: object) -> object:
        return train_reach(Tenant.objects.get(pk=tenant_id), note=note, by=by, at=timezone.now())

    training.train_and_tell(UUID(tenant_id), target=REACH, horizon_days=0, by_id=by_id, work=work, clock=timezone.now)
