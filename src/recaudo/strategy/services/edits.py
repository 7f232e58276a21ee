"""Changes to the tables of a draft: one cell, one row. Each is checked by the engine before it is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from recaudo.engine import decide
from recaudo.engine.decide.model import Rule, Table
from recaudo.engine.decide.problems import UnknownRule
from recaudo.kernel.problems import Problem
from recaudo.strategy.models import StrategyVersion
from recaudo.strategy.queries.findings import Finding, findings
from recaudo.strategy.queries.tables import ANNOTATION, column_of, lenient
from recaudo.strategy.services.versions import edit

MAX_CELL = 2000


class CellRefused(Problem):
    code = "cell_refused"
    message = "{what} {remedy}"


class EmptyTable(Problem):
    code = "strategy_empty_table"
    message = "Una tabla necesita al menos una fila. Cambie la que queda en lugar de borrarla."


class UnknownMove(Problem):
    code = "strategy_unknown_move"
    message = "«{what}» no es algo que se haga con una fila."
    status = 400


def change_cell(version: StrategyVersion, *, decision: str, rule_id: str, column: str, text: str, by: Any, at: datetime) -> StrategyVersion:
    """Put a text into a cell of a draft.

    column   the id of an input or output column, or ANNOTATION for the reason
    text     FEEL; bare codes and Spanish names of known values are put in quotes; plain text for a reason
    Raises   CellRefused when this cell is what is wrong; StrategyNotSound; NotADraft; UnknownRule ...
    """
    if len(text) > MAX_CELL:
        raise CellRefused(what=f"El texto pasa de {MAX_CELL} caracteres.", remedy="Divídalo en varias filas.")

    def put(model: decide.Model) -> decide.Model:
        table = _table(model, decision)
        found = column_of(table, column)
        written = text.strip() if column == ANNOTATION else lenient(model, model.decision(decision), found, text)
        changed = decide.set_cell(model, decision, rule_id, _engine_column(table, column), written)
        _refuse_cell(changed, decision, rule_id, found.label, before=model)
        return changed

    return edit(version, put, by=by, at=at, what="cell", decision=decision, rule=rule_id, column=column)


def add_row(
    version: StrategyVersion, *, decision: str, beside: str, is_before: bool = False, is_copy: bool = False, by: Any, at: datetime
) -> StrategyVersion:
    """Add a row before or after another: empty (accepts everything, gives nothing yet) or a copy of it."""

    def add(model: decide.Model) -> decide.Model:
        rule = _rule(model, decision, beside)
        place = rule.number if is_before else rule.number + 1
        if not is_copy:
            return decide.add_rule(model, decision, at=place)
        texts = [cell.text for cell in rule.inputs], [cell.text for cell in rule.outputs]
        return decide.add_rule(model, decision, inputs=texts[0], outputs=texts[1], annotation=rule.annotation, at=place)

    return edit(version, add, by=by, at=at, what="row_copied" if is_copy else "row_added", decision=decision, rule=beside)


def delete_row(version: StrategyVersion, *, decision: str, rule_id: str, by: Any, at: datetime) -> StrategyVersion:
    """Remove a row. Raises EmptyTable for the last one."""

    def remove(model: decide.Model) -> decide.Model:
        if len(_table(model, decision).rules) == 1:
            raise EmptyTable()
        return decide.delete_rule(model, decision, rule_id)

    return edit(version, remove, by=by, at=at, what="row_deleted", decision=decision, rule=rule_id)


def move_row(version: StrategyVersion, *, decision: str, rule_id: str, steps: int, by: Any, at: datetime) -> StrategyVersion:
    """Move a row: steps < 0 up, > 0 down; at the edge it stays."""

    def move(model: decide.Model) -> decide.Model:
        return decide.move_rule(model, decision, rule_id, _rule(model, decision, rule_id).number + steps)

    return edit(version, move, by=by, at=at, what="row_moved", decision=decision, rule=rule_id)


def _refuse_cell(model: decide.Model, decision: str, rule_id: str, label: str, *, before: decide.Model) -> None:
    """Say what is wrong with this cell, where it was typed; what was wrong already is not its fault."""
    known = {(one.code, one.rule_id, one.column, one.message) for one in findings(before)}
    for one in findings(model):
        if one.severity == "error" and (one.code, one.rule_id, one.column, one.message) not in known and _is_here(one, decision, rule_id):
            raise CellRefused(what=one.message, remedy=one.remedy)


def _is_here(one: Finding, decision: str, rule_id: str) -> bool:
    return one.rule_id in ("", rule_id) and (one.decision in ("", decision) or not one.rule_id)


def _table(model: decide.Model, decision: str) -> Table:
    table = model.decision(decision).table
    if table is None:
        raise CellRefused(what=f"«{decision}» no es una tabla.", remedy="Cambie su expresión en el archivo DMN.")
    return table


def _rule(model: decide.Model, decision: str, rule_id: str) -> Rule:
    table = _table(model, decision)
    found = next((rule for rule in table.rules if rule.id == rule_id), None)
    if found is None:
        raise UnknownRule(decision=decision, rule=rule_id)
    return found


def _engine_column(table: Table, column: str) -> str:
    return table.annotation_names[0] if column == ANNOTATION and table.annotation_names else column
