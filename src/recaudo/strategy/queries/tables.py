"""The tables of a version as people read them: columns with their Spanish names, cells in words, what is wrong beside its row."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace

from recaudo.engine import decide
from recaudo.engine.decide.feel.tree import Name
from recaudo.engine.decide.model import Cell, Decision, InputData, Literal, Table
from recaudo.engine.decide.problems import UnknownColumn
from recaudo.engine.facts import FACTS
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.strategy.queries.findings import CHANNEL_OUTPUTS, Finding, constants, findings, given_values, known_values
from recaudo.strategy.queries.lenient import Unclear, Words, feel_of
from recaudo.strategy.words import POLICY_ES, decided_es, decision_es

# The key of the column that says why, whatever the file calls it.
ANNOTATION = "motivo"
_TEXT = "string"


@dataclass(frozen=True, slots=True)
class Column:
    """key: what an edit names it by; source: the fact or decision it reads, or the output's name; kind: FEEL type."""

    key: str
    label: str
    source: str
    hint: str
    kind: str
    is_output: bool
    place: int
    written: str = ""  # its label in the file, by which findings name it

    @property
    def is_usd(self) -> bool:
        return not self.is_output and self.source in FACTS and "usd" in self.source


@dataclass(frozen=True, slots=True)
class CellView:
    """text: as written; shown: in words; asks: not a dash that accepts everything."""

    column: Column
    text: str
    shown: str
    asks: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RowView:
    id: str
    number: int
    cells: tuple[CellView, ...]
    annotation: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class TableView:
    """rows: those of the page that was asked for; row_count: all."""

    name: str
    label: str
    policy: str
    policy_es: str
    columns: tuple[Column, ...]
    rows: tuple[RowView, ...]
    row_count: int
    reason_label: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A decision in the chain. text: of an expression, "" for a table."""

    name: str
    label: str
    row_count: int
    reads: tuple[str, ...]
    facts: tuple[str, ...]
    text: str
    error_count: int
    warning_count: int


def chain(model: decide.Model) -> list[list[Step]]:
    """The decisions in stages: those of a stage need only facts and earlier stages."""
    found = findings(model)
    depth: dict[str, int] = {}

    def measure(decision: Decision, path: tuple[str, ...] = ()) -> int:
        if decision.id in path:  # a circle: the findings say so
            return 0
        if decision.id not in depth:
            needed = [model.by_id.get(key) for key in decision.requires]
            below = [measure(one, (*path, decision.id)) + 1 for one in needed if isinstance(one, Decision)]
            depth[decision.id] = max(below, default=0)
        return depth[decision.id]

    stages: dict[int, list[Step]] = defaultdict(list)
    for decision in model.decisions:
        stages[measure(decision)].append(_step(model, decision, found))
    return [stages[level] for level in sorted(stages)]


def _step(model: decide.Model, decision: Decision, found: list[Finding]) -> Step:
    needed = [model.by_id[key] for key in decision.requires if key in model.by_id]
    own = [one for one in found if one.decision == decision.name]
    text = decision.expression.cell.text if isinstance(decision.expression, Literal) else ""
    return Step(
        decision.name, decision_es(decision.name), len(decision.table.rules) if decision.table else 0,
        tuple(decision_es(one.name) for one in needed if isinstance(one, Decision)),
        tuple(FACTS[one.name].label_es if one.name in FACTS else one.name for one in needed if isinstance(one, InputData)),
        text, sum(one.severity == "error" for one in own), sum(one.severity != "error" for one in own),
    )  # fmt: skip


def columns_of(table: Table, decision: str) -> tuple[Column, ...]:
    """Condition columns, then result columns."""
    asked = [
        Column(one.id or one.label or one.expression.text, *_input_names(one.label, one.expression), one.type, False, place,
               one.label or one.expression.text)
        for place, one in enumerate(table.inputs)
    ]
    given = [
        Column(one.id or one.label or one.name, one.label or decision_es(one.name or decision), one.name or decision, "Resultado", one.type, True, place,
               one.label or one.name or decision)
        for place, one in enumerate(table.outputs)
    ]
    return (*asked, *given)


def _input_names(label: str, expression: Cell) -> tuple[str, str, str]:
    source = expression.tree.name if isinstance(expression.tree, Name) else expression.text
    fact = FACTS.get(source)
    if fact is None:
        name = decision_es(source)
        return label or name, source, f"Lo que dio «{name}»" if isinstance(expression.tree, Name) else expression.text
    unit = "en dólares" if "usd" in source else fact.unit
    return fact.label_es, source, unit


def column_of(table: Table, key: str) -> Column:
    """The column of a key. Raises UnknownColumn."""
    columns = columns_of(table, "")
    if key == ANNOTATION:
        return Column(ANNOTATION, reason_label(table), ANNOTATION, "", _TEXT, True, 0)
    found = next((one for one in columns if one.key == key), None)
    if found is None:
        raise UnknownColumn(decision=table.id, column=key, known=", ".join(one.label for one in columns))
    return found


def reason_label(table: Table) -> str:
    return table.annotation_names[0] if table.annotation_names and table.annotation_names[0] else "Motivo"


def table_view(model: decide.Model, decision: str, *, first: int = 1, limit: int | None = None) -> TableView | None:
    """A table in words; None when the decision is an expression. `first`: number of the first row. Raises UnknownDecision."""
    table = model.decision(decision).table
    if table is None:
        return None
    columns = columns_of(table, decision)
    own = [one for one in findings(model) if one.decision in ("", decision)]
    by_rule: dict[str, list[Finding]] = defaultdict(list)
    for one in own:
        by_rule[one.rule_id].append(one)
    chosen = table.rules[first - 1 :][:limit] if limit else table.rules[first - 1 :]
    rows = []
    for rule in chosen:
        bad = {one.column: one.message for one in by_rule[rule.id] if one.column}
        cells = zip(columns, (*rule.inputs, *rule.outputs), strict=True)
        rows.append(RowView(rule.id, rule.number, tuple(_cell(column, cell, bad) for column, cell in cells), rule.annotation, tuple(by_rule[rule.id])))
    policy = table.policy + table.aggregation
    return TableView(decision, decision_es(decision), policy, POLICY_ES.get(policy, policy), columns, tuple(rows), len(table.rules),
                     reason_label(table), tuple(by_rule[""]))  # fmt: skip


def _cell(column: Column, cell: Cell, bad: dict[str, str]) -> CellView:
    text = cell.text.strip()
    asks = column.is_output or text not in ("", "-")
    problem = next((message for label, message in bad.items() if label == column.written), "")
    return CellView(column, cell.text, in_words(column, cell.text), asks, problem)


_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|\bnull\b|\btrue\b|\bfalse\b|\bnot\s*\(|>=|<=|!=|\d+(?:\.\d+)?|\.\.')


def in_words(column: Column, text: str) -> str:
    """A cell in words: `"early", "middle"` is «Temprana, Media»; `[30..60)` is «[30 a 60)»; a dash is «cualquiera»."""
    bare = text.strip()
    if bare in ("", "-"):
        return "falta" if column.is_output else "cualquiera"
    return _TOKEN.sub(lambda found: _word(column, found), bare)


def _word(column: Column, found: re.Match[str]) -> str:
    token = found.group(0)
    if found.group(1) is not None:
        return value_es(column, found.group(1))
    if token[0].isdigit():
        return f"US$ {int(token) / 100:,.10g}" if column.is_usd and token.isdigit() else token.replace(".", ",")
    if token.startswith("not"):
        return "que no sea ("
    return {"null": "sin dato", "true": "sí", "false": "no", ">=": "≥ ", "<=": "≤ ", "!=": "≠ ", "..": " a "}[token].replace("  ", " ")


def value_es(column: Column, value: str) -> str:
    """The Spanish name of a code of a column."""
    if not column.is_output and column.source in FACTS:
        return FACTS[column.source].values.get(value, value)
    return decided_es(column.source, value)


def suggestions(model: decide.Model, decision: str, key: str) -> list[tuple[str, str]]:
    """What can be written in a cell: (FEEL text, in words); known codes, or examples of its type. Raises UnknownColumn."""
    table = model.decision(decision).table
    if table is None or key == ANNOTATION:
        return []
    column = column_of(table, key)
    named = _named(table, decision, column)
    codes = _codes(model, model.decision(decision), named)
    if codes:
        listed = [(f'"{code}"', value_es(named, code)) for code in sorted(codes, key=lambda code: value_es(named, code))]
        return listed if column.is_output else [("-", "cualquiera"), *listed]
    if column.is_output:
        return []
    kind = column.kind or _TEXT
    examples = {
        "boolean": [("true", "sí"), ("false", "no")],
        "number": [("< 30", "menos de 30"), (">= 30", "30 o más"), ("[30..60]", "de 30 a 60"), ("null", "sin dato"), ("null, < 30", "sin dato o menos de 30")],
    }
    return [("-", "cualquiera"), *examples.get(kind, [("null", "sin dato")])]


def _named(table: Table, decision: str, column: Column) -> Column:
    return columns_of(table, decision)[(len(table.inputs) if column.is_output else 0) + column.place]


def _codes(model: decide.Model, decision: Decision, column: Column) -> set[str]:
    table = decision.table
    if table is None:
        return set()
    if not column.is_output:
        return known_values(model, table.inputs[column.place].expression)
    given = given_values(table, column.place)
    used = {value for rule in table.rules for value in constants(rule.outputs[column.place])}
    return given or used or (set(CHANNEL_ES) if column.source in CHANNEL_OUTPUTS else set())


def words_of(model: decide.Model, decision: Decision, column: Column) -> Words:
    """What is known of a column, for reading what people write in it."""
    table = decision.table
    assert table is not None
    named = _named(table, decision.name, column)
    codes = _codes(model, decision, named)
    needed = {model.by_id[key].name for key in decision.requires if key in model.by_id}
    declared = column.is_output and (table.outputs[column.place].allowed is not None or named.source in CHANNEL_OUTPUTS)
    fact = FACTS.get(named.source) if not column.is_output else None
    return Words(
        label=column.label, kind=column.kind, codes={code: value_es(named, code) for code in codes}, is_output=column.is_output,
        is_open=not declared if column.is_output else not codes, is_whole=fact is not None and fact.type in ("integer", "money"),
        is_usd=named.is_usd, names=frozenset(needed),
    )  # fmt: skip


def lenient(model: decide.Model, decision: Decision, column: Column, text: str) -> str:
    """The FEEL of what a person typed in a cell of the page; what is not clear stays as it is, and the check says why."""
    bare = text.strip()
    if decision.table is None:
        return bare
    try:
        return feel_of(replace(words_of(model, decision, column), is_open=False), bare, is_sheet=False)
    except Unclear:
        return bare
