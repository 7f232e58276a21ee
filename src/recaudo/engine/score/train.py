"""Training a card: bins by quantiles, points by penalised logistic regression, the penalty chosen on later rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recaudo.engine.score.card import Card, Feature, is_protected, probabilities, which_bin
from recaudo.engine.score.measure import Quality, quality
from recaudo.kernel.problems import Problem

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LEAST_ROWS, LEAST_OF_EACH = 500, 50
MOST_BINS, LEAST_SHARE, MOST_VALUES = 8, 0.02, 12
# Strength of the penalty: smaller is stronger. Chosen on the later part of the training rows.
STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
TEST_SHARE = 0.3
# A fact whose bins all stay this close to one another tells nothing and is left out.
FLAT = 0.02


class TooFewRows(Problem):
    code = "too_few_rows"
    message = "No alcanza para entrenar: hay {rows} filas, {positives} con el resultado y {negatives} sin él. Hacen falta {least} filas y {each} de cada clase."


class ConstantTarget(Problem):
    code = "constant_target"
    message = "La columna «{column}» debe decir sí o no (0 o 1) en cada fila; hay valores que no lo son."


class NothingToLearn(Problem):
    code = "nothing_to_learn"
    message = "Ninguno de los hechos cambia de una fila a otra: no hay de qué aprender. Indique otros, o días con más historia."


class ProtectedFact(Problem):
    code = "protected_fact"
    message = "«{name}» es un atributo protegido: un modelo no puede usarlo. Quítelo de los hechos; para medir equidad, indíquelo aparte."


@dataclass(frozen=True, slots=True)
class Trained:
    """A card, and how it does on rows that it did not see.

    test       its quality on the rows kept aside (the latest, where they have a date)
    in_train   its quality on the rows it was fitted on: far above `test` means it learnt by heart
    opaque     what a gradient-boosted model reaches on the same test rows: the price of being readable
    test_rows  positions of the rows kept aside
    """

    card: Card
    test: Quality
    in_train: Quality
    opaque: Quality | None
    test_rows: Ints


def train(
    table: pa.Table,
    target: str,
    *,
    name: str,
    facts: Sequence[str],
    horizon_days: int,
    at: str | None = None,
    rising: Mapping[str, int] | None = None,
    compare: bool = True,
    seed: int = 1,
) -> Trained:
    """Fit a card.

    table     one row an account (and day): the facts and the target (0, 1, or booleans; no empty cell)
    facts     numbers, booleans or texts; which columns the card may use. Protected attributes are refused
    at        column of dates: the latest rows are the test, so that the future is never used to foretell the past; without it
              a seeded draw
    rising    fact -> 1 or -1: its points may only rise, or fall, with it (missing and texts aside)
    compare   fit the opaque model too
    Returns   Trained; the same table and seed give the same card
    Raises    ProtectedFact, TooFewRows, ConstantTarget, NothingToLearn, OneOutcome (among the rows of the test), KeyError for a column that
              is not there
    """
    for fact in facts:
        if is_protected(fact):
            raise ProtectedFact(name=fact)
    happened = outcome(table, target)
    _enough(happened)
    test = _aside(table, at, seed)
    early, late = table.filter(pa.array(~test)), table.filter(pa.array(test))
    known = happened[~test]
    _enough(known)
    chosen = [fact for fact in (_binned(name, early.column(name)) for name in facts) if fact is not None]
    if not chosen:
        raise NothingToLearn()
    inner = _aside(early, at, seed + 1)
    if not _has_both(known[inner]) or not _has_both(known[~inner]):  # a stretch of days on which all, or none, did
        inner = _drawn(early, seed + 1)
    card = _fitted(early, known, chosen, name=name, horizon_days=horizon_days, rising=rising or {}, inner=inner)
    opaque = quality(happened[test], _opaque(early, late, known, [fact.name for fact in chosen])) if compare else None
    return Trained(
        card, quality(happened[test], probabilities(card, late)), quality(known, probabilities(card, early)), opaque, np.flatnonzero(test)
    )


def outcome(table: pa.Table, target: str) -> Floats:
    """A column of yes or no (booleans, or 0 and 1 in each row) as 0.0 and 1.0. Raises ConstantTarget."""
    column = table.column(target)
    if column.null_count or not (pa.types.is_boolean(column.type) or pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise ConstantTarget(column=target)
    happened = np.asarray(column.cast(pa.float64()))
    if not np.isin(happened, (0.0, 1.0)).all():
        raise ConstantTarget(column=target)
    return happened


def _enough(happened: Floats) -> None:
    positives = int(happened.sum())
    negatives = len(happened) - positives
    if len(happened) < LEAST_ROWS or min(positives, negatives) < LEAST_OF_EACH:
        raise TooFewRows(rows=len(happened), positives=positives, negatives=negatives, least=LEAST_ROWS, each=LEAST_OF_EACH)


def _has_both(happened: Floats) -> bool:
    return 0 < float(happened.sum()) < len(happened)


def _aside(table: pa.Table, at: str | None, seed: int) -> Bools:
    """The rows of the test: the latest days, or a seeded draw."""
    if at is None:
        return _drawn(table, seed)
    days = np.asarray(pc.cast(table.column(at), pa.date32()).cast(pa.int32()))
    ordered = np.sort(days)
    border = ordered[int(len(ordered) * (1 - TEST_SHARE))]
    if border == ordered[0]:  # one day holds nearly all: nothing earlier is left to learn from
        return _drawn(table, seed)
    return np.asarray(days >= border)


def _drawn(table: pa.Table, seed: int) -> Bools:
    return np.asarray(np.random.default_rng(seed).random(table.num_rows) < TEST_SHARE)


def _binned(name: str, column: pa.ChunkedArray) -> Feature | None:
    """A fact with its bins and no points yet; None when it has one value only."""
    if _is_number(column.type):
        numbers = np.asarray(column.drop_null().cast(pa.float64()))
        numbers = numbers[~np.isnan(numbers)]
        edges = _edges(numbers)
        return Feature(name, edges, (), (0.0,) * (len(edges) + 1), 0.0, 0.0) if edges or 0 < len(numbers) < len(column) else None
    counted = pc.value_counts(column.drop_null().cast(pa.string()))
    common = sorted(
        ((one["counts"], one["values"]) for one in counted.to_pylist() if one["counts"] >= LEAST_SHARE * len(column)), key=lambda one: (-one[0], one[1])
    )
    values = tuple(sorted(value for _, value in common[:MOST_VALUES]))
    return Feature(name, (), values, (0.0,) * (len(values) + 1), 0.0, 0.0) if values else None


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _edges(numbers: Floats) -> tuple[float, ...]:
    """Upper ends of bins that each hold a fair share; few distinct values get a bin each."""
    if not len(numbers):
        return ()
    distinct = np.unique(numbers)
    ends = distinct if len(distinct) <= MOST_BINS else np.unique(np.quantile(numbers, np.arange(1, MOST_BINS) / MOST_BINS, method="lower"))
    kept: list[float] = []
    below = 0
    ordered = np.sort(numbers)
    for end in ends.tolist():
        upto = int(np.searchsorted(ordered, end, side="right"))
        enough = LEAST_SHARE * len(numbers)
        if upto - below >= enough and len(numbers) - upto >= enough:
            kept.append(float(end))
            below = upto
    return tuple(kept)


def _fitted(early: pa.Table, known: Floats, facts: list[Feature], *, name: str, horizon_days: int, rising: Mapping[str, int], inner: Bools) -> Card:
    from sklearn.metrics import log_loss

    seen = [which_bin(fact, early.column(fact.name)) for fact in facts]
    columns = _columns(facts, seen)
    best, least = STRENGTHS[0], math.inf
    for strength in STRENGTHS:
        model = _logistic(columns[~inner], known[~inner], strength)
        lost = log_loss(known[inner], model.predict_proba(columns[inner])[:, 1], labels=[0.0, 1.0])
        if lost < least:
            best, least = strength, lost
    model = _logistic(columns, known, best)
    card = _card(name, horizon_days, float(model.intercept_[0]), facts, seen, model.coef_[0], rising)
    return _centred(card, early, known)


def _columns(facts: list[Feature], seen: list[Ints]) -> Any:
    """One column for each bin and for the empty cell of each fact, sparse."""
    from scipy.sparse import csr_array, hstack

    rows = np.arange(len(seen[0]))
    blocks = [csr_array((np.ones(len(at)), (rows, at)), shape=(len(at), len(fact.points) + 1)) for fact, at in zip(facts, seen, strict=True)]
    return hstack(blocks, format="csr")


def _logistic(columns: Any, known: Floats, strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, solver="lbfgs", max_iter=500).fit(columns, known)


def _card(name: str, horizon_days: int, base: float, facts: list[Feature], seen: list[Ints], found: Floats, rising: Mapping[str, int]) -> Card:
    done, begin = [], 0
    for fact, at in zip(facts, seen, strict=True):
        size = len(fact.points) + 1
        points = np.array(found[begin : begin + size])
        begin += size
        counts = np.bincount(at, minlength=size).astype(float)
        if fact.is_number and rising.get(fact.name):
            points[:-1] = _monotone(points[:-1], counts[:-1], rising[fact.name])
        points[counts == 0] = float(points @ counts / counts.sum())  # nobody was seen there: as the average
        mean = float(points @ counts / counts.sum())
        if np.ptp(points[counts > 0]) < FLAT:
            base += mean
            continue
        rounded = tuple(float(round(one, 6)) for one in points)
        done.append(Feature(fact.name, fact.edges, fact.values, rounded[:-1], rounded[-1], float(round(mean, 6))))
    return Card(name, horizon_days, float(round(base, 6)), tuple(done))


def _monotone(points: Floats, counts: Floats, direction: int) -> Floats:
    from sklearn.isotonic import IsotonicRegression

    smooth: Floats = IsotonicRegression(increasing=direction > 0).fit_transform(np.arange(len(points)), points, sample_weight=counts + 1e-9)
    return smooth


def _centred(card: Card, table: pa.Table, known: Floats) -> Card:
    """Move the base until the mean of the probabilities is the rate that was seen: pooling bins had shifted it."""
    base = card.base
    for _ in range(25):
        given = probabilities(Card(card.name, card.horizon_days, base, card.facts), table)
        slope = float((given * (1 - given)).mean())
        step = float(known.mean() - given.mean()) / max(slope, 1e-9)
        base += step
        if abs(step) < 1e-9:
            break
    return Card(card.name, card.horizon_days, float(round(base, 6)), card.facts)


def _opaque(early: pa.Table, late: pa.Table, known: Floats, facts: Sequence[str]) -> Floats:
    """Probabilities of a gradient-boosted model on the later rows; it is thrown away."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    both = pa.concat_tables([early.select(list(facts)), late.select(list(facts))])
    numbers, texts = [], []
    for at, name in enumerate(facts):
        column = both.column(name)
        if not _is_number(column.type):
            codes = column.cast(pa.string()).combine_chunks().dictionary_encode().indices
            rare = np.asarray(pc.fill_null(codes.cast(pa.float64()), math.nan))
            numbers.append(np.where(rare > 250, 250, rare))
            texts.append(at)
        else:
            numbers.append(np.asarray(pc.fill_null(column.cast(pa.float64()), math.nan)))
    cells = np.column_stack(numbers)
    model = HistGradientBoostingClassifier(max_iter=200, learning_rate=0.06, early_stopping=True, categorical_features=texts or None, random_state=1)
    model.fit(cells[: early.num_rows], known)
    found: Floats = model.predict_proba(cells[early.num_rows :])[:, 1]
    return found
