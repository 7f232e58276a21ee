"""Values that an organisation changed, laid over the lawbook: from when, until when, stricter or laxer, and what is refused."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recaudo.engine.comply import (
    EDITABLE,
    BadLawbook,
    Change,
    Debtor,
    NotAValue,
    Proposed,
    UnknownRule,
    amended,
    build,
    canonical,
    compared,
    lawbook,
    lint,
    overall,
    permit_verdict,
    read_files,
    value_on,
)

FILES = read_files()
SINCE, UNTIL = date(2026, 12, 1), date(2026, 12, 10)
NARROW = {"week": {"mon-fri": "09:00-18:00"}}


def change(rule: str, values: dict[str, Any], since: date = SINCE, until: date | None = None) -> Change:
    return Change(rule, canonical(values), since, until, "Dicho por la organización.", "Acta 12")


def verdict(book: Any, at: datetime, country: str = "MX", zone: str = "America/Mexico_City") -> Any:
    return permit_verdict(book.pack(country), Debtor(zones=(zone,)), (), Proposed(at, "call", content_checked=False))


def mexico(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC) + timedelta(hours=6)


def test_a_changed_window_rules_from_its_first_day_to_the_day_before_its_last() -> None:
    book = build(amended(FILES, [change("MX-HOURS", NARROW, SINCE, UNTIL)]))
    days = {day: verdict(book, mexico(day, 20)) for day in (SINCE - timedelta(days=1), SINCE, UNTIL - timedelta(days=1), UNTIL)}
    assert [days[day].allowed for day in sorted(days)] == [True, False, False, True]
    refused = days[SINCE]
    assert refused.rule_id == "MX-HOURS" and refused.reason_es.startswith("Dicho por la organización.") and refused.citation == "Acta 12"
    assert refused.next_allowed_at == mexico(SINCE + timedelta(days=1), 9)


def test_the_version_holds_the_change_and_the_base_is_left_as_it_was() -> None:
    before = copy.deepcopy(FILES)
    one, other = (build(amended(FILES, [change("MX-HOURS", values)])) for values in (NARROW, {"week": {"mon-fri": "09:00-18:01"}}))
    assert len({lawbook().version, one.version, other.version}) == 3
    assert before == FILES and build(amended(FILES, [])).version == lawbook().version


def test_options_that_were_chosen_are_in_the_version_of_a_pack() -> None:
    plain, chosen = (lawbook().pack("MX", toggles=toggles) for toggles in ({}, {"MX.days": "business_days"}))
    assert plain.version == lawbook().version != chosen.version


def test_where_two_changes_overlap_the_later_one_counts() -> None:
    book = build(amended(FILES, [change("MX-HOURS", NARROW), change("MX-HOURS", {"week": {"mon-sun": "07:00-21:00"}}, SINCE + timedelta(days=5))]))
    assert not verdict(book, mexico(SINCE, 20)).allowed
    assert verdict(book, mexico(SINCE + timedelta(days=6), 20)).allowed


def test_a_limit_that_is_lowered_refuses_what_the_base_allows() -> None:
    assert value_on(build(amended(FILES, [change("CL-FREQ-MSG", {"max": 1})])).documents["CL"].rules["CL-FREQ-MSG"], SINCE)["max"] == 1  # type: ignore[index]
    assert not lint(amended(FILES, [change("CL-FREQ-MSG", {"max": 1})]))


@pytest.mark.parametrize(
    ("rule", "values", "said"),
    [
        ("MX-HOURS", {"week": {"mon-fri": "09:00-18:00"}}, "stricter"),
        ("MX-HOURS", {"week": {"mon-sun": "06:00-23:00"}}, "laxer"),
        ("MX-HOURS", {"week": {"mon-sun": "06:00-20:00"}}, "mixed"),
        ("MX-HOURS", {"exclude_holidays": True}, "stricter"),
        ("CL-HOURS", {"channels": ["call", "visit"]}, "laxer"),
        ("CL-FREQ-MSG", {"max": 1}, "stricter"),
        ("CL-FREQ-MSG", {"max": 3}, "laxer"),
        ("CL-FREQ-MSG", {"period": {"rolling_days": 14}}, "stricter"),
        ("CL-FREQ-MSG", {"period": {"calendar_week": "mon"}}, "laxer"),
        ("CL-FREQ-MSG", {"scope": "person"}, "stricter"),
        ("CL-FREQ-CALL-VISIT", {"count_basis": "live_contact"}, "laxer"),
        ("CL-GAP-MSG", {"min_days_between": {"clear_days": 3}}, "stricter"),
        ("CL-GAP-MSG", {"min_days_between": {"date_diff": 1}}, "laxer"),
        ("US-FREQ-CONV", {"days_including_conversation_day": 10}, "stricter"),
        ("CO-BUREAU-20D", {"n": 10}, "laxer"),
        ("CL-RET-GESTIONES", {"n": 5}, "stricter"),
        ("CL-FEE", {"chargeable_after_days": 30}, "stricter"),
        ("CL-FEE", {"useful_notice_within_days": 20}, "laxer"),
    ],
)
def test_each_change_is_said_to_be_stricter_or_laxer(rule: str, values: dict[str, Any], said: str) -> None:
    found = next(d.rules[rule] for d in lawbook().documents.values() if rule in d.rules)
    now = value_on(found, SINCE)
    assert now is not None
    assert overall(compared(found.type, now, {**now, **values}, toggles={}, where=rule).values()) == said


@settings(max_examples=60, deadline=None)
@given(hours=st.lists(st.tuples(st.integers(0, 23), st.integers(1, 24)), min_size=7, max_size=7), at=st.integers(0, 7 * 96 - 1))
def test_a_stricter_week_never_allows_what_the_base_refuses(hours: list[tuple[int, int]], at: int) -> None:
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    week = {day: f"{a:02d}:00-{b:02d}:00" for day, (a, b) in zip(names, hours, strict=True) if a < b}
    if not week:
        return
    rule = lawbook().documents["MX"].rules["MX-HOURS"]
    now = value_on(rule, SINCE)
    assert now is not None
    verdicts = compared("window", now, {**now, "week": week}, toggles={}, where="MX-HOURS")
    instant = mexico(date(2026, 12, 7), 0) + timedelta(minutes=15 * at)
    before, after = verdict(lawbook(), instant), verdict(build(amended(FILES, [change("MX-HOURS", {"week": week})])), instant)
    if verdicts.get("week", "same") in {"stricter", "same"}:
        assert before.allowed or not after.allowed
    if verdicts.get("week", "same") in {"laxer", "same"}:
        assert after.allowed or not before.allowed


@pytest.mark.parametrize(
    ("rule", "values", "code"),
    [
        ("MX-HOURS", {"week": {"mon": "20:00-08:00"}}, "bad_value"),
        ("MX-HOURS", {"week": {}}, "empty_window"),
        ("MX-HOURS", {"week": {"mon": "08:00-12:00, 11:00-18:00"}}, "windows_overlap"),
        ("MX-HOURS", {"week": {"lunes": "08:00-12:00"}}, "bad_value"),
        ("MX-HOURS", {"channels": "call"}, "bad_value"),
        ("CL-FREQ-MSG", {"max": 0}, "bad_limit"),
        ("CL-FREQ-MSG", {"max": "2"}, "bad_limit"),
        ("CL-FREQ-MSG", {"scope": "galaxy"}, "unknown_scope"),
        ("CL-FREQ-MSG", {"period": {"rolling_days": 32}}, "too_far_back"),
        ("CL-FREQ-MSG", {"period": {"rolling_days": 0}}, "bad_limit"),
        ("CL-GAP-MSG", {"min_days_between": {"date_diff": 0}}, "bad_limit"),
        ("CL-GAP-MSG", {"min_days_between": {"date_diff": 60}}, "too_far_back"),
        ("CO-BUREAU-20D", {"n": -1}, "bad_number"),
        ("CO-BUREAU-20D", {"n": 2.5}, "bad_number"),
    ],
)
def test_the_linter_refuses_values_that_make_no_law(rule: str, values: dict[str, Any], code: str) -> None:
    assert code in {finding.code for finding in lint(amended(FILES, [change(rule, values)]))}


def test_what_is_no_value_and_what_is_no_rule_cannot_be_changed() -> None:
    with pytest.raises(UnknownRule):
        amended(FILES, [change("MX-MOON", {"max": 1})])
    with pytest.raises(NotAValue):
        amended(FILES, [change("MX-THIRD-PARTY", {"allow": ["relative"]})])
    with pytest.raises(NotAValue):
        amended(FILES, [change("MX-HOURS", {"unless": ["hours_waiver"]})])
    assert "allow" not in {key for keys in EDITABLE.values() for key in keys}


MANGLED = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 50) | st.text(max_size=5) | st.just(date(2026, 1, 1)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["from", "until", "toggle", "default", "id", "x"]), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), junk=MANGLED)
def test_a_malformed_pack_is_a_finding_and_never_a_crash(data: st.DataObject, junk: Any) -> None:
    files = copy.deepcopy(FILES)
    path = data.draw(st.sampled_from(sorted(p for p in files if p.startswith(("mx/", "cl/", "common/")))))
    target: Any = files
    key: Any = path
    for _ in range(data.draw(st.integers(0, 5))):
        inside = target[key]
        if not isinstance(inside, dict | list) or not inside:
            break
        target, key = inside, data.draw(st.sampled_from(sorted(inside, key=str) if isinstance(inside, dict) else range(len(inside))))
    if target[key] == junk:
        return
    target[key] = junk
    findings = lint(files)  # whatever is wrong is said; nothing is raised
    if findings:
        return
    try:
        build(files)
    except BadLawbook as problem:
        raise AssertionError(f"the linter passed what cannot be built: {problem.text}") from None
