"""What a table does that its author may not have meant: gaps, overlaps, conflicts, rules that never decide. Exact.

    gap       accounts that no rule accepts, where the table has no default
    overlap   two rules that accept the same account and give the same, or whose order decides
    conflict  two rules that accept the same account where the policy allows it no answer (U), or no second one (A)
    never     a rule with a condition that no value passes
    masked    a rule that others always beat (policies F and P)

Columns are taken as independent of each other: a finding says what can be, the portfolio says what is.
Rules with cells that are not piecewise constant are not claimed to hold anywhere, nor not to; the analysis says so.
The search is bounded by work, not by the clock: the same table always gives the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from recaudo.engine.decide.conform import Types
from recaudo.engine.decide.feel import values
from recaudo.engine.decide.feel.evaluator import Scope
from recaudo.engine.decide.model import Decision, Model, Rule, Table
from recaudo.engine.decide.pieces import ANYTHING, Dimension, Domains, anything, dimensions
from recaudo.engine.decide.tables import evaluate_cell, output_order

GAP, OVERLAP, CONFLICT, NEVER, MASKED = "gap", "overlap", "conflict", "never", "masked"
MAX_GAPS = 40
MAX_PAIRS = 300
MAX_PAIRED_RULES = 4_000
WORK = 4_000_000
Plain = str | int | bool | Decimal | date | None


@dataclass(frozen=True, slots=True)
class Region:
    """tests: FEEL unary tests, one per condition column; example: a value of each column that passes."""

    tests: tuple[str, ...]
    example: tuple[Plain, ...]


@dataclass(frozen=True, slots=True)
class Issue:
    """rules: their ids (none of a gap, two of a pair); numbers: theirs; by: numbers of the rules that beat a masked one."""

    kind: str
    rules: tuple[str, ...]
    numbers: tuple[int, ...]
    region: Region
    by: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was found in one table.

    pair_count, gap_count   all overlaps and conflicts, and gaps as far as they were looked for; `issues` holds the first ones
    limits                  what was not analysed and why, in Spanish; empty when the analysis is whole
    """

    decision: str
    issues: tuple[Issue, ...]
    pair_count: int
    gap_count: int
    limits: tuple[str, ...]

    def of(self, *kinds: str) -> list[Issue]:
        return [one for one in self.issues if one.kind in kinds]


class _TooMuch(Exception):
    pass


def analyse(model: Model, decision: Decision, domains: Domains = anything) -> Analysis | None:
    """The analysis of a decision's table; None when it is not a table.

    domains   what each column can hold, for what the model does not say itself
    """
    table = decision.table
    if table is None:
        return None
    return _Grid(model, decision, table, domains).analysis()


