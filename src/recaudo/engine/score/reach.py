"""When and how a person is best reached: the rate of each choice (an hour band, a channel) of everybody, of their kind, and their own.

A *family* is one such choice learnt from attempts. It keeps the rates by kind and how many attempts of one's own the kind's rate is
worth; a person's own attempts are laid over it where it is used, so no person is kept in a model, and who was never tried has the
rate of their kind (cold start), a kind never seen that of everybody.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recaudo.engine.score.measure import Quality, quality
from recaudo.engine.score.pool import Floats, Ints, pooled, strength
from recaudo.kernel.problems import Problem

FORM = "recaudo-reach-1"
# The hour bands of a day: first hour, and the hour that is no longer in it, on the clock of whoever is called.
BANDS: dict[str, tuple[int, int]] = {"morning": (7, 11), "midday": (11, 14), "afternoon": (14, 17), "evening": (17, 21)}
LEAST_ATTEMPTS = 100
TEST_SHARE = 0.2


class TooFewAttempts(Problem):
    code = "too_few_attempts"
    message = "Hay {count} intentos de contacto con resultado y hacen falta {least}: registre más gestiones antes de aprender de ellas."


class NotAReach(Problem):
    code = "not_a_reach"
    message = "El texto no es un modelo de contacto de recaudo."


@dataclass(frozen=True, slots=True)
class Rate:
    """tried, reached: what was counted; rate: 0 to 1, drawn towards that of everybody the fewer attempts there are."""

    tried: int
    reached: int
    rate: float


@dataclass(frozen=True, slots=True)
class Family:
    """strength   attempts of one's own that the kind's rate is worth
    overall    choice -> rate of everybody
    kinds      kind -> choice -> Rate
    untried    the rate taken for a choice that nobody tried: for an hour that of all calls, or it would never be tried; for a channel 0
    """

    strength: float
    overall: Mapping[str, float]
    kinds: Mapping[str, Mapping[str, Rate]]
    untried: float = 0.0

    def prior(self, kind: str, choice: str) -> float:
        """The rate of a kind, else that of everybody, else `untried`."""
        known = self.kinds.get(kind, {}).get(choice)
        return known.rate if known else self.overall.get(choice, self.untried)

    def rate(self, kind: str, choice: str, *, tried: int = 0, reached: int = 0) -> float:
        """The rate of one person with so many attempts of their own."""
        return (reached + self.strength * self.prior(kind, choice)) / (tried + self.strength)


@dataclass(frozen=True, slots=True)
class Reach:
    """What was learnt of hours (of calls) and of channels."""

    hours: Family
    channels: Family

    @property
    def version(self) -> str:
        """Its digest, 16 letters."""
        return hashlib.sha256(reach_to_json(self).encode()).hexdigest()[:16]


def learn(hours: pa.Table, channels: pa.Table) -> tuple[Reach, Quality]:
    """Learn both families; what is measured is the hours, on the newest fifth of the days, by what the older ones taught.

    hours, channels   one row an attempt: person, kind, choice (texts), on (a day), happened (boolean)
    Raises            TooFewAttempts (of calls), OneOutcome
    """
    if hours.num_rows < LEAST_ATTEMPTS:
        raise TooFewAttempts(count=hours.num_rows, least=LEAST_ATTEMPTS)
    return Reach(family(hours, explores=True), family(channels)), _measured(hours)


def family(attempts: pa.Table, *, explores: bool = False) -> Family:
    """The rates by kind and the worth of a person's own attempts. See `learn` for the columns; no rows: nothing is known.

    explores  a choice that nobody tried is taken to be as good as the others
    """
    if not attempts.num_rows:
        return Family(1.0, {}, {})
    cells = _counted(attempts, ["choice", "kind"])
    rates = pooled(cells, levels=["choice", "kind"])
    kinds: dict[str, dict[str, Rate]] = {}
    for row in rates.to_pylist():
        kinds.setdefault(row["kind"], {})[row["choice"]] = Rate(row["tried"], row["reached"], round(row["rate"], 6))
    everybody = {row["choice"]: round((row["reached"] + 1) / (row["tried"] + 2), 6) for row in _counted(attempts, ["choice"]).to_pylist()}
    own = _counted(attempts, ["choice", "kind", "person"])
    prior = np.array([kinds[kind][choice].rate for kind, choice in zip(own["kind"].to_pylist(), own["choice"].to_pylist(), strict=True)])
    mean = float(np.asarray(attempts["happened"].to_numpy(), float).mean())
    return Family(round(strength(_floats(own["tried"]), _floats(own["reached"]), prior), 3), everybody, kinds, round(mean, 6) if explores else 0.0)


def _counted(attempts: pa.Table, by: list[str]) -> pa.Table:
    plain = attempts.select(by).append_column("one", pc.cast(attempts["happened"], pa.int64()))
    found = plain.group_by(by).aggregate([("one", "count"), ("one", "sum")]).sort_by([(name, "ascending") for name in by])
    return found.rename_columns([*by, "tried", "reached"])


def _measured(attempts: pa.Table) -> Quality:
    days = np.asarray(attempts["on"].cast(pa.int32()))
    split = np.quantile(days, 1 - TEST_SHARE)
    # All on one day: what was learnt is measured on itself, which the page says by its rows.
    is_test = days > split if (days > split).any() else np.ones(len(days), bool)
    is_train = ~is_test if (~is_test).any() else is_test
    taught, test = attempts.filter(pa.array(is_train)), attempts.filter(pa.array(is_test))
    known = family(taught, explores=True)
    own = {(row["choice"], row["person"]): (row["tried"], row["reached"]) for row in _counted(taught, ["choice", "person"]).to_pylist()}
    given = np.array([
        known.rate(kind, choice, tried=own.get((choice, person), (0, 0))[0], reached=own.get((choice, person), (0, 0))[1])
        for person, kind, choice in zip(*(test[name].to_pylist() for name in ("person", "kind", "choice")), strict=True)
    ])  # fmt: skip
    return quality(np.asarray(test["happened"].to_numpy(), float), given)


def _floats(column: pa.ChunkedArray) -> Floats:
    found: Ints = column.to_numpy()
    return found.astype(float)


def reach_to_json(reach: Reach) -> str:
    """Canonical JSON: the same model is the same text."""
    return json.dumps({"form": FORM, "hours": _plain(reach.hours), "channels": _plain(reach.channels)}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(known: Family) -> dict[str, Any]:
    kinds = {kind: {choice: [one.tried, one.reached, one.rate] for choice, one in choices.items()} for kind, choices in known.kinds.items()}
    return {"strength": known.strength, "overall": dict(known.overall), "kinds": kinds, "untried": known.untried}


def reach_from_json(text: str) -> Reach:
    """Raises NotAReach."""
    try:
        found = json.loads(text)
        if found["form"] != FORM:
            raise NotAReach()
        return Reach(_family(found["hours"]), _family(found["channels"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotAReach() from None


def _family(found: Mapping[str, Any]) -> Family:
    kinds = {
        kind: {choice: Rate(int(tried), int(reached), float(rate)) for choice, (tried, reached, rate) in choices.items()}
        for kind, choices in found["kinds"].items()
    }
    return Family(float(found["strength"]), {choice: float(rate) for choice, rate in found["overall"].items()}, kinds, float(found["untried"]))
