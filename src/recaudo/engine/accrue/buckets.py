"""Buckets and stages as dated definitions: what was B3 last year stays B3 in last year's history.

The default set follows S-062: early delinquency is less than 120 days, so B4 ends on day 119 and stages never cut a
bucket in two. Another creditor's set is another BucketSet; written-off is a status of the account, not a number of days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from recaudo.kernel.problems import Problem

CURRENT, WRITTEN_OFF = "CUR", "WO"


class UnorderedEdges(Problem):
    code = "unordered_bucket_edges"
    message = "Los tramos de «{name}» deben empezar en el día 1 o después y en orden creciente, sin códigos repetidos."


class NoBucketSet(Problem):
    code = "no_bucket_set"
    message = "No hay una definición de tramos vigente el {day}. Registre una con fecha anterior."


@dataclass(frozen=True, slots=True)
class BucketSet:
    """A dated definition.

    edges    (code, first day past due) in rising order; below the first edge the account is CUR
    stages   (stage, first day past due) in rising order; below the first it is preventive
    """

    name: str
    valid_from: date
    edges: tuple[tuple[str, int], ...]
    stages: tuple[tuple[str, int], ...] = (("early", 1), ("middle", 120), ("late", 180))

    def __post_init__(self) -> None:
        for ladder in (self.edges, self.stages):
            days = [first for _, first in ladder]
            names = [code for code, _ in ladder]
            if not days or days[0] < 1 or days != sorted(set(days)) or len(set(names)) != len(names):
                raise UnorderedEdges(name=self.name)

    @property
    def codes(self) -> tuple[str, ...]:
        """Every bucket from best to worst."""
        return (CURRENT, *(code for code, _ in self.edges), WRITTEN_OFF)

    @classmethod
    def with_early(cls, name: str, valid_from: date, *, early_below_days: int, late_from_days: int = 180) -> BucketSet:
        """The default 30-day buckets with another limit of early delinquency: a bucket edge is put where it falls."""
        firsts = sorted({1, 31, 61, 91, early_below_days, late_from_days})
        edges = tuple((f"B{n}", first) for n, first in enumerate(firsts, start=1))
        return cls(name, valid_from, edges, (("early", 1), ("middle", early_below_days), ("late", late_from_days)))


DEFAULT_BUCKETS = BucketSet.with_early("Estándar", date(2000, 1, 1), early_below_days=120)


def in_force(sets: Iterable[BucketSet], on: date) -> BucketSet:
    """The definition with the latest `valid_from` not after `on`. Raises NoBucketSet."""
    started = [one for one in sets if one.valid_from <= on]
    if not started:
        raise NoBucketSet(day=on.isoformat())
    return max(started, key=lambda one: one.valid_from)


def bucket_of(dpd: int, definition: BucketSet, *, written_off: bool = False) -> str:
    """The bucket of an account that is `dpd` days past due."""
    return WRITTEN_OFF if written_off else _step(dpd, definition.edges, CURRENT)


def stage_of(dpd: int, definition: BucketSet, *, written_off: bool = False) -> str:
    """The stage of collection: preventive, early, middle, late or written_off."""
    return "written_off" if written_off else _step(dpd, definition.stages, "preventive")


def bucket_sql(definition: BucketSet, *, dpd: str = "dpd", written_off: str = "written_off") -> str:
    """bucket_of as a SQL expression over two columns, for DuckDB and PostgreSQL alike."""
    return _case(definition.edges, CURRENT, WRITTEN_OFF, dpd, written_off)


def stage_sql(definition: BucketSet, *, dpd: str = "dpd", written_off: str = "written_off") -> str:
    """stage_of as a SQL expression over two columns."""
    return _case(definition.stages, "preventive", "written_off", dpd, written_off)


def _step(dpd: int, ladder: tuple[tuple[str, int], ...], below: str) -> str:
    reached = [code for code, first in ladder if dpd >= first]
    return reached[-1] if reached else below


def _case(ladder: tuple[tuple[str, int], ...], below: str, lost: str, dpd: str, written_off: str) -> str:
    steps = " ".join(f"WHEN {_column(dpd)} >= {first:d} THEN {_text(code)}" for code, first in reversed(ladder))
    return f"CASE WHEN {_column(written_off)} THEN {_text(lost)} {steps} ELSE {_text(below)} END"


def _column(name: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
