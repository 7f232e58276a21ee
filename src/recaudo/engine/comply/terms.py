"""One dated value of a rule, parsed into types: what the evaluators read. Toggles are resolved here.

KEYS says which keys each type of rule may have in the lawbook; the linter holds the files to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from recaudo.kernel.problems import Problem

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Week = Mapping[int, tuple[tuple[int, int], ...]]

_COMMON = {"from", "until", "unit", "active", "use_in", "not_in", "purposes_exempt", "response_once", "unless_states", "unless"}
KEYS: dict[str, set[str]] = {
    "window": _COMMON | {"channels", "week", "exclude_holidays", "waiver_state"},
    "frequency": _COMMON | {"group", "max", "period", "count_basis", "scope", "per_channel", "exclude", "only_line_type", "nature", "override_factors"},
    "min_gap": _COMMON | {"group", "min_days_between", "scope"},
    "cooldown": _COMMON | {"channels", "after", "days_including_conversation_day", "scope", "exclude", "nature", "override_factors"},
    "one_channel": _COMMON | {"group", "same_channel_families", "period", "scope"},
    "channel_consent": _COMMON | {"channels", "requires", "unless_line_type", "blocks"},
    "channel_ban": _COMMON | {"channels"},
    "person": _COMMON | {"allow", "forbid", "except_purposes"},
    "place": _COMMON | {"forbid", "when_state"},
    "address": _COMMON | {"channels", "accepts", "forbid"},
    "caller_id": _COMMON | {"forbid"},
    "content": _COMMON | {"channels", "forbid", "require", "when", "except_content"},
    "stop": _COMMON | {"state", "blocks", "persons_exempt"},
    "preference": _COMMON | {"kinds"},
    "location_info": _COMMON | {"max_communications", "must_not"},
    "exempt": _COMMON | {"purposes", "from_rules"},
    "guard": _COMMON | {"count_basis"},
    "warn": _COMMON | {"channels", "rapid_within_minutes", "rapid_outcome", "concentrated_calls_per_day"},
    "absent": _COMMON,
    "fee": {"from", "until", "unit", "tiers", "chargeable_after_days", "useful_notice_within_days", "reduction_without_notice", "only_if_performed"},
    "deadline": {"from", "until", "unit", "n", "starts", "extension", "then_execute", "then_calendar_days"},
    "prior_notice": {"from", "until", "unit", "n", "before", "min_notices", "min_notices_low_amount", "low_amount_up_to", "undeliverable_restarts"},
    "retention": {"from", "until", "unit", "n", "starts"},
    "duty": {"from", "until", "unit"},
    "sanction": {"from", "until", "unit", "up_to"},
    "pending": {"from", "until", "unit"},
}  # fmt: skip
# What a change of the organisation says in place of the rule's words and citation, for as long as it is in force.
REWORDED = frozenset({"said", "cited"})
for _keys in KEYS.values():
    _keys |= REWORDED
# Types that can deny a contact; they stand in reading_order.
DENYING = frozenset(KEYS) - {"guard", "warn", "fee", "deadline", "prior_notice", "retention", "duty", "sanction", "pending"}
LIMITED = frozenset({"frequency", "min_gap", "cooldown", "one_channel"})


class BadLawbook(Problem):
    code = "bad_lawbook"
    message = "El libro de leyes tiene un error en {where}: {what}. Corrija el archivo y revíselo de nuevo."
    status = 500


@dataclass(frozen=True, slots=True)
class Terms:
    """The resolved content of one rule on one day. Empty means that the rule does not say."""

    unit: str = ""
    active: bool = True
    use_in: frozenset[str] | None = None
    not_in: frozenset[str] = frozenset()
    channels: frozenset[str] | None = None
    week: Week = field(default_factory=dict)
    exclude_holidays: bool = False
    waiver_state: str | None = None
    response_once: bool = False
    purposes_exempt: frozenset[str] = frozenset()
    except_purposes: frozenset[str] = frozenset()
    unless: frozenset[str] = frozenset()
    group: frozenset[str] = frozenset()
    max: int = 0
    rolling_days: int = 0
    calendar_week: bool = False
    count_basis: str = "attempt_connected"
    scope: str = ""
    per_channel: bool = False
    exclude: frozenset[str] = frozenset()
    only_line_type: str | None = None
    override_factors: frozenset[str] = frozenset()
    gap_days: int = 0
    cooldown_days: int = 0
    families: Mapping[str, str] = field(default_factory=dict)
    requires: str | None = None
    unless_line_type: str | None = None
    blocks: frozenset[str] | None = None
    allow: frozenset[str] | None = None
    forbid: frozenset[str] = frozenset()
    when_state: str | None = None
    accepts: frozenset[str] | None = None
    require: frozenset[str] = frozenset()
    when: str | None = None
    except_content: frozenset[str] = frozenset()
    state: frozenset[str] = frozenset()
    persons_exempt: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    must_not: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    from_rules: frozenset[str] = frozenset()
    said: str = ""
    cited: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


def parse_terms(raw: Mapping[str, Any], *, toggles: Mapping[str, str], where: str) -> Terms:
    """One dated value of the lawbook as Terms, with the chosen options of the toggles.

    raw      the mapping as written, with `from`, `until`, `unit`
    toggles  toggle name -> chosen option; a name that is absent or an option that the value does not have = default
    where    the rule id, for the message
    Raises   BadLawbook
    """
    known: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for key, written in raw.items():
        if key in {"from", "until"}:
            continue
        value = chosen(written, toggles)
        try:
            _put(known, extra, key, value)
        except (TypeError, ValueError, KeyError, AttributeError) as wrong:
            raise BadLawbook(where=where, what=f"«{key}» no se entiende ({wrong})") from None
    return Terms(**known, extra=MappingProxyType(extra))


def chosen(written: Any, toggles: Mapping[str, str]) -> Any:
    """A value with its toggle resolved: the chosen option, or the strict default."""
    if isinstance(written, dict) and "toggle" in written:
        option = toggles.get(written["toggle"])
        options = written.get("options") or {}
        return options[option] if option in options else written["default"]
    return written


def period_words(value: Mapping[str, Any]) -> tuple[int, bool]:
    """(rolling days, calendar week?) of `{rolling_days: n}` or `{calendar_week: mon}`."""
    if set(value) == {"rolling_days"}:
        return int(value["rolling_days"]), False
    if value == {"calendar_week": "mon"}:
        return 7, True
    raise ValueError("se espera {rolling_days: n} o {calendar_week: mon}")


def parse_week(value: Mapping[str, str]) -> Week:
    """`{mon-fri: "07:00-19:00", sat: "08:00-12:00, 13:00-15:00"}` as ISO weekday -> spans of local minutes."""
    week: dict[int, tuple[tuple[int, int], ...]] = {}
    for days, spans in value.items():
        parsed = tuple(_span(one) for one in spans.split(","))
        for day in _days(days):
            if day in week:
                raise ValueError(f"el día {WEEKDAYS[day]} está dos veces")
            week[day] = parsed
    return MappingProxyType(week)


def minutes(clock: str) -> int:
    """Minutes of the day of `HH:MM`; 24:00 is 1440."""
    match = re.fullmatch(r"(\d\d):(\d\d)", clock)
    if not match or int(match[2]) > 59 or int(match[1]) * 60 + int(match[2]) > 1440:
        raise ValueError(f"«{clock}» no es una hora HH:MM")
    return int(match[1]) * 60 + int(match[2])


def in_force(value: Mapping[str, Any], day: date) -> bool:
    """Whether a dated value rules on a day: from `from` up to and without `until`."""
    start, end = value["from"], value["until"]
    return bool((start == "unknown" or start <= day) and (end == "open" or day < end))


def _days(words: str) -> Iterable[int]:
    first, _, last = words.partition("-")
    start = WEEKDAYS.index(first)
    return range(start, WEEKDAYS.index(last or first) + 1)


def _span(words: str) -> tuple[int, int]:
    first, _, last = words.strip().partition("-")
    span = minutes(first), minutes(last)
    if span[0] >= span[1]:
        raise ValueError(f"la ventana «{words.strip()}» cierra antes de abrir")
    return span


def _words(value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise ValueError("se espera una lista de palabras")
    return frozenset(value)


_SETS = {
    "not_in", "purposes_exempt", "except_purposes", "group", "exclude", "override_factors", "forbid", "require",
    "except_content", "state", "persons_exempt", "kinds", "must_not", "purposes", "from_rules", "use_in", "blocks",
    "allow", "accepts",
}  # fmt: skip
_PLAIN = {
    "unit", "active", "exclude_holidays", "waiver_state", "response_once", "max", "count_basis", "scope", "per_channel",
    "only_line_type", "requires", "unless_line_type", "when_state", "when", "said", "cited",
}  # fmt: skip


def _put(known: dict[str, Any], extra: dict[str, Any], key: str, value: Any) -> None:
    if key in _SETS:
        known[key] = _words(value)
    elif key in _PLAIN:
        known[key] = value
    elif key == "channels":
        known["channels"] = None if value == "any" else _words(value)
    elif key == "week":
        known["week"] = parse_week(value)
    elif key in {"unless_states", "unless"}:
        known["unless"] = known.get("unless", frozenset()) | _words(value)
    elif key == "period":
        known["rolling_days"], known["calendar_week"] = period_words(value)
    elif key == "min_days_between":
        # Two clear days are two full days between: the dates differ by three.
        known["gap_days"] = int(value["clear_days"]) + 1 if "clear_days" in value else int(value["date_diff"])
    elif key == "days_including_conversation_day":
        known["cooldown_days"] = int(value)
    elif key == "same_channel_families":
        known["families"] = MappingProxyType({channel: name for name, group in value.items() for channel in group})
    else:
        extra[key] = value
