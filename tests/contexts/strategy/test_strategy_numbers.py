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




def test_the_same_version_changes_nothing(cast, active, draft, snapshot):
    found = numbers.simulate(active, draft, snapshot)
    assert (found.accounts, found.changed, found.balance_minor, found.examples) == (4, 0, 0, ())


def test_a_changed_treatment_is_found_with_its_balance_and_its_accounts(cast, active, draft, snapshot):
    treated = queries.snapshot_counts(snapshot, by="treatment")
    rows = list(queries.snapshot_rows(snapshot, columns=["account_id", "treatment", "treatment_rule", "balance_minor"], where={}))
    one = next(row for row in rows if row["account_id"] == str(cast.accounts["maria"].id))
    number = int(one["treatment_rule"])
    together = [row for row in rows if int(row["treatment_rule"]) == number]
    other = "VISIT" if one["treatment"] != "VISIT" else "CALL_AGENT"
    changed = change(cast, draft, "treatment", row_of(draft, "treatment", number).id, "treatment_out1", f'"{other}"')
    found = numbers.simulate(active, changed, snapshot)
    dimension = next(x for x in found.dimensions if x.name == "treatment")
    assert [(m.old, m.new, m.count, m.balance_minor) for m in dimension.moves] == [
        (one["treatment"], other, len(together), sum(row["balance_minor"] for row in together))
    ]
    assert {x.account_id for x in found.examples} >= {row["account_id"] for row in together}
    before = {t.value_es: t.old for t in dimension.totals}
    assert sum(before.values()) == sum(treated.values()) == sum(t.new for t in dimension.totals)


def test_the_list_can_be_narrowed_to_one_step(cast, active, draft, snapshot):
    rows = list(queries.snapshot_rows(snapshot, columns=["account_id", "channel", "channel_rule"], where={}))
    one = next(row for row in rows if row["channel"] not in ("none", "letter"))
    changed = change(cast, draft, "channel", row_of(draft, "channel", int(one["channel_rule"])).id, "channel_out1", '"letter"')
    picked = numbers.simulate(active, changed, snapshot, dimension="channel", pick=(one["channel"], "letter"))
    nothing = numbers.simulate(active, changed, snapshot, dimension="channel", pick=("letter", one["channel"]))
    assert one["account_id"] in {x.account_id for x in picked.examples}
    assert nothing.examples == () and nothing.changed == picked.changed


def test_a_hostile_name_of_a_dimension_is_no_sql(cast, active, draft, snapshot):
    found = numbers.simulate(active, draft, snapshot, dimension="channel; DROP TABLE pair", pick=("a'b", "c"))
    assert found.examples == ()


def test_a_photo_that_is_gone_is_said(active, draft, snapshot):
    storages["snapshots"].delete(snapshot.key)
    with pytest.raises(queries.SnapshotGone):
        numbers.simulate(active, draft, snapshot)


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
