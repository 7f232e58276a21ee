"""Setting the budget, the floors of coverage, the smallest amounts and the days without work of the coming days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from recaudo.flow.models import DayLimit
from recaudo.flow.queries import limits as queries
from recaudo.journal import services as journal
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.problems import NotFound, Problem
from recaudo.workforce import queries as workforce
from recaudo.workforce.models import Tenant

LARGEST = 10**15


class LimitInThePast(Problem):
    code = "limit_in_the_past"
    message = "El presupuesto y las coberturas valen desde hoy o un día posterior: lo que ya pasó no se cambia."


class WrongLimit(Problem):
    code = "wrong_limit"
    message = "El presupuesto, las coberturas, los montos y los días no pueden ser negativos. Escriba cero o más, o deje vacío para no poner límite."


class MixedFloors(Problem):
    code = "mixed_floors"
    message = "Ponga coberturas mínimas por cartera o por despacho, no de los dos a la vez: una persona contaría en dos y el mínimo no se podría asegurar."


class NoCosts(Problem):
    code = "no_unit_costs"
    message = "Para fijar un presupuesto falta decir cuánto cuesta un contacto por {channels}. Indíquelo en Estrategia, Simulaciones, Costo por contacto."


@transaction.atomic
def set_limits(
    tenant: Tenant, amounts: Mapping[tuple[str, UUID | None], int | None], *, valid_from: date, today: date, by: Any, at: datetime
) -> int:
    """The limits from a day on. Returns how many changed; what is not named stays as it was.

    amounts  (budget | first | idle, None) or (portfolio | agency | tolerance, id) -> as DayLimit.amount; None takes it away
    Raises   LimitInThePast, WrongLimit, MixedFloors, NoCosts, NotFound (no such portfolio or agency)
    """
    if valid_from < today:
        raise LimitInThePast()
    before = queries.amounts_on(valid_from)
    changed = {key: amount for key, amount in amounts.items() if before.get(key) != amount}
    _check(tenant, {**before, **amounts}, changed, valid_from)
    for (kind, scope_id), amount in changed.items():
        DayLimit.objects.update_or_create(
            kind=kind, scope_id=scope_id, valid_from=valid_from, defaults={"amount": amount}, create_defaults={"amount": amount, "created_at": at},
        )  # fmt: skip
    if changed:
        told = [{"kind": kind, "scope_id": scope, "before": before.get((kind, scope)), "after": amount} for (kind, scope), amount in changed.items()]
        journal.record("limits.changed", by=by, at=at, subject="organisation", subject_id=tenant.id, valid_from=valid_from, limits=told)
    return len(changed)


def _check(
    tenant: Tenant, whole: Mapping[tuple[str, UUID | None], int | None], changed: Mapping[tuple[str, UUID | None], int | None], day: date
) -> None:
    if not all(amount is None or 0 <= amount <= LARGEST for amount in changed.values()):
        raise WrongLimit()
    if len({kind for (kind, _), amount in whole.items() if kind in ("portfolio", "agency") and amount}) > 1:
        raise MixedFloors()
    for kind in ("portfolio", "agency", "tolerance"):
        ids = sorted({str(scope) for (one, scope), _ in changed.items() if one == kind})
        if ids and len(queries.names(kind, ids)) < len(ids):
            raise NotFound()
    if changed.get(("budget", None)) is not None:
        used = {channel for channel, week in workforce.capacity_table(day).items() if any(week)}
        if missing := sorted(used - set(queries.unit_costs(tenant))):
            raise NoCosts(channels=", ".join(CHANNEL_ES.get(channel, channel).lower() for channel in missing))
