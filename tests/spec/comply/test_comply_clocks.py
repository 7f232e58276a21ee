"""Clocks that jump, days of 23 and 25 hours, leap days, and persons whose clock is not known."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.spec.comply.cases import ask, past

from recaudo.engine.comply import Debtor, Proposed, jurisdiction_for, lawbook, permit_verdict, zones_for
from recaudo.kernel.time import NaiveInstant

UTC_TABLE = [
    # jurisdiction, zone, instant UTC, allowed: the local clock says why
    ("CL", "America/Santiago", "2026-04-02T22:59", True),  # 19:59 in the last week of summer time
    ("CL", "America/Santiago", "2026-04-06T11:59", False),  # 07:59 after the 25-hour night
    ("CL", "America/Santiago", "2026-04-06T12:00", True),
    ("CL", "America/Santiago", "2026-09-05T12:00", True),  # 08:00 before the 23-hour day
    ("CL", "America/Santiago", "2026-09-07T11:00", True),  # 08:00 after it
    ("CL", "America/Santiago", "2026-09-07T10:59", False),
    ("US", "America/New_York", "2026-03-08T12:00", True),  # 08:00 on the 23-hour day
    ("US", "America/New_York", "2026-03-08T11:59", False),
    ("US", "America/New_York", "2026-11-01T12:59", False),  # 07:59 on the 25-hour day
    ("US", "America/New_York", "2026-11-01T13:00", True),
    ("CL", "America/Punta_Arenas", "2026-07-01T11:30", True),  # no change of clock there
    ("CL", "America/Santiago", "2026-07-01T11:30", False),
    ("MX", "America/Tijuana", "2026-03-08T14:00", True),  # 07:00 of summer time
    ("MX", "America/Mexico_City", "2028-02-29T13:00", True),  # a leap day
    ("PE", "America/Lima", "2028-02-29T12:00", True),
]


@pytest.mark.parametrize(("country", "zone", "instant", "allowed"), UTC_TABLE)
def test_the_clock_of_the_debtor(country, zone, instant, allowed):
    at = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    proposed = Proposed(at, "call", debts=("A",), content_checked=False)
    assert permit_verdict(lawbook().pack(country), Debtor(zones=(zone,)), (), proposed).allowed is allowed


def test_seven_days_are_calendar_days_across_a_change_of_clock():
    history = [past("CL", "2026-04-01 19:59")]
    assert not ask("CL", "2026-04-07 08:00", history=history).allowed
    assert ask("CL", "2026-04-08 08:00", history=history).allowed


def test_seven_days_across_a_leap_day():
    history = [past("CL", "2028-02-24 10:00")]
    assert not ask("CL", "2028-03-01 10:00", history=history).allowed
    assert ask("CL", "2028-03-02 10:00", history=history).allowed


def test_two_candidate_zones_must_both_be_open_and_the_first_counts_the_days():
    both = ("America/Guayaquil", "Pacific/Galapagos")
    assert ask("EC", "2026-10-20 07:30", zones=both).rule_id == "EC-HOURS"
    assert ask("EC", "2026-10-20 08:00", zones=both).allowed
    assert ask("EC", "2026-10-20 20:00", zones=both).rule_id == "EC-HOURS"


@pytest.mark.parametrize("zones", [(), ("America/Atlantis",), ("America/Bogota", "America/Atlantis")])
def test_without_a_known_clock_there_is_no_contact(zones):
    verdict = ask("CO", "2026-10-20 10:00", zones=zones)
    assert verdict.rule_id == "COMMON-TZ-UNKNOWN"
    assert verdict.next_allowed_at is None
    assert verdict.cures == ("Complete el domicilio o la zona horaria de la persona.",)


def test_without_a_clock_a_country_without_hours_is_closed_too_unless_only_the_law_is_asked():
    assert ask("PA", "2026-10-20 10:00", zones=()).rule_id == "COMMON-TZ-UNKNOWN"
    assert ask("PA", "2026-10-20 10:00", zones=(), guarded=False).allowed


def test_without_a_clock_a_limit_counts_one_day_more():
    history = [past("CL", "2026-11-04 10:00", "letter", "sent"), past("CL", "2026-11-09 10:00", "letter", "sent")]
    assert "CL-FREQ-MSG" in ask("CL", "2026-11-12 09:00", "letter", zones=(), history=history, guarded=False).all_rule_ids


@pytest.mark.parametrize("country", ["XX", "", None, "COMMON"])
def test_an_unknown_country_is_closed(country):
    pack = lawbook().pack(country)
    verdict = permit_verdict(pack, Debtor(zones=("UTC",)), (), Proposed(datetime(2026, 10, 20, 15, tzinfo=UTC), "call"))
    assert (verdict.allowed, verdict.rule_id) == (False, "COMMON-COUNTRY-UNKNOWN")


@pytest.mark.parametrize(("given", "rule"), [
    ({"person": "martian"}, "COMMON-PERSON-UNKNOWN"), ({"person": ""}, "COMMON-PERSON-UNKNOWN"), ({"channel": "telex"}, "COMMON-CHANNEL-UNKNOWN"),
    ({"purpose": "why_not"}, "COMMON-PURPOSE-UNKNOWN"),
])  # fmt: skip
def test_unknown_words_are_closed(given, rule):
    assert ask("PA", "2026-10-20 10:00", **given).rule_id == rule


def test_a_reminder_is_collection_to_the_law():
    assert ask("CL", "2026-11-18 10:00", purpose="reminder", states=["in_court"]).rule_id == "CL-JUDICIAL-STAGE"


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(NaiveInstant):
        permit_verdict(lawbook().pack("CL"), Debtor(), (), Proposed(datetime(2026, 1, 1), "call"))


PLACES = [
    (("MX", "CHH", "Ciudad Juárez"), ("America/Ciudad_Juarez",)),
    (("MX", "CHH", "  JUAREZ "), ("America/Ciudad_Juarez",)),
    (("MX", "VER", "Juárez"), ("America/Mexico_City",)),  # another Juárez
    (("MX", "TAM", "Tampico"), ("America/Mexico_City",)),
    (("MX", "TAM", None), ("America/Mexico_City", "America/Matamoros")),  # the border is possible
    (("CL", "MA", None, "+56612345678"), ("America/Punta_Arenas",)),  # the number would say Santiago
    (("CL", None, None, "+56612345678"), ("America/Punta_Arenas",)),
    (("CL", "VS", "Isla de Pascua"), ("Pacific/Easter",)),
    (("EC", None, None, "+593991234567"), ("America/Guayaquil", "Pacific/Galapagos")),
    (("EC", "P", None, "+593991234567"), ("America/Guayaquil",)),
    (("MX", "ROO", "Cancún", "+525512345678"), ("America/Cancun", "America/Mexico_City")),
    (("US", "AK", None, "+19075550001"), ("America/Adak", "America/Anchorage")),
    (("US", None, None, None), ()),
    (("CO", None, None, "no es un número"), ("America/Bogota",)),
    (("ZZ", None, None, "+12125550001"), ()),
]


@pytest.mark.parametrize(("place", "zones"), PLACES)
def test_candidate_zones_of_an_address_and_a_number(place, zones):
    assert zones_for(*place) == zones


def test_an_unknown_address_has_every_zone_of_its_country():
    assert {"America/Tijuana", "America/Cancun", "America/Mexico_City"} <= set(zones_for("MX"))


@pytest.mark.parametrize(("address", "jurisdiction"), [
    (("AR", "C"), "AR-C"), (("AR", "X"), "AR"), (("US", "NY", "New York"), "US-NY-NYC"), (("US", "NY", "Albany"), "US"), (("ZZ",), None),
])  # fmt: skip
def test_the_most_specific_jurisdiction_rules(address, jurisdiction):
    assert jurisdiction_for(*address) == jurisdiction


def test_a_second_is_enough():
    opening = datetime(2026, 11, 18, 11, tzinfo=UTC)
    pack, debtor = lawbook().pack("CL"), Debtor(zones=("America/Santiago",))
    assert not permit_verdict(pack, debtor, (), Proposed(opening - timedelta(microseconds=1), "call", content_checked=False)).allowed
    assert permit_verdict(pack, debtor, (), Proposed(opening, "call", content_checked=False)).allowed
