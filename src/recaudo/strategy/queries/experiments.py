"""Reads of experiments: which run, who is in which arm, who must not be contacted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from recaudo.engine import experiment as engine
from recaudo.kernel.problems import NotFound
from recaudo.strategy.models import Experiment, ExperimentMember, Strategy, StrategyVersion
from recaudo.strategy.queries.versions import DAILY


@dataclass(frozen=True, slots=True)
class ArmCount:
    """Persons drawn for an arm, and those whose comparison was broken."""

    code: str
    persons: int
    contaminated: int


@dataclass(frozen=True, slots=True)
class Control:
    """Why a person is not contacted proactively, and until when."""

    experiment: Experiment
    since: date
    until: date


def experiments() -> QuerySet[Experiment]:
    """All of them, those at work first, newest first."""
    return Experiment.objects.select_related("strategy").prefetch_related("arms", "arms__version").order_by("-created_at")


def experiment_by_id(experiment_id: UUID) -> Experiment:
    """Raises NotFound."""
    found: Experiment | None = experiments().filter(pk=experiment_id).first()
    if found is None:
        raise NotFound()
    return found


def running_experiments(code: str = DAILY) -> list[Experiment]:
    """Those that the day applies, the default control group first: whoever is in it is in no other."""
    return list(experiments().filter(strategy__code=code, status="running").order_by("-is_default", "created_at"))


def experiments_on(on: date, *, at: datetime, code: str = DAILY) -> list[Experiment]:
    """Those that the day `on`, run at an instant, applied: begun by then and not stopped before; in the order of `running_experiments`."""
    begun = experiments().filter(strategy__code=code, status__in=("running", "stopped"), starts_on__lte=on, decided_at__lte=at)
    return list(begun.filter(Q(stopped_at=None) | Q(stopped_at__gt=at)).order_by("-is_default", "created_at"))


def default_control(strategy: Strategy) -> Experiment | None:
    """The control group that a strategy keeps always, or none."""
    found: Experiment | None = experiments().filter(strategy=strategy, is_default=True).exclude(status__in=("rejected", "stopped")).first()
    return found


def arms_of(experiment: Experiment) -> list[engine.Arm]:
    """The arms as the lot needs them, in their order."""
    return [engine.Arm(one.code, one.share_bp) for one in experiment.arms.all()]


def arm_counts(experiment: Experiment) -> dict[str, ArmCount]:
    """Persons by arm."""
    rows = (
        ExperimentMember.objects.filter(experiment=experiment).values_list("arm")
        .annotate(persons=Count("id"), broken=Count("id", filter=~Q(contaminated=""))).order_by()
    )  # fmt: skip
    return {code: ArmCount(code, persons, broken) for code, persons, broken in rows}


def contaminated_counts(experiment: Experiment) -> dict[tuple[str, str], int]:
    """(arm, why) -> persons."""
    rows = ExperimentMember.objects.filter(experiment=experiment).exclude(contaminated="").values_list("arm", "contaminated").annotate(persons=Count("id")).order_by()
    return {(arm, why): persons for arm, why, persons in rows}


def control_of(person_id: UUID, *, on: date) -> Control | None:
    """The running hold-out that keeps a person from proactive contact on a day, or none. Two queries."""
    members = ExperimentMember.objects.filter(person_id=person_id, experiment__status="running").select_related("experiment").prefetch_related("experiment__arms")
    for member in members:
        until = member.enrolled_on + timedelta(days=member.experiment.outcome_days)
        if member.enrolled_on <= on < until and any(arm.code == member.arm and arm.is_holdout for arm in member.experiment.arms.all()):
            return Control(member.experiment, member.enrolled_on, until)
    return None


def usable_versions(strategy: Strategy) -> list[StrategyVersion]:
    """The versions that an arm may apply: a second person has approved them."""
    found = StrategyVersion.objects.filter(strategy=strategy, status__in=("approved", "active", "retired"), decided_at__isnull=False)
    return list(found.defer("xml").order_by("-number"))
