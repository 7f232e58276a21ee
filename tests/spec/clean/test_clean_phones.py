"""Phones: one kept form, match variants for the three traps of the region, and nothing rewritten blindly."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import timezone

from recaudo.engine.clean import CleanPhone, Refused, clean_column, phone, phone_variants

# country, as written, kept, kind
TAKEN = [
    ("MX", "55 1234 5678", "+525512345678", "either"),
    ("MX", "+52 1 55 1234 5678", "+525512345678", "either"),
    ("MX", "044 55 1234 5678", "+525512345678", "either"),
    ("MX", "01 (55) 1234-5678", "+525512345678", "either"),
    ("MX", "045 81 8123 4567", "+528181234567", "either"),
    ("AR", "011 15 4321-5678", "+5491143215678", "mobile"),
    ("AR", "+54 9 11 4321 5678", "+5491143215678", "mobile"),
    ("AR", "(011) 4321-5678", "+541143215678", "fixed"),
    ("BR", "(11) 98765-4321", "+5511987654321", "mobile"),
    ("BR", "+55 11 3456-7890", "+551134567890", "fixed"),
    ("CL", "9 8765 4321", "+56987654321", "either"),
    ("CO", "300 123 4567", "+573001234567", "mobile"),
    ("CO", "601 234 5678", "+576012345678", "fixed"),
    ("PE", "987 654 321", "+51987654321", "mobile"),
    ("MX", "+1 415 555 2671", "+14155552671", "either"),
    ("MX", "800 123 4567", "+528001234567", "other"),
]  # fmt: skip


@pytest.mark.parametrize(("country", "text", "e164", "kind"), TAKEN)
def test_a_good_phone_is_kept_in_one_form(country, text, e164, kind):
    found = phone(text, country)
    assert isinstance(found, CleanPhone), found
    assert (found.e164, found.type) == (e164, kind)


@pytest.mark.parametrize(
    ("country", "text", "code"),
    [
        ("MX", "1234", "phone_short"), ("MX", "12345678", "phone_short"), ("MX", "55123456789012", "phone_long"),
        ("MX", "sin teléfono", "not_a_phone"), ("CL", "000000000", "phone_placeholder"), ("CO", "9999999999", "phone_placeholder"),
        ("MX", "5555555555", "phone_placeholder"), ("MX", "", "empty"), ("CO", "12345678", "phone_not_assigned"),
    ],
)  # fmt: skip
def test_a_bad_phone_is_refused_with_a_reason_that_does_not_repeat_it(country, text, code):
    found = phone(text, country)
    assert isinstance(found, Refused), found
    assert found.code == code
    assert not text or text not in found.text_es


def test_mexico_with_and_without_the_one_is_the_same_line():
    assert phone("+5215512345678", "MX").variants == ("+525512345678", "+5215512345678")


def test_argentina_with_and_without_the_nine_is_the_same_line_but_a_landline_stays_a_landline():
    mobile, landline = phone("+5491143215678", "AR"), phone("+541143215678", "AR")
    assert set(mobile.variants) == set(landline.variants)
    assert landline.e164 == "+541143215678" and landline.type == "fixed"


def test_brazil_with_and_without_the_ninth_digit_is_the_same_line():
    new, old = phone("+5511987654321", "BR"), phone("+551187654321", "BR")
    assert set(new.variants) == set(old.variants) == {"+5511987654321", "+551187654321"}
    assert old.e164 == "+551187654321" and not old.dialable
    assert old.zones == new.zones == ("America/Sao_Paulo",)


def test_a_brazilian_landline_has_no_ninth_digit_variant():
    assert phone("+551134567890", "BR").variants == ("+551134567890",)


def test_zones_are_those_of_the_area():
    assert phone("664 123 4567", "MX").zones == ("America/Tijuana",)
    assert phone("55 1234 5678", "MX").zones == ("America/Mexico_City",)


@settings(deadline=None)
@given(st.sampled_from(["+52", "+54", "+549", "+55", "+56", "+57"]), st.text("0123456789", min_size=8, max_size=11))
def test_variants_lead_back_to_each_other(prefix, digits):
    e164 = prefix + digits
    for variant in phone_variants(e164):
        back = phone_variants(variant)
        assert e164 in back or variant.startswith("+521")  # +521 is never kept, only looked for


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(["MX", "CL", "CO", "PE", "BR", "EC", "CR", "GT", "PA", "UY", "PY"]), st.text("0123456789", min_size=7, max_size=11), st.booleans())
def test_the_short_path_agrees_with_the_library(country, digits, international):
    """Numbers that the short path takes are those the library takes, with the same form, kind, region and zones."""
    code = f"+{phonenumbers.country_code_for_region(country)}" if international else ""
    found = phone(code + digits, country)
    if not isinstance(found, CleanPhone) or not found.dialable:
        return
    if country == "MX" and (digits[0] in "01"):
        return  # the abolished prefixes, which the library no longer knows
    number = phonenumbers.parse(code + digits, country)
    assert phonenumbers.is_valid_number(number)
    assert found.e164 == phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    kinds = {0: "fixed", 1: "mobile", 2: "either"}
    assert found.type == kinds.get(phonenumbers.number_type(number), "other")
    assert found.region == phonenumbers.region_code_for_number(number)
    zones = timezone.time_zones_for_number(number)
    assert found.zones == (() if zones == ("Etc/Unknown",) else zones)


@settings(deadline=None)
@given(st.text(max_size=25), st.sampled_from(["MX", "AR", "BR", "CL", "CO"]))
def test_nothing_that_can_be_typed_breaks_it(text, country):
    assert isinstance(phone(text, country), CleanPhone | Refused)


def test_a_column_repeats_no_work_and_keeps_the_order():
    values, reasons = clean_column(["5512345678", "x", None, "5512345678"], "phone", country="MX")
    assert values.field("e164").to_pylist() == ["+525512345678", None, None, "+525512345678"]
    assert values.field("variants").to_pylist()[3] == ["+525512345678", "+5215512345678"]
    assert list(reasons) == [1]


def test_a_column_may_have_a_country_of_its_own_in_each_row():
    values, reasons = clean_column(["5512345678", "300 123 4567", "5512345678", "+56987654321"], "phone", country=["MX", "CO", None, None])
    assert values.field("e164").to_pylist() == ["+525512345678", "+573001234567", None, "+56987654321"]
    assert {row: why.code for row, why in reasons.items()} == {2: "phone_country"}
