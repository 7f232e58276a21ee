"""Jobs of strategies: training a model takes longer than a page may."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.utils import timezone
from procrastinate.contrib.django import app

from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.store import tenancy
from recaudo.strategy.services import scores
from recaudo.workforce.models import User


@app.task(name="strategy.tasks.train_score", queue="upkeep", lock="strategy.train")
def train_score(tenant_id: str, target: str, horizon_days: int, note: str, today: str, by_id: str | None) -> None:
    """Train a card and propose it. What stands in the way is told in the journal, where the page of the models reads it."""
    with tenancy.acting(UUID(tenant_id)):
        by = User.objects.filter(pk=by_id, tenant_id=tenant_id).first() if by_id else None
        try:
            scores.train(
                target=target, horizon_days=horizon_days, note=note, by=by or journal.SYSTEM, at=timezone.now(), today=date.fromisoformat(today)
            )
        except Problem as problem:
            journal.record(
                "score.failed", by=by or journal.SYSTEM, at=timezone.now(), subject="score", target=target, horizon_days=horizon_days, why=problem.text
            )
