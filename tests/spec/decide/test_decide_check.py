"""What an author is told before a table may run."""

from __future__ import annotations

import pytest
from tests.spec.decide.tables import FACTS, model_of

from recaudo.engine import decide
from recaudo.engine.decide.problems import CyclicModel, NotCompilable
from recaudo.engine.decide.write import ExpressionDraft, document


def findings(model: decide.Model) -> list[tuple[str, str, int | None]]:
    return [(one.severity, one.code, one.rule_number) for one in decide.check(model, FACTS)]


def test_a_good_table_has_no_findings() -> None:
    assert findings(model_of(["dpd"], [(["> 3"], ['"x"']), (["-"], ['"y"'])])) == []


def test_an_unknown_fact_is_named() -> None:
    model = decide.read(document("x", {"altura": "number"}, [ExpressionDraft("e", "altura", "number", ["altura"])]))
    [found] = decide.check(model, FACTS)
    assert (found.code, found.column) == ("unknown_fact", "altura")
    with pytest.raises(NotCompilable) as caught:
        decide.compile(model, FACTS)
    assert "altura" in caught.value.text


def test_a_fact_declared_with_another_type_is_a_clash() -> None:
    model = decide.read(document("x", {"dpd": "string"}, [ExpressionDraft("e", "dpd", "string", ["dpd"])]))
    assert [one.code for one in decide.check(model, FACTS)] == ["type_clash"]


def test_a_number_compared_with_a_text_is_found_at_its_cell() -> None:
    model = model_of(["dpd"], [(['"treinta"'], ['"x"']), (["-"], ['"y"'])])
    clash = next(one for one in decide.check(model, FACTS) if one.code == "type_clash")
    assert (clash.decision, clash.rule_id, clash.rule_number, clash.column) == ("act", "act_r1", 1, "dpd")


def test_an_unreadable_cell_is_found_and_stops_compiling() -> None:
    model = model_of(["dpd"], [(["> "], ['"x"'])])
    assert ("error", "unreadable_cell", 1) in findings(model)
    with pytest.raises(NotCompilable) as caught:
        decide.compile(model, FACTS)
    assert "regla 1, condición 1" in caught.value.data["where"]


def test_decisions_in_a_circle_are_found() -> None:
    drafts = [ExpressionDraft("a", "b + dpd", "number", ["b", "dpd"]), ExpressionDraft("b", "a", "number", ["a"])]
    model = decide.read(document("x", {"dpd": "number"}, drafts))
    assert "cycle" in [one.code for one in decide.check(model, FACTS)]
    with pytest.raises(CyclicModel):
        decide.compile(model, FACTS)
    with pytest.raises(CyclicModel):
        decide.evaluate(model, {"dpd": 1})


def test_rules_that_cannot_decide_are_found() -> None:
    rules = [(["> 3", "-"], ['"x"']), (["> 5", "true"], ['"y"']), (["[5..3]", "-"], ['"z"']), (["-", "-"], ['"w"'])]
    assert findings(model_of(["dpd", "ok"], rules)) == [("warning", "shadowed_rule", 2), ("warning", "never_true", 3)]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("for i in [dpd, 1] return i", "for"),
        ("[dpd, 2][item > 1]", "filtro"),
        ("dpd instance of number", "instance of"),
        ("matches(product, \"a\")", "matches"),
        ("function(x) x + dpd", "función"),
        ("if ok then dpd else product", "a veces"),
        ("dpd * dpd * dpd * dpd", "38 dígitos"),
    ],
)  # fmt: skip
def test_outside_the_profile_is_refused_with_place_and_remedy(text: str, what: str) -> None:
    draft = ExpressionDraft("regla de prueba", text, "", ["dpd", "product", "ok"])
    facts = {"dpd": "number", "product": "string", "ok": "boolean"}
    model = decide.read(document("x", facts, [draft]))
    with pytest.raises(NotCompilable) as caught:
        decide.compile(model, FACTS)
    assert "regla de prueba" in caught.value.data["where"]
    assert what in caught.value.data["what"]
    assert caught.value.data["remedy"]
    assert [one.code for one in decide.check(model, FACTS)] == ["not_compilable"]
