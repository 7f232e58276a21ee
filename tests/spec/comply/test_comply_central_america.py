"""Guatemala, Panama and Costa Rica: hours, caps, people."""

import pytest
from tests.spec.comply.cases import ask, past


@pytest.mark.parametrize(("when", "rule"), [
    ("2026-10-21 08:00", None), ("2026-10-21 17:59", None), ("2026-10-21 18:00", "GT-HOURS"),
    ("2026-10-25 10:00", "GT-HOURS"), ("2026-10-20 10:00", "GT-HOURS"),
])  # fmt: skip
def test_guatemala_hours(when, rule):
    assert ask("GT", when).rule_id == rule


def test_guatemala_a_third_communication_in_a_day_is_harassment():
    two = [past("GT", "2026-10-21 09:00", "sms", "delivered"), past("GT", "2026-10-21 10:00", "call", "no_answer")]
    assert ask("GT", "2026-10-21 11:00", history=two[:1]).allowed
    assert ask("GT", "2026-10-21 11:00", history=two).rule_id == "GT-DAILY-2"


def test_panama_has_no_contact_law_but_the_house_rules_hold():
    assert ask("PA", "2026-10-25 10:00").allowed
    assert ask("PA", "2026-10-25 10:00", person="minor").rule_id == "COMMON-MINOR"


def test_costa_rica_only_debtor_and_guarantors():
    assert ask("CR", "2026-10-20 10:00", person="relative").rule_id == "CR-THIRD-PARTY-CARDS"
    assert ask("CR", "2026-10-20 10:00", person="guarantor").allowed
