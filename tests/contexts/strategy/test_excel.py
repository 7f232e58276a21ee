"""A strategy goes out to Excel and comes back: the same, changed, or refused cell by cell."""

from __future__ import annotations

import io
import zipfile

import pytest
import python_calamine
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from tests.contexts.strategy.conftest import row_of
from xlsxwriter.utility import xl_cell_to_rowcol

from recaudo.engine import decide
from recaudo.journal.models import Event
from recaudo.strategy import services
from recaudo.strategy.models import StrategyVersion
from recaudo.strategy.queries.lenient import Unclear, Words, feel_of, shown
from recaudo.strategy.queries.sheets import workbook
from recaudo.strategy.queries.versions import model_of

NUMBER = Words("Días de atraso", "number", is_whole=True)
RATE = Words("Uso", "number")
DOLLARS = Words("Vencido", "number", is_whole=True, is_usd=True)
PRODUCT = Words("Producto", "string", {"credit_card": "Tarjeta de crédito", "instalment_loan": "Préstamo", "invoice": "Factura"}, is_open=False)
FREE = Words("País", "string")
TRUTH = Words("Promesa", "boolean")
DAY = Words("Día", "date")


class Grid(list):
    """The cells of a sheet: `grid["B7"] = "x"`."""

    def __setitem__(self, address, value):
        row, column = xl_cell_to_rowcol(address)
        while len(self) <= row:
            self.append([])
        self[row].extend([""] * (column + 1 - len(self[row])))
        self[row][column] = value


