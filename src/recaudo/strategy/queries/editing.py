"""What the table editor of the browser is told: columns with what can be written in them, findings with their cells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from recaudo.engine import decide
from recaudo.engine.decide.model import Cell, Rule, Table
from recaudo.strategy.queries.findings import Finding, findings
from recaudo.strategy.queries.lenient import Unclear, feel_of
from recaudo.strategy.queries.sheets import hint_of, table_names
from recaudo.strategy.queries.tables import columns_of, suggestions, words_of
from recaudo.strategy.words import decision_es

SHOWN = 200


def tables_of(model: decide.Model) -> list[dict[str, str]]:
    """The tables in the order in which they decide, with their Spanish names."""
    return [{"name": name, "label": decision_es(name)} for name in table_names(model)]


def columns(model: decide.Model) -> dict[str, dict[str, Any]]:
    """Column id -> its name, what it takes, and what can be written in it."""
    out: dict[str, dict[str, Any]] = {}
    for name in table_names(model):
        decision = model.decision(name)
        for column in columns_of(decision.table, name) if decision.table else ():
            options = suggestions(model, name, column.key)
            out[column.key] = {
                "label": column.label, "hint": hint_of(column), "isOutput": column.is_output,
                "isList": any(feel.startswith('"') for feel, _ in options),
                "options": [{"feel": feel, "label": label} for feel, label in options],
            }  # fmt: skip
    return out


def review(model: decide.Model) -> dict[str, Any]:
    """The findings of a model with the ids of their cells, and cells that were written as people write, in FEEL."""
    found = findings(model)
    return {"findings": [_told(model, one) for one in found[:SHOWN]], "count": len(found), "mended": _mended(model, found)}


def _told(model: decide.Model, one: Finding) -> dict[str, Any]:
    cell = _cell(model, one)
    return {
        "severity": one.severity, "decision": one.decision if one.decision in model.by_name else "", "table": decision_es(one.decision),
        "row": one.rule_number, "rule": one.rule_id, "cell": cell.id if cell else "", "message": one.message, "remedy": one.remedy,
    }  # fmt: skip


def _cell(model: decide.Model, one: Finding) -> Cell | None:
    place = _place(model, one)
    if place is None:
        return None
    rule, column = place
    return (*rule.inputs, *rule.outputs)[column]


def _place(model: decide.Model, one: Finding) -> tuple[Rule, int] | None:
    decision = model.by_name.get(one.decision)
    table = decision.table if decision else None
    rule = next((rule for rule in table.rules if rule.id == one.rule_id), None) if table else None
    if table is None or rule is None or not one.column:
        return None
    labels = _labels(table, one.decision)
    # Two columns may share a label, a condition and a result: the one whose cell is what is wrong.
    places = [place for place, label in enumerate(labels) if label == one.column]
    cells = (*rule.inputs, *rule.outputs)
    return next(((rule, place) for place in places if cells[place].broken), (rule, places[-1]) if places else None)


def _labels(table: Table, decision: str) -> list[str]:
    return [column.written for column in columns_of(table, decision)]


def _mended(model: decide.Model, found: list[Finding]) -> list[dict[str, str]]:
    out: dict[str, dict[str, str]] = {}
    for one in found:
        place = _place(model, one) if one.code in ("unreadable_cell", "unknown_name", "value_not_allowed", "value_unknown", "type_clash") else None
        if place is None:
            continue
        rule, number = place
        decision = model.decision(one.decision)
        assert decision.table is not None
        column = columns_of(decision.table, decision.name)[number]
        cell = (*rule.inputs, *rule.outputs)[number]
        try:
            feel = feel_of(replace(words_of(model, decision, column), is_open=False), cell.text, is_sheet=False)
        except Unclear:
            continue
        if feel != cell.text and cell.id:
            out[cell.id] = {"cell": cell.id, "typed": cell.text, "feel": feel}
    return list(out.values())
