"""The answer to a refused contact: when it will be allowed, what would cure it, and in plain Spanish why."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.spec.comply.cases import EVERY_CHANNEL, LONG_AGO, ask, clock, past

from recaudo.engine.comply import (
    Consent,
    Debtor,
    HouseCap,
    PastContact,
    Proposed,
    State,
    lawbook,
    libraries_ok,
    permit_verdict,
)

SCL, BOG = "America/Santiago", "America/Bogota"

NEXT = [
    # refused at            channel   history                                     next, on the clock of the capital
    ("2026-11-18 07:00", "call", [], "2026-11-18 08:00"),
    ("2026-11-21 20:00", "call", [], "2026-11-23 08:00"),  # Saturday evening -> Monday
    ("2026-09-17 21:00", "call", [], "2026-09-21 08:00"),  # two holidays and a Sunday
    ("2026-11-10 10:00", "call", ["2026-11-09 10:00"], "2026-11-16 08:00"),  # the eighth day, when it opens
    ("2026-11-07 10:00", "call", ["2026-11-02 10:00"], "2026-11-09 08:00"),
    ("2026-09-05 20:30", "call", [], "2026-09-07 08:00"),  # across the change of clock
]


@pytest.mark.parametrize(("when", "channel", "before", "then"), NEXT)
def test_chile_next_allowed(when, channel, before, then):
    verdict = ask("CL", when, channel, history=[past("CL", one) for one in before])
    assert not verdict.allowed
    assert verdict.next_allowed_at == clock(then, SCL)


def test_what_no_waiting_mends_has_no_next():
    assert ask("CL", "2026-11-18 10:00", person="relative").next_allowed_at is None
    assert ask("CO", "2026-10-20 10:00", "visit").next_allowed_at is None


def test_a_state_that_ends_opens_the_way():
    state = State("in_court", LONG_AGO, until=clock("2026-11-20 13:00", SCL))
    assert ask("CL", "2026-11-18 10:00", states=[state]).next_allowed_at == clock("2026-11-20 13:00", SCL)
    late = State("in_court", LONG_AGO, until=clock("2026-11-20 21:00", SCL))
    assert ask("CL", "2026-11-18 10:00", states=[late]).next_allowed_at == clock("2026-11-21 08:00", SCL)


def test_a_consent_that_begins_opens_the_way():
    consent = Consent("authorised_channel", clock("2026-10-22 12:00", BOG))
    assert ask("CO", "2026-10-20 10:00", consents=[consent]).next_allowed_at == clock("2026-10-22 12:00", BOG)


def test_nothing_is_promised_beyond_sixty_days():
    state = State("in_court", LONG_AGO, until=clock("2027-03-01 13:00", SCL))
    assert ask("CL", "2026-11-18 10:00", states=[state]).next_allowed_at is None


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_next_allowed_is_allowed_and_nothing_before_it_is(data):
    country, zones = data.draw(st.sampled_from([("CL", (SCL,)), ("CO", (BOG,)), ("EC", ("America/Guayaquil", "Pacific/Galapagos")), ("US", ("America/New_York",))]))
    start = data.draw(st.sampled_from([datetime(2026, 4, 3, tzinfo=UTC), datetime(2026, 9, 4, tzinfo=UTC), datetime(2026, 10, 29, tzinfo=UTC)]))
    hours = st.integers(0, 24 * 12)
    channel = data.draw(st.sampled_from(["call", "sms", "email", "visit"]))
    history = [
        PastContact(start - timedelta(hours=data.draw(hours)), data.draw(st.sampled_from(["call", "sms"])), outcome="conversation", debts=("A",), creditor="C", collector="K")
        for _ in range(data.draw(st.integers(0, 4)))
    ]
    debtor = Debtor(zones=zones, consents=EVERY_CHANNEL)

    def judge(at):
        proposed = Proposed(at, channel, debts=("A",), creditor="C", collector="K", content_checked=False)
        return permit_verdict(lawbook().pack(country), debtor, history, proposed)

    at = start + timedelta(hours=data.draw(hours) / 8)
    verdict = judge(at)
    if verdict.allowed or verdict.next_allowed_at is None:
        assert verdict.allowed or channel == "visit"
        return
    assert judge(verdict.next_allowed_at).allowed
    probe = at
    while probe < verdict.next_allowed_at:
        assert not judge(probe).allowed, probe
        probe += timedelta(minutes=30)


def test_the_reason_is_plain_spanish_with_its_citation_and_how_well_it_is_known():
    verdict = ask("CL", "2026-11-22 11:00")
    assert verdict.reason_es.startswith("En Chile se contacta solo de lunes a sábado")
    assert verdict.reason_es.endswith("(Ley 19.496 art. 37; CPC art. 59)")
    assert verdict.confidence == "quoted_secondary"
    assert verdict.cures == ("Programe el contacto dentro del horario permitido.",)


def test_every_denying_rule_is_reported_in_reading_order():
    verdict = ask("CL", "2026-11-22 11:00", person="minor", place="workplace")
    assert verdict.all_rule_ids == ("CL-HOURS", "CL-THIRD-PARTY", "CL-WORKPLACE", "COMMON-MINOR")


def test_the_answer_names_the_law_and_the_libraries_it_rests_on():
    verdict = ask("CL", "2026-11-18 10:00")
    assert verdict.lawbook_version == lawbook().version
    assert set(verdict.libraries) == {"holidays", "tzdata"}


CAP = HouseCap(max_contacts_per_person=2, period_days=7)


def test_the_house_cap_counts_every_creditor_and_agency_of_the_person():
    history = [past("MX", "2026-10-19 10:00", creditor="C2", collector="K2"), past("MX", "2026-10-20 09:00", "sms", "delivered", creditor="C3", collector="K3")]
    assert ask("MX", "2026-10-20 10:00", history=history).allowed
    verdict = ask("MX", "2026-10-20 10:00", history=history, cap=CAP)
    assert verdict.rule_id == "HOUSE-CAP"
    assert verdict.next_allowed_at == clock("2026-10-26 07:00", "America/Mexico_City")


def test_the_house_cap_neither_stops_nor_counts_what_the_person_asked_for():
    receipts = [past("MX", f"2026-10-{day} 10:00", "sms", "delivered", purpose="receipt") for day in ("18", "19", "20")]
    assert ask("MX", "2026-10-20 11:00", history=receipts, cap=CAP).allowed
    calls = [past("MX", f"2026-10-{day} 10:00") for day in ("18", "19", "20")]
    assert ask("MX", "2026-10-20 11:00", "sms", history=calls, cap=CAP, purpose="receipt").allowed


def test_the_house_cap_never_lifts_the_law():
    assert ask("CL", "2026-11-10 10:00", history=[past("CL", "2026-11-09 10:00")], cap=HouseCap(9, 7)).rule_id == "CL-FREQ-CALL-VISIT"


@pytest.mark.parametrize(("versions", "words"), [
    ({"holidays": "0.109", "tzdata": "2026.6"}, ()), ({"holidays": "0.98", "tzdata": "2026.6"}, ("holidays",)),
    ({"holidays": "0.109", "tzdata": "2025.1"}, ("tzdata",)), ({"tzdata": "2026.6"}, ("holidays",)), ({"holidays": "1.0", "tzdata": "2027.1"}, ()),
])  # fmt: skip
def test_libraries_older_than_the_lawbook_asks_are_refused(versions, words):
    found = libraries_ok(lawbook(), versions=versions)
    assert found.ok is not bool(words)
    assert len(found.problems) == len(words)
    assert all(word in problem for word, problem in zip(words, found.problems, strict=True))


def test_the_installed_libraries_are_new_enough():
    assert libraries_ok(lawbook()).ok
