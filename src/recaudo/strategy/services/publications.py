"""Telling rules, policies and changes of the law to those who work by them, and their word that they read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from recaudo.journal import services as journal
from recaudo.kernel.problems import NotFound, Problem
from recaudo.strategy.models import Acknowledgement, Publication, StrategyVersion
from recaudo.strategy.queries.publications import EVERYBODY, content_of, digest_of, is_for
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
    content = content_of(model_of(version))
    made = Publication(version=version, note=note, due_on=due_on, content=content, digest=digest_of(note=note, content=content))
    return _told(made, agencies, to_staff, today, "strategy_version", version.id, by=by, at=at)


@transaction.atomic
def tell(
    *, kind: str, title: str, note: str, text: str, subject_id: UUID, agencies: Sequence[Agency], to_staff: bool, due_on: date | None, today: date, by: Any,
    at: datetime, roles: Sequence[str] = (), attached_sha256: str = "", replaces: Sequence[UUID] = (),
) -> Publication:  # fmt: skip
    """Tell something else than rules, to be read and said yes to.

    kind       policy or law
    text       Markdown; attached_sha256 of a file that is read with it
    roles      for whom of the audience, see `queries.publications.EVERYBODY`; none = those who work accounts
    replaces   subjects whose publications need not be read any more
    Raises     NobodyToTell, PastDue
    """
    made = Publication(
        kind=kind, title=title[:160], note=note[:600], text=text, subject_id=subject_id, content=[], due_on=due_on, roles=sorted(set(roles) & EVERYBODY),
        digest=digest_of(title=title, text=text, file=attached_sha256), has_file=bool(attached_sha256),
    )  # fmt: skip
    Publication.objects.filter(subject_id__in=list(replaces), replaced_at=None).update(replaced_at=at)
    return _told(made, agencies, to_staff, today, kind, subject_id, by=by, at=at)


def stop_telling(subject_id: UUID, *, at: datetime) -> None:
    """What tells of something need not be read any more."""
    Publication.objects.filter(subject_id=subject_id, replaced_at=None).update(replaced_at=at)


def _told(made: Publication, agencies: Sequence[Agency], to_staff: bool, today: date, subject: str, subject_id: UUID, *, by: Any, at: datetime) -> Publication:
    if not agencies and not to_staff:
        raise NobodyToTell()
    if made.due_on is not None and made.due_on < today:
        raise PastDue()
    made.agency_ids, made.to_staff, made.published_by_id, made.created_at = [one.id for one in agencies], to_staff, by.id, at
    made.save(force_insert=True)
    journal.record("strategy.published", by=by, at=at, subject=subject, subject_id=subject_id, publication=str(made.id), kind=made.kind,
                   digest=made.digest, agencies=len(agencies), to_staff=to_staff)  # fmt: skip
    return made


@transaction.atomic
def acknowledge(publication: Publication, *, by: Any, at: datetime) -> Acknowledgement:
    """A person says that they read it; saying it again changes nothing. Raises NotFound when it is not for them."""
    if not is_for(publication, by):
        raise NotFound()
    made: Acknowledgement
    made, is_new = Acknowledgement.objects.get_or_create(
        publication=publication, user_id=by.id, defaults={"agency_id": by.agency_id, "created_at": at, "digest": publication.digest}
    )
    if is_new:
        journal.record(
            "strategy.acknowledged", by=by, at=at, subject="publication", subject_id=publication.id, kind=publication.kind, digest=publication.digest
        )
    return made
