"""Reads of score models: what is in force, the table a card learns from, one account explained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
from django.db.models import QuerySet

from recaudo.engine import score
from recaudo.engine.facts import FACTS, HOUR_ES, REACH_ES
from recaudo.journal import queries as journal
from recaudo.journal.models import Event
from recaudo.kernel.problems import NotFound, Problem
from recaudo.store.arrow import reader
from recaudo.strategy.models import ScoreModel, ScoreOverride, Snapshot
from recaudo.strategy.models.score import BASIS_POINTS
from recaudo.strategy.queries.snapshots import is_kept, present, snapshot_row, snapshots
from recaudo.strategy.words import REACH, plain

# What a card may use. Texts that name a portfolio would be learnt by heart; a model's own answers are no facts for another.
USABLE = tuple(
    name for name, fact in FACTS.items()
    if not fact.is_key and fact.type in {"integer", "rate", "boolean", "text", "money"} and not name.endswith("_probability")
    and name not in {"overdue_minor", "balance_minor", "hold_active", "dispute_active", "currency", "last_outcome", "best_hour", "best_channel"}
)  # fmt: skip
# What makes two accounts alike for hours and channels: the kind of the model, one code after the other.
KIND_OF = ("kind", "product", "stage")
FACT_OF = {"pay": "pay_probability", "cure": "cure_probability", "self_cure": "self_cure_probability", "promise": "promise_probability"}
# Who a card of each target is about, over the facts of a day.
ABOUT = {"pay": "overdue_minor > 0", "cure": "overdue_minor > 0", "self_cure": "overdue_minor > 0", "promise": "promise_active"}
# Whose outcome is read in a photo made when the time was over, or up to so many days later.
BY_LATER, SPARE_DAYS = ("cure", "self_cure"), 4
DAYS_READ, ROWS_READ = 40, 400_000
TRAININGS = 5


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
    """One account on a day: what the card says, why, and what a person said instead.

    is_about   the card is about such an account; else its fact is empty that day
    reasons    fact, bin and points, in words, what moves it most first
    """

    on: date
    is_about: bool
    probability: float
    score: int
    reasons: list[tuple[str, str, float]]
    override: ScoreOverride | None


@dataclass(frozen=True, slots=True)
class Training:
    """A training that was asked for: it waits, or why it could not be."""

    at: datetime
    target: str
    horizon_days: int
    is_waiting: bool
    why: str


def models() -> QuerySet[ScoreModel]:
    """All models, newest first."""
    found: QuerySet[ScoreModel] = ScoreModel.objects.order_by("-created_at")
    return found


def model_by_id(model_id: UUID) -> ScoreModel:
    """Raises NotFound."""
    found: ScoreModel | None = ScoreModel.objects.filter(id=model_id).first()
    if found is None:
        raise NotFound()
    return found


def in_force() -> dict[str, ScoreModel]:
    """The model in force of each target that has one."""
    return {one.target: one for one in ScoreModel.objects.filter(status="active")}


def reach_in_force() -> score.Reach | None:
    """What the model of hours and channels in force knows."""
    found = ScoreModel.objects.filter(target=REACH, status="active").first()
    return score.reach_from_json(found.card) if found else None


def horizon_of(model: ScoreModel) -> int | None:
    """Days that a card looks ahead; a model of hours and channels has none."""
    return None if model.target == REACH else score.from_json(model.card).horizon_days


def fact_of(target: str) -> str:
    """The fact of the tables that a model gives; the first, for the hours and channels."""
    return FACT_OF.get(target, "best_hour")


@dataclass(frozen=True, slots=True)
class FamilyLine:
    """One kind of account: its rates by choice, in the order of the family's choices; None where nobody tried."""

    kind: str
    rates: list[score.Rate | None]


@dataclass(frozen=True, slots=True)
class FamilyTable:
    """What a model learnt of hours or of channels. strength: attempts of one's own that the kind's rate is worth."""

    title: str
    choices: list[str]
    everybody: list[float | None]
    lines: list[FamilyLine]
    strength: float


