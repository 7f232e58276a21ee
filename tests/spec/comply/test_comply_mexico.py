"""Mexico, Disposiciones de Despachos de Cobranza (DOF 7 October 2014)."""

import pytest
from tests.spec.comply.cases import ask, past

HOURS = [
    # zone of the debtor      local clock         rule
    ("America/Mexico_City", "2026-10-20 06:59", "MX-HOURS"),
    ("America/Mexico_City", "2026-10-20 07:00", None),
    ("America/Mexico_City", "2026-10-20 21:59", None),
    ("America/Mexico_City", "2026-10-20 22:00", "MX-HOURS"),
    ("America/Tijuana", "2026-01-20 21:30", None),  # 23:30 in the capital
    ("America/Cancun", "2026-01-19 22:00", "MX-HOURS"),  # 21:00 in the capital
    ("America/Matamoros", "2026-07-20 07:30", None),  # summer time on the border
    ("America/Mexico_City", "2026-10-18 10:00", None),  # Sunday
    ("America/Mexico_City", "2026-09-16 10:00", None),  # holiday
]


@pytest.mark.parametrize(("zone", "when", "rule"), HOURS)
def test_hours(zone, when, rule):
    assert ask("MX", when, zone=zone).rule_id == rule


@pytest.mark.parametrize("when", ["2026-10-18 10:00", "2026-10-24 10:00", "2026-09-16 10:00"])
def test_business_days_only_is_a_reading_that_counsel_may_choose(when):
    assert ask("MX", when, toggles={"MX.days": "business_days"}).rule_id == "MX-HOURS"


def test_there_is_no_cap_but_many_calls_are_a_sign_of_harassment():
    history = [past("MX", f"2026-10-20 {hour}:00") for hour in ("09", "10", "11", "12")]
    verdict = ask("MX", "2026-10-20 12:04", history=history)
    assert verdict.allowed
    assert verdict.warnings == ("rapid_succession", "concentrated")


@pytest.mark.parametrize(("person", "allowed"), [
    ("debtor", True), ("guarantor", True), ("solidary_debtor", True), ("reference", False), ("beneficiary", False),
    ("elderly_non_debtor", False), ("minor", False), ("spouse", False),
])  # fmt: skip
def test_people(person, allowed):
    assert ask("MX", "2026-10-20 10:00", person=person).allowed is allowed


@pytest.mark.parametrize(("origin", "rule"), [("entity", None), ("debtor", None), (None, None), ("skip_tracing", "MX-ADDRESS"), ("third_party", "MX-ADDRESS")])
def test_only_addresses_that_the_entity_or_the_debtor_gave(origin, rule):
    assert ask("MX", "2026-10-20 10:00", address_source=origin).rule_id == rule


@pytest.mark.parametrize(("channel", "caller", "rule"), [("call", "hidden", "MX-CALLER-ID"), ("call", "unregistered", "MX-CALLER-ID"), ("call", "visible", None), ("sms", "hidden", None)])
def test_no_hidden_numbers(channel, caller, rule):
    assert ask("MX", "2026-10-20 10:00", channel, caller_id=caller).rule_id == rule


def test_marketing_lists_stop_marketing_and_not_collection():
    assert ask("MX", "2026-10-20 10:00", states=["repep"], purpose="marketing").rule_id == "MX-MARKETING-LISTS"
    assert ask("MX", "2026-10-20 10:00", states=["repep", "reus"]).allowed


FIRST = {
    "agency_name", "agent_name", "agency_address_phone", "creditor_name", "contract_reference", "amount_and_calc_date",
    "settlement_conditions", "complaint_contact", "payments_only_to_entity",
}  # fmt: skip


@pytest.mark.parametrize(("content", "rule"), [(FIRST, None), (FIRST - {"amount_and_calc_date"}, "MX-CONTENT-REQUIRED"), ({"threat"}, "MX-CONTENT-FORBIDDEN")])
def test_what_a_first_contact_says(content, rule):
    assert ask("MX", "2026-10-20 10:00", content=frozenset(content), stage="first", content_checked=True).rule_id == rule
