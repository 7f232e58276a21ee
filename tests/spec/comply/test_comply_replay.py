"""The law run again over what happened: each recorded contact is judged as the reference judges it with the past it had."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.spec.comply.test_comply_two_evaluators import (
    TOGGLES,
    Asked,
    asked,
    consents_table,
    packs_of,
    preferences_table,
    states_table,
)

from recaudo.engine.comply import (
    Change,
    Consent,
    Debtor,
    HouseCap,
    PastContact,
    Proposed,
    amended,
    build,
    canonical,
    jurisdiction_for,
    lawbook,
    pack_name,
    permit_verdict,
    read_files,
    replay,
    turned,
)

TS = pa.timestamp("us", tz="UTC")
TEXT = ("action_id", "person_id", "country", "subdivision", "channel", "purpose", "person_role", "place", "address_source", "creditor",
        "collector", "debt_id", "direction", "outcome", "municipality", "stage", "caller_id", "line_type", "is_reply", "outside_cap", "address")  # fmt: skip
SCHEMA = pa.schema([*((name, pa.string()) for name in TEXT), ("zones", pa.list_(pa.string())), ("content", pa.list_(pa.string())), ("at", TS), ("judged", pa.bool_())])


def acts_of(case: Asked) -> list[PastContact]:
    """Everything that happened to the person: the past and, last, the contact that was asked about."""
    p = case.proposed
    last = PastContact(p.at, p.channel, outcome="sent", purpose=p.purpose, debts=p.debts, person=p.person, creditor=p.creditor, collector=p.collector)
    return [*case.history, last]


def actions_table(cases: list[Asked]) -> pa.Table:
    rows = [
        {
            "action_id": f"{n}.{k}", "person_id": f"P{n}", "country": c.country, "subdivision": c.debtor.subdivision, "zones": list(c.debtor.zones),
            "channel": a.channel, "purpose": a.purpose, "person_role": a.person or "debtor", "creditor": a.creditor, "collector": a.collector,
            "debt_id": (a.debts or (None,))[0], "direction": a.direction, "outcome": a.outcome, "at": a.at, "judged": True,
        }
        for n, c in enumerate(cases)
        for k, a in enumerate(acts_of(c))
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, SCHEMA)


def replayed(cases: list[Asked], packs: Any, caps: tuple[HouseCap, ...] = ()) -> dict[str, str | None]:
    found = replay(
        actions_table(cases), states_table(cases), consents_table(cases), packs, preferences=preferences_table(cases), caps=caps
    ).to_pylist()
    assert all(one["allowed"] == (one["rule_id"] is None) for one in found)
    return {one["action_id"]: one["rule_id"] for one in found}


def alone(case: Asked, act: PastContact, packs: Any, toggles: dict[str, str], caps: tuple[HouseCap, ...]) -> str | None:
    name = pack_name(packs, case.country, case.debtor.subdivision)
    pack = packs[name] if name else lawbook().pack(case.country, toggles=toggles)
    proposed = Proposed(
        act.at, act.channel, purpose=act.purpose, person=act.person or "debtor", debts=act.debts, creditor=act.creditor, collector=act.collector, content_checked=False
    )
    for cap in caps or (None,):
        verdict = permit_verdict(pack, case.debtor, acts_of(case), proposed, cap=cap, find_next=False)
        if verdict.rule_id:
            return verdict.rule_id
    return None


caps = st.sampled_from([(), (HouseCap(1, 1), HouseCap(3, 7)), (HouseCap(2, 1),)])


@settings(max_examples=40, deadline=None)
@given(cases=st.lists(asked(["MX", "CL", "CO", "EC", "PE", "AR"]), min_size=1, max_size=12), toggles=st.sampled_from(TOGGLES), caps=caps)
def test_a_replayed_contact_has_the_verdict_of_the_reference_case_by_case(cases: list[Asked], toggles: dict[str, str], caps: tuple[HouseCap, ...]) -> None:
    packs = packs_of(tuple(toggles.items()))
    found = replayed(cases, packs, caps)
    for n, case in enumerate(cases):
        for k, act in enumerate(acts_of(case)):
            if act.direction == "in":
                assert f"{n}.{k}" not in found
                continue
            assert found[f"{n}.{k}"] == alone(case, act, packs, toggles, caps), (case, act)


@settings(max_examples=15, deadline=None)
@given(cases=st.lists(asked(["US", "US-NY-NYC", "GT", "BR"]), min_size=1, max_size=12))
def test_and_in_the_other_countries(cases: list[Asked]) -> None:
    packs = packs_of(())
    found = replayed(cases, packs)
    for n, case in enumerate(cases):
        for k, act in enumerate(acts_of(case)):
            if act.direction == "out":
                assert found[f"{n}.{k}"] == alone(case, act, packs, {}, ()), (case, act)


# ---------------------------------------------------------------- stories

MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
ANY_CHANNEL = (Consent("authorised_channel", datetime(2020, 1, 1, tzinfo=UTC)),)


def calls(*days: int, country: str = "CL", zone: str = "America/Santiago", **more: Any) -> Asked:
    """A person called on some days; the last one is the contact asked about."""
    made = [PastContact(MONDAY + timedelta(days=day), "call", debts=("A",), creditor="C", collector="K", person="debtor", outcome="no_answer") for day in days]
    last = made.pop()
    proposed = Proposed(last.at, last.channel, debts=("A",), creditor="C", collector="K", content_checked=False)
    return replace(Asked(country, Debtor(zones=(zone,), consents=ANY_CHANNEL), tuple(made), proposed), **more)


def test_the_second_call_of_a_week_is_a_breach_in_chile_and_the_eighth_day_is_not() -> None:
    assert list(replayed([calls(0, 2, 9)], packs_of(())).values()) == [None, "CL-FREQ-CALL-VISIT", None]


def test_a_breach_counts_for_those_that_come_after_it() -> None:
    assert list(replayed([calls(0, 2, 7, 8)], packs_of(())).values()) == [None, "CL-FREQ-CALL-VISIT", "CL-FREQ-CALL-VISIT", "CL-FREQ-CALL-VISIT"]


def test_two_persons_do_not_use_each_others_slots() -> None:
    assert set(replayed([calls(0), calls(1)], packs_of(())).values()) == {None}


def test_what_is_only_history_is_not_judged_but_counts() -> None:
    table = actions_table([calls(0, 2)])
    judged = table.set_column(table.schema.get_field_index("judged"), "judged", pa.array([False, True]))
    nothing = [calls(0)]
    found = replay(judged, states_table(nothing), consents_table([calls(0, 2)]), packs_of(()), preferences=preferences_table(nothing))
    assert found.to_pylist() == [{"action_id": "0.1", "allowed": False, "rule_id": "CL-FREQ-CALL-VISIT"}]


def test_a_change_turns_contacts_and_says_which_way() -> None:
    case = [calls(0, 2)]
    cut = build(amended(read_files(), [Change("CL-HOURS", canonical({"week": {"mon": "08:00-09:00"}}), MONDAY.date(), None)]))
    wide = build(amended(read_files(), [Change("CL-FREQ-CALL-VISIT", canonical({"max": 2}), MONDAY.date(), None)]))
    tables = [
        replay(actions_table(case), states_table(case), consents_table(case), book.packs(), preferences=preferences_table(case)) for book in (lawbook(), cut, wide)
    ]
    stricter, laxer = turned(tables[0], tables[1]).to_pylist(), turned(tables[0], tables[2]).to_pylist()
    assert [(row["now_refused"], row["now_allowed"]) for row in stricter] == [(True, False), (False, False)]
    assert [(row["rule_before"], row["rule_after"], row["now_allowed"]) for row in laxer] == [(None, None, False), ("CL-FREQ-CALL-VISIT", None, True)]


CAPITALS = {"MX": "America/Mexico_City", "CL": "America/Santiago", "CO": "America/Bogota", "PE": "America/Lima", "EC": "America/Guayaquil",
            "AR": "America/Argentina/Buenos_Aires", "US": "America/New_York", "BR": "America/Sao_Paulo"}  # fmt: skip


def words_of(country: str, kind: str, key: str) -> set[str]:
    """Every word that a pack's rules of a type name under a key."""
    return {word for rule in lawbook().pack(country).rules_of(kind) for value in rule.values for word in value.get(key) or ()}


