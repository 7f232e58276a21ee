"""A DMN model in memory: what was read from the file, frozen. The XML bytes stay the artefact; their hash is its identity."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from recaudo.engine.decide.feel.tree import Node, Tests
from recaudo.engine.decide.problems import FeelSyntax, UnknownDecision


@dataclass(frozen=True, slots=True)
class Cell:
    """tree is None for an empty output cell and for a text that FEEL cannot read; then `broken` says why."""

    id: str
    text: str
    tree: Node | None = None
    broken: FeelSyntax | None = None

    @property
    def tests(self) -> Tests | None:
        return self.tree if isinstance(self.tree, Tests) else None


@dataclass(frozen=True, slots=True)
class Input:
    """A condition column: an expression over the facts, or the value of an earlier decision."""

    id: str
    label: str
    expression: Cell
    type: str
    allowed: Cell | None


@dataclass(frozen=True, slots=True)
class Output:
    """A result column. `allowed` holds its possible values in their order of priority."""

    id: str
    name: str
    label: str
    type: str
    allowed: Cell | None
    default: Cell | None


@dataclass(frozen=True, slots=True)
class Rule:
    """number counts from 1, as managers see it; ids survive edits and moves."""

    id: str
    number: int
    inputs: tuple[Cell, ...]
    outputs: tuple[Cell, ...]
    annotations: tuple[str, ...]

    @property
    def annotation(self) -> str:
        """The plain-language reason of the rule."""
        return " ".join(text for text in self.annotations if text)


@dataclass(frozen=True, slots=True)
class Table:
    """policy: U A P F R O C; aggregation: + < > # or "" (only with C)."""

    id: str
    policy: str
    aggregation: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]
    annotation_names: tuple[str, ...]

    @property
    def is_single_hit(self) -> bool:
        return self.policy in "UAPF"


@dataclass(frozen=True, slots=True)
class Literal:
    cell: Cell
    type: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a boxed context; the one without a name is its result."""

    name: str
    type: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Context:
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Invocation:
    function: Expression
    bindings: tuple[tuple[str, Expression], ...]
    type: str = ""


@dataclass(frozen=True, slots=True)
class FunctionDefinition:
    """external: written in another language; its result is null here."""

    params: tuple[tuple[str, str], ...]
    body: Expression | None
    external: bool
    type: str = ""


@dataclass(frozen=True, slots=True)
class BoxedList:
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    columns: tuple[str, ...]
    rows: tuple[tuple[Expression, ...], ...]


@dataclass(frozen=True, slots=True)
class Conditional:
    test: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class Loop:
    """kind: for, every, some, filter"""

    kind: str
    variable: str
    items: Expression
    body: Expression


Expression = Table | Literal | Context | Invocation | FunctionDefinition | BoxedList | Relation | Conditional | Loop


@dataclass(frozen=True, slots=True)
class Decision:
    """requires: ids of what its expression may speak of, in the order of the file."""

    id: str
    name: str
    type: str
    expression: Expression | None
    requires: tuple[str, ...]

    @property
    def table(self) -> Table | None:
        return self.expression if isinstance(self.expression, Table) else None


@dataclass(frozen=True, slots=True)
class InputData:
    id: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A business knowledge model: a function that decisions call."""

    id: str
    name: str
    type: str
    function: FunctionDefinition
    requires: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Service:
    id: str
    name: str
    type: str
    outputs: tuple[str, ...]
    inside: tuple[str, ...]
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ItemType:
    """A type that the model defines. base is "" when it has components; result: what a function type returns."""

    name: str
    base: str
    is_list: bool
    components: tuple[ItemType, ...]
    allowed: Cell | None
    result: str = ""


@dataclass(frozen=True)
class Model:
    """xml: the bytes as read; sha256: their hash in hexadecimal."""

    xml: bytes = field(repr=False)
    sha256: str
    name: str
    namespace: str
    types: dict[str, ItemType]
    inputs: tuple[InputData, ...]
    decisions: tuple[Decision, ...]
    knowledge: tuple[Knowledge, ...]
    services: tuple[Service, ...]
    names: frozenset[str] = field(repr=False)

    @property
    def nodes(self) -> list[InputData | Decision | Knowledge | Service]:
        return [*self.inputs, *self.decisions, *self.knowledge, *self.services]

    @cached_property
    def by_id(self) -> dict[str, InputData | Decision | Knowledge | Service]:
        return {node.id: node for node in self.nodes}

    @cached_property
    def by_name(self) -> dict[str, Decision]:
        return {decision.name: decision for decision in self.decisions}

    def decision(self, name: str) -> Decision:
        """Raises UnknownDecision."""
        if name not in self.by_name:
            raise UnknownDecision(decision=name, known=", ".join(self.by_name) or "ninguna")
        return self.by_name[name]
