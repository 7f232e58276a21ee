"""Plans of collection: what is to be reached, with what, by when, and who answers for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from recaudo.engine.facts import STAGE_ES
from recaudo.engine.measure import KPIS
from recaudo.flow.models import CollectionPlan
from recaudo.flow.queries.plans import GOALS
from recaudo.journal import services as journal
from recaudo.kernel.problems import NotFound, Problem
from recaudo.portfolio.models import Portfolio
from recaudo.workforce.queries import CAPACITY_CHANNELS, users

MOST_GOALS = 4
LONGEST_DAYS = 366


class WrongPlan(Problem):
    code = "wrong_plan"
    message = "El plan no se puede guardar: {why}"


class PlanClosed(Problem):
    code = "plan_closed"
    message = "El plan está cerrado: ya no se cambia."
    status = 409


@transaction.atomic
def open_plan(
    *, name: str, owner_id: UUID, starts_on: date, ends_on: date, goals: Sequence[Mapping[str, Any]], by: Any, at: datetime, purpose: str = "",
    portfolio_id: UUID | None = None, stages: Sequence[str] = (), channels: Sequence[str] = (), review: int = 0,
) -> CollectionPlan:  # fmt: skip
    """A plan with its goals. goals: as CollectionPlan.goals, with target a Decimal. Raises WrongPlan, NotFound."""
    told = _checked(name, owner_id, starts_on, ends_on, goals, portfolio_id, stages, channels, review)
    made: CollectionPlan = CollectionPlan.objects.create(**told, purpose=purpose.strip()[:500], by_id=by.id, created_at=at)
    _record("plan.opened", made, by, at)
    return made


@transaction.atomic
def change_plan(plan: CollectionPlan, *, by: Any, at: datetime, purpose: str = "", **given: Any) -> CollectionPlan:
    """What it says from now on; given as to `open_plan`. Raises PlanClosed, WrongPlan, NotFound."""
    fresh = _locked(plan)
    told = _checked(
        given["name"], given["owner_id"], given["starts_on"], given["ends_on"], given["goals"], given.get("portfolio_id"), given.get("stages", ()),
        given.get("channels", ()), given.get("review", 0),
    )  # fmt: skip
    for field, value in {**told, "purpose": purpose.strip()[:500]}.items():
        setattr(fresh, field, value)
    fresh.save(update_fields=[*told, "purpose"])
    _record("plan.changed", fresh, by, at)
    return fresh


@transaction.atomic
def close_plan(plan: CollectionPlan, *, by: Any, at: datetime) -> CollectionPlan:
    """It is over, reached or not. Raises PlanClosed, NotFound."""
    fresh = _locked(plan)
    fresh.closed_at, fresh.closed_by_id = at, by.id
    fresh.save(update_fields=["closed_at", "closed_by_id"])
    _record("plan.closed", fresh, by, at)
    return fresh


def _checked(
    name: str, owner_id: UUID, starts_on: date, ends_on: date, goals: Sequence[Mapping[str, Any]], portfolio_id: UUID | None, stages: Sequence[str],
    channels: Sequence[str], review: int,
) -> dict[str, Any]:  # fmt: skip
    if not name.strip():
        raise WrongPlan(why="póngale un nombre.")
    if not 0 <= (ends_on - starts_on).days <= LONGEST_DAYS:
        raise WrongPlan(why="termina el día en que empieza o después, y dura un año a lo más.")
    if not goals:
        raise WrongPlan(why="ponga al menos una meta: un indicador y su valor.")
    if len(goals) > MOST_GOALS:
        raise WrongPlan(why=f"lleva {MOST_GOALS} metas a lo más.")
    if not users().filter(pk=owner_id, is_active=True).exists() or (portfolio_id and not Portfolio.objects.filter(pk=portfolio_id).exists()):
        raise NotFound()
    if set(stages) - set(STAGE_ES) or set(channels) - set(CAPACITY_CHANNELS) or not 0 <= review <= 6:
        raise WrongPlan(why="elija etapas, canales y día de revisión de las listas.")
    asked = [(goal["kpi"], goal.get("currency") or "") for goal in goals]
    if len(set(asked)) < len(asked):
        raise WrongPlan(why="cada indicador lleva una sola meta por moneda.")
    return {
        "name": name.strip()[:120], "owner_id": owner_id, "starts_on": starts_on, "ends_on": ends_on, "portfolio_id": portfolio_id, "stages": list(stages),
        "channels": list(channels), "review": review, "goals": [_goal(goal) for goal in goals],
    }  # fmt: skip


def _goal(goal: Mapping[str, Any]) -> dict[str, str]:
    target: Decimal = goal["target"]
    if goal["kpi"] not in GOALS or not target.is_finite() or target < 0:
        raise WrongPlan(why="elija el indicador de la lista y ponga una meta de cero o más.")
    if KPIS[goal["kpi"]].unit == "percent" and target > 1:
        raise WrongPlan(why=f"la meta de «{KPIS[goal['kpi']].label_es}» va de 0 a 100 %.")
    if KPIS[goal["kpi"]].is_money and not goal.get("currency"):
        raise WrongPlan(why=f"diga la moneda de la meta de «{KPIS[goal['kpi']].label_es}».")
    return {"kpi": goal["kpi"], "currency": goal.get("currency") or "" if KPIS[goal["kpi"]].is_money else "", "target": str(target)}


def _locked(plan: CollectionPlan) -> CollectionPlan:
    fresh: CollectionPlan | None = CollectionPlan.objects.select_for_update().filter(pk=plan.pk).first()
    if fresh is None:
        raise NotFound()
    if fresh.closed_at:
        raise PlanClosed()
    return fresh


def _record(event: str, plan: CollectionPlan, by: Any, at: datetime) -> None:
    journal.record(event, by=by, at=at, subject="plan", subject_id=plan.pk, owner_id=plan.owner_id, until_on=plan.ends_on, goals=plan.goals)
