"""Lists that leave the product run nothing where they are opened."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest

from recaudo.ui.export import csv_response, disarmed, list_response, xlsx_response

ROW = ["=cmd|' /C calc'!A0", Decimal("-12.50"), date(2026, 11, 24), None, "María, Ñ \"x\"", 7, "\x01texto", "https://malo.example", True]
COLUMNS = [f"c{n}" for n in range(len(ROW))]


def body(response):
    content = b"".join(response.streaming_content)
    response.file_to_stream.close()
    return content


@pytest.mark.parametrize("text", ["=1+1", "+52", "-1", "@x", "\t=1", "\r=1", "|x", "%x", "  =1", "＝1", "\n=1"])
def test_what_a_spreadsheet_would_run_is_disarmed(text):
    assert disarmed(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "María", "a=b", "12", "(x)"])
def test_plain_text_stays_as_it_is(text):
    assert disarmed(text) == text


def test_csv_holds_numbers_days_and_accents():
    counted = []
    text = body(csv_response("lista", COLUMNS, [ROW], record=counted.append)).decode("utf-8-sig")
    header, row = list(csv.reader(io.StringIO(text)))
    assert header == COLUMNS
    assert row[:6] == ["'=cmd|' /C calc'!A0", "-12.50", "2026-11-24", "", 'María, Ñ "x"', "7"]
    assert (row[8], counted) == ("sí", [1])


def test_a_workbook_has_no_formula_and_no_link():
    counted = []
    data = body(xlsx_response("lista", COLUMNS, [ROW, ROW], record=counted.append))
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert "<v>-12.5</v>" in sheet
    assert "María" in sheet
    assert "\x01" not in sheet
    assert counted == [2]


def test_an_empty_list_has_its_headings():
    assert b"c0" in body(csv_response("l", COLUMNS, [], record=len_of))
    assert body(xlsx_response("l", COLUMNS, [], record=len_of)).startswith(b"PK")


def len_of(count):
    assert count == 0


def test_the_form_is_chosen_and_csv_is_the_usual_one():
    for asked, name in (("xlsx", "l.xlsx"), ("../x", "l.csv"), (None, "l.csv")):
        response = list_response(asked, "l", ["a"], [], record=len_of)
        response.file_to_stream.close()
        assert response.filename == name


def test_what_could_not_be_written_down_does_not_leave():
    def refuse(count):
        raise RuntimeError("the journal is away")

    with pytest.raises(RuntimeError):
        csv_response("l", ["a"], [["x"]], record=refuse)
