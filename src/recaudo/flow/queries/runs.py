"""Reads of the runs: today's, the last one, what became of each account, and the rules that refused.

An agency may not read the organisation's run; it is read for it here, and of what the run decided it is shown only its own
accounts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from recaudo.casework.words import HOUSE_RULE_ES
from recaudo.engine.comply import lawbook
from recaudo.flow.models import Run
from recaudo.portfolio.models import Account
from recaudo.store import tenancy
from recaudo.strategy import queries as strategy
from recaudo.strategy.models import Snapshot, StrategyVersion

# Columns of the snapshot by which the accounts of a run may be listed, and their name in an address.
FILTERS = {
    "resultado": "outcome", "regla": "refused_rule", "tratamiento": "treatment", "canal": "planned_channel", "segmento": "segment",
    "tramo": "bucket",
}  # fmt: skip
# Prices of a plan that may be further than this from the best one say little: they are not shown.
TIGHT = 0.05
LISTED = (
    "account_id", "outcome", "segment", "treatment", "channel", "planned_channel", "priority", "refused_rule", "next_allowed_at",
    "currency", "overdue_minor", "dpd", "bucket",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule of the law or of the house as people read it."""

    code: str
    text_es: str
    citation: str
    jurisdiction: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What a day decided, as one looks.

    stages    the funnel: (name, accounts, what fell out since the stage before, outcome that holds those)
    The rest  counts by code, most first. `refused` counts contacts wanted and refused (an account may want two).
    """

    accounts: int
    opened: int
    stages: tuple[tuple[str, int, int, str], ...]
    outcomes: dict[str, int]
    treatments: dict[str, int]
    buckets: dict[str, int]
    opened_by_channel: dict[str, int]
    capacity: dict[str, int]
    prices: dict[str, float]
    refused: dict[str, int]


@dataclass(frozen=True, slots=True)
class Decided:
    """One account in the list of a run: its row of the snapshot, and the account as it is now."""

    account: Account
    row: dict[str, Any]


def runs() -> QuerySet[Run]:
    """Every run, newest day first."""
    return Run.objects.order_by("-on", "-started_at")


def run_of(on: date) -> Run | None:
    """The run of a day: the one that counts, else the last that failed."""
    with _organisation():
        found = list(Run.objects.filter(on=on).order_by("-started_at"))
    return next((run for run in found if run.status != "failed"), found[0] if found else None)


def last_finished() -> Run | None:
    """The newest day that was run to its end."""
    with _organisation():
        found: Run | None = Run.objects.filter(status="finished").order_by("-on").first()
    return found


def run_by_id(run_id: UUID) -> Run | None:
    """A run of the organisation, also for the eyes of an agency."""
    with _organisation():
        found: Run | None = Run.objects.filter(pk=run_id).first()
    return found


def is_alive(run: Run) -> bool:
    """Whether a process holds the lock of the run's day; a killed one leaves it `running` without a lock."""
    sql = (
        "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND ((classid::bigint << 32) | objid::bigint) = hashtextextended(%s, 11))"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [f"day:{run.tenant_id}:{run.on}"])
        return bool(cursor.fetchone()[0])


def snapshot_of(run: Run) -> Snapshot | None:
    """The snapshot that this run left, when its file is still there."""
    with _organisation():
        found = strategy.snapshot_of(run.on)
    return found if found and found.run_id == run.id and strategy.is_kept(found) else None


def version_of(run: Run) -> StrategyVersion | None:
    if run.version_id is None:
        return None
    with _organisation():
        found: StrategyVersion | None = StrategyVersion.objects.select_related("strategy").defer("xml").filter(pk=run.version_id).first()
    return found


def figures(run: Run) -> Figures:
    """The figures of a run: its own counts, or for an agency those of the accounts that were placed with it that day."""
    agency = tenancy.agency_id()
    if agency is None:
        return _of_counts(run.counts)
    snapshot = snapshot_of(run)
    if snapshot is None:
        return _of_counts({})
    where = {"agency_id": str(agency)}
    counts = {name: strategy.snapshot_counts(snapshot, by=column, where=where) for name, column in _BY_COLUMN.items()}
    return _of_counts({**counts, "accounts": sum(counts["accounts_by_outcome"].values())})


_BY_COLUMN = {
    "accounts_by_outcome": "outcome", "treatments": "treatment", "buckets": "bucket", "actions_opened": "planned_channel",
    "refused_by_rule": "refused_rule",
}  # fmt: skip


