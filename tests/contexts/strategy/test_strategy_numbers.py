"""What a version does on a kept day: counts per row, what would change, what changed between two."""

from __future__ import annotations

import pytest
from django.core.files.storage import storages
from tests.contexts.strategy.conftest import row_of

from recaudo.engine import decide
from recaudo.engine.facts import FACTS
from recaudo.strategy import queries, services
from recaudo.strategy.queries import comparison, numbers
from recaudo.strategy.queries.versions import model_of


def change(cast, draft, decision, rule_id, column, text):
    return services.change_cell(draft, decision=decision, rule_id=rule_id, column=column, text=text, by=cast.elena, at=cast.now)


def test_every_account_is_counted_once_in_a_table_that_takes_the_first_row(active, snapshot):
    found = numbers.firings(active, snapshot)
    assert (found.accounts, found.is_simulated) == (4, False)
    for decision in ("risk", "segment", "treatment", "channel"):
        assert sum(one.count for one in found.rows[decision].values()) == 4
        assert sum(one.balance_minor for one in found.rows[decision].values()) == 2_950_000
    assert found.yardstick.currency == "MXN"


def test_the_counts_of_a_row_are_those_of_the_row_by_row_evaluator(active, snapshot):
    found = numbers.firings(active, snapshot)
    model, rows = model_of(active), list(queries.snapshot_rows(snapshot, columns=list(FACTS), where={}))
    for decision in ("treatment", "priority"):
        expected: dict[int, int] = {}
        for row in rows:
            trace = next(one for one in decide.evaluate(model, row).decisions if one.name == decision)
            for fired in trace.fired:
                if fired.is_winner:
                    expected[fired.number] = expected.get(fired.number, 0) + 1
        assert {number: one.count for number, one in found.rows[decision].items()} == expected


def test_a_photo_that_is_gone_is_said(active, snapshot):
    storages["snapshots"].delete(snapshot.key)
    with pytest.raises(queries.SnapshotGone):
        numbers.firings(active, snapshot)


def test_a_comparison_names_each_cell_old_and_new(cast, active, draft):
    row = row_of(draft, "channel", 2)
    change(cast, draft, "channel", row.id, "channel_out1", "Correo")
    draft.refresh_from_db()
    services.delete_row(draft, decision="channel", rule_id=row_of(draft, "channel", 5).id, by=cast.elena, at=cast.now)
    draft.refresh_from_db()
    services.add_row(draft, decision="offer", beside=row_of(draft, "offer", 1).id, is_copy=True, by=cast.elena, at=cast.now)
    draft.refresh_from_db()
    found = comparison.compare(model_of(active), model_of(draft))
    assert (found.added, found.removed, found.changed, found.moved) == (1, 1, 1, 0)
    channel = next(table for table in found.tables if table.name == "channel")
    changed = next(one for one in channel.rows if one.kind == "changed")
    assert [(cell.label, cell.old, cell.new) for cell in changed.cells if cell.is_changed] == [("Canal", "SMS", "Correo")]
    assert all(len(one.cells) == len(channel.labels) for one in channel.rows)


def test_a_moved_row_is_the_same_row(cast, active, draft):
    services.move_row(draft, decision="offer", rule_id=row_of(draft, "offer", 1).id, steps=3, by=cast.elena, at=cast.now)
    draft.refresh_from_db()
    found = comparison.compare(model_of(active), model_of(draft))
    assert (found.added, found.removed, found.changed, found.moved) == (0, 0, 0, 1)


def test_two_equal_versions_have_nothing_to_compare(active, draft):
    assert comparison.compare(model_of(active), model_of(draft)).is_same
