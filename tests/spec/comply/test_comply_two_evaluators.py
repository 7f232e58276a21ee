"""One law, two evaluators: what the columnar one says of a candidate is what the reference says of it alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from recaudo.engine.comply import (
    Consent,
    Debtor,
    HouseCap,
    PastContact,
    Preference,
    Proposed,
    State,
    lawbook,
    pack_name,
    permit_verdict,
    screen,
)

# Weeks with all that is awkward: clock changes, holidays national and regional, new year, a leap day.
STARTS = [
    datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 9, 2, tzinfo=UTC), datetime(2026, 9, 15, tzinfo=UTC),
    datetime(2026, 10, 28, tzinfo=UTC), datetime(2026, 12, 20, tzinfo=UTC), datetime(2027, 6, 3, tzinfo=UTC),
    datetime(2028, 2, 26, tzinfo=UTC), datetime(2027, 3, 10, tzinfo=UTC), datetime(2021, 4, 17, tzinfo=UTC),
]  # fmt: skip
PLACES = {
    "MX": [(None, ["America/Mexico_City"]), ("BCN", ["America/Tijuana"]), ("CHH", ["America/Chihuahua", "America/Ciudad_Juarez"]), ("ROO", ["America/Cancun"])],
    "CL": [("RM", ["America/Santiago"]), ("AP", ["America/Santiago"]), ("MA", ["America/Punta_Arenas"]), ("VS", ["America/Santiago", "Pacific/Easter"])],
    "CO": [(None, ["America/Bogota"])],
    "PE": [(None, ["America/Lima"])],
    "EC": [(None, ["America/Guayaquil", "Pacific/Galapagos"]), ("W", ["Pacific/Galapagos"])],
    "GT": [(None, ["America/Guatemala"])],
    "BR": [("SP", ["America/Sao_Paulo"]), ("AM", ["America/Manaus"]), ("MG", ["America/Sao_Paulo"])],
    "AR": [("C", ["America/Argentina/Buenos_Aires"]), ("X", ["America/Argentina/Cordoba"])],
    "PA": [(None, ["America/Panama"])],
    "CR": [(None, ["America/Costa_Rica"])],
    "US": [(None, ["America/New_York"]), (None, ["America/New_York", "America/Denver"])],
    "US-NY-NYC": [(None, ["America/New_York"])],
    "ZZ": [(None, ["America/Bogota"])],
}
CHANNELS = ["call", "prerecorded", "sms", "im", "email", "letter", "visit", "push", "portal", "social_public"]
PURPOSES = ["collection", "collection", "collection", "reminder", "reply_to_debtor", "receipt", "marketing", "fraud_alert", "location_info", "portal_session", "x"]
PERSONS = ["debtor", "debtor", "debtor", "guarantor", "attorney", "spouse", "relative", "reference", "minor", "creditor", "nobody"]
OUTCOMES = ["no_answer", "busy", "conversation", "voicemail", "bounced", "delivered", "sent", "visit_nobody", "visit_contact", "third_party_answered"]
STATES = [
    "in_court", "channel_optout", "co_hours_waiver", "co_no_updated_contact_data", "us_time_consent", "written_cease", "reus",
    "attorney_represented", "attorney_unresponsive", "employer_prohibits", "utility_claim_pending", "earlier_response_erroneous", "oral_dispute",
]  # fmt: skip
TOGGLES = [
    {}, {"CL.week": "calendar", "CO.week": "calendar"}, {"CL.count_basis": "live_contact", "CO.count_basis": "live_contact"},
    {"CL.scope": "creditor_only", "CL.gap": "date_diff"}, {"MX.days": "business_days", "policy_floor": "on"},
    {"CL.hours_channels": "literal", "PE.hours_channels": "literal", "EC.per_mechanism": "per_channel"}, {"NYC.effective": "as_adopted"},
]  # fmt: skip
FAR = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Asked:
    """One candidate with everything that both evaluators need to know of it."""

    country: str
    debtor: Debtor
    history: tuple[PastContact, ...]
    proposed: Proposed


def mostly(usual: list, rare: list, weight: int) -> st.SearchStrategy:
    """The usual values `weight` times as often as the rare ones: a contact refused for one thing tests nothing else."""
    return st.one_of([st.sampled_from(usual)] * weight + [st.sampled_from(rare)])


@st.composite
def instants(draw: st.DrawFn) -> datetime:
    """Mostly in the daytime of the continent, on any day; at times any second."""
    day = draw(st.sampled_from(STARTS)) + timedelta(days=draw(st.integers(0, 7)))
    if draw(st.integers(0, 3)):
        return day + timedelta(hours=draw(st.integers(14, 22)), minutes=draw(st.sampled_from([0, 1, 59])))
    return day + timedelta(seconds=draw(st.integers(0, 86_399)), microseconds=draw(st.integers(0, 1)))


STEP = timedelta(microseconds=1)
AROUND = [timedelta(0), STEP, -STEP, timedelta(days=2), timedelta(days=-2)]


def before(at: datetime, within: int) -> st.SearchStrategy[datetime]:
    """Instants before (rarely at or after) another: whole days back at odd hours, so that edges of periods are met."""
    back = st.builds(lambda days, hours: at - timedelta(days=days, hours=hours), st.integers(0, within), st.integers(0, 30))
    return st.one_of(back, back, back, back, st.sampled_from([at, at - STEP, at + STEP]))


@st.composite
def asked(draw: st.DrawFn, countries: list[str]) -> Asked:
    country = draw(st.sampled_from(countries))
    subdivision, zones = draw(st.sampled_from(PLACES[country]))
    if not draw(st.integers(0, 14)):
        zones = draw(st.sampled_from([[], ["Mars/Base"]]))
    at = draw(instants())
    parties = {
        "creditor": mostly(["C1", "C2"], [None], 4), "collector": mostly(["K1", "K2"], [None], 6),
        "debts": mostly([("A",)], [("B",), ()], 4), "purpose": mostly(["collection"], PURPOSES, 5),
    }  # fmt: skip
    word = draw(mostly(["debtor"], PERSONS, 6))
    group = draw(st.sampled_from([["call", "visit", "prerecorded"], ["sms", "email", "im", "letter"], CHANNELS]))
    past = st.builds(
        PastContact, at=before(at, draw(st.sampled_from([1, 4, 8]))), channel=st.sampled_from(group), direction=mostly(["out"], ["in"], 5),
        outcome=st.sampled_from(OUTCOMES), person=st.just(word), **parties,
    )  # fmt: skip
    edge = st.sampled_from(AROUND).map(lambda shift: at + shift)
    lists = st.none() | st.frozensets(st.sampled_from(CHANNELS), max_size=3)
    states = st.builds(State, state=st.sampled_from(STATES), since=edge | st.just(FAR), until=st.none() | edge, channels=lists)
    consents = st.builds(
        Consent, type=mostly(["authorised_channel"], ["tcpa_consent", "marketing_consent"], 2), since=edge | st.just(FAR),
        revoked=st.none() | edge, channels=lists,
    )  # fmt: skip
    wishes = st.builds(
        Preference, kind=st.sampled_from(["inconvenient_time", "inconvenient_place"]), since=edge | st.just(FAR), days=st.frozensets(st.integers(0, 6)),
        starts=st.sampled_from([0, 540, 900]), ends=st.sampled_from([960, 1020, 1080, 1440]), place=st.sampled_from(["home", "workplace"]),
        until_date=st.none() | st.sampled_from([-1, 0, 1]).map(lambda days: (at + timedelta(days=days)).date()),
    )  # fmt: skip
    usual = draw(st.booleans())
    debtor = Debtor(
        zones=tuple(zones), subdivision=subdivision, states=() if usual else tuple(draw(st.lists(states, max_size=2))),
        consents=(Consent("authorised_channel", FAR),) if usual else tuple(draw(st.lists(consents, max_size=2))),
        preferences=() if usual else tuple(draw(st.lists(wishes, max_size=1))),
    )  # fmt: skip
    proposed = draw(
        st.builds(
            Proposed, at=st.just(at), channel=st.sampled_from(group), person=st.just(word), content_checked=st.just(False),
            place=mostly([None], ["home", "workplace", "none"], 3),
            address_source=mostly([None, "entity", "debtor"], ["third_party", "skip_tracing"], 4), **parties,
        )
    )  # fmt: skip
    return Asked(country, debtor, tuple(draw(st.lists(past, max_size=12))), proposed)


TS = pa.timestamp("us", tz="UTC")
WORD_LIST = pa.list_(pa.string())


def candidates_table(cases: list[Asked]) -> pa.Table:
    rows = [
        {
            "candidate_id": n, "person_id": f"P{n}", "country": c.country, "subdivision": c.debtor.subdivision, "zones": list(c.debtor.zones),
            "channel": c.proposed.channel, "purpose": c.proposed.purpose, "person_role": c.proposed.person, "creditor": c.proposed.creditor,
            "collector": c.proposed.collector, "place": c.proposed.place, "address_source": c.proposed.address_source,
            "debt_id": (c.proposed.debts or (None,))[0], "planned_at": c.proposed.at,
        }
        for n, c in enumerate(cases)
    ]  # fmt: skip
    text = ["person_id", "country", "subdivision", "channel", "purpose", "person_role", "creditor", "collector", "place", "address_source", "debt_id"]
    return pa.Table.from_pylist(rows, pa.schema([("candidate_id", pa.int64()), ("zones", WORD_LIST), ("planned_at", TS), *((t, pa.string()) for t in text)]))


def history_table(cases: list[Asked]) -> pa.Table:
    rows = [
        {
            "person_id": f"P{n}", "debt_id": (p.debts or (None,))[0], "creditor": p.creditor, "collector": p.collector, "channel": p.channel,
            "direction": p.direction, "outcome": p.outcome, "purpose": p.purpose, "at": p.at,
        }
        for n, c in enumerate(cases)
        for p in c.history
    ]  # fmt: skip
    text = ["person_id", "debt_id", "creditor", "collector", "channel", "direction", "outcome", "purpose"]
    return pa.Table.from_pylist(rows, pa.schema([*((t, pa.string()) for t in text), ("at", TS)]))


def states_table(cases: list[Asked]) -> pa.Table:
    rows = [
        {"person_id": f"P{n}", "state": s.state, "since": s.since, "until": s.until, "channels": None if s.channels is None else sorted(s.channels)}
        for n, c in enumerate(cases)
        for s in c.debtor.states
    ]
    return pa.Table.from_pylist(rows, pa.schema([("person_id", pa.string()), ("state", pa.string()), ("since", TS), ("until", TS), ("channels", WORD_LIST)]))


def consents_table(cases: list[Asked]) -> pa.Table:
    rows = [
        {"person_id": f"P{n}", "type": k.type, "since": k.since, "revoked": k.revoked, "channels": None if k.channels is None else sorted(k.channels)}
        for n, c in enumerate(cases)
        for k in c.debtor.consents
    ]
    return pa.Table.from_pylist(rows, pa.schema([("person_id", pa.string()), ("type", pa.string()), ("since", TS), ("revoked", TS), ("channels", WORD_LIST)]))


def preferences_table(cases: list[Asked]) -> pa.Table:
    rows = [
        {
            "person_id": f"P{n}", "kind": w.kind, "days": sorted(w.days), "starts": w.starts, "ends": w.ends, "place": w.place,
            "since": w.since, "until_date": w.until_date,
        }
        for n, c in enumerate(cases)
        for w in c.debtor.preferences
    ]  # fmt: skip
    kinds = [("person_id", pa.string()), ("kind", pa.string()), ("days", pa.list_(pa.int64())), ("starts", pa.int32()), ("ends", pa.int32())]
    return pa.Table.from_pylist(rows, pa.schema([*kinds, ("place", pa.string()), ("since", TS), ("until_date", pa.date32())]))


@cache
def packs_of(toggles: tuple[tuple[str, str], ...]) -> dict:
    return lawbook().packs(toggles=dict(toggles))


def screened(cases: list[Asked], toggles: dict[str, str], cap: HouseCap | None) -> list[dict]:
    table = screen(
        candidates_table(cases), history_table(cases), states_table(cases), consents_table(cases), packs_of(tuple(toggles.items())),
        datetime(2026, 1, 1, tzinfo=UTC), preferences=preferences_table(cases), cap=cap,
    )  # fmt: skip
    return table.to_pylist()


def alone(case: Asked, toggles: dict[str, str], cap: HouseCap | None):
    packs = packs_of(tuple(toggles.items()))
    name = pack_name(packs, case.country, case.debtor.subdivision)
    pack = packs[name] if name else lawbook().pack(case.country, toggles=toggles)
    return permit_verdict(pack, case.debtor, case.history, case.proposed, cap=cap)


def compare(cases: list[Asked], toggles: dict[str, str], cap: HouseCap | None) -> None:
    for case, got in zip(cases, screened(cases, toggles, cap), strict=True):
        want = alone(case, toggles, cap)
        assert (got["allowed"], got["rule_id"]) == (want.allowed, want.rule_id), case
        if got["next_allowed_at"] is not None:
            # The columnar answer minds windows and limits; where states or consents change too, only the reference knows.
            if not changes_of(case):
                assert got["next_allowed_at"] == want.next_allowed_at, case
        elif not changes_of(case):
            assert want.next_allowed_at is None, case


def changes_of(case: Asked) -> bool:
    if any(p.at >= case.proposed.at for p in case.history):
        return True  # contacts already planned are history for what comes after them: only the reference looks ahead
    edges = [edge for c in case.debtor.consents for edge in (c.since, c.revoked)]
    return bool(case.debtor.states or case.debtor.preferences or any(edge and edge > case.proposed.at for edge in edges))


caps = st.none() | st.builds(HouseCap, max_contacts_per_person=st.integers(1, 3), period_days=st.sampled_from([1, 7, 60]))


@settings(max_examples=60, deadline=None)
@given(cases=st.lists(asked(["MX", "CL", "CO"]), min_size=1, max_size=30), toggles=st.sampled_from(TOGGLES), cap=caps)
def test_the_columnar_verdict_is_the_reference_verdict_in_mexico_chile_and_colombia(cases, toggles, cap):
    compare(cases, toggles, cap)


@settings(max_examples=60, deadline=None)
@given(cases=st.lists(asked(sorted(PLACES)), min_size=1, max_size=30), toggles=st.sampled_from(TOGGLES), cap=caps)
def test_the_columnar_verdict_is_the_reference_verdict_in_every_jurisdiction(cases, toggles, cap):
    compare(cases, toggles, cap)
