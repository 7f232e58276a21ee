"""Random tables on random accounts: the compiled statement and the reference never differ."""

from __future__ import annotations

import datetime as py

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.spec.decide.tables import FACTS, FEEL

from recaudo.engine import decide
from recaudo.engine.decide.problems import EnginesDiffer
from recaudo.engine.decide.write import ColumnDraft, ExpressionDraft, RuleDraft, TableDraft, document

POLICIES = ["U", "A", "F", "P", "R", "O", "C", "C+", "C#", "C<", "C>"]
ARROW = {"integer": pa.int32(), "text": pa.string(), "rate": pa.float64(), "boolean": pa.bool_(), "date": pa.date32()}

numbers = st.integers(-3, 6).map(str)
rates = st.sampled_from(["0", "0.1", "0.25", "0.3", "0.333333333", "1"])
texts = st.sampled_from(['"A"', '"B"', '"Ñandú"', '"it\'s"', '""'])
days = st.sampled_from(['date("2026-01-31")', 'date("2026-02-28")', 'date("2024-02-29")'])


def ordered(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(st.sampled_from("[("), values, values, st.sampled_from("])"))
    return st.one_of(
        values,
        st.tuples(st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), values).map(" ".join),
        pair.map(lambda p: f"{p[0]}{p[1]}..{p[2]}{p[3]}"),
        st.just("null"),
    )


