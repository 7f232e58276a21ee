"""Asking for the day, or for a large simulation, from a screen: a job in the same transaction, which a worker takes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from recaudo.flow.models import Run, WhatIf
from recaudo.flow.queries.today import TASK
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.store import tenancy


class DayAlreadyAsked(Problem):
    code = "day_already_asked"
    message = "La jornada del {on} ya se pidió y espera a que la tome un proceso de trabajo."
    status = 409


class DayAlreadyRun(Problem):
    code = "day_already_run"
    message = "La jornada del {on} ya se ejecutó: repetirla no cambiaría nada."
    status = 409


@transaction.atomic
def request_day(*, on: date, by: Any, at: datetime) -> None:
    """Ask for the day of the tenant we act in; a worker runs it. Raises DayAlreadyRun, DayAlreadyAsked."""
    if Run.objects.filter(on=on, status="finished").exists():
        raise DayAlreadyRun(on=f"{on:%d/%m/%Y}")
    tenant = str(tenancy.tenant_id())
    job = app.configure_task(TASK, queue="day", lock="flow.day", queueing_lock=f"{TASK}:{tenant}:{on}")
    try:
        with transaction.atomic():  # a savepoint: the refusal of a second job must not spoil the transaction
            job.defer(tenant_id=tenant, on=on.isoformat(), by_id=str(by.id) if by.id else None)
    except AlreadyEnqueued:
        raise DayAlreadyAsked(on=f"{on:%d/%m/%Y}") from None
    journal.record("day.requested", by=by, at=at, subject="day", on=on)


WHAT_IF_TASK = "flow.tasks.what_if"


@transaction.atomic
def request_what_if(found: WhatIf, *, by: Any) -> None:
    """Have a worker work a simulation out. Asking twice queues it once."""
    job = app.configure_task(WHAT_IF_TASK, queue="day", queueing_lock=f"{WHAT_IF_TASK}:{found.pk}")
    try:
        with transaction.atomic():
            job.defer(tenant_id=str(found.tenant_id), what_if_id=str(found.pk), by_id=str(by.id) if by.id else None)
    except AlreadyEnqueued:
        return