def sheets_of(content):
    book = python_calamine.load_workbook(io.BytesIO(content))
    return {name: Grid(book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names}


def written(change, version):
    """The workbook of a version after somebody worked on it with another program."""
    sheets = sheets_of(workbook(model_of(version), created_at=version.created_at))
    change(sheets)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd/mm/yyyy"}) as book:
        for name, rows in sheets.items():
            page = book.add_worksheet(name)
            for row, cells in enumerate(rows):
                for column, value in enumerate(cells):
                    if isinstance(value, str):
                        page.write_string(row, column, value)
                    else:
                        page.write(row, column, value)
    return out.getvalue()


def propose(change, version):
    return services.propose_workbook(version, written(change, version))


@pytest.mark.parametrize(
    ("words", "typed", "feel"),
    [
        (NUMBER, "", "-"), (NUMBER, "cualquiera", "-"), (NUMBER, "30-60", "[30..60]"), (NUMBER, "30 a 60", "[30..60]"), (NUMBER, "entre 30 y 60", "[30..60]"),
        (NUMBER, "[30..60)", "[30..60)"), (NUMBER, ">= 30", ">= 30"), (NUMBER, "≥30", ">= 30"), (NUMBER, "30 o más", ">= 30"), (NUMBER, "menos de 5", "< 5"),
        (NUMBER, "hasta 5", "<= 5"), (NUMBER, "1; 7; 30-60", "1, 7, [30..60]"), (NUMBER, "1, 7", "1, 7"), (NUMBER, "no 4", "not(4)"), (NUMBER, "sin dato; < 30", "null, < 30"),
        (NUMBER, "1.500", "1500"), (NUMBER, "null, < 30", "null, < 30"), (RATE, "0,5", "0.5"), (RATE, "0,25 - 0,5", "[0.25..0.5]"), (RATE, "50 %", "0.5"), (RATE, "1.500,25", "1500.25"),
        (DOLLARS, "US$ 500", "50000"), (DOLLARS, ">= US$ 1.000,50", ">= 100050"),
        (PRODUCT, "TARJETA DE CREDITO, PRÉSTAMO", '"credit_card", "instalment_loan"'), (PRODUCT, "invoice", '"invoice"'), (PRODUCT, "no Factura", 'not("invoice")'),
        (PRODUCT, "sin dato", "null"), (PRODUCT, '"invoice"', '"invoice"'), (PRODUCT, "-", "-"), (FREE, "MX, CL", '"MX", "CL"'), (FREE, "no MX", 'not("MX")'),
        (TRUTH, "sí", "true"), (TRUTH, "No", "false"), (TRUTH, "", "-"), (DAY, "31/12/2026", 'date("2026-12-31")'), (DAY, ">= 01/02/2026", '>= date("2026-02-01")'),
        (DAY, "01/01/2026 - 31/01/2026", '[date("2026-01-01")..date("2026-01-31")]'), (DAY, "2026-01-05", 'date("2026-01-05")'),
    ],
)  # fmt: skip
def test_what_people_write_is_understood(words, typed, feel):
    assert feel_of(words, typed, is_sheet=True) == feel
    assert feel_of(words, shown(words, feel), is_sheet=True).replace(" ", "") == feel.replace(" ", "")


@pytest.mark.parametrize(
    ("words", "typed", "said"),
    [
        (NUMBER, "60-30", "al revés"), (NUMBER, "treinta", "no se entiende|no se"), (NUMBER, "1,7", "punto y coma"), (NUMBER, "30-", "no se entiende"),
        (RATE, "1.500", "miles o como decimales"), (PRODUCT, "Hipoteca", "Los que hay: Factura"), (PRODUCT, "no Hipoteca", "no es un valor"),
        (TRUTH, "quizá", "sí o no"), (DAY, "31/02/2026", "no es un día"), (NUMBER, '"alta', "no se entiende"),
    ],
)  # fmt: skip
def test_what_is_not_clear_is_refused_with_its_remedy(words, typed, said):
    try:
        found = feel_of(words, typed, is_sheet=True)
    except Unclear as problem:
        assert problem.data["remedy"]
        assert any(part in problem.text for part in said.split("|"))
    else:
        assert found == "treinta", found  # a bare word is a name in FEEL: the check of the whole model refuses it


def test_a_workbook_that_was_not_touched_changes_nothing(cast, active):
    model = model_of(active)
    found = services.propose_workbook(active, workbook(model, created_at=cast.now))
    assert found.model is not None and found.model.xml == model.xml and not found.untouched
    with pytest.raises(services.NothingChanged):
        services.keep_workbook(active, xml=found.model.xml, base_sha256=active.sha256, note="x", by=cast.elena, at=cast.now)


def test_one_changed_cell_is_one_change_and_a_draft_with_the_same_keys(cast, active):
    def change(book):
        book["Canal"]["H6"] = "Correo"
        book["Tratamiento"]["N10"] = "2-3"

    found = propose(change, active)
    made = services.keep_workbook(active, xml=found.model.xml, base_sha256=active.sha256, note="Por correo", by=cast.elena, at=cast.now)
    changes = decide.diff(model_of(active), model_of(made))
    assert [(one.kind, one.decision, one.rule_id, one.new) for one in changes if one.decision == "channel"] == [("cell", "channel", "channel_r1", '"email"')]
    assert len(changes) == 2 and (made.status, made.based_on_id, made.number) == ("draft", active.id, 2)


def test_rows_are_added_removed_and_moved(cast, active):
    def change(book):
        sheet = book["Canal"]
        new = ["", "Visita", "no", "", "", "", "", "Carta", "Sin teléfono se deja una carta."]
        list.__setitem__(sheet, slice(5, 8), [sheet[6], sheet[5], new])

    found = propose(change, active)
    assert not found.errors
    rules = found.model.decision("channel").table.rules
    assert [rule.id for rule in rules[:2]] == ["channel_r2", "channel_r1"] and rules[3].id == "channel_r4" and len(rules) == 16
    assert (rules[2].inputs[0].text, rules[2].inputs[1].text, rules[2].outputs[0].text) == ('"VISIT"', "false", '"letter"')
    assert {one.kind for one in decide.diff(model_of(active), found.model)} == {"rule_added", "rule_removed", "rule_moved"}


def test_what_is_wrong_is_said_at_its_cell_and_nothing_is_kept(cast, enter, active):
    def change(book):
        book["Canal"]["B7"] = "Paloma mensajera"
        book["Canal"]["H8"] = "Fax"
        book["Tratamiento"]["H9"] = "60-30"
        book["Canal"]["A9"] = "channel_r1"
        book["Riesgo"]["D2"] = "U"

    content = written(change, active)
    found = services.propose_workbook(active, content)
    assert found.model is None
    assert {(one.sheet, one.cell) for one in found.errors} == {("Canal", "B7"), ("Canal", "H8"), ("Canal", "A9"), ("Tratamiento", "H9"), ("Riesgo", "D2")}
    page = enter("elena").post(reverse("strategy:workbook-upload", args=[active.id]), {"file": SimpleUploadedFile("x.xlsx", content)})
    assert page.status_code == 422 and "Paloma mensajera" in page.content.decode() and "B7" in page.content.decode()
    assert StrategyVersion.objects.count() == 1


def test_a_name_that_does_not_exist_is_found_at_its_cell_too(cast, active):
    found = propose(lambda book: book["Canal"].__setitem__("G7", "> hobby"), active)
    assert [(one.sheet, one.cell) for one in found.errors] == [("Canal", "G7")] and "hobby" in found.errors[0].what


def test_what_excel_took_for_a_date_is_not_guessed(cast, active):
    def change(book):
        import datetime

        book["Tratamiento"]["H9"] = datetime.date(2026, 5, 1)

    [error] = propose(change, active).errors
    assert error.cell == "H9" and "fecha" in error.what and "texto" in error.remedy


def test_a_column_that_is_gone_or_new_is_refused(cast, active):
    assert "Falta la columna" in propose(lambda book: book["Canal"].__setitem__("B4", "Otra"), active).errors[0].what
    assert "Sobra la columna" in propose(lambda book: book["Canal"].__setitem__("J4", "Otra"), active).errors[0].what


def test_a_sheet_that_is_not_there_leaves_its_table_alone(cast, active):
    def change(book):
        del book["Canal"]
        book["Riesgo"]["G6"] = "Otra razón"

    found = propose(change, active)
    assert found.untouched == ["Canal"] and len(decide.diff(model_of(active), found.model)) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"hola", "no es un libro"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "contraseña o es un libro antiguo"), (b"PK\x05\x06" + b"\0" * 18, "dañado")],
)
def test_what_is_no_workbook_is_refused(cast, enter, active, content, said):
    page = enter("elena").post(reverse("strategy:workbook-upload", args=[active.id]), {"file": SimpleUploadedFile("x.xlsx", content)})
    assert page.status_code == 422 and said in page.content.decode()


