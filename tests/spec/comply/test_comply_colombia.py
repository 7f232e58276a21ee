"""Colombia, Ley 2300 de 2023. Week of Monday 19 October 2026, no holidays in it."""

import pytest
from tests.spec.comply.cases import LONG_AGO, ask, clock, past

from recaudo.engine.comply import Consent

HOURS = [
    ("2026-10-20 06:59", "call", "CO-HOURS"),
    ("2026-10-20 07:00", "call", None),
    ("2026-10-20 18:59", "im", None),
    ("2026-10-20 19:00", "im", "CO-HOURS"),
    ("2026-10-24 07:59", "call", "CO-HOURS"),
    ("2026-10-24 08:00", "call", None),
    ("2026-10-24 15:00", "call", "CO-HOURS"),
    ("2026-10-25 10:00", "letter", "CO-HOURS"),  # Sunday, any kind of contact
    ("2026-07-13 10:00", "call", "CO-HOURS"),  # Chiquinquira, Ley 2578 de 2026
]


@pytest.mark.parametrize(("when", "channel", "rule"), HOURS)
def test_hours(when, channel, rule):
    assert ask("CO", when, channel).rule_id == rule


def test_other_hours_when_the_person_asked_in_a_later_paper():
    assert ask("CO", "2026-10-25 10:00", states=["co_hours_waiver"]).allowed


def test_a_fraud_alert_goes_on_a_sunday():
    assert ask("CO", "2026-10-25 10:00", "sms", purpose="fraud_alert").allowed


CAPS = [
    ([("2026-10-20 09:00", "call", "no_answer")], "2026-10-20 15:00", "call", "CO-DAILY-1"),
    ([("2026-10-20 09:00", "call", "busy")], "2026-10-20 15:00", "call", None),
    ([("2026-10-20 09:00", "im", "delivered")], "2026-10-21 09:00", "im", None),
    ([("2026-10-20 09:00", "im", "delivered")], "2026-10-21 09:00", "call", "CO-ONE-CHANNEL-WEEK"),
    ([("2026-10-20 09:00", "call", "no_answer")], "2026-10-21 09:00", "prerecorded", None),  # one family: voice
    ([("2026-10-24 09:00", "im", "delivered")], "2026-10-26 09:00", "call", "CO-ONE-CHANNEL-WEEK"),
    ([("2026-10-19 18:00", "im", "delivered")], "2026-10-26 07:00", "call", None),
]


@pytest.mark.parametrize(("before", "now", "channel", "rule"), CAPS)
def test_caps(before, now, channel, rule):
    assert ask("CO", now, channel, history=[past("CO", *entry) for entry in before]).rule_id == rule


def test_the_calendar_week_is_another_reading():
    history = [past("CO", "2026-10-24 09:00", "im", "delivered")]
    assert ask("CO", "2026-10-26 09:00", history=history, toggles={"CO.week": "calendar"}).allowed
    assert not ask("CO", "2026-10-24 09:30", history=history, toggles={"CO.week": "calendar"}).allowed


def test_only_authorised_channels():
    only_im = (Consent("authorised_channel", LONG_AGO, channels=frozenset({"im"})),)
    assert ask("CO", "2026-10-20 10:00", "im", consents=only_im).allowed
    assert ask("CO", "2026-10-20 10:00", "sms", consents=only_im).rule_id == "CO-CHANNEL-AUTH"
    assert ask("CO", "2026-10-20 10:00", "im", consents=()).rule_id == "CO-CHANNEL-AUTH"


def test_a_withdrawn_authorisation_ends_at_that_instant():
    withdrawn = (Consent("authorised_channel", LONG_AGO, revoked=clock("2026-10-20 10:00", "America/Bogota")),)
    assert ask("CO", "2026-10-20 09:59", "im", consents=withdrawn).allowed
    assert ask("CO", "2026-10-20 10:00", "im", consents=withdrawn).rule_id == "CO-CHANNEL-AUTH"


def test_no_visits_but_for_microcredit_with_authorisation():
    assert ask("CO", "2026-10-20 10:00", "visit").rule_id == "CO-VISIT-BAN"
    assert ask("CO", "2026-10-20 10:00", "visit", states=["co_microcredit_visit_consent"]).allowed


@pytest.mark.parametrize(("person", "allowed"), [("solidary_debtor", True), ("guarantor", True), ("reference", False), ("relative", False), ("employer", False)])
def test_people(person, allowed):
    assert ask("CO", "2026-10-20 10:00", person=person).allowed is allowed


def test_the_reason_is_not_asked():
    assert ask("CO", "2026-10-20 10:00", content=frozenset({"asks_reason_for_default"})).rule_id == "CO-NO-WHY"


def test_before_the_law_there_was_no_such_limit():
    history = [past("CO", "2023-10-06 09:00", "im", "delivered")]
    assert ask("CO", "2023-10-06 15:00", history=history).allowed
    assert not ask("CO", "2023-10-10 19:30").allowed
