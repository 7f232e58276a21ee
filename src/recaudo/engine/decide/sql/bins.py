"""Columns of a table as bit masks.

The constants of a column's cells cut its values into elementary pieces; each cell is judged once per piece, by the reference
evaluator, on a representative. Per account the column is then looked up once and gives the mask of the rules it allows.
A cell that is not piecewise constant (`modulo(?, 3) = 0`, `> other fact`) gets a condition of its own.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate
from operator import xor
from typing import Any, TypeVar

from recaudo.engine.decide.feel.evaluator import Evaluator, Scope, uses_input
from recaudo.engine.decide.feel.temporal import Date, from_ordinal
from recaudo.engine.decide.feel.tree import Compare, Node, Tests
from recaudo.engine.decide.feel.values import Range, Value
from recaudo.engine.decide.sql.dialects import op
from recaudo.engine.decide.sql.expressions import Env, Translator
from recaudo.engine.decide.sql.layers import Picked
from recaudo.engine.decide.sql.numbers import both_digits, is_null
from recaudo.engine.decide.sql.terms import Known, Sql, lift

T = TypeVar("T")
# Kinds whose values lie on a line; of the others only equality counts.
ORDERED = ("number", "date")
FITS = {"number": Decimal, "string": str, "boolean": bool, "date": Date}
# Stands for any value of a kind without pieces: only cells that accept everything are judged on it.
_NOT_NULL = ""

# From so many pieces on a list is quicker than a tree of comparisons, when it has no more than so many entries.
_MANY_PIECES = 8
_NEAR = 1_000
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
    """null_mask: rules that accept null; odd: (rules, condition) to be checked apart, their bits are set in the masks.

    rank    the column that numbers the pieces from 0; "" when the value tells its piece
    """

    value: Sql
    pieces: tuple[Piece, ...]
    null_mask: int
    odd: tuple[tuple[int, Sql], ...]
    rank: str = ""


def build(value: Sql, cells: Sequence[Tests], translator: Translator, env: Env, picked: Picked | None = None) -> Column:
    """The masks of one column; cells in rule order. Raises Refused for a cell outside the profile.

    picked  where the value is one of a few that an earlier table gives: then they are the pieces
    """
    kind = "" if value.over or value.is_approximate else value.kind  # these compare by formula only
    cuts: list[Value] = []
    judges: list[tuple[Judge, int]] = []
    odd: list[tuple[int, Sql]] = []
    always, scope = 0, env.scope()
    for tests, rules in alike(cells, id):  # the reader parses a text once
        known = constants(tests, translator, env, kind)
        if known is None:
            odd.append((rules, lift(translator.accepts(tests, value, env))))
            always |= rules
        else:
            cuts.extend(known)
            judges.append((Judge(kind, known, tests, translator.evaluator, scope), rules))
    null_mask = always | masks(kind, [None], judges)[0]
    if picked is not None and all(one is None or type(one) is FITS.get(kind) for one in picked.values):
        named = list(dict.fromkeys(one for one in picked.values if one is not None))
        found = dict(zip(named, masks(kind, named, judges), strict=True))
        ranks = tuple(Piece(null_mask if one is None else found[one] | always) for one in picked.values)
        return Column(value, ranks, null_mask, tuple(odd), picked.rank)
    pieces = _pieces(kind, cuts)
    judged = masks(kind, [sample for sample, _ in pieces], judges)
    merged = _merge([replace(piece, mask=mask | always) for (_, piece), mask in zip(pieces, judged, strict=True)])
    return Column(value, tuple(merged), null_mask, tuple(odd))


def alike(cells: Sequence[T], key: Callable[[T], Hashable]) -> list[tuple[T, int]]:
    """Cells that are the same, once, with the bits of the rules that have them."""
    found: dict[Hashable, tuple[T, list[int]]] = {}
    for bit, cell in enumerate(cells):
        found.setdefault(key(cell), (cell, []))[1].append(bit)
    return [(cell, bits_of(rules)) for cell, rules in found.values()]


def bits_of(rules: Sequence[int]) -> int:
    """Rules in ascending order as one mask."""
    held = bytearray(rules[-1] // 8 + 1)
    for bit in rules:
        held[bit // 8] |= 1 << bit % 8
    return int.from_bytes(held, "little")


class Judge:
    """Whether a cell accepts a value. It is evaluated once per piece of its own, however many pieces its column has.

    known   the constants of the cell (see `constants`)
    """

    def __init__(self, kind: str, known: Sequence[Value], tests: Tests, evaluator: Evaluator, scope: Scope) -> None:
        self.is_ordered = kind in ORDERED
        self.cuts: list[Any] = sorted({_ordered(one) for one in known if one is not None})
        self.ask: Callable[[Value], bool] = lambda value: evaluator.accepts(tests, value, scope) is True
        self.told: dict[Any, bool] = {}

    def accepts(self, value: Value) -> bool:
        own: Any = None
        if value is not None:
            at = _ordered(value)
            place = bisect_left(self.cuts, at)
            is_cut = place < len(self.cuts) and self.cuts[place] == at
            own = (place, True) if is_cut else ((place, False) if self.is_ordered else "other")
        if own not in self.told:
            self.told[own] = self.ask(value)
        return self.told[own]


def masks(kind: str, samples: Sequence[Value], judges: Sequence[tuple[Judge, int]]) -> list[int]:
    """For each sample the rules whose cells accept it. What a cell says only changes at its own constants: not all ask about all.

    samples  each once, in any order; null may be one
    judges   a cell and the rules that have it, as bits; no rule has two
    """
    out = [sum(rules for judge, rules in judges if judge.accepts(None))] * len(samples) if None in samples else [0] * len(samples)
    places = [place for place, one in enumerate(samples) if one is not None]
    if kind in ORDERED:
        places.sort(key=lambda place: _ordered(samples[place]))
    given = [samples[place] for place in places]
    spread = _spread_ordered if kind in ORDERED else _spread_named
    for place, mask in zip(places, spread([_ordered(one) for one in given], given, judges), strict=True):
        out[place] = mask
    return out


def _spread_ordered(ordered: list[Any], samples: list[Value], judges: Sequence[tuple[Judge, int]]) -> list[int]:
    turns = [0] * (len(samples) + 1)
    for judge, bits in judges:
        ends = {0, *(side(ordered, cut) for cut in judge.cuts for side in (bisect_left, bisect_right))}
        before = False
        for place in sorted(ends):
            if place < len(samples) and judge.accepts(samples[place]) is not before:
                before = not before
                turns[place] ^= bits
    return list(accumulate(turns[:-1], xor))


def _spread_named(ordered: list[Any], samples: list[Value], judges: Sequence[tuple[Judge, int]]) -> list[int]:
    where = {one: place for place, one in enumerate(ordered)}
    common, own = 0, [0] * len(samples)
    for judge, bits in judges:
        named = {where[cut] for cut in judge.cuts if cut in where}
        other = next((place for place in range(len(samples)) if place not in named), None)
        usual = other is not None and judge.accepts(samples[other])
        common ^= bits if usual else 0
        for place in named:
            if judge.accepts(samples[place]) is not usual:
                own[place] ^= bits
    return [common ^ one for one in own]


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
    fits = FITS.get(kind)
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


def _pieces(kind: str, cuts: list[Value]) -> list[tuple[Value, Piece]]:
    """The elementary pieces of a column, without their masks, each with a value of it."""
    if kind == "boolean":
        return [(True, Piece(0, members=(True,))), (False, Piece(0))]
    if kind == "string":
        known = sorted(set(cuts))
        other = "\ue000"
        while other in known:
            other += "\ue000"
        return [*((one, Piece(0, members=(one,))) for one in known), (other, Piece(0))]
    if kind == "number":
        return _number_pieces(sorted(set(cuts)))
    if kind == "date":
        return _date_pieces(sorted({one.ordinal for one in cuts}))
    return [(_NOT_NULL, Piece(0))]


def _number_pieces(cuts: list[Decimal]) -> list[tuple[Value, Piece]]:
    if not cuts:
        return [(Decimal(0), Piece(0))]
    out: list[tuple[Value, Piece]] = [(cuts[0] - 1, Piece(0, cuts[0], False))]
    for cut, following in zip(cuts, [*cuts[1:], None], strict=True):
        out.append((cut, Piece(0, cut, True)))
        out.append((cut + 1 if following is None else (cut + following) / 2, Piece(0, following, False)))
    return out


def _date_pieces(cuts: list[int]) -> list[tuple[Value, Piece]]:
    if not cuts:
        return [(Date(2000, 1, 1), Piece(0))]
    out: list[tuple[Value, Piece]] = [(from_ordinal(cuts[0] - 1), Piece(0, from_ordinal(cuts[0]), False))]
    for cut, following in zip(cuts, [*cuts[1:], None], strict=True):
        out.append((from_ordinal(cut), Piece(0, from_ordinal(cut), True)))
        if following != cut + 1:  # there is no day between two that follow each other
            out.append((from_ordinal(cut + 1), Piece(0, None if following is None else from_ordinal(following), False)))
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
        base = op("pick_whole", index, *masks)
    return " & ".join([base, *_odd_sql(column, word)])


def _odd_sql(column: Column, word: int) -> list[str]:
    return [
        f"(CASE WHEN {condition.text} THEN -1 ELSE ~CAST({word_of(rules, word)} AS BIGINT) END)"
        for rules, condition in column.odd
        if word_of(rules, word)
    ]


def _lookup(column: Column, masks: list[int], null_mask: int) -> str:
    if len(set(masks)) == 1 and masks[0] == null_mask:
        return f"CAST({null_mask} AS BIGINT)"
    if column.rank:
        return f"COALESCE({op('pick_whole', f'{column.rank} + 1', *masks)}, CAST({null_mask} AS BIGINT))"
    if _is_set(column):
        inner = _cases(column.value.text, column.pieces, masks)
    else:
        inner = _dense(column, masks) or _tree(column.value, column.pieces, masks, 0, len(masks))
    return f"CAST(CASE WHEN {is_null(column.value)} THEN {null_mask} ELSE {inner} END AS BIGINT)"


def _dense(column: Column, masks: list[int]) -> str | None:
    """Whole numbers between near ends: one entry each, which a place in a list finds sooner than many comparisons do."""
    ends = [piece.up_to for piece in column.pieces[:-1] if isinstance(piece.up_to, Decimal)]
    digits = column.value.digits
    if len(ends) < _MANY_PIECES or digits is None or digits[1] or digits[0] > 18:
        return None
    low, high = math.floor(min(ends)) - 1, math.ceil(max(ends)) + 1
    if high - low > _NEAR:
        return None
    entries, piece = [], 0
    for number in range(low, high + 1):
        while piece < len(ends) and (number > ends[piece] or (number == ends[piece] and not column.pieces[piece].is_closed)):
            piece += 1
        entries.append(masks[piece])
    clipped = f"greatest({low}, least({high}, CAST({column.value.text} AS BIGINT)))"
    return op("pick_whole", f"CAST({clipped} - ({low - 1}) AS INTEGER)", *entries)


def _is_set(column: Column) -> bool:
    return len(column.pieces) == 1 or column.value.kind in ("string", "boolean")


def _cases(text: str, pieces: Sequence[Piece], masks: list[int]) -> str:
    whens = "".join(
        f" WHEN {text} IN ({', '.join(lift(Known(value)).text for value in piece.members)}) THEN {mask}"
        for piece, mask in zip(pieces[:-1], masks[:-1], strict=True)
    )
    return f"CASE{whens} ELSE {masks[-1]} END" if whens else str(masks[-1])


def _tree(value: Sql, pieces: Sequence[Piece], masks: list[int], low: int, high: int) -> str:
    if len(set(masks[low:high])) == 1:
        return str(masks[low])
    middle = (low + high) // 2
    piece = pieces[middle - 1]
    end = lift(Known(piece.up_to))
    test = op("compared", "<=" if piece.is_closed else "<", value.text, end.text, *both_digits(value, end))
    return f"CASE WHEN {test} THEN {_tree(value, pieces, masks, low, middle)} ELSE {_tree(value, pieces, masks, middle, high)} END"