def families(model: ScoreModel) -> list[FamilyTable]:
    """A model of hours and channels as its page shows it, the kinds with most attempts first."""
    reach = score.reach_from_json(model.card)
    return [_family_table("Hablar con la persona, por hora de la llamada", reach.hours, HOUR_ES), _family_table("Que responda, por canal", reach.channels, REACH_ES)]


def _family_table(title: str, family: score.Family, names: Mapping[str, str]) -> FamilyTable:
    ordered = sorted(family.kinds.items(), key=lambda item: (-sum(one.tried for one in item[1].values()), item[0]))
    lines = [FamilyLine(_kind_es(kind), [choices.get(name) for name in names]) for kind, choices in ordered]
    return FamilyTable(title, list(names.values()), [family.overall.get(name) for name in names], lines, family.strength)


def _kind_es(kind: str) -> str:
    """«consumer/credit_card/early» is «Consumo · Tarjeta de crédito · Temprana»."""
    parts = kind.split("/")
    if len(parts) != len(KIND_OF):
        return "Sin cuenta"
    return " · ".join(FACTS[fact].values.get(part, part) for fact, part in zip(KIND_OF, parts, strict=True))


def overrides(*, on: date) -> dict[str, dict[UUID, float]]:
    """What persons said instead, still counting on a day: {target: {account: probability}}."""
    found: dict[str, dict[UUID, float]] = {}
    for target, account, share in ScoreOverride.objects.filter(withdrawn_at=None, until_on__gte=on).values_list("target", "account_id", "probability_bp"):
        found.setdefault(target, {})[account] = share / BASIS_POINTS
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
    if target in BY_LATER:
        later = {one.on for one in kept}
        known = [one for one in known if any(one.on + timedelta(days=horizon_days + spare) in later for spare in range(SPARE_DAYS))]
    if not known:
        raise NotEnoughDays(first=f"{kept[0].on:%d/%m/%Y}", last=f"{kept[-1].on:%d/%m/%Y}", horizon=horizon_days)
    step = max(len(known) // DAYS_READ, 1)
    days = known[::step]
    share = min(ROWS_READ / max(sum(one.row_count for one in days), 1), 1.0)
    with _with_payments(days[0]) as db:
        parts = [_day(db, one, target, horizon_days, share, kept) for one in days]
    return pa.concat_tables(parts, promote_options="permissive"), days[0].on, days[-1].on


def lesson_of(target: str, day: Snapshot, *, horizon_days: int, most: int = ROWS_READ, keys: bool = False) -> pa.Table | None:
    """The same of one kept day whose time is over. None where the photo that would tell what came of it is not kept.

    most, keys   rows at most; whether account_id (text) is among the columns
    """
    over = day.on + timedelta(days=horizon_days)
    later = [one for one in snapshots().filter(on__gte=over, on__lt=over + timedelta(days=SPARE_DAYS)).order_by("on") if is_kept(one)]
    if target in BY_LATER and not later:
        return None
    with _with_payments(day) as db:
        return _day(db, day, target, horizon_days, min(most / max(day.row_count, 1), 1.0), later, keys=keys)


@contextmanager
def _with_payments(first: Snapshot) -> Iterator[duckdb.DuckDBPyConnection]:
    """A workspace with `paid`: the payments since a day."""
    with duckdb.connect() as db, reader() as source:
        paid = source.fetch(
            "SELECT account_id::text AS account_id, paid_on FROM portfolio_payment WHERE tenant_id = {tenant} AND status = 'applied'"
            " AND account_id IS NOT NULL AND paid_on > {since}", tenant=str(first.tenant_id), since=first.on,
        )  # fmt: skip
        db.register("paid", paid)
        yield db


def _day(
    db: duckdb.DuckDBPyConnection, day: Snapshot, target: str, horizon: int, share: float, kept: list[Snapshot], *, keys: bool = False
) -> pa.Table:
    params: dict[str, Any] = {"path": present(day), "on": day.on, "until": day.on + timedelta(days=horizon), "share": int(share * 10_000)}
    has = {row[0] for row in db.execute("DESCRIBE SELECT * FROM read_parquet($path)", {"path": params["path"]}).fetchall()}
    facts = ", ".join(f'f."{name}"' if name in has else f'NULL::DOUBLE AS "{name}"' for name in USABLE)
    paid = "EXISTS (SELECT 1 FROM paid p WHERE p.account_id = f.account_id::VARCHAR AND p.paid_on > $on AND p.paid_on <= $until)"
    happened = paid
    if target in BY_LATER:
        later = next(one for one in kept if one.on >= params["until"])
        params["later"] = present(later)
        there = "EXISTS (SELECT 1 FROM read_parquet($later) l WHERE l.account_id = f.account_id{})"
        if target == "self_cure":
            params["passed"] = (later.on - day.on).days
            happened = f"{paid} AND NOT {there.format(' AND l.days_since_contact <= $passed')}"
        else:  # who paid and is in no later photo owes nothing any more
            happened = f"{there.format(' AND l.dpd <= 0')} OR ({paid} AND NOT {there.format('')})"
    text = (
        f"SELECT {'f.account_id::VARCHAR AS account_id, ' if keys else ''}{facts}, CAST($on AS DATE) AS \"on\", {happened} AS happened FROM read_parquet($path) f"
        f" WHERE {ABOUT[target]} AND hash(f.account_id) % 10000 < $share"
    )
    found: pa.Table = db.sql(text, params=params).to_arrow_table()
    return found


def explained(model: ScoreModel, account_id: UUID, *, today: date) -> Explained:
    """What a model says of one account on its newest kept day, and why. Raises NotFound."""
    found = snapshot_row(account_id)
    if found is None:
        raise NotFound()
    return explained_row(model, account_id, on=found[0].on, row=found[1], today=today)


def explained_row(model: ScoreModel, account_id: UUID, *, on: date, row: Mapping[str, Any], today: date) -> Explained:
    """The same, of a kept row that is at hand."""
    card = score.from_json(model.card)
    facts = {fact.name: row.get(fact.name) for fact in card.facts}
    # The key makes it one row also for a card without facts, which says the same of everybody.
    given = float(score.probabilities(card, pa.Table.from_pylist([{"account_id": str(account_id), **facts}]))[0])
    names = {fact.name: bins_es(fact) for fact in card.facts}
    reasons = [(fact_es(one.fact), names[one.fact][one.at], one.points) for one in score.reasons(card, facts, most=6)]
    return Explained(on, _is_about(model.target, row), given, score.score_of(given), reasons, override_of(model.target, account_id, on=today))


def _is_about(target: str, row: Mapping[str, Any]) -> bool:
    """ABOUT of one account, by the engine that says it of all."""
    known = pa.Table.from_pylist([{name: row.get(name) for name in ("overdue_minor", "promise_active")}])
    with duckdb.connect() as db:
        db.register("facts", known)
        return bool(db.sql(f"SELECT count(*) FROM facts WHERE {ABOUT[target]}").fetchall()[0][0])


def fact_es(name: str) -> str:
    return FACTS[name].label_es if name in FACTS else name


def bins_es(fact: score.Feature) -> list[str]:
    """The bins of a fact in the words of the dictionary, in the order of its points, the empty cell last."""
    words = {"true": "sí", "false": "no", **(FACTS[fact.name].values if fact.name in FACTS else {})}
    return [words.get(name, name) for name, _ in fact.bins(_dollars if "usd" in fact.name else plain)]


def _dollars(minor: float) -> str:
    return f"US$ {minor / 100:,.0f}"


def trainings() -> list[Training]:
    """The last trainings that wait or failed, newest first; one that ended well is a model of the list."""
    ends = {"score.failed", "score.proposed"}
    events = journal.trail(name="score.").filter(name__in={"score.requested", *ends})
    found: list[Training] = []
    ended: set[str] = set()
    for event in events[: 4 * TRAININGS]:
        if event.detail.get("source") == "file":  # proposed, but trained elsewhere
            continue
        target = str(event.detail.get("target", ""))
        if event.name == "score.failed" or (event.name == "score.requested" and target not in ended):
            found.append(_training(event, target))
        if event.name in ends:
            ended.add(target)
    return found[:TRAININGS]


def _training(event: Event, target: str) -> Training:
    is_waiting = event.name == "score.requested"
    return Training(event.created_at, target, int(event.detail.get("horizon_days") or 0), is_waiting, str(event.detail.get("why", "")))
