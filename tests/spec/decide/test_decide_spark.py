"""The dialect of Spark without a Spark: what it says, and what it refuses. `make cluster-test` runs it beside DuckDB."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from tests.spec.decide.tables import FACTS, FEEL, model_of

from recaudo.engine import decide
from recaudo.engine.decide.problems import NotCompilable
from recaudo.engine.decide.sql.dialects import Refused, coded, op
from recaudo.engine.decide.sql.dialects.duckdb import DUCKDB
from recaudo.engine.decide.sql.dialects.spark import SPARK
from recaudo.engine.decide.write import ExpressionDraft, document
from recaudo.engine.facts import types

GOLDEN = Path(__file__).with_name("table.spark.sql")


def spark_sql(text: str) -> str:
    return decide.compile(expression(text), FACTS, dialect=SPARK).sql("day")


def expression(text: str) -> decide.Model:
    return decide.read(document("x", {name: FEEL[kind] for name, kind in FACTS.items()}, [ExpressionDraft("e", text, "", list(FACTS))]))


def test_both_dialects_say_every_word() -> None:
    assert SPARK.words.keys() == DUCKDB.words.keys()


def test_a_table_is_one_statement_of_spark() -> None:
    model = model_of(["dpd", "product"], [(["> 30", "-"], ['"it\'s"']), (["-", '"A"'], ['"b"'])])
    assert decide.compile(model, FACTS, dialect=SPARK).sql("day") + "\n" == GOLDEN.read_text()


def test_the_strategy_of_the_product_runs_on_spark() -> None:
    xml = (Path(decide.__file__).parents[2] / "strategy" / "defaults" / "collections.dmn").read_bytes()
    here, there = (decide.compile(decide.read(xml), types(), dialect=dialect) for dialect in (DUCKDB, SPARK))
    assert [column.name for column in here.columns] == [column.name for column in there.columns]
    assert here.facts == there.facts
    statement = there.sql("day")
    for foreign in ('"', "VARCHAR", "HUGEINT", "lambda", "list_", "//", "\x02", "\x03"):
        assert foreign not in statement, foreign


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("day + duration(\"P1M\")", "add_months(f5, CAST(+CAST(1 AS INTEGER) AS INT))"),
        ("day of week(day)", "(weekday(f5) + 1)"),
        ("product = \"a\\\\b'${x}\"", "'a\\\\b\\'\\u0024{x}'"),
        ("starts with(product, \"A\")", "startswith(f2, 'A')"),
        ("rate > 0.5", "CAST(CAST(CAST(round(`rate` * 1E9D) AS BIGINT) AS DECIMAL(18,0)) * 0.000000001 AS DECIMAL(18,9))"),
    ],
)
def test_words_of_spark(text: str, said: str) -> None:
    assert said in spark_sql(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("upper case(product)", "mayúsculas"),
        ("lower case(product)", "mayúsculas"),
        ("dpd ** 0.5", "potencia"),
        ("rate * dpd * 12", "37 dígitos"),
    ],
)
def test_what_spark_could_say_differently_is_refused_with_its_place(text: str, why: str) -> None:
    decide.compile(expression(text), FACTS)  # DuckDB takes it
    with pytest.raises(NotCompilable) as caught:
        spark_sql(text)
    assert why in caught.value.text and "Spark" in caught.value.text and "Decisión «e»" in caught.value.text


def test_a_sum_of_approximate_numbers_is_refused() -> None:
    with pytest.raises(Refused):
        SPARK.spell(op("folded", "+", "l1"))


def test_a_text_cannot_leave_its_quotes() -> None:
    hostile = "'; DROP TABLE x --\\' \x02name\x1f00\x03 ${a} `"
    spelled = SPARK.spell(f"SELECT {op('text', coded(hostile))}")
    assert spelled == "SELECT '\\'; DROP TABLE x --\\\\\\' \x02name\x1f00\x03 \\u0024{a} `'"
    with duckdb.connect() as db:
        assert db.execute(DUCKDB.spell(f"SELECT {op('text', coded(hostile))}")).fetchall() == [(hostile,)]


def test_a_half_is_text_with_its_zero() -> None:
    compiled = decide.compile(expression("string(if ok then 0.5 else 0.25)"), FACTS)
    table = pa.table({"account_id": ["a"], "ok": [True], "day": pa.array([None], pa.date32()), **{name: [None] for name in ("dpd", "other", "rate", "product")}})
    with duckdb.connect() as db:
        assert decide.run(compiled, table, db).column("e").to_pylist() == ["0.5"]


def test_the_digest_is_of_the_values_and_not_of_their_order() -> None:
    with duckdb.connect() as db:
        first = decide.digest(db, "(VALUES ('a', 1::INTEGER, [1, NULL]), ('b', NULL, NULL)) t(k, n, l)")
        same = decide.digest(db, "(VALUES ([1::BIGINT, NULL], 'a', 1::BIGINT), (NULL, 'b', NULL)) t(l, k, n) ORDER BY k DESC")
        shifted = decide.digest(db, "(VALUES ('a', NULL, [1, NULL]), ('b', 1, NULL)) t(k, n, l)")
        lost = decide.digest(db, "(VALUES ('a', 1, [1, NULL])) t(k, n, l)")
        cents = decide.digest(db, "(VALUES ('a', 1.0::DOUBLE, [1, NULL]), ('b', NULL, NULL)) t(k, n, l)")
    assert first == same and first[0] == 2
    assert len({first[1], shifted[1], lost[1], cents[1]}) == 4
