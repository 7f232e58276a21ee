"""The pages of strategies: who opens them, what they say, what they refuse."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.contexts.strategy.conftest import row_of, send

from recaudo.journal.models import Event
from recaudo.project.cli import recaudo
from recaudo.strategy import services
from recaudo.strategy.models import Strategy, StrategyVersion

HX = {"HX-Request": "true"}
BOMB = b"""<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" name="&b;" namespace="x"/>"""


def at(name, *args):
    return reverse(f"strategy:{name}", args=args)


def test_elena_drafts_and_sends_and_gabriel_approves_and_puts_in_force(cast, enter, active):
    elena = enter("elena")
    made = elena.post(at("draft", active.id), {"note": "Escribir antes de llamar"}, follow=True)
    assert "Borrador creado: versión 2" in made.content.decode()
    draft = StrategyVersion.objects.get(number=2)
    cell = {"rule": row_of(draft, "channel", 2).id, "place": "2-7", "text": "Correo"}
    edited = elena.post(at("cell", draft.id, "channel"), cell, headers=HX)
    assert "Fila 2, Canal: Correo." in edited.content.decode()
    elena.post(at("submit", draft.id))
    gabriel = enter("gabriel")
    assert "Aprobar" in gabriel.get(at("version", draft.id)).content.decode()
    gabriel.post(at("approve", draft.id), {"note": "Bien"})
    gabriel.post(at("activate", draft.id), {"on": "2100-01-01"})
    draft.refresh_from_db()
    assert (draft.status, draft.active_from.year) == ("approved", 2100)
    page = gabriel.post(at("cancel-activation", draft.id), follow=True).content.decode()
    assert "sigue aprobada" in page


def test_a_past_day_is_refused(cast, enter, draft):
    send(draft, by=cast.elena, at=cast.now)
    services.approve(draft, by=cast.gabriel, at=cast.now)
    page = enter("gabriel").post(at("activate", draft.id), {"on": "2020-01-01"}, follow=True).content.decode()
    assert "Ese día ya pasó" in page
    draft.refresh_from_db()
    assert draft.status == "approved" and draft.active_from is None


def test_own_approval_is_refused_on_the_page_too(cast, client, boss, active):
    own = send(services.draft(active, note="Mía", by=boss, at=cast.now), by=boss, at=cast.now)
    client.force_login(boss, backend="recaudo.workforce.backends.StaffBackend")
    page = client.get(at("version", own.id)).content.decode()
    assert 'data-dialog="approve"' not in page and "otra persona" in page
    answer = client.post(at("approve", own.id), {"note": ""})
    assert answer.status_code == 403 and "debe hacerlo otra persona" in answer.content.decode()
    own.refresh_from_db()
    assert own.status == "submitted"


def test_a_rejection_says_why(cast, enter, draft):
    send(draft, by=cast.elena, at=cast.now)
    gabriel = enter("gabriel")
    assert "Diga por qué la rechaza" in gabriel.post(at("reject", draft.id), {"note": ""}, follow=True).content.decode()
    gabriel.post(at("reject", draft.id), {"note": "Faltan motivos"})
    draft.refresh_from_db()
    assert (draft.status, draft.decision_note) == ("rejected", "Faltan motivos")
    assert "Faltan motivos" in enter("elena").get(at("version", draft.id)).content.decode()


def test_a_wrong_cell_keeps_what_was_typed_and_says_why_in_its_place(cast, enter, draft):
    cell = {"rule": row_of(draft, "channel", 2).id, "place": "2-7", "text": "fax"}
    answer = enter("elena").post(at("cell", draft.id, "channel"), cell, headers=HX)
    page = answer.content.decode()
    assert answer.status_code == 422 and answer["HX-Retarget"] == "#c-2-7"
    assert 'value="fax"' in page and "póngalo entre comillas" in page and "&quot;letter&quot;" in page


def test_a_sent_version_offers_no_edit_and_refuses_one(cast, enter, draft):
    send(draft, by=cast.elena, at=cast.now)
    elena = enter("elena")
    assert "cell-edit" not in elena.get(at("version", draft.id)).content.decode()
    answer = elena.post(at("row", draft.id, "channel"), {"rule": row_of(draft, "channel", 2).id, "do": "delete"}, headers=HX)
    assert answer.status_code == 409 and "ya no es un borrador" in answer.content.decode()


