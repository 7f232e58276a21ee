"""What is wrong with a strategy: what the engine finds, and what the product asks of one that runs its day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache, partial

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
from recaudo.engine.decide.model import Cell, Decision, Input, Table
from recaudo.engine.facts import FACTS, types
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.problems import Problem
from recaudo.strategy.words import decided_es, decision_es, plain

Finding = decide.Finding

# What the day needs from a strategy: one row per account with these columns.
OUTPUTS = ("segment", "treatment", "channel", "fallback_channel", "template", "offer", "priority")
CHANNEL_OUTPUTS = ("channel", "fallback_channel")
# A draft may have them for a while; they have to be mended before it is sent to approval.
UNFINISHED = frozenset({"empty_output", "rules_conflict"})
# What a balance can be below nothing by: what was paid in excess.
_MAY_BE_NEGATIVE = "balance_minor"
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
    domains = partial(domain_of, model)
    found = [*(_as_rows(model, one) for one in decide.check(model, types(), domains)), *_cells(model)]
    if not any(one.severity == "error" for one in found):
        found.extend(_missing(model))
    return tuple(sorted(found, key=lambda one: one.severity != "error"))


def _as_rows(model: decide.Model, one: Finding) -> Finding:
    """The engine speaks of rules and codes; people who look at a table, of rows and words."""
    if one.issue is not None and one.code in ("gap", "rules_conflict"):
        return replace(one, message=_of_issue(model, one), remedy=one.remedy.replace("regla", "fila"))
    return replace(one, message=re.sub(r"\b([Rr])eglas?\b", _row_word, one.message), remedy=one.remedy.replace("regla", "fila"))


def _row_word(found: re.Match[str]) -> str:
    word = "filas" if found.group(0).endswith("s") else "fila"
    return word.capitalize() if found.group(1) == "R" else word


def _of_issue(model: decide.Model, one: Finding) -> str:
    assert one.issue is not None
    told = example_es(model, one.decision, one.issue.region) or "cualquier cuenta"
    if one.code == "gap":
        return f"Ninguna fila se cumple para, por ejemplo, {told}."
    return f"Las filas {one.issue.numbers[0]} y {one.issue.numbers[1]} pueden cumplirse a la vez y entonces la tabla no decide: por ejemplo, {told}."


def example_es(model: decide.Model, decision: str, region: decide.Region) -> str:
    """The account of a region in words: «Etapa Temprana, Días de atraso 5»; only what matters there."""
    table = model.decision(decision).table
    parts = zip(table.inputs if table else (), region.tests, region.example, strict=False)
    return ", ".join(f"{label_of(column)} {value_of(column, value)}" for column, test, value in parts if test != "-")


def label_of(column: Input) -> str:
    """The name of a condition column: that of its fact, else what the file calls it."""
    source = _source(column)
    return FACTS[source].label_es if source in FACTS else column.label or decision_es(source)


def value_of(column: Input, value: object) -> str:
    """A value of a condition column in words."""
    source = _source(column)
    if source in FACTS and isinstance(value, str):
        return FACTS[source].values.get(value, value)
    if "usd" in source and isinstance(value, int) and not isinstance(value, bool):
        return f"US$ {value / 100:,.10g}"
    return plain(value) if source in FACTS else decided_es(source, value) if value is not None else plain(None)


def _source(column: Input) -> str:
    return column.expression.tree.name if isinstance(column.expression.tree, Name) else column.expression.text


def domain_of(model: decide.Model, decision: Decision, column: Input) -> decide.Domain:
    """What a condition column can hold: as the dictionary of facts says, or as an earlier table gives."""
    source = _source(column)
    fact, earlier = FACTS.get(source), model.by_name.get(source)
    if fact is not None:
        is_counted = fact.type in ("integer", "rate") or (fact.type == "money" and source != _MAY_BE_NEGATIVE)
        return decide.Domain(tuple(fact.values), not fact.is_always, fact.type in ("integer", "money"), 0 if is_counted else None)
    table = earlier.table if earlier is not None else None
    if table is None or len(table.outputs) != 1:
        return decide.Domain()
    return decide.Domain(tuple(sorted(given_values(table, 0))), not _always_gives(table))


def _always_gives(table: Table) -> bool:
    """Whether a table surely has a result: a row for everything, or a default."""
    is_whole = any(all(cell.text.strip() in ("", "-") for cell in rule.inputs) for rule in table.rules)
    is_given = all(cell.text.strip() not in ("", "null") for rule in table.rules for cell in rule.outputs)
    return table.policy in "FP" and is_given and (is_whole or table.outputs[0].default is not None)


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
                yield Finding("error", "empty_output", name, rule.id, rule.number, label, text, "Escriba el resultado o borre la fila.")
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
