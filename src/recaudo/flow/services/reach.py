"""Learn by what channel and at what hour persons are reached, from what came of the contacts, and propose it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import pyarrow.compute as pc

from recaudo.engine import score
from recaudo.flow.queries import reach
from recaudo.strategy.models import ScoreModel
from recaudo.strategy.services import scores
from recaudo.workforce.models import Tenant


def train_reach(tenant: Tenant, *, note: str, by: Any, at: datetime) -> ScoreModel:
    """Propose a model of hours and channels from the last half year.

    Raises  TooFewAttempts, OneOutcome, SameModel
    """
    hours, channels = reach.lesson(tenant=tenant, at=at)
    found, measured = score.learn(hours, channels)
    days = pc.min_max(channels["on"]).as_py()
    quality = {"test": asdict(measured), "rows": channels.num_rows}
    return scores.propose_reach(found, quality=quality, note=note, since=days["min"], until=days["max"], by=by, at=at)