def test_each_move_of_a_row_says_what_it_did(cast, enter, draft):
    elena, rule = enter("elena"), row_of(draft, "channel", 3).id
    for do, said in (("up", "subió"), ("down", "bajó"), ("copy", "Copia de la fila 3"), ("before", "nueva antes"), ("after", "nueva después"), ("delete", "Se borró")):
        answer = elena.post(at("row", draft.id, "channel"), {"rule": rule, "do": do}, headers=HX)
        assert said in answer.content.decode(), do
    assert elena.post(at("row", draft.id, "channel"), {"rule": rule, "do": "up"}, headers=HX).status_code == 404
    odd = elena.post(at("row", draft.id, "channel"), {"rule": row_of(draft, "channel", 1).id, "do": "explode"}, headers=HX)
    assert odd.status_code == 400


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("hostil.dmn", BOMB, "no permitida"),
        ("roto.dmn", b"<definitions", "no es un DMN legible"),
        ("foto.dmn", b"\x89PNG\r\n\x1a\n\x00", "no es un DMN legible"),
        ("ajeno.dmn", services.default_xml().replace(b">risk_score<", b">hobby_score<"), "hobby_score"),
        ("sin.dmn", services.default_xml().replace(b'name="offer"', b'name="regalo"'), "offer"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_with_its_reason(cast, enter, active, name, content, said):
    file = SimpleUploadedFile(name, content)
    answer = enter("elena").post(at("upload", active.strategy_id), {"file": file, "note": "Del editor"})
    assert answer.status_code == 422 and said in answer.content.decode()
    assert StrategyVersion.objects.count() == 1


def test_a_file_from_another_editor_becomes_a_draft_whose_rows_have_ids(cast, enter, active):
    bare = re.sub(rb' id="channel_r\d+"', b"", services.default_xml())
    answer = enter("elena").post(at("upload", active.strategy_id), {"file": SimpleUploadedFile("x.dmn", bare), "note": "Del editor"}, follow=True)
    assert "versión 2" in answer.content.decode()
    made = StrategyVersion.objects.get(number=2)
    assert made.based_on_id == active.id and made.status == "draft"
    first = row_of(made, "channel", 1).id
    services.move_row(made, decision="channel", rule_id=first, steps=2, by=cast.elena, at=cast.now)
    made.refresh_from_db()
    assert row_of(made, "channel", 3).id == first


def test_what_is_downloaded_is_what_decides(cast, enter, active):
    answer = enter("elena").get(at("download", active.id))
    assert answer.content == services.default_xml() and ".dmn" in answer["Content-Disposition"]


def test_who_may_take_lists_out_but_not_see_strategies_gets_none(cast, enter, active):
    assert enter("raul").get(at("export", active.id, "channel")).status_code == 404
    assert enter("carmen").get(at("export", active.id, "channel")).status_code == 200


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_table_goes_out_as_a_list_and_is_in_the_journal(cast, enter, active, form):
    answer = enter("elena").get(at("export", active.id, "channel"), {"formato": form})
    content = b"".join(answer.streaming_content)
    assert content.startswith(b"PK") if form == "xlsx" else "Recordatorio por mensaje de texto" in content.decode()
    assert Event.objects.get(name="list.exported").detail["rows"] == 16


def test_the_version_in_force_says_what_each_row_did(cast, enter, active, snapshot):
    page = enter("elena").get(at("table", active.id, "channel")).content.decode()
    assert "sobre 4 cuentas" in page and "filas no decidieron ninguna cuenta" in page


def test_without_a_kept_day_the_pages_say_so(cast, enter, draft):
    elena = enter("elena")
    assert "Todavía no se puede simular" in elena.get(at("simulate", draft.id), follow=True).content.decode()
    assert "Aún no hay una jornada guardada" in elena.get(at("version", draft.id)).content.decode()


def test_from_a_version_one_comes_to_the_simulator_with_it_chosen(cast, enter, active, draft, snapshot):
    page = enter("elena").get(at("simulate", draft.id), follow=True).content.decode()
    assert f'value="{draft.id}" selected' in page and f'value="{active.id}" selected' in page


def test_the_comparison_shows_old_and_new(cast, enter, draft):
    services.change_cell(draft, decision="channel", rule_id=row_of(draft, "channel", 2).id, column="channel_out1", text="Carta", by=cast.elena, at=cast.now)
    page = enter("gabriel").get(at("compare", draft.id)).content.decode()
    assert '<del class="diff">SMS</del> <ins class="diff">Carta</ins>' in page and "1 fila cambiada" in page


def test_an_organisation_without_a_strategy_begins_with_the_one_included(cast, enter):
    elena = enter("elena")
    assert "Empezar con las tablas incluidas" in elena.get(at("strategies")).content.decode()
    elena.post(at("start"))
    elena.post(at("start"))
    assert Strategy.objects.count() == 1 and StrategyVersion.objects.get().status == "draft"


PAGES = ["version", "compare", "download"]


@pytest.mark.parametrize(("who", "status"), [("elena", 200), ("gabriel", 200), ("sofia", 200), ("carmen", 200), ("ana", 403), ("raul", 403), ("nadia", 403)])
def test_the_pages_open_for_who_may_see_strategies(cast, enter, draft, who, status):
    client = enter(who)
    assert {client.get(at(page, draft.id)).status_code for page in PAGES} == {status}
    assert client.get(at("strategies")).status_code == status


def test_who_only_looks_changes_nothing(cast, enter, draft):
    sofia, rule = enter("sofia"), row_of(draft, "channel", 2).id
    for page in ("draft", "note", "submit", "approve", "reject", "activate"):
        assert sofia.post(at(page, draft.id), {"note": "x"}).status_code == 403, page
    assert sofia.post(at("row", draft.id, "channel"), {"rule": rule, "do": "delete"}).status_code == 403
    assert sofia.post(at("cell", draft.id, "channel"), {"rule": rule, "place": "2-7", "text": "im"}).status_code == 403
    elena = enter("elena")
    send(draft, by=cast.elena, at=cast.now)
    assert elena.post(at("approve", draft.id), {"note": ""}).status_code == 403


def test_another_organisation_sees_none_of_it(cast, enter, draft, snapshot):
    victor = enter("victor")
    assert "Aún no hay una estrategia" in victor.get(at("strategies")).content.decode()
    assert {victor.get(at(page, draft.id)).status_code for page in PAGES} == {404}
    assert victor.post(at("submit", draft.id)).status_code == 404
    assert victor.get(at("upload", draft.strategy_id)).status_code == 404


def test_the_pages_ask_the_database_little_and_always_the_same(cast, enter, active, snapshot):
    elena = enter("elena")
    counts = []
    for _ in range(2):
        for _ in range(3):
            services.draft(active, note="otra", by=cast.elena, at=cast.now)
        with CaptureQueriesContext(connection) as seen:
            elena.get(at("strategies"))
            elena.get(at("version", active.id))
        counts.append(len([one for one in seen if one["sql"].startswith("SELECT \"")]))
    assert counts[0] == counts[1] <= 24


def test_the_conformance_suite_runs_from_the_command_line():
    done = CliRunner().invoke(recaudo, ["dmn", "tck", "tests/spec/decide/tck", "--engine", "compiled", "--json"])
    found = json.loads(done.stdout)
    assert done.exit_code == 0 and found["total"]["wrong"] == 0 and found["total"]["passed"] >= 116
    assert set(found) >= {"total", "levels", "wrong_cases"}


def test_a_file_is_checked_from_the_command_line(tmp_path):
    good, bad = tmp_path / "good.dmn", tmp_path / "bad.dmn"
    good.write_bytes(services.default_xml())
    bad.write_bytes(services.default_xml().replace(b">risk_score<", b">hobby_score<"))
    assert CliRunner().invoke(recaudo, ["dmn", "check", str(good)]).exit_code == 0
    done = CliRunner().invoke(recaudo, ["dmn", "check", str(bad), "--json"])
    assert done.exit_code == 1 and "hobby_score" in done.stdout and json.loads(done.stdout)["errors"] >= 1
