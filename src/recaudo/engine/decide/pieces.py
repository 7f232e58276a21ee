"""The conditions of a table as a grid: each column cut where one of its cells may change its mind.

Inside a *piece* all cells of a column judge alike, so one *sample* stands for it. Cells that are not piecewise constant
(`> other fact`, `modulo(?, 3) = 0`) are *odd*: nothing is claimed about where they hold. Columns that ask the same
expression are one *dimension*: their values never differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from recaudo.engine.decide.conform import Types
from recaudo.engine.decide.feel.builtins import BUILTINS
from recaudo.engine.decide.feel.evaluator import Scope
from recaudo.engine.decide.feel.temporal import Date, from_ordinal
from recaudo.engine.decide.feel.tree import Name, Tests
from recaudo.engine.decide.feel.values import Value, to_text
from recaudo.engine.decide.model import Cell, Decision, Input, Model, Table
from recaudo.engine.decide.sql import bins
from recaudo.engine.decide.sql.expressions import Env, Translator
from recaudo.engine.decide.sql.terms import Refused, Sql

ANYTHING = "-"
_EMPTY = Tests(0, (), False)


@dataclass(frozen=True, slots=True)
class Domain:
    """What a column can hold. values: all its texts, empty when not known; low, high: of a number, inclusive."""

    values: tuple[str, ...] = ()
    may_be_null: bool = True
    is_whole: bool = False
    low: int | None = None
    high: int | None = None


Domains = Callable[[Decision, Input], Domain]


def anything(decision: Decision, column: Input) -> Domain:
    """The domain of a column of which nothing is known."""
    return Domain()


@dataclass(frozen=True, slots=True)
class Piece:
    """kind: null, value (a text or boolean), other (every other text), span (numbers or dates from low to high).

    sample     a value of the piece
    low, high  ends of a span, None where it has none; the flags say whether the end belongs to it
    """

    kind: str
    sample: Value
    low: Value = None
    is_low_in: bool = False
    high: Value = None
    is_high_in: bool = False


@dataclass(frozen=True, slots=True)
class Dimension:
    """columns: their places; masks: per piece the rules that accept it (bit 0 is the first rule); odd: rules with an odd cell."""

    columns: tuple[int, ...]
    kind: str
    pieces: tuple[Piece, ...]
    masks: tuple[int, ...]
    odd: int
    is_open: bool  # other texts than the named ones can come

    def text(self, chosen: Sequence[int]) -> str:
        """Some pieces as one FEEL unary test."""
        return _tests(self, [self.pieces[one] for one in chosen], is_all=len(chosen) == len(self.pieces))


def dimensions(model: Model, decision: Decision, table: Table, domains: Domains = anything) -> list[Dimension]:
    """The grid of a table, in the order of its columns."""
    groups: dict[str, list[int]] = {}
    for place, column in enumerate(table.inputs):
        groups.setdefault(column.expression.text.strip() or f"#{place}", []).append(place)
    return [_dimension(model, decision, table, places, domains) for places in groups.values()]


def kind_of(model: Model, decision: Decision, column: Input) -> str:
    """The FEEL kind of a column: as declared, or that of the piece it names; "" when not known."""
    kind = column.type or _declared(model, decision, column.expression)
    return model.types[kind].base if kind in model.types else kind


def _declared(model: Model, decision: Decision, cell: Cell) -> str:
    if not isinstance(cell.tree, Name):
        return ""
    named = {model.by_id[key].name: model.by_id[key].type for key in decision.requires if key in model.by_id}
    return named.get(cell.tree.name, "")


def _dimension(model: Model, decision: Decision, table: Table, places: list[int], domains: Domains) -> Dimension:
    column = table.inputs[places[0]]
    kind, domain = kind_of(model, decision, column), domains(decision, column)
    evaluator = Types(model).evaluator
    translator, env = Translator(evaluator, None), Env({})
    value = Sql(kind, "x", (38, 0) if kind == "number" else None)
    cuts: list[Value] = []
    odd, everyone = 0, (1 << len(table.rules)) - 1
    judged: list[list[tuple[bins.Judge, int]]] = []
    for place in places:
        judged.append([])
        for cell, rules in bins.alike([rule.inputs[place] for rule in table.rules], lambda cell: cell.text):
            tests = cell.tests or (_EMPTY if cell.text.strip() in ("", ANYTHING) else None)
            found = None if tests is None else _constants(tests, translator, env, value.kind)
            if found is None or tests is None:
                odd |= rules
            else:
                cuts.extend(found)
                judged[-1].append((bins.Judge(kind, found, tests, evaluator, Scope({})), rules))
    pieces = _pieces(kind, cuts, domain)
    masks = [everyone] * len(pieces)
    for judges in judged:  # a rule with two cells in this dimension needs both
        rest = everyone & ~sum(rules for _, rules in judges)
        masks = [mask & (one | rest) for mask, one in zip(masks, bins.masks(kind, [piece.sample for piece in pieces], judges), strict=True)]
    return Dimension(tuple(places), kind, *_merged(pieces, masks), odd, not domain.values)


def _constants(tests: Tests, translator: Translator, env: Env, kind: str) -> list[Value] | None:
    if any(isinstance(node, Name) and node.name not in BUILTINS for node in tests.walk()):
        return None
    try:
        return bins.constants(tests, translator, env, kind)
    except Refused:
        return None


def _pieces(kind: str, cuts: list[Value], domain: Domain) -> list[Piece]:
    null = [Piece("null", None)] if domain.may_be_null else []
    if kind == "boolean":
        return [Piece("value", True), Piece("value", False), *null]
    if kind == "string":
        named = {one for one in cuts if isinstance(one, str)}
        if domain.values:
            return [*(Piece("value", one) for one in domain.values), *null]
        other = "otro"
        while other in named:
            other += " más"
        return [*(Piece("value", one) for one in sorted(named)), Piece("other", other), *null]
    if kind == "number":
        return [*_numbers(sorted({one for one in cuts if isinstance(one, Decimal)}), domain), *null]
    if kind == "date":
        days = sorted({one.ordinal for one in cuts if isinstance(one, Date)})
        return [*_days(days), *null]
    return [Piece("other", ""), *null]


def _spans(cuts: Sequence[Decimal]) -> Iterable[tuple[Decimal | None, bool, Decimal | None, bool]]:
    """Below the first cut, at it, between it and the next, ..., above the last."""
    low: Decimal | None = None
    for cut in cuts:
        yield low, False, cut, False
        yield cut, True, cut, True
        low = cut
    yield low, False, None, False


def _numbers(cuts: Sequence[Decimal], domain: Domain) -> list[Piece]:
    out = []
    for low, is_low_in, high, is_high_in in _spans(cuts):
        sample = _sample(low, is_low_in, high, is_high_in, domain)
        if sample is not None:
            out.append(Piece("span", sample, low, is_low_in, high, is_high_in))
    return out


def _sample(
    low: Decimal | None, is_low_in: bool, high: Decimal | None, is_high_in: bool, domain: Domain
) -> Decimal | None:
    """A number of the span that the domain can hold; None when there is none."""
    if domain.low is not None and (low is None or low < domain.low):
        low, is_low_in = Decimal(domain.low), True
    if domain.high is not None and (high is None or high > domain.high):
        high, is_high_in = Decimal(domain.high), True
    if low is None:
        found = Decimal(0) if high is None else Decimal(math.ceil(high) - 1)
    elif is_low_in and (not domain.is_whole or low == low.to_integral_value()):
        found = low
    elif domain.is_whole or high is None:
        found = Decimal(math.floor(low) + 1)
    else:
        found = (low + high) / 2
    is_over = high is not None and (found > high or (found == high and not is_high_in))
    return None if is_over else found


def _days(cuts: Sequence[int]) -> list[Piece]:
    numbers = _numbers([Decimal(one) for one in cuts], Domain(is_whole=True)) if cuts else []
    if not cuts:
        return [Piece("span", Date(2000, 1, 1))]
    return [
        Piece("span", _day(one.sample), _day(one.low), one.is_low_in, _day(one.high), one.is_high_in) for one in numbers
    ]


def _day(value: Value) -> Date | None:
    return from_ordinal(int(value)) if isinstance(value, Decimal) else None


def _merged(pieces: list[Piece], masks: list[int]) -> tuple[tuple[Piece, ...], tuple[int, ...]]:
    """Neighbouring spans that are judged alike become one."""
    out: list[Piece] = []
    kept: list[int] = []
    for piece, mask in zip(pieces, masks, strict=True):
        if out and piece.kind == out[-1].kind == "span" and kept[-1] == mask:
            before = out[-1]
            out[-1] = Piece("span", before.sample, before.low, before.is_low_in, piece.high, piece.is_high_in)
        else:
            out.append(piece)
            kept.append(mask)
    return tuple(out), tuple(kept)


# -- some pieces as a FEEL test


def _tests(dimension: Dimension, chosen: list[Piece], *, is_all: bool) -> str:
    if is_all:
        return ANYTHING
    nulls = ["null"] if any(one.kind == "null" for one in chosen) else []
    if any(one.kind == "other" for one in chosen):
        named = {one.sample for one in chosen}
        missing = [one for one in dimension.pieces if one.kind == "value" and one.sample not in named]
        has_null = any(one.kind == "null" for one in dimension.pieces)
        refused = [*(_feel(one.sample) for one in missing), *(["null"] if has_null and not nulls else [])]
        return f"not({', '.join(refused)})" if refused else ANYTHING
    spans = [_span(one) for one in _joined([one for one in chosen if one.kind == "span"])]
    if spans == [""]:
        return ANYTHING if nulls else "not(null)"
    return ", ".join([*(_feel(one.sample) for one in chosen if one.kind == "value"), *spans, *nulls])


def _joined(spans: list[Piece]) -> list[Piece]:
    out: list[Piece] = []
    for piece in spans:
        touches = bool(out) and out[-1].high is not None and out[-1].high == piece.low
        if touches and (out[-1].is_high_in or piece.is_low_in):
            before = out[-1]
            out[-1] = Piece("span", before.sample, before.low, before.is_low_in, piece.high, piece.is_high_in)
        else:
            out.append(piece)
    return out


def _span(piece: Piece) -> str:
    low, high = piece.low, piece.high
    if low is None and high is None:
        return ""
    if low is None:
        return f"{'<=' if piece.is_high_in else '<'} {_feel(high)}"
    if high is None:
        return f"{'>=' if piece.is_low_in else '>'} {_feel(low)}"
    if low == high:
        return _feel(low)
    return f"{'[' if piece.is_low_in else '('}{_feel(low)}..{_feel(high)}{']' if piece.is_high_in else ')'}"


def _feel(value: Value) -> str:
    if isinstance(value, Date):
        return f'date("{value}")'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return to_text(value, nested=True)
