"""Text of FEEL to a tree: a lexer that knows names with spaces and a Pratt parser.

FEEL names may hold spaces and operators (`Monthly Salary`), so what a name is depends on the names in scope:
the lexer takes the longest known name. Names that an expression itself introduces (context entries, loop
variables, parameters) are learnt while parsing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple, TypeVar

from recaudo.engine.decide.feel import temporal
from recaudo.engine.decide.feel.names import BUILTIN_NAMES
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
from recaudo.engine.decide.problems import FeelSyntax

N = TypeVar("N")

MAX_TEXT = 20_000
MAX_DEPTH = 100
MAX_CHAIN = 200

_START = r"[^\W\d]|[?_\u200c\u200d]|[\U00010000-\U000EFFFF]"
_NAME = re.compile(rf"(?:{_START})(?:{_START}|[\d\u00b7\u0300-\u036f'])*")
_PART = re.compile(rf"(?:{_START}|\d)")
_SPACE = re.compile(r"(?:\s|\u00a0|\ufeff|//[^\n]*|/\*.*?\*/)+", re.S)
_NUMBER = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.S)
_OPERATORS = ("**", "..", "<=", ">=", "!=", "->", *"+-*/=<>()[]{},:.@")
_KEYWORDS = frozenset(
    {"if", "then", "else", "for", "in", "return", "some", "every", "satisfies", "and", "or", "between",
     "instance", "of", "function", "external", "true", "false", "null"}
)  # fmt: skip
_POWER = {"or": 1, "and": 2, "=": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "between": 3, "in": 3, "instance": 8,
          "+": 4, "-": 4, "*": 5, "/": 5, "**": 6, ".": 9, "(": 9, "[": 9}  # fmt: skip
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\", "b": "\b", "f": "\f"}
_UNESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{6}|.)", re.S)


class Token(NamedTuple):
    kind: str  # number, string, name, word (keyword), op, end
    text: str
    start: int
    end: int


def parse_expression(text: str, names: Iterable[str] = ()) -> Node:
    """One FEEL expression. names: known names that may hold spaces. Raises FeelSyntax."""
    parser = _Parser(text, names)
    return parser.whole(parser.expression)


def parse_tests(text: str, names: Iterable[str] = ()) -> Tests:
    """The unary tests of an input cell; empty text and `-` accept everything. Raises FeelSyntax."""
    if text.strip() in ("", "-"):
        return Tests(0, (), False)
    parser = _Parser(text, names)
    return parser.whole(parser.unary_tests)


def parse_entry(text: str, names: Iterable[str] = ()) -> Node | None:
    """An output cell; None when empty or `-`. Raises FeelSyntax."""
    return None if text.strip() in ("", "-") else parse_expression(text, names)


def normal_name(text: str) -> str:
    """A name with its inner white space made single."""
    return " ".join(text.split())


class _Parser:
    def __init__(self, text: str, names: Iterable[str]) -> None:
        self.text = text
        self.depth = 0
        self.bracket_ends = False
        self.names, self.known = _vocabulary(frozenset(names))
        self.token = Token("end", "", 0, 0)
        if len(text) > MAX_TEXT:
            raise self.problem("es demasiado larga", 0)
        self.token = self.lex(0)

    def whole(self, rule: Callable[[], N]) -> N:
        """The rule must take the text to its end."""
        tree = rule()
        if self.token.kind != "end":
            raise self.problem(f"sobra «{self.token.text}»")
        return tree

    # -- names and tokens

    def learn(self, *names: str) -> None:
        """Names that hold anything but word characters must be known before they are read."""
        fresh = _irregular(names)
        if fresh - self.names:
            self.names |= fresh
            self.known = _known(self.names)

    def problem(self, what: str, position: int | None = None) -> FeelSyntax:
        position = self.token.start if position is None else position
        return FeelSyntax(text=self.text[:200], position=position, what=what)

    def lex(self, start: int) -> Token:
        text = self.text
        if space := _SPACE.match(text, start):
            start = space.end()
        if start >= len(text):
            return Token("end", "", start, start)
        if found := _NUMBER.match(text, start):
            return Token("number", found.group(), start, found.end())
        if text[start] == '"':
            return self.lex_string(start)
        if token := self.lex_name(start):
            return token
        for operator in _OPERATORS:
            if text.startswith(operator, start):
                return Token("op", operator, start, start + len(operator))
        raise self.problem(f"el carácter «{text[start]}» no se espera", start)

    def lex_string(self, start: int) -> Token:
        found = _STRING.match(self.text, start)
        if not found:
            raise self.problem("falta cerrar las comillas", start)
        return Token("string", _unescape(found.group()[1:-1]), start, found.end())

    def lex_name(self, start: int) -> Token | None:
        plain = _NAME.match(self.text, start)
        end = plain.end() if plain else start
        known = self.known.match(self.text, start)
        if known and known.end() > end and not _PART.match(self.text, known.end()):
            name = _join(known.group(), self.names)
            return Token("name", name, start, known.end())
        if not plain:
            return None
        return Token("word" if plain.group() in _KEYWORDS else "name", plain.group(), start, end)

    def advance(self) -> Token:
        token, self.token = self.token, self.lex(self.token.end)
        return token

    def jump(self, position: int) -> None:
        self.token = self.lex(position)

    def at(self, *texts: str) -> bool:
        return self.token.kind in ("op", "word") and self.token.text in texts

    def accept(self, text: str) -> bool:
        if self.at(text):
            self.advance()
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.accept(text):
            found = self.token.text or "el final"
            raise self.problem(f"se espera «{text}» y está «{found}»")

    def raw(self, pattern: str, what: str) -> str:
        """A fresh name, read as text up to what follows it; the name is then known."""
        found = re.compile(pattern, re.S).match(self.text, self.token.start)
        if not found:
            raise self.problem(f"se espera {what}")
        name = normal_name(found.group(1))
        self.learn(name)
        self.jump(found.end(1))
        return name

    # -- tests of a cell

    def unary_tests(self) -> Tests:
        start = self.token
        if start.kind == "name" and start.text == "not":
            try:
                self.advance()
                self.expect("(")
                tests = self.test_list()
                self.expect(")")
                if self.token.kind == "end":
                    return Tests(start.start, tests, True)
            except FeelSyntax:
                pass
            self.token = start
        return Tests(start.start, self.test_list(), False)

    def test_list(self) -> tuple[Node, ...]:
        tests = [self.test()]
        while self.accept(","):
            tests.append(self.test())
        return tuple(tests)

    def test(self) -> Node:
        if self.at(*_COMPARISONS):
            operator = self.advance()
            return Compare(operator.start, operator.text, self.expression(3))
        return self.expression()

    # -- expressions

    def expression(self, power: int = 0) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.problem("hay demasiados niveles de anidamiento")
        left = self.prefix()
        links = 0
        while self.token.kind in ("op", "word") and _POWER.get(self.token.text, 0) > power:
            if self.token.text == "[" and self.bracket_ends:
                break
            left = self.infix(left)
            links += 1
            if links > MAX_CHAIN:
                raise self.problem("hay demasiadas operaciones seguidas")
        self.depth -= 1
        return left

    def infix(self, left: Node) -> Node:
        operator = self.advance()
        at, text = left.at, operator.text
        if text == ".":
            if self.token.kind not in ("name", "word"):
                raise self.problem("se espera un nombre después del punto")
            return Path(at, left, self.advance().text)
        if text == "(":
            return self.call(left)
        if text == "[":
            test = self.inside(self.expression)
            self.expect("]")
            return Filter(at, left, test)
        if text == "between":
            low = self.expression(3)
            self.expect("and")
            return Between(at, left, low, self.expression(3))
        if text == "in":
            return In(at, left, self.in_tests())
        if text == "instance":
            self.expect("of")
            return InstanceOf(at, left, self.type_name())
        return Binary(at, text, left, self.expression(_POWER[text]))

    def inside(self, rule: Callable[[], N]) -> N:
        """Within brackets of their own, `[` filters again."""
        before, self.bracket_ends = self.bracket_ends, False
        tree = rule()
        self.bracket_ends = before
        return tree

    def in_tests(self) -> tuple[Node, ...]:
        if not self.at("("):
            return (self.test() if self.at(*_COMPARISONS) else self.expression(3),)
        start = self.advance()
        first = self.inside(self.test)
        if self.accept(".."):
            return (self.range_end(start.start, first, False),)
        tests = [first]
        while self.accept(","):
            tests.append(self.inside(self.test))
        self.expect(")")
        return tuple(tests)

    def call(self, function: Node) -> Node:
        args: list[Node] = []
        named: list[tuple[str, Node]] = []
        while not self.at(")"):
            if found := _NAMED.match(self.text, self.token.start):
                self.jump(found.end())
                named.append((normal_name(found.group(1)), self.inside(self.expression)))
            else:
                args.append(self.inside(self.expression))
            if not self.accept(","):
                break
        self.expect(")")
        if args and named:
            raise self.problem("no mezcle argumentos por nombre y por posición")
        return Call(function.at, function, tuple(args), tuple(named))

    def prefix(self) -> Node:
        token = self.token
        if token.kind == "number":
            self.advance()
            return Const(token.start, Decimal(token.text))
        if token.kind == "string":
            self.advance()
            return Const(token.start, token.text)
        if token.kind == "name":
            self.advance()
            if token.text == "function" and self.at("("):
                return self.function(token)
            return Name(token.start, token.text)
        rule = self.PREFIX.get(token.text) if token.kind in ("op", "word") else None
        if rule is None:
            raise self.problem(f"no se espera «{token.text}»" if token.text else "falta una expresión")
        self.advance()
        return rule(self, token)

    def constant(self, token: Token) -> Node:
        return Const(token.start, {"true": True, "false": False, "null": None}[token.text])

    def minus(self, token: Token) -> Node:
        return Negate(token.start, self.expression(6))

    def at_literal(self, token: Token) -> Node:
        if self.token.kind != "string":
            raise self.problem("se espera un texto después de @")
        return Const(token.start, temporal.parse_any(self.advance().text))

    def parenthesis(self, token: Token) -> Node:
        value = self.inside(self.test)
        if self.accept(".."):
            return self.range_end(token.start, value, False)
        self.expect(")")
        return value

    def bracket(self, token: Token) -> Node:
        if self.accept("]"):
            return ListLiteral(token.start, ())
        items = [self.inside(self.test)]
        if self.accept(".."):
            return self.range_end(token.start, items[0], True)
        while self.accept(","):
            items.append(self.inside(self.test))
        self.expect("]")
        return ListLiteral(token.start, tuple(items))

    def open_range(self, token: Token) -> Node:
        low = self.inside(self.expression)
        self.expect("..")
        return self.range_end(token.start, low, False)

    def range_end(self, start: int, low: Node, closed: bool) -> Node:
        """The high end and its bracket; `[` may close an open range, so a filter is tried first."""
        before = self.token
        try:
            high = self.inside(self.expression)
            if not self.at("]", ")"):
                raise self.problem("falta cerrar el intervalo")
        except FeelSyntax:
            self.token, depth_before, self.bracket_ends = before, self.bracket_ends, True
            high = self.expression()
            self.bracket_ends = depth_before
            if not self.at("]", ")", "["):
                raise self.problem("falta cerrar el intervalo") from None
        return RangeLiteral(start, low, closed, high, self.advance().text == "]")

    def context(self, token: Token) -> Node:
        entries: list[tuple[str, Node]] = []
        while not self.at("}"):
            if self.token.kind == "string":
                key = self.advance().text
                self.learn(key)
                if not self.at(":"):
                    raise self.problem("se espera «:»")
            else:
                key = self.raw(r"([^:{}\",\[\]]+?)\s*:", "un nombre y «:»")
            self.expect(":")
            entries.append((key, self.inside(self.expression)))
            if not self.accept(","):
                break
        self.expect("}")
        return ContextLiteral(token.start, tuple(entries))

    def condition(self, token: Token) -> Node:
        test = self.expression()
        self.expect("then")
        then = self.expression()
        self.expect("else")
        return If(token.start, test, then, self.expression())

    def loop(self, token: Token) -> Node:
        loops: list[tuple[str, Node, Node | None]] = []
        while True:
            name = self.raw(r"(.+?)\s+in\b", "una variable e «in»")
            self.expect("in")
            low = self.expression()
            loops.append((name, low, self.expression() if self.accept("..") else None))
            if not self.accept(","):
                break
        self.learn("partial")
        self.expect("return")
        return For(token.start, tuple(loops), self.expression())

    def quantified(self, token: Token) -> Node:
        loops: list[tuple[str, Node]] = []
        while True:
            name = self.raw(r"(.+?)\s+in\b", "una variable e «in»")
            self.expect("in")
            loops.append((name, self.expression()))
            if not self.accept(","):
                break
        self.expect("satisfies")
        return Quantified(token.start, token.text == "every", tuple(loops), self.expression())

    def function(self, token: Token) -> Node:
        self.expect("(")
        params: list[tuple[str, str]] = []
        while not self.at(")"):
            name = self.raw(r"([^:,()]+?)\s*[:,)]", "un parámetro")
            params.append((name, self.type_name() if self.accept(":") else ""))
            if not self.accept(","):
                break
        self.expect(")")
        external = self.accept("external")
        return FunctionLiteral(token.start, tuple(params), self.expression(), external)

    def type_name(self) -> str:
        """A type as normal text: `number`, `list<number>`, `function<a, b>->c`, `tColor`."""
        parts: list[str] = []
        while self.token.kind in ("name", "word") and (not parts or parts[-1] == "." or self.token.text in _TYPE_WORDS):
            parts.append(self.advance().text)
            if self.accept("."):
                parts.append(".")
        name = " ".join(parts).replace(" . ", ".")
        if not name:
            raise self.problem("se espera un tipo")
        if self.accept("<"):
            inner = [self.type_part()]
            while self.accept(","):
                inner.append(self.type_part())
            self.expect(">")
            name += "<" + ", ".join(inner) + ">"
        if name.startswith("function<") and self.accept("->"):
            name += "->" + self.type_name()
        return name

    def type_part(self) -> str:
        if self.at(">"):
            return ""
        if found := _NAMED.match(self.text, self.token.start):
            self.jump(found.end())
            return f"{normal_name(found.group(1))}: {self.type_name()}"
        return self.type_name()

    PREFIX: dict[str, Callable[[_Parser, Token], Node]] = {
        "true": constant, "false": constant, "null": constant, "-": minus, "@": at_literal, "(": parenthesis,
        "[": bracket, "]": open_range, "{": context, "if": condition, "for": loop, "some": quantified,
        "every": quantified, "function": function,
    }  # fmt: skip


_NAMED = re.compile(rf"({_NAME.pattern}(?:\s+{_NAME.pattern})*)\s*:")
_TYPE_WORDS = frozenset({"and", "time", "duration", "months"})


@lru_cache(maxsize=32)
def _vocabulary(names: frozenset[str]) -> tuple[frozenset[str], re.Pattern[str]]:
    """What the lexer knows of a model's names; made once for all its cells."""
    found = _irregular((*BUILTIN_NAMES, *names))
    return found, _known(found)


def _irregular(names: Iterable[str]) -> frozenset[str]:
    return frozenset(normal_name(name) for name in names if name and not _NAME.fullmatch(name))


def _known(names: frozenset[str]) -> re.Pattern[str]:
    ordered = sorted(names, key=lambda name: (-len(name), name))
    return re.compile("|".join(r"\s*".join(map(re.escape, _pieces(name))) for name in ordered))


def _pieces(name: str) -> list[str]:
    """A name cut at white space and around operators, where more white space is allowed."""
    return re.findall(r"[^\W]+|[^\w\s]", name)


def _join(text: str, names: frozenset[str]) -> str:
    bare = "".join(text.split())
    for name in sorted(names):
        if "".join(name.split()) == bare:
            return name
    return normal_name(text)


def _unescape(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        code = found.group(1)
        if len(code) > 1:
            return chr(int(code[1:], 16)) if int(code[1:], 16) < 0x110000 else found.group()
        return _ESCAPES.get(code, found.group())

    if "\\" not in text:
        return text
    return _UNESCAPE.sub(one, text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
