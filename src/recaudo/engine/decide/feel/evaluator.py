"""A FEEL tree to its value, row at a time. What fails is null; only Python's own faults raise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from recaudo.engine.decide.feel import values
from recaudo.engine.decide.feel.builtins import BUILTINS, call
from recaudo.engine.decide.feel.builtins.calendar import property_of
from recaudo.engine.decide.feel.builtins.ranges import range_property
from recaudo.engine.decide.feel.builtins.registry import builtin
from recaudo.engine.decide.feel.parser import parse_expression
from recaudo.engine.decide.feel.temporal import Date, DateTime, Months, Seconds, Time, from_ordinal
from recaudo.engine.decide.feel.tree import (
    Between,
    Binary,
    Call,
    Compare,
    Const,
    ContextLiteral,
    Filter,
    For,
    FunctionLiteral,
    If,
    In,
    InstanceOf,
    ListLiteral,
    Name,
    Negate,
    Node,
    Path,
    Quantified,
    RangeLiteral,
    Tests,
)  # fmt: skip
from recaudo.engine.decide.feel.values import Function, Range, Value
from recaudo.engine.decide.problems import FeelSyntax

MAX_LOOP = 100_000
# Turns of loops and calls of functions in one expression, those inside others included: what is longer has no value.
MAX_TURNS = 500_000
CALL = 4  # a call takes about as long as so many turns


class Scope:
    """Names and values, one level above another."""

    __slots__ = ("above", "names")

    def __init__(self, names: Mapping[str, Value], above: Scope | None = None) -> None:
        self.names = names
        self.above = above

    def find(self, name: str) -> tuple[bool, Value]:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return True, scope.names[name]
            scope = scope.above
        return False, None

    def with_names(self, **names: Value) -> Scope:
        return Scope(names, self)


IsInstance = Callable[[Value, str], bool]


class Evaluator:
    """is_instance: does a value have a type that a model defines (for `instance of` and typed parameters)."""

    def __init__(self, is_instance: IsInstance | None = None) -> None:
        self.is_instance = is_instance or (lambda value, name: values.kind(value) == name)
        self.turned, self.depth = 0, 0
        # By identity, with the node itself, so that no other node can take its number.
        self.speaking: dict[int, tuple[Node, bool]] = {}
        self.rules: dict[type[Node], Callable[[Any, Scope], Value]] = {
            Const: lambda node, scope: node.value, Name: self.name, Path: self.path, Call: self.call,
            Filter: self.filter, Negate: lambda node, scope: values.negate(self.value(node.value, scope)),
            Binary: self.binary, Between: self.between, In: self.is_in, InstanceOf: self.instance_of, If: self.choose,
            For: self.loop, Quantified: self.quantified, FunctionLiteral: self.function, ListLiteral: self.list_of,
            ContextLiteral: self.context, RangeLiteral: self.range, Compare: self.open_range,
        }  # fmt: skip

    def value(self, node: Node, scope: Scope) -> Value:
        """The value of an expression."""
        return self.rules[type(node)](node, scope)

    # -- cells

    def accepts(self, tests: Tests, value: Value, scope: Scope) -> bool | None:
        """Does a cell accept the value of its column: true, false or null (which does not match)."""
        if not tests.tests:
            return True
        inner = Scope({"?": value}, scope)
        found: bool | None = False
        for test in tests.tests:
            found = values.either(found, self.passes(test, value, inner))
            if found is True:
                break
        return values.inverse(found) if tests.negated else found

    def passes(self, test: Node, value: Value, scope: Scope) -> bool | None:
        """One unary test on a value."""
        if isinstance(test, Compare):
            return values.compare(test.op, value, self.value(test.value, scope))
        wanted = self.value(test, scope)
        if self._uses_input(test):
            return wanted if isinstance(wanted, bool) else None
        return belongs(value, wanted)

    def _uses_input(self, test: Node) -> bool:
        """`uses_input`, walked once per test: rows by the thousand ask it of the same tree."""
        known = self.speaking.get(id(test))
        if known is None:
            known = self.speaking[id(test)] = (test, uses_input(test))
        return known[1]

    # -- names, paths, calls

    def name(self, node: Name, scope: Scope) -> Value:
        found, value = scope.find(node.name)
        if found:
            return value
        if node.name in BUILTINS:
            return _builtin_value(node.name)
        base, dot, rest = node.name.partition(".")
        if dot:  # elsewhere in the model it is one name; here it is a path
            value = scope.find(base)[1]
            for part in rest.split("."):
                value = member(value, part)
            return value
        return None

    def path(self, node: Path, scope: Scope) -> Value:
        return member(self.value(node.base, scope), node.name)

    def call(self, node: Call, scope: Scope) -> Value:
        args = [self.value(arg, scope) for arg in node.args]
        named = [(name, self.value(arg, scope)) for name, arg in node.named]
        if isinstance(node.function, Name):
            found, function = scope.find(node.function.name)
            if not found:
                return call(node.function.name, args, named) if node.function.name in BUILTINS else None
        else:
            function = self.value(node.function, scope)
        return invoke(function, args, named)

    def filter(self, node: Filter, scope: Scope) -> Value:
        base = self.value(node.base, scope)
        items = base if isinstance(base, list) else [] if base is None else [base]
        probe = self.value(node.test, _item_scope(items[0], scope) if items else scope)
        if isinstance(probe, Decimal):
            return _nth(items, probe)
        return [item for item in items if self.value(node.test, _item_scope(item, scope)) is True]

    # -- operators

    def binary(self, node: Binary, scope: Scope) -> Value:
        op = node.op
        left = self.value(node.left, scope)
        if op == "and":
            return False if left is False else values.both(left, self.value(node.right, scope))
        if op == "or":
            return True if left is True else values.either(left, self.value(node.right, scope))
        right = self.value(node.right, scope)
        if op in ("=", "!=", "<", "<=", ">", ">="):
            return values.compare(op, left, right)
        return values.arithmetic(op, left, right)

    def between(self, node: Between, scope: Scope) -> bool | None:
        value = self.value(node.value, scope)
        low = values.compare(">=", value, self.value(node.low, scope))
        return values.both(low, values.compare("<=", value, self.value(node.high, scope)))

    def is_in(self, node: In, scope: Scope) -> bool | None:
        value = self.value(node.value, scope)
        inner = Scope({"?": value}, scope)
        found: bool | None = False
        for test in node.tests:
            found = values.either(found, self.passes(test, value, inner))
        return found

    def instance_of(self, node: InstanceOf, scope: Scope) -> bool:
        return self.is_instance(self.value(node.value, scope), node.type)

    def choose(self, node: If, scope: Scope) -> Value:
        return self.value(node.then if self.value(node.test, scope) is True else node.otherwise, scope)

    # -- loops

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Around a loop or a call; the outermost one begins the count."""
        if self.depth == 0:
            self.turned = 0
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1

    def loop(self, node: For, scope: Scope) -> Value:
        out: list[Value] = []
        with self.counted():
            for inner in self.turns(node.loops, Scope({"partial": out}, scope)):
                if inner is None or len(out) >= MAX_LOOP:
                    return None
                out.append(self.value(node.body, inner))
            return None if self.turned > MAX_TURNS else out

    def turns(self, loops: Sequence[tuple[str, Node, Node | None]], scope: Scope) -> Iterator[Scope | None]:
        """One scope per turn, the first loop outermost; None when there is nothing one can go through."""
        if not loops:
            yield scope
            return
        (name, low, high), *rest = loops
        items = self.loop_items(
            self.value(low, scope), None if high is None else self.value(high, scope), high is not None
        )
        if items is None:
            yield None
            return
        for item in items:
            self.turned += 1
            if self.turned > MAX_TURNS:
                yield None
                return
            yield from self.turns(rest, Scope({name: item}, scope))

    def loop_items(self, low: Value, high: Value, is_range: bool) -> list[Value] | None:
        if isinstance(low, Range):
            return _range_items(low)
        if not is_range:
            return low if isinstance(low, list) else None if low is None else [low]
        return _span(low, high)

    def quantified(self, node: Quantified, scope: Scope) -> bool | None:
        found: bool | None = node.every
        with self.counted():
            for inner in self.turns([(name, low, None) for name, low in node.loops], scope):
                if inner is None:
                    return None
                result = self.value(node.test, inner)
                found = values.both(found, result) if node.every else values.either(found, result)
            return None if self.turned > MAX_TURNS else found

    # -- constructors

    def function(self, node: FunctionLiteral, scope: Scope) -> Value:
        names = tuple(name for name, _ in node.params)
        types = tuple(kind for _, kind in node.params)
        if node.external:
            return Function(names, types, lambda args: None)

        def run(args: Sequence[Value]) -> Value:
            fitted = [self.fit(arg, kind) for arg, kind in zip(args, types, strict=True)]
            if any(not fits for fits, _ in fitted):
                return None
            with self.counted():
                self.turned += CALL
                if self.turned > MAX_TURNS:
                    return None
                return self.value(node.body, Scope(dict(zip(names, (value for _, value in fitted), strict=True)), scope))

        return Function(names, types, run)

    def fit(self, value: Value, kind: str) -> tuple[bool, Value]:
        """An argument for a typed parameter: whether it fits, and the value after the singleton-list rule."""
        if not kind or kind == "Any" or value is None or self.is_instance(value, kind):
            return True, value
        if isinstance(value, list) and len(value) == 1 and self.is_instance(value[0], kind):
            return True, value[0]
        if kind.startswith("list<") and self.is_instance([value], kind):
            return True, [value]
        if kind == "date and time" and isinstance(value, Date):
            return True, DateTime(value, Time(0, 0, 0, 0, 0))
        return False, None

    def list_of(self, node: ListLiteral, scope: Scope) -> list[Value]:
        return [self.value(item, scope) for item in node.items]

    def context(self, node: ContextLiteral, scope: Scope) -> Value:
        out: dict[str, Value] = {}
        inner = Scope(out, scope)
        for name, entry in node.entries:
            if name in out:
                return None
            out[name] = self.value(entry, inner)
        return out

    def range(self, node: RangeLiteral, scope: Scope) -> Range | None:
        low = None if node.low is None else self.value(node.low, scope)
        high = None if node.high is None else self.value(node.high, scope)
        if low is not None and high is not None and type(low) is not type(high):
            return None
        return Range(low, node.low_closed, high, node.high_closed)

    def open_range(self, node: Compare, scope: Scope) -> Range | None:
        value = self.value(node.value, scope)
        if node.op == "=":
            return Range(value, True, value, True, "point")
        if node.op in ("<", "<="):
            return Range(None, False, value, node.op == "<=", "low")
        return None if node.op == "!=" else Range(value, node.op == ">=", None, False, "high")