@pytest.mark.parametrize("country", sorted(CAPITALS))
@pytest.mark.parametrize("channel", ["call", "prerecorded", "sms", "letter"])
def test_content_stage_caller_and_line_are_heard_as_the_reference_hears_them(country: str, channel: str) -> None:
    tokens = [None, (), *((word,) for word in sorted(words_of(country, "content", "forbid"))), tuple(sorted(words_of(country, "content", "require")))]
    callers = [None, *sorted(words_of(country, "caller_id", "forbid"))]
    asked_ways = [(c, stage, caller, line) for c in tokens for stage in (None, "first") for caller in callers for line in (None, "residential_landline")]
    at = MONDAY + timedelta(hours=1)
    table = pa.Table.from_pylist(
        [
            {"action_id": str(n), "person_id": f"P{n}", "country": country, "zones": [CAPITALS[country]], "channel": channel, "purpose": "collection",
             "person_role": "debtor", "direction": "out", "outcome": "sent", "at": at, "judged": True, "content": None if c is None else list(c),
             "stage": stage, "caller_id": caller, "line_type": line}
            for n, (c, stage, caller, line) in enumerate(asked_ways)
        ], SCHEMA,
    )  # fmt: skip
    packs = packs_of(())
    found = replay(table, states_table([]), consents_table([]), packs, preferences=preferences_table([])).to_pylist()
    for got, (c, stage, caller, line) in zip(found, asked_ways, strict=True):
        proposed = Proposed(
            at, channel, content=frozenset(c or ()), content_checked=c is not None, stage=stage, caller_id=caller, line_type=line, debts=(), person_id=None
        )
        want = permit_verdict(packs[country], Debtor(zones=(CAPITALS[country],)), (), proposed, find_next=False)
        assert got["rule_id"] == want.rule_id, (c, stage, caller, line)


