"""The syntax tree of FEEL. Every node knows `at`, its 0-based offset in the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Node:
    at: int

    def children(self) -> Iterator[Node]:
        """The nodes directly below, left to right."""
        for field in fields(self):
            yield from _nodes(getattr(self, field.name))

    def walk(self) -> Iterator[Node]:
        """This node and everything below it."""
        yield self
        for child in self.children():
            yield from child.walk()


def _nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes(item)


@dataclass(frozen=True, slots=True)
class Const(Node):
    """A literal: number, string, boolean, null or @-literal, as its FEEL value."""

    value: Any


@dataclass(frozen=True, slots=True)
class Name(Node):
    name: str


@dataclass(frozen=True, slots=True)
class Path(Node):
    base: Node
    name: str


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`args` by position or `named` pairs, never both."""

    function: Node
    args: tuple[Node, ...]
    named: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Filter(Node):
    base: Node
    test: Node


@dataclass(frozen=True, slots=True)
class Negate(Node):
    value: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """op: + - * / ** = != < <= > >= and or"""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Between(Node):
    value: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class In(Node):
    value: Node
    tests: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class InstanceOf(Node):
    value: Node
    type: str


@dataclass(frozen=True, slots=True)
class If(Node):
    test: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class For(Node):
    """`loops`: (name, from, to or None)."""

    loops: tuple[tuple[str, Node, Node | None], ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Quantified(Node):
    every: bool
    loops: tuple[tuple[str, Node], ...]
    test: Node


@dataclass(frozen=True, slots=True)
class FunctionLiteral(Node):
    """`params`: (name, type or "")."""

    params: tuple[tuple[str, str], ...]
    body: Node
    external: bool


@dataclass(frozen=True, slots=True)
class ListLiteral(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ContextLiteral(Node):
    entries: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class RangeLiteral(Node):
    """An interval; a missing end is None (from the unary forms `(< 5)`)."""

    low: Node | None
    low_closed: bool
    high: Node | None
    high_closed: bool


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """A unary comparison of the cell's input with a value: `< 5`, `= x`, `!= x`."""

    op: str
    value: Node


@dataclass(frozen=True, slots=True)
class Tests(Node):
    """The content of a cell: any of `tests`, or none of them when negated; empty is `-`."""

    tests: tuple[Node, ...]
    negated: bool
