"""One statement as nested SELECTs: each layer adds columns that the later ones may name. DuckDB drops what is not used."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from recaudo.engine.decide.sql import numbers
from recaudo.engine.decide.sql.terms import Items, Refused, Rows, Sql, Struct, Term

MAX_COLUMNS = 5_000


@dataclass
class Layers:
    """keys: columns of the source passed through; base: (alias, SQL over the source)."""

    base: list[tuple[str, str]] = field(default_factory=list)
    steps: list[list[tuple[str, str]]] = field(default_factory=list)
    count: int = 0

    def alias(self, prefix: str) -> str:
        self.count += 1
        if self.count > MAX_COLUMNS:
            raise Refused("un modelo con demasiadas columnas intermedias", "Divídalo en varios modelos.")
        return f"{prefix}{self.count}"

    def add(self, columns: list[tuple[str, str]]) -> None:
        if columns:
            self.steps.append(columns)

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
        """The statement. keys: SQL of the columns passed through; final: SQL of the result columns."""
        first = ", ".join([*keys, *(f"{text} AS {name}" for name, text in self.base)]) or "1 AS one"
        text = f"SELECT {first} FROM {source}"
        for step in self.steps:
            added = ", ".join(f"{expression} AS {name}" for name, expression in step)
            text = f"SELECT *, {added} FROM (\n{text})"
        return f"SELECT {', '.join(final)} FROM (\n{text})"