def test_a_zip_that_grows_is_refused_before_it_is_unpacked(cast, active):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 70_000_000)
    with pytest.raises(Exception, match="demasiado grande"):
        services.propose_workbook(active, out.getvalue())


def test_two_cells_at_the_ends_of_a_sheet_are_refused_before_it_is_laid_out(cast, active):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet("Lejos")
        page.write_string(0, 0, "x")
        page.write_string(30_000, 200, "y")  # six million cells; at the very end of a sheet the reader aborts the whole process
    with pytest.raises(Exception, match="lejos de ella"):
        services.propose_workbook(active, out.getvalue())


def test_no_cell_of_the_workbook_is_a_formula_or_a_link(cast, draft):
    evil = ["=HYPERLINK(\"http://127.0.0.1\",\"x\")", "+1+1", "@SUM(A1)", "-2+3", "=cmd|' /C calc'!A0"]
    for number, text in enumerate(evil, 2):
        services.change_cell(draft, decision="channel", rule_id=row_of(draft, "channel", number).id, column="motivo", text=text, by=cast.elena, at=cast.now)
    draft.refresh_from_db()
    content = workbook(model_of(draft), created_at=cast.now)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    pages = b"".join(part for name, part in parts.items() if name.startswith("xl/worksheets/"))
    assert b"<f>" not in pages and b"<f " not in pages and b"hyperlink" not in pages and b"<c r=" in pages
    assert not [name for name in parts if "externalLink" in name or "vba" in name or "connections" in name]
    assert {cell for rows in sheets_of(content).values() for row in rows for cell in row} >= set(evil)
    found = services.propose_workbook(draft, content)
    assert found.model is not None and found.model.xml == draft.xml.encode()


def test_the_page_shows_what_changes_before_it_is_kept(cast, enter, draft):
    content = written(lambda book: book["Canal"].__setitem__("H6", "Carta"), draft)
    elena = enter("elena")
    page = elena.post(reverse("strategy:workbook-upload", args=[draft.id]), {"file": SimpleUploadedFile("x.xlsx", content)})
    text = page.content.decode()
    assert page.status_code == 200 and '<ins class="diff">Carta</ins>' in text and "Todavía no se guardó nada" in text
    draft.refresh_from_db()
    assert row_of(draft, "channel", 1).outputs[0].text != '"letter"'
    form = {"packed": page.context["packed"], "base": draft.sha256, "note": "Con carta"}
    elena.post(reverse("strategy:workbook-keep", args=[draft.id]), form)
    draft.refresh_from_db()
    assert row_of(draft, "channel", 1).outputs[0].text == '"letter"' and StrategyVersion.objects.count() == 2
    stale = elena.post(reverse("strategy:workbook-keep", args=[draft.id]), form)
    assert stale.status_code == 409 and "cambió después" in stale.content.decode()
    for packed in ("", "%%%", "eJwDAAAAAAE="):
        assert elena.post(reverse("strategy:workbook-keep", args=[draft.id]), {**form, "packed": packed, "base": draft.sha256}).status_code == 422


def test_the_workbook_is_taken_out_by_who_may_and_it_is_in_the_journal(cast, enter, active):
    answer = enter("carmen").get(reverse("strategy:workbook", args=[active.id]))
    assert answer.content.startswith(b"PK") and Event.objects.get(name="list.exported").detail["rows"] > 100
    assert enter("raul").get(reverse("strategy:workbook", args=[active.id])).status_code == 404
    assert enter("sofia").get(reverse("strategy:workbook-upload", args=[active.id])).status_code == 403
