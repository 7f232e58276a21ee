"""Plans of collection and how far they are; the five stages of the work at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from recaudo.analytics.queries import Scope
from recaudo.analytics.words import BETTER_DOWN
from recaudo.casework.models import Wave
from recaudo.engine.measure import KPIS, Kpi
from recaudo.flow.models import CollectionPlan, Escalation, Run
from recaudo.flow.queries.limits import amounts_on
from recaudo.flow.queries.measured import measured
from recaudo.flow.queries.pacing import paces_on
from recaudo.intake.models import Batch
from recaudo.kernel.problems import NotFound
from recaudo.portfolio.models import Payment
from recaudo.strategy import queries as strategy
from recaudo.strategy.models import Experiment, StrategyVersion
from recaudo.workforce import queries as workforce

# The indicators that a goal may be set on.
GOALS = ("K-61", "K-62", "K-07c", "K-05c", "K-30", "K-34", "K-36", "K-50", "K-53", "K-23")


@dataclass(frozen=True, slots=True)
class Progress:
    """One goal against what is measured. share: how much of it is reached, of what is better higher; is_met: it is reached now.

    due   for money, what should be reached by now if it came in evenly; else the target
    """

    kpi: Kpi
    currency: str
    target: Decimal
    value: Decimal | None
    due: Decimal
    is_met: bool
    is_on_course: bool

    @property
    def share(self) -> float:
        if self.value is None or not self.target:
            return 0.0
        return min(max(float(self.value / self.target), 0.0), 1.0)

    @property
    def falls(self) -> bool:
        """Whether less of it is better."""
        return self.kpi.id in BETTER_DOWN


def plans(*, open_only: bool) -> QuerySet[CollectionPlan]:
    """Newest first."""
    found = CollectionPlan.objects.order_by("-starts_on", "-created_at")
    return found.filter(closed_at=None) if open_only else found


def plan_by_id(plan_id: UUID) -> CollectionPlan:
    """Raises NotFound."""
    found: CollectionPlan | None = CollectionPlan.objects.filter(pk=plan_id).first()
    if found is None:
        raise NotFound()
    return found


def elapsed(plan: CollectionPlan, today: date) -> float:
    """The part of its days that has passed, 0 to 1; today counts as passed."""
    days = (plan.ends_on - plan.starts_on).days + 1
    return min(max(((today - plan.starts_on).days + 1) / days, 0.0), 1.0)


def progress(plan: CollectionPlan, *, today: date, zone: str) -> list[Progress]:
    """Each goal against what happened since the plan began. One reading of the indicators."""
    if plan.starts_on > today:
        return [_progress(goal, None, 0.0) for goal in plan.goals]
    scope = Scope(start=plan.starts_on, end=min(plan.ends_on, today) + timedelta(days=1), today=today, zone=zone, portfolio_id=plan.portfolio_id)
    passed = elapsed(plan, today)
    rows = measured(sorted({goal["kpi"] for goal in plan.goals}), scope, stages=plan.stages)
    values = {(row.kpi, row.group.get("currency", "")): row.value for row in rows if row.has_data}
    return [_progress(goal, values.get((goal["kpi"], goal["currency"])), passed) for goal in plan.goals]


def _progress(goal: dict[str, str], value: Decimal | None, passed: float) -> Progress:
    kpi, target = KPIS[goal["kpi"]], Decimal(goal["target"])
    due = target * Decimal(passed) if kpi.unit == "money" else target
    falls = kpi.id in BETTER_DOWN
    is_met = value is not None and (value <= target if falls else value >= target)
    on_course = value is not None and (value <= target if falls else value >= due)
    return Progress(kpi, goal["currency"], target, value, due, is_met, on_course)


@dataclass(frozen=True, slots=True)
class Cycle:
    """The five stages of the work as they stand today: counts by name."""

    information: dict[str, int]
    planning: dict[str, Any]
    strategy: dict[str, Any]
    execution: dict[str, Any]
    control: dict[str, int]


def cycle(*, today: date, at: datetime) -> Cycle:
    """What the page of the five stages shows. A constant number of queries."""
    week = Batch.objects.filter(created_at__gte=at - timedelta(days=7)).aggregate(accepted=Sum("accepted_count"), rejected=Sum("rejected_count"))
    versions = StrategyVersion.objects.filter(status="submitted").count()
    running = Experiment.objects.filter(Q(status="running") | Q(status="submitted")).values_list("status", flat=True)
    run = Run.objects.filter(on=today).exclude(status="failed").first()
    return Cycle(
        information={
            "accepted": week["accepted"] or 0, "rejected": week["rejected"] or 0, "unidentified": Payment.objects.filter(status="unidentified").count(),
        },
        planning={
            "plans": CollectionPlan.objects.filter(closed_at=None, starts_on__lte=today, ends_on__gte=today).count(), "limits": len(amounts_on(today)),
            "places": sum(workforce.capacity_on(today).values()),
        },
        strategy={"version": _in_force(), "waiting": versions, "experiments": list(running).count("running"), "paces": len(paces_on(today))},
        execution={"run": run, "waves": Wave.objects.filter(status="awaiting_release").count(), "opened": sum((run.counts if run else {}).get("actions_opened", {}).values())},
        control={"escalated": Escalation.objects.filter(closed_on=None).count(), "overdue_plans": CollectionPlan.objects.filter(closed_at=None, ends_on__lt=today).count()},
    )  # fmt: skip


def _in_force() -> StrategyVersion | None:
    try:
        return strategy.active_version()
    except strategy.NoStrategy:
        return None
