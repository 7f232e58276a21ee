"""One statement as nested SELECTs: each layer adds columns that the later ones may name. The engine drops what is not used."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from recaudo.engine.decide.feel.values import Value
from recaudo.engine.decide.sql import numbers
from recaudo.engine.decide.sql.dialects import Dialect
from recaudo.engine.decide.sql.terms import Items, Refused, Rows, Sql, Struct, Term

MAX_COLUMNS = 5_000


@dataclass(frozen=True, slots=True)
class Picked:
    """values: what a column is by the number in the column `rank`, from 0; where that is null so is the value."""

    rank: str
    values: tuple[Value, ...]


@dataclass
class Layers:
    """base: (alias, plan over the source); steps: (alias, text in the dialect). What the dialect refuses is refused when it is added."""

    dialect: Dialect
    base: list[tuple[str, str]] = field(default_factory=list)
    steps: list[list[tuple[str, str]]] = field(default_factory=list)
    count: int = 0
    picked: dict[str, Picked] = field(default_factory=dict)

    def alias(self, prefix: str) -> str:
        self.count += 1
        if self.count > MAX_COLUMNS:
            raise Refused("un modelo con demasiadas columnas intermedias", "Divídalo en varios modelos.")
        return f"{prefix}{self.count}"

    def add(self, columns: list[tuple[str, str]]) -> None:
        if columns:
            self.steps.append([(name, self.dialect.spell(plan)) for name, plan in columns])

    def column(self, prefix: str, value: Sql) -> Sql:
        """One scalar (or numerator and denominator) as columns of a new layer."""
        if value.is_plain or value.kind == "null":
            return value
        name = self.alias(prefix)
        added = [(name, numbers.typed(value) if value.kind == "number" else value.text)]
        over = value.over
        if over is not None:
            below = self.alias(prefix)
            added.append((below, numbers.typed(over)))
            over = replace(over, text=below, is_plain=True)
        self.add(added)
        return replace(value, text=name, over=over, is_plain=True)

    def keep(self, term: Term, prefix: str) -> Term:
        """A term over columns only."""
        if isinstance(term, Sql):
            return self.column(prefix, term)
        if isinstance(term, Struct):
            return Struct(tuple((name, self.keep(value, prefix)) for name, value in term.entries))
        if isinstance(term, Items):
            return Items(tuple(self.keep(value, prefix) for value in term.items))
        if isinstance(term, Rows) and not term.text.isidentifier():
            name = self.alias(prefix)
            self.add([(name, term.text)])
            return replace(term, text=name)
        return term

    def select(self, source: str, keys: list[str], final: list[str]) -> str:
        """The statement in the dialect. source, keys (of the columns passed through) and final (the result columns) are plan."""
        first = ", ".join([*keys, *(f"{text} AS {name}" for name, text in self.base)]) or "1 AS one"
        text = f"SELECT {first} FROM {source}"
        for step in self.steps:
            added = ", ".join(f"{expression} AS {name}" for name, expression in step)
            text = f"SELECT *, {added} FROM (\n{text})"
        return self.dialect.spell(f"SELECT {', '.join(final)} FROM (\n{text})")
