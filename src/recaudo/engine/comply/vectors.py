"""Runs a file of law vectors: cases with the verdict that the law gives, one JSON object per line.

The law is judged bare here: no house cap, no guards beyond what the vectors' law asks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from recaudo.engine.comply.pack import Lawbook, Pack, lawbook
from recaudo.engine.comply.periods import count, fee, notice, retention
from recaudo.engine.comply.terms import WEEKDAYS, minutes
from recaudo.engine.comply.verdict import permit_verdict
from recaudo.engine.comply.words import Consent, Debtor, PastContact, Preference, Proposed, State, Verdict
from recaudo.kernel.problems import Problem


@dataclass(frozen=True, slots=True)
class Failure:
    """One vector that the engine does not answer as expected. `reason` is a Spanish sentence."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """passed + failed = vectors read; a vector fails once, with its first reason."""

    passed: int
    failed: int
    failures: tuple[Failure, ...] = field(default_factory=tuple)


def vectors(lines: Iterable[str], *, book: Lawbook | None = None) -> Report:
    """Run every line; blank lines are skipped. Nothing is raised: what cannot be read is a failure with its reason."""
    law = book or lawbook()
    passed, failures = 0, []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        name = f"línea {number}"
        try:
            vector = json.loads(line, parse_float=Decimal)
            name = str(vector.get("id", name))
            reason = run_vector(vector, law)
        except Problem as problem:
            reason = problem.text
        except (KeyError, ValueError, TypeError, AttributeError) as wrong:
            reason = f"El vector no se entiende: {type(wrong).__name__} {wrong}"
        if reason is None:
            passed += 1
        else:
            failures.append(Failure(name, reason))
    return Report(passed, len(failures), tuple(failures))


def run_vector(vector: Mapping[str, Any], book: Lawbook) -> str | None:
    """None when the vector passes with its base and alternative toggles, else why not."""
    kind = vector.get("kind", "contact")
    base = dict(vector.get("toggles") or {})
    reason = CHECKS[kind](vector, _pack(vector, book, base), vector["expected"])
    for choice, verdict in (vector.get("alt_verdicts") or {}).items():
        if reason is not None:
            break
        toggles = {**base, **dict(part.strip().split("=", 1) for part in choice.split(","))}
        got = _word(contact_verdict(vector, _pack(vector, book, toggles)).allowed)
        reason = _differs(f"veredicto con {choice}", verdict, got)
    return reason


def contact_verdict(vector: Mapping[str, Any], pack: Pack) -> Verdict:
    """The reference verdict of a contact vector, law only."""
    debtor = dict(vector.get("debtor") or {})
    debts = {d["id"]: f"account:{d['sl_account']}" if d.get("sl_account") else d["id"] for d in vector.get("debts") or []}
    return permit_verdict(
        pack,
        _debtor(debtor, debts),
        [_past(entry) for entry in vector.get("history") or []],
        _proposed(vector["proposed"]),
        guarded=False,
        find_next=False,
    )


def _pack(vector: Mapping[str, Any], book: Lawbook, toggles: Mapping[str, str]) -> Pack:
    jurisdiction = (vector.get("input") or {}).get("jurisdiction") or vector.get("jurisdiction")
    return book.pack(jurisdiction, toggles=toggles)


def _check_contact(vector: Mapping[str, Any], pack: Pack, expected: Mapping[str, Any]) -> str | None:
    got = contact_verdict(vector, pack)
    override = None
    if got.override is not None:
        override = {"allowed": got.override.allowed, "factor": got.override.factor}
        if got.override.needs:
            override["needs"] = got.override.needs
    return (
        _differs("veredicto", expected["verdict"], _word(got.allowed))
        or _differs("regla", expected.get("rule_id"), got.rule_id)
        or _differs("avisos", sorted(expected.get("warnings") or []), sorted(got.warnings))
        or _differs("excepción", expected.get("override"), override)
    )


def _check_fee(vector: Mapping[str, Any], pack: Pack, expected: Mapping[str, Any]) -> str | None:
    given = vector["input"]
    got = fee(
        pack,
        Decimal(str(given["amount_uf"])),
        days_past_due=given["days_past_due"],
        on=_law_day(pack),
        useful_notice_day=given.get("useful_notice_day"),
        gestiones_performed=given.get("gestiones_performed", True),
    )
    return _differs("monto", Decimal(expected["max_fee_uf"]), got.amount) or _differs("regla", expected.get("rule_id"), got.rule_id)


def _check_deadline(vector: Mapping[str, Any], pack: Pack, expected: Mapping[str, Any]) -> str | None:
    given = vector["input"]
    start = date.fromisoformat(given["start"])
    got = count(pack, start, given["n"], given["unit"], then_calendar_days=given.get("then_calendar_days", 0))
    return _differs("fecha", expected["date"], got.isoformat())


def _check_notice(vector: Mapping[str, Any], pack: Pack, expected: Mapping[str, Any]) -> str | None:
    given = vector["input"]
    sent = given.get("notices")
    got = notice(
        pack,
        start=date.fromisoformat(given["start"]),
        action_on=date.fromisoformat(given["action_date"]),
        notices=None if sent is None else [date.fromisoformat(day) for day in sent],
        n=given["n"],
        unit=given["unit"],
        min_notices=given.get("min_notices", 1),
    )
    return _differs("veredicto", expected["verdict"], _word(got.allowed)) or _differs("regla", expected.get("rule_id"), got.rule_id)


def _check_retention(vector: Mapping[str, Any], pack: Pack, expected: Mapping[str, Any]) -> str | None:
    # Several retention rules of one jurisdiction differ only in what they keep: the vector names the one it tests.
    given = vector["input"]
    got = retention(
        pack,
        expected["rule_id"],
        start=date.fromisoformat(given["start"]),
        action_on=date.fromisoformat(given["action_date"]),
        n=given["n"],
        unit=given["unit"],
    )
    return _differs("veredicto", expected["verdict"], _word(got.allowed))


CHECKS = {
    "contact": _check_contact,
    "fee": _check_fee,
    "deadline": _check_deadline,
    "notice": _check_notice,
    "retention": _check_retention,
}


def _law_day(pack: Pack) -> date:
    """The day on which the lawbook was last read: what a vector without a date is judged by."""
    day: date = pack.chain[0].meta["as_of"] if pack.chain else date.max
    return day


def _word(allowed: bool) -> str:
    return "allow" if allowed else "deny"


def _differs(what: str, expected: Any, got: Any) -> str | None:
    return None if expected == got else f"{what}: se esperaba {expected!s}, dio {got!s}"


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _maybe(text: str | None) -> datetime | None:
    return _instant(text) if text else None


def _channels(raw: Mapping[str, Any]) -> frozenset[str] | None:
    return frozenset(raw["channels"]) if raw.get("channels") is not None else None


def _debtor(raw: Mapping[str, Any], debts: Mapping[str, str]) -> Debtor:
    return Debtor(
        zones=tuple(raw.get("zones") or ()),
        subdivision=raw.get("subdivision"),
        states=tuple(
            State(s["state"], _instant(s["since"]), _maybe(s.get("until")), _channels(s), s.get("address")) for s in raw.get("states") or []
        ),
        consents=tuple(
            Consent(c["type"], _instant(c["since"]), _maybe(c.get("revoked")), _channels(c), tuple(c.get("debts") or ()), _date(c.get("until_date")))
            for c in raw.get("consents") or []
        ),
        preferences=tuple(_preference(p) for p in raw.get("preferences") or []),
        same_debt=debts,
    )


def _preference(raw: Mapping[str, Any]) -> Preference:
    return Preference(
        kind=raw["kind"],
        since=_instant(raw["since"]),
        days=frozenset(WEEKDAYS.index(day) for day in raw["days"]) if "days" in raw else frozenset(range(7)),
        starts=minutes(raw.get("from") or "00:00"),
        ends=minutes(raw.get("to") or "24:00"),
        place=raw.get("place"),
        until_date=_date(raw.get("until_date")),
    )


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _past(raw: Mapping[str, Any]) -> PastContact:
    return PastContact(
        at=_instant(raw["ts"]),
        channel=raw["channel"],
        direction=raw.get("dir", "out"),
        outcome=raw.get("outcome", "sent"),
        purpose=raw.get("purpose", "collection"),
        debts=tuple(raw.get("debts") or ()),
        counted_to=tuple(raw["counted_to"]) if "counted_to" in raw else None,
        discussed=tuple(raw["discussed"]) if "discussed" in raw else None,
        person=raw.get("person", "debtor"),
        person_id=raw.get("person_id"),
        creditor=raw.get("creditor", "C1"),
        collector=raw.get("collector", "K1"),
        number=raw.get("number"),
        id=raw.get("id"),
        reply_to=raw.get("reply_to"),
        misdirected=raw.get("misdirected", False),
    )


def _proposed(raw: Mapping[str, Any]) -> Proposed:
    return Proposed(
        at=_instant(raw["ts"]),
        channel=raw["channel"],
        purpose=raw.get("purpose", "collection"),
        person=raw.get("person", "debtor"),
        person_id=raw.get("person_id"),
        debts=tuple(raw.get("debts") or ()),
        creditor=raw.get("creditor", "C1"),
        collector=raw.get("collector", "K1"),
        number=raw.get("number"),
        content=frozenset(raw.get("content") or ()),
        content_checked=not raw.get("content_unchecked", False),
        stage=raw.get("stage"),
        reply_to=raw.get("reply_to"),
        place=raw.get("place"),
        caller_id=raw.get("caller_id"),
        address_source=raw.get("address_source"),
        address=raw.get("address"),
        line_type=raw.get("line_type"),
        override_factor=(raw.get("override") or {}).get("factor"),
    )
