"""A training that a worker does, from its beginning to what the page of the models says of how it ended."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.store import tenancy
from recaudo.workforce.models import User

log = logging.getLogger(__name__)

UNFORESEEN = "Falló por un error imprevisto y no se propuso nada. Pídalo de nuevo; si se repite, quien administra el servidor lo encuentra en el registro."


def train_and_tell(tenant_id: UUID, *, target: str, horizon_days: int, by_id: str | None, work: Callable[[Any], object], clock: Callable[[], datetime]) -> None:
    """Do the work in the organisation on behalf of a user. What stands in the way, also what nobody foresaw, is told in the journal.

    work    given who asks; trains and proposes
    Raises  whatever nobody foresaw, after it was told
    """
    try:
        with tenancy.acting(tenant_id):
            work(_user(tenant_id, by_id))
    except Problem as problem:
        _tell(tenant_id, problem.text, target, horizon_days, by_id, clock())
    except Exception:
        log.exception("training of %s failed", target)
        _tell(tenant_id, UNFORESEEN, target, horizon_days, by_id, clock())
        raise


def _user(tenant_id: UUID, by_id: str | None) -> Any:
    return (User.objects.filter(pk=by_id, tenant_id=tenant_id).first() if by_id else None) or journal.SYSTEM


def _tell(tenant_id: UUID, why: str, target: str, horizon_days: int, by_id: str | None, at: datetime) -> None:
    with tenancy.acting(tenant_id):
        journal.record("score.failed", by=_user(tenant_id, by_id), at=at, subject="score", target=target, horizon_days=horizon_days, why=why)
