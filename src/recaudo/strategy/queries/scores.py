"""Reads of score models: what is in force, the table a card learns from, one account explained."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
from django.db.models import QuerySet

from recaudo.engine import score
from recaudo.engine.facts import FACTS
from recaudo.kernel.problems import NotFound, Problem
from recaudo.store.arrow import reader
from recaudo.strategy.models import ScoreModel, ScoreOverride, Snapshot
from recaudo.strategy.queries.snapshots import is_kept, present, snapshot_row, snapshots

# What a card may use. Texts that name a portfolio would be learnt by heart; a model's own answers are no facts for another.
USABLE = tuple(
    name for name, fact in FACTS.items()
    if not fact.is_key and fact.type in {"integer", "rate", "boolean", "text", "money"} and not name.endswith("_probability")
    and name not in {"overdue_minor", "balance_minor", "hold_active", "dispute_active", "currency", "last_outcome"}
)  # fmt: skip
FACT_OF = {"pay": "pay_probability", "self_cure": "self_cure_probability", "promise": "promise_probability"}
# Who a card of each target is about, over the facts of a day.
ABOUT = {"pay": "overdue_minor > 0", "self_cure": "overdue_minor > 0", "promise": "promise_active"}
DAYS_READ, ROWS_READ = 40, 400_000


class NotEnoughDays(Problem):
    code = "not_enough_days"
    message = (
        "Para entrenar hace falta saber qué pasó después: hay fotos del {first} al {last}, y un modelo a {horizon} días necesita "
        "alguna con {horizon} días de historia posterior. Elija un plazo más corto o espere."
    )


class NoDays(Problem):
    code = "no_days"
    message = "Aún no hay fotos de jornadas: los modelos aprenden de ellas. Ejecute la jornada algunos días."


@dataclass(frozen=True, slots=True)
class Explained:
    """One account on a day: what the card says, why, and what a person said instead."""

    on: date
    account_id: UUID
    probability: float
    score: int
    reasons: list[tuple[str, str, float]]
    override: ScoreOverride | None


def models(target: str = "") -> QuerySet[ScoreModel]:
    """Models newest first, of one target or all."""
    found: QuerySet[ScoreModel] = ScoreModel.objects.order_by("-created_at")
    return found.filter(target=target) if target else found


def model_by_id(model_id: UUID) -> ScoreModel:
    """Raises NotFound."""
    found: ScoreModel | None = ScoreModel.objects.filter(id=model_id).first()
    if found is None:
        raise NotFound()
    return found


def in_force() -> dict[str, ScoreModel]:
    """The model in force of each target that has one."""
    return {one.target: one for one in ScoreModel.objects.filter(status="active")}


def overrides(*, on: date) -> dict[str, dict[UUID, float]]:
    """What persons said instead, still counting on a day: {target: {account: probability}}."""
    found: dict[str, dict[UUID, float]] = {}
    for target, account, share in ScoreOverride.objects.filter(withdrawn_at=None, until_on__gte=on).values_list("target", "account_id", "probability_bp"):
        found.setdefault(target, {})[account] = share / 10_000
    return found


def override_of(target: str, account_id: UUID, *, on: date) -> ScoreOverride | None:
    found: ScoreOverride | None = ScoreOverride.objects.filter(target=target, account_id=account_id, withdrawn_at=None, until_on__gte=on).first()
    return found


def lesson(target: str, *, horizon_days: int, today: date) -> tuple[pa.Table, date, date]:
    """What a card of a target learns from: the facts of kept days whose outcome is known, `happened`, and the day `on`.

    One row an account and day, at most some 400,000: days are thinned evenly, then accounts by a hash, the same each time.
    Raises  NoDays, NotEnoughDays
    """
    kept = [one for one in snapshots().order_by("on") if is_kept(one)]
    if not kept:
        raise NoDays()
    known = [one for one in kept if one.on + timedelta(days=horizon_days) <= today]
    if target == "self_cure":
        later = {one.on for one in kept}
        known = [one for one in known if any(one.on + timedelta(days=horizon_days + spare) in later for spare in range(4))]
    if not known:
        raise NotEnoughDays(first=f"{kept[0].on:%d/%m/%Y}", last=f"{kept[-1].on:%d/%m/%Y}", horizon=horizon_days)
    step = max(len(known) // DAYS_READ, 1)
    days = known[::step]
    share = min(ROWS_READ / max(sum(one.row_count for one in days), 1), 1.0)
    with duckdb.connect() as db, reader() as source:
        paid = source.fetch(
            "SELECT account_id::text AS account_id, paid_on FROM portfolio_payment WHERE tenant_id = {tenant} AND status = 'applied'"
            " AND account_id IS NOT NULL AND paid_on > {since}", tenant=str(days[0].tenant_id), since=days[0].on,
        )  # fmt: skip
        db.register("paid", paid)
        parts = [_day(db, one, target, horizon_days, share, kept) for one in days]
    return pa.concat_tables(parts, promote_options="permissive"), days[0].on, days[-1].on


def _day(db: duckdb.DuckDBPyConnection, day: Snapshot, target: str, horizon: int, share: float, kept: list[Snapshot]) -> pa.Table:
    params: dict[str, Any] = {"path": present(day), "on": day.on, "until": day.on + timedelta(days=horizon), "share": int(share * 10_000)}
    has = {row[0] for row in db.execute("DESCRIBE SELECT * FROM read_parquet($path)", {"path": params["path"]}).fetchall()}
    facts = ", ".join(f'f."{name}"' if name in has else f'NULL::DOUBLE AS "{name}"' for name in USABLE)
    paid = "EXISTS (SELECT 1 FROM paid p WHERE p.account_id = f.account_id::VARCHAR AND p.paid_on > $on AND p.paid_on <= $until)"
    happened, also = paid, ""
    if target == "self_cure":
        later = next(one for one in kept if one.on >= params["until"])
        params["later"] = present(later)
        untouched = "NOT EXISTS (SELECT 1 FROM read_parquet($later) l WHERE l.account_id = f.account_id AND l.days_since_contact <= l_days)"
        happened = f"{paid} AND {untouched.replace('l_days', str((later.on - day.on).days))}"
    text = (
        f"SELECT {facts}, CAST($on AS DATE) AS \"on\", {happened} AS happened FROM read_parquet($path) f"
        f" WHERE {ABOUT[target]}{also} AND hash(f.account_id) % 10000 < $share"
    )
    found: pa.Table = db.sql(text, params=params).to_arrow_table()
    return found


def explained(model: ScoreModel, account_id: UUID, *, today: date) -> Explained:
    """What a model says of one account on its newest kept day, and why. Raises NotFound."""
    found = snapshot_row(account_id)
    if found is None:
        raise NotFound()
    snapshot, row = found
    card = score.from_json(model.card)
    facts = {fact.name: row.get(fact.name) for fact in card.facts}
    table = pa.table({name: pa.array([value]) if value is not None else pa.nulls(1, pa.float64()) for name, value in facts.items()})
    given = float(score.probabilities(card, table)[0]) if facts else float(1 / (1 + pow(2.718281828459045, -card.base)))
    reasons = [(FACTS[one.fact].label_es if one.fact in FACTS else one.fact, one.bin, one.points) for one in score.reasons(card, facts, most=6)]
    return Explained(snapshot.on, account_id, given, score.score_of(given), reasons, override_of(model.target, account_id, on=today))
