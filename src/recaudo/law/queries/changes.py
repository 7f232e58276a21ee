"""The values of the law that this tenant changed: the signed acts, the proposals with their state, and what is in force.

Words: an *act* is a row of LawChange; a *proposal* what one person proposed, with what became of it; the *overlay* the
approved ones, in order, as engine.comply lays them over the lawbook.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from recaudo.engine.comply import Change, Lawbook, amended, build, canonical, lawbook, read_files
from recaudo.engine.comply import lint as lint_files
from recaudo.engine.comply.lint import Finding
from recaudo.law.models import LawChange
from recaudo.law.signing import fault_of
from recaudo.workforce import queries as workforce

AMEND, END = "amend", "end"
# An act of this kind is about a LawDecision: a reading or a cap.
CHOICE = "choice"
# The source of a value whose norm is still to be found.
PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change of values and what became of it.

    state   waiting, in_force, ended (by a second, later act of two people), withdrawn
    ends    the proposal that this one would end, for kind `end`
    until   first day out of force; None = open
    """

    id: UUID
    number: int
    kind: str
    rule: str
    values: dict[str, Any]
    since: date | None
    until: date | None
    source: str
    said: str
    cited: str
    ends: UUID | None
    reason: str
    proposed_by_id: UUID
    proposed_at: datetime
    decided_by_id: UUID | None
    decided_at: datetime | None
    state: str
    hash: str
    signature: str

    @property
    def change(self) -> Change:
        """As the engine takes it. Only of kind `amend`."""
        return Change(self.rule, canonical(self.values), self.since or date.min, self.until, self.said, self.cited)

    @property
    def is_pending_source(self) -> bool:
        """Whether the proposer said that the source is still to be found."""
        return self.source == PENDING


def acts() -> list[LawChange]:
    """Every act of the tenant, oldest first. One query."""
    return list(LawChange.objects.order_by("number"))


def trouble_of(rows: list[LawChange]) -> str:
    """Why the tenant's changes cannot be trusted, in Spanish; empty = they can."""
    return trouble_with(fault_of(rows))


def trouble_with(fault: str) -> str:
    """A fault of the signed record as people read it; empty when there is none."""
    if not fault:
        return ""
    return (
        f"El registro firmado de cambios normativos no cuadra: {fault}. No se contacta a nadie hasta restaurarlo de un respaldo; "
        "«recaudo doctor» dice más."
    )


def proposals(rows: list[LawChange] | None = None, *, at: datetime | None = None) -> list[Proposal]:
    """Every proposal, oldest first, as it stands (or stood at an instant)."""
    rows = acts() if rows is None else rows
    rows = rows if at is None else [row for row in rows if row.created_at <= at]
    decided = {row.subject_id: row for row in rows if row.act != "proposed"}
    approved = {subject for subject, row in decided.items() if row.act == "approved"}
    ended = {UUID(row.content["target"]) for row in rows if row.act == "proposed" and row.content["kind"] == END and row.id in approved}
    return [_proposal(row, decided.get(row.id), ended) for row in rows if row.act == "proposed"]


def overlay(rows: list[LawChange] | None = None, *, at: datetime | None = None) -> tuple[Change, ...]:
    """The changes in force, in the order in which they were approved: the later one counts. One query or none."""
    return tuple(one.change for one in ruling(proposals(rows, at=at)))


def ruling(known: list[Proposal]) -> list[Proposal]:
    """Those of some proposals that are in force, in the order in which they were approved."""
    found = [one for one in known if one.kind == AMEND and one.state == "in_force"]
    return sorted(found, key=lambda one: one.decided_at or one.proposed_at)


def proposal(change_id: UUID) -> Proposal | None:
    """One proposal; None when there is none of this tenant."""
    return next((one for one in proposals() if one.id == change_id), None)


def names_of(found: list[Proposal]) -> dict[UUID, str]:
    """Who proposed and decided, by id. One query."""
    ids = {key for one in found for key in (one.proposed_by_id, one.decided_by_id) if key}
    return dict(workforce.users().filter(id__in=ids).values_list("id", "name"))


@lru_cache(maxsize=32)
def book_of(changes: tuple[Change, ...]) -> Lawbook:
    """The lawbook under changes; its version is the hash of all of its content, changes included."""
    return build(amended(_files(), changes)) if changes else lawbook()


def faults_of(changes: tuple[Change, ...]) -> list[Finding]:
    """What the linter says of the lawbook under changes. Raises UnknownRule, NotAValue."""
    return lint_files(amended(_files(), changes))


@lru_cache(maxsize=1)
def _files() -> dict[str, Any]:
    return read_files()


def _proposal(row: LawChange, decided: LawChange | None, ended: set[UUID]) -> Proposal:
    says = row.content
    state = "waiting" if decided is None else "withdrawn" if decided.act == "withdrawn" else "ended" if row.id in ended else "in_force"
    return Proposal(
        id=row.id,
        number=row.number,
        kind=says["kind"],
        rule=says["rule"],
        values=says.get("values", {}),
        since=date.fromisoformat(says["from"]) if says.get("from") else None,
        until=date.fromisoformat(says["until"]) if says.get("until") else None,
        source=says.get("source", ""),
        said=says.get("said", ""),
        cited=says.get("cited", ""),
        ends=UUID(says["target"]) if says.get("target") else None,
        reason=row.reason,
        proposed_by_id=row.by_id,
        proposed_at=row.created_at,
        decided_by_id=decided.by_id if decided else None,
        decided_at=decided.created_at if decided else None,
        state=state,
        hash=bytes(row.hash).hex(),
        signature=bytes(row.signature).hex(),
    )
