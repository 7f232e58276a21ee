"""The reference: one account, decision by decision, with the explanation. Slow and plain on purpose; it defines what is right."""

from __future__ import annotations

import decimal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from recaudo.engine.decide.conform import Types
from recaudo.engine.decide.feel import values
from recaudo.engine.decide.feel.evaluator import Scope, invoke
from recaudo.engine.decide.feel.values import Function, Value
from recaudo.engine.decide.model import (
    BoxedList,
    Conditional,
    Context,
    Decision,
    Expression,
    FunctionDefinition,
    InputData,
    Invocation,
    Knowledge,
    Literal,
    Loop,
    Model,
    Relation,
    Service,
    Table,
)  # fmt: skip
from recaudo.engine.decide.problems import CyclicModel
from recaudo.engine.decide.tables import FiredRule, TableResult, evaluate_cell, evaluate_table


@dataclass(frozen=True, slots=True)
class DecisionTrace:
    """value: plain Python (see `to_python`); fired: empty for a decision that is no table."""

    name: str
    value: Any
    winners: tuple[int, ...]
    fired: tuple[FiredRule, ...]

    @property
    def reason(self) -> str:
        """The annotations of the rules that won, in plain words."""
        return " ".join(rule.annotation for rule in self.fired if rule.is_winner and rule.annotation)


@dataclass(frozen=True, slots=True)
class Explanation:
    """One account through a model: outputs by decision name, and what happened in each decision in order of need."""

    sha256: str
    outputs: dict[str, Any]
    decisions: tuple[DecisionTrace, ...]

    def decision(self, name: str) -> DecisionTrace:
        return next(trace for trace in self.decisions if trace.name == name)


# What a rate keeps: the compiled statement holds rates as DECIMAL(18,9).
RATE_STEP = Decimal("1e-9")


def fact_value(value: Any, kind: str) -> Value:
    """A fact as the FEEL value that the compiled statement sees: rates to 9 decimals, whole numbers whole."""
    found = values.from_python(value)
    if kind == "rate" and isinstance(found, Decimal):
        return found.quantize(RATE_STEP, rounding=decimal.ROUND_HALF_UP)
    if kind in ("integer", "money") and isinstance(found, Decimal):
        return found.quantize(Decimal(1), rounding=decimal.ROUND_HALF_EVEN)
    return found


def evaluate(model: Model, row: Mapping[str, Any], facts: Mapping[str, str] | None = None) -> Explanation:
    """All decisions of a model for one account.

    row      fact name -> plain Python value (str, int, float, Decimal, bool, date, datetime, None)
    facts    fact name -> type; with them rates are rounded to 9 decimals as in the compiled statement
    Returns  outputs and the trace of every decision
    Raises   CyclicModel
    """
    kinds = facts or {}
    run = Interpreter(model, {name: fact_value(value, kinds.get(name, "")) for name, value in row.items()})
    for decision in model.decisions:
        run.decision(decision)
    traces = tuple(
        DecisionTrace(
            model.by_id[key].name, values.to_python(value),
            run.tables[key].winners if key in run.tables else (), run.tables[key].fired if key in run.tables else (),
        )
        for key, value in run.results.items()
    )  # fmt: skip
    return Explanation(model.sha256, {trace.name: trace.value for trace in traces}, traces)


