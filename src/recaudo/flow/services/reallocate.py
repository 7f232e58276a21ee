"""Places that came free during the day go to whoever did not fit in the morning, most delicate first: by the strategy's priority."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from recaudo.flow.models import Run
from recaudo.flow.queries import runs
from recaudo.flow.services.redecide import free_places, open_again
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.portfolio import services as portfolio
from recaudo.strategy import queries as strategy
from recaudo.workforce.models import Tenant

MOST = 500  # accounts looked at, each decided again: what is left waits for the next time
LEFT_OUT = ("over_capacity", "over_budget")


class NotToday(Problem):
    code = "not_todays_day"
    message = "Sólo se reasignan plazas de la jornada de hoy, cuando ya terminó."
    status = 409


class NothingFree(Problem):
    code = "no_free_places"
    message = "No hay plazas libres, o nadie quedó sin cupo en la mañana: no hay nada que reasignar."
    status = 409


@transaction.atomic
def reallocate(run: Run, *, by: Any, at: datetime) -> dict[str, int]:
    """Open actions for accounts that the morning's plan left out for want of room. Returns how many, by channel.

    Raises NotToday, NothingFree
    """
    if run.status != "finished" or run.on != portfolio.local_day(at):
        raise NotToday()
    waiting = left_out(run)
    free = free_places(run.on, zone=Tenant.objects.values_list("zone", flat=True).get(pk=run.tenant_id))
    if not waiting or not free:
        raise NothingFree()
    opened: dict[str, int] = {}
    for account_id, channels in waiting[:MOST]:
        if not free:
            break
        if not channels & free.keys():
            continue
        if channel := open_again(account_id, at=at):
            opened[channel] = opened.get(channel, 0) + 1
            free[channel] = free.get(channel, 1) - 1
            free = {name: count for name, count in free.items() if count > 0}
    journal.record("places.reallocated", by=by, at=at, subject="run", subject_id=run.pk, by_channel=opened)
    return opened


def left_out(run: Run) -> list[tuple[UUID, frozenset[str]]]:
    """Accounts that the morning's plan had no room for, by priority, each with the channels it may be contacted on."""
    snapshot = runs.snapshot_of(run)
    if snapshot is None:
        return []
    rows = [
        row for outcome in LEFT_OUT
        for row in strategy.snapshot_rows(snapshot, columns=("account_id", "priority", "channel", "fallback_channel"), where={"outcome": outcome})
    ]  # fmt: skip
    rows.sort(key=lambda row: (-(row["priority"] or 0), str(row["account_id"])))
    return [(UUID(str(row["account_id"])), frozenset({row["channel"], row["fallback_channel"]} - {"none", None})) for row in rows]
