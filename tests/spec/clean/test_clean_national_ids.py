"""National ids: what is taken, what is refused and why, and under which keys the same person is found."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.ar import cuit
from stdnum.cl import rut
from stdnum.co import nit
from stdnum.mx import curp, rfc

from recaudo.engine.clean import ID_KINDS, CleanId, Refused, clean_column, national_id

# country, as written, kind, compact, person
TAKEN = [
    ("MX", "GODE561231GR8", "RFC", "GODE561231GR8", "natural"),
    ("MX", " gode-561231-gr8 ", "RFC", "GODE561231GR8", "natural"),
    ("MX", "MAB-930714-8T4", "RFC", "MAB9307148T4", "legal"),
    ("MX", "BOXW310820HNERXN09", "CURP", "BOXW310820HNERXN09", "natural"),
    ("CL", "12.531.909-2", "RUT", "125319092", "natural"),
    ("CL", "0076086428-5", "RUT", "760864285", "legal"),
    ("CO", "213.123.432-1", "NIT", "2131234321", "natural"),
    ("CO", "900373115-3", "NIT", "9003731153", "legal"),
    ("CO", "1.020.304.050", "CC", "1020304050", "natural"),
    ("CO", "79 123 456", "CC", "79123456", "natural"),
    ("AR", "20-05536168-2", "CUIT", "20055361682", "natural"),
    ("AR", "20.123.456", "DNI", "20123456", "natural"),
    ("BR", "390.533.447-05", "CPF", "39053344705", "natural"),
    ("BR", "16.727.230/0001-97", "CNPJ", "16727230000197", "legal"),
    ("PE", "20512333797", "RUC", "20512333797", "legal"),
    ("PE", "10117410", "DNI", "10117410", "natural"),
    ("PE", "7654321", "DNI", "07654321", "natural"),
    ("EC", "171430710-3", "CI", "1714307103", "natural"),
    ("EC", "1792060346-001", "RUC", "1792060346001", "legal"),
    ("CR", "1-613-584", "CEDULA", "0106130584", "natural"),
    ("CR", "3-101-999999", "JURIDICA", "3101999999", "legal"),
    ("PA", "8-442-445", "CEDULA", "8-442-445", "natural"),
    ("PA", "PE-12-1234", "CEDULA", "PE-12-1234", "natural"),
    ("GT", "576937-K", "NIT", "576937K", ""),
]  # fmt: skip

# country, kind or None, as written, code of the reason
REFUSED = [
    ("MX", None, "GODE561231GR9", "id_check_digit"),
    ("MX", None, "GODE561231", "id_length"),
    ("MX", None, "GODE561331GR8", "id_component"),
    ("MX", None, "XAXX010101000", "id_placeholder"),
    ("MX", None, "XEXX010101000", "id_placeholder"),
    ("MX", None, "BOXW310820HNERXN08", "id_check_digit"),
    ("CL", None, "12.531.909-3", "id_check_digit"),
    ("CL", None, "12.531-2", "id_length"),
    ("CO", None, "900373115-4", "id_check_digit"),
    ("CO", None, "11111111", "id_placeholder"),
    ("CO", "CC", "900373115", "id_length"),
    ("AR", None, "20-05536168-3", "id_check_digit"),
    ("AR", None, "00000000", "id_placeholder"),
    ("BR", None, "111.111.111-11", "id_placeholder"),
    ("BR", None, "390.533.447-06", "id_check_digit"),
    ("PE", None, "99999999", "id_placeholder"),
    ("PE", None, "20512333798", "id_check_digit"),
    ("EC", None, "1714307104", "id_check_digit"),
    ("EC", None, "9914307103", "id_component"),
    ("GT", None, "576937-1", "id_check_digit"),
    ("GT", None, "2222222220101", "id_check_digit"),
    ("PA", None, "octavo", "id_format"),
    ("CL", "CURP", "12.531.909-2", "id_kind"),
    ("ZZ", None, "123", "id_country"),
    ("CL", None, "   ", "empty"),
]  # fmt: skip


@pytest.mark.parametrize(("country", "text", "kind", "value", "person"), TAKEN)
def test_a_good_id_is_taken_in_compact_form(country, text, kind, value, person):
    found = national_id(text, country)
    assert isinstance(found, CleanId), found
    assert (found.kind, found.value, found.person) == (kind, value, person)


@pytest.mark.parametrize(("country", "kind", "text", "code"), REFUSED)
def test_a_bad_id_is_refused_with_a_reason_that_does_not_repeat_it(country, kind, text, code):
    found = national_id(text, country, kind)
    assert isinstance(found, Refused)
    assert found.code == code
    assert found.problem_es.endswith(".") and found.mend_es.endswith(".")
    assert not text.strip() or text.strip() not in found.text_es


def test_the_dpi_of_guatemala_is_checked_by_its_ninth_digit():
    body = "24105127"
    digit = sum(int(d) * w for d, w in zip(body, range(2, 10), strict=True)) % 11
    good = national_id(f"{body}{digit}0101", "GT")
    assert isinstance(good, CleanId) and good.kind == "DPI"
    wrong = national_id(f"{body}{(digit + 1) % 10}0101", "GT")
    assert isinstance(wrong, Refused) and wrong.code == "id_check_digit"


def test_a_non_binary_curp_is_a_curp():
    body = "BOXW310820XNERXN0"
    number = body + curp.calc_check_digit(body)
    assert isinstance(national_id(number, "MX"), CleanId)
    assert isinstance(national_id(body + str((int(number[-1]) + 1) % 10), "MX"), Refused)


@pytest.mark.parametrize(
    ("tax_id", "own_id", "country"),
    [("10101174102", "10117410", "PE"), ("1714307103001", "1714307103", "EC"), ("20-05536168-2", "5536168", "AR")],
)
def test_a_persons_tax_id_leads_to_the_id_inside_it(tax_id, own_id, country):
    outer, inner = national_id(tax_id, country), national_id(own_id, country)
    assert set(outer.match_keys) & set(inner.match_keys)


def test_a_colombian_persons_nit_leads_to_the_cedula():
    outer = national_id("79123456" + "-" + nit.calc_check_digit("79123456"), "CO")
    assert set(outer.match_keys) & set(national_id("79.123.456", "CO").match_keys)


def test_rfc_and_curp_share_only_a_weak_key():
    person = national_id("GODE561231GR8", "MX")
    body = "GODE561231HDFRXN0"
    other = national_id(body + curp.calc_check_digit(body), "MX")
    assert not set(person.match_keys) & set(other.match_keys)
    assert set(person.weak_keys) & set(other.weak_keys) == {"MX:10:GODE561231"}


@settings(deadline=None)
@given(st.integers(4_000_000, 49_999_999))
def test_every_rut_with_its_digit_is_taken_and_with_another_refused(number):
    digit = rut.calc_check_digit(str(number))
    assert isinstance(national_id(f"{number:,}-{digit}".replace(",", "."), "CL"), CleanId)
    wrong = "K" if digit != "K" else "1"
    assert national_id(f"{number}-{wrong}", "CL").code == "id_check_digit"


@settings(deadline=None)
@given(st.from_regex(r"[B-D][FGH]{3}[5-9][0-9](0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])[1-9A-V][1-9A-Z]", fullmatch=True))
def test_one_changed_figure_in_an_rfc_is_noticed(body):
    good = body + rfc.calc_check_digit(body)
    assert isinstance(national_id(good, "MX"), CleanId)
    changed = ("E" if good[0] != "E" else "F") + good[1:]
    assert isinstance(national_id(changed, "MX"), Refused)


@settings(deadline=None)
@given(st.sampled_from(["20", "27"]), st.integers(1_000_000, 60_000_000))
def test_every_cuit_of_a_person_holds_its_dni(prefix, dni):
    body = f"{prefix}{dni:08d}"
    found = national_id(body + cuit.calc_check_digit(body), "AR")
    assert f"AR:DNI:{dni}" in found.match_keys


@settings(deadline=None)
@given(st.text(max_size=20), st.sampled_from(sorted(ID_KINDS)), st.booleans())
def test_nothing_that_can_be_typed_breaks_it(text, country, declared):
    for kind in ID_KINDS[country] if declared else (None,):
        assert isinstance(national_id(text, country, kind), CleanId | Refused)


def test_a_column_gives_values_and_reasons_by_row():
    values, reasons = clean_column(["12.531.909-2", None, "", "12.531.909-3", "12.531.909-2"], "national_id", country="CL")
    assert values.field("value").to_pylist() == ["125319092", None, None, None, "125319092"]
    assert {row: why.code for row, why in reasons.items()} == {3: "id_check_digit"}
    assert values.is_null().to_pylist() == [False, True, True, True, False]


def test_a_column_may_have_a_country_and_a_kind_of_its_own_in_each_row():
    texts = ["12.531.909-2", "1020304050", "9003731153", None, "12.531.909-2", "900373115"]
    countries = ["CL", "CO", "CO", "CL", None, "CO"]
    values, reasons = clean_column(texts, "national_id", country=countries, kind_of_id=[None, "CC", "NIT", None, None, "CC"])
    assert values.field("value").to_pylist() == ["125319092", "1020304050", "9003731153", None, None, None]
    assert {row: why.code for row, why in reasons.items()} == {4: "id_country", 5: "id_length"}
