"""The life of an experiment: proposed with its arms and its size, approved by another person, running, stopped, measured.

The lot itself is drawn by the day (`flow/services/arms.py`), which hands over who was drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from recaudo.engine import experiment as engine
from recaudo.engine.facts import FACTS
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.store.bulk import copy_rows, staging
from recaudo.store.keys import uuid7
from recaudo.strategy.models import Experiment, ExperimentArm, Strategy, StrategyVersion
from recaudo.strategy.queries.experiments import arms_of
from recaudo.strategy.words import EXPERIMENT_STATUS_ES

SCOPED_BY = ("country", "portfolio_code", "product", "stage", "bucket", "currency", "kind")
CONTAMINATED = ("merged", "placed", "contacted")
MOST_DAYS = 180


class NotThatState(Problem):
    code = "experiment_state"
    message = "El experimento está «{status}»: esto ya no se puede hacer con él."
    status = 409


class OwnExperiment(Problem):
    code = "own_experiment"
    message = "Quien propuso el experimento no puede aprobarlo ni rechazarlo: debe hacerlo otra persona."
    status = 403


class VersionNotApproved(Problem):
    code = "arm_version_not_approved"
    message = "El brazo «{arm}» usa una versión que nadie ha aprobado. Envíela a aprobación antes de probarla con personas."


class AnotherRuns(Problem):
    code = "another_experiment_runs"
    message = "«{name}» ya está en marcha o aprobado en esta estrategia: sus brazos se mezclarían. Deténgalo antes, o espere a que termine."
    status = 409


class UnfitExperiment(Problem):
    code = "unfit_experiment"
    message = "El experimento no se puede proponer: {why}"


class PastStart(Problem):
    code = "experiment_past_start"
    message = "El experimento no puede empezar el {on}: elija hoy o un día por venir."


@dataclass(frozen=True, slots=True)
class ArmDraft:
    """An arm to be. `version` none: what is in force on the day."""

    code: str
    name: str
    share_bp: int
    version: StrategyVersion | None = None
    is_holdout: bool = False


@transaction.atomic
def propose(
    strategy: Strategy, *, name: str, kind: str, arms: Sequence[ArmDraft], base_bp: int, lift_bp: int, by: Any, at: datetime,
    hypothesis: str = "", scope: Mapping[str, Sequence[str]] | None = None, metric: str = "paid", outcome_days: int = 30,
    alpha_bp: int = 500, power_bp: int = 8000, is_default: bool = False,
) -> Experiment:  # fmt: skip
    """A draft. The first arm is the control.

    base_bp, lift_bp   what the control is expected to pay and the difference that should be seen, hundredths of a percent
    Raises             OneArm, SharesNotWhole, UnfitPlan, UnfitExperiment, VersionNotApproved
    """
    engine.check_arms([engine.Arm(arm.code, arm.share_bp) for arm in arms])
    _check(kind, arms, scope or {}, outcome_days)
    share = arms[1].share_bp / (arms[0].share_bp + arms[1].share_bp)
    plan = engine.Plan(base_bp / 10_000, lift_bp / 10_000, share, alpha_bp / 10_000, power_bp / 10_000)
    key = uuid7()
    made = Experiment.objects.create(
        id=key, strategy=strategy, name=name.strip(), hypothesis=hypothesis.strip(), kind=kind, is_default=is_default, salt=f"exp-{key.hex}",
        scope={fact: sorted(values) for fact, values in (scope or {}).items() if values}, metric=metric, outcome_days=outcome_days,
        alpha_bp=alpha_bp, power_bp=power_bp, base_bp=base_bp, lift_bp=lift_bp, planned_count=engine.persons_needed(plan),
        created_by_id=by.id, created_at=at,
    )  # fmt: skip
    for place, arm in enumerate(arms):
        ExperimentArm.objects.create(
            experiment=made, place=place, code=arm.code, name=arm.name, share_bp=arm.share_bp, version=arm.version, is_holdout=arm.is_holdout, created_at=at
        )
    _record("experiment.drafted", made, by, at, kind=kind, arms=[[arm.code, arm.share_bp] for arm in arms])
    return made


def _check(kind: str, arms: Sequence[ArmDraft], scope: Mapping[str, Sequence[str]], outcome_days: int) -> None:
    if kind not in {"challenger", "holdout"}:
        raise UnfitExperiment(why="su clase no existe.")
    if kind == "holdout" and not arms[0].is_holdout:
        raise UnfitExperiment(why="el primer brazo de un grupo de control es el que no se contacta.")
    if any(arm.is_holdout for arm in arms[1:]):
        raise UnfitExperiment(why="sólo el primer brazo puede no contactarse: con él se comparan los demás.")
    seen: set[UUID | str] = set()
    for arm in arms:
        what = "holdout" if arm.is_holdout else arm.version.id if arm.version else "in_force"
        if what in seen:
            raise UnfitExperiment(why=f"el brazo «{arm.name}» hace lo mismo que otro: no habría nada que comparar.")
        seen.add(what)
        if arm.version and (arm.version.status not in {"approved", "active", "retired"} or arm.version.decided_at is None):
            raise VersionNotApproved(arm=arm.name)
    if not 1 <= outcome_days <= MOST_DAYS:
        raise UnfitExperiment(why=f"el plazo va de 1 a {MOST_DAYS} días.")
    for fact in scope:
        if fact not in SCOPED_BY or fact not in FACTS:
            raise UnfitExperiment(why=f"no se puede limitar por «{fact}».")


@transaction.atomic
def discard(experiment: Experiment, *, by: Any, at: datetime) -> None:
    """Delete a draft that nobody decided on. Raises NotThatState."""
    experiment = _locked(experiment, "draft", "rejected")
    _record("experiment.discarded", experiment, by, at)
    experiment.delete()


@transaction.atomic
def submit_experiment(experiment: Experiment, *, by: Any, at: datetime) -> Experiment:
    """Send it to approval; from here on its arms never change. Raises NotThatState."""
    experiment = _locked(experiment, "draft")
    return _moved(experiment, "submitted", "experiment.submitted", by, at, submitted_at=at)


@transaction.atomic
def approve_experiment(experiment: Experiment, *, starts_on: date, today: date, by: Any, at: datetime, note: str = "") -> Experiment:
    """A second person agrees; the day `starts_on` draws the first lot. Raises NotThatState, OwnExperiment, AnotherRuns, PastStart."""
    experiment = _locked(experiment, "submitted")
    _refuse_own(experiment, by)
    if starts_on < today:
        raise PastStart(on=f"{starts_on:%d/%m/%Y}")
    # Two approvals at once would each see no other: they wait here for one another.
    Strategy.objects.select_for_update().get(pk=experiment.strategy_id)
    other = (
        Experiment.objects.filter(strategy_id=experiment.strategy_id, status__in=("approved", "running"), is_default=experiment.is_default)
        .exclude(pk=experiment.pk).first()
    )  # fmt: skip
    if other is not None:
        raise AnotherRuns(name=other.name)
    return _moved(
        experiment, "approved", "experiment.approved", by, at, starts_on=starts_on, decided_by_id=by.id, decided_at=at, decision_note=note
    )


@transaction.atomic
def reject_experiment(experiment: Experiment, *, note: str, by: Any, at: datetime) -> Experiment:
    """A second person does not agree, and says why. Raises NotThatState, OwnExperiment."""
    experiment = _locked(experiment, "submitted")
    _refuse_own(experiment, by)
    return _moved(experiment, "rejected", "experiment.rejected", by, at, decided_by_id=by.id, decided_at=at, decision_note=note)


@transaction.atomic
def start_due_experiments(*, on: date, by: Any, at: datetime) -> int:
    """Start those whose day has come. Returns how many."""
    due = list(Experiment.objects.select_for_update().filter(status="approved", starts_on__lte=on).order_by("starts_on"))
    for one in due:
        _moved(one, "running", "experiment.started", by, at)
    return len(due)


@transaction.atomic
def stop_experiment(experiment: Experiment, *, on: date, reason: str, by: Any, at: datetime) -> Experiment:
    """No more lots are drawn and everybody is worked as usual again; those already drawn are still followed to their end.

    Raises NotThatState
    """
    experiment = _locked(experiment, "running", "approved")
    return _moved(experiment, "stopped", "experiment.stopped", by, at, stopped_at=at, stopped_on=on, stopped_by_id=by.id, stop_reason=reason)


@transaction.atomic
def enrol(experiment: Experiment, rows: Iterable[Sequence[Any]], *, on: date, by: Any, at: datetime) -> int:
    """Write down who was drawn. Those already drawn stay as they are. Returns how many are new.

    rows   (person id, arm, baseline in minor units or None, currency)
    """
    known = {arm.code for arm in arms_of(experiment)}
    with staging("drawn", {"person_id": "uuid", "arm": "text", "baseline_minor": "bigint", "currency": "text"}) as table, connection.cursor() as cursor:
        copy_rows(table, ("person_id", "arm", "baseline_minor", "currency"), rows)
        cursor.execute("SELECT DISTINCT arm FROM drawn")
        strange = {row[0] for row in cursor.fetchall()} - known
        if strange:
            raise ValueError(f"arms that the experiment does not have: {sorted(map(str, strange))}")
        cursor.execute(
            "INSERT INTO strategy_experimentmember (id, tenant_id, created_at, experiment_id, person_id, arm, enrolled_on, baseline_minor, currency, contaminated)"
            " SELECT recaudo_derived(%(on)s, %(experiment)s::text, d.person_id::text), %(tenant)s, %(at)s, %(experiment)s, d.person_id, d.arm, %(on)s,"
            " d.baseline_minor, coalesce(d.currency, ''), '' FROM drawn d ON CONFLICT DO NOTHING",
            {"on": on, "experiment": experiment.pk, "tenant": experiment.tenant_id, "at": at},
        )
        count = cursor.rowcount
    if count:
        _record("experiment.enrolled", experiment, by, at, on=on, count=count)
    return count


@transaction.atomic
def mark_contaminated(experiment: Experiment, rows: Iterable[Sequence[Any]], *, by: Any, at: datetime) -> int:
    """Write down whose comparison was broken; the first reason stays. Returns how many are new.

    rows   (person id, one of CONTAMINATED, the day)
    """
    with staging("broken", {"person_id": "uuid", "why": "text", "happened_on": "date"}) as table, connection.cursor() as cursor:
        copy_rows(table, ("person_id", "why", "happened_on"), rows)
        cursor.execute(
            "UPDATE strategy_experimentmember m SET contaminated = b.why, contaminated_on = b.happened_on"
            " FROM (SELECT DISTINCT ON (person_id) person_id, why, happened_on FROM broken WHERE why = ANY(%(known)s) ORDER BY person_id, happened_on, why) b"
            " WHERE m.tenant_id = %(tenant)s AND m.experiment_id = %(experiment)s AND m.person_id = b.person_id AND m.contaminated = ''",
            {"tenant": experiment.tenant_id, "experiment": experiment.pk, "known": list(CONTAMINATED)},
        )
        count = cursor.rowcount
    if count:
        _record("experiment.contaminated", experiment, by, at, count=count)
    return count


@transaction.atomic
def keep_result(experiment: Experiment, *, result: Mapping[str, Any], on: date, by: Any, at: datetime) -> Experiment:
    """Keep what was measured, so that a page only shows it."""
    kept: Experiment = Experiment.objects.select_for_update().get(pk=experiment.pk)
    kept.result, kept.measured_on = dict(result), on
    kept.save(update_fields=["result", "measured_on"])
    _record("experiment.measured", kept, by, at, on=on)
    return kept


def _refuse_own(experiment: Experiment, by: Any) -> None:
    if by.id is not None and by.id == experiment.created_by_id:
        raise OwnExperiment()


def _moved(experiment: Experiment, status: str, event: str, by: Any, at: datetime, **changed: Any) -> Experiment:
    experiment.status = status
    for name, value in changed.items():
        setattr(experiment, name, value)
    experiment.save(update_fields=["status", *changed])
    _record(event, experiment, by, at)
    return experiment


def _locked(experiment: Experiment, *states: str) -> Experiment:
    found: Experiment = Experiment.objects.select_for_update().get(pk=experiment.pk)
    if found.status not in states:
        raise NotThatState(status=EXPERIMENT_STATUS_ES.get(found.status, found.status).lower())
    return found


def _record(event: str, experiment: Experiment, by: Any, at: datetime, **detail: Any) -> None:
    journal.record(event, by=by, at=at, subject="experiment", subject_id=experiment.pk, **detail)