def belongs(value: Value, wanted: Value) -> bool | None:
    """Is the value the wanted one, inside the wanted range, or a member of the wanted list."""
    if isinstance(wanted, Range):
        return values.contains(wanted, value)
    if isinstance(wanted, list) and not isinstance(value, list):
        return any(belongs(value, item) is True for item in wanted)
    if isinstance(wanted, list) and values.equal(value, wanted) is not True:
        return any(values.equal(value, item) is True for item in wanted)
    return values.equal(value, wanted)


def uses_input(test: Node) -> bool:
    """Does a test speak of the column's value itself, by `?`."""
    return any(isinstance(node, Name) and node.name == "?" for node in test.walk())


def member(base: Value, name: str) -> Value:
    """`base.name`: an entry, a property, or that of every member of a list."""
    if isinstance(base, dict):
        return base.get(name)
    if isinstance(base, list):
        return [member(item, name) for item in base]
    if isinstance(base, Range):
        return range_property(base, name)
    return property_of(base, name) if isinstance(base, Date | Time | DateTime | Seconds | Months) else None


def invoke(function: Value, args: Sequence[Value], named: Sequence[tuple[str, Value]]) -> Value:
    """Call a function value; null when the arguments do not match its parameters."""
    if not isinstance(function, Function):
        return None
    if named:
        given = dict(named)
        if set(given) != set(function.params):
            return None
        args = [given[name] for name in function.params]
    if len(args) != len(function.params):
        return None
    try:
        return function.call(args)
    except RecursionError:
        return None


