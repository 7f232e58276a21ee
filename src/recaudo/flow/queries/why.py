"""Why an account was treated as it was on a day: the facts, the row of each table that fired, what the law said, what came of it.

Decided again by the reference evaluator on the facts kept that day, and compared with what was stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from recaudo.casework.models import Action, PermitRecord
from recaudo.engine import decide
from recaudo.engine.decide.model import Table
from recaudo.engine.facts import FACTS, Fact, types
from recaudo.flow.queries import behind, reach, runs
from recaudo.flow.queries.runs import RuleText
from recaudo.flow.words import CAUSE_ES, NOT_OPENED_ES, OUTCOME_ES, OUTCOME_SENTENCE, decided_es, plain
from recaudo.journal.models import Event
from recaudo.kernel.money import shown
from recaudo.kernel.problems import NotFound, Problem
from recaudo.kernel.time import day_at
from recaudo.portfolio.models import Account
from recaudo.store import tenancy
from recaudo.strategy import queries as strategy
from recaudo.strategy.models import Snapshot, StrategyVersion
from recaudo.workforce.models import Tenant


class NotDecided(Problem):
    code = "not_decided"
    message = "La cuenta {account} no estuvo en la jornada {on}: no había jornada, o la cuenta no tenía saldo abierto."
    status = 404


@dataclass(frozen=True, slots=True)
class FactLine:
    """A fact of that day. `used`: a table of the strategy reads it."""

    fact: Fact
    value: str
    used: bool


@dataclass(frozen=True, slots=True)
class CellLine:
    """One condition of the row that fired. `asks`: it is not the dash that accepts everything."""

    column: str
    test: str
    value: str
    asks: bool


@dataclass(frozen=True, slots=True)
class FiredLine:
    number: int
    annotation: str
    is_winner: bool
    cells: tuple[CellLine, ...]

    @property
    def asked(self) -> tuple[CellLine, ...]:
        return tuple(cell for cell in self.cells if cell.asks)


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """One table of the strategy on this account. `rows` is how many it has; `fired` those that matched and count."""

    name: str
    label: str
    value: str
    raw: Any
    rows: int
    adds: bool
    fired: tuple[FiredLine, ...]

    @property
    def reason(self) -> str:
        return " ".join(one.annotation for one in self.fired if one.annotation)


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision that today's evaluation gives otherwise than what was stored."""

    name: str
    stored: str
    again: str


@dataclass(frozen=True, slots=True)
class Again:
    """The account decided again during the day, because something happened. before, after: treatment and channel in words.

    row  number of the treatment's row, 0 when no row won
    """

    at: datetime
    cause: str
    before: str
    after: str
    row: int
    reason: str
    version_number: int
    cancelled: int
    opened: str
    not_opened: str


@dataclass(frozen=True, slots=True)
class Why:
    """Everything that explains one account on one day. `next_allowed_at` is aware, UTC."""

    account: Account
    on: date
    outcome: str
    outcome_es: str
    sentence: str
    channel: str
    rule: RuleText | None
    next_allowed_at: datetime | None
    decisions: tuple[DecisionLine, ...]
    facts: tuple[FactLine, ...]
    differences: tuple[Difference, ...]
    strategy_name: str
    version_number: int
    version_sha256: str
    snapshot_sha256: str
    lawbook_version: str
    run_id: UUID
    permits: tuple[PermitRecord, ...]
    action: Action | None
    again: tuple[Again, ...] = ()
    scores: tuple[behind.ScoreLine, ...] = ()
    reach: reach.Told | None = None

    @property
    def letter(self) -> str:
        """What may be told to the person about their scores; empty without any."""
        return behind.letter(self.scores) if self.scores else ""

    @property
    def treatment(self) -> DecisionLine | None:
        return next((one for one in self.decisions if one.name == "treatment"), None)


