"""United States, Regulation F (12 CFR 1006), and New York City."""

import pytest
from tests.spec.comply.cases import LONG_AGO, ask, clock, past

from recaudo.engine.comply import Consent, Debtor, Preference, Proposed, lawbook, permit_verdict

NY = "America/New_York"


def unanswered(*days: str, **more: object):
    return [past("US", f"2026-06-{day} 10:00", **more) for day in days]


SEVEN = ("01", "02", "03", "04", "05", "06", "07")


def test_hours_hold_in_every_place_where_the_person_may_be():
    both = (NY, "America/Los_Angeles")
    assert ask("US", "2026-06-10 10:59", zones=both).rule_id == "US-HOURS"
    assert ask("US", "2026-06-10 11:00", zones=both).allowed
    assert ask("US", "2026-06-10 21:00", zones=both).rule_id == "US-HOURS"


def test_the_eighth_call_in_seven_days_is_presumed_harassment():
    assert ask("US", "2026-06-07 15:00", history=unanswered(*SEVEN[:6])).allowed
    assert ask("US", "2026-06-07 15:00", history=unanswered(*SEVEN)).rule_id == "US-FREQ-7IN7"
    assert ask("US", "2026-06-08 08:00", history=unanswered(*SEVEN)).allowed  # the first left the week


def test_calls_are_counted_per_person_and_debt():
    assert ask("US", "2026-06-07 15:00", history=unanswered(*SEVEN), debts=("B",)).allowed
    assert ask("US", "2026-06-07 15:00", history=unanswered(*SEVEN), person="spouse").allowed
    assert not ask("US", "2026-06-07 15:00", history=unanswered(*SEVEN), debts=("B", "A")).allowed
    assert not ask("US", "2026-06-07 15:00", history=unanswered(*SEVEN), debts=()).allowed  # which debt is not known


def test_a_conversation_bars_calls_for_seven_days_that_start_with_it():
    talk = [past("US", "2026-08-14 10:00", "call", "conversation")]
    assert ask("US", "2026-08-20 20:00", history=talk).rule_id == "US-FREQ-CONV"
    assert ask("US", "2026-08-21 08:00", history=talk).allowed


def test_an_inbound_conversation_bars_too_and_one_that_dropped_does_not():
    assert not ask("US", "2026-08-15 10:00", history=[past("US", "2026-08-14 10:00", "call", "conversation", direction="in")]).allowed
    assert ask("US", "2026-08-15 10:00", history=[past("US", "2026-08-14 10:00", "call", "conversation_dropped")]).allowed


def test_consent_to_be_called_lasts_until_the_next_conversation_and_at_most_seven_days():
    talk = past("US", "2026-06-01 10:00", "call", "conversation")
    consent = Consent("us_call_prior_consent", clock("2026-06-01 10:05", NY), debts=("A",))
    assert ask("US", "2026-06-03 10:00", history=[talk], consents=[consent]).allowed
    again = past("US", "2026-06-02 10:00", "call", "conversation")
    assert not ask("US", "2026-06-03 10:00", history=[talk, again], consents=[consent]).allowed
    assert not ask("US", "2026-06-08 10:00", history=[past("US", "2026-06-02 10:00", "call", "conversation")], consents=[consent]).allowed


def test_an_override_is_a_claim_to_be_signed_and_never_an_allow():
    verdict = ask("US", "2026-06-07 15:00", history=unanswered(*SEVEN), override_factor="required_by_law")
    assert not verdict.allowed
    assert verdict.override.allowed
    assert verdict.override.needs == "recorded compliance sign-off"
    assert not ask("US", "2026-06-07 15:00", history=unanswered(*SEVEN), override_factor="one_time_discount").override.allowed


def test_one_reply_to_what_the_person_wrote_and_no_second():
    wrote = past("US", "2026-06-10 22:00", "email", "delivered", direction="in", id="in1")
    reply = {"channel": "email", "purpose": "reply_to_debtor", "reply_to": "in1"}
    assert ask("US", "2026-06-10 22:05", history=[wrote], **reply).allowed
    answered = past("US", "2026-06-10 22:05", "email", "delivered", reply_to="in1")
    assert ask("US", "2026-06-10 22:30", history=[wrote, answered], **reply).rule_id == "US-HOURS"
    assert not ask("US", "2026-06-11 22:05", history=[wrote], **reply).allowed  # another day
    assert not ask("US", "2026-06-10 22:05", history=[wrote], channel="sms", purpose="reply_to_debtor", reply_to="in1").allowed


@pytest.mark.parametrize(("state", "purpose", "rule"), [
    ("attorney_represented", "collection", "US-ATTORNEY"), ("written_cease", "collection", "US-CEASE"),
    ("written_cease", "remedy_will_notice", None), ("written_dispute_in_period", "collection", "US-DISPUTE"), ("oral_dispute", "collection", None),
])  # fmt: skip
def test_states_that_stop(state, purpose, rule):
    assert ask("US", "2026-06-10 10:00", states=[state], purpose=purpose).rule_id == rule


