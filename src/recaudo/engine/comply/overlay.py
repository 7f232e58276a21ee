"""Values of the lawbook that an organisation changed: laid over the base files, and compared with them.

Words: a *change* gives one rule other values between two days; *files* are the parsed lawbook. The result of `amended`
is files again: linted, built and hashed like the base, so that everything that reads the lawbook reads the change too.
Who may change what, and whether a change is genuine, is not known here.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from recaudo.engine.comply.pack import Files, Rule
from recaudo.engine.comply.terms import Terms, parse_terms
from recaudo.kernel.problems import Problem

# What a change may touch, by type of rule: figures, days and hours. Who is a third party or what must be said is law, not a value.
EDITABLE: dict[str, tuple[str, ...]] = {
    "window": ("week", "channels", "exclude_holidays"),
    "frequency": ("max", "period", "count_basis", "scope"),
    "min_gap": ("min_days_between", "scope"),
    "cooldown": ("days_including_conversation_day",),
    "one_channel": ("period",),
    "deadline": ("n", "extension", "then_calendar_days"),
    "prior_notice": ("n", "min_notices"),
    "retention": ("n",),
    "fee": ("chargeable_after_days", "useful_notice_within_days", "reduction_without_notice"),
    "warn": ("rapid_within_minutes", "concentrated_calls_per_day"),
}
STRICTER, LAXER, MIXED, SAME = "stricter", "laxer", "mixed", "same"
# From what lets most through to what lets least.
_BASES = ("live_contact", "attempt_connected", "attempt_any")
_SCOPES = ("person_x_number", "person_x_debt", "debtor_x_creditor", "debtor_x_creditor_or_collector", "person")


class UnknownRule(Problem):
    code = "unknown_rule"
    message = "La regla «{rule}» no está en el libro de leyes: el cambio no puede aplicarse."
    status = 409


class NotAValue(Problem):
    code = "not_a_value"
    message = "«{key}» de la regla {rule} no es un valor que se pueda cambiar."


@dataclass(frozen=True, slots=True)
class Change:
    """Other values for one rule.

    values  canonical JSON of {key: value}, keys of EDITABLE; JSON, so that a change can be a key of a cache
    since   first day in force; `until` the first day out of force, None = open
    said    the rule in Spanish as it stands with the change; `cited` where the change comes from
    """

    rule: str
    values: str
    since: date
    until: date | None
    said: str = ""
    cited: str = ""

    @property
    def given(self) -> dict[str, Any]:
        """The new values by key."""
        found: dict[str, Any] = json.loads(self.values)
        return found


def canonical(values: Mapping[str, Any]) -> str:
    """Values as the JSON that a Change carries: the same values are the same text."""
    return json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def amended(files: Files, changes: Iterable[Change]) -> dict[str, Any]:
    """The lawbook's files with changes laid over them in order; where two overlap, the later one counts.

    Raises UnknownRule, NotAValue
    """
    found: dict[str, Any] = dict(files)
    for change in changes:
        path, place = _place(found, change.rule)
        content = found[path] = copy.deepcopy(found[path])
        content["rules"][place] = _with(content["rules"][place], change)
    return found


def _place(files: Files, rule_id: str) -> tuple[str, int]:
    for path, content in files.items():
        if "/" in path and not path.endswith("/meta.yaml"):
            for place, raw in enumerate((content or {}).get("rules") or []):
                if raw.get("id") == rule_id:
                    return path, place
    raise UnknownRule(rule=rule_id)


def _with(raw: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """The rule with each dated value cut where the change begins and ends."""
    allowed = EDITABLE.get(str(raw["type"]), ())
    for key in change.given:
        if key not in allowed:
            raise NotAValue(rule=change.rule, key=key)
    values: list[dict[str, Any]] = []
    for value in raw["values"]:
        values.extend(_cut(value, change))
    return {**raw, "values": values}


def _cut(value: Mapping[str, Any], change: Change) -> Iterable[dict[str, Any]]:
    start = None if value["from"] == "unknown" else value["from"]
    end = None if value["until"] == "open" else value["until"]
    first = change.since if start is None else max(start, change.since)
    ends = [one for one in (end, change.until) if one is not None]
    last = min(ends) if ends else None
    if (end is not None and first >= end) or (last is not None and first >= last):
        yield dict(value)
        return
    if start is None or start < first:
        yield {**value, "until": first}
    inside = {**value, **change.given, "from": first, "until": last if last is not None else "open"}
    yield inside | {key: text for key, text in (("said", change.said), ("cited", change.cited)) if text}
    if last is not None and last != end:
        yield {**value, "from": last}


def value_on(rule: Rule, day: date) -> Mapping[str, Any] | None:
    """The value of a rule in force on a day, else the next to come, else the last."""
    ahead = None
    for value in rule.values:
        start, end = value["from"], value["until"]
        if (start == "unknown" or start <= day) and (end == "open" or day < end):
            return value
        if ahead is None and start != "unknown" and start > day:
            ahead = value
    return ahead or (rule.values[-1] if rule.values else None)


def compared(kind: str, before: Mapping[str, Any], after: Mapping[str, Any], *, toggles: Mapping[str, str], where: str) -> dict[str, str]:
    """For each key that differs, whether the second value is stricter, laxer or neither (mixed).

    kind           type of the rule
    before, after  raw values of the lawbook; Raises BadLawbook for one that cannot be read
    Stricter = fewer contacts, later acts, shorter terms to answer, longer keeping, lower fees.
    """
    old, new = (parse_terms(value, toggles=toggles, where=where) for value in (before, after))
    found = {}
    for key in EDITABLE.get(kind, ()):
        said = _JUDGES.get(key, _figure(key, kind))(old, new)
        if said != SAME:
            found[key] = said
    return found


def overall(by_key: Iterable[str]) -> str:
    """One word for several: stricter or laxer when all agree, mixed otherwise."""
    kinds = set(by_key)
    return SAME if not kinds else kinds.pop() if len(kinds) == 1 else MIXED


def _week(old: Terms, new: Terms) -> str:
    before, after = (_minutes(terms) for terms in (old, new))
    return _sets(after, before)


def _minutes(terms: Terms) -> set[int]:
    return {day * 1440 + minute for day, spans in terms.week.items() for first, last in spans for minute in range(first, last)}


def _sets(narrow: set[Any] | frozenset[Any], wide: set[Any] | frozenset[Any]) -> str:
    """Whether `narrow` lies in `wide` (stricter), around it (laxer), or across it."""
    if narrow == wide:
        return SAME
    return STRICTER if narrow < wide else LAXER if narrow > wide else MIXED


def _channels(old: Terms, new: Terms) -> str:
    if old.channels == new.channels:
        return SAME
    if old.channels is None or new.channels is None:
        return LAXER if old.channels is None else STRICTER
    return _sets(old.channels, new.channels)


def _ranked(order: tuple[str, ...], field: str) -> Callable[[Terms, Terms], str]:
    def judge(old: Terms, new: Terms) -> str:
        before, after = getattr(old, field), getattr(new, field)
        if before == after:
            return SAME
        if before not in order or after not in order:
            return MIXED
        return STRICTER if order.index(after) > order.index(before) else LAXER

    return judge


def _period(old: Terms, new: Terms) -> str:
    if (old.rolling_days, old.calendar_week) == (new.rolling_days, new.calendar_week):
        return SAME
    if old.calendar_week == new.calendar_week:
        return STRICTER if new.rolling_days > old.rolling_days else LAXER
    # A calendar week never looks back further than seven days, and one day at least.
    rolling, other = (old, new) if new.calendar_week else (new, old)
    if rolling.rolling_days >= 7:
        return LAXER if other is new else STRICTER
    return MIXED if rolling.rolling_days > 1 else (STRICTER if other is new else LAXER)


def _flag(old: Terms, new: Terms) -> str:
    if old.exclude_holidays == new.exclude_holidays:
        return SAME
    return STRICTER if new.exclude_holidays else LAXER


def _figure(key: str, kind: str) -> Callable[[Terms, Terms], str]:
    """A number: for most of them more is stricter; for those of `_FEWER` less is."""
    fields = {"min_days_between": "gap_days", "days_including_conversation_day": "cooldown_days", "max": "max"}

    def judge(old: Terms, new: Terms) -> str:
        before, after = (getattr(terms, fields[key]) if key in fields else terms.extra.get(key) for terms in (old, new))
        if before == after:
            return SAME
        if before is None or after is None:
            return MIXED
        more = float(after) > float(before)
        return STRICTER if more is not ((kind, key) in _FEWER) else LAXER

    return judge


_FEWER = {
    ("frequency", "max"), ("deadline", "n"), ("deadline", "extension"), ("deadline", "then_calendar_days"), ("fee", "useful_notice_within_days"),
    ("warn", "concentrated_calls_per_day"),
}  # fmt: skip
_JUDGES: dict[str, Callable[[Terms, Terms], str]] = {
    "week": _week,
    "channels": _channels,
    "exclude_holidays": _flag,
    "period": _period,
    "count_basis": _ranked(_BASES, "count_basis"),
    "scope": _ranked(_SCOPES, "scope"),
}

