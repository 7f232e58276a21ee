"""What is decided twice, once by each engine: the answer of DuckDB is worked out here, and the order for Spark with it."""

from __future__ import annotations

import datetime as py
import hashlib
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from benchmarks.facts import facts_file
from hypothesis import HealthCheck, given, settings

from recaudo.engine import decide
from recaudo.engine.decide import tck
from recaudo.engine.decide.problems import NotCompilable, OutOfRange
from recaudo.engine.decide.reader import child, parse_xml
from recaudo.engine.decide.sql import single
from recaudo.engine.decide.write import ExpressionDraft, document
from recaudo.engine.facts import types
from recaudo.kernel.problems import Problem
from recaudo.project import spark
from recaudo.project.spark.job import told
from tests.spec.decide.tables import FACTS, FEEL
from tests.spec.decide.test_decide_differential import ARROW, EXPRESSIONS, models

ROWS = 5_000
MORE = [
    "string(if ok then 0.5 else 0.25)", "rate * rate / dpd", "dpd / rate", "sqrt(rate)", "sqrt(rate * rate)", "rate * 1234567.891", "dpd * 100000000 * rate / 7",
    "substring before(product, \"\")", "substring after(product, \"\")", 'product + "\\\\ \' ${x} `\u00a0"', "string(rate * 100)", "other * 123456789012 / 7",
    "decimal(rate * dpd / 3, 9)", "day + duration(\"P40D\")", "day - duration(\"P1D\")", "(day - date(\"2026-01-01\")).hours", "day.weekday",
    "if product < \"a\" then rate else dpd / 3", "dpd * dpd * dpd * dpd", "string length(product)", "product > \"Z\"", "rate = 0.333333333", "-dpd ** 3",
]  # fmt: skip


@dataclass
class Case:
    """part: of the report; digest or row: what DuckDB gave, in `seconds`; refused: why Spark does not take it."""

    part: str
    order: spark.Order
    seconds: float = 0.0
    digest: str = ""
    row: list[Any] | None = None
    refused: str = ""

    def difference(self, answer: spark.Answer) -> str:
        """How the answer of Spark differs, or nothing."""
        if self.row is not None:
            return "" if answer.row == self.row else f"DuckDB {self.row}, Spark {answer.row}"
        with duckdb.connect() as db:
            there = f"read_parquet('{self.order.out}/*.parquet')"
            rows, found = decide.digest(db, there)
            if found == self.digest:
                return ""
            names = [name for name, *_ in db.execute(f"DESCRIBE SELECT * FROM {there}").fetchall()]
            odd = [
                f'{name}: {sample}' for name in names
                if (sample := db.execute(f'SELECT h."{name}", t."{name}" FROM read_parquet(\'{self.order.out}.here\') h JOIN {there} t USING (account_id) WHERE h."{name}" IS DISTINCT FROM t."{name}" LIMIT 2').fetchall())
            ]  # fmt: skip
        return f"huella {found[:16]} de {rows:,} filas, y DuckDB {self.digest[:16]}; {'; '.join(odd)}"


def strategy_case(folder: Path, accounts: int, snapshot: Path | None) -> Case:
    """The default strategy of the product over a day."""
    xml = (Path(decide.__file__).parents[2] / "strategy" / "defaults" / "collections.dmn").read_bytes()
    source = snapshot.resolve() if snapshot else facts_file(folder / "facts.parquet", accounts)
    return _over("estrategia de fábrica", "collections.dmn", decide.read(xml), types(), source, folder)


def random_cases(folder: Path, count: int) -> Iterator[Case]:
    source = folder / "awkward.parquet"
    pq.write_table(_awkward(), source)
    for place, model in enumerate(_models(count), 1):
        with suppress(NotCompilable, OutOfRange):  # not for DuckDB either
            yield _over("tablas al azar", f"tabla {place}", model, FACTS, source, folder)
    fit = []
    for text in [*EXPRESSIONS, *MORE]:
        with suppress(NotCompilable, OutOfRange):
            alone = _over("expresiones", text, _expressions([text]), FACTS, source, folder)
            if alone.refused:
                yield alone
            else:
                fit.append(text)
    yield _over("expresiones", f"{len(fit)} a la vez", _expressions(fit), FACTS, source, folder)


