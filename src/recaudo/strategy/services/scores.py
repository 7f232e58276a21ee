"""The life of a score model: trained or loaded, proposed, put in force by another person, retired; and corrected for one account.

A model of hours and channels (`REACH`) learns from contacts, which are known above: `flow.services.reach` trains it and proposes it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from recaudo.engine import score
from recaudo.engine.facts import FACTS
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.store import tenancy
from recaudo.strategy.models import ScoreModel, ScoreOverride
from recaudo.strategy.models.score import BASIS_POINTS
from recaudo.strategy.queries.scores import USABLE, lesson
from recaudo.strategy.words import MODEL_ES, REACH, SCORE_STATUS_ES, TARGET_ES

TRAIN_TASK = "strategy.tasks.train_score"
REACH_TASK = "flow.tasks.train_reach"
REASON_MINIMUM = 10
OVERRIDE_DAYS = 180
# A fact whose points may only fall as it rises: the older the debt, the less likely it is paid.
RISING = {"dpd": -1}


class UnknownTarget(Problem):
    code = "unknown_target"
    message = "«{target}» no es algo que se pueda pronosticar. Use: {targets}."


class NotACard(Problem):
    code = "not_a_card"
    message = "El archivo no es un modelo guardado por «recaudo model train»: debe ser su JSON, sin cambios."


class ForeignFacts(Problem):
    code = "foreign_facts"
    message = "El modelo usa hechos que aquí no existen o no puede usar: {facts}. Entrénelo con los nombres del diccionario de hechos."


class SameModel(Problem):
    code = "same_model"
    message = "Ese mismo modelo ya está aquí ({status}). No hay nada nuevo que proponer."
    status = 409


class OwnModel(Problem):
    code = "own_model"
    message = "Quien propuso el modelo no puede ponerlo en vigor ni rechazarlo: debe hacerlo otra persona."
    status = 403


class NotProposed(Problem):
    code = "not_proposed"
    message = "El modelo está «{status}»: ya no se puede hacer eso con él."
    status = 409


class AlreadyTraining(Problem):
    code = "already_training"
    message = "Ya se pidió entrenar un modelo de eso y espera a que lo tome un proceso de trabajo."
    status = 409


class ReasonMissing(Problem):
    code = "score_reason_missing"
    message = "Escriba el motivo, con {least} letras o más: quedará en la bitácora."


class CorrectedMeanwhile(Problem):
    code = "score_corrected_meanwhile"
    message = "Otra persona acaba de corregir esta cuenta. Vuelva a pedir la explicación, mire lo que dijo y corrija de nuevo si hace falta."
    status = 409


class WrongOverride(Problem):
    code = "wrong_override"
    message = f"La corrección debe ser de 0 a 100 % y terminar en un día por venir, a lo más dentro de {OVERRIDE_DAYS} días."


def train(*, target: str, horizon_days: int, note: str, by: Any, at: datetime, today: date) -> ScoreModel:
    """Learn from the kept days and propose what came out.

    Raises  UnknownTarget, NoDays, NotEnoughDays, TooFewRows, SameModel
    """
    _known(target)
    table, since, until = lesson(target, horizon_days=horizon_days, today=today)
    found = score.train(table, "happened", name=target, facts=USABLE, horizon_days=horizon_days, at="on", rising=RISING)
    quality = {
        "test": asdict(found.test), "in_train": asdict(found.in_train), "opaque": asdict(found.opaque) if found.opaque else None,
        "rows": table.num_rows,
    }  # fmt: skip
    return propose(target=target, card=found.card, quality=quality, source="snapshots", note=note, since=since, until=until, by=by, at=at)


@transaction.atomic
def request_training(*, target: str, horizon_days: int, note: str, by: Any, at: datetime, today: date) -> None:
    """Have a worker train. Raises UnknownTarget, AlreadyTraining."""
    if target not in MODEL_ES:
        raise UnknownTarget(target=target, targets=", ".join(MODEL_ES))
    task = REACH_TASK if target == REACH else TRAIN_TASK
    job = app.configure_task(task, queue="upkeep", lock="strategy.train", queueing_lock=f"{TRAIN_TASK}:{tenancy.tenant_id()}:{target}")
    try:
        with transaction.atomic():  # a savepoint: the refusal of a second job must not spoil the transaction
            job.defer(
                tenant_id=str(tenancy.tenant_id()), target=target, horizon_days=horizon_days, note=note, today=today.isoformat(),
                by_id=str(by.id) if by.id else None,
            )  # fmt: skip
    except AlreadyEnqueued:
        raise AlreadyTraining() from None
    journal.record("score.requested", by=by, at=at, subject="score", target=target, horizon_days=horizon_days)


def load(text: str, *, target: str, note: str, by: Any, at: datetime) -> ScoreModel:
    """Propose a card that was trained elsewhere. What it measured is not known here, so it comes without figures.

    Raises  UnknownTarget, NotACard, ForeignFacts, SameModel
    """
    _known(target)
    try:
        card = score.from_json(text)
    except ValueError:
        raise NotACard() from None
    return propose(target=target, card=card, quality={}, source="file", note=note, by=by, at=at)


@transaction.atomic
def propose(
    *, target: str, card: score.Card, quality: Mapping[str, Any], source: str, note: str, by: Any, at: datetime, since: date | None = None,
    until: date | None = None,
) -> ScoreModel:  # fmt: skip
    """Keep a card as proposed. Raises ForeignFacts, SameModel."""
    foreign = [fact.name for fact in card.facts if fact.name not in USABLE or score.is_protected(fact.name) or not _fits(fact)]
    if foreign:
        raise ForeignFacts(facts=", ".join(foreign))
    made = ScoreModel(
        target=target, version=card.version, card=score.to_json(card), quality=dict(quality), source=source, note=note.strip(), trained_from=since,
        trained_until=until, created_by_id=by.id, created_at=at,
    )  # fmt: skip
    return _keep(made, by=by, at=at, facts=len(card.facts))


@transaction.atomic
def propose_reach(reach: score.Reach, *, quality: Mapping[str, Any], note: str, by: Any, at: datetime, since: date, until: date) -> ScoreModel:
    """Keep what was learnt of hours and channels as proposed. Raises SameModel."""
    made = ScoreModel(
        target=REACH, version=reach.version, card=score.reach_to_json(reach), quality=dict(quality), source="contacts", note=note.strip(),
        trained_from=since, trained_until=until, created_by_id=by.id, created_at=at,
    )  # fmt: skip
    return _keep(made, by=by, at=at)


def _keep(made: ScoreModel, *, by: Any, at: datetime, **more: Any) -> ScoreModel:
    try:
        with transaction.atomic():  # a savepoint: what says that it is there already must be read
            made.save(force_insert=True)
    except IntegrityError:
        raise SameModel(status=SCORE_STATUS_ES[ScoreModel.objects.get(target=made.target, version=made.version).status].lower()) from None
    _record("score.proposed", made, by, at, source=made.source, **more)
    return made


def _fits(fact: score.Feature) -> bool:
    """Whether a card reads a fact as what it is: a number as a number."""
    return fact.is_number == (FACTS[fact.name].type not in {"text", "boolean"})


@transaction.atomic
def activate(model: ScoreModel, *, note: str, by: Any, at: datetime) -> ScoreModel:
    """Put a proposed model in force, by a second person; what was in force for its target retires.

    Raises  OwnModel, NotProposed
    """
    # Two activations at once would each see no other in force: the models of a target wait here for one another.
    list(ScoreModel.objects.select_for_update().filter(target=model.target).order_by("id").values_list("id", flat=True))
    fresh = _decided(model, note=note, by=by, at=at)
    for before in ScoreModel.objects.filter(target=fresh.target, status="active"):
        _retired(before, by=by, at=at)
    fresh.status = "active"
    fresh.save()
    _record("score.activated", fresh, by, at)
    return fresh


@transaction.atomic
def reject(model: ScoreModel, *, note: str, by: Any, at: datetime) -> ScoreModel:
    """Raises OwnModel, NotProposed, ReasonMissing."""
    if len(note.strip()) < REASON_MINIMUM:
        raise ReasonMissing(least=REASON_MINIMUM)
    fresh = _decided(model, note=note, by=by, at=at)
    fresh.status = "rejected"
    fresh.save()
    _record("score.rejected", fresh, by, at)
    return fresh


@transaction.atomic
def retire(model: ScoreModel, *, by: Any, at: datetime) -> ScoreModel:
    """From the next day its fact is empty. Raises NotProposed."""
    fresh: ScoreModel = ScoreModel.objects.select_for_update().get(id=model.id)
    if fresh.status != "active":
        raise NotProposed(status=SCORE_STATUS_ES[fresh.status])
    _retired(fresh, by=by, at=at)
    return fresh


@transaction.atomic
def override(*, target: str, account_id: UUID, probability: float, reason: str, until_on: date, by: Any, at: datetime, today: date) -> ScoreOverride:
    """Say the probability (0 to 1) of one account instead of the card, until a day. A new one takes the place of the last.

    today  by the organisation's clock

    Raises  UnknownTarget, WrongOverride, ReasonMissing, CorrectedMeanwhile
    """
    _known(target)
    if not 0 <= probability <= 1 or not today < until_on <= today + timedelta(days=OVERRIDE_DAYS):
        raise WrongOverride()
    if len(reason.strip()) < REASON_MINIMUM:
        raise ReasonMissing(least=REASON_MINIMUM)
    ScoreOverride.objects.filter(target=target, account_id=account_id, withdrawn_at=None).update(withdrawn_at=at)
    try:
        with transaction.atomic():
            made = ScoreOverride.objects.create(
                target=target, account_id=account_id, probability_bp=round(probability * BASIS_POINTS), reason=reason.strip(), until_on=until_on, by_id=by.id,
                created_at=at,
            )  # fmt: skip
    except IntegrityError:  # the database lets one stand: another came between what ended the last and this one
        raise CorrectedMeanwhile() from None
    journal.record("score.overridden", by=by, at=at, subject="account", subject_id=account_id, target=target, probability_bp=made.probability_bp, until=until_on)
    return made


@transaction.atomic
def withdraw_override(found: ScoreOverride, *, by: Any, at: datetime) -> None:
    """The card speaks again."""
    if ScoreOverride.objects.filter(id=found.id, withdrawn_at=None).update(withdrawn_at=at):
        journal.record("score.overridden", by=by, at=at, subject="account", subject_id=found.account_id, target=found.target, step="withdrawn")


def _decided(model: ScoreModel, *, note: str, by: Any, at: datetime) -> ScoreModel:
    fresh: ScoreModel = ScoreModel.objects.select_for_update().get(id=model.id)
    if fresh.status != "proposed":
        raise NotProposed(status=SCORE_STATUS_ES[fresh.status])
    if fresh.created_by_id == by.id:
        raise OwnModel()
    fresh.decided_by_id, fresh.decided_at, fresh.decision_note = by.id, at, note.strip()
    return fresh


def _retired(model: ScoreModel, *, by: Any, at: datetime) -> None:
    model.status, model.retired_at = "retired", at
    model.save(update_fields=["status", "retired_at"])
    _record("score.retired", model, by, at)


def _known(target: str) -> None:
    if target not in TARGET_ES:
        raise UnknownTarget(target=target, targets=", ".join(TARGET_ES))


def _record(name: str, model: ScoreModel, by: Any, at: datetime, **more: Any) -> None:
    journal.record(name, by=by, at=at, subject="score", subject_id=model.id, target=model.target, version=model.version, **more)
