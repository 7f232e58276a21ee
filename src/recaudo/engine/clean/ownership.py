"""How far a contact point can be trusted to belong to the person, from 0 to 1 (capability S-021).

    prior      what the source is worth on the day it was captured
    evidence   answered by the person pulls to 1, answered by somebody else pulls to 0 and weighs double
    decay      the whole halves each `half-life` since the last verification, or since capture if never verified
    status     invalid and wrong_party are 0; stale counts half

    score = (prior * 4 + successes) / (4 + successes + 2 * wrong_party) * 0.5 ** (age / half_life)

The priors and half-lives are starting values of the house, to be replaced by measured ones; they are not law.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import duckdb
import pyarrow as pa

from recaudo.kernel.problems import Problem

_PRIOR_WEIGHT = 4

# source -> (prior, half-life in days, Spanish name)
SOURCES: Mapping[str, tuple[float, int, str]] = {
    "debtor": (0.95, 720, "El propio titular"),
    "contract": (0.85, 540, "Contrato o solicitud"),
    "visit": (0.85, 540, "Visita a domicilio"),
    "payment": (0.85, 540, "Pago o domiciliación"),
    "agent": (0.80, 360, "Registrado por un gestor"),
    "creditor": (0.75, 360, "Archivo del acreedor"),
    "bureau": (0.60, 270, "Buró o central de riesgo"),
    "agency": (0.60, 270, "Despacho externo"),
    "vendor": (0.45, 180, "Proveedor de datos"),
    "third_party": (0.45, 180, "Un tercero"),
    "search": (0.35, 180, "Búsqueda"),
}

_STATUS = {"unverified": 1.0, "valid": 1.0, "opted_out": 1.0, "stale": 0.5, "invalid": 0.0, "wrong_party": 0.0}


class UnknownSource(Problem):
    code = "unknown_contact_source"
    message = "El origen de dato «{source}» no se conoce. Use uno de: {known}."


class UnknownContactStatus(Problem):
    code = "unknown_contact_status"
    message = "El estado de medio de contacto «{status}» no se conoce. Use uno de: {known}."


def ownership_score(
    source: str, captured_on: date, last_verified_on: date | None, status: str, successes: int, wrong_party: int, at: date
) -> float:
    """Trust in a contact point on the day `at`, 0 to 1, rounded to 4 decimals. The formula is in the module's docstring.

    successes, wrong_party   times the person, or somebody else, answered there
    Raises   UnknownSource, UnknownContactStatus
    """
    if source not in SOURCES:
        raise UnknownSource(source=source, known=", ".join(SOURCES))
    if status not in _STATUS:
        raise UnknownContactStatus(status=status, known=", ".join(_STATUS))
    prior, half_life, _ = SOURCES[source]
    weight = (prior * _PRIOR_WEIGHT + successes) / (_PRIOR_WEIGHT + successes + 2 * wrong_party)
    age = max((at - max(captured_on, last_verified_on or captured_on)).days, 0)
    return round(float(weight * 0.5 ** (age / half_life) * _STATUS[status]), 4)


def ownership_scores(points: pa.Table, at: date) -> pa.Array:
    """The same for a table, one score a row in the same order.

    points   source text, captured_on date, last_verified_on date, status text, successes int, wrong_party int
    """
    for column, known, problem in (("source", SOURCES, UnknownSource), ("status", _STATUS, UnknownContactStatus)):
        strange = set(points.column(column).unique().to_pylist()) - set(known)
        if strange:
            raise problem(**{column: min(map(str, strange)), "known": ", ".join(known)})
    with duckdb.connect() as db:
        db.register("points", points.append_column("row_number_", pa.array(range(points.num_rows), pa.int64())))
        query = f"SELECT {_sql()} AS score FROM points ORDER BY row_number_"
        scored: pa.Table = db.sql(query, params={"at": at}).to_arrow_table()
    return scored.column("score").combine_chunks()


def _sql() -> str:
    """The formula as one expression; the words are constants of this module, never input."""
    priors = " ".join(f"WHEN '{name}' THEN {prior}" for name, (prior, _, _) in SOURCES.items())
    lives = " ".join(f"WHEN '{name}' THEN {days}" for name, (_, days, _) in SOURCES.items())
    states = " ".join(f"WHEN '{name}' THEN {factor}" for name, factor in _STATUS.items())
    weight = f"((CASE source {priors} END)::DOUBLE * {_PRIOR_WEIGHT} + successes) / ({_PRIOR_WEIGHT} + successes + 2 * wrong_party)"
    age = "GREATEST($at::DATE - GREATEST(captured_on, COALESCE(last_verified_on, captured_on)), 0)"
    return f"round({weight} * pow(0.5, {age} / (CASE source {lives} END)::DOUBLE) * (CASE status {states} END)::DOUBLE, 4)"
