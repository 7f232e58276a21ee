"""Peru, Ecuador, Argentina and Brazil: hours, caps, people."""

import pytest
from tests.spec.comply.cases import LONG_AGO, ask, past

from recaudo.engine.comply import Consent

HOURS = [
    # jurisdiction  region  local clock         channel  rule
    ("PE", None, "2026-10-20 19:59", "call", None),
    ("PE", None, "2026-10-20 20:00", "call", "PE-HOURS"),
    ("PE", None, "2026-10-24 10:00", "visit", "PE-HOURS"),  # Saturday
    ("PE", None, "2026-07-23 10:00", "sms", "PE-HOURS"),  # holiday
    ("EC", None, "2026-10-20 07:00", "call", None),
    ("EC", None, "2026-10-24 10:00", "call", "EC-HOURS"),
    ("AR", None, "2026-10-18 22:00", "call", None),  # no national hours
    ("AR-C", None, "2026-10-20 19:59", "call", None),
    ("AR-C", None, "2026-10-18 11:00", "call", "AR-C-HOURS"),
    ("AR-C", None, "2026-11-09 11:00", "call", "AR-C-HOURS"),  # a holiday by decree
    ("BR", "SP", "2026-10-24 13:59", "call", None),
    ("BR", "SP", "2026-10-24 14:00", "call", "BR-SP-HOURS"),
    ("BR", "SP", "2026-07-09 10:00", "call", "BR-SP-HOURS"),  # holiday of the state
    ("BR", "RJ", "2026-10-20 08:30", "call", "BR-RJ-HOURS"),
    ("BR", "ES", "2026-10-20 19:00", "call", "BR-ES-HOURS"),
    ("BR", "SP", "2026-10-24 15:00", "sms", None),
    ("BR", "AL", "2026-10-24 15:00", "sms", "BR-AL-HOURS"),
    ("BR", "MG", "2026-10-25 10:00", "call", None),  # no state law known
]


@pytest.mark.parametrize(("country", "region", "when", "channel", "rule"), HOURS)
def test_hours(country, region, when, channel, rule):
    assert ask(country, when, channel, subdivision=region).rule_id == rule


@pytest.mark.parametrize(("country", "region"), [("AR", None), ("BR", "MG"), ("PA", None), ("CR", None)])
def test_the_house_hours_rule_where_the_law_has_none_if_switched_on(country, region):
    assert ask(country, "2026-10-18 11:00", subdivision=region, toggles={"policy_floor": "on"}).rule_id == "COMMON-FLOOR"
    assert ask(country, "2026-10-18 11:00", subdivision=region).allowed


def test_the_house_hours_do_not_touch_a_country_with_its_own():
    assert ask("MX", "2026-10-18 11:00", toggles={"policy_floor": "on"}).allowed


def test_ecuador_one_gestion_a_day_in_total_or_per_medium():
    history = [past("EC", "2026-10-20 09:00", "sms", "delivered")]
    assert ask("EC", "2026-10-20 15:00", history=history).rule_id == "EC-DAILY-1"
    assert ask("EC", "2026-10-20 15:00", history=history, toggles={"EC.per_mechanism": "per_channel"}).allowed
    assert ask("EC", "2026-10-21 09:00", history=history).allowed


PEOPLE = [("PE", "PE-THIRD-PARTY"), ("EC", "EC-THIRD-PARTY"), ("AR", "AR-THIRD-PARTY"), ("AR-C", "AR-C-THIRD-PARTY"), ("BR", "BR-THIRD-PARTY")]


@pytest.mark.parametrize(("country", "rule"), PEOPLE)
def test_third_parties(country, rule):
    assert ask(country, "2026-10-20 10:00", person="relative").rule_id == rule
    assert ask(country, "2026-10-20 10:00", person="guarantor").allowed


def test_the_city_inherits_the_nation():
    assert ask("AR-C", "2026-10-20 10:00", person="relative").all_rule_ids == ("AR-C-THIRD-PARTY", "AR-THIRD-PARTY")


def test_peru_no_letters_to_a_third_party_but_calls_are_free_of_that_rule():
    assert ask("PE", "2026-10-20 10:00", "letter", address_source="third_party").rule_id == "PE-ADDRESS"
    assert ask("PE", "2026-10-20 10:00", "call", address_source="third_party").allowed


def test_peru_a_utility_claim_stops_collection():
    assert ask("PE", "2026-10-20 10:00", states=["utility_claim_pending"]).rule_id == "PE-UTILITY-CLAIM"


def test_peru_offers_need_consent_and_collection_does_not():
    assert ask("PE", "2026-10-20 10:00", purpose="marketing", consents=()).rule_id == "PE-SPAM"
    assert ask("PE", "2026-10-20 10:00", purpose="marketing", consents=(Consent("marketing_consent", LONG_AGO),)).allowed
    assert ask("PE", "2026-10-20 10:00", consents=()).allowed


def test_brazil_letters_carry_who_the_creditor_is():
    parts = frozenset({"creditor_name", "creditor_address"})
    assert ask("BR", "2026-10-20 10:00", "letter", content=parts, content_checked=True).rule_id == "BR-CDC-42A"
    assert ask("BR", "2026-10-20 10:00", "letter", content=parts | {"creditor_tax_id"}, content_checked=True).allowed


@pytest.mark.parametrize(("country", "rule"), [("PE", "PE-WORKPLACE"), ("EC", "EC-WORKPLACE"), ("AR", None)])
def test_at_work(country, rule):
    assert ask(country, "2026-10-20 10:00", place="workplace").rule_id == rule
    assert ask(country, "2026-10-20 10:00", place="home").allowed


@pytest.mark.parametrize(("country", "token", "rule"), [
    ("AR", "vexatious", "AR-CONTENT"), ("AR", "looks_judicial", "AR-CONTENT"), ("AR", "posters", None), ("PE", "posters", "PE-CONTENT-FORBIDDEN"),
    ("EC", "threat", "EC-CONTENT"), ("BR", "false_statement", "BR-CDC-42"),
])  # fmt: skip
def test_what_may_not_be_said(country, token, rule):
    assert ask(country, "2026-10-20 10:00", content=frozenset({token})).rule_id == rule