def _of_counts(counts: Mapping[str, Any]) -> Figures:
    outcomes = _sorted(counts.get("accounts_by_outcome", {}))
    accounts = int(counts.get("accounts", 0))
    opened = _sorted(counts.get("actions_opened", {}))
    kept = accounts - sum(outcomes.get(name, 0) for name in ("rest", "agency", "legal", "control"))
    lawful = kept - outcomes.get("refused", 0)
    single = lawful - outcomes.get("person_already_chosen", 0)
    paid = single - outcomes.get("over_budget", 0)
    fits = paid - outcomes.get("over_capacity", 0)
    stages = (
        ("Cuentas con saldo", accounts, 0, ""),
        ("Decididas con contacto", kept, accounts - kept, "rest"),
        ("Permitidas por las normas", lawful, kept - lawful, "refused"),
        ("Una gestión por persona", single, lawful - single, "person_already_chosen"),
        *((("Dentro del presupuesto", paid, single - paid, "over_budget"),) if single > paid else ()),
        ("Con capacidad: gestiones abiertas", fits, paid - fits, "over_capacity"),
    )
    return Figures(
        accounts=accounts, opened=sum(opened.values()), stages=stages if outcomes else (), outcomes=outcomes,
        treatments=_sorted(counts.get("treatments", {})), buckets=dict(counts.get("buckets", {})), opened_by_channel=opened,
        capacity=dict(counts.get("capacity", {})),
        prices=dict(counts.get("prices", {})) if float(counts.get("gap", 1.0)) <= TIGHT else {}, refused=_sorted(counts.get("refused_by_rule", {})),
    )  # fmt: skip


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def decided(run: Run, *, where: Mapping[str, str], after: str = "", limit: int) -> tuple[list[Decided], str]:
    """A page of the run's accounts, and the id from which the next page goes on (empty at the end).

    where    columns of the snapshot and the values they must have
    Returns  only accounts that the person who looks may see now. Three queries.
    """
    snapshot = snapshot_of(run)
    if snapshot is None:
        return [], ""
    rows = list(strategy.snapshot_rows(snapshot, columns=LISTED, where=_mine(where), after=after, limit=limit + 1))
    page = rows[:limit]
    return _with_accounts(page), str(page[-1]["account_id"]) if len(rows) > limit else ""


def all_decided(run: Run, *, where: Mapping[str, str]) -> Iterator[Decided]:
    """Every account of the run that fits, in chunks: for an export."""
    snapshot = snapshot_of(run)
    if snapshot is None:
        return
    chunk: list[dict[str, Any]] = []
    for row in strategy.snapshot_rows(snapshot, columns=LISTED, where=_mine(where)):
        chunk.append(row)
        if len(chunk) == 2_000:
            yield from _with_accounts(chunk)
            chunk = []
    yield from _with_accounts(chunk)


def count_decided(run: Run, *, where: Mapping[str, str]) -> int:
    """How many accounts of the run fit."""
    snapshot = snapshot_of(run)
    return sum(strategy.snapshot_counts(snapshot, by="outcome", where=_mine(where)).values()) if snapshot else 0


def _mine(where: Mapping[str, str]) -> dict[str, str]:
    agency = tenancy.agency_id()
    return {**where, "agency_id": str(agency)} if agency else dict(where)


def _with_accounts(rows: list[dict[str, Any]]) -> list[Decided]:
    accounts = Account.objects.select_related("holder", "portfolio").in_bulk([UUID(str(row["account_id"])) for row in rows])
    known = ((accounts.get(UUID(str(row["account_id"]))), row) for row in rows)
    return [Decided(account, row) for account, row in known if account is not None]


def rule_text(code: str) -> RuleText:
    """A rule by its code, from the lawbook or of the house."""
    for document in lawbook().documents.values():
        if (rule := document.rules.get(code)) is not None:
            return RuleText(code, rule.text_es, rule.citation, document.name)
    return RuleText(code, HOUSE_RULE_ES.get(code, "Regla que ya no está en el libro de normas"), "Regla de la casa" if code in HOUSE_RULE_ES else "", "")




def _organisation() -> Any:
    """Read as the organisation itself. Only for rows that hold counts and tables, never persons."""
    return tenancy.acting(tenancy.tenant_id())
