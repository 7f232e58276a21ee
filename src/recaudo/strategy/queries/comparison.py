"""What changed between two versions, cell by cell, in words."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from recaudo.engine import decide
from recaudo.engine.decide.model import Rule, Table
from recaudo.strategy.queries.tables import Column, columns_of, in_words, reason_label
from recaudo.strategy.words import POLICY_ES, decision_es


@dataclass(frozen=True, slots=True)
class CellChange:
    """A cell of a row that changed; `is_changed` False for those that stay and only give the context."""

    label: str
    old: str
    new: str
    is_changed: bool
    is_output: bool = False

    @property
    def is_blank(self) -> bool:
        """Nothing asked for, before and after."""
        return self.old in ("", "—") and self.new in ("", "—")


@dataclass(frozen=True, slots=True)
class RowChange:
    """kind: added, removed, changed, moved. Numbers as each version counts them; None where the row is not."""

    kind: str
    rule_id: str
    old_number: int | None
    new_number: int | None
    cells: tuple[CellChange, ...]

    @property
    def kind_es(self) -> str:
        return {"added": "Fila nueva", "removed": "Fila borrada", "changed": "Cambió", "moved": "Se movió"}[self.kind]


@dataclass(slots=True)
class TableChange:
    """notes: what changed in the table as a whole, in sentences. labels: of the columns, the reason last."""

    name: str
    label: str
    notes: list[str] = field(default_factory=list)
    labels: tuple[str, ...] = ()
    rows: list[RowChange] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Comparison:
    tables: tuple[TableChange, ...]
    added: int
    removed: int
    changed: int
    moved: int

    @property
    def is_same(self) -> bool:
        return not self.tables

    @property
    def sentence(self) -> str:
        parts = [
            _count(self.added, "fila nueva", "filas nuevas"), _count(self.removed, "fila borrada", "filas borradas"),
            _count(self.changed, "fila cambiada", "filas cambiadas"), _count(self.moved, "fila movida", "filas movidas"),
        ]  # fmt: skip
        told = ", ".join(part for part in parts if part)
        return f"{told}." if told else ("Nada cambió." if self.is_same else "Cambió la forma de las tablas.")


def compare(old: decide.Model, new: decide.Model) -> Comparison:
    """What `new` changes of `old`; rows are told apart by their id, so a moved row is the same row."""
    found: dict[str, TableChange] = {}
    for change in decide.diff(old, new):
        table = found.setdefault(change.decision, TableChange(change.decision, decision_es(change.decision)))
        note = _note(change)
        if note:
            table.notes.append(note)
    for name, one in found.items():
        before, after = (model.by_name[name].table if name in model.by_name else None for model in (old, new))
        if before and after and [_shape(c) for c in columns_of(before, name)] == [_shape(c) for c in columns_of(after, name)]:
            _rows(one, before, after, {c.rule_id for c in decide.diff(old, new) if c.decision == name and c.kind == "rule_moved"})
    rows = [row.kind for table in found.values() for row in table.rows]
    return Comparison(tuple(found.values()), *(rows.count(kind) for kind in ("added", "removed", "changed", "moved")))


def _note(change: decide.Change) -> str:
    if change.kind == "policy":
        return f"Antes: {POLICY_ES.get(change.old, change.old)}. Ahora: {POLICY_ES.get(change.new, change.new)}."
    return {
        "table_added": "Tabla nueva.", "table_removed": "Tabla borrada.",
        "columns": f"Cambiaron las columnas. Antes: {change.old}. Ahora: {change.new}.",
        "expression": f"Cambió la expresión. Antes: {change.old}. Ahora: {change.new}.",
    }.get(change.kind, "")  # fmt: skip


def _shape(column: Column) -> tuple[str, str, bool]:
    return column.label, column.source, column.is_output


def _rows(out: TableChange, old: Table, new: Table, moved: set[str]) -> None:
    columns = columns_of(new, out.name)
    out.labels = (*(column.label for column in columns), reason_label(new))
    before, after = ({rule.id: rule for rule in table.rules} for table in (old, new))
    for key, rule in after.items():
        if key not in before:
            out.rows.append(RowChange("added", key, None, rule.number, _cells(columns, None, rule)))
            continue
        cells = _cells(columns, before[key], rule)
        if any(cell.is_changed for cell in cells):
            out.rows.append(RowChange("changed", key, before[key].number, rule.number, cells))
        elif key in moved:
            out.rows.append(RowChange("moved", key, before[key].number, rule.number, cells))
    out.rows += [RowChange("removed", key, rule.number, None, _cells(columns, rule, None)) for key, rule in before.items() if key not in after]
    _leave_out_blanks(out)


def _leave_out_blanks(out: TableChange) -> None:
    """Columns that none of the changed rows asks for say nothing here."""
    said = [any(not row.cells[place].is_blank for row in out.rows) for place in range(len(out.labels))]
    out.labels = tuple(label for label, keep in zip(out.labels, said, strict=True) if keep)
    out.rows = [replace(row, cells=tuple(cell for cell, keep in zip(row.cells, said, strict=True) if keep)) for row in out.rows]


def _cells(columns: tuple[Column, ...], old: Rule | None, new: Rule | None) -> tuple[CellChange, ...]:
    sides = [tuple(cell.text for cell in (*rule.inputs, *rule.outputs)) if rule else ("",) * len(columns) for rule in (old, new)]
    cells = [
        CellChange(column.label, _text(column, a) if old else "", _text(column, b) if new else "", a != b, column.is_output)
        for column, a, b in zip(columns, *sides, strict=True)
    ]
    a, b = (rule.annotation if rule else "" for rule in (old, new))
    return (*cells, CellChange("Motivo", a, b, a != b))


def _text(column: Column, text: str) -> str:
    return "—" if text.strip() in ("", "-") and not column.is_output else in_words(column, text)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}" if number else ""
