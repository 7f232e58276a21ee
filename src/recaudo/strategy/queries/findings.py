"""What is wrong with a strategy: what the engine finds, and what the product asks of one that runs its day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from recaudo.engine import decide
from recaudo.engine.decide.feel.builtins import BUILTINS
from recaudo.engine.decide.feel.tree import (
    Compare,
    Const,
    ContextLiteral,
    Filter,
    For,
    FunctionLiteral,
    ListLiteral,
    Name,
    Node,
    Quantified,
)
from recaudo.engine.decide.model import Cell, Decision, Table
from recaudo.engine.facts import FACTS, types
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.problems import Problem

Finding = decide.Finding

# What the day needs from a strategy: one row per account with these columns.
OUTPUTS = ("segment", "treatment", "channel", "fallback_channel", "template", "offer", "priority")
CHANNEL_OUTPUTS = ("channel", "fallback_channel")
# A draft may have it for a while; it has to be mended before it is sent to approval.
UNFINISHED = "empty_output"
_WITH_NAMES_OF_THEIR_OWN = (ContextLiteral, Filter, For, FunctionLiteral, Quantified)


def findings(model: decide.Model) -> list[Finding]:
    """Everything found in a strategy, errors first."""
    return list(_findings(model.sha256, _Same(model)))


class _Same:
    """A model as the argument of a cache whose key is its hash."""

    def __init__(self, model: decide.Model) -> None:
        self.model = model

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=16)
def _findings(sha256: str, same: _Same) -> tuple[Finding, ...]:
    model = same.model
    found = [*map(_as_rows, decide.check(model, types())), *_cells(model)]
    if not any(one.severity == "error" for one in found):
        found.extend(_missing(model))
    return tuple(sorted(found, key=lambda one: one.severity != "error"))


def _as_rows(one: Finding) -> Finding:
    """The engine speaks of rules; people who look at a table, of rows."""
    return replace(one, message=re.sub(r"\bregla (?=\d)", "fila ", one.message))


def _missing(model: decide.Model) -> Iterator[Finding]:
    try:
        columns = {column.name for column in decide.compile(model, types()).columns}
    except Problem as problem:
        yield Finding("error", "not_compilable", "", "", None, "", problem.text, "")
        return
    missing = sorted(set(OUTPUTS) - columns)
    if missing:
        text = f"Faltan las salidas {', '.join(missing)}: sin ellas la jornada no puede decidir."
        yield Finding("error", "missing_output", "", "", None, "", text, "Agregue una tabla que las dé.")


def _cells(model: decide.Model) -> Iterator[Finding]:
    for decision in model.decisions:
        if decision.table is not None:
            yield from _outputs(decision.name, decision.table)
            yield from _inputs(model, decision, decision.table)
            yield from _names(model, decision, decision.table)


def _outputs(name: str, table: Table) -> Iterator[Finding]:
    for place, output in enumerate(table.outputs):
        label = output.label or output.name or name
        allowed = set(constants(output.allowed))
        if (output.name or name) in CHANNEL_OUTPUTS:
            allowed = (allowed or set(CHANNEL_ES)) & set(CHANNEL_ES)
        for rule in table.rules:
            cell = rule.outputs[place]
            if not cell.text.strip() and output.default is None:
                text = f"La fila {rule.number} no dice qué da «{label}»."
                yield Finding("error", UNFINISHED, name, rule.id, rule.number, label, text, "Escriba el resultado o borre la fila.")
            for value in (one for one in constants(cell) if allowed and one not in allowed):
                text = f"La fila {rule.number} da «{value}», que no es un valor de «{label}»."
                yield Finding("error", "value_not_allowed", name, rule.id, rule.number, label, text, f"Los que hay: {_listed(allowed)}.")


def _inputs(model: decide.Model, decision: Decision, table: Table) -> Iterator[Finding]:
    for place, column in enumerate(table.inputs):
        known = known_values(model, column.expression)
        label = column.label or column.expression.text
        for rule in table.rules if known else ():
            for value in (one for one in constants(rule.inputs[place]) if one not in known):
                text = f"La fila {rule.number} espera «{value}» en «{label}», y ese valor nunca llega."
                yield Finding("warning", "value_unknown", decision.name, rule.id, rule.number, label, text, f"Los que hay: {_listed(known)}.")


def _names(model: decide.Model, decision: Decision, table: Table) -> Iterator[Finding]:
    """Words without quotes that are nothing the decision may read: nearly always a text whose quotes were forgotten."""
    known = {model.by_id[key].name for key in decision.requires if key in model.by_id}
    labels = [one.label or one.expression.text for one in table.inputs] + [one.label or one.name for one in table.outputs]
    for rule in table.rules:
        for label, cell in zip(labels, (*rule.inputs, *rule.outputs), strict=True):
            for name in _strange(cell, known):
                text = f"La fila {rule.number} nombra «{name}» en «{label}», que no es un dato de esta tabla."
                yield Finding("error", "unknown_name", decision.name, rule.id, rule.number, label, text, f'Si es un texto, póngalo entre comillas: "{name}".')


def _strange(cell: Cell, known: set[str]) -> list[str]:
    nodes = list(cell.tree.walk()) if cell.tree is not None else []
    if any(isinstance(node, _WITH_NAMES_OF_THEIR_OWN) for node in nodes):
        return []
    names = [node.name for node in nodes if isinstance(node, Name)]
    return sorted({name for name in names if name not in known and name not in BUILTINS and name != "?"})


def known_values(model: decide.Model, expression: Cell) -> set[str]:
    """The codes that a column can hold: those of a coded fact, or those that an earlier decision gives; empty when not known."""
    if not isinstance(expression.tree, Name):
        return set()
    name = expression.tree.name
    if name in FACTS:
        return set(FACTS[name].values)
    earlier = model.by_name.get(name)
    return given_values(earlier.table, 0) if earlier is not None and earlier.table and len(earlier.table.outputs) == 1 else set()


def given_values(table: Table, place: int) -> set[str]:
    """The codes that a result column allows or gives; empty when a cell computes instead of naming one."""
    allowed = set(constants(table.outputs[place].allowed))
    if allowed:
        return allowed
    cells = [rule.outputs[place] for rule in table.rules if rule.outputs[place].text.strip()]
    default = table.outputs[place].default
    given = [one for cell in [*cells, *([default] if default else [])] for one in [list(constants(cell))]]
    return {value for values in given for value in values} if all(given) else set()


def constants(cell: Cell | None) -> Iterator[str]:
    """The texts that a cell names: "a" of `"a"`, of `"a", "b"` and of `not("a")`; none of what it computes."""
    if cell is None or cell.tree is None:
        return
    tests = cell.tests
    for node in tests.tests if tests else (cell.tree,):
        yield from _texts(node)


def _texts(node: Node) -> Iterator[str]:
    if isinstance(node, Const) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, Compare) and node.op in ("=", "!="):
        yield from _texts(node.value)
    elif isinstance(node, ListLiteral):
        for item in node.items:
            yield from _texts(item)


def _listed(values: set[str]) -> str:
    shown = sorted(values)
    return ", ".join(shown[:12]) + (f" y {len(shown) - 12} más" if len(shown) > 12 else "")
