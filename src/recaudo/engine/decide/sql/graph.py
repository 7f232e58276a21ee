"""The decisions of a model as layers of one statement, each where the ones it requires are already columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from recaudo.engine.decide.conform import Types
from recaudo.engine.decide.model import (
    BoxedList,
    Conditional,
    Context,
    Decision,
    Expression,
    FunctionDefinition,
    InputData,
    Invocation,
    ItemType,
    Knowledge,
    Literal,
    Model,
    Relation,
    Service,
    Table,
)  # fmt: skip
from recaudo.engine.decide.problems import CyclicModel, NotCompilable
from recaudo.engine.decide.sql.dialects import Dialect, op
from recaudo.engine.decide.sql.expressions import Env, Translator, choose
from recaudo.engine.decide.sql.layers import Layers
from recaudo.engine.decide.sql.tables import TableCompiler
from recaudo.engine.decide.sql.terms import (
    INSTANT,
    MOMENT,
    Callable,
    Items,
    Known,
    Refused,
    Rows,
    Sql,
    Struct,
    Term,
    kind_of,
    lift,
    quoted,
)  # fmt: skip

# fact type -> FEEL kind, digits, plan over the quoted source column
FACT_TYPES: dict[str, tuple[str, tuple[int, int] | None, str]] = {
    "text": ("string", None, f"CAST({{0}} AS {op('text_type')})"),
    "integer": ("number", (18, 0), "CAST({0} AS BIGINT)"),
    "money": ("number", (18, 0), "CAST({0} AS BIGINT)"),
    "rate": ("number", (18, 9), op("rate", "{0}")),
    "boolean": ("boolean", None, "CAST({0} AS BOOLEAN)"),
    "date": ("date", None, "CAST({0} AS DATE)"),
    "instant": (INSTANT, None, op("instant", "{0}")),
    "moment": (MOMENT, None, op("local_moment", "{0}")),
    "days": ("days and time duration", None, "CAST({0} AS BIGINT)"),
    "months": ("years and months duration", None, "CAST({0} AS INTEGER)"),
}
MAX_INLINE = 40

# A fact type, "decimal(p,s)", or the shapes of a structure's entries.
Shape = str | Mapping[str, Any]


@dataclass(frozen=True)
class DecisionColumns:
    """term: the result over columns; rule: where the rule numbers of its table are."""

    name: str
    term: Term
    rule: Sql | Rows | None


class Graph:
    """facts: shape by input name. After `decision(...)` the layers hold what it needs."""

    def __init__(self, model: Model, facts: Mapping[str, Shape], dialect: Dialect) -> None:
        self.model = model
        self.facts = facts
        self.types = Types(model)
        self.layers = Layers(dialect)
        self.translator = Translator(self.types.evaluator, self.inline)
        self.terms: dict[str, Term] = {}
        self.rules: dict[str, Sql | Rows] = {}
        self.envs: dict[str, Env] = {}
        self.busy: list[str] = []
        self.used: list[str] = []
        self.where = ""
        self.spot = ""
        self.depth = 0

    def at(self, place: str) -> None:
        self.spot = place

    def decision(self, decision: Decision) -> DecisionColumns:
        """Compile a decision and what it requires. Raises NotCompilable, CyclicModel."""
        term = self.node(decision)
        return DecisionColumns(decision.name, term, self.rules.get(decision.id))

    def node(self, node: InputData | Decision | Knowledge | Service) -> Term:
        if node.id in self.terms:
            return self.terms[node.id]
        if node.id in self.busy:
            raise CyclicModel(cycle=" → ".join(self.model.by_id[key].name for key in [*self.busy, node.id]))
        if isinstance(node, Service):
            raise NotCompilable(
                where=f"Servicio «{node.name}»", what="un servicio de decisión", remedy="Use sus decisiones."
            )
        self.busy.append(node.id)
        required = {} if isinstance(node, InputData) else self.required(node.requires)
        before, self.where, self.spot = self.where, _title(node), ""
        try:
            self.terms[node.id] = self.build(node, Env(required))
        except Refused as refused:
            raise self.problem(refused) from None
        self.where = before
        self.busy.pop()
        return self.terms[node.id]

    def problem(self, refused: Refused) -> NotCompilable:
        place = self.where + (f", {self.spot}" if self.spot else "")
        return NotCompilable(where=place, what=refused.what, remedy=refused.remedy)

    def required(self, keys: tuple[str, ...]) -> dict[str, Term]:
        nodes = [self.model.by_id[key] for key in keys if key in self.model.by_id]
        return {node.name: self.node(node) for node in nodes}

    def build(self, node: InputData | Decision | Knowledge, env: Env) -> Term:
        if isinstance(node, InputData):
            return self.input(node)
        if isinstance(node, Knowledge):
            self.envs[node.id] = env
            return Callable(node, node.function)
        term = Known(None) if node.expression is None else self.express(node.expression, env, node.id)
        return self.layers.keep(self.conform(term, node.type), "d")

    # -- facts

    def input(self, node: InputData) -> Term:
        if node.name not in self.facts:
            raise Refused(f"el dato «{node.name}», que no está en el diccionario", "Elija un dato del diccionario.")
        return self.conform(self.column(node.name, self.facts[node.name]), node.type)

    def column(self, name: str, shape: Shape) -> Term:
        """The source column of a fact, in the type of the compiler."""
        if not isinstance(shape, str):
            return Struct(tuple((key, self.column(f"{name}.{key}", inner)) for key, inner in shape.items()))
        if shape == "null":
            return Known(None)
        if shape.startswith("decimal("):
            precision, scale = map(int, shape[8:-1].split(","))
            kind, digits, template = "number", (precision, scale), f"CAST({{0}} AS DECIMAL({precision},{scale}))"
        elif shape in FACT_TYPES:
            kind, digits, template = FACT_TYPES[shape]  # type: ignore[assignment]
        else:
            raise Refused(f"el tipo de dato «{shape}»", "Use text, integer, money, rate, boolean, date o instant.")
        alias = self.layers.alias("f")
        self.layers.base.append((alias, template.format(quoted(name))))
        self.used.append(name)
        return Sql(kind, alias, digits, is_plain=True)

    # -- boxed expressions

    def express(self, expression: Expression, env: Env, decision: str = "") -> Term:
        if isinstance(expression, Literal):
            return self.literal(expression, env)
        if isinstance(expression, Table):
            compiled = TableCompiler(expression, self.translator, self.layers, env, self).compile()
            if decision:
                self.rules[decision] = compiled.rule
            return compiled.term
        if isinstance(expression, Context):
            return self.context(expression, env)
        if isinstance(expression, Invocation):
            return self.invocation(expression, env)
        if isinstance(expression, Conditional):
            test = self.express(expression.test, env)
            if isinstance(test, Known) and test.value is not None and not isinstance(test.value, bool):
                return Known(None)
            return choose(test, self.express(expression.then, env), self.express(expression.otherwise, env))
        if isinstance(expression, BoxedList):
            return Items(tuple(self.express(item, env) for item in expression.items))
        if isinstance(expression, Relation):
            return Items(
                tuple(
                    Struct(
                        tuple(
                            (name, self.express(cell, env)) for name, cell in zip(expression.columns, row, strict=True)
                        )
                    )
                    for row in expression.rows
                )
            )
        raise Refused("una función o un ciclo como resultado", "Use una tabla o una expresión.")

    def literal(self, expression: Literal, env: Env) -> Term:
        cell = expression.cell
        if cell.broken:
            raise Refused(f"la expresión «{cell.text}», que no se entiende ({cell.broken.data['what']})", "Corríjala.")
        term = Known(None) if cell.tree is None else self.translator.term(cell.tree, env)
        return self.conform(term, expression.type)

    def context(self, expression: Context, env: Env) -> Term:
        entries: list[tuple[str, Term]] = []
        for entry in expression.entries:
            if isinstance(entry.value, FunctionDefinition):
                raise Refused("una función dentro de un contexto", "Conviértala en un modelo de conocimiento.")
            term = self.layers.keep(self.conform(self.express(entry.value, env), entry.type), "c")
            if not entry.name:
                return term
            entries.append((entry.name, term))
            env = Env({**env.terms, entry.name: term})
        return Struct(tuple(entries))

    def invocation(self, expression: Invocation, env: Env) -> Term:
        if not isinstance(expression.function, Literal):
            raise Refused("una invocación de algo que no es un modelo de conocimiento")
        tree = expression.function.cell.tree
        function = env.find(getattr(tree, "name", ""))
        named = [(name, self.express(value, env)) for name, value in expression.bindings]
        if isinstance(function, Callable):
            return self.conform(self.inline(function, [], named), expression.type)
        raise Refused("una invocación de algo que no es un modelo de conocimiento")

    def inline(self, function: Callable, args: list[Term], named: list[tuple[str, Term]]) -> Term:
        """The body of a knowledge model with its arguments in place."""
        params = function.definition.params
        if named:
            given = dict(named)
            if set(given) != {name for name, _ in params}:
                return Known(None)
            args = [given[name] for name, _ in params]
        body = function.definition.body
        if len(args) != len(params) or body is None or function.definition.external:
            return Known(None)
        self.depth += 1
        if self.depth > MAX_INLINE:
            raise Refused("un modelo de conocimiento que se llama a sí mismo", "Quite la recursión.")
        fitted = {}
        for (name, kind), arg in zip(params, args, strict=True):
            fit = self.conform(arg, kind)
            if _is_null(fit) and not _is_null(arg):
                what = f"el argumento «{name}» de «{function.node.name}», que no es del tipo {kind}"
                raise Refused(what, "Corrija el tipo.")
            fitted[name] = self.layers.keep(fit, "a")
        outer = self.envs[function.node.id]
        result = self.express(body, Env({**outer.terms, **fitted}))
        self.depth -= 1
        return self.conform(result, self.types.result_of(function.node.type))

    # -- declared types

    def conform(self, term: Term, name: str) -> Term:
        """As `Types.conform`. Raises Refused where it would have to be decided per account in a way SQL cannot."""
        if not name or name in ("Any", "Undefined") or isinstance(term, Callable):
            return term
        if isinstance(term, Known):
            return Known(self.types.conform(term.value, name))
        if name in self.model.types:
            return self.conform_item(term, self.model.types[name])
        if name in ("context", "list", "function"):
            return term if kind_of(term) == name or name == "list" else Known(None)
        if isinstance(term, Items):
            return self.conform(term.items[0], name) if len(term.items) == 1 else Known(None)
        if isinstance(term, Rows):
            return self.only_row(term, name)
        kind = kind_of(term)
        if kind == name or (kind == INSTANT and name == MOMENT):
            return term
        if kind == "date" and name == MOMENT:
            raise Refused("una fecha donde se declara fecha y hora", "Declare el tipo «date».")
        return Known(None)

    def only_row(self, term: Rows, name: str) -> Term:
        """A list of one is its member."""
        if term.columns or term.kind != name:
            return Known(None)
        return Sql(
            term.kind, f"(CASE WHEN {op('size', term.text)} = 1 THEN {op('first', term.text)} END)", term.digits, domain=term.domain
        )

    def conform_item(self, term: Term, kind: ItemType) -> Term:
        if kind.is_list:
            return self.conform_list(term, kind)
        if isinstance(term, Rows) and not kind.components and kind.base not in self.model.types:
            term = self.only_row(term, kind.base)
        if kind.components:
            return self.conform_struct(term, kind)
        return self.allowed(self.conform(term, kind.base), kind)

    def conform_list(self, term: Term, kind: ItemType) -> Term:
        one = replace(kind, is_list=False)
        if isinstance(term, Items):
            return Items(tuple(self.conform_item(item, one) for item in term.items))
        if isinstance(term, Rows):
            self.check_rows(term, kind)
            return term
        return Items((self.conform_item(term, one),))

    def check_rows(self, term: Rows, kind: ItemType) -> None:
        parts = {part.name: part for part in kind.components}
        if kind.base in self.model.types:
            return self.check_rows(term, replace(self.model.types[kind.base], is_list=True))
        if term.columns:
            if set(parts) - {name for name, _ in term.columns}:
                raise Refused(
                    "una lista cuyas columnas no son las del tipo declarado", "Iguale los nombres de las columnas."
                )
            for name, rows in term.columns:
                if name in parts:
                    self.check_rows(rows, parts[name])
            return None
        if kind.base and term.kind not in (kind.base, "null"):
            raise Refused(f"una lista de «{term.kind}» donde se declara «{kind.base}»", "Corrija el tipo.")
        if kind.allowed is not None and not self.all_allowed(term.domain, kind):
            raise Refused("una lista con valores fuera de los permitidos", "Complete los valores permitidos.")
        return None

    def conform_struct(self, term: Term, kind: ItemType) -> Term:
        if isinstance(term, Items) and len(term.items) == 1:
            term = term.items[0]
        if not isinstance(term, Struct):
            return Known(None)
        parts = {part.name: part for part in kind.components}
        if set(parts) - {name for name, _ in term.entries}:
            return Known(None)
        entries = []
        for name, value in term.entries:
            fit = self.conform_item(value, parts[name]) if name in parts else value
            if (
                fit is not value
                and not (isinstance(fit, Struct) and isinstance(value, Struct))
                and not isinstance(value, Known)
            ):
                raise Refused(
                    f"el dato «{name}», que puede no ser del tipo declarado",
                    "Corrija el tipo o sus valores permitidos.",
                )
            entries.append((name, fit))
        return Struct(tuple(entries))

    def all_allowed(self, domain: tuple[Any, ...] | None, kind: ItemType) -> bool:
        return domain is not None and all(self.types.is_allowed(value, kind) for value in domain)

    def allowed(self, term: Term, kind: ItemType) -> Term:
        tests = kind.allowed.tests if kind.allowed else None
        if tests is None or not isinstance(term, Sql) or self.all_allowed(term.domain, kind):
            return term
        if isinstance(term, Sql) and term.over is not None:
            raise Refused("una división con valores permitidos", "Redondéela con decimal(x, n).")
        condition = lift(self.translator.accepts(tests, term, Env({}))).text
        return replace(term, text=f"(CASE WHEN {condition} THEN {term.text} END)", is_plain=False)


def _is_null(term: Term) -> bool:
    return (isinstance(term, Known) and term.value is None) or (isinstance(term, Sql) and term.kind == "null")


def _title(node: InputData | Decision | Knowledge) -> str:
    kind = {InputData: "Dato", Decision: "Decisión", Knowledge: "Conocimiento"}[type(node)]
    return f"{kind} «{node.name}»"
