"""One answer through the compiled statement: for the conformance suite, whose inputs become a table of one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import duckdb

from recaudo.engine.decide.feel.temporal import NANOS, Date, DateTime, Months, Seconds
from recaudo.engine.decide.feel.values import Value, kind
from recaudo.engine.decide.model import Model
from recaudo.engine.decide.problems import NotCompilable
from recaudo.engine.decide.sql.decode import decode, leaves
from recaudo.engine.decide.sql.dialects import Dialect
from recaudo.engine.decide.sql.dialects.duckdb import DUCKDB
from recaudo.engine.decide.sql.graph import Graph, Shape
from recaudo.engine.decide.sql.terms import Refused, literal, number_literal, quoted


def one_row(sql: str) -> tuple[Any, ...]:
    """The row that a statement gives in DuckDB."""
    with duckdb.connect(":memory:") as connection:
        rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
    return rows[0]


def answer(
    model: Model, name: str, node_kind: str, given: Mapping[str, Value], *, dialect: Dialect = DUCKDB, run: Callable[[str], tuple[Any, ...]] = one_row
) -> Value:
    """The value of one decision for one set of inputs. Raises NotCompilable.

    run  runs a statement of the dialect and returns its one row
    """
    if node_kind != "decision":
        raise NotCompilable(where=f"«{name}»", what=f"un resultado de tipo «{node_kind}»", remedy="Pida una decisión.")
    columns: list[tuple[str, str]] = []
    try:
        facts = {node.name: _shape(node.name, given.get(node.name), columns) for node in model.inputs}
        extra = {key: _shape(key, value, columns) for key, value in given.items() if key not in facts}
        graph = _with_given_decisions(Graph(model, {**facts, **extra}, dialect), given)
        result = graph.decision(model.decision(name))
        wanted = list(leaves(result.term))
        source = f"(SELECT {', '.join(f'{text} AS {quoted(key)}' for key, text in columns) or '1 AS one'})"
        final = [f"{leaf.text} AS c{place}" for place, leaf in enumerate(wanted)] or ["1 AS one"]
        row = run(graph.layers.select(source, [], final))
        return decode(result.term, {leaf.path: value for leaf, value in zip(wanted, row, strict=False)})
    except Refused as refused:
        raise NotCompilable(where=f"Decisión «{name}»", what=refused.what, remedy=refused.remedy) from None


def _with_given_decisions(graph: Graph, given: Mapping[str, Value]) -> Graph:
    """A test may give the value of a decision instead of its inputs."""
    for decision in graph.model.decisions:
        if decision.name in given:
            graph.terms[decision.id] = graph.conform(
                graph.column(decision.name, graph.facts[decision.name]), decision.type
            )
    return graph


def _shape(name: str, value: Value, columns: list[tuple[str, str]]) -> Shape:
    """The fact type of a value, and its literal as a column of the one-row table."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        return {key: _shape(f"{name}.{key}", inner, columns) for key, inner in value.items()}
    if isinstance(value, Decimal):
        digits = number_literal(value).digits
        if digits is None:
            raise Refused(f"el número {value}")
        columns.append((name, literal(value).text))
        scale = digits[1]
        return f"decimal({max(digits[0], scale + 1, 1)},{scale})"
    if isinstance(value, Seconds) and value.nanos % NANOS:
        raise Refused("una duración con fracciones de segundo")
    columns.append((name, literal(value).text))
    found = {str: "text", bool: "boolean", Date: "date", Seconds: "days", Months: "months"}.get(type(value))
    if isinstance(value, DateTime):
        found = "instant" if value.time.has_zone else "moment"
    if found is None:
        raise Refused(f"una entrada de tipo «{kind(value)}»", "Use un dato simple.")
    return found
