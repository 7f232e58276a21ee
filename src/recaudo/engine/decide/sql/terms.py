"""What an expression becomes at compile time.

Known       a value that does not depend on the account (folded with the reference evaluator)
Sql         a scalar expression over columns, with its FEEL kind; SQL NULL is FEEL null
Struct      a context whose entries are terms
Items       a list whose length is known
Rows        a list whose length is only known per account (a multi-hit table)
Callable    a knowledge model, to be inlined

Numbers are exact: DECIMAL with tracked digits, or a ratio of two of them (a division is only carried out for output).
Powers with other than small constant exponents are DOUBLE and marked approximate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from recaudo.engine.decide.feel.temporal import NANOS, Date, DateTime, Months, Seconds
from recaudo.engine.decide.feel.values import Range, Value, kind
from recaudo.engine.decide.model import FunctionDefinition, Knowledge
from recaudo.engine.decide.sql.dialects import Refused as Refused
from recaudo.engine.decide.sql.dialects import coded, op

MAX_DIGITS = 38
INSTANT = "instant"  # a date and time with a zone, kept in UTC
MOMENT = "date and time"  # one without


@dataclass(frozen=True, slots=True)
class Known:
    value: Value


@dataclass(frozen=True, slots=True)
class Sql:
    """digits: (precision, scale) of an exact number, None for DOUBLE and for other kinds.

    over     the denominator when the number is a ratio
    domain   all values it can take (besides null), when they are known
    is_plain it is a column: naming it twice costs nothing
    """

    kind: str
    text: str
    digits: tuple[int, int] | None = None
    over: Sql | None = None
    domain: tuple[Value, ...] | None = None
    is_plain: bool = False

    @property
    def is_approximate(self) -> bool:
        return self.kind == "number" and self.digits is None


@dataclass(frozen=True, slots=True)
class Struct:
    entries: tuple[tuple[str, Term], ...]

    def get(self, name: str) -> Term:
        return dict(self.entries).get(name, Known(None))


@dataclass(frozen=True, slots=True)
class Items:
    items: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """text is a LIST; names is () for a list of scalars, else one Rows per output name in `columns`."""

    kind: str
    text: str
    digits: tuple[int, int] | None = None
    columns: tuple[tuple[str, Rows], ...] = ()
    domain: tuple[Value, ...] | None = None


@dataclass(frozen=True, slots=True)
class Callable:
    node: Knowledge
    definition: FunctionDefinition


Term = Known | Sql | Struct | Items | Rows | Callable


def quoted(name: str) -> str:
    """A name of a column or table, in the plan."""
    return op("name", coded(name))


def text_literal(text: str) -> str:
    """A text, in the plan. NUL cannot stand in one."""
    if "\x00" in text:
        raise Refused("un texto con el carácter nulo")
    return op("text", coded(text))


def literal(value: Value) -> Sql:
    """A constant scalar as SQL. Raises Refused for what has no column type."""
    if value is None:
        return Sql("null", "NULL")
    if isinstance(value, bool):
        return Sql("boolean", "TRUE" if value else "FALSE", domain=(value,))
    if isinstance(value, Decimal):
        return number_literal(value)
    if isinstance(value, str):
        return Sql("string", text_literal(value), domain=(value,))
    if isinstance(value, Date) and 1 <= value.year <= 9999:
        return Sql("date", f"DATE '{value}'", domain=(value,))
    if isinstance(value, Seconds) and value.nanos % NANOS == 0 and abs(value.nanos) < 2**62:
        return Sql(kind(value), f"CAST({value.nanos // NANOS} AS BIGINT)", domain=(value,))
    if isinstance(value, Months) and abs(value.months) < 2**31:
        return Sql(kind(value), f"CAST({value.months} AS INTEGER)", domain=(value,))
    if isinstance(value, DateTime):
        return _moment(value)
    raise Refused(f"un valor de tipo «{kind(value)}»")


def _moment(value: DateTime) -> Sql:
    if value.time.zone is not None or not 1 < value.date.year < 9999 or value.time.nanos % 1_000_000:
        raise Refused("una fecha y hora con zona por nombre o fuera de los años 2 a 9998")
    if value.time.offset is None:
        return Sql(MOMENT, op("moment", str(value).replace("T", " ")), domain=(value,))
    if value.time.offset != 0:
        raise Refused("una fecha y hora que no está en UTC")
    return Sql(INSTANT, op("moment", str(value).replace("T", " ").rstrip("Z")), domain=(value,))


def number_literal(value: Decimal) -> Sql:
    """Exact up to 38 digits, else the nearest DOUBLE."""
    _, figures, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    scale = max(-exponent, 0)
    precision = max(len(figures) + max(exponent, 0), scale, 1)
    if precision <= MAX_DIGITS:
        return Sql("number", format(value, "f"), (precision, scale), domain=(value,))
    close = float(value)
    if close in (float("inf"), float("-inf")) or (close == 0.0 and value != 0):
        raise Refused(f"el número {value:.3e}")
    return Sql("number", f"CAST({close!r} AS DOUBLE)", domain=(value,))


def lift(term: Term) -> Sql:
    """A scalar term as SQL. Raises Refused for lists, contexts and functions."""
    if isinstance(term, Sql):
        return term
    if isinstance(term, Known):
        if isinstance(term.value, list | dict | Range):
            raise Refused("una lista o estructura donde va un valor simple")
        return literal(term.value)
    raise Refused("una lista, estructura o función donde va un valor simple")


def kind_of(term: Term) -> str:
    """The FEEL kind, with instants apart from local moments."""
    if isinstance(term, Sql | Rows):
        return term.kind if isinstance(term, Sql) else "list"
    if isinstance(term, Known):
        if isinstance(term.value, DateTime) and term.value.time.has_zone:
            return INSTANT
        return kind(term.value)
    return {Struct: "context", Items: "list", Callable: "function"}[type(term)]


def bare(value: Sql) -> Sql:
    """Without what is only true of the expression it came from."""
    return replace(value, domain=None, is_plain=False)
