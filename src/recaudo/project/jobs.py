"""What happens by the clock: each tick is deferred once however many workers run, and each job may run twice without harm.

    every minute     seal the journals; begin the days that are due
    every hour       seal permits and decisions over the law into the journals
    every 5 minutes  give back what a dead worker held
    every day        months ahead, finished jobs forgotten, journals anchored, old files deleted

Jobs carry ids and no personal data: they are kept in plain tables. The sending of messages is not a job: see `cli/worker.py`.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from procrastinate import exceptions
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from recaudo.analytics import services as analytics
from recaudo.compliance import services as compliance
from recaudo.flow.models import Run
from recaudo.intake import services as intake
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.kernel.time import local
from recaudo.law.queries import rules
from recaudo.project.database import make_months
from recaudo.store import tenancy
from recaudo.workforce import services as workforce
from recaudo.workforce.models import Tenant

log = logging.getLogger(__name__)

# A day that failed is tried again this often, this much later; then it waits for a person.
DAY_TRIES, DAY_PAUSE = 3, timedelta(minutes=15)
# After this time of the local day a missed day is left to a person: half a day of contacts is not what anybody planned.
LATEST = time(16, 0)
KEPT_HOURS = 14 * 24
STALLED_SECONDS = 60
DAY_TASK = "flow.tasks.run_day"


@app.periodic(cron="* * * * *", periodic_id="seal")
@app.task(name="project.jobs.seal_journals", queue="upkeep", queueing_lock="seal")
def seal_journals(timestamp: int) -> None:
    """Chain what was written since the last minute, tenant by tenant."""
    for tenant in tenants():
        with tenancy.acting(tenant.id):
            journal.seal(at=timezone.now())


@app.periodic(cron="23 * * * *", periodic_id="rolls")
@app.task(name="project.jobs.seal_rolls", queue="upkeep", queueing_lock="rolls")
def seal_rolls(timestamp: int) -> None:
    """Seal what the gate answered and what was decided over the law since the last hour, tenant by tenant."""
    for tenant in tenants():
        with tenancy.acting(tenant.id):
            journal.seal_rolls(at=timezone.now())


@app.periodic(cron="* * * * *", periodic_id="days")
@app.task(name="project.jobs.begin_days", queue="upkeep", queueing_lock="days")
def begin_days(timestamp: int) -> None:
    """Defer the day of every tenant whose hour has come. Promises are judged and balances rolled by the day itself."""
    now = timezone.now()
    for tenant in tenants():
        on = day_due(tenant, now=now)
        if on is not None:
            defer_day(tenant, on)


@app.periodic(cron="*/5 * * * *", periodic_id="stalled")
@app.task(name="project.jobs.give_back_stalled", queue="upkeep", queueing_lock="stalled", pass_context=True)
async def give_back_stalled(context: Any, timestamp: int) -> None:
    """Jobs of workers whose heart stopped go back to the queue: every job ends the same when it runs again."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        await manager.retry_job(job, retry_at=datetime.now(UTC))
    await manager.prune_stalled_workers(STALLED_SECONDS * 10)


@app.periodic(cron="17 2 * * *", periodic_id="upkeep")
@app.task(name="project.jobs.keep_house", queue="upkeep", queueing_lock="upkeep", pass_context=True)
async def keep_house(context: Any, timestamp: int) -> None:
    """Once a day: forget finished jobs, make the months ahead, anchor the journals."""
    await context.app.job_manager.delete_old_jobs(nb_hours=KEPT_HOURS, include_failed=False)
    await asyncio.to_thread(ahead)


def ahead() -> None:
    """Months ahead for the partitioned tables; of every tenant, an anchor of the journal, no old answers to programs and no old files."""
    make_months(on=timezone.now().date())
    for tenant in tenants():
        with tenancy.acting(tenant.id):
            journal.anchor(at=timezone.now())
            workforce.forget_answers(at=timezone.now())
            intake.forget_files(by=journal.SYSTEM, at=timezone.now())
            analytics.forget_readings(at=timezone.now())
        with tenancy.acting(tenant.id):
            audits_due(tenant)
        with tenancy.acting(tenant.id):
            now = timezone.now()
            compliance.remind_reviews(on=local(now, tenant.zone).date(), by=journal.SYSTEM, at=now)


def audits_due(tenant: Tenant) -> None:
    """The preventive audits whose day has come; what fails in one organisation's does not keep the others from theirs."""
    now = timezone.now()
    try:
        compliance.start_due(on=local(now, tenant.zone).date(), zone=tenant.zone, rules=rules(), seed=int(now.timestamp()), by=journal.SYSTEM, at=now)
    except Problem as problem:
        log.warning("the audits of a tenant were not done: %s", problem.code)


def tenants() -> list[Tenant]:
    return list(Tenant.objects.order_by("slug"))


def day_due(tenant: Tenant, *, now: datetime) -> date | None:
    """The day that should begin now on the tenant's clock, by its setting `day_at` ("05:30"); None when there is none.

    A finished or running day is not due (a killed one is resumed: its lock is free); one that failed is, some minutes later.
    """
    starts = _hour(tenant.settings.get("day_at"))
    here = local(now, tenant.zone)
    if starts is None or not starts <= here.time() < max(LATEST, starts.replace(minute=59)):
        return None
    with tenancy.acting(tenant.id):
        runs = list(Run.objects.filter(on=here.date()).order_by("-started_at"))
    if any(run.status == "finished" for run in runs):
        return None
    failed = [run for run in runs if run.status == "failed"]
    resting = bool(failed) and now - (failed[0].finished_at or failed[0].started_at) < DAY_PAUSE
    return None if resting or len(failed) >= DAY_TRIES else here.date()


def defer_day(tenant: Tenant, on: date) -> bool:
    """Queue the day once: a second scheduler finds it queued. Returns whether it was queued here."""
    key = f"day:{tenant.id}:{on}"
    # Inside a worker the app's own connector is asynchronous: jobs that are made by code like this go through Django's connection.
    queue = app.with_connector(DjangoConnector())
    try:
        queue.configure_task(DAY_TASK, queue="day", queueing_lock=key, lock=key).defer(tenant_id=str(tenant.id), on=on.isoformat())
    except exceptions.AlreadyEnqueued:
        return False
    return True


def _hour(text: Any) -> time | None:
    try:
        return time.fromisoformat(str(text)) if text else None
    except ValueError:
        log.warning("a setting day_at is not a time of the day: %s", text)
        return None
