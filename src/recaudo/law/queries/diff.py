"""What a proposal changes, line by line, against what rules without it; and who has seen its effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from recaudo.engine.comply import Lawbook, Rule, compared, overall, value_on
from recaudo.law import rulebook, words
from recaudo.law.models import LawChange, LawImpact
from recaudo.law.queries.changes import END, Proposal, book_of, proposals, ruling


@dataclass(frozen=True, slots=True)
class Line:
    """One value before and after, in Spanish. `strictness` is a pair of words and tone."""

    label: str
    before: str
    after: str
    strictness: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Diff:
    """A proposal against what rules without it on the first day it would be in force (today, for one that ends a change)."""

    rule: Rule
    lines: tuple[Line, ...]
    strictness: str
    strictness_es: str
    tone: str


def diff(found: Proposal, rows: list[LawChange], *, toggles: Mapping[str, str]) -> Diff:
    """What a proposal changes, under the readings that rule (`Rules.toggles`). No query."""
    known = proposals(rows)
    target = next((one for one in known if one.id == found.ends), None) if found.kind == END else None
    subject = target or found
    others = tuple(one.change for one in ruling(known) if one.id != subject.id and (target or _earlier(one, found)))
    with_it = book_of((*others, subject.change))
    without = book_of(others)
    day = subject.since
    assert day is not None
    old, new = (with_it, without) if target else (without, with_it)
    rule, before, after = _rule(old, found.rule), value_on(_rule(old, found.rule), day) or {}, value_on(_rule(new, found.rule), day) or {}
    by_key = compared(rule.type, before, after, toggles=toggles, where=found.rule)
    was, will = rulebook.resolved(before, toggles), rulebook.resolved(after, toggles)
    lines = []
    for key, strictness in by_key.items():
        said = words.STRICTNESS[strictness]
        if key == "week":
            days = zip(rulebook.week_in_words(was["week"]), rulebook.week_in_words(will["week"]), strict=True)
            lines += [Line(name.capitalize(), one, other, said) for (name, one), (_, other) in days if one != other]
        else:
            lines.append(Line(words.VALUE[key], _said(was, key), _said(will, key), said))
    verdict = overall(by_key.values())
    return Diff(rule, tuple(lines), verdict, *words.STRICTNESS[verdict])


def impacts(subject_id: UUID) -> list[LawImpact]:
    """Who saw the effect of a proposal, newest first. One query."""
    return list(LawImpact.objects.filter(subject_id=subject_id).order_by("-created_at")[:20])


def _said(value: dict[str, object], key: str) -> str:
    if key == "exclude_holidays":
        return "sí" if value.get(key) else "no"
    return rulebook.value_in_words(value, keys=[key]).partition(": ")[2]


def _rule(book: Lawbook, rule_id: str) -> Rule:
    return next(document.rules[rule_id] for document in book.documents.values() if rule_id in document.rules)


def _earlier(one: Proposal, found: Proposal) -> bool:
    """Whether another change was in force before this one was decided (all that are, while it waits)."""
    return found.decided_at is None or (one.decided_at is not None and one.decided_at < found.decided_at)