def why(account: Account, *, zone: str, at: datetime, on: date | None = None) -> Why:
    """The explanation of an account on a day (the newest one by default). About seven queries, and three for each score in force.

    account   one that the person who asks may see: the snapshot itself is read as the organisation
    zone      of the organisation; the day's permissions are those asked on its clock
    Raises    NotDecided
    """
    with tenancy.acting(tenancy.tenant_id()):
        kept = strategy.snapshot_row(account.id, on=on)
        run = runs.run_by_id(kept[0].run_id) if kept else None
    if kept is None:
        raise NotDecided(account=account.number, on=f"del {on:%d/%m/%Y}" if on else "más reciente")
    snapshot, row = kept
    version = decider(snapshot, row)
    model, compiled = model_of(version.sha256, version.xml)
    again = decide.evaluate(model, {name: row.get(name) for name in compiled.facts})
    permits = PermitRecord.objects.filter(
        person_id=account.holder_id, asked_at__gte=day_at(snapshot.on, zone), asked_at__lt=day_at(snapshot.on + timedelta(days=1), zone)
    ).order_by("-asked_at")[:10]
    outcome = str(row["outcome"])
    refused = str(row["refused_rule"] or "")
    return Why(
        account=account, on=snapshot.on, outcome=outcome, outcome_es=OUTCOME_ES.get(outcome, outcome),
        sentence=OUTCOME_SENTENCE.get(outcome, ""), channel=str(row["planned_channel"] or row["channel"] or ""),
        rule=runs.rule_text(refused) if refused else None, next_allowed_at=_utc(row["next_allowed_at"]),
        decisions=tuple(_decision(model, trace) for trace in again.decisions), facts=_facts(row, compiled.facts),
        differences=_differences(again, row), strategy_name=version.strategy.name, version_number=version.number,
        version_sha256=version.sha256, snapshot_sha256=snapshot.sha256, lawbook_version=run.lawbook_version if run else "",
        run_id=snapshot.run_id, permits=tuple(permits), action=_action(account, snapshot),
        again=tuple(_again(one.created_at, one.detail) for one in redecisions(account.id, on=snapshot.on)),
        scores=behind.lines(account.id, on=snapshot.on, row=row, today=at.astimezone(ZoneInfo(zone)).date()),
        reach=reach.told(row, person_id=account.holder_id, zone=zone, at=at),
    )  # fmt: skip


def redecisions(account_id: UUID, *, on: date, limit: int = 20) -> list[Event]:
    """The times that an account was decided again on a day of the organisation, newest first."""
    zone = Tenant.objects.values_list("zone", flat=True).get(pk=tenancy.tenant_id())
    found = Event.objects.filter(
        subject_id=account_id, created_at__gte=day_at(on, zone), created_at__lt=day_at(on + timedelta(days=1), zone), name="account.redecided"
    )
    return list(found.order_by("-created_at", "-id")[:limit])


def _again(at: datetime, detail: Mapping[str, Any]) -> Again:
    won = detail["rows"].get("treatment") or [0]
    return Again(
        at=at, cause=CAUSE_ES.get(detail["cause"], "un cambio"), before=_pair(detail["before"]), after=_pair(detail["after"]), row=won[0],
        reason=detail["reason"], version_number=detail["version_number"], cancelled=detail["cancelled"], opened=detail["opened"],
        not_opened=NOT_OPENED_ES.get(detail["not_opened"], ""),
    )  # fmt: skip


def _pair(decided: Mapping[str, Any]) -> str:
    """«Llamada de ejecutivo, por llamada», and the offer or the template where they are all that is there to tell."""
    words = [decided_es("treatment", decided.get("treatment"))]
    if decided.get("channel") not in (None, "none"):
        words.append(f"por {decided_es('channel', decided['channel']).lower()}")
    if decided.get("offer") not in (None, "none"):
        words.append(f"oferta: {decided_es('offer', decided['offer']).lower()}")
    if decided.get("template") not in (None, "none"):
        words.append(f"plantilla: {decided_es('template', decided['template']).lower()}")
    return ", ".join(words)


def decider(snapshot: Snapshot, row: Mapping[str, Any]) -> StrategyVersion:
    """The version that decided for this account: that of its arm, when it was in an experiment."""
    sha = row.get("decided_by")
    if not sha or sha == snapshot.version.sha256:
        return snapshot.version
    with tenancy.acting(tenancy.tenant_id()):
        found = StrategyVersion.objects.select_related("strategy").filter(strategy=snapshot.version.strategy, sha256=sha).order_by("number").last()
    return found or snapshot.version


