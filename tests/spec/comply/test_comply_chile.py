"""Chile, Ley 19.496 art. 37. Week of Monday 9 November 2026, no holidays in it."""

import pytest
from tests.spec.comply.cases import LONG_AGO, ask, past

from recaudo.engine.comply import State

HOURS = [
    # local clock          channel   region  first denying rule
    ("2026-11-18 07:59", "call", None, "CL-HOURS"),
    ("2026-11-18 08:00", "call", None, None),
    ("2026-11-18 19:59", "visit", None, None),
    ("2026-11-18 20:00", "visit", None, "CL-HOURS"),
    ("2026-11-21 19:59", "call", None, None),  # Saturday is a working day for this law
    ("2026-11-22 11:00", "call", None, "CL-HOURS"),  # Sunday
    ("2026-11-22 11:00", "email", None, "CL-HOURS"),  # strict reading: messages too
    ("2026-11-22 11:00", "letter", None, None),  # a letter rings at no hour
    ("2026-09-18 11:00", "call", None, "CL-HOURS"),  # Independencia
    ("2027-06-07 11:00", "call", "AP", "CL-HOURS"),  # only Arica rests
    ("2027-06-07 11:00", "call", "RM", None),
]


@pytest.mark.parametrize(("when", "channel", "region", "rule"), HOURS)
def test_hours(when, channel, region, rule):
    assert ask("CL", when, channel, subdivision=region).rule_id == rule


CAPS = [
    # what happened before                                          now                       rule
    ([], "2026-11-12 10:00", "call", None),
    ([("2026-11-09 10:00", "visit", "visit_contact")], "2026-11-12 10:00", "call", "CL-FREQ-CALL-VISIT"),
    ([("2026-11-09 10:00", "call", "no_answer")], "2026-11-12 10:00", "call", "CL-FREQ-CALL-VISIT"),
    ([("2026-11-09 10:00", "call", "busy")], "2026-11-12 10:00", "call", None),
    ([("2026-11-06 10:00", "call", "no_answer")], "2026-11-12 10:00", "call", "CL-FREQ-CALL-VISIT"),  # seventh day
    ([("2026-11-05 19:00", "call", "no_answer")], "2026-11-12 08:00", "call", None),  # eighth day, though not 168 hours
    ([("2026-11-09 10:00", "email", "delivered")], "2026-11-09 11:00", "call", None),  # messages have their own limit
    ([("2026-11-09 10:00", "email", "delivered")], "2026-11-11 10:00", "sms", "CL-GAP-MSG"),
    ([("2026-11-09 10:00", "email", "delivered")], "2026-11-12 10:00", "sms", None),
    ([("2026-11-09 10:00", "email", "bounced")], "2026-11-11 10:00", "sms", "CL-GAP-MSG"),
    ([("2026-11-09 10:00", "email", "delivered"), ("2026-11-12 10:00", "letter", "sent")], "2026-11-15 10:00", "letter", "CL-FREQ-MSG"),
]


@pytest.mark.parametrize(("before", "now", "channel", "rule"), CAPS)
def test_caps(before, now, channel, rule):
    assert ask("CL", now, channel, history=[past("CL", *entry) for entry in before]).rule_id == rule


def test_two_agencies_of_one_creditor_share_the_week():
    history = [past("CL", "2026-11-09 10:00", collector="K2")]
    assert ask("CL", "2026-11-10 10:00", history=history).rule_id == "CL-FREQ-CALL-VISIT"


def test_one_agency_of_two_creditors_shares_the_week_unless_counsel_says_otherwise():
    history = [past("CL", "2026-11-09 10:00", creditor="C2")]
    assert not ask("CL", "2026-11-10 10:00", history=history).allowed
    assert ask("CL", "2026-11-10 10:00", history=history, toggles={"CL.scope": "creditor_only"}).allowed


def test_another_creditor_with_another_agency_is_apart():
    assert ask("CL", "2026-11-10 10:00", history=[past("CL", "2026-11-09 10:00", creditor="C2", collector="K2")]).allowed


def test_what_the_debtor_began_is_no_gestion():
    history = [past("CL", "2026-11-09 10:00", "call", "conversation", direction="in"), past("CL", "2026-11-09 11:00", "call", "conversation", purpose="reply_to_debtor")]
    assert ask("CL", "2026-11-10 10:00", history=history).allowed


def test_a_code_that_the_debtor_asked_for_goes_at_night():
    assert ask("CL", "2026-11-10 23:00", "sms", purpose="otp_requested_by_debtor").allowed


@pytest.mark.parametrize("person", ["debtor", "codebtor", "guarantor", "legal_representative", "attorney"])
def test_who_owes_may_be_contacted(person):
    assert ask("CL", "2026-11-18 10:00", person=person).allowed


@pytest.mark.parametrize("person", ["spouse", "relative", "reference", "employer", "coworker", "neighbour", "minor", "third_party"])
def test_who_does_not_owe_may_not(person):
    assert ask("CL", "2026-11-18 10:00", person=person).rule_id == "CL-THIRD-PARTY"


def test_not_at_work():
    assert ask("CL", "2026-11-18 10:00", place="workplace").rule_id == "CL-WORKPLACE"


@pytest.mark.parametrize("state", ["in_court", "insolvency_proceeding"])
def test_a_debt_in_court_is_not_collected_outside_it(state):
    assert ask("CL", "2026-11-18 10:00", states=[state]).rule_id == "CL-JUDICIAL-STAGE"
    assert ask("CL", "2026-11-18 10:00", states=[state], purpose="receipt").allowed


def test_an_opt_out_blocks_its_channel_only():
    no_sms = State("channel_optout", LONG_AGO, channels=frozenset({"sms"}))
    assert ask("CL", "2026-11-18 10:00", "sms", states=[no_sms]).rule_id == "COMMON-OPTOUT"
    assert ask("CL", "2026-11-18 10:00", "email", states=[no_sms]).allowed


FIRST = {"creditor_name", "debt_origin", "interest_and_fees", "payment_options", "consumer_rights", "not_an_enforcement_proceeding"}


@pytest.mark.parametrize(
    ("content", "stage", "rule"),
    [
        (FIRST, "first", None),
        (FIRST - {"consumer_rights"}, "first", "CL-CONTENT-REQUIRED"),
        ({"link_to_full_notice"}, "first", None),
        (set(), "later", None),
        (FIRST | {"looks_judicial"}, "first", "CL-CONTENT-FORBIDDEN"),
    ],
)
def test_what_a_first_contact_says(content, stage, rule):
    assert ask("CL", "2026-11-18 10:00", "email", content=frozenset(content), stage=stage, content_checked=True).rule_id == rule
