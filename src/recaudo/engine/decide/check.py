"""What is wrong with a model before it runs: unknown facts, type clashes, cycles, unreadable cells, rules that cannot fire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from recaudo.engine.decide.analyse import CONFLICT, GAP, MASKED, NEVER, Issue, Region, analyse
from recaudo.engine.decide.compiled import compile_model
from recaudo.engine.decide.conform import Types
from recaudo.engine.decide.feel import values
from recaudo.engine.decide.feel.builtins import BUILTINS
from recaudo.engine.decide.feel.evaluator import Scope, uses_input
from recaudo.engine.decide.feel.tree import Compare, Name, Node, Tests
from recaudo.engine.decide.model import Cell, Decision, InputData, Literal, Model, Table
from recaudo.engine.decide.pieces import ANYTHING, Domains, anything, kind_of
from recaudo.engine.decide.problems import CyclicModel, NotCompilable
from recaudo.engine.decide.sql import bins

ERROR, WARNING = "error", "warning"
MAX_PER_KIND = 10  # of one table; the page of the analysis lists more
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
              rules_conflict, gap, not_analysed, missing_annotation, no_input, value_not_allowed
    decision  name, "" for the whole model; rule_id and column "" when it is not of a rule or cell
    message   what is wrong, in Spanish; remedy: how to mend it
    issue     what the analysis found, for who shows it in other words
    """

    severity: str
    code: str
    decision: str
    rule_id: str
    rule_number: int | None
    column: str
    message: str
    remedy: str
    issue: Issue | None = None


def check(model: Model, facts: Mapping[str, str], domains: Domains = anything) -> list[Finding]:
    """All findings, errors first.

    facts    fact name -> type: text, integer, money, rate, boolean, date, instant
    domains  what the columns can hold, for the analysis of gaps and dead rules
    """
    found = [*_inputs(model, facts), *_references(model)]
    for decision in model.decisions:
        if decision.table is not None:
            found.extend(_table(model, decision, decision.table))
        elif isinstance(decision.expression, Literal) and decision.expression.cell.broken:
            found.append(_broken(decision.name, "", None, "", decision.expression.cell))
    if not any(finding.severity == ERROR for finding in found):
        found.extend(_compilable(model, facts))
    unread = {one.decision for one in found if one.code in ("unreadable_cell", "type_clash", "unknown_fact")}
    for decision in model.decisions:
        if decision.table is not None and decision.name not in unread:
            found.extend(_analysed(model, decision, domains))
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
        base = kind_of(model, decision, column)
        if base not in _TYPE_ES:
            continue
        for rule in table.rules:
            for value in _constants(rule.inputs[place].tests, types):
                if value is not None and values.kind(value) != base:
                    text = f"La regla {rule.number} compara «{column.label or column.expression.text}» ({_TYPE_ES[base]}) con {values.to_text(value, nested=True)}."
                    yield Finding(ERROR, "type_clash", decision.name, rule.id, rule.number, column.label or column.expression.text,
                                  text, f"Escriba un valor de tipo {_TYPE_ES[base]}.")  # fmt: skip


def _constants(tests: Tests | None, types: Types) -> Iterator[values.Value]:
    for test in tests.tests if tests else ():
        node = test.value if isinstance(test, Compare) else test
        if uses_input(node) or _names(node):
            continue
        yield from bins.flat(types.evaluator.value(node, Scope({})))


def _analysed(model: Model, decision: Decision, domains: Domains) -> Iterator[Finding]:
    found = analyse(model, decision, domains)
    assert found is not None and decision.table is not None
    labels = [column.label or column.expression.text for column in decision.table.inputs]
    for issue in sorted(found.of(NEVER, MASKED), key=lambda one: one.numbers):
        # A last row for everything is the author's net: that nothing falls into it is good.
        is_net = issue.numbers[0] == len(decision.table.rules) and all(test == ANYTHING for test in issue.region.tests)
        if not (is_net and len(issue.by) > 1):
            yield _dead(decision.name, labels, issue)
    for issue in found.of(CONFLICT)[:MAX_PER_KIND]:
        text = f"Las reglas {issue.numbers[0]} y {issue.numbers[1]} pueden cumplirse a la vez y la política no deja decidir: {example(labels, issue.region)}."
        yield Finding(ERROR, "rules_conflict", decision.name, issue.rules[1], issue.numbers[1], "", text,
                      "Acote una de las dos, o cambie la política a «la primera que se cumple».", issue)  # fmt: skip
    for issue in found.of(GAP)[:MAX_PER_KIND]:
        text = f"Ninguna regla se cumple para, por ejemplo, {example(labels, issue.region)}."
        yield Finding(
            WARNING,
            "gap",
            decision.name,
            "",
            None,
            "",
            text,
            "Agregue una regla para el resto o un valor por omisión.",
            issue,
        )
    for limit in found.limits:
        yield Finding(WARNING, "not_analysed", decision.name, "", None, "", f"No se analizó todo. {limit}", "")


def _dead(name: str, labels: list[str], issue: Issue) -> Finding:
    number = issue.numbers[0]
    if issue.kind == NEVER:
        text, remedy = (
            f"La regla {number} nunca se cumple: ningún valor pasa todas sus celdas.",
            "Corrija la celda o borre la regla.",
        )
        return Finding(WARNING, "never_true", name, issue.rules[0], number, "", text, remedy)
    who = (
        f"la regla {issue.by[0]} siempre le gana"
        if len(issue.by) == 1
        else f"las reglas {listed(issue.by)} la cubren entre todas"
    )
    return Finding(
        WARNING,
        "shadowed_rule",
        name,
        issue.rules[0],
        number,
        "",
        f"La regla {number} nunca decide: {who}.",
        "Súbala, acótela o bórrela.",
    )


def example(labels: Sequence[str], region: Region) -> str:
    """The values of a region that tell it apart, in words: «Etapa early, Días de atraso 5»."""
    told = [
        f"{label} {in_words(value)}"
        for label, test, value in zip(labels, region.tests, region.example, strict=True)
        if test != ANYTHING
    ]
    return ", ".join(told) or "cualquier cuenta"


def in_words(value: object) -> str:
    """A plain value: «sin dato», «sí», «no», a day as dd/mm/aaaa, a decimal with a comma."""
    if value is None:
        return "sin dato"
    if isinstance(value, bool):
        return "sí" if value else "no"
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    return str(value).replace(".", ",") if isinstance(value, Decimal) else str(value)


def listed(numbers: Sequence[int]) -> str:
    """«2, 3 y 7 más»."""
    shown = ", ".join(map(str, numbers[:8]))
    return f"{shown} y {len(numbers) - 8} más" if len(numbers) > 8 else shown


def _compilable(model: Model, facts: Mapping[str, str]) -> Iterator[Finding]:
    try:
        compile_model(model, facts)
    except NotCompilable as problem:
        data = problem.data
        yield Finding(ERROR, "not_compilable", data["where"], "", None, "", problem.text, data["remedy"])
