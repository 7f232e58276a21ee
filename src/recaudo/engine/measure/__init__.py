"""Measure: the KPIs, each one a name, a unit, a numerator, a denominator, a grain and a sentence.

Words   a *part* is one sum or count over one base table; a *cut* is a column by which a KPI is split; a *cohort* is the
        accounts of the period with their bucket at its start (`bucket0`) and at its end (`bucket1`).
Does    computes any KPI under any cut from base tables given as Arrow; never adds two currencies; says "no data".
Not     reads no database and no clock. A page or report that wants a number asks here and computes nothing itself.
"""

from recaudo.engine.measure.catalogue import KPIS
from recaudo.engine.measure.compute import CutNotPossible, Row, UnknownKpi, compute, migration_matrix
from recaudo.engine.measure.kpi import UNIT_ES, Kpi, Params, Part
from recaudo.engine.measure.pages import describe, markdown
from recaudo.engine.measure.tables import TABLES

__all__ = [
    "KPIS", "TABLES", "UNIT_ES", "CutNotPossible", "Kpi", "Params", "Part", "Row", "UnknownKpi", "compute", "describe", "markdown",
    "migration_matrix",
]  # fmt: skip
