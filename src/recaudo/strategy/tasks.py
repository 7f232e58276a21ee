"""Jobs of strategies: training a model takes longer than a page may."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.utils import timezone
from procrastinate.contrib.django import app

from recaudo.strategy.services import scores
from recaudo.strategy.services.training import train_and_tell


@app.task(name="strategy.tasks.train_score", queue="upkeep", lock="strategy.train")
def train_score(tenant_id: str, target: str, horizon_days: int, note: str, today: str, by_id: str | None) -> None:
    """Train a card and propose it."""

    def work(by: object) -> object:
        return scores.train(target=target, horizon_days=horizon_days, note=note, by=by, at=timezone.now(), today=date.fromisoformat(today))

    train_and_tell(UUID(tenant_id), target=target, horizon_days=horizon_days, by_id=by_id, work=work, clock=timezone.now)
