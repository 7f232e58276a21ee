"""What a KPI is made of. Formulas are the contract; Spanish labels may vary by country."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Unit = Literal["percent", "ratio", "money", "count", "days"]

UNIT_ES: dict[str, str] = {
    "percent": "por ciento", "ratio": "razón", "money": "dinero, unidades menores", "count": "cantidad", "days": "días",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """One aggregate over one base table.

    table   one of TABLES; the columns of its account may be used too
    sql     the aggregate; {names} are fields of Params
    needs   columns without which there is no data
    where   rows it looks at; empty is all
    cuts    cut -> the column that stands for it here, or None when the part is not split by it
    """

    table: str
    sql: str
    needs: tuple[str, ...]
    where: str = ""
    cuts: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kpi:
    """id            of the KPI dictionary; "c" behind it counts accounts where the other adds balances
    is_money      a part adds money: the result is always split by currency
    own_cuts      cuts it always has (a distribution, a matrix)
    denominator   None for a plain total
    """

    id: str
    label_es: str
    unit: Unit
    grain_es: str
    sentence_es: str
    formula: str
    numerator: Part
    denominator: Part | None
    is_money: bool = False
    own_cuts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Params:
    """What a formula leaves open.

    buckets         from best to worst; the first is current, the last written off
    imor_days       K-02: past due for more days than this
    par_days        K-03: the n of PAR-n
    unworked_days   K-23: no attempt in so many days up to `closed_on`
    repromise_days  K-58: a promise this soon after a broken one
    tolerance_bp    K-53 to K-56: a promise paid short by no more than this is kept; hundredths of a percent
    closed_on       the last day of the period; K-23 has no data without it
    """

    buckets: tuple[str, ...] = ("CUR", "B1", "B2", "B3", "B4", "B5", "B6", "WO")
    imor_days: int = 90
    par_days: int = 30
    unworked_days: int = 30
    repromise_days: int = 7
    tolerance_bp: int = 500
    closed_on: date | None = None
