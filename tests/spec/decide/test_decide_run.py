"""The production run: a table of accounts in, decisions out."""

from __future__ import annotations

import datetime as py

import duckdb
import pyarrow as pa
import pytest
from tests.spec.decide.tables import FACTS, model_of

from recaudo.engine import decide
from recaudo.engine.decide.problems import MissingFacts, NotFinite, OutOfRange
from recaudo.engine.decide.write import ColumnDraft, ExpressionDraft, document

RULES = [(["> 30", "-"], ['"call"']), (["> 5", "true"], ['"sms"']), (["> 5", "-"], ['"email"'])]


def decided(model: decide.Model, table: pa.Table, **more: object) -> list[dict[str, object]]:
    compiled = decide.compile(model, FACTS)
    with duckdb.connect() as connection:
        return decide.run(compiled, table, connection, **more).to_pylist()  # type: ignore[arg-type]


def accounts(**columns: list[object]) -> pa.Table:
    count = len(next(iter(columns.values())))
    return pa.table({"account_id": [f"c{place}" for place in range(count)], **columns})


def test_each_account_gets_its_outcome_and_the_rule_that_gave_it() -> None:
    table = accounts(dpd=[40, 10, 10, 1], ok=[True, True, None, True])
    assert decided(model_of(["dpd", "ok"], RULES), table) == [
        {"account_id": "c0", "act": "call", "act_rule": 1},
        {"account_id": "c1", "act": "sms", "act_rule": 2},
        {"account_id": "c2", "act": "email", "act_rule": 3},
        {"account_id": "c3", "act": None, "act_rule": None},
    ]


def test_all_rules_that_match_are_told_when_the_policy_keeps_them() -> None:
    model = model_of(["dpd"], [(["> 1"], ['"a"']), (["> 2"], ['"b"'])], policy="R")
    assert decided(model, accounts(dpd=[3]))[0] == {"account_id": "c0", "act": ["a", "b"], "act_rule": [1, 2]}


def test_a_table_that_must_be_unique_gives_nothing_where_two_rules_match() -> None:
    model = model_of(["dpd"], [(["> 1"], ['"a"']), (["> 2"], ['"b"'])], policy="U")
    assert [row["act"] for row in decided(model, accounts(dpd=[2, 3]))] == ["a", None]


def test_two_outputs_are_two_columns() -> None:
    model = model_of(["dpd"], [(["> 1"], ['"a"', "7"])], outputs=[ColumnDraft("act"), ColumnDraft("points", "number")])
    assert decided(model, accounts(dpd=[2]))[0] == {"account_id": "c0", "act": "a", "points": 7, "act_rule": 1}


def test_keys_pass_through_and_order_is_kept() -> None:
    table = accounts(dpd=list(range(3000)), ok=[None] * 3000).append_column(
        "person_id", pa.array([f"p{i}" for i in range(3000)])
    )
    rows = decided(model_of(["dpd", "ok"], RULES), table, keys=("account_id", "person_id"))
    assert [row["person_id"] for row in rows] == [f"p{i}" for i in range(3000)]
    assert list(rows[0]) == ["account_id", "person_id", "act", "act_rule"]


def test_an_empty_portfolio_gives_an_empty_result() -> None:
    table = pa.table(
        {"account_id": pa.array([], pa.string()), "dpd": pa.array([], pa.int32()), "ok": pa.array([], pa.bool_())}
    )
    assert decided(model_of(["dpd", "ok"], RULES), table) == []


def test_a_missing_column_is_named() -> None:
    with pytest.raises(MissingFacts) as caught:
        decided(model_of(["dpd", "ok"], RULES), accounts(dpd=[1]))
    assert caught.value.data["missing"] == "ok"


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_numbers_that_are_none_stop_the_run(bad: float) -> None:
    with pytest.raises(NotFinite) as caught:
        decided(model_of(["rate"], [(["> 0"], ['"a"'])]), accounts(rate=[0.1, bad]))
    assert (caught.value.data["fact"], caught.value.data["count"]) == ("rate", 1)


def test_instants_are_compared_in_utc() -> None:
    text = 'paid > date and time("2026-03-01T00:00:00Z")'
    model = decide.read(document("x", {"paid": "date and time"}, [ExpressionDraft("late", text, "boolean", ["paid"])]))
    compiled = decide.compile(model, {"paid": "instant"})
    west = py.timezone(py.timedelta(hours=-6))
    times = [py.datetime(2026, 2, 28, 17, 59, tzinfo=west), py.datetime(2026, 2, 28, 18, 1, tzinfo=west), None]
    table = pa.table({"account_id": ["1", "2", "3"], "paid": pa.array(times, pa.timestamp("us", "UTC"))})
    with duckdb.connect() as connection:
        found = decide.run(compiled, table, connection)
    assert found.column("late").to_pylist() == [False, True, None]
    assert decide.differences(compiled, table, found) == []


def test_an_account_is_explained_rule_by_rule_and_cell_by_cell() -> None:
    found = decide.evaluate(model_of(["dpd", "ok"], RULES), {"dpd": 40, "ok": True}).decision("act")
    assert (found.value, found.winners, found.reason) == ("call", (1,), "Motivo 1")
    assert [(rule.number, rule.id, rule.is_winner) for rule in found.fired] == [
        (1, "act_r1", True), (2, "act_r2", False), (3, "act_r3", False),
    ]  # fmt: skip
    cell = found.fired[1].cells[1]
    assert (cell.column, cell.test, cell.value, cell.result) == ("ok", "true", True, True)


def test_an_amount_beyond_all_money_stops_the_run() -> None:
    model = decide.read(document("x", {"dpd": "number"}, [ExpressionDraft("e", "dpd * 2", "number", ["dpd"])]))
    with pytest.raises(OutOfRange):
        decided(model, accounts(dpd=[4 * 10**18]))


def test_a_rate_is_explained_with_the_digits_that_the_run_sees() -> None:
    model = model_of(["rate"], [(["0.333333333"], ['"a"'])])
    assert decided(model, accounts(rate=[1 / 3]))[0]["act"] == "a"
    assert decide.evaluate(model, {"rate": 1 / 3}, FACTS).outputs == {"act": "a"}
