"""Changes to a decision table, each giving a new model. The XML is changed in place, so what other tools wrote in it stays."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lxml import etree

from recaudo.engine.decide.feel.parser import normal_name
from recaudo.engine.decide.model import Model, Rule, Table
from recaudo.engine.decide.problems import InvalidModel, UnknownColumn, UnknownDecision, UnknownRule
from recaudo.engine.decide.reader import child, children, local, parse_xml, read


def to_xml(model: Model) -> bytes:
    """The file of a model; its SHA-256 is `model.sha256`."""
    return model.xml


def set_cell(model: Model, decision: str, rule_id: str, column: str, text: str) -> Model:
    """Put a text into a cell.

    column   an input's or output's id, label, name or expression, or the name of an annotation column
    text     FEEL for conditions and results ("" or - accepts everything); plain text for annotations
    Raises   UnknownDecision, UnknownRule, UnknownColumn
    """

    def change(table: etree._Element) -> None:
        kind, place = _column(model, decision, column)
        entries = list(children(_rule(table, decision, rule_id), kind))
        if place >= len(entries):
            raise UnknownColumn(decision=decision, column=column, known="")
        _put_text(entries[place], text)

    return _changed(model, decision, change)


def add_rule(
    model: Model,
    decision: str,
    *,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    annotation: str = "",
    at: int | None = None,
    rule_id: str | None = None,
) -> Model:
    """Add a rule.

    inputs, outputs  FEEL texts in the order of the columns; missing ones are `-` and empty
    at               its number, from 1; last when None
    rule_id          a new id; derived from the model and the place when None
    Raises           UnknownDecision, InvalidModel when the id exists or there are too many cells
    """

    def change(table: etree._Element) -> None:
        shape = _table(model, decision)
        if len(inputs) > len(shape.inputs) or len(outputs) > len(shape.outputs):
            raise InvalidModel(where=f"la tabla «{decision}»", what="la regla trae celdas de más", remedy="Quítelas.")
        rules = list(children(table, "rule"))
        place = len(rules) if at is None else min(max(at, 1), len(rules) + 1) - 1
        new = _new_rule(table, shape, inputs, outputs, annotation, rule_id or _fresh_id(model, decision, place))
        if place < len(rules):
            rules[place].addprevious(new)
        else:
            _append_rule(table, new)

    return _changed(model, decision, change)


def delete_rule(model: Model, decision: str, rule_id: str) -> Model:
    """Remove a rule. Raises UnknownDecision, UnknownRule."""

    def change(table: etree._Element) -> None:
        table.remove(_rule(table, decision, rule_id))

    return _changed(model, decision, change)


def move_rule(model: Model, decision: str, rule_id: str, to: int) -> Model:
    """Give a rule another number, from 1. Raises UnknownDecision, UnknownRule."""

    def change(table: etree._Element) -> None:
        moved = _rule(table, decision, rule_id)
        others = [rule for rule in children(table, "rule") if rule is not moved]
        place = min(max(to, 1), len(others) + 1) - 1
        moved.tail = None
        if place < len(others):
            others[place].addprevious(moved)
        elif others:
            others[-1].addnext(moved)

    return _changed(model, decision, change)


@dataclass(frozen=True, slots=True)
class RuleTexts:
    """The texts of a rule, one per column. id: of a rule that exists, or "" for a new one."""

    id: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    annotation: str


def replace_rules(model: Model, decision: str, rules: Sequence[RuleTexts]) -> Model:
    """Give a table these rules in this order. Those that keep their id keep what other tools wrote in them.

    Raises   UnknownDecision, UnknownRule, InvalidModel when an id is given twice or a rule has too few or too many cells
    """

    def change(table: etree._Element) -> None:
        shape = _table(model, decision)
        before = {rule.id: (rule, element) for rule, element in zip(shape.rules, children(table, "rule"), strict=True)}
        for _, element in before.values():
            table.remove(element)
        taken = set(before)
        kept: set[str] = set()
        for place, rule in enumerate(rules):
            if len(rule.inputs) != len(shape.inputs) or len(rule.outputs) != len(shape.outputs):
                raise InvalidModel(
                    where=f"la regla {place + 1}", what="le faltan o sobran celdas", remedy="Complétela."
                )
            if not rule.id:
                key, salt = _fresh_id(model, decision, place), 0
                while key in taken:
                    salt += 1
                    key = _fresh_id(model, f"{decision}:{salt}", place)
                taken.add(key)
                table.append(_new_rule(table, shape, rule.inputs, rule.outputs, rule.annotation, key))
                continue
            if rule.id not in before:
                raise UnknownRule(decision=decision, rule=rule.id)
            if rule.id in kept:
                raise InvalidModel(
                    where=f"la regla {place + 1}", what=f"repite la clave «{rule.id}»", remedy="Deje una."
                )
            kept.add(rule.id)
            _fill(*before[rule.id], rule)
            table.append(before[rule.id][1])

    return _changed(model, decision, change)


def _fill(old: Rule, element: etree._Element, new: RuleTexts) -> None:
    groups = (
        ("inputEntry", [cell.text for cell in old.inputs], new.inputs),
        ("outputEntry", [cell.text for cell in old.outputs], new.outputs),
    )
    for kind, before, texts in groups:
        for entry, was, text in zip(children(element, kind), before, texts, strict=True):
            if was != text:
                _put_text(entry, text)
    notes = list(children(element, "annotationEntry"))
    if old.annotation != new.annotation and notes:
        for place, entry in enumerate(notes):
            _put_text(entry, "" if place else new.annotation)


@dataclass(frozen=True, slots=True)
class Change:
    """kind: cell, rule_added, rule_removed, rule_moved, table_added, table_removed, columns, policy, expression

    rule_id    "" when the change is not of a rule
    column     label or expression of the column; "" when it is not of a cell
    old, new   texts; numbers of the rule when it moved
    """

    decision: str
    kind: str
    rule_id: str = ""
    column: str = ""
    old: str = ""
    new: str = ""


def diff(old: Model, new: Model) -> list[Change]:
    """What changed between two versions, cell by cell; rules are told apart by their id, decisions by name."""
    out = [Change(name, "table_removed") for name in old.by_name if name not in new.by_name]
    for name, decision in new.by_name.items():
        before = old.by_name.get(name)
        if before is None:
            out.append(Change(name, "table_added"))
        elif before.table and decision.table:
            out.extend(_diff_tables(name, before.table, decision.table))
        elif before.expression != decision.expression:
            out.append(Change(name, "expression", old=_source(before.expression), new=_source(decision.expression)))
    return out


def _source(expression: object) -> str:
    cell = getattr(expression, "cell", None)
    return cell.text if cell is not None else type(expression).__name__


def _diff_tables(name: str, old: Table, new: Table) -> list[Change]:
    out: list[Change] = []
    if old.policy + old.aggregation != new.policy + new.aggregation:
        out.append(Change(name, "policy", old=old.policy + old.aggregation, new=new.policy + new.aggregation))
    if _columns(old) != _columns(new):
        return [*out, Change(name, "columns", old=", ".join(_columns(old)), new=", ".join(_columns(new)))]
    before, after = ({rule.id: rule for rule in table.rules} for table in (old, new))
    out += [Change(name, "rule_removed", key, old=_row(rule)) for key, rule in before.items() if key not in after]
    out += [Change(name, "rule_added", key, new=_row(rule)) for key, rule in after.items() if key not in before]
    out += _moves(name, before, after)
    for key in before.keys() & after.keys():
        out.extend(_diff_rules(name, key, _columns(new), before[key], after[key]))
    order = {key: rule.number for key, rule in (before | after).items()}
    return sorted(out, key=lambda change: order.get(change.rule_id, 0))


def _moves(name: str, before: dict[str, Rule], after: dict[str, Rule]) -> list[Change]:
    """Rules that are no longer in the order of the others (the fewest that explain it, greedily)."""
    old_order = [key for key in before if key in after]
    new_order = [key for key in after if key in before]
    moved: list[Change] = []
    while old_order != new_order:
        key = max(new_order, key=lambda one: abs(old_order.index(one) - new_order.index(one)))
        old_order.remove(key)
        new_order.remove(key)
        moved.append(Change(name, "rule_moved", key, old=str(before[key].number), new=str(after[key].number)))
    return moved


def _diff_rules(name: str, key: str, columns: list[str], old: Rule, new: Rule) -> list[Change]:
    cells = zip(columns, (*old.inputs, *old.outputs), (*new.inputs, *new.outputs), strict=True)
    out = [Change(name, "cell", key, column, a.text, b.text) for column, a, b in cells if a.text != b.text]
    if old.annotation != new.annotation:
        out.append(Change(name, "cell", key, "annotation", old.annotation, new.annotation))
    return out


def _row(rule: Rule) -> str:
    return " | ".join(cell.text or "-" for cell in (*rule.inputs, *rule.outputs))


def _columns(table: Table) -> list[str]:
    return [column.label or column.expression.text for column in table.inputs] + [
        output.label or output.name for output in table.outputs
    ]


# -- XML


def _changed(model: Model, decision: str, change: Callable[[etree._Element], None]) -> Model:
    root = parse_xml(model.xml)
    change(_table_element(root, model, decision))
    return read(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _table(model: Model, decision: str) -> Table:
    table = model.decision(decision).table
    if table is None:
        raise UnknownDecision(decision=decision, known=", ".join(one.name for one in model.decisions if one.table))
    return table


def _table_element(root: etree._Element, model: Model, decision: str) -> etree._Element:
    _table(model, decision)
    for node in children(root, "decision"):
        if normal_name(node.get("name") or "") == decision and (table := child(node, "decisionTable")) is not None:
            return table
    raise UnknownDecision(decision=decision, known=", ".join(model.by_name))


def _rule(table: etree._Element, decision: str, rule_id: str) -> etree._Element:
    for number, rule in enumerate(children(table, "rule"), 1):
        if (rule.get("id") or f"rule_{number}") == rule_id:
            return rule
    raise UnknownRule(decision=decision, rule=rule_id)


def _column(model: Model, decision: str, column: str) -> tuple[str, int]:
    table = _table(model, decision)
    for place, one in enumerate(table.inputs):
        if column in (one.id, one.label, one.expression.text):
            return "inputEntry", place
    for place, output in enumerate(table.outputs):
        if column in (output.id, output.label, output.name):
            return "outputEntry", place
    if column in table.annotation_names:
        return "annotationEntry", table.annotation_names.index(column)
    raise UnknownColumn(decision=decision, column=column, known=", ".join([*_columns(table), *table.annotation_names]))


def _put_text(entry: etree._Element, text: str) -> None:
    inner = child(entry, "text")
    if inner is None:
        inner = etree.SubElement(entry, _named(entry, "text"))
    for one in list(inner):
        inner.remove(one)
    inner.text = text


def _named(like: etree._Element, name: str) -> str:
    """A tag in the namespace of another element."""
    space = etree.QName(like).namespace
    return f"{{{space}}}{name}" if space else name


def _append_rule(table: etree._Element, rule: etree._Element) -> None:
    last = None
    for one in table:
        if local(one) in ("rule", "output", "annotation", "input"):
            last = one
    if last is None:
        table.append(rule)
    else:
        last.addnext(rule)


def _new_rule(
    table: etree._Element, shape: Table, inputs: Sequence[str], outputs: Sequence[str], annotation: str, rule_id: str
) -> etree._Element:
    if any(rule.id == rule_id for rule in shape.rules):
        raise InvalidModel(where="la regla nueva", what=f"el identificador «{rule_id}» ya existe", remedy="Elija otro.")
    rule = etree.Element(_named(table, "rule"), id=rule_id)
    groups = (
        ("inputEntry", "i", [*inputs, *["-"] * (len(shape.inputs) - len(inputs))]),
        ("outputEntry", "o", [*outputs, *[""] * (len(shape.outputs) - len(outputs))]),
        (
            "annotationEntry",
            "",
            [annotation, *[""] * (len(shape.annotation_names) - 1)] if shape.annotation_names else [],
        ),
    )
    for kind, letter, texts in groups:
        for place, text in enumerate(texts):
            entry = etree.SubElement(rule, _named(table, kind))
            if letter:
                entry.set("id", f"{rule_id}_{letter}{place + 1}")
            _put_text(entry, text)
    if annotation and not shape.annotation_names:
        description = etree.Element(_named(table, "description"))
        description.text = annotation
        rule.insert(0, description)
    return copy.deepcopy(rule)


def _fresh_id(model: Model, decision: str, place: int) -> str:
    """Short, and the same whenever the same edit is made to the same file."""
    return "rule_" + hashlib.sha256(f"{model.sha256}:{decision}:{place}".encode()).hexdigest()[:10]
