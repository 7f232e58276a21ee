"""What is wrong with a model before it runs: unknown facts, type clashes, cycles, unreadable cells, rules that cannot fire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from recaudo.engine.decide.compiled import compile_model
from recaudo.engine.decide.conform import Types
from recaudo.engine.decide.feel import values
from recaudo.engine.decide.feel.builtins import BUILTINS
from recaudo.engine.decide.feel.evaluator import Scope, uses_input
from recaudo.engine.decide.feel.tree import Compare, Name, Node, Tests
from recaudo.engine.decide.model import Cell, Decision, InputData, Literal, Model, Table
from recaudo.engine.decide.problems import CyclicModel, NotCompilable
from recaudo.engine.decide.sql import bins
from recaudo.engine.decide.sql.expressions import Env, Translator
from recaudo.engine.decide.sql.terms import Refused, Sql

ERROR, WARNING = "error", "warning"
_FEEL_TYPE = {"text": "string", "integer": "number", "money": "number", "rate": "number", "boolean": "boolean", "date": "date",
              "instant": "date and time"}  # fmt: skip
_TYPE_ES = {
    "string": "texto",
    "number": "número",
    "boolean": "sí o no",
    "date": "fecha",
    "date and time": "fecha y hora",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """severity: error stops publishing; warning does not.

    code      stable: unknown_fact, type_clash, cycle, unreadable_cell, not_compilable, never_true, shadowed_rule,
              missing_annotation, no_input, value_not_allowed
    decision  name, "" for the whole model; rule_id and column "" when it is not of a rule or cell
    message   what is wrong, in Spanish; remedy: how to mend it
    """

    severity: str
    code: str
    decision: str
    rule_id: str
    rule_number: int | None
    column: str
    message: str
    remedy: str


def check(model: Model, facts: Mapping[str, str]) -> list[Finding]:
    """All findings, errors first.

    facts  fact name -> type: text, integer, money, rate, boolean, date, instant
    """
    found = [*_inputs(model, facts), *_references(model)]
    for decision in model.decisions:
        if decision.table is not None:
            found.extend(_table(model, decision, decision.table))
        elif isinstance(decision.expression, Literal) and decision.expression.cell.broken:
            found.append(_broken(decision.name, "", None, "", decision.expression.cell))
    if not any(finding.severity == ERROR for finding in found):
        found.extend(_compilable(model, facts))
    return sorted(found, key=lambda finding: finding.severity != ERROR)


def _inputs(model: Model, facts: Mapping[str, str]) -> Iterator[Finding]:
    for node in model.inputs:
        if node.name not in facts:
            text = f"El dato «{node.name}» no está en el diccionario de datos."
            yield Finding(
                ERROR,
                "unknown_fact",
                "",
                "",
                None,
                node.name,
                text,
                "Elija un dato del diccionario o quite la entrada.",
            )
        elif node.type in _TYPE_ES and node.type != _FEEL_TYPE.get(facts[node.name]):
            known = _TYPE_ES.get(_FEEL_TYPE.get(facts[node.name], ""), facts[node.name])
            text = f"El dato «{node.name}» se declara como {_TYPE_ES[node.type]} y en el diccionario es {known}."
            yield Finding(
                ERROR, "type_clash", "", "", None, node.name, text, "Declare en la entrada el tipo del diccionario."
            )


def _references(model: Model) -> Iterator[Finding]:
    try:
        _walk(model)
    except CyclicModel as problem:
        yield Finding(ERROR, "cycle", "", "", None, "", problem.text, "Quite uno de los requisitos del círculo.")
    for decision in model.decisions:
        known = {model.by_id[key].name for key in decision.requires if key in model.by_id}
        for key in decision.requires:
            if key not in model.by_id:
                text = f"«{decision.name}» requiere «{key}», que no existe."
                yield Finding(
                    ERROR, "unknown_fact", decision.name, "", None, key, text, "Quite el requisito o agregue la pieza."
                )
        if decision.table is not None:
            yield from _unknown_names(decision, decision.table, known, model)


def _walk(model: Model) -> None:
    done: set[str] = set()

    def visit(key: str, path: tuple[str, ...]) -> None:
        if key in path:
            raise CyclicModel(cycle=" → ".join(model.by_id[one].name for one in (*path[path.index(key) :], key)))
        node = model.by_id.get(key)
        if key in done or node is None:
            return
        if not isinstance(node, InputData):
            for one in getattr(node, "requires", ()):
                visit(one, (*path, key))
        done.add(key)

    for decision in model.decisions:
        visit(decision.id, ())


def _unknown_names(decision: Decision, table: Table, known: set[str], model: Model) -> Iterator[Finding]:
    everything = {node.name for node in model.by_id.values()}
    for column in table.inputs:
        for name in _names(column.expression.tree):
            if name not in known and name.partition(".")[0] not in known:
                where = "existe en el modelo, pero la decisión no lo requiere" if name in everything else "no existe"
                text = f"La columna «{column.label or column.expression.text}» usa «{name}», que {where}."
                yield Finding(ERROR, "unknown_fact", decision.name, "", None, column.label or column.expression.text, text,
                              "Conecte el dato con la decisión o corrija el nombre.")  # fmt: skip


def _names(tree: Node | None) -> set[str]:
    if tree is None:
        return set()
    return {node.name for node in tree.walk() if isinstance(node, Name) and node.name not in BUILTINS}


def _table(model: Model, decision: Decision, table: Table) -> Iterator[Finding]:
    yield from _cells(decision.name, table)
    yield from _clashes(model, decision, table)
    yield from _dead_rules(model, decision, table)
    if not table.inputs and table.rules:
        yield Finding(
            WARNING, "no_input", decision.name, "", None, "", "La tabla no tiene condiciones.", "Agregue una columna."
        )
    for rule in table.rules:
        if not rule.annotation:
            text = f"La regla {rule.number} no dice su motivo en palabras."
            yield Finding(WARNING, "missing_annotation", decision.name, rule.id, rule.number, "", text,
                          "Escriba en la columna de motivo la razón que un agente pueda leer.")  # fmt: skip


def _cells(name: str, table: Table) -> Iterator[Finding]:
    for column in table.inputs:
        if column.expression.broken:
            yield _broken(name, "", None, column.label, column.expression)
    labels = [column.label or column.expression.text for column in table.inputs] + [
        output.label or output.name for output in table.outputs
    ]
    for rule in table.rules:
        for label, cell in zip(labels, (*rule.inputs, *rule.outputs), strict=True):
            if cell.broken:
                yield _broken(name, rule.id, rule.number, label, cell)


def _broken(name: str, rule_id: str, number: int | None, column: str, cell: Cell) -> Finding:
    assert cell.broken is not None
    remedy = "Ponga los textos entre comillas y los intervalos como [30..60)."
    return Finding(ERROR, "unreadable_cell", name, rule_id, number, column, cell.broken.text, remedy)


def _clashes(model: Model, decision: Decision, table: Table) -> Iterator[Finding]:
    types = Types(model)
    for place, column in enumerate(table.inputs):
        kind = column.type or _declared(model, decision, column.expression)
        base = model.types[kind].base if kind in model.types else kind
        if base not in _TYPE_ES:
            continue
        for rule in table.rules:
            for value in _constants(rule.inputs[place].tests, types):
                if value is not None and values.kind(value) != base:
                    text = f"La regla {rule.number} compara «{column.label or column.expression.text}» ({_TYPE_ES[base]}) con {values.to_text(value, nested=True)}."
                    yield Finding(ERROR, "type_clash", decision.name, rule.id, rule.number, column.label or column.expression.text,
                                  text, f"Escriba un valor de tipo {_TYPE_ES[base]}.")  # fmt: skip


def _declared(model: Model, decision: Decision, cell: Cell) -> str:
    if not isinstance(cell.tree, Name):
        return ""
    named = {model.by_id[key].name: model.by_id[key].type for key in decision.requires if key in model.by_id}
    return named.get(cell.tree.name, "")


def _constants(tests: Tests | None, types: Types) -> Iterator[values.Value]:
    for test in tests.tests if tests else ():
        node = test.value if isinstance(test, Compare) else test
        if uses_input(node) or _names(node):
            continue
        yield from bins.flat(types.evaluator.value(node, Scope({})))


def _dead_rules(model: Model, decision: Decision, table: Table) -> Iterator[Finding]:
    """Rules with a cell that no value passes, and rules that an earlier one always beats (policy F)."""
    accepted = _accepted(model, decision, table)
    for place, rule in enumerate(table.rules):
        rows = accepted[place]
        empty = next((column for column, row in enumerate(rows) if row is not None and not row), None)
        if empty is not None:
            label = table.inputs[empty].label or table.inputs[empty].expression.text
            text = f"La regla {rule.number} nunca se cumple: ningún valor pasa la celda «{rule.inputs[empty].text}»."
            yield Finding(
                WARNING,
                "never_true",
                decision.name,
                rule.id,
                rule.number,
                label,
                text,
                "Corrija la celda o borre la regla.",
            )
            continue
        winner = next((one for one in range(place) if table.policy == "F" and _covers(accepted[one], rows)), None)
        if winner is not None:
            text = f"La regla {rule.number} nunca decide: la regla {table.rules[winner].number} siempre le gana."
            yield Finding(
                WARNING, "shadowed_rule", decision.name, rule.id, rule.number, "", text, "Súbala, acótela o bórrela."
            )


def _covers(first: list[frozenset[int] | None], second: list[frozenset[int] | None]) -> bool:
    return all(a is not None and b is not None and b <= a for a, b in zip(first, second, strict=True))


def _accepted(model: Model, decision: Decision, table: Table) -> list[list[frozenset[int] | None]]:
    """Per rule and column the pieces of the column's values that the cell accepts; None when that cannot be told."""
    out: list[list[frozenset[int] | None]] = [[] for _ in table.rules]
    translator = Translator(Types(model).evaluator, None)
    for place, column in enumerate(table.inputs):
        kind = column.type or _declared(model, decision, column.expression)
        kind = model.types[kind].base if kind in model.types else kind
        cells = [rule.inputs[place].tests or Tests(0, (), False) for rule in table.rules]
        try:
            built = bins.build(Sql(kind, "x", (38, 0) if kind == "number" else None), cells, translator, Env({}))
        except Refused:
            built = None
        odd = {bit for bit, _ in built.odd} if built else set()
        for row in range(len(table.rules)):
            out[row].append(None if built is None or row in odd else _pieces(built, row))
    return out


def _pieces(column: bins.Column, row: int) -> frozenset[int]:
    accepted = {number for number, piece in enumerate(column.pieces) if piece.mask >> row & 1}
    return frozenset(accepted | ({-1} if column.null_mask >> row & 1 else set()))


def _compilable(model: Model, facts: Mapping[str, str]) -> Iterator[Finding]:
    try:
        compile_model(model, facts)
    except NotCompilable as problem:
        data = problem.data
        yield Finding(ERROR, "not_compilable", data["where"], "", None, "", problem.text, data["remedy"])