@pytest.mark.parametrize(("municipality", "rule"), [("New York", "NYC-3IN7"), ("new york city", "NYC-3IN7"), ("Buffalo", None), (None, "NYC-3IN7"), ("", "NYC-3IN7")])
def test_a_municipality_that_is_not_known_is_under_the_strictest_law_of_its_region(municipality: str | None, rule: str | None) -> None:
    case = calls(0, 1, 2, 3, country="US", zone="America/New_York")
    case = replace(case, debtor=replace(case.debtor, subdivision="NY"))
    table = actions_table([case])
    table = table.set_column(table.schema.get_field_index("municipality"), "municipality", pa.array([municipality] * table.num_rows, pa.string()))
    packs = lawbook().packs(toggles={"NYC.effective": "as_adopted"})
    found = replay(table, states_table([case]), consents_table([case]), packs, preferences=preferences_table([case])).to_pylist()
    assert [one["rule_id"] for one in found] == [None, None, None, rule]
    assert jurisdiction_for("US", "NY", municipality) == ("US-NY-NYC" if rule else "US")


def reply(purpose: str = "reply_to_debtor", **column: Any) -> list[dict[str, Any]]:
    """A person who opted out of text messages writes, and is answered."""
    table = pa.Table.from_pylist(
        [
            {"action_id": "in", "person_id": "P", "country": "US", "zones": ["America/Denver"], "channel": "sms", "purpose": "collection", "person_role": "debtor",
             "direction": "in", "at": MONDAY + timedelta(hours=2), "judged": True},
            {"action_id": "out", "person_id": "P", "country": "US", "zones": ["America/Denver"], "channel": "sms", "purpose": purpose, "person_role": "debtor",
             "direction": "out", "outcome": "sent", "at": MONDAY + timedelta(hours=3), "judged": True, **column},
        ], SCHEMA,
    )  # fmt: skip
    states = pa.table({
        "person_id": ["P"], "state": ["channel_optout"], "since": pa.array([datetime(2026, 1, 1, tzinfo=UTC)], TS), "until": pa.nulls(1, TS),
        "channels": pa.array([None if "address" in column else ["sms"]], pa.list_(pa.string())), "address": pa.array(["B"] if "address" in column else [None], pa.string()),
    })  # fmt: skip
    nothing = [calls(0)]
    found: list[dict[str, Any]] = replay(table, states, consents_table([]), packs_of(()), preferences=preferences_table(nothing).slice(0, 0)).to_pylist()
    return found


def test_the_one_answer_to_what_the_person_wrote_is_allowed_only_if_it_is_known_to_be_one() -> None:
    assert reply(is_reply="true")[0]["allowed"]
    assert reply()[0]["rule_id"] == "US-MEDIUM"


def test_an_opt_out_of_one_address_stops_that_address_only() -> None:
    assert reply(address="B")[0]["rule_id"] == "US-MEDIUM"
    assert reply(address="C")[0]["allowed"]


def test_an_empty_period_answers_with_no_rows() -> None:
    empty = SCHEMA.empty_table()
    assert replay(empty, states_table([]), consents_table([]), packs_of(()), preferences=preferences_table([])).num_rows == 0
