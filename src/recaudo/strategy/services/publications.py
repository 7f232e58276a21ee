"""Telling rules to those who work by them, and their word that they read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from recaudo.journal import services as journal
from recaudo.kernel.problems import NotFound, Problem
from recaudo.strategy.models import Acknowledgement, Publication, StrategyVersion
from recaudo.strategy.queries.publications import content_of, is_for
from recaudo.strategy.queries.versions import model_of
from recaudo.strategy.words import STATUS_ES
from recaudo.workforce.models import Agency


class NotInForce(Problem):
    code = "strategy_not_in_force"
    message = "Sólo se publica la versión en vigor (ésta está «{status}»): lo que se lee debe ser lo que decide."
    status = 409


class NobodyToTell(Problem):
    code = "strategy_nobody_to_tell"
    message = "Elija al menos un despacho, o al personal propio."


class PastDue(Problem):
    code = "strategy_past_due"
    message = "El plazo para acusar recibo ya pasó. Elija hoy o un día por venir."


@transaction.atomic
def publish(
    version: StrategyVersion, *, agencies: Sequence[Agency], to_staff: bool, note: str, due_on: date | None, today: date, by: Any, at: datetime
) -> Publication:
    """Tell the rules of the version in force. Raises NotInForce, NobodyToTell, PastDue."""
    if version.status != "active":
        raise NotInForce(status=STATUS_ES.get(version.status, version.status).lower())
    if not agencies and not to_staff:
        raise NobodyToTell()
    if due_on is not None and due_on < today:
        raise PastDue()
    made = Publication.objects.create(
        version=version, agency_ids=[one.id for one in agencies], to_staff=to_staff, note=note, due_on=due_on, published_by_id=by.id, created_at=at,
        content=content_of(model_of(version)),
    )  # fmt: skip
    journal.record("strategy.published", by=by, at=at, subject="strategy_version", subject_id=version.id, publication=str(made.id),
                   agencies=len(agencies), to_staff=to_staff)  # fmt: skip
    return made


@transaction.atomic
def acknowledge(publication: Publication, *, by: Any, at: datetime) -> Acknowledgement:
    """A person says that they read it; saying it again changes nothing. Raises NotFound when it is not for them."""
    if not is_for(publication, by):
        raise NotFound()
    made: Acknowledgement
    made, is_new = Acknowledgement.objects.get_or_create(
        publication=publication, user_id=by.id, defaults={"agency_id": by.agency_id, "created_at": at}
    )
    if is_new:
        journal.record("strategy.acknowledged", by=by, at=at, subject="publication", subject_id=publication.id)
    return made