class _Grid:
    def __init__(self, model: Model, decision: Decision, table: Table, domains: Domains) -> None:
        self.model, self.decision, self.table = model, decision, table
        self.grid = dimensions(model, decision, table, domains)
        self.count = len(table.rules)
        self.odd = 0
        for dimension in self.grid:
            self.odd |= dimension.odd
        # Where each rule surely holds, and where it may: piece bits per dimension and rule.
        self.sure = [_by_rule(one, self.count, is_sure=True) for one in self.grid]
        self.maybe = [_by_rule(one, self.count, is_sure=False) for one in self.grid]
        # Columns that tell most rules apart come first: then a rule that accepts the rest ends the search early.
        whole = [(1 << len(one.pieces)) - 1 for one in self.grid]
        self.order = sorted(range(len(self.grid)), key=lambda d: sum(bits == whole[d] for bits in self.maybe[d]))
        self.work = 0
        self.limits: list[str] = []

    def analysis(self) -> Analysis:
        never = [place for place in range(self.count) if any(not row[place] for row in self.maybe)]
        issues = [Issue(NEVER, *self.named(place), Region(self.cells(place), ())) for place in never]
        issues += self.masked(never)
        pairs, pair_count = self.pairs()
        gaps = self.gaps()
        if self.odd:
            listed = _numbers(self.odd)
            self.limits.append(
                f"Filas {listed}: tienen condiciones que se calculan (con otro dato o una función); de ellas sólo se afirma lo seguro."
            )
        return Analysis(
            self.decision.name, (*issues, *pairs, *gaps[:MAX_GAPS]), pair_count, len(gaps), tuple(self.limits)
        )

    # -- gaps

    def gaps(self) -> list[Issue]:
        table = self.table
        if not table.is_single_hit or any(one.default is not None for one in table.outputs) or not self.grid:
            return []
        allowed = [list(range(len(one.pieces))) for one in self.grid]
        found: list[Issue] = []
        try:
            for box in self.holes((1 << self.count) - 1, allowed, is_sure=False):
                found.append(Issue(GAP, (), (), self.region(box)))
                if len(found) > MAX_GAPS:
                    break
        except _TooMuch:
            self.limits.append(
                f"Huecos: la tabla tiene demasiadas combinaciones para revisarlas todas; se vieron {len(found)}."
            )
        return found

    # -- masked rules

    def masked(self, never: Sequence[int]) -> list[Issue]:
        before = self.precedence()
        out: list[Issue] = []
        for place in range(self.count):
            rivals = before[place] & ~self.odd
            if not rivals or place in never:
                continue
            allowed = [_bits(row[place]) for row in self.maybe]
            try:
                is_free = next(self.holes(rivals, allowed, is_sure=True), None) is not None
            except _TooMuch:
                self.limits.append(
                    f"Filas tapadas: la tabla es demasiado grande; se revisó hasta la fila {self.table.rules[place].number}."
                )
                break
            if not is_free:
                region = Region(self.cells(place), self.example([row[0] for row in allowed]))
                out.append(Issue(MASKED, *self.named(place), region, self.winners(place, rivals)))
        return out

    def precedence(self) -> list[int]:
        """Per rule the rules that win when both match; nothing for policies without an order."""
        if self.table.policy == "F":
            return [(1 << place) - 1 for place in range(self.count)]
        if self.table.policy != "P":
            return [0] * self.count
        evaluator = Types(self.model).evaluator
        rows = {
            place: [evaluate_cell(cell, evaluator, Scope({})) for cell in rule.outputs]
            for place, rule in enumerate(self.table.rules)
        }
        out, seen = [0] * self.count, 0
        for place in output_order(self.table, rows):
            out[place] = seen
            seen |= 1 << place
        return out

    def winners(self, place: int, rivals: int) -> tuple[int, ...]:
        """The rules that together cover one: a single one when there is, else all that touch it."""
        touching = covering = rivals
        for dimension, held in enumerate(self.maybe):
            some, every = 0, -1
            for mask in self.masks(dimension, _bits(held[place]), is_sure=True):
                some |= mask
                every &= mask
            touching &= some
            covering &= every
        chosen = _bits(touching & covering)[:1] or _bits(touching)
        return tuple(self.table.rules[one].number for one in chosen)

    # -- pairs

    def pairs(self) -> tuple[list[Issue], int]:
        if self.table.policy not in "UAFP":
            return [], 0
        if self.count > MAX_PAIRED_RULES:
            self.limits.append(
                f"Traslapes: con más de {MAX_PAIRED_RULES} filas no se comparan todas con todas; divida la tabla."
            )
            return [], 0
        meet = np.triu(np.ones((self.count, self.count), dtype=bool), 1)
        for dimension, rows in zip(self.grid, self.sure, strict=True):
            held = np.zeros((self.count, len(dimension.pieces)), dtype=np.float32)
            for place, bits in enumerate(rows):
                held[place, _bits(bits)] = 1
            meet &= held @ held.T > 0
        clash = meet & self.clashes()
        out: list[Issue] = []
        for kind, found in ((CONFLICT, clash), (OVERLAP, meet & ~clash)):
            for one, other in np.argwhere(found)[: MAX_PAIRS - len(out)].tolist():
                out.append(Issue(kind, *self.named(one, other), self.meeting(one, other)))
        return out, int(meet.sum())

    def clashes(self) -> Any:
        """rules x rules: whether two that match together leave the policy without an answer."""
        if self.table.policy == "U":
            return True
        if self.table.policy != "A":
            return False
        classes: dict[str, int] = {}
        own = np.array([classes.setdefault(self.given(rule), len(classes)) for rule in self.table.rules])
        return own[:, None] != own[None, :]

    def given(self, rule: Rule) -> str:
        """What a rule gives, in one way of writing it; for what it computes from facts, the formula."""
        evaluator = Types(self.model).evaluator
        given = [(cell.text, evaluate_cell(cell, evaluator, Scope({}))) for cell in rule.outputs]
        return " | ".join(
            text.strip() if value is None else values.to_text(value, nested=True) for text, value in given
        )

    def meeting(self, one: int, other: int) -> Region:
        return self.region([_bits(row[one] & row[other]) for row in self.sure])

    # -- the search

    def holes(self, alive: int, allowed: list[list[int]], *, is_sure: bool) -> Iterator[list[list[int]]]:
        """Boxes of the allowed pieces that none of the rules in `alive` covers; each box: chosen pieces per dimension."""
        steps = [(d, self.masks(d, allowed[d], is_sure=is_sure)) for d in self.order]
        rest = [0] * (len(steps) + 1)
        rest[-1] = alive
        for place in range(len(steps) - 1, -1, -1):
            common = rest[place + 1]
            for mask in steps[place][1]:
                common &= mask
            rest[place] = common
        covered: set[tuple[int, int]] = set()

        def search(place: int, mask: int, box: list[list[int]]) -> Iterator[list[list[int]]]:
            if mask & rest[place] or (place, mask) in covered:
                return
            if not mask:
                yield [list(one) for one in box]
                return
            if place == len(steps):
                return
            dimension, masks = steps[place]
            self.work += len(masks) + 1
            if self.work > WORK:
                raise _TooMuch
            groups: dict[int, list[int]] = {}
            for piece, piece_mask in zip(allowed[dimension], masks, strict=True):
                groups.setdefault(mask & piece_mask, []).append(piece)
            is_found = False
            for following, pieces in groups.items():
                kept, box[dimension] = box[dimension], pieces
                for hole in search(place + 1, following, box):
                    is_found = True
                    yield hole
                box[dimension] = kept
            if not is_found:
                covered.add((place, mask))

        yield from search(0, alive, [list(one) for one in allowed])

    def masks(self, dimension: int, allowed: list[int], *, is_sure: bool) -> list[int]:
        one = self.grid[dimension]
        return [one.masks[piece] & ~one.odd if is_sure else one.masks[piece] | one.odd for piece in allowed]

    # -- words

    def named(self, *places: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
        rules = [self.table.rules[place] for place in places]
        return tuple(rule.id for rule in rules), tuple(rule.number for rule in rules)

    def cells(self, place: int) -> tuple[str, ...]:
        return tuple(cell.text.strip() or ANYTHING for cell in self.table.rules[place].inputs)

    def region(self, box: list[list[int]]) -> Region:
        tests = [ANYTHING] * len(self.table.inputs)
        for dimension, chosen in zip(self.grid, box, strict=True):
            tests[dimension.columns[0]] = dimension.text(chosen)
        return Region(tuple(tests), self.example([chosen[0] for chosen in box]))

    def example(self, chosen: list[int]) -> tuple[Plain, ...]:
        out: list[Plain] = [None] * len(self.table.inputs)
        for dimension, piece in zip(self.grid, chosen, strict=True):
            for column in dimension.columns:
                out[column] = values.to_python(dimension.pieces[piece].sample)
        return tuple(out)


def _by_rule(dimension: Dimension, count: int, *, is_sure: bool) -> list[int]:
    """Per rule the bits of the pieces that it accepts."""
    out = [0] * count
    for piece, mask in enumerate(dimension.masks):
        held = mask & ~dimension.odd if is_sure else mask | dimension.odd
        for place in _bits(held):
            out[place] |= 1 << piece
    return out


def _bits(mask: int) -> list[int]:
    """The places of the bits that are set, ascending."""
    octets = np.frombuffer(mask.to_bytes((mask.bit_length() + 7) // 8, "little"), np.uint8)
    found: list[int] = np.flatnonzero(np.unpackbits(octets, bitorder="little")).tolist()
    return found


def _numbers(mask: int) -> str:
    found = [str(one + 1) for one in _bits(mask)]
    return ", ".join(found[:20]) + (f" y {len(found) - 20} más" if len(found) > 20 else "")
