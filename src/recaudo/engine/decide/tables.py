"""Decision tables row by row: which rules match, and what the hit policy makes of them. The obvious way, with a trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cmp_to_key

from recaudo.engine.decide.feel import values
from recaudo.engine.decide.feel.builtins import lists
from recaudo.engine.decide.feel.evaluator import Evaluator, Scope
from recaudo.engine.decide.feel.tree import Node
from recaudo.engine.decide.feel.values import Value
from recaudo.engine.decide.model import Cell, Rule, Table


@dataclass(frozen=True, slots=True)
class CellTrace:
    """One condition of a rule on one account. result: true, false or null."""

    column: str
    test: str
    value: Value
    result: bool | None


@dataclass(frozen=True, slots=True)
class FiredRule:
    """A rule that matched. is_winner: its output is (part of) the result."""

    number: int
    id: str
    annotation: str
    is_winner: bool
    cells: tuple[CellTrace, ...]


@dataclass(frozen=True, slots=True)
class TableResult:
    """value: the result; winners: numbers of the rules it comes from, in order; fired: all rules that matched."""

    value: Value
    winners: tuple[int, ...]
    fired: tuple[FiredRule, ...]


def evaluate_table(table: Table, evaluator: Evaluator, scope: Scope, *, traced: bool = True) -> TableResult:
    """The result of a table for the names in scope; without `traced` it does not say which rules fired."""
    given = [evaluate_cell(column.expression, evaluator, scope) for column in table.inputs]
    matched = [rule for rule in table.rules if _matches(rule, given, evaluator, scope)]
    if not matched:
        return TableResult(_default(table, evaluator, scope), (), ())
    rows = {rule.number: [evaluate_cell(cell, evaluator, scope) for cell in rule.outputs] for rule in matched}
    winners, value = _by_policy(table, matched, rows)
    fired = tuple(_trace(rule, rule.number in winners, given, table, evaluator, scope) for rule in matched) if traced else ()
    return TableResult(value, winners, fired)


def evaluate_cell(cell: Cell, evaluator: Evaluator, scope: Scope) -> Value:
    """The value of an expression cell; null when it is empty or unreadable."""
    return evaluator.value(cell.tree, scope) if cell.tree is not None else None


def _matches(rule: Rule, given: Sequence[Value], evaluator: Evaluator, scope: Scope) -> bool:
    for cell, value in zip(rule.inputs, given, strict=True):
        tests = cell.tests
        # The dash accepts everything: most cells are one.
        if tests is None or (tests.tests and evaluator.accepts(tests, value, scope) is not True):
            return False
    return True


def _accepts(cell: Cell, value: Value, evaluator: Evaluator, scope: Scope) -> bool | None:
    return evaluator.accepts(cell.tests, value, scope) if cell.tests is not None else None


def _trace(
    rule: Rule, is_winner: bool, given: Sequence[Value], table: Table, evaluator: Evaluator, scope: Scope
) -> FiredRule:
    cells = tuple(
        CellTrace(
            column.label or column.expression.text, cell.text or "-", value, _accepts(cell, value, evaluator, scope)
        )
        for column, cell, value in zip(table.inputs, rule.inputs, given, strict=True)
    )
    return FiredRule(rule.number, rule.id, rule.annotation, is_winner, cells)


def _default(table: Table, evaluator: Evaluator, scope: Scope) -> Value:
    if all(output.default is None for output in table.outputs):
        return None
    row = [
        None if output.default is None else evaluate_cell(output.default, evaluator, scope) for output in table.outputs
    ]
    value = shape(table, row)
    return value if table.is_single_hit or table.aggregation else [value]


def shape(table: Table, row: Sequence[Value]) -> Value:
    """A row of outputs as a value: itself when there is one column, else a context by output name."""
    if len(table.outputs) == 1:
        return row[0]
    return {output.name or output.label: value for output, value in zip(table.outputs, row, strict=True)}


def _by_policy(table: Table, matched: list[Rule], rows: dict[int, list[Value]]) -> tuple[tuple[int, ...], Value]:
    numbers = tuple(rows)
    if table.policy == "U":
        return (numbers, shape(table, rows[numbers[0]])) if len(numbers) == 1 else ((), None)
    if table.policy == "A":
        same = all(values.equal(rows[number], rows[numbers[0]]) is True for number in numbers)
        return (numbers[:1], shape(table, rows[numbers[0]])) if same else ((), None)
    if table.policy == "F":
        return numbers[:1], shape(table, rows[numbers[0]])
    if table.policy == "P":
        first = output_order(table, rows)[0]
        return (first,), shape(table, rows[first])
    if table.policy == "O":
        numbers = output_order(table, rows)
    results = [shape(table, rows[number]) for number in numbers]
    return numbers, aggregate(table.aggregation, results) if table.policy == "C" else results


def aggregate(kind: str, results: list[Value]) -> Value:
    """C+ C< C> C#, or the list itself."""
    if kind == "#":
        return values.number(len(results))
    run = {"+": lists.total, "<": lists.minimum, ">": lists.maximum}.get(kind)
    return run(results) if run else results


def output_order(table: Table, rows: dict[int, list[Value]]) -> tuple[int, ...]:
    """Rule numbers by the priority of their outputs: the order of the allowed values, column by column."""
    ranks = [allowed_values(output.allowed) for output in table.outputs]

    def rank(row: list[Value]) -> list[int]:
        return [rank_of(value, allowed) for value, allowed in zip(row, ranks, strict=True)]

    def order(left: int, right: int) -> int:
        a, b = rank(rows[left]), rank(rows[right])
        return (a > b) - (a < b) or left - right

    return tuple(sorted(rows, key=cmp_to_key(order)))


def rank_of(value: Value, allowed: list[Value]) -> int:
    """The place of a value among the allowed ones; last when it is not among them."""
    for place, one in enumerate(allowed):
        if values.equal(value, one) is True:
            return place
    return len(allowed)


def allowed_values(cell: Cell | None) -> list[Value]:
    """The constants of an `outputValues` list, in order."""
    tests = cell.tests if cell else None
    if tests is None:
        return []
    return [Evaluator().value(test, Scope({})) for test in tests.tests if isinstance(test, Node)]
