"""A value of the law changed for this tenant: proposed with its source, linted, seen, approved by a second person, signed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from recaudo.engine.comply import EDITABLE, Change, NotAValue, Rule, UnknownRule, canonical, value_on
from recaudo.engine.comply.terms import chosen
from recaudo.journal import services as journal
from recaudo.kernel.problems import NotFound, Problem
from recaudo.law import queries, rulebook
from recaudo.law.models import LawChange
from recaudo.law.queries import PENDING, Proposal
from recaudo.law.services import acts
from recaudo.law.services.choices import (
    REASON_MINIMUM,
    AlreadyDecided,
    AlreadyProposed,
    NothingToChange,
    ReasonMissing,
    SamePerson,
)
from recaudo.law.services.impacts import require_seen
from recaudo.store.keys import uuid7

SOURCE_MINIMUM = 5


class SourceMissing(Problem):
    code = "law_source_missing"
    message = "Indique la fuente del valor (norma, artículo, fecha), o marque que está pendiente de verificar."


class BadChange(Problem):
    code = "law_bad_change"
    message = "El libro de leyes no admite este cambio. {findings}"


class TooEarly(Problem):
    code = "law_change_too_early"
    message = "El cambio no puede regir desde el {since}: elija el {on} o un día posterior, y un fin posterior al inicio."


class ChangeInForce(Problem):
    code = "law_change_in_force"
    message = "Un cambio aprobado no se retira: proponga terminarlo, y que lo apruebe otra persona."
    status = 409


class NotInForce(Problem):
    code = "law_change_not_in_force"
    message = "Este cambio no está en vigor: no hay nada que terminar."
    status = 409


@transaction.atomic
def propose_change(
    *, rule_id: str, values: Mapping[str, Any], since: date, until: date | None, source: str, reason: str, on: date, by: Any, at: datetime
) -> Proposal:
    """Propose other values for a rule: nothing changes until another person approves.

    values  keys of engine.comply.EDITABLE as the lawbook writes them; those equal to what is in force are left out
    since   first day, `on` (today) or later; until = the first day out of force, None = open
    source  where the value comes from, or `pending`: not verified yet, said so on every screen
    Raises  UnknownRule, NotAValue, NothingToChange, TooEarly, SourceMissing, ReasonMissing, AlreadyProposed, BadChange
    """
    _check_words(reason, source)
    if since < on or (until is not None and until <= since):
        raise TooEarly(since=f"{since:%d/%m/%Y}", on=f"{on:%d/%m/%Y}")
    rows = acts.locked()
    overlay = queries.overlay(rows)
    rule = rule_of(rule_id, overlay)
    differing = differing_values(rule, values, since)
    if not differing:
        raise NothingToChange()
    if any(one.state == "waiting" and one.rule == rule_id for one in queries.proposals(rows)):
        raise AlreadyProposed(name=rule_id)
    _lint((*overlay, Change(rule_id, canonical(differing), since, until)))
    said, cited = wording(rule, differing, since, source=source.strip(), number=len(rows) + 1)
    content = {
        "kind": queries.AMEND, "rule": rule_id, "values": differing, "from": since.isoformat(), "until": until.isoformat() if until else None,
        "source": source.strip(), "said": said, "cited": cited, "base": queries.book_of(overlay).version[:16],
    }  # fmt: skip
    return _proposed(rows, content, reason, by=by, at=at)


@transaction.atomic
def propose_end(*, change_id: UUID, reason: str, by: Any, at: datetime) -> Proposal:
    """Propose that a change in force ends: once approved, the lawbook's value (or an earlier change) rules again.

    Raises NotFound, NotInForce, AlreadyProposed, ReasonMissing
    """
    _check_words(reason, PENDING)
    rows = acts.locked()
    known = queries.proposals(rows)
    target = _known(known, change_id)
    if target.state != "in_force" or target.kind != queries.AMEND:
        raise NotInForce()
    if any(one.state == "waiting" and one.rule == target.rule for one in known):
        raise AlreadyProposed(name=target.rule)
    content = {"kind": queries.END, "rule": target.rule, "target": str(target.id)}
    return _proposed(rows, content, reason, by=by, at=at)


@transaction.atomic
def approve_change(change_id: UUID, *, by: Any, at: datetime) -> Proposal:
    """Put a proposal in force, by a second person who saw what it changes; the next question to the gate obeys it.

    Raises NotFound, AlreadyDecided, SamePerson, ImpactUnseen, BadChange (the lawbook changed since it was proposed)
    """
    rows = acts.locked()
    found = _waiting(queries.proposals(rows), change_id)
    if found.proposed_by_id == by.id:
        raise SamePerson()
    require_seen(found.id, by=by)
    if found.kind == queries.AMEND:
        _lint((*queries.overlay(rows), found.change))
    return _decided(rows, found, "approved", by=by, at=at)


@transaction.atomic
def withdraw_change(change_id: UUID, *, by: Any, at: datetime) -> Proposal:
    """Take back a proposal that nobody approved. Raises NotFound, AlreadyDecided, ChangeInForce."""
    rows = acts.locked()
    known = queries.proposals(rows)
    if _known(known, change_id).state == "in_force":
        raise ChangeInForce()
    return _decided(rows, _waiting(known, change_id), "withdrawn", by=by, at=at)


def rule_of(rule_id: str, overlay: tuple[Change, ...]) -> Rule:
    """A rule of the lawbook under the changes in force. Raises UnknownRule, NotAValue (a rule without values to change)."""
    for document in queries.book_of(overlay).documents.values():
        if rule_id in document.rules:
            rule = document.rules[rule_id]
            if rule.type not in EDITABLE:
                raise NotAValue(rule=rule_id, key=rule.type)
            return rule
    raise UnknownRule(rule=rule_id)


def differing_values(rule: Rule, values: Mapping[str, Any], since: date) -> dict[str, Any]:
    """Those of the given values that the rule does not already have on a day. Raises NotAValue."""
    now = value_on(rule, since) or {}
    for key in values:
        if key not in EDITABLE[rule.type]:
            raise NotAValue(rule=rule.id, key=key)
    in_force = queries.rules_toggles(now)
    return {key: value for key, value in values.items() if canonical({key: chosen(now.get(key), in_force)}) != canonical({key: value})}


def wording(rule: Rule, values: Mapping[str, Any], since: date, *, source: str, number: int) -> tuple[str, str]:
    """The rule as it reads with other values, and its citation: what a refusal will say."""
    now = value_on(rule, since) or {}
    said = rulebook.value_in_words({**now, **values}, keys=values)
    origin = "fuente pendiente de verificar" if source == PENDING else source
    base = rule.text_es.partition(" Cambio de la organización: ")[0]
    citation = rule.citation.partition("; cambio de la organización")[0]
    return f"{base} Cambio de la organización: {said}.", f"{citation}; cambio de la organización n.º {number} ({origin})"[:200]


def _check_words(reason: str, source: str) -> None:
    if len(reason.strip()) < REASON_MINIMUM:
        raise ReasonMissing(least=REASON_MINIMUM)
    if source != PENDING and len(source.strip()) < SOURCE_MINIMUM:
        raise SourceMissing()


def _lint(changes: tuple[Change, ...]) -> None:
    findings = queries.faults_of(changes)
    if findings:
        raise BadChange(findings=" ".join(dict.fromkeys(one.text for one in findings)))


def _known(known: list[Proposal], change_id: UUID) -> Proposal:
    found = next((one for one in known if one.id == change_id), None)
    if found is None:
        raise NotFound()
    return found


def _waiting(known: list[Proposal], change_id: UUID) -> Proposal:
    found = _known(known, change_id)
    if found.state != "waiting":
        raise AlreadyDecided()
    return found


def _proposed(rows: list[LawChange], content: dict[str, Any], reason: str, *, by: Any, at: datetime) -> Proposal:
    key = uuid7()
    row = LawChange(id=key, act="proposed", subject_id=key, content=content, reason=reason.strip(), by_id=by.id, created_at=at)
    return _added(rows, row, "proposed", by=by, at=at)


def _decided(rows: list[LawChange], found: Proposal, act: str, *, by: Any, at: datetime) -> Proposal:
    return _added(rows, LawChange(act=act, subject_id=found.id, by_id=by.id, created_at=at), act, by=by, at=at)


def _added(rows: list[LawChange], row: LawChange, act: str, *, by: Any, at: datetime) -> Proposal:
    acts.append(rows, row)
    found = _known(queries.proposals([*rows, row]), row.subject_id)
    journal.record(
        "law.changed", by=by, at=at, subject="law", subject_id=row.subject_id, step=act, rule=found.rule, kind=found.kind, number=row.number,
        hash=row.hash.hex(),
    )  # fmt: skip
    return found