def test_an_answered_dispute_no_longer_stops():
    assert ask("US", "2026-06-10 10:00", states=["written_dispute_in_period", "verification_sent"]).allowed


def test_times_that_the_person_called_inconvenient():
    pack = lawbook().pack("US")
    afternoons = Preference("inconvenient_time", LONG_AGO, days=frozenset({2}), starts=900, ends=1020)
    debtor = Debtor(zones=(NY,), preferences=(afternoons,))

    def rule(when: str, channel: str = "call") -> str | None:
        proposed = Proposed(clock(when, NY), channel, debts=("A",), content_checked=False)
        return permit_verdict(pack, debtor, (), proposed).rule_id

    assert rule("2026-06-10 15:00") == "US-INCONVENIENT"  # a Wednesday
    assert rule("2026-06-10 17:00") is None
    assert rule("2026-06-11 15:00") is None
    assert rule("2026-06-10 15:00", "letter") is None


def test_where_somebody_is_may_be_asked_once():
    spoke = past("US", "2026-06-01 10:00", "call", "third_party_answered", person="neighbour", person_id="N1")
    question = {"person": "neighbour", "person_id": "N1", "purpose": "location_info"}
    assert ask("US", "2026-06-10 10:00", **question).allowed
    assert ask("US", "2026-06-10 10:00", history=[spoke], **question).rule_id == "US-LOCATION-ONCE"
    assert ask("US", "2026-06-10 10:00", history=[spoke], states=["earlier_response_erroneous"], **question).allowed
    assert not ask("US", "2026-06-10 10:00", content=frozenset({"states_debt"}), states=["earlier_response_erroneous"], **question).allowed
    assert ask("US", "2026-06-10 10:00", person="neighbour", person_id="N1").rule_id == "US-THIRD-PARTY"


def test_recorded_voice_needs_consent_and_a_landline_may_have_three():
    fixed = {"channel": "prerecorded", "line_type": "residential_landline", "number": "N1"}
    calls = [past("US", f"2026-06-{day} 10:00", "prerecorded", "voicemail", number="N1") for day in ("01", "08", "15")]
    assert ask("US", "2026-06-20 10:00", "prerecorded", consents=()).rule_id == "US-TCPA-ROBO"
    assert ask("US", "2026-06-20 10:00", history=calls[:2], consents=(), **fixed).allowed
    assert ask("US", "2026-06-20 10:00", history=calls, consents=(), **fixed).rule_id == "US-TCPA-LANDLINE"
    assert ask("US", "2026-06-20 10:00", history=calls, consents=(Consent("tcpa_consent", LONG_AGO),), **fixed).allowed


def test_new_york_city_counts_all_channels_from_its_own_date():
    three = [past("US", f"2027-02-0{day} 10:00", channel, "sent") for day, channel in ((1, "call"), (2, "email"), (3, "sms"))]
    assert ask("US-NY-NYC", "2027-02-05 10:00", history=three).rule_id == "NYC-3IN7"
    assert ask("US", "2027-02-05 10:00", history=three).allowed
    before = [past("US", f"2026-12-0{day} 10:00", channel, "sent") for day, channel in ((1, "call"), (2, "email"), (3, "sms"))]
    assert ask("US-NY-NYC", "2026-12-05 10:00", history=before).allowed
    assert not ask("US-NY-NYC", "2026-12-05 10:00", history=before, toggles={"NYC.effective": "as_adopted"}).allowed
    assert ask("US-NY-NYC", "2026-12-05 07:59").rule_id == "US-HOURS"  # the federal law holds all the while


WHO, OUT = "debt_collector_disclosure", "optout_instructions"


@pytest.mark.parametrize(("channel", "content", "purpose", "rule"), [
    ("call", {WHO}, "collection", None), ("call", set(), "collection", "US-DISCLOSURE"), ("call", {"limited_content_message"}, "collection", None),
    ("email", {WHO, OUT}, "collection", None), ("email", {WHO}, "collection", "US-OPTOUT-NOTICE"), ("email", {OUT}, "collection", "US-DISCLOSURE"),
    ("sms", set(), "optout_confirmation", None), ("letter", {WHO, "postcard"}, "collection", "US-CONTENT-FORBIDDEN"),
])  # fmt: skip
def test_what_is_said(channel, content, purpose, rule):
    assert ask("US", "2026-06-10 10:00", channel, content=frozenset(content), purpose=purpose, content_checked=True).rule_id == rule


def test_nothing_in_public_and_nothing_to_the_employers_mailbox():
    assert ask("US", "2026-06-10 10:00", "social_public").rule_id == "US-SOCIAL"
    assert ask("US", "2026-06-10 10:00", "email", address_source="employer_email").rule_id == "US-WORK-EMAIL"
    assert ask("US", "2026-06-10 10:00", "email", address_source="employer_email", states=["consumer_used_it_for_debt"]).allowed