def account_by(text: str) -> Account:
    """The account of a number or an id. Raises NotFound."""
    accounts = Account.objects.select_related("holder", "portfolio", "creditor")
    found = accounts.filter(number=text).first()
    if found is None:
        try:
            found = accounts.filter(pk=UUID(text)).first()
        except ValueError:
            found = accounts.filter(number=text.upper()).first()
    if found is None:
        raise NotFound()
    account: Account = found
    return account


def days_kept(*, limit: int = 14) -> list[date]:
    """The last days of which there is a snapshot, newest first."""
    with tenancy.acting(tenancy.tenant_id()):
        return list(strategy.snapshots().values_list("on", flat=True)[:limit])


@lru_cache(maxsize=8)
def model_of(sha256: str, xml: str) -> tuple[decide.Model, decide.Compiled]:
    model = decide.read(xml.encode())
    return model, decide.compile(model, types())


def _in_words(column: strategy.Column, value: Any) -> str:
    """A value as the tables show it: codes by their Spanish names, cents of a dollar as dollars."""
    if isinstance(value, str):
        return strategy.value_es(column, value)
    is_cents = column.is_usd and isinstance(value, int) and not isinstance(value, bool)
    return strategy.in_words(column, str(value)) if is_cents else plain(value)


def _decision(model: decide.Model, trace: decide.DecisionTrace) -> DecisionLine:
    node = next(one for one in model.decisions if one.name == trace.name)
    table = node.expression if isinstance(node.expression, Table) else None
    label = table.outputs[0].label if table and table.outputs and table.outputs[0].label else trace.name
    columns = strategy.columns_of(table, trace.name) if table else ()
    fired = tuple(
        FiredLine(
            rule.number, rule.annotation, rule.is_winner,
            tuple(
                CellLine(column.label, strategy.in_words(column, c.test), _in_words(column, _python(c.value)), c.test.strip() != "-")
                for column, c in zip(columns, rule.cells, strict=False)
            ),
        )
        for rule in trace.fired if rule.is_winner
    )  # fmt: skip
    return DecisionLine(
        trace.name, label, decided_es(trace.name, trace.value), trace.value, len(table.rules) if table else 0,
        bool(table and table.aggregation), fired,
    )  # fmt: skip


def _python(value: Any) -> Any:
    return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value


def _facts(row: Mapping[str, Any], used: Mapping[str, str]) -> tuple[FactLine, ...]:
    currency = str(row["currency"])
    lines = [FactLine(fact, _shown(fact, row.get(name), currency), name in used) for name, fact in FACTS.items() if not fact.is_key]
    return tuple(sorted(lines, key=lambda line: not line.used))


def _shown(fact: Fact, value: Any, currency: str) -> str:
    if value is None:
        return "—"
    if fact.type == "money":
        return shown(int(value), "USD" if "usd" in fact.name else currency)
    if fact.values:
        return fact.values.get(str(value), str(value))
    return plain(value)


def _differences(again: decide.Explanation, row: Mapping[str, Any]) -> tuple[Difference, ...]:
    found = []
    for name, value in again.outputs.items():
        if name in row and not _same(row[name], value):
            found.append(Difference(name, decided_es(name, row[name]), decided_es(name, value)))
    return tuple(found)


def _same(stored: Any, value: Any) -> bool:
    numbers = (int, float, Decimal)
    if isinstance(stored, numbers) and isinstance(value, numbers) and not isinstance(value, bool):
        return abs(Decimal(str(stored)) - Decimal(str(value))) < Decimal("1e-9")
    return bool(stored == value)


def _action(account: Account, snapshot: Snapshot) -> Action | None:
    found: Action | None = (
        Action.objects.filter(person_id=account.holder_id, account_id=account.id, run_id=snapshot.run_id).order_by("-created_at").first()
    )
    return found


def _utc(value: Any) -> datetime | None:
    if value is None or not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)