class Interpreter:
    """One row of inputs over one model. `given` holds FEEL values by the name of the input data (or of a decision)."""

    def __init__(self, model: Model, given: Mapping[str, Value], types: Types | None = None, *, traced: bool = True) -> None:
        self.model = model
        self.given = given
        self.traced = traced
        self.types = types or Types(model)
        self.evaluator = self.types.evaluator
        self.results: dict[str, Value] = {}
        self.tables: dict[str, TableResult] = {}
        self.busy: list[str] = []

    # -- the graph

    def decision(self, decision: Decision) -> Value:
        """The value of a decision, computed once."""
        if decision.id in self.results:
            return self.results[decision.id]
        if decision.id in self.busy:
            raise CyclicModel(cycle=" → ".join(self.model.by_id[key].name for key in [*self.busy, decision.id]))
        self.busy.append(decision.id)
        scope = self.scope(decision.requires)
        value = None if decision.expression is None else self.express(decision.expression, scope, decision.id)
        self.busy.pop()
        self.results[decision.id] = self.types.conform(value, decision.type)
        return self.results[decision.id]

    def scope(self, requires: Sequence[str]) -> Scope:
        names: dict[str, Value] = {}
        for key in requires:
            node = self.model.by_id.get(key)
            if node is not None:
                names[node.name] = self.node(node)
        return Scope(names)

    def node(self, node: InputData | Decision | Knowledge | Service) -> Value:
        if isinstance(node, InputData):
            return self.types.conform(self.given.get(node.name), node.type)
        if isinstance(node, Knowledge):
            return self.knowledge(node)
        if isinstance(node, Service):
            return self.service(node)
        return self.given[node.name] if node.name in self.given else self.decision(node)

    def knowledge(self, node: Knowledge) -> Function:
        if node.id in self.busy:
            raise CyclicModel(cycle=" → ".join(self.model.by_id[key].name for key in [*self.busy, node.id]))
        self.busy.append(node.id)
        function = self.function(node.function, self.scope(node.requires), self.types.result_of(node.type))
        self.busy.pop()
        return function

    def service(self, node: Service) -> Function:
        """A decision service as a function of its inputs; it sees nothing else."""
        nodes = [self.model.by_id[key] for key in node.inputs]
        names = tuple(one.name for one in nodes)
        kinds = tuple(one.type for one in nodes if not isinstance(one, Service))

        def call(args: Sequence[Value]) -> Value:
            fitted = [self.types.conform(arg, kind) for arg, kind in zip(args, kinds, strict=True)]
            if any(arg is not None and fit is None for arg, fit in zip(args, fitted, strict=True)):
                return None
            inner = Interpreter(self.model, dict(zip(names, fitted, strict=True)), self.types, traced=self.traced)
            found = {
                key: inner.decision(one) for key in node.outputs if isinstance(one := self.model.by_id[key], Decision)
            }
            kind = self.types.result_of(node.type)
            if len(found) == 1:
                return self.types.conform(next(iter(found.values())), kind)
            return self.types.conform({self.model.by_id[key].name: value for key, value in found.items()}, kind)

        return Function(names, kinds, call)

    def function(self, definition: FunctionDefinition, scope: Scope, result_type: str) -> Function:
        names = tuple(name for name, _ in definition.params)
        kinds = tuple(kind for _, kind in definition.params)

        def call(args: Sequence[Value]) -> Value:
            fitted = [self.types.conform(arg, kind) for arg, kind in zip(args, kinds, strict=True)]
            if any(arg is not None and fit is None for arg, fit in zip(args, fitted, strict=True)):
                return None
            if definition.body is None or definition.external:
                return None
            inner = Scope(dict(zip(names, fitted, strict=True)), scope)
            return self.types.conform(self.express(definition.body, inner), result_type)

        return Function(names, kinds, call)

    # -- boxed expressions

    def express(self, expression: Expression, scope: Scope, decision: str = "") -> Value:
        """The value of a boxed expression; a table of a decision leaves its trace under the decision's id."""
        if isinstance(expression, Literal):
            return self.types.conform(evaluate_cell(expression.cell, self.evaluator, scope), expression.type)
        if isinstance(expression, Table):
            result = evaluate_table(expression, self.evaluator, scope, traced=self.traced)
            if decision:
                self.tables[decision] = result
            return result.value
        if isinstance(expression, Context):
            return self.context(expression, scope)
        if isinstance(expression, Invocation):
            return self.invocation(expression, scope)
        if isinstance(expression, FunctionDefinition):
            return self.function(expression, scope, expression.type)
        return self.collection(expression, scope)

    def collection(self, expression: BoxedList | Relation | Conditional | Loop, scope: Scope) -> Value:
        if isinstance(expression, BoxedList):
            return [self.express(item, scope) for item in expression.items]
        if isinstance(expression, Relation):
            return [
                {name: self.express(cell, scope) for name, cell in zip(expression.columns, row, strict=True)}
                for row in expression.rows
            ]
        if isinstance(expression, Conditional):
            test = self.express(expression.test, scope)
            if test is not None and not isinstance(test, bool):
                return None
            return self.express(expression.then if test is True else expression.otherwise, scope)
        return self.loop(expression, scope)

    def context(self, expression: Context, scope: Scope) -> Value:
        names: dict[str, Value] = {}
        inner = Scope(names, scope)
        for entry in expression.entries:
            value = self.types.conform(self.express(entry.value, inner), entry.type)
            if not entry.name:
                return value
            names[entry.name] = value
        return names

    def invocation(self, expression: Invocation, scope: Scope) -> Value:
        function = self.express(expression.function, scope)
        value = invoke(function, [], [(name, self.express(value, scope)) for name, value in expression.bindings])
        return self.types.conform(value, expression.type)

    def loop(self, expression: Loop, scope: Scope) -> Value:
        items = self.evaluator.loop_items(self.express(expression.items, scope), None, False)
        if items is None:
            return None
        results = [self.express(expression.body, Scope({expression.variable: item}, scope)) for item in items]
        if expression.kind == "for":
            return results
        if expression.kind == "filter":
            return [item for item, keep in zip(items, results, strict=True) if keep is True]
        found: bool | None = expression.kind == "every"
        for result in results:
            found = values.both(found, result) if expression.kind == "every" else values.either(found, result)
        return found
