"""Gaps, overlaps, conflicts and dead rules: each is real, none is missed, large tables end."""

from __future__ import annotations

import itertools
import random
import time
from decimal import Decimal

import pytest
from tests.spec.decide.tables import model_of

from recaudo.engine import decide
from recaudo.engine.decide.conform import Types
from recaudo.engine.decide.feel.evaluator import Scope
from recaudo.engine.decide.feel.parser import parse_tests
from recaudo.engine.decide.reference import fact_value
from recaudo.engine.decide.write import ColumnDraft

NUMBERS = [None, *(Decimal(one) / 2 for one in range(-2, 20))]
TEXTS = [None, "CARD", "LOAN", "zzz"]
TRUTHS = [None, True, False]
CELLS = {
    "dpd": ["-", "> 3", ">= 3", "< 5", "[2..6)", "(2..6]", "4", "1, 7", "not(4)", "not(< 5)", "null", "null, < 2", "not(null)", "[6..2]"],
    "product": ["-", '"CARD"', '"CARD","LOAN"', 'not("CARD")', "null", "not(null)", 'not("CARD","LOAN")'],
    "ok": ["-", "true", "false", "null", "not(true)"],
}  # fmt: skip


def analysis(model: decide.Model, domain: decide.Domain | None = None) -> decide.Analysis:
    found = decide.analyse(model, model.decision("act"), *([] if domain is None else [lambda decision, column: domain]))
    assert found is not None
    return found


def matching(model: decide.Model, values: tuple[object, ...]) -> list[int]:
    """The rules that accept a row, by the reference evaluator, one cell after the other."""
    evaluator = Types(model).evaluator
    table = model.decision("act").table
    assert table is not None
    given = [fact_value(value, kind) for value, kind in zip(values, ("rate", "text", "boolean"), strict=True)]
    return [
        rule.number for rule in table.rules
        if all(evaluator.accepts(cell.tests, value, Scope({})) is True for cell, value in zip(rule.inputs, given, strict=True) if cell.tests)
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(120))
def test_what_is_found_is_what_trying_every_value_finds(seed: int) -> None:
    chance = random.Random(seed)
    policy = chance.choice("UAFP")
    rules = [
        ([chance.choice(CELLS[name]) for name in ("dpd", "product", "ok")], [chance.choice(['"a"', '"b"', '"c"'])])
        for _ in range(chance.randint(1, 7))
    ]
    outputs = [ColumnDraft("act", values=('"b"', '"a"', '"c"'))]
    model = model_of(["dpd", "product", "ok"], rules, policy=policy, outputs=outputs)
    found = analysis(model)
    tried = {row: matching(model, row) for row in itertools.product(NUMBERS, TEXTS, TRUTHS)}
    rank = {number: (['"b"', '"a"', '"c"'].index(rules[number - 1][1][0]) if policy == "P" else 0, number) for number in range(1, len(rules) + 1)}
    pairs = {(a, b) for matched in tried.values() for a, b in itertools.combinations(matched, 2)}
    fires = {number for matched in tried.values() for number in matched}
    wins = {min(matched, key=lambda number: rank[number]) for matched in tried.values() if matched}
    assert {issue.numbers for issue in found.of("overlap", "conflict")} == pairs and found.pair_count == len(pairs)
    assert {issue.numbers[0] for issue in found.of("never")} == {rule.number for rule in model.decision("act").table.rules} - fires
    assert {issue.numbers[0] for issue in found.of("masked")} == (fires - wins if policy in "FP" else set())
    assert bool(found.of("gap")) == any(not matched for matched in tried.values())
    clash = {pair for pair in pairs if policy == "U" or (policy == "A" and rules[pair[0] - 1][1] != rules[pair[1] - 1][1])}
    assert {issue.numbers for issue in found.of("conflict")} == clash
    # The regions of the gaps are all of them and nothing else; every example is one of its kind.
    evaluator = Types(model).evaluator
    boxes = [[parse_tests(test, model.names) for test in issue.region.tests] for issue in found.of("gap")]
    if found.gap_count < 40:
        for row, matched in tried.items():
            given = [fact_value(value, kind) for value, kind in zip(row, ("rate", "text", "boolean"), strict=True)]
            is_in = any(all(evaluator.accepts(test, value, Scope({})) is True for test, value in zip(box, given, strict=True)) for box in boxes)
            assert is_in == (not matched), (row, matched)
    for issue in found.issues:
        if issue.kind != "never":
            held = matching(model, issue.region.example)
            assert set(issue.numbers) <= set(held) and (issue.kind != "gap" or not held)


