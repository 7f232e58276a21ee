"""New DMN 1.3 files from plain texts: for imports from spreadsheets, for the default strategies and for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

NAMESPACE = "https://www.omg.org/spec/DMN/20191111/MODEL/"
_POLICY = {
    "U": "UNIQUE",
    "A": "ANY",
    "P": "PRIORITY",
    "F": "FIRST",
    "R": "RULE ORDER",
    "O": "OUTPUT ORDER",
    "C": "COLLECT",
}
_AGGREGATION = {"+": "SUM", "<": "MIN", ">": "MAX", "#": "COUNT"}


@dataclass(frozen=True)
class ColumnDraft:
    """expression: FEEL for an input, the name for an output; values: FEEL texts of the allowed values, in priority order."""

    expression: str
    type: str = "string"
    label: str = ""
    values: Sequence[str] = ()
    default: str = ""


@dataclass(frozen=True)
class RuleDraft:
    inputs: Sequence[str]
    outputs: Sequence[str]
    annotation: str = ""
    id: str = ""


@dataclass(frozen=True)
class TableDraft:
    """policy: U A P F R O C C+ C< C> C#; requires: names of inputs and decisions."""

    name: str
    inputs: Sequence[ColumnDraft]
    outputs: Sequence[ColumnDraft]
    rules: Sequence[RuleDraft]
    policy: str = "F"
    requires: Sequence[str] = ()
    type: str = ""


@dataclass(frozen=True)
class ExpressionDraft:
    """A decision that is one FEEL expression."""

    name: str
    text: str
    type: str = ""
    requires: Sequence[str] = field(default_factory=tuple)


def document(name: str, inputs: Mapping[str, str], decisions: Sequence[TableDraft | ExpressionDraft]) -> bytes:
    """A DMN 1.3 file.

    inputs     fact name -> FEEL type
    decisions  in any order; `requires` makes the graph
    """
    root = etree.Element(f"{{{NAMESPACE}}}definitions", nsmap={None: NAMESPACE})
    root.set("id", f"definitions_{_slug(name)}")
    root.set("name", name)
    root.set("namespace", "https://recaudo.org/dmn")
    for fact, kind in inputs.items():
        node = _sub(root, "inputData", id=f"input_{_slug(fact)}", name=fact)
        _sub(node, "variable", name=fact, typeRef=kind)
    for decision in decisions:
        _decision(root, decision, inputs)
    etree.indent(root, "  ")
    xml: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return xml


def _decision(root: etree._Element, draft: TableDraft | ExpressionDraft, inputs: Mapping[str, str]) -> None:
    node = _sub(root, "decision", id=f"decision_{_slug(draft.name)}", name=draft.name)
    attributes = {"typeRef": draft.type} if draft.type else {}
    _sub(node, "variable", name=draft.name, **attributes)
    for required in draft.requires:
        requirement = _sub(node, "informationRequirement")
        kind, prefix = ("requiredInput", "input") if required in inputs else ("requiredDecision", "decision")
        _sub(requirement, kind, href=f"#{prefix}_{_slug(required)}")
    if isinstance(draft, TableDraft):
        _table(node, draft)
    else:
        _text(_sub(node, "literalExpression", id=f"literal_{_slug(draft.name)}"), draft.text)


def _table(node: etree._Element, draft: TableDraft) -> None:
    key = _slug(draft.name)
    table = _sub(node, "decisionTable", id=f"table_{key}", hitPolicy=_POLICY[draft.policy[0]])
    if len(draft.policy) > 1:
        table.set("aggregation", _AGGREGATION[draft.policy[1]])
    for place, column in enumerate(draft.inputs, 1):
        one = _sub(table, "input", id=f"{key}_in{place}", label=column.label or column.expression)
        _text(_sub(one, "inputExpression", id=f"{key}_in{place}_e", typeRef=column.type), column.expression)
        if column.values:
            _text(_sub(one, "inputValues"), ", ".join(column.values))
    for place, column in enumerate(draft.outputs, 1):
        one = _sub(table, "output", id=f"{key}_out{place}", name=column.expression, typeRef=column.type)
        one.set("label", column.label or column.expression)
        if column.values:
            _text(_sub(one, "outputValues"), ", ".join(column.values))
        if column.default:
            _text(_sub(one, "defaultOutputEntry"), column.default)
    _sub(table, "annotation", name="Motivo")
    for number, rule in enumerate(draft.rules, 1):
        _rule(table, rule, rule.id or f"{key}_r{number}")


def _rule(table: etree._Element, draft: RuleDraft, key: str) -> None:
    rule = _sub(table, "rule", id=key)
    for place, text in enumerate(draft.inputs, 1):
        _text(_sub(rule, "inputEntry", id=f"{key}_i{place}"), text)
    for place, text in enumerate(draft.outputs, 1):
        _text(_sub(rule, "outputEntry", id=f"{key}_o{place}"), text)
    _text(_sub(rule, "annotationEntry"), draft.annotation)


def _sub(parent: etree._Element, tag: str, /, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{NAMESPACE}}}{tag}", attrib=attributes)


def _text(parent: etree._Element, text: str) -> None:
    _sub(parent, "text").text = text


def _slug(name: str) -> str:
    return "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in name)
