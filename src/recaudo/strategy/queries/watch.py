"""How a card in force fares on kept days: has the population moved, is what it says true, and does it treat groups alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import duckdb
import numpy as np

from recaudo.engine import score
from recaudo.engine.score.measure import MOVED, Floats
from recaudo.portfolio.models import Account, Person
from recaudo.strategy.models import ScoreDay, ScoreModel, Snapshot
from recaudo.strategy.queries.scores import ABOUT, SPARE_DAYS, lesson_of
from recaudo.strategy.queries.snapshots import is_kept, present, snapshots

# A mean distance between what is said and what comes true from which a card should be looked at, and on how many accounts at least.
LOOSE, JUDGED_LEAST = 0.10, 100
SHOWN_DAYS = 60
FAIRNESS_ROWS = 10_000
AGES = ((30, "18 a 29 años"), (45, "30 a 44 años"), (60, "45 a 59 años"), (200, "60 años o más"))
ALERT_ES = {
    "shift": "Las cuentas de hoy ya no se parecen a aquellas con que se compara: el modelo opina de una población que no conoce.",
    "error": "Lo que dice ya no es lo que pasa: la distancia entre lo dicho y lo ocurrido pasa del límite.",
    "both": "Las cuentas cambiaron y además lo que dice ya no es lo que pasa.",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judged:
    """What a card said of the accounts of a day whose time is over, and what came of them."""

    on: date
    measured: score.Quality


def scored(model: ScoreModel, day: Snapshot) -> Floats | None:
    """What a card says of the accounts of a kept day that it is about, by that day's facts. None where the day has not all of them."""
    card = score.from_json(model.card)
    with duckdb.connect() as db:
        has = {row[0] for row in db.execute("DESCRIBE SELECT * FROM read_parquet($path)", {"path": present(day)}).fetchall()}
        if any(fact.name not in has for fact in card.facts):
            return None
        text = f"SELECT {score.sql(card)} AS said FROM read_parquet($path) WHERE {ABOUT[model.target]}"
        found: Floats = db.execute(text, {"path": present(day)}).fetchnumpy()["said"]
    return np.asarray(found, float)


def base_of(model: ScoreModel, *, on: date) -> Snapshot | None:
    """The day that a card is compared with: the last one it learnt from, else the first one it was in force; None when none is kept."""
    kept = snapshots().filter(on__lte=on).order_by("on")
    if model.source == "snapshots" and model.trained_until:
        kept = kept.filter(on__gte=model.trained_until)
    elif model.decided_at:
        kept = kept.filter(on__gte=model.decided_at.date())
    return next((one for one in kept if is_kept(one)), None)


def judged(model: ScoreModel, *, on: date) -> Judged | None:
    """The newest day whose time was over on `on`, that the card did not learn from, with enough accounts. None without one."""
    horizon = score.from_json(model.card).horizon_days
    over = snapshots().filter(on__lte=on - timedelta(days=horizon), on__gt=on - timedelta(days=horizon + SPARE_DAYS))
    if model.source == "snapshots" and model.trained_until:
        over = over.filter(on__gt=model.trained_until)
    day = next((one for one in over if is_kept(one)), None)
    if day is None:
        return None
    rows = lesson_of(model.target, day, horizon_days=horizon)
    if rows is None or rows.num_rows < JUDGED_LEAST:
        return None
    given = score.probabilities(score.from_json(model.card), rows)
    try:
        return Judged(day.on, score.quality(np.asarray(rows["happened"].to_numpy(), float), given))
    except score.OneOutcome:
        return None


def alert_of(shift: float | None, error: float | None) -> str:
    """shift, error, both or nothing."""
    moved, loose = shift is not None and shift >= MOVED, error is not None and error >= LOOSE
    return "both" if moved and loose else "shift" if moved else "error" if loose else ""


def days_of(model: ScoreModel) -> list[ScoreDay]:
    """The last days of a model, oldest first."""
    return list(reversed(ScoreDay.objects.filter(model=model).order_by("-on")[:SHOWN_DAYS]))


def alerts() -> dict[str, ScoreDay]:
    """The newest day of each model in force, where it should be looked at, by target."""
    newest = ScoreDay.objects.filter(model__status="active").select_related("model").order_by("model_id", "-on").distinct("model_id")
    return {one.model.target: one for one in newest if one.alert}


@dataclass(frozen=True, slots=True)
class FairGroup:
    """One group of a protected attribute. ratio: its share treated as likely over that of the group with the largest."""

    attribute: str
    group: str
    count: int
    said: float
    seen: float
    likely: float
    ratio: float
    is_small: bool


def fairness(model: ScoreModel, *, on: date) -> tuple[date, list[FairGroup]] | None:
    """How a card treats ages and regions on the newest day whose time is over; a sample of accounts. None without such a day.

    Birth days are read, never kept: what is kept is counts. Legal persons and those without a birth day are their own group. Sex, marital
    status, origin and health are nowhere in the product.
    """
    horizon = score.from_json(model.card).horizon_days
    day = next((one for one in snapshots().filter(on__lte=on - timedelta(days=horizon)) if is_kept(one)), None)
    rows = lesson_of(model.target, day, horizon_days=horizon, most=FAIRNESS_ROWS, keys=True) if day else None
    if day is None or rows is None or not rows.num_rows:
        return None
    given = score.probabilities(score.from_json(model.card), rows)
    happened = np.asarray(rows["happened"].to_numpy(), float)
    holders = dict(Account.objects.filter(id__in=rows["account_id"].to_pylist()).values_list("id", "holder_id"))
    people = {one.id: one for one in Person.objects.filter(id__in=set(holders.values())).only("id", "birth_on", "country", "subdivision")}
    owners = [people.get(holders.get(UUID(account))) for account in rows["account_id"].to_pylist()]
    threshold = float(np.median(given))
    found: list[FairGroup] = []
    groups: tuple[tuple[str, Callable[[Person], str | None]], ...] = (("Edad", lambda one: _age(one, day.on)), ("Región", _region))
    for attribute, told in groups:
        named: Sequence[str | None] = [told(one) if one else None for one in owners]
        for one in score.fairness(happened, given, named, threshold=threshold):
            found.append(FairGroup(attribute, one.group, one.count, one.given, one.rate, one.chosen, one.ratio, one.is_small))
    return day.on, found


def _age(person: Person, on: date) -> str | None:
    if not person.birth_on:
        return None
    born = date.fromisoformat(person.birth_on)
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return next((name for below, name in AGES if years < below), None)


def _region(person: Person) -> str | None:
    return f"{person.country} {person.subdivision}".strip() or None