def test_whole_numbers_leave_no_gap_between_neighbours() -> None:
    model = model_of(["dpd"], [(["<= 29"], ['"a"']), ([">= 30"], ['"b"']), (["null"], ['"c"'])], policy="U")
    assert [issue.region.tests for issue in analysis(model).of("gap")] == [("(29..30)",)]
    assert not analysis(model, decide.Domain(is_whole=True)).issues


def test_values_that_never_come_are_no_gap() -> None:
    model = model_of(["product"], [(['"CARD"'], ['"a"']), (['"LOAN"'], ['"b"'])])
    assert {issue.region.tests for issue in analysis(model).of("gap")} == {('not("CARD", "LOAN")',)}
    assert not analysis(model, decide.Domain(values=("CARD", "LOAN"), may_be_null=False)).issues
    assert [issue.region.tests for issue in analysis(model, decide.Domain(values=("CARD", "LOAN", "X"), may_be_null=False)).of("gap")] == [('"X"',)]


def test_a_default_leaves_no_gap() -> None:
    assert not analysis(model_of(["dpd"], [(["> 3"], ['"a"'])], outputs=[ColumnDraft("act", default='"x"')])).issues


def test_rules_that_together_cover_one_are_named() -> None:
    model = model_of(["dpd"], [(["<= 5"], ['"a"']), (["> 5"], ['"b"']), (["[2..8]"], ['"c"']), (["-"], ['"d"'])])
    [masked] = analysis(model).of("masked")
    assert masked.numbers == (3,) and masked.by == (1, 2)


def test_two_columns_of_one_fact_are_not_independent() -> None:
    model = model_of(["dpd", "dpd"], [(["> 5", "< 3"], ['"a"']), (["-", "-"], ['"b"'])])
    assert [issue.numbers for issue in analysis(model).of("never", "masked")] in ([(1,)], [])
    assert not analysis(model).of("overlap")


def test_what_is_computed_is_said_and_never_claimed() -> None:
    model = model_of(["dpd", "ok"], [(["> other", "-"], ['"a"']), (["<= 5", "-"], ['"b"']), (["> 5", "true"], ['"c"'])], policy="U", extra=["other"])
    found = analysis(model)
    assert "Filas 1" in found.limits[0] and not found.of("conflict", "overlap")
    assert not found.of("gap"), "the odd rule may cover the rest"


def test_a_thousand_rules_end_soon_and_exactly() -> None:
    chance = random.Random(5)
    texts = [f'"p{one}"' for one in range(30)]
    rules = []
    for _ in range(1000):
        low = chance.randint(0, 300)
        cells = [f"[{low}..{low + chance.randint(1, 60)})", chance.choice(["-", chance.choice(texts)]), chance.choice(["-", "true", "false"])]
        rules.append((cells, [f'"{chance.randint(0, 9)}"']))
    model = model_of(["dpd", "product", "ok"], [*rules, (["-", "-", "-"], ['"end"'])])
    began = time.process_time()
    found = analysis(model)
    assert time.process_time() - began < 20
    assert not found.limits and not found.of("gap") and found.of("masked")
    for issue in found.of("masked")[:20]:
        assert len(matching(model, issue.region.example)) > 1


def test_a_table_beyond_the_bound_says_so() -> None:
    chance = random.Random(1)
    names = ["dpd", "other", "rate", "day", "product"]
    rules = []
    for _ in range(400):
        low = chance.random() * 100
        day = f'>= date("20{chance.randint(10, 30)}-0{chance.randint(1, 9)}-01")'
        rules.append(([f"> {low:.3f}", f"< {chance.random() * 100:.3f}", f"> {chance.random():.4f}", day, f'not("t{chance.randint(0, 300)}")'], ['"a"']))
    assert any("Huecos" in limit or "Filas tapadas" in limit for limit in analysis(model_of(names, rules)).limits)
