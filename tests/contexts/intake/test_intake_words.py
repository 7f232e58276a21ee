"""What people see of a file before they load it: words, not codes; their currencies before others."""

from __future__ import annotations

import io

from django.utils.html import escape
from tests.cast import NOW, TODAY, Cast

from recaudo.intake import services as intake
from recaudo.intake.forms import LayoutForm
from recaudo.intake.models import Layout
from recaudo.intake.words import CODES_ES, currency_choices
from recaudo.kernel.money import MINOR_DIGITS
from recaudo.portfolio.models import Portfolio


def test_the_preview_says_codes_in_words(cast: Cast, book: Portfolio) -> None:
    mapping = {
        "number": "Cuenta", "holder_name": "Cliente", "balance": "Saldo", "status": "Estatus", "holder_kind": "Tipo", "consent_channels": "Canales",
        "country": "Pais", "currency": "Moneda",
    }  # fmt: skip
    layout = intake.save_layout(name="palabras", target="accounts", mapping=mapping, options={}, portfolio=book, by=cast.raul, at=NOW)
    text = "Cuenta,Cliente,Saldo,Estatus,Tipo,Canales,Pais,Moneda\nT-1,Rosa Díaz Peña,900.00,castigado,F,whatsapp y correo,MX,MXN\n"
    batch = intake.receive(source=io.BytesIO(text.encode()), file_name="a.csv", layout=layout, on=TODAY, by=cast.raul, at=NOW)
    understood = {title: seen for title, _, seen, wrong in intake.preview(batch).rows[0][1] if not wrong}
    assert understood["Estatus"] == "Castigada" and understood["Tipo"] == "Persona física o natural"
    assert understood["Canales"] == "Correo, WhatsApp" and understood["Pais"] == "México"
    assert understood["Moneda"] == "Peso mexicano" and understood["Saldo"] == "$ 900.00 MXN"


def test_an_organisation_is_offered_its_currencies_first_and_units_as_units(cast: Cast, book: Portfolio) -> None:
    first, own, others, units = LayoutForm()["currency"].field.choices
    assert first == ("", "La de la cartera") and own[0] == "De sus carteras"
    assert {code for code, _ in own[1]} == set(Portfolio.objects.values_list("currency", flat=True))
    assert [code for code, _ in others[1]][:1] and "TWD" not in dict(others[1]) and not set(dict(own[1])) & set(dict(others[1]))
    assert units[0] == "Unidades de cuenta (índices)"
    assert set(dict(units[1])) <= {"UF", "UDI", "UVT"}


def test_a_currency_outside_the_region_is_offered_where_a_portfolio_has_it() -> None:
    assert "TWD · Dólar taiwanés" in [label for _, choices in currency_choices(["TWD"])[1:] for _, label in choices]


def test_every_known_currency_has_a_name() -> None:
    assert set(CODES_ES["currency"]) == set(MINOR_DIGITS)


def test_a_saved_currency_stays_a_choice(cast: Cast, book: Portfolio, cards: Layout) -> None:
    assert LayoutForm({"name": "x", "target": "accounts", "decimal": ".", "date": "dmy", "currency": "TWD"}).is_valid()
    assert not LayoutForm({"name": "x", "target": "accounts", "decimal": ".", "date": "dmy", "currency": escape("<b>")}).is_valid()
