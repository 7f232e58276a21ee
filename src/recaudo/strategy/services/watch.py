"""Watch the cards in force: how each fares on a day, whether it should be looked at, and whether it treats groups alike."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.db import transaction

from recaudo.engine import score
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.strategy.models import ScoreDay, ScoreModel
from recaudo.strategy.queries import watch as reads
from recaudo.strategy.queries.scores import in_force
from recaudo.strategy.queries.snapshots import is_kept, snapshot_of
from recaudo.strategy.words import REACH, TARGET_ES


class NoDayToJudge(Problem):
    code = "no_day_to_judge"
    message = "Aún no hay una jornada guardada con {horizon} días de historia posterior: sin saber qué pasó no puede medirse la equidad."
    status = 409


class NoCard(Problem):
    code = "no_card"
    message = "Esto se mide en los modelos que puntúan cuentas; el de horas y canales no las puntúa."
    status = 409


def watch(*, on: date, by: Any, at: datetime) -> dict[str, str]:
    """Keep how each card in force fares on a day that is kept; tell the journal when one begins to stray. Doing it again changes nothing.

    Returns  target -> alert (shift, error, both), those that should be looked at
    """
    today = snapshot_of(on)
    if today is None or not is_kept(today):
        return {}
    made = [one for target, model in in_force().items() if target in TARGET_ES and (one := _day(model, on=on, by=by, at=at)) is not None]
    return {one.model.target: one.alert for one in made if one.alert}


@transaction.atomic
def _day(model: ScoreModel, *, on: date, by: Any, at: datetime) -> ScoreDay | None:
    today = snapshot_of(on)
    now = reads.scored(model, today) if today else None
    if now is None or not len(now):
        return None
    base = reads.base_of(model, on=on)
    before = reads.scored(model, base) if base and base.on < on else None
    shift = score.drift(before, now) if before is not None and len(before) else None
    judged = reads.judged(model, on=on)
    error = judged.measured.error if judged else None
    last = ScoreDay.objects.filter(model=model, on__lte=on).order_by("-on").first()  # of the day itself, when it is watched again
    known = last.alert if last else ""
    found: ScoreDay
    found, _ = ScoreDay.objects.update_or_create(
        model=model, on=on,
        defaults={
            "account_count": len(now), "mean": float(now.mean()), "base_on": base.on if base else None, "shift": shift, "error": error,
            "judged_on": judged.on if judged else None, "judged_count": judged.measured.count if judged else None,
            "said": sum(band.count * band.given for band in judged.measured.bands) / judged.measured.count if judged else None,
            "seen": judged.measured.rate if judged else None, "auc": judged.measured.auc if judged else None, "alert": reads.alert_of(shift, error),
            "created_at": at,
        },
    )  # fmt: skip
    if found.alert and found.alert != known:
        journal.record(
            "score.strayed", by=by, at=at, subject="score", subject_id=model.id, target=model.target, version=model.version, alert=found.alert, on=on,
            shift=shift, error=error,
        )  # fmt: skip
    return found


@transaction.atomic
def measure_fairness(model: ScoreModel, *, by: Any, at: datetime, today: date) -> ScoreModel:
    """Measure how a card treats ages and regions, and keep it with the model: counts and rates by group, of nobody in particular.

    Raises  NoCard, NoDayToJudge
    """
    if model.target == REACH:
        raise NoCard()
    found = reads.fairness(model, on=today)
    if found is None:
        raise NoDayToJudge(horizon=score.from_json(model.card).horizon_days)
    on, groups = found
    fresh: ScoreModel = ScoreModel.objects.select_for_update().get(id=model.id)
    fresh.quality = {**fresh.quality, "fairness": {"on": on.isoformat(), "groups": [asdict(one) for one in groups]}}
    fresh.save(update_fields=["quality"])
    journal.record("score.fairness_measured", by=by, at=at, subject="score", subject_id=model.id, target=model.target, version=model.version, on=on, groups=len(groups))
    return fresh
