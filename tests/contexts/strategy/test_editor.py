"""The table editor's server side: the file it opens, the check after each change, and saving."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from tests.contexts.strategy.conftest import row_of

from recaudo.engine import decide
from recaudo.engine.decide.write import ExpressionDraft, document
from recaudo.strategy import services
from recaudo.strategy.queries.versions import model_of


def url(name, version):
    return reverse(f"strategy:editor-{name}", args=[version.id])


def opened(client, version):
    return client.get(url("source", version)).content


def test_what_the_editor_opens_and_saves_untouched_changes_nothing(cast, enter, draft):
    elena = enter("elena")
    xml = opened(elena, draft)
    assert b"<description>" in xml
    answer = elena.post(url("save", draft), {"xml": xml.decode(), "base": draft.sha256})
    assert answer.status_code == 200
    before = model_of(draft)
    draft.refresh_from_db()
    assert decide.diff(before, model_of(draft)) == [] and answer.json()["sha256"] == draft.sha256
    assert row_of(draft, "channel", 2).annotation == before.decision("channel").table.rules[1].annotation


def test_a_changed_reason_and_a_new_row_of_the_editor_are_kept_with_the_old_keys(cast, enter, draft):
    elena = enter("elena")
    xml = opened(elena, draft).decode().replace("Hoy no se contacta a la persona.", "Hoy se descansa.")
    bare = re.search(r'<rule id="channel_r2">.*?</rule>', xml, re.DOTALL)[0]
    new = re.sub(r"<description>.*?</description>|<annotationEntry>.*?</annotationEntry>", "", bare, flags=re.DOTALL).replace("channel_r2", "DecisionRule_1x")
    answer = elena.post(url("save", draft), {"xml": xml.replace(bare, bare + new), "base": draft.sha256})
    assert answer.status_code == 200, answer.json()
    before = model_of(draft)
    draft.refresh_from_db()
    changes = decide.diff(before, model_of(draft))
    assert [(one.kind, one.rule_id) for one in changes if one.decision == "channel"] == [("cell", "channel_r1"), ("rule_added", "DecisionRule_1x")]


def test_the_check_names_the_cell_and_offers_what_was_meant(cast, enter, draft):
    xml = opened(enter("elena"), draft).decode()
    cell = re.search(r'id="(channel_r2_o1)">\s*<text>"sms"</text>', xml)
    wrong = xml.replace(cell[0], cell[0].replace('"sms"', "Paloma")).replace('<text>"REMIND_SMS"</text>', "<text>Recordatorio por SMS</text>", 1)
    told = enter("elena").post(url("check", draft), {"xml": wrong}).json()
    assert any(one["cell"] == "channel_r2_o1" and one["severity"] == "error" and one["table"] == "Canal" and one["row"] == 2 for one in told["findings"])
    assert [one["feel"] for one in told["mended"]] == ['"REMIND_SMS"']
    draft.refresh_from_db()
    assert row_of(draft, "channel", 2).outputs[0].text == '"sms"'


def test_a_draft_that_changed_elsewhere_is_not_overwritten(cast, enter, draft):
    elena = enter("elena")
    xml, base = opened(elena, draft).decode(), draft.sha256
    services.change_cell(draft, decision="channel", rule_id="channel_r2", column="channel_out1", text='"im"', by=cast.elena, at=cast.now)
    answer = elena.post(url("save", draft), {"xml": xml, "base": base})
    assert answer.status_code == 409 and "otra ventana" in answer.json()["detail"]
    draft.refresh_from_db()
    assert row_of(draft, "channel", 2).outputs[0].text == '"im"'


def test_who_only_reads_gets_the_tables_without_a_way_to_save(cast, enter, draft, active):
    sofia = enter("sofia")
    page = sofia.get(reverse("strategy:editor", args=[draft.id])).content.decode()
    assert '"mayEdit": false' in page and "editor-save" not in page
    assert sofia.post(url("save", draft), {"xml": "x", "base": ""}).status_code == 403
    assert sofia.post(url("check", draft), {"xml": "x"}).status_code == 403
    elena = enter("elena")
    assert '"mayEdit": true' in elena.get(reverse("strategy:editor", args=[draft.id])).content.decode()
    assert elena.post(url("save", active), {"xml": opened(elena, active).decode(), "base": active.sha256}).status_code == 409


BOMB = '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" name="&b;"/>'
DEEP = '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/">' + "<context>" * 90 + "</context>" * 90 + "</definitions>"
CYCLE = document("x", {}, [ExpressionDraft("a", "b", "number", ["b"]), ExpressionDraft("b", "a", "number", ["a"])]).decode()
STRANGE = document("x", {"signo_zodiacal": "string"}, [ExpressionDraft("a", "signo_zodiacal", "string", ["signo_zodiacal"])]).decode()
CLASH = document("x", {"dpd": "string"}, [ExpressionDraft("a", "dpd", "string", ["dpd"])]).decode()
HUGE = "<x/>" * 10


def many_rules():
    xml = services.default_xml().decode()
    rule = re.search(r'<rule id="channel_r16">.*?</rule>', xml, re.DOTALL)[0]
    return xml.replace(rule, "".join(rule.replace("channel_r16", f"channel_n{number}") for number in range(10_000)))


@pytest.mark.parametrize(
    ("made", "said"),
    [(lambda: BOMB, "no permitida"), (lambda: DEEP, "anidamiento"), (lambda: CYCLE, "círculo"), (lambda: STRANGE, "signo_zodiacal"), (lambda: CLASH, "se declara como texto"),
     (lambda: HUGE, "no es un DMN legible"), (lambda: "", "no es un DMN legible")],
)  # fmt: skip
def test_what_cannot_decide_is_refused_with_its_place_and_nothing_is_kept(cast, enter, draft, made, said):
    answer = enter("elena").post(url("save", draft), {"xml": made(), "base": draft.sha256})
    assert answer.status_code in (400, 413, 422) and said in answer.json()["detail"]
    before = draft.sha256
    draft.refresh_from_db()
    assert draft.sha256 == before


def test_ten_thousand_rows_are_refused(cast, draft):
    with pytest.raises(Exception, match=r"reglas.*10015 \(máximo 5000\)"):
        services.change(draft, xml=many_rules().encode(), note="", by=cast.elena, at=cast.now)
