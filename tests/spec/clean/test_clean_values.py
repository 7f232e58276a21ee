"""Numbers, amounts, dates, names, e-mails, addresses, currencies: the tables an analyst can read."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recaudo.engine import clean
from recaudo.engine.clean import Refused, clean_column
from recaudo.kernel.money import MINOR_DIGITS, UnknownCurrency

NUMBERS = [
    ("1,234.50", "point", "1234.50"), ("1.234,50", "comma", "1234.50"), ("1.234", "comma", "1234"), ("1,234", "point", "1234"),
    ("1.234", "point", "1.234"), ("$ 1,234.50", "point", "1234.50"), ("(1,234.50)", "point", "-1234.50"), ("-$5", "point", "-5"),
    ("$-5", "point", "-5"), ("5-", "point", "-5"), ("R$ 1.234,50", "comma", "1234.50"), ("1'234,567.80", "point", "1234567.80"),
    ("1 234,5", "comma", "1234.5"), ("12 %", "point", "12"), ("1,000.00 MXN", "point", "1000.00"), (".5", "point", "0.5"), ("+7", "comma", "7"),
]  # fmt: skip
BAD_NUMBERS = [
    ("1.234,50", "point", "number_other_style"), ("1,234.50", "comma", "number_other_style"), ("12.34,50", "comma", "number_groups"),
    ("1,2,3", "point", "number_groups"), ("doce", "point", "not_a_number"), ("1e5", "point", "not_a_number"), ("", "point", "empty"),
    ("9999999999999999", "point", "number_too_large"), ("1..2", "point", "number_groups"), ("NaN", "point", "not_a_number"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "style", "value"), NUMBERS)
def test_a_number_is_read_in_its_declared_style(text, style, value):
    assert clean.number(text, style) == Decimal(value)


@pytest.mark.parametrize(("text", "style", "code"), BAD_NUMBERS)
def test_a_bad_number_says_what_is_wrong(text, style, code):
    assert clean.number(text, style).code == code


def test_an_amount_is_whole_minor_units_and_is_never_rounded_in_silence():
    assert clean.amount("1,234.5", "point", "MXN") == 123450
    assert clean.amount("1.234", "comma", "CLP") == 1234
    assert clean.amount("1.234,00", "comma", "CLP") == 1234
    assert clean.amount("1.234,50", "comma", "CLP").code == "too_many_decimals"
    assert clean.amount("0.005", "point", "MXN").code == "too_many_decimals"
    assert clean.amount("12,3456", "comma", "UF") == 123456
    with pytest.raises(UnknownCurrency):
        clean.amount("1", "point", "ZZZ")


@settings(deadline=None)
@given(st.integers(-(10**14), 10**14), st.sampled_from(["point", "comma"]), st.sampled_from(sorted(MINOR_DIGITS)))
def test_an_amount_comes_back_exact_from_either_style(minor, style, currency):
    text = f"{Decimal(minor).scaleb(-MINOR_DIGITS[currency]):,f}"
    text = text if style == "point" else text.translate(str.maketrans(",.", ".,"))
    assert clean.amount(text, style, currency) == minor


@settings(deadline=None)
@given(st.lists(st.sampled_from([text for text, *_ in NUMBERS + BAD_NUMBERS] + ["7.00", "7.001", "0", "-0", "100000000000000"])), st.sampled_from(["point", "comma"]))
def test_a_column_of_numbers_says_the_same_as_one_by_one(texts, style):
    for kind, one in (("decimal", clean.number), ("integer", clean.integer), ("money", lambda t, s: clean.amount(t, s, "MXN"))):
        options = {"style": style, **({"currency": "MXN"} if kind == "money" else {})}
        values, reasons = clean_column(texts, kind, **options)
        for row, text in enumerate(texts):
            alone = one(text, style)
            if isinstance(alone, Refused):
                assert values[row].as_py() is None
                assert reasons[row].code == alone.code if text else row not in reasons
            else:
                assert values[row].as_py() == alone and row not in reasons


def test_money_in_several_currencies_follows_the_currency_of_the_row():
    values, reasons = clean_column(["10.50", "10.50", "10", "1"], "money", style="point", currency=["MXN", "CLP", "CLP", None])
    assert values.to_pylist() == [1050, None, 10, None]
    assert {row: why.code for row, why in reasons.items()} == {1: "too_many_decimals", 3: "amount_without_currency"}


DAYS = [
    ("31/12/2025", "dmy"), ("31-12-25", "dmy"), ("31.12.2025", "dmy"), ("12/31/2025", "mdy"), ("2025-12-31", "dmy"), ("20251231", "dmy"),
    ("2025/12/31 00:00:00", "ymd"), ("2025-12-31T08:30:00Z", "dmy"), ("31-dic-2025", "dmy"), ("31 de diciembre de 2025", "dmy"),
    ("31 DIC 25", "dmy"), ("46022", "dmy"), ("25-12-31", "ymd"), ("31/12/2025 08:30 p. m.", "dmy"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "order"), DAYS)
def test_a_day_is_read_in_its_declared_order(text, order):
    assert clean.day(text, order) == date(2025, 12, 31)


@pytest.mark.parametrize(
    ("text", "code"),
    [("31/02/2025", "no_such_day"), ("12/31/2025", "no_such_day"), ("ayer", "not_a_date"), ("31/12/1850", "date_out_of_range"), ("", "empty"), ("1/2", "not_a_date")],
)
def test_a_day_that_is_none_says_why(text, code):
    assert clean.day(text, "dmy").code == code


def test_two_digit_years_turn_at_the_pivot():
    assert clean.day("01/01/49") == date(2049, 1, 1)
    assert clean.day("01/01/50") == date(1950, 1, 1)


@settings(deadline=None)
@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_every_day_comes_back_from_every_order(value):
    for order, form in (("dmy", "%d/%m/%Y"), ("mdy", "%m-%d-%Y"), ("ymd", "%Y.%m.%d"), ("dmy", "%Y%m%d")):
        assert clean.day(value.strftime(form), order) == value


def test_a_name_is_found_without_accents_capitals_or_double_spaces():
    assert clean.search_key("José  Núñez") == "jose nunez"
    assert clean.search_key("D’Angelo, ÑANDÚ-Peña") == "dangelo nandu pena"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("JOSÉ  NÚÑEZ DE LA CRUZ", "José Núñez de la Cruz"), ("maría o'higgins", "María O'Higgins"), ("DE LEÓN, ANA", "De León, Ana"),
        ("ACEROS DEL NORTE S.A. DE C.V.", "Aceros del Norte S.A. de C.V."), ("Juan McDonald", "Juan McDonald"), ("JUAN PÉREZ-GÓMEZ II", "Juan Pérez-Gómez II"),
    ],
)  # fmt: skip
def test_capitals_become_nice_case_and_mixed_case_is_left_alone(text, shown):
    assert clean.name(text).value == shown


def test_a_filling_is_not_a_name():
    assert [clean.name(text).code for text in ("N/A", "123", "SIN NOMBRE", "Jos\ufffd P", " ")] == [
        "name_placeholder", "name_placeholder", "name_placeholder", "name_characters", "empty",
    ]  # fmt: skip


def test_two_surnames_are_split_in_the_order_of_the_file():
    assert clean.name_parts("María Fernanda de la Cruz Núñez", order="given_first") == clean.NameParts("María Fernanda", "de la Cruz", "Núñez")
    assert clean.name_parts("NÚÑEZ PÉREZ JOSÉ LUIS", order="surnames_first") == clean.NameParts("JOSÉ LUIS", "NÚÑEZ", "PÉREZ")
    assert clean.name_parts("José Núñez", order="given_first") == clean.NameParts("José", "Núñez", "")
    assert clean.name_parts("Madonna", order="given_first") == clean.NameParts("Madonna", "", "")


@settings(deadline=None)
@given(st.text(max_size=60))
def test_a_search_key_is_stable(text):
    assert clean.search_key(clean.search_key(text)) == clean.search_key(text)


def test_an_email_is_checked_by_its_form():
    assert clean.email(" Ana.Solis@CORREO.mx ") == clean.CleanEmail("Ana.Solis@correo.mx", "ana.solis@correo.mx")
    codes = {
        "ana": "email_no_at", "ana@@x.mx": "email_several", "ana@x": "email_syntax", "ana..s@x.mx": "email_syntax", "ñandú@x.mx": "email_accents",
        "a@x.mx;b@x.mx": "email_several", "notiene@correo.com": "email_placeholder", "no@no.com": "email_placeholder", "": "empty",
    }  # fmt: skip
    assert {text: clean.email(text).code for text in codes} == codes


def test_an_address_keeps_its_landmark_and_says_whether_it_has_a_number():
    found = clean.address("Av.  Juárez s/n, entre calles Allende y Morelos, frente a la iglesia")
    assert found.value == "Av. Juárez S/N, entre calles Allende y Morelos, frente a la iglesia"
    assert (found.has_number, found.between, found.landmark) == (False, ("Allende", "Morelos"), "frente a la iglesia")


@pytest.mark.parametrize(
    ("text", "has_number", "landmark"),
    [
        ("Calle 45 # 12-34", True, ""), ("Mz 5 Lt 12, Col. Centro", True, ""), ("Av. Providencia 1208, depto. 4", True, ""),
        ("De la iglesia de Escazú, 200 m sur y 50 este", False, "200 m sur y 50 este"), ("Camino real sin número, esquina con la tienda", False, "esquina con la tienda"),
        ("Domicilio conocido", False, ""),
    ],
)  # fmt: skip
def test_addresses_of_the_region(text, has_number, landmark):
    found = clean.address(text)
    assert (found.has_number, found.landmark) == (has_number, landmark)


def test_a_filling_is_not_an_address():
    assert [clean.address(text).code for text in ("N/A", "SIN DIRECCION", "12", "")] == ["address_placeholder"] * 3 + ["empty"]


def test_a_currency_has_one_code_and_a_bare_peso_sign_none():
    assert [clean.currency(text) for text in ("mxn", "M.N.", "Pesos Mexicanos", "CLF", "U.F.", "S/.", "US$", "UDIS")] == [
        "MXN", "MXN", "MXN", "UF", "UF", "PEN", "USD", "UDI",
    ]  # fmt: skip
    assert [clean.currency(text).code for text in ("$", "pesos", "ZZZ", "")] == ["currency_ambiguous", "currency_ambiguous", "currency_unknown", "empty"]


def test_a_text_column_has_single_spaces_and_refuses_what_cannot_be_read():
    values, reasons = clean_column(["  a \t b ", "", None, "caf\ufffd"], "text")
    assert values.to_pylist() == ["a b", None, None, None]
    assert [why.code for why in reasons.values()] == ["text_unreadable"]


def test_a_refusal_takes_the_title_of_its_column():
    why = clean.number("x", "point").of("Saldo vencido")
    assert why.text_es.startswith("Saldo vencido: no es un número.")


def test_an_unknown_kind_of_column_is_a_problem():
    with pytest.raises(clean.UnknownKind, match="no existe"):
        clean_column(["1"], "colour")


@pytest.mark.parametrize("kind", sorted(clean.KINDS))
def test_every_kind_takes_an_empty_column_and_one_of_nulls(kind):
    options = {"money": {"currency": "MXN"}, "phone": {"country": "MX"}, "national_id": {"country": "MX"}}.get(kind, {})
    for column in ([], [None, ""]):
        values, reasons = clean_column(column, kind, **options)
        assert (len(values), values.null_count, reasons, values.type) == (len(column), len(column), {}, clean.KINDS[kind])
