"""Columns of a table as bit masks.

The constants of a column's cells cut its values into elementary pieces; each cell is judged once per piece, by the reference
evaluator, on a representative. Per account the column is then looked up once and gives the mask of the rules it allows.
A cell that is not piecewise constant (`modulo(?, 3) = 0`, `> other fact`) gets a condition of its own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from recaudo.engine.decide.feel.evaluator import Evaluator, Scope, uses_input
from recaudo.engine.decide.feel.temporal import Date, from_ordinal
from recaudo.engine.decide.feel.tree import Compare, Node, Tests
from recaudo.engine.decide.feel.values import Range, Value
from recaudo.engine.decide.sql.expressions import Env, Translator
from recaudo.engine.decide.sql.numbers import is_null
from recaudo.engine.decide.sql.terms import Known, Sql, lift

Judge = Callable[[Value], int]
# Stands for any value of a kind without pieces: only cells that accept everything are judged on it.
_NOT_NULL = ""

WORD = 62  # rules per BIGINT: the sign bit and one more stay free


@dataclass(frozen=True)
class Piece:
    """A set of values that all cells of the column judge alike. mask: bit i is rule i.

    up_to, is_closed   for ordered kinds: the piece ends at this value (None: no end), with or without it
    members            for texts and booleans: the values; () is everything else
    """

    mask: int
    up_to: Value = None
    is_closed: bool = False
    members: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Column:
    """null_mask: rules that accept null; odd: (rule bit, condition) to be checked apart, their bits are set in the masks."""

    value: Sql
    pieces: tuple[Piece, ...]
    null_mask: int
    odd: tuple[tuple[int, Sql], ...]


def build(value: Sql, cells: Sequence[Tests], translator: Translator, env: Env) -> Column:
    """The masks of one column; cells in rule order. Raises Refused for a cell outside the profile."""
    kind = "" if value.over or value.is_approximate else value.kind  # these compare by formula only
    found = [constants(tests, translator, env, kind) for tests in cells]
    odd = []
    for bit, (tests, known) in enumerate(zip(cells, found, strict=True)):
        if known is None:
            condition = translator.accepts(tests, value, env)
            odd.append((bit, lift(condition)))
    cuts = [constant for known in found if known for constant in known]
    scope = env.scope()
    judges = [
        None if known is None else judge(kind, known, tests, translator.evaluator, scope)
        for tests, known in zip(cells, found, strict=True)
    ]

    def mask(one: Value) -> int:
        out = 0
        for bit, accepts in enumerate(judges):
            if accepts is None or accepts(one):
                out |= 1 << bit
        return out

    return Column(value, tuple(_merge(_pieces(kind, cuts, mask))), mask(None), tuple(odd))


def judge(
    kind: str, known: Sequence[Value], tests: Tests, evaluator: Evaluator, scope: Scope
) -> Callable[[Value], bool]:
    """Whether a cell accepts a value. It is evaluated once per piece of its own, however many pieces its column has.

    known   the constants of the cell (see `constants`)
    """
    cuts: list[Any] = sorted({_ordered(one) for one in known if one is not None})
    told: dict[Any, bool] = {}

    def accepts(value: Value) -> bool:
        own: Any = None
        if value is not None:
            at = _ordered(value)
            place = bisect_left(cuts, at)
            is_cut = place < len(cuts) and cuts[place] == at
            own = (place, True) if is_cut else ((place, False) if kind in ("number", "date") else "other")
        if own not in told:
            told[own] = evaluator.accepts(tests, value, scope) is True
        return told[own]

    return accepts


def _ordered(value: Value) -> Any:
    return value.ordinal if isinstance(value, Date) else value


def constants(tests: Tests, translator: Translator, env: Env, kind: str) -> list[Value] | None:
    """The values at which a cell may change its mind; None when it is not piecewise constant."""
    out: list[Value] = []
    for test in tests.tests:
        if uses_input(test) or not translator.is_closed(test.value if isinstance(test, Compare) else test, env):
            return None
        if isinstance(test, Compare) and kind == "string" and test.op not in ("=", "!="):
            return None
        found = translator.evaluator.value(_value_node(test), env.scope())
        if kind == "string" and _holds_range(found):
            return None
        out.extend(flat(found))
    fits = {"number": Decimal, "string": str, "boolean": bool, "date": Date}.get(kind)
    if fits is None:
        return None if tests.tests else []
    return [value for value in out if type(value) is fits]


def _value_node(test: Node) -> Node:
    return test.value if isinstance(test, Compare) else test


def _holds_range(value: Value) -> bool:
    return isinstance(value, Range) or (isinstance(value, list) and any(map(_holds_range, value)))


def flat(value: Value) -> list[Value]:
    if isinstance(value, list):
        return [leaf for item in value for leaf in flat(item)]
    if isinstance(value, Range):
        return [value.low, value.high]
    return [value]


def _pieces(kind: str, cuts: list[Value], mask: Judge) -> list[Piece]:
    if kind == "boolean":
        return [Piece(mask(True), members=(True,)), Piece(mask(False), members=())]
    if kind == "string":
        known = sorted(set(cuts))
        other = "\ue000"
        while other in known:
            other += "\ue000"
        return [*(Piece(mask(one), members=(one,)) for one in known), Piece(mask(other))]
    if kind == "number":
        return _number_pieces(sorted(set(cuts)), mask)
    if kind == "date":
        return _date_pieces(sorted({one.ordinal for one in cuts}), mask)
    return [Piece(mask(_NOT_NULL))]


def _number_pieces(cuts: list[Decimal], mask: Judge) -> list[Piece]:
    if not cuts:
        return [Piece(mask(Decimal(0)))]
    out = [Piece(mask(cuts[0] - 1), cuts[0], False)]
    for place, cut in enumerate(cuts):
        out.append(Piece(mask(cut), cut, True))
        following = cuts[place + 1] if place + 1 < len(cuts) else None
        middle = cut + 1 if following is None else (cut + following) / 2
        out.append(Piece(mask(middle), following, False))
    return out


def _date_pieces(cuts: list[int], mask: Judge) -> list[Piece]:
    if not cuts:
        return [Piece(mask(Date(2000, 1, 1)))]
    out = [Piece(mask(from_ordinal(cuts[0] - 1)), from_ordinal(cuts[0]), False)]
    for place, cut in enumerate(cuts):
        out.append(Piece(mask(from_ordinal(cut)), from_ordinal(cut), True))
        following = cuts[place + 1] if place + 1 < len(cuts) else None
        out.append(Piece(mask(from_ordinal(cut + 1)), None if following is None else from_ordinal(following), False))
    return out


def _merge(pieces: list[Piece]) -> list[Piece]:
    """Neighbours with one mask become one; texts with one mask become one list."""
    if pieces and (pieces[0].members or len(pieces) == 1):
        by_mask: dict[int, list[Value]] = {}
        for piece in pieces[:-1]:
            if piece.mask != pieces[-1].mask:
                by_mask.setdefault(piece.mask, []).extend(piece.members)
        return [*(Piece(mask, members=tuple(members)) for mask, members in by_mask.items()), pieces[-1]]
    out: list[Piece] = []
    for piece in pieces:
        if out and out[-1].mask == piece.mask:
            out[-1] = piece
        else:
            out.append(piece)
    return out


def word_of(mask: int, word: int) -> int:
    """The 62 bits of one word."""
    return (mask >> (WORD * word)) & ((1 << WORD) - 1)


def mask_sql(column: Column, word: int) -> str:
    """The mask of a column for one word of rules, as a BIGINT expression."""
    base = _lookup(column, [word_of(piece.mask, word) for piece in column.pieces], word_of(column.null_mask, word))
    return " & ".join([base, *_odd_sql(column, word)])


def index_sql(column: Column) -> str:
    """The number of the piece that the value falls in, from 1; null is one more."""
    count = len(column.pieces)
    return _lookup(column, list(range(1, count + 1)), count + 1)


def indexed_mask_sql(column: Column, index: str, word: int) -> str:
    """As `mask_sql`, by the column that holds `index_sql`."""
    masks = [*(word_of(piece.mask, word) for piece in column.pieces), word_of(column.null_mask, word)]
    if len(set(masks)) == 1:
        base = f"CAST({masks[0]} AS BIGINT)"
    else:
        base = f"(CAST([{', '.join(map(str, masks))}] AS BIGINT[]))[{index}]"
    return " & ".join([base, *_odd_sql(column, word)])


def _odd_sql(column: Column, word: int) -> list[str]:
    return [
        f"(CASE WHEN {condition.text} THEN -1 ELSE ~CAST({1 << (bit % WORD)} AS BIGINT) END)"
        for bit, condition in column.odd
        if bit // WORD == word
    ]


def _lookup(column: Column, masks: list[int], null_mask: int) -> str:
    text = column.value.text
    if len(set(masks)) == 1 and masks[0] == null_mask:
        return f"CAST({null_mask} AS BIGINT)"
    inner = (
        _tree(text, column.pieces, masks, 0, len(masks)) if not _is_set(column) else _cases(text, column.pieces, masks)
    )
    return f"CAST(CASE WHEN {is_null(column.value)} THEN {null_mask} ELSE {inner} END AS BIGINT)"


def _is_set(column: Column) -> bool:
    return len(column.pieces) == 1 or column.value.kind in ("string", "boolean")


def _cases(text: str, pieces: Sequence[Piece], masks: list[int]) -> str:
    whens = "".join(
        f" WHEN {text} IN ({', '.join(lift(Known(value)).text for value in piece.members)}) THEN {mask}"
        for piece, mask in zip(pieces[:-1], masks[:-1], strict=True)
    )
    return f"CASE{whens} ELSE {masks[-1]} END" if whens else str(masks[-1])


def _tree(text: str, pieces: Sequence[Piece], masks: list[int], low: int, high: int) -> str:
    if len(set(masks[low:high])) == 1:
        return str(masks[low])
    middle = (low + high) // 2
    piece = pieces[middle - 1]
    test = f"{text} {'<=' if piece.is_closed else '<'} {lift(Known(piece.up_to)).text}"
    return f"CASE WHEN {test} THEN {_tree(text, pieces, masks, low, middle)} ELSE {_tree(text, pieces, masks, middle, high)} END"
