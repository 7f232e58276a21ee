"""FEEL trees to terms. What does not depend on the account is folded with the reference evaluator, so it cannot differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from recaudo.engine.decide.feel import values
from recaudo.engine.decide.feel.evaluator import Evaluator, Scope, member, uses_input
from recaudo.engine.decide.feel.tree import (
    Between,
    Binary,
    Call,
    Compare,
    Const,
    ContextLiteral,
    If,
    In,
    ListLiteral,
    Name,
    Negate,
    Node,
    Path,
    RangeLiteral,
    Tests,
)  # fmt: skip
from recaudo.engine.decide.feel.values import Range
from recaudo.engine.decide.sql import numbers
from recaudo.engine.decide.sql.dialects import op as word
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
)  # fmt: skip

MAX_SQL = 200_000
_ORDERED = ("number", "string", "date", MOMENT, INSTANT, "days and time duration", "years and months duration")
_SQL_OP = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass(frozen=True)
class Env:
    """Terms by name."""

    terms: Mapping[str, Term]

    def find(self, name: str) -> Term | None:
        return self.terms.get(name)

    def plus(self, **terms: Term) -> Env:
        return Env({**self.terms, **terms})

    def with_input(self, term: Term) -> Env:
        return Env({**self.terms, "?": term})

    def scope(self) -> Scope:
        """The known values, for folding."""
        return Scope({name: term.value for name, term in self.terms.items() if isinstance(term, Known)})


class Translator:
    """inline: called for a knowledge model with its argument terms; the graph provides it."""

    def __init__(self, evaluator: Evaluator, inline: Any) -> None:
        self.evaluator = evaluator
        self.inline = inline
        self.rules: dict[type[Node], Any] = {
            Const: lambda node, env: Known(node.value), Name: self.name, Path: self.path, Call: self.call,
            Negate: self.negate, Binary: self.binary, Between: self.between, In: self.is_in, If: self.choose,
            ListLiteral: lambda node, env: Items(tuple(self.term(item, env) for item in node.items)),
            ContextLiteral: self.context,
        }  # fmt: skip

    def term(self, node: Node, env: Env) -> Term:
        """Raises Refused."""
        if self.is_closed(node, env):
            return Known(self.evaluator.value(node, env.scope()))
        rule = self.rules.get(type(node))
        if rule is None:
            raise Refused(_REFUSED.get(type(node).__name__, "esta construcción"))
        found: Term = rule(node, env)
        if isinstance(found, Sql) and len(found.text) > MAX_SQL:
            raise Refused("una expresión demasiado grande", "Pártala en varias decisiones.")
        return found

    def is_closed(self, node: Node, env: Env) -> bool:
        """No name in it stands for something that varies per account."""
        for one in node.walk():
            if isinstance(one, Name):
                term = env.find(one.name) or env.find(one.name.partition(".")[0])
                if term is not None and not isinstance(term, Known):
                    return False
        return True

    # -- names and structure

    def name(self, node: Name, env: Env) -> Term:
        term = env.find(node.name)
        if term is not None:
            return term
        base, dot, rest = node.name.partition(".")
        term = env.find(base) if dot else None
        if term is None:
            raise Refused(f"el nombre «{node.name}»")
        for part in rest.split("."):
            term = self.member(term, part)
        return term

    def path(self, node: Path, env: Env) -> Term:
        return self.member(self.term(node.base, env), node.name)

    def member(self, base: Term, name: str) -> Term:
        if isinstance(base, Struct):
            return base.get(name)
        if isinstance(base, Known):
            return Known(member(base.value, name))
        if isinstance(base, Sql):
            return date_part(base, name)
        raise Refused(f"la propiedad «{name}» de una lista")

    def context(self, node: ContextLiteral, env: Env) -> Term:
        entries: list[tuple[str, Term]] = []
        for name, value in node.entries:
            entries.append((name, self.term(value, env)))
            env = Env({**env.terms, name: entries[-1][1]})
        return Struct(tuple(entries))

    def call(self, node: Call, env: Env) -> Term:
        from recaudo.engine.decide.sql.functions import function

        args = [self.term(arg, env) for arg in node.args]
        named = [(name, self.term(arg, env)) for name, arg in node.named]
        if isinstance(node.function, Name):
            term = env.find(node.function.name)
            if term is None:
                return function(node.function.name, args, named)
            if isinstance(term, Callable):
                result: Term = self.inline(term, args, named)
                return result
        raise Refused("una función como valor", "Llame a una función conocida o a un modelo de conocimiento.")

    # -- operators

    def negate(self, node: Negate, env: Env) -> Term:
        value = lift(self.term(node.value, env))
        if value.kind == "number":
            return numbers.negate(value)
        if value.kind in ("days and time duration", "years and months duration"):
            return Sql(value.kind, f"(-{value.text})")
        return Known(None)

    def binary(self, node: Binary, env: Env) -> Term:
        left, right = self.term(node.left, env), self.term(node.right, env)
        if node.op in ("and", "or"):
            return logic(node.op, left, right)
        if node.op in _SQL_OP:
            return compare(node.op, left, right)
        return arithmetic(node.op, lift(left), lift(right), right)

    def between(self, node: Between, env: Env) -> Term:
        value = self.term(node.value, env)
        low = compare(">=", value, self.term(node.low, env))
        return logic("and", low, compare("<=", value, self.term(node.high, env)))

    def is_in(self, node: In, env: Env) -> Term:
        value = self.term(node.value, env)
        return self.any_of([self.passes(test, value, env.with_input(value)) for test in node.tests])

    def choose(self, node: If, env: Env) -> Term:
        return choose(self.term(node.test, env), self.term(node.then, env), self.term(node.otherwise, env))

    # -- cells

    def accepts(self, tests: Tests, value: Term, env: Env) -> Term:
        """The condition of a cell on the value of its column."""
        if not tests.tests:
            return Known(True)
        found = self.any_of([self.passes(test, value, env.with_input(value)) for test in tests.tests])
        return negation(found) if tests.negated else found

    def any_of(self, parts: list[Term]) -> Term:
        found: Term = Known(False)
        for part in parts:
            found = logic("or", found, part)
        return found

    def passes(self, test: Node, value: Term, env: Env) -> Term:
        if isinstance(test, Compare):
            return compare(test.op, value, self.term(test.value, env))
        if isinstance(test, RangeLiteral):
            return self.within(value, test, env)
        wanted = self.term(test, env)
        if uses_input(test):
            return wanted if kind_of(wanted) == "boolean" else Known(None)
        return belongs(value, wanted)

    def within(self, value: Term, test: RangeLiteral, env: Env) -> Term:
        assert test.low is not None and test.high is not None
        low, high = self.term(test.low, env), self.term(test.high, env)
        if isinstance(low, Known) and isinstance(high, Known):
            return belongs(value, Known(self.evaluator.value(test, env.scope())))
        if kind_of(low) != kind_of(high):
            raise Refused("un intervalo con extremos de tipos distintos")
        return logic("and", compare(">=" if test.low_closed else ">", value, low),
                     compare("<=" if test.high_closed else "<", value, high))  # fmt: skip


_REFUSED = {
    "Filter": "un filtro de lista",
    "For": "un «for» sobre datos de la cuenta",
    "Quantified": "un «some» o «every» sobre datos de la cuenta",
    "FunctionLiteral": "una función como valor",
    "InstanceOf": "«instance of»",
    "RangeLiteral": "un intervalo como valor",
    "Compare": "un intervalo como valor",
}


def belongs(value: Term, wanted: Term) -> Term:
    """As `evaluator.belongs`."""
    if isinstance(wanted, Known) and isinstance(wanted.value, Range):
        return _in_range(value, wanted.value)
    if isinstance(wanted, Known) and isinstance(wanted.value, list):
        wanted = Items(tuple(Known(item) for item in wanted.value))
    if isinstance(wanted, Items):
        if kind_of(value) == "list":
            raise Refused("comparar listas")
        found: Term = Known(False)
        for item in wanted.items:
            found = logic("or", found, is_true(belongs(value, item)))
        return found
    return compare("=", value, wanted)


def _in_range(value: Term, interval: Range) -> Term:
    low: Term = Known(True)
    if interval.unbounded != "low":
        low = compare(">=" if interval.low_closed else ">", value, Known(interval.low))
    high: Term = Known(True)
    if interval.unbounded != "high":
        high = compare("<=" if interval.high_closed else "<", value, Known(interval.high))
    return logic("and", low, high)


def is_true(term: Term) -> Term:
    """null becomes false."""
    if isinstance(term, Known):
        return Known(term.value is True)
    return Sql("boolean", f"COALESCE({lift(term).text}, FALSE)")


def logic(op: str, left: Term, right: Term) -> Term:
    """and, or; SQL has the same three values as FEEL. What is no boolean counts as null."""
    fold = values.both if op == "and" else values.either
    if isinstance(left, Known) and isinstance(right, Known):
        return Known(fold(left.value, right.value))
    decisive = op == "or"
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Known) and isinstance(one.value, bool):
            if one.value is decisive:
                return Known(decisive)
            if kind_of(other) == "boolean":
                return other
    return Sql("boolean", f"({_boolean(left)} {op.upper()} {_boolean(right)})")


def _boolean(term: Term) -> str:
    return lift(term).text if kind_of(term) == "boolean" else "CAST(NULL AS BOOLEAN)"


def negation(term: Term) -> Term:
    if isinstance(term, Known):
        return Known(values.inverse(term.value))
    return Sql("boolean", f"(NOT {_boolean(term)})") if kind_of(term) == "boolean" else Known(None)


def compare(op: str, left: Term, right: Term) -> Term:
    """op: = != < <= > >=; null semantics of FEEL."""
    if isinstance(left, Known) and isinstance(right, Known):
        return Known(values.compare(op, left.value, right.value))
    if op in ("=", "!="):
        return _equality(op, left, right)
    if kind_of(left) != kind_of(right) or kind_of(left) not in _ORDERED:
        return Known(None)
    a, b = lift(left), lift(right)
    if a.kind == "number":
        return Sql("boolean", numbers.compare(op, a, b))
    return Sql("boolean", f"({word('compared', op, a.text, b.text)})")


def _equality(op: str, left: Term, right: Term) -> Term:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Known) and one.value is None:
            return _null_test(other, op == "=")
    if kind_of(left) != kind_of(right):
        return _clash(op, left, right)
    if kind_of(left) in ("list", "context", "function"):
        raise Refused("comparar listas o estructuras")
    a, b = lift(left), lift(right)
    if a.kind == "number" and (a.over or b.over or a.is_approximate or b.is_approximate):
        same = f"COALESCE({numbers.compare('=', a, b)}, {numbers.is_null(a)} AND {numbers.is_null(b)})"
        return Sql("boolean", same if op == "=" else f"(NOT {same})")
    test = "IS NOT DISTINCT FROM" if op == "=" else "IS DISTINCT FROM"
    return Sql("boolean", f"({word('compared', test, a.text, b.text, *numbers.both_digits(a, b))})")


def _null_test(term: Term, wanted: bool) -> Term:
    if isinstance(term, Sql):
        test = numbers.is_null(term)
        return Sql("boolean", test if wanted else f"(NOT {test})")
    if isinstance(term, Rows):
        return Sql("boolean", f"({term.text} IS {'' if wanted else 'NOT '}NULL)")
    return Known(not wanted)


def _clash(op: str, left: Term, right: Term) -> Term:
    """Values of different kinds cannot be compared, but one of them may be null: null = x is false, null = null true."""
    if not all(isinstance(term, Sql | Known) for term in (left, right)):
        raise Refused("comparar listas o estructuras")
    null = {True: "TRUE", False: "FALSE"}
    a, b = (numbers.is_null(lift(term)) if isinstance(term, Sql) else "FALSE" for term in (left, right))
    equal, unequal = null[op == "="], null[op != "="]
    return Sql("boolean", f"(CASE WHEN {a} AND {b} THEN {equal} WHEN {a} OR {b} THEN {unequal} END)")


def choose(test: Term, then: Term, otherwise: Term) -> Term:
    """if-then-else; both branches need one kind."""
    if isinstance(test, Known):
        return then if test.value is True else otherwise
    if kind_of(test) != "boolean":
        return otherwise
    if isinstance(then, Struct) and isinstance(otherwise, Struct):
        names = [name for name, _ in then.entries]
        if names != [name for name, _ in otherwise.entries]:
            raise Refused("un «if» con estructuras distintas")
        return Struct(tuple((name, choose(test, then.get(name), otherwise.get(name))) for name in names))
    return pick(f"CASE WHEN {lift(test).text}", [then, otherwise])


def pick(head: str, branches: list[Term]) -> Term:
    """`head` is CASE WHEN ...; two branches of one kind."""
    first, second = (lift(branch) for branch in branches)
    if {first.kind, second.kind} == {"null"}:
        return Known(None)
    texts, out = unify([first, second])
    if out.over is not None:
        return _pick_ratio(head, first, second)
    return Sql(out.kind, f"({head} THEN {texts[0]} ELSE {texts[1]} END)", out.digits, None, out.domain)


def _pick_ratio(head: str, first: Sql, second: Sql) -> Sql:
    one = Sql("number", "1", (1, 0))
    above, below = [], []
    for value in (first, second):
        above.append(numbers.top(value) if value.kind == "number" else value)
        below.append((value.over or one) if value.kind == "number" else one)
    texts, over = unify(below)
    tops, out = unify(above)
    return Sql("number", f"({head} THEN {tops[0]} ELSE {tops[1]} END)", out.digits,
               Sql("number", f"({head} THEN {texts[0]} ELSE {texts[1]} END)", over.digits))  # fmt: skip


def unify(parts: list[Sql]) -> tuple[list[str], Sql]:
    """Scalars that must share one column type: their texts, and a model of the type. Raises Refused when kinds differ."""
    kinds = {part.kind for part in parts if part.kind != "null"}
    if len(kinds) > 1:
        raise Refused(
            "un resultado que a veces es " + " y a veces ".join(sorted(kinds)), "Use un solo tipo por columna."
        )
    out_kind = next(iter(kinds), "null")
    domains = [() if part.kind == "null" else part.domain for part in parts]
    domain = None if any(one is None for one in domains) else tuple(value for one in domains if one for value in one)
    if out_kind != "number":
        return [part.text for part in parts], Sql(out_kind, "", domain=domain)
    if any(part.over for part in parts):
        return [part.text for part in parts], Sql("number", "", (1, 0), over=Sql("number", "1", (1, 0)))
    digits = [part.digits for part in parts if part.kind == "number"]
    if any(one is None for one in digits):
        return [part.text if part.kind == "null" else numbers.as_double(part).text for part in parts], Sql(
            "number", "", domain=domain
        )
    scale = max(one[1] for one in digits if one)
    precision = max(one[0] - one[1] for one in digits if one) + scale
    if precision > 38:
        raise Refused("números que juntos necesitan más de 38 dígitos", "Redondee con decimal(x, n).")
    cast = f"AS DECIMAL({max(precision, 1)},{scale}))"
    return [part.text if part.kind == "null" else f"CAST({part.text} {cast}" for part in parts], Sql(
        "number", "", (max(precision, 1), scale), domain=domain
    )


def arithmetic(op: str, left: Sql, right: Sql, right_term: Term) -> Term:
    if left.kind == "null" or right.kind == "null":
        return Known(None)
    if left.kind == right.kind == "number":
        if op == "**":
            exponent = right_term.value if isinstance(right_term, Known) else None
            return numbers.power(left, right, exponent if isinstance(exponent, Decimal) else None)
        return numbers.arithmetic(op, left, right)
    if left.kind == right.kind == "string":
        return Sql("string", f"({left.text} || {right.text})") if op == "+" else Known(None)
    return _temporal(op, left, right)


_SECONDS, _MONTHS = "days and time duration", "years and months duration"


def _temporal(op: str, left: Sql, right: Sql) -> Term:
    if left.kind == right.kind and left.kind in (_SECONDS, _MONTHS):
        if op in "+-":
            return Sql(left.kind, f"({left.text} {op} {right.text})")
        if op == "/":
            return numbers.arithmetic("/", Sql("number", left.text, (18, 0)), Sql("number", right.text, (18, 0)))
        return Known(None)
    if left.kind == right.kind == "date" and op == "-":
        return Sql(_SECONDS, word("seconds_between", right.text, left.text))
    if op == "+" and left.kind in (_SECONDS, _MONTHS):
        left, right = right, left
    if left.kind == "date" and right.kind in (_SECONDS, _MONTHS) and op in "+-":
        return _shift(op, left, right)
    if {left.kind, right.kind} & {MOMENT, INSTANT, _SECONDS, _MONTHS}:
        raise Refused(
            "esta operación con fechas y duraciones", "Use fechas (sin hora) o traiga el resultado como un dato."
        )
    return Known(None)


def _shift(op: str, day: Sql, by: Sql) -> Sql:
    if by.kind == _MONTHS:
        return Sql("date", word("plus_months", day.text, f"{op}{by.text}"))
    return Sql("date", word("plus_days", day.text, f"{op}{by.text}"))


def date_part(value: Sql, name: str) -> Term:
    """Properties of dates and durations."""
    if value.kind in ("date", MOMENT, INSTANT) and name in ("year", "month", "day", "weekday"):
        text = word("weekday", value.text) if name == "weekday" else f"{name}({value.text})"
        return Sql("number", text, (6, 0))
    part = _PARTS.get((value.kind, name))
    if part is None:
        if value.kind in ("number", "string", "boolean", _SECONDS, _MONTHS):
            return Known(None)
        raise Refused(f"la propiedad «{name}»")
    return Sql("number", word("part", value.text, *part), (18, 0))


# of a duration: its size divided by, and the rest of that by
_PARTS = {
    (_SECONDS, "days"): ("86400", ""), (_SECONDS, "hours"): ("3600", "24"), (_SECONDS, "minutes"): ("60", "60"), (_SECONDS, "seconds"): ("", "60"),
    (_MONTHS, "years"): ("12", ""), (_MONTHS, "months"): ("", "12"),
}  # fmt: skip