def _expressions(texts: list[str]) -> decide.Model:
    """A model with a decision for each, so that one statement decides them all."""
    names = {name: FEEL[kind] for name, kind in FACTS.items()}
    return decide.read(document("x", names, [ExpressionDraft(f"e{place}", text, "", list(FACTS)) for place, text in enumerate(texts, 1)]))


def _over(part: str, name: str, model: decide.Model, facts: dict[str, str], source: Path, folder: Path) -> Case:
    here = decide.compile(model, facts)
    try:
        there = decide.compile(model, facts, dialect=spark.SPARK)
    except NotCompilable as problem:
        return Case(part, spark.Order(name, ""), refused=problem.data["what"])
    began = time.monotonic()
    with duckdb.connect() as db:
        decided = db.read_parquet(str(source)).to_arrow_table()
        result = decide.run(here, decided, db)
        seconds = time.monotonic() - began
        db.register("result", result)
        digest = decide.digest(db, "result")[1]
    out = folder / "out" / hashlib.sha256(f"{part} {name}".encode()).hexdigest()[:16]
    out.parent.mkdir(exist_ok=True)
    pq.write_table(result, f"{out}.here")
    return Case(part, spark.order_of(there, name=name, source=str(source), out=str(out)), seconds, digest)


def _models(count: int) -> list[decide.Model]:
    found: list[decide.Model] = []

    @settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(model=models())
    def draw(model: decide.Model) -> None:
        found.append(model)

    draw()
    return found


def _awkward() -> pa.Table:
    """Nulls, empty and accented texts, ends of months, negative numbers, rates half way between two of nine decimals."""
    pick = random.Random(20261130)
    texts = ["A", "B", "Ñandú", "n\u0303", "it's", "", "z", "Z", "a\\b'${x}", "banana", "🙂n", "ab\n", " A "]

    def rate() -> float:
        return pick.choice([0.0, 0.1, 1 / 3, 0.333333333, 1.0, -0.5, pick.random(), (pick.randrange(10**9) + 0.5) / 1e9, pick.uniform(-9, 9) * 10 ** pick.randrange(-9, 4)])

    makers = {
        "dpd": lambda: pick.choice([*range(-4, 8), pick.randrange(-(10**5), 10**5)]), "other": lambda: pick.randrange(-4, 8),
        "product": lambda: pick.choice(texts), "rate": rate, "ok": lambda: pick.random() < 0.5,
        "day": lambda: pick.choice([py.date(2024, 2, 29), py.date(2026, 1, 31), py.date(1969, 12, 31), py.date(1900, 1, 1) + py.timedelta(pick.randrange(60_000))]),
    }  # fmt: skip
    columns = {name: pa.array([None if pick.random() < 0.1 else makers[name]() for _ in range(ROWS)], ARROW[kind]) for name, kind in FACTS.items()}
    return pa.table({"account_id": pa.array([f"c{place}" for place in range(ROWS)]), **columns})


def conformance(folder: Path) -> Iterator[Case]:
    """Each case of the suite that DuckDB answers."""
    for tests in sorted(folder.rglob("*-test-*.xml")):
        root = parse_xml(tests.read_bytes())
        name = child(root, "modelName")
        try:
            model = decide.read((tests.parent / Path((name.text if name is not None else "") or "").name).read_bytes())
        except Problem:
            continue
        for case in tck.cases(root):
            found = _conformance(model, case, f"{tests.parent.name} {case.id} {case.node}")
            if found:
                yield found


def _conformance(model: decide.Model, case: tck.Case, name: str) -> Case | None:
    rows: list[list[Any]] = []
    seconds = 0.0

    def here(sql: str) -> tuple[Any, ...]:
        nonlocal seconds
        began = time.monotonic()
        row = single.one_row(sql)
        seconds = time.monotonic() - began
        rows.append([told(value) for value in row])
        return row

    try:
        single.answer(model, case.node, case.kind, case.given, run=here)
    except Problem:
        return None  # DuckDB refuses it too
    statement: list[str] = []

    def there(sql: str) -> tuple[Any, ...]:
        statement.append(sql)
        return (None,) * len(rows[0])

    try:
        single.answer(model, case.node, case.kind, case.given, dialect=spark.SPARK, run=there)
    except NotCompilable as problem:
        return Case("DMN TCK", spark.Order(name, ""), refused=problem.data["what"])
    return Case("DMN TCK", spark.Order(name, statement[0]), seconds, row=rows[0])
