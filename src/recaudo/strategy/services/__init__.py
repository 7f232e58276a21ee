"""Writes of strategies: draft, edit, submit, approve, put in force; and keeping a day's snapshot."""

from recaudo.strategy.queries.findings import OUTPUTS
from recaudo.strategy.services.edits import (
    CellRefused,
    EmptyTable,
    UnknownMove,
    add_row,
    change_cell,
    delete_row,
    move_row,
)
from recaudo.strategy.services.files import NotText, upload
from recaudo.strategy.services.snapshots import keep_snapshot
from recaudo.strategy.services.versions import (
    NotADraft,
    NotApproved,
    NotSubmitted,
    OwnStrategy,
    SomeoneElsesDraft,
    StrategyNotSound,
    activate,
    approve,
    cancel_activation,
    change,
    create_strategy,
    default_xml,
    draft,
    put_due_in_force,
    reject,
    set_note,
    sound,
    submit,
)

__all__ = [
    "OUTPUTS", "CellRefused", "EmptyTable", "NotADraft", "NotApproved", "NotSubmitted", "NotText", "OwnStrategy", "SomeoneElsesDraft",
    "StrategyNotSound", "UnknownMove", "activate", "add_row", "approve", "cancel_activation", "change", "change_cell", "create_strategy",
    "default_xml", "delete_row", "draft", "keep_snapshot", "move_row", "put_due_in_force", "reject", "set_note", "sound", "submit", "upload",
]  # fmt: skip
