"""What the analysis of a table found, in words, and how many of a day's accounts each finding touches.

The findings become the rows of a table of their own, which is decided over the day like any other: so a finding and its
accounts cannot disagree with how the tables themselves are read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

from recaudo.engine import decide
from recaudo.engine.decide.feel.parser import parse_entry, parse_tests
from recaudo.engine.decide.model import Cell, Decision, Output, Rule, Table
from recaudo.engine.facts import types
from recaudo.kernel.problems import NotFound
from recaudo.strategy.models import Snapshot, StrategyVersion
from recaudo.strategy.queries.findings import domain_of, example_es
from recaudo.strategy.queries.numbers import Yardstick, decide_into, opened
from recaudo.strategy.queries.snapshots import present, quoted
from recaudo.strategy.queries.tables import columns_of, in_words
from recaudo.strategy.queries.versions import model_of

KIND_ES: dict[str, str] = {
    "conflict": "Contradicción", "gap": "Hueco", "masked": "Nunca decide", "never": "Nunca se cumple", "overlap": "Traslape",
}  # fmt: skip
KIND_TONE: dict[str, str] = {"conflict": "bad", "gap": "warn", "masked": "warn", "never": "warn", "overlap": "muted"}
ORDER = tuple(KIND_ES)
SHOWN_OVERLAPS = 60
PAGE = 50


@dataclass(frozen=True, slots=True)
class IssueLine:
    """key: names it in the address; conditions: (column, test in words) of what matters; count: accounts of the day."""

    key: int
    kind: str
    numbers: tuple[int, ...]
    by: tuple[int, ...]
    conditions: tuple[tuple[str, str], ...]
    example: str
    count: int | None
    balance_minor: int

    @property
    def kind_es(self) -> str:
        return KIND_ES[self.kind]

    @property
    def tone(self) -> str:
        return KIND_TONE[self.kind]


@dataclass(frozen=True, slots=True)
class TableAnalysis:
    """lines: worst first; accounts: of the day, None without one."""

    lines: tuple[IssueLine, ...]
    pair_count: int
    gap_count: int
    limits: tuple[str, ...]
    accounts: int | None
    yardstick: Yardstick | None


@dataclass(frozen=True, slots=True)
class Touched:
    account_id: str
    dpd: int
    currency: str
    balance_minor: int
    values: tuple[object, ...]


def table_analysis(version: StrategyVersion, decision: str, snapshot: Snapshot | None) -> TableAnalysis:
    """The analysis of a table over a day. Raises UnknownDecision; NotFound when it is no table; SnapshotGone ..."""
    model, analysis, issues = _found(version, decision)
    counts: dict[int, tuple[int, int]] = {}
    accounts, yardstick = None, None
    if snapshot is not None and issues:
        accounts, yardstick, counts = _counts(present(snapshot), snapshot.sha256, version.sha256, decision, _Asked(model, issues))
    lines = [
        IssueLine(key, issue.kind, issue.numbers, issue.by, _conditions(model, decision, issue), example_es(model, decision, issue.region),
                  None if accounts is None else counts.get(key, (0, 0))[0], counts.get(key, (0, 0))[1])
        for key, issue in enumerate(issues, 1)
    ]  # fmt: skip
    # Of each kind those with accounts first: what happens comes before what can happen.
    lines.sort(key=lambda line: (ORDER.index(line.kind), -(line.count or 0), line.key))
    overlaps = [line for line in lines if line.kind == "overlap"]
    lines = [*(line for line in lines if line.kind != "overlap"), *overlaps[:SHOWN_OVERLAPS]]
    return TableAnalysis(tuple(lines), analysis.pair_count, analysis.gap_count, analysis.limits, accounts, yardstick)


def touched(version: StrategyVersion, decision: str, key: int, snapshot: Snapshot, *, after: str = "") -> tuple[list[str], list[Touched]]:
    """The columns of a table, and accounts of a day that a finding touches, in the order of their ids. Raises NotFound."""
    model, _, issues = _found(version, decision)
    if not 1 <= key <= len(issues):
        raise NotFound()
    table = model.decision(decision).table
    assert table is not None
    probe = _probe(model, decision, issues)
    compiled = decide.compile(probe, types())
    facts = sorted(name for name in compiled.facts if name not in ("dpd", "currency", "balance_minor"))
    with opened(present(snapshot)) as (db, _yardstick):
        decide_into(db, "found", compiled, [f"{decision}_rule"], is_stored=False)
        rows: list[dict[str, Any]] = (
            db.sql(
                f"SELECT f.* FROM facts f JOIN found d USING (account_id) WHERE list_contains(d.{quoted(f'{decision}_rule')}, $key) "
                f"AND account_id > $after ORDER BY account_id LIMIT {PAGE + 1}",
                params={"key": key, "after": after},
            ).to_arrow_table().to_pylist()
        )  # fmt: skip
    return facts, [Touched(row["account_id"], row["dpd"], row["currency"], row["balance_minor"], tuple(row[name] for name in facts)) for row in rows]


def _found(version: StrategyVersion, decision: str) -> tuple[decide.Model, decide.Analysis, list[decide.Issue]]:
    model = model_of(version)
    model.decision(decision)
    analysis = _analysis(version.sha256, decision, _Asked(model, []))
    if analysis is None:
        raise NotFound()
    overlaps = [one for one in analysis.issues if one.kind == "overlap"]
    others = sorted((one for one in analysis.issues if one.kind != "overlap"), key=lambda one: ORDER.index(one.kind))
    return model, analysis, [*others, *overlaps]


class _Asked:
    """A model and its issues as an argument of a cache whose key is the hash of the version."""

    def __init__(self, model: decide.Model, issues: list[decide.Issue]) -> None:
        self.model, self.issues = model, issues

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=32)
def _analysis(sha256: str, decision: str, asked: _Asked) -> decide.Analysis | None:
    return decide.analyse(asked.model, asked.model.decision(decision), partial(domain_of, asked.model))


@lru_cache(maxsize=32)
def _counts(path: str, snapshot_sha: str, version_sha: str, decision: str, asked: _Asked) -> tuple[int, Yardstick, dict[int, tuple[int, int]]]:
    compiled = decide.compile(_probe(asked.model, decision, asked.issues), types())
    column = f"{decision}_rule"
    with opened(path) as (db, yardstick):
        decide_into(db, "found", compiled, [column], is_stored=False)
        accounts = db.execute("SELECT count(*) FROM facts").fetchall()[0][0]
        rows = db.execute(
            f"SELECT row, count(*), coalesce(sum(value), 0)::HUGEINT FROM (SELECT unnest({quoted(column)}) AS row, value FROM found) GROUP BY 1"
        ).fetchall()
    return accounts, yardstick, {row: (count, int(value)) for row, count, value in rows}


def _probe(model: decide.Model, decision: str, issues: list[decide.Issue]) -> decide.Model:
    """The model up to a decision, whose table has the findings as rows and gives all that match."""
    own = model.decision(decision)
    table = own.table
    assert table is not None
    needed = {own.id}
    for one in reversed(_upstream(model, own)):
        needed.add(one.id)
    rules = tuple(
        Rule(f"issue_{number}", number, tuple(Cell("", test, parse_tests(test, model.names)) for test in issue.region.tests),
             (Cell("", "1", parse_entry("1", model.names)),), ("",))
        for number, issue in enumerate(issues, 1)
    )  # fmt: skip
    probed = Decision(own.id, own.name, "", Table(table.id, "R", "", table.inputs, (Output("", own.name, "", "", None, None),), rules, ("",)), own.requires)
    return replace(model, decisions=tuple(probed if one.id == own.id else one for one in model.decisions if one.id in needed), services=())


def _upstream(model: decide.Model, decision: Decision) -> list[Decision]:
    out: list[Decision] = []
    waiting = [decision]
    while waiting:
        for key in waiting.pop().requires:
            one = model.by_id.get(key)
            if isinstance(one, Decision) and one not in out:
                out.append(one)
                waiting.append(one)
    return out


def _conditions(model: decide.Model, decision: str, issue: decide.Issue) -> tuple[tuple[str, str], ...]:
    table = model.decision(decision).table
    assert table is not None
    columns = columns_of(table, decision)
    return tuple((column.label, in_words(column, test)) for column, test in zip(columns, issue.region.tests, strict=False) if test not in ("", "-"))