def cell_of(one: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(one, min_size=1, max_size=3).map(", ".join)
    return st.one_of(st.just("-"), several, several.map(lambda text: f"not({text})"))


CELLS = {
    "dpd": st.one_of(
        cell_of(ordered(numbers)),
        st.sampled_from(["modulo(?, 3) = 0", "? > other", "other", "? * 2 > 3 and ? < 5", "? / 3 < 1", "? = null", "abs(?) in [1..2]",
                         "decimal(? / 4, 0) = 1", "(? + other) / 2 >= other / 3", "not(other)"]),
    ),
    "product": st.one_of(cell_of(st.one_of(texts, st.just("null"))), st.sampled_from(['starts with(?, "A")', '< "B"', "string length(?) > 1"])),
    "rate": cell_of(ordered(rates)),
    "ok": cell_of(st.sampled_from(["true", "false", "null"])),
    "day": st.one_of(cell_of(ordered(days)), st.sampled_from(['? - date("2026-01-01") > duration("P30D")', '? + duration("P1M") > date("2026-03-01")', "?.month = 2"])),
}  # fmt: skip
VALUES = {
    "dpd": st.one_of(st.none(), st.integers(-4, 7)),
    "other": st.one_of(st.none(), st.integers(-4, 7)),
    "product": st.one_of(st.none(), st.sampled_from(["A", "B", "Ñandú", "it's", "", "z"])),
    "rate": st.one_of(st.none(), st.sampled_from([0.0, 0.1, 0.2, 0.25, 0.3, 1 / 3, 1.0, -0.1])),
    "ok": st.one_of(st.none(), st.booleans()),
    "day": st.one_of(st.none(), st.dates(py.date(2024, 2, 28), py.date(2026, 3, 5))),
}
NUMBER_OUTPUTS = st.one_of(
    numbers, st.sampled_from(["1.5", "dpd + other", "dpd * rate", "null", "decimal(dpd / 3, 2)", "-dpd"])
)
RESULT_TYPES = {"n": "number", "t": "string", "flag": "boolean"}
RESULT_CELLS = {
    "n": st.one_of(cell_of(ordered(numbers)), st.sampled_from(["? > dpd", "modulo(?, 2) = 1"])),
    "t": st.one_of(cell_of(st.sampled_from(['"x"', '"y"', '"w"', "null"])), st.just("product")),
    "flag": CELLS["ok"],
}
TEXT_OUTPUTS = st.sampled_from(['"x"', '"y"', '"z"', "product", "null"])


def after(draw: st.DrawFn, results: list[str], *, one: bool) -> TableDraft:
    """A table that asks what the first one decided."""
    columns = [ColumnDraft("act" if one else f"act.{name}", RESULT_TYPES[name]) for name in results]
    rules = [RuleDraft([draw(RESULT_CELLS[name]) for name in results], [f'"{place}"']) for place in range(draw(st.sampled_from([1, 4, 65])))]
    return TableDraft("after", columns, [ColumnDraft("z", default='"nada"')], rules, "F", ["act", *FACTS])


@st.composite
def models(draw: st.DrawFn) -> decide.Model:
    policy = draw(st.sampled_from(POLICIES))
    facts = draw(st.lists(st.sampled_from(list(CELLS)), min_size=1, max_size=3, unique=True))
    count = draw(st.sampled_from([1, 2, 3, 5, 8, 70]))
    fixed = policy in ("A", "P", "O")
    number_column = policy in ("C+", "C<", "C>") or draw(st.booleans())
    if number_column:
        outputs = [ColumnDraft("n", "number", values=("3", "1", "2"))]
        cells = numbers if fixed else NUMBER_OUTPUTS
    else:
        outputs = [ColumnDraft("t", values=('"y"', '"x"'))]
        cells = st.sampled_from(['"x"', '"y"', '"z"']) if fixed else TEXT_OUTPUTS
    if policy not in ("C+", "C<", "C>", "C#") and draw(st.booleans()):
        outputs = [*outputs, ColumnDraft("flag", "boolean", default=draw(st.sampled_from(["", "true"])))]
    rules = []
    for _ in range(count):
        results = [draw(cells)] + [draw(st.sampled_from(["true", "false"])) for _ in outputs[1:]]
        rules.append(RuleDraft([draw(CELLS[fact]) for fact in facts], results))
    columns = [ColumnDraft(fact, FEEL[FACTS[fact]]) for fact in facts]
    table = TableDraft("act", columns, outputs, rules, policy, list(FACTS))
    decisions: list[TableDraft | ExpressionDraft] = [table]
    if len(outputs) == 1 and policy in "UAFP" and number_column:
        decisions.append(ExpressionDraft("next", "if act > 1 then act / 3 else dpd", "number", ["act", "dpd"]))
    if policy in "UAFP":
        decisions.append(after(draw, [column.expression for column in outputs], one=len(outputs) == 1))
    return decide.read(document("azar", {name: FEEL[FACTS[name]] for name in FACTS}, decisions))


@st.composite
def accounts(draw: st.DrawFn) -> pa.Table:
    size = 25
    columns = {name: draw(st.lists(VALUES[name], min_size=size, max_size=size)) for name in FACTS}
    arrays = {name: pa.array(values, ARROW[FACTS[name]]) for name, values in columns.items()}
    return pa.table({"account_id": pa.array([f"c{place}" for place in range(size)]), **arrays})


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(model=models(), table=accounts())
def test_compiled_and_reference_give_the_same_for_any_table(model: decide.Model, table: pa.Table) -> None:
    compiled = decide.compile(model, FACTS)
    with duckdb.connect() as connection:
        decided = decide.run(compiled, table, connection)
    assert decide.differences(compiled, table, decided) == []


EXPRESSIONS = [
    "dpd / other", "dpd / other > 1", "(dpd / other) / rate", "dpd / other = other / dpd", "dpd = rate", "dpd != null", "product = dpd",
    "modulo(dpd, other)", "floor(dpd / other)", "ceiling(rate * 10 / 3)", "decimal(dpd * rate / 7, 3)", "round half up(rate, 1)",
    "round half down(rate, 2)", "round up(dpd / 4, 0)", "round down(dpd / 4, 1)", "min(dpd, other)", "max(dpd, other, 0)",
    "mean(dpd, other)", "abs(dpd) ** 2", "dpd between 1 and other", "dpd in (1, other, [3..4])", "not(ok)", "ok and dpd > 2",
    "ok or dpd > 2", "if ok then dpd else rate", "substring(product, 2)", "substring(product, -1)", "product + \"!\"",
    "upper case(product)", "contains(product, \"a\")", "substring before(product, \"n\")", "substring after(product, \"n\")",
    "string(dpd) + product", "string(rate)", "day + duration(\"P1M\")", "day - duration(\"P1Y2M\")", "day - date(\"2026-01-31\")",
    "years and months duration(day, date(\"2026-01-31\"))", "day of week(day)", "week of year(day)", "day of year(day)",
    "month of year(day)", "day.year * 100 + day.month", "string(day)", "even(dpd)", "odd(other)", "is defined(product)",
    "list contains([1, 2, null], dpd)", "(day - date(\"2026-01-01\")).days", "-rate", "sqrt(dpd)", "day < date(\"2026-01-01\")",
    "ok = null",
]  # fmt: skip


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_is_the_same_compiled(text: str) -> None:
    model = decide.read(
        document("x", {name: FEEL[FACTS[name]] for name in FACTS}, [ExpressionDraft("e", text, "", list(FACTS))])
    )
    rows = [
        (d, p, r, k, y, o)
        for d, o in [(1, 2), (0, 0), (-7, 3), (7, -3), (5, None), (None, 1), (6, 4), (2, 2), (3, -4)]
        for p, r, k, y in [
            ("A", 0.25, True, py.date(2024, 2, 29)), ("Ñandú", 0.35, False, py.date(2026, 1, 31)), (None, None, None, None),
            ("", 0.045, True, py.date(2023, 12, 31)), ("banana", -0.5, False, py.date(2027, 5, 30)),
        ]
    ]  # fmt: skip
    names = ["dpd", "product", "rate", "ok", "day", "other"]
    arrays = {name: pa.array([row[place] for row in rows], ARROW[FACTS[name]]) for place, name in enumerate(names)}
    table = pa.table({"account_id": pa.array([str(place) for place in range(len(rows))]), **arrays})
    compiled = decide.compile(model, FACTS)
    with duckdb.connect() as connection:
        decided = decide.run(compiled, table, connection)
    assert decide.differences(compiled, table, decided) == []
    assert any(value is not None for value in decided.column("e").to_pylist())


def test_a_difference_would_be_found() -> None:
    model = decide.read(document("x", {"dpd": "number"}, [ExpressionDraft("e", "dpd * 2", "number", ["dpd"])]))
    compiled = decide.compile(model, {"dpd": "integer"})
    table = pa.table({"account_id": ["a"], "dpd": pa.array([4], pa.int32())})
    forged = pa.table({"account_id": ["a"], "e": pa.array([9], pa.int64())})
    [found] = decide.differences(compiled, table, forged)
    assert (found.key, found.column, found.compiled, found.reference) == (("a",), "e", 9, 8)
    with pytest.raises(EnginesDiffer):
        decide.verify(compiled, table, forged)