@builtin("range", "from:s")
def range_from_text(text: str) -> Range | None:
    """`range("[1..3]")`: an interval of literals."""
    try:
        tree = parse_expression(text)
    except FeelSyntax:
        return None
    if not isinstance(tree, RangeLiteral) or not all(_is_literal(end) for end in (tree.low, tree.high)):
        return None
    found: Range | None = Evaluator().value(tree, Scope({}))
    return found if found and found.low is not None and found.high is not None else None


def _is_literal(node: Node | None) -> bool:
    if isinstance(node, Negate):
        return _is_literal(node.value)
    if isinstance(node, Call):
        return isinstance(node.function, Name) and all(_is_literal(arg) for arg in node.args)
    return isinstance(node, Const)


def _builtin_value(name: str) -> Function:
    params = tuple(param.name for param in BUILTINS[name][0].params)
    return Function(params, ("",) * len(params), lambda args: call(name, args))


def _item_scope(item: Value, scope: Scope) -> Scope:
    inner = Scope({"item": item}, scope)
    return Scope(item, inner) if isinstance(item, dict) else inner


def _nth(items: list[Value], place: Decimal) -> Value:
    index = int(place)
    if index == 0 or abs(index) > len(items):
        return None
    return items[index - 1] if index > 0 else items[index]


def _range_items(interval: Range) -> list[Value] | None:
    items = _span(interval.low, interval.high)
    if items is None:
        return None
    if not interval.low_closed:
        items = items[1:]
    return items if interval.high_closed else items[:-1]


def _span(low: Value, high: Value) -> list[Value] | None:
    """Whole numbers or days from low to high, up or down."""
    if isinstance(low, Date) and isinstance(high, Date):
        return [from_ordinal(day) for day in _steps(low.ordinal, high.ordinal)]
    if not isinstance(low, Decimal) or not isinstance(high, Decimal):
        return None
    return [Decimal(step) for step in _steps(int(low), int(high))]


def _steps(low: int, high: int) -> range:
    if abs(high - low) > MAX_LOOP:
        return range(0)
    return range(low, high + 1) if low <= high else range(low, high - 1, -1)
