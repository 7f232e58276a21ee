"""The card: bins and points. What it says of a table, of one account, and as an expression of SQL, is the same number."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]

# A fact with one of these words in its name may not be in a card. Fairness is measured with it, apart.
PROTECTED = frozenset({
    "age", "edad", "birth", "birthdate", "nacimiento", "sex", "sexo", "gender", "genero", "marriage", "marital", "married", "race", "ethnicity",
    "religion", "nationality", "foreign", "disability", "health", "salud", "union", "political", "orientation", "pregnancy",
})  # fmt: skip
# How log-odds are shown to people: points that double the odds, and the points of even odds.
POINTS_TO_DOUBLE, EVEN = 20.0, 500.0
MOST_LOG_ODDS, MOST_DAYS, MOST_BINS = 100.0, 3_660, 1_000


@dataclass(frozen=True, slots=True)
class Feature:
    """One fact of a card.

    edges     numbers: upper ends (included) of all bins but the last; empty for texts
    values    texts and flags ("true", "false"): the values that have points of their own; empty for numbers
    points    log-odds of each bin, or of each value followed by those of any other value
    missing   log-odds of an empty cell
    mean      what the fact adds to the average account that the card was trained on
    """

    name: str
    edges: tuple[float, ...]
    values: tuple[str, ...]
    points: tuple[float, ...]
    missing: float
    mean: float

    @property
    def is_number(self) -> bool:
        return not self.values

    def bins(self, said: Callable[[float], str] | None = None) -> list[tuple[str, float]]:
        """Each bin in words with its log-odds, the empty cell last: how a scorecard is printed. `said`: how a number is written."""
        if not self.is_number:
            named = [*self.values, "otro"]
        elif not self.edges:
            named = ["cualquiera"]
        else:
            ends = [(said or _short)(edge) for edge in self.edges]
            named = [f"hasta {ends[0]}", *(f"más de {low}, hasta {high}" for low, high in pairwise(ends)), f"más de {ends[-1]}"]
        return [*zip(named, self.points, strict=True), ("vacío", self.missing)]


@dataclass(frozen=True, slots=True)
class Card:
    """name: what it foretells; horizon_days: within how long; base: log-odds before any fact; facts: by name, in order."""

    name: str
    horizon_days: int
    base: float
    facts: tuple[Feature, ...]

    @property
    def version(self) -> str:
        """The identity of the card: the first 16 characters of the SHA-256 of its JSON."""
        return sha256(to_json(self).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Reason:
    """What one fact does to one account: `points` as shown to people, above zero when it raises the score; `at`: place of its bin."""

    fact: str
    at: int
    bin: str
    points: float


def is_protected(name: str) -> bool:
    """Whether a column names a protected attribute: age_in_years does, average does not."""
    return not PROTECTED.isdisjoint(re.split(r"[^a-z]+", name.lower()))


def to_json(card: Card) -> str:
    """Canonical JSON: the same card gives the same text."""
    return json.dumps(asdict(card), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> Card:
    """Raises ValueError for what is no card, or one whose numbers or texts no trained card would have."""
    try:
        raw = json.loads(text)
        facts = tuple(
            Feature(
                str(one["name"]), tuple(map(float, one["edges"])), tuple(map(str, one["values"])), tuple(map(float, one["points"])),
                float(one["missing"]), float(one["mean"]),
            )
            for one in raw["facts"]
        )  # fmt: skip
        card = Card(str(raw["name"]), int(raw["horizon_days"]), float(raw["base"]), facts)
    except (KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError("not a card") from error
    if not (math.isfinite(card.base) and abs(card.base) <= MOST_LOG_ODDS and 0 < card.horizon_days <= MOST_DAYS and card.name.isprintable()):
        raise ValueError("not a card: its head")
    if len({one.name for one in card.facts}) < len(card.facts):
        raise ValueError("not a card: a fact twice")
    for one in card.facts:
        wanted = len(one.values) + 1 if one.values else len(one.edges) + 1
        numbers = (*one.points, *one.edges, one.missing, one.mean)
        if len(one.points) != wanted or list(one.edges) != sorted(set(one.edges)) or not all(map(math.isfinite, numbers)):
            raise ValueError(f"not a card: the bins of {one.name}")
        # What goes into the day's query: nothing that overflows it, cuts it short or makes it endless.
        if wanted > MOST_BINS or any(abs(number) > MOST_LOG_ODDS for number in (*one.points, one.missing, one.mean)) or not all(map(str.isprintable, one.values)):
            raise ValueError(f"not a card: the bins of {one.name}")
    return card


def log_odds(card: Card, table: pa.Table) -> Floats:
    """The sum of points of each row. Raises KeyError for a fact that the table does not have."""
    total = np.full(table.num_rows, card.base)
    for fact in card.facts:
        total = total + np.array((*fact.points, fact.missing))[which_bin(fact, table.column(fact.name))]
    return total


def probabilities(card: Card, table: pa.Table) -> Floats:
    """From 0 to 1, for each row. Raises KeyError for a fact that the table does not have."""
    return 1.0 / (1.0 + np.exp(-log_odds(card, table)))


def which_bin(fact: Feature, column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """The position of each cell in `points`; the last one past them is the empty cell. NaN counts as empty."""
    if fact.is_number:
        numbers = np.asarray(pc.fill_null(column.cast(pa.float64()), math.nan))
        found = np.searchsorted(np.array(fact.edges), numbers, side="left")
        return np.where(np.isnan(numbers), len(fact.points), found).astype(np.int64)
    at = pc.index_in(column.cast(pa.string()), value_set=pa.array(fact.values, pa.string()))
    known = np.asarray(pc.fill_null(at, len(fact.values)))
    return np.where(np.asarray(pc.is_null(column)), len(fact.points), known).astype(np.int64)


def reasons(card: Card, row: Mapping[str, Any], *, most: int = 4) -> list[Reason]:
    """Why one account has its score: the facts that move it most, the largest first. `row`: fact -> value, absent is empty."""
    found = []
    for fact in card.facts:
        column = pa.chunked_array([pa.array([row.get(fact.name)], None if row.get(fact.name) is not None else pa.float64())])
        at = int(which_bin(fact, column if fact.is_number else column.cast(pa.string()))[0])
        label, points = fact.bins()[at]
        found.append(Reason(fact.name, at, label, shown_points(points - fact.mean)))
    moving = [one for one in found if abs(one.points) >= 0.5]
    return sorted(moving, key=lambda one: (-abs(one.points), one.fact))[:most]


def shown_points(log_odds: float) -> float:
    """Log-odds as points: 20 double the odds."""
    return round(log_odds * POINTS_TO_DOUBLE / math.log(2), 1)


def score_of(probability: float) -> int:
    """A probability as a score from 0 to 1000: 500 is even odds, 20 more doubles them."""
    odds = math.log(max(probability, 1e-9) / max(1.0 - probability, 1e-9))
    return round(min(max(EVEN + odds * POINTS_TO_DOUBLE / math.log(2), 0.0), 1000.0))


def sql(card: Card) -> str:
    """The probability as one expression of DuckDB over columns named like the facts, quoted; the same sum in the same order."""
    total = [_literal(card.base), *(_case(fact) for fact in card.facts)]
    return f"(1.0 / (1.0 + exp(-({' + '.join(total)}))))"


def _case(fact: Feature) -> str:
    name = '"' + fact.name.replace('"', '""') + '"'
    if fact.is_number:
        number = f"{name}::DOUBLE"
        ladder = [f"WHEN {number} <= {_literal(edge)} THEN {_literal(points)}" for edge, points in zip(fact.edges, fact.points, strict=False)]
        empty = f"WHEN {name} IS NULL OR isnan({number}) THEN {_literal(fact.missing)}"
    else:
        text = f"{name}::VARCHAR"
        ladder = [f"WHEN {text} = {_quoted(value)} THEN {_literal(points)}" for value, points in zip(fact.values, fact.points, strict=False)]
        empty = f"WHEN {name} IS NULL THEN {_literal(fact.missing)}"
    return f"CASE {' '.join([empty, *ladder])} ELSE {_literal(fact.points[-1])} END"


def _literal(number: float) -> str:
    # An exponent makes it a double; without one DuckDB reads a decimal.
    return f"{number!r}" if "e" in repr(number) else f"{number!r}e0"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _short(number: float) -> str:
    return f"{number:g}" if abs(number) < 1e6 else f"{number:.0f}"
