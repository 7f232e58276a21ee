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


def instants(start: datetime, days: float) -> st.SearchStrategy[datetime]:
    quarter = st.integers(min_value=0, max_value=int(days * 96)).map(lambda n: start + timedelta(minutes=15 * n))
    odd = st.integers(min_value=0, max_value=int(days * 86400)).map(lambda n: start + timedelta(seconds=n, microseconds=1))
    return quarter | odd


@st.composite
def asked(draw: st.DrawFn, countries: list[str]) -> Asked:
    country = draw(st.sampled_from(countries))
    subdivision, zones = draw(st.sampled_from(PLACES[country]))
    zones = draw(st.sampled_from([zones, zones, zones, zones, zones, [], ["Mars/Base"]]))
    start = draw(st.sampled_from(STARTS))
    debts = st.sampled_from([("A",), ("A",), ("B",), ()])
    parties = {"creditor": st.sampled_from(["C1", "C2", None]), "collector": st.sampled_from(["K1", "K2"])}
    word = draw(st.sampled_from(PERSONS))
    past = st.builds(
        PastContact, at=instants(start - timedelta(days=9), 16), channel=st.sampled_from(CHANNELS), direction=st.sampled_from(["out", "out", "out", "in"]),
        outcome=st.sampled_from(OUTCOMES), purpose=st.sampled_from(PURPOSES), debts=debts, person=st.just(word), **parties,
    )  # fmt: skip
    edge = instants(start - timedelta(days=3), 8)
    states = st.builds(
        State, state=st.sampled_from(STATES), since=edge | st.just(FAR), until=st.none() | st.just(start + timedelta(days=3)),
        channels=st.none() | st.frozensets(st.sampled_from(CHANNELS), max_size=3),
    )  # fmt: skip
    consents = st.builds(
        Consent, type=st.sampled_from(["authorised_channel", "authorised_channel", "tcpa_consent", "marketing_consent"]), since=edge | st.just(FAR),
        revoked=st.none() | edge, channels=st.none() | st.frozensets(st.sampled_from(CHANNELS), max_size=6),
    )  # fmt: skip
    wishes = st.builds(
        Preference, kind=st.sampled_from(["inconvenient_time", "inconvenient_place"]), since=edge, days=st.frozensets(st.integers(0, 6)),
        starts=st.sampled_from([0, 540, 900]), ends=st.sampled_from([1020, 1440]), place=st.sampled_from(["home", "workplace"]),
        until_date=st.none() | st.just((start + timedelta(days=4)).date()),
    )  # fmt: skip
    debtor = Debtor(
        zones=tuple(zones), subdivision=subdivision, states=tuple(draw(st.lists(states, max_size=2))),
        consents=tuple(draw(st.lists(consents, max_size=2))), preferences=tuple(draw(st.lists(wishes, max_size=1))),
    )  # fmt: skip
    proposed = draw(
        st.builds(
            Proposed, at=instants(start, 7), channel=st.sampled_from(CHANNELS), purpose=st.sampled_from(PURPOSES), person=st.just(word), debts=debts,
            content_checked=st.just(False), place=st.sampled_from([None, "home", "workplace", "none"]),
            address_source=st.sampled_from([None, None, "entity", "debtor", "third_party", "skip_tracing"]), **parties,
        )
    )  # fmt: skip
    return Asked(country, debtor, tuple(draw(st.lists(past, max_size=10))), proposed)


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
            # The columnar answer minds windows and limits; persons' own changes may allow it only later, never earlier.
            changing = case.debtor.states or case.debtor.consents or case.debtor.preferences
            if not changing:
                assert got["next_allowed_at"] == want.next_allowed_at, case
        elif not changes_of(case):
            assert want.next_allowed_at is None, case


def changes_of(case: Asked) -> bool:
    return bool(case.debtor.states or case.debtor.consents or case.debtor.preferences)


caps = st.none() | st.builds(HouseCap, max_contacts_per_person=st.integers(1, 3), period_days=st.sampled_from([1, 7, 60]))


@settings(max_examples=50, deadline=None)
@given(cases=st.lists(asked(["MX", "CL", "CO"]), min_size=1, max_size=25), toggles=st.sampled_from(TOGGLES), cap=caps)
def test_the_columnar_verdict_is_the_reference_verdict_in_mexico_chile_and_colombia(cases, toggles, cap):
    compare(cases, toggles, cap)


@settings(max_examples=50, deadline=None)
@given(cases=st.lists(asked(sorted(PLACES)), min_size=1, max_size=25), toggles=st.sampled_from(TOGGLES), cap=caps)
def test_the_columnar_verdict_is_the_reference_verdict_in_every_jurisdiction(cases, toggles, cap):
    compare(cases, toggles, cap)
