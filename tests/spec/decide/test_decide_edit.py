"""Changes to a table, cell by cell, and what a reviewer is shown."""

from __future__ import annotations

import pytest
from tests.spec.decide.tables import model_of

from recaudo.engine import decide
from recaudo.engine.decide.problems import InvalidModel, UnknownColumn, UnknownDecision, UnknownRule


@pytest.fixture
def model() -> decide.Model:
    return model_of(
        ["dpd", "ok"], [(["> 30", "-"], ['"call"']), (["> 5", "true"], ['"sms"']), (["-", "-"], ['"rest"'])]
    )


def test_one_edited_cell_is_one_change(model: decide.Model) -> None:
    edited = decide.set_cell(model, "act", "act_r2", "dpd", ">= 45")
    assert decide.diff(model, edited) == [decide.Change("act", "cell", "act_r2", "dpd", "> 5", ">= 45")]
    assert decide.evaluate(edited, {"dpd": 10, "ok": True}).outputs == {"act": "rest"}
    assert edited.sha256 != model.sha256


def test_the_old_model_stays_as_it_was(model: decide.Model) -> None:
    before = model.xml
    decide.delete_rule(model, "act", "act_r1")
    assert decide.to_xml(model) == before
    assert len(model.decision("act").table.rules) == 3


def test_an_output_and_a_reason_can_be_edited(model: decide.Model) -> None:
    edited = decide.set_cell(
        decide.set_cell(model, "act", "act_r1", "act", '"visit"'), "act", "act_r1", "Motivo", "Porque sí."
    )
    fired = decide.evaluate(edited, {"dpd": 31, "ok": None}).decision("act")
    assert (fired.value, fired.reason) == ("visit", "Porque sí.")


def test_a_rule_is_added_at_its_place(model: decide.Model) -> None:
    edited = decide.add_rule(
        model, "act", inputs=["> 100"], outputs=['"legal"'], annotation="Muy tarde.", at=1, rule_id="nueva"
    )
    assert [rule.id for rule in edited.decision("act").table.rules] == ["nueva", "act_r1", "act_r2", "act_r3"]
    found = decide.evaluate(edited, {"dpd": 101, "ok": None}).decision("act")
    assert (found.value, found.winners, found.reason) == ("legal", (1,), "Muy tarde.")
    assert [(one.kind, one.rule_id) for one in decide.diff(model, edited)] == [("rule_added", "nueva")]


def test_a_rule_without_an_id_gets_the_same_one_each_time(model: decide.Model) -> None:
    first, second = (decide.add_rule(model, "act", inputs=["1"], outputs=['"x"']) for _ in range(2))
    assert first.sha256 == second.sha256
    assert len({rule.id for rule in first.decision("act").table.rules}) == 4


def test_a_removed_and_a_moved_rule_are_told_apart(model: decide.Model) -> None:
    removed = decide.delete_rule(model, "act", "act_r1")
    assert [(one.kind, one.rule_id) for one in decide.diff(model, removed)] == [("rule_removed", "act_r1")]
    moved = decide.move_rule(model, "act", "act_r3", 1)
    assert [rule.id for rule in moved.decision("act").table.rules] == ["act_r3", "act_r1", "act_r2"]
    assert [(one.kind, one.rule_id, one.old, one.new) for one in decide.diff(model, moved)] == [
        ("rule_moved", "act_r3", "3", "1")
    ]
    assert decide.diff(model, decide.move_rule(moved, "act", "act_r3", 99)) == []


def test_what_does_not_exist_is_said(model: decide.Model) -> None:
    with pytest.raises(UnknownDecision):
        decide.set_cell(model, "otra", "act_r1", "dpd", "1")
    with pytest.raises(UnknownRule):
        decide.set_cell(model, "act", "act_r9", "dpd", "1")
    with pytest.raises(UnknownColumn):
        decide.set_cell(model, "act", "act_r1", "edad", "1")
    with pytest.raises(InvalidModel):
        decide.add_rule(model, "act", rule_id="act_r1")


def test_other_tools_parts_of_the_file_survive_an_edit(model: decide.Model) -> None:
    marked = model.xml.replace(
        b"</definitions>", b'<x:note xmlns:x="urn:x" who="dmn-js">diagrama</x:note></definitions>'
    )
    edited = decide.set_cell(decide.read(marked), "act", "act_r1", "dpd", "> 31")
    assert b'who="dmn-js">diagrama</x:note>' in edited.xml
