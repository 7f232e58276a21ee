"""The ambiguities of the law and the house's own ceilings: their options, what is in force, who decided and why.

Words: a *choice* is a toggle of the lawbook or a house cap; an *option* one way to read it; a *decision* what a person
proposed and, when it counts, another approved.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recaudo.engine.comply import lawbook
from recaudo.journal.models import Event
from recaudo.kernel.problems import NotFound
from recaudo.law import rulebook, words
from recaudo.law.models import LawDecision, LawImpact
from recaudo.law.queries.changes import acts, proposals
from recaudo.law.queries.decisions import DEFAULT, HOUSE_DEFAULTS, OFF, decisions, standing
from recaudo.workforce import queries as workforce

SHOWN = 200


@dataclass(frozen=True, slots=True)
class Option:
    """One way to read an ambiguity. `is_default`: the reading that is shipped and counts when nobody decides (the strict one, as a rule)."""

    code: str
    text: str
    is_default: bool
    is_current: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What was proposed for a choice. `state`: waiting, in_force, replaced, withdrawn. `seen`: the newest replay of its effect."""

    id: UUID
    name: str
    code: str
    text: str
    reason: str
    proposed_by_id: UUID
    proposed_by: str
    proposed_at: datetime
    approved_by: str
    approved_at: datetime | None
    withdrawn_by: str
    withdrawn_at: datetime | None
    state: str
    seen: LawImpact | None = None
    seen_by: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice as it stands for the tenant.

    current    the code in force: an option, or the number of a house cap (`off` = no cap)
    decided    the decision that put it in force; None = nobody decided, the default counts
    decisions  newest first; the page of one choice has them all, the list only those that count or wait
    """

    name: str
    jurisdiction: str
    place: str
    question: str
    help: str
    options: tuple[Option, ...]
    current: str
    current_text: str
    default_text: str
    is_house: bool
    decided: Decision | None
    waiting: tuple[Decision, ...]
    decisions: tuple[Decision, ...]

    @property
    def is_default(self) -> bool:
        """Whether what is in force is what counts when nobody decides."""
        return self.current == standing(self.name)


def choices() -> list[Choice]:
    """Every choice: the house's first, then by jurisdiction. Six queries at most."""
    return _choices(None)


def choice(name: str) -> Choice | None:
    """One choice with its history; None when the lawbook has no such ambiguity."""
    return next((one for one in _choices(name) if one.name == name), None)


def decision_name(decision_id: UUID) -> str:
    """The name of the choice that a decision is about. Raises NotFound."""
    name: str | None = LawDecision.objects.filter(id=decision_id).values_list("name", flat=True).first()
    if name is None:
        raise NotFound()
    return name


def waiting() -> int:
    """How many proposals over readings, caps and values wait for a second person. Two queries."""
    values = sum(one.state == "waiting" for one in proposals(acts()))
    return values + int(LawDecision.objects.filter(approved_at=None, withdrawn_at=None).count())


def _choices(name: str | None) -> list[Choice]:
    current = decisions()
    rows = LawDecision.objects.order_by("-created_at", "-id")
    kept = list(rows.filter(name=name)[:SHOWN] if name else rows[:SHOWN])
    known = {row.id for row in kept}
    # What is in force may be older than the newest page of rows.
    kept += [row for row in rows.filter(approved_at__isnull=False, withdrawn_at=None).distinct("name").order_by("name", "-approved_at") if row.id not in known]
    shown = _decisions(kept, current)
    return [*_house(current, shown), *_toggles(current, shown)]


def _house(current: dict[str, str], shown: list[Decision]) -> Iterable[Choice]:
    for name, default in HOUSE_DEFAULTS.items():
        question, help_text, unit = words.HOUSE[name]
        code = current.get(name, default)
        yield _choice(name, "", "Topes de la casa", question, help_text, (), code, _number(code, unit), _number(default, unit), shown)


def _toggles(current: dict[str, str], shown: list[Decision]) -> Iterable[Choice]:
    for document in sorted(lawbook().documents.values(), key=lambda one: (one.jurisdiction == "COMMON", one.name)):
        for name, says in (document.meta.get("toggles") or {}).items():
            texts = {DEFAULT: str(says["default_es"]), **{str(code): str(text) for code, text in says["options"].items()}}
            strict = standing(name)
            code = current.get(name, strict)
            options = tuple(Option(key, text, key == strict, key == code) for key, text in texts.items())
            yield _choice(
                name, document.jurisdiction, document.name, str(says["text_es"]), "", options, code, texts.get(code, code), texts[strict], shown
            )


def _choice(
    name: str, jurisdiction: str, place: str, question: str, help_text: str, options: tuple[Option, ...], code: str, text: str,
    default: str, shown: list[Decision],
) -> Choice:  # fmt: skip
    mine = tuple(one for one in shown if one.name == name)
    return Choice(
        name, jurisdiction, place, question, help_text, options, code, text, default, name in HOUSE_DEFAULTS,
        next((one for one in mine if one.state == "in_force"), None), tuple(one for one in mine if one.state == "waiting"), mine,
    )  # fmt: skip


def _decisions(rows: list[LawDecision], current: dict[str, str]) -> list[Decision]:
    ids = {key for row in rows for key in (row.proposed_by_id, row.approved_by_id) if key}
    names = dict(workforce.users().filter(id__in=ids).values_list("id", "name"))
    # Who withdrew is in the journal: the row keeps only when.
    gone = [row.id for row in rows if row.withdrawn_at]
    events = Event.objects.filter(name="law.changed", subject_id__in=gone, detail__step="withdrawn") if gone else []
    withdrew = {event.subject_id: event.by_name for event in events}
    waits = [row.id for row in rows if not row.approved_at and not row.withdrawn_at]
    seen = list(LawImpact.objects.filter(subject_id__in=waits).order_by("-created_at")[:SHOWN]) if waits else []
    newest: dict[str, LawDecision] = {}
    for row in rows:
        if row.approved_at and not row.withdrawn_at and (row.name not in newest or row.approved_at > _approved(newest[row.name])):
            newest[row.name] = row
    return [
        Decision(
            row.id, row.name, row.choice, option_text(row.name, row.choice), row.reason, row.proposed_by_id, names.get(row.proposed_by_id, "—"),
            row.created_at, names.get(row.approved_by_id, "—") if row.approved_by_id else "", row.approved_at,
            withdrew.get(row.id, ""), row.withdrawn_at, _state(row, newest), next((one for one in seen if one.subject_id == row.id), None),
            frozenset(one.seen_by_id for one in seen if one.subject_id == row.id),
        )
        for row in rows
    ]  # fmt: skip


def _approved(row: LawDecision) -> datetime:
    at: datetime = row.approved_at
    return at


def _state(row: LawDecision, newest: dict[str, LawDecision]) -> str:
    if row.withdrawn_at:
        return "withdrawn"
    if not row.approved_at:
        return "waiting"
    return "in_force" if newest[row.name].id == row.id else "replaced"


def option_text(name: str, code: str) -> str:
    """An option in words."""
    if name in words.HOUSE:
        return _number(code, words.HOUSE[name][2])
    says = rulebook.toggles(lawbook()).get(name)
    if says is None:
        return code
    return str(says["default_es"] if code == DEFAULT else {str(key): text for key, text in says["options"].items()}.get(code, code))


def _number(code: str, unit: str) -> str:
    if code == OFF:
        return "sin tope"
    first, _, rest = unit.partition(" ")
    one = {**words.SINGULAR, "días": "día"}
    return f"{code} {one.get(first, first) if code == '1' else first} {rest}".strip()
