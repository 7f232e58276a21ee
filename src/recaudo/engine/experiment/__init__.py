"""Experiment: who gets which treatment by lot, what it brought beyond what would have come anyway, and what may be expected.

Words   an *arm* is a share of the persons that is treated in one way; the *control* arm is what the others are compared with;
        a *hold-out* is a control that is not contacted at all: what it pays is *self-cure*; a *look* is one reading of the result.
Does    splits persons by a salted hash, the same in Python, DuckDB and PostgreSQL; says before how many persons are needed;
        says after what an arm added, with an interval that holds at every look, however often one looks; estimates what a plan
        may recover from what alike accounts paid, shrunk to their group, and says "no data" when there is too little.
Not     knows no money but the numbers it is given; reads no database and no clock; decides nothing about anybody.
"""

from recaudo.engine.experiment.expected import Cell, Expectation, Past, expect, learn
from recaudo.engine.experiment.power import Plan, power_at, smallest_lift
from recaudo.engine.experiment.power import needed as persons_needed
from recaudo.engine.experiment.sequential import always_valid_p, radius, tuning
from recaudo.engine.experiment.split import (
    PARTS,
    Arm,
    OneArm,
    SharesNotWhole,
    UnfitSalt,
    arm_of,
    check_arms,
    duckdb_arm,
    duckdb_place,
    place,
    postgres_place,
)
from recaudo.engine.experiment.uplift import MIN_PERSONS, Look, Side, Uplift, compare, looks, mismatch, sides

__all__ = [
    "MIN_PERSONS", "PARTS", "Arm", "Cell", "Expectation", "Look", "OneArm", "Past", "Plan", "SharesNotWhole", "Side", "UnfitSalt",
    "Uplift", "always_valid_p", "arm_of", "check_arms", "compare", "duckdb_arm", "duckdb_place", "expect", "learn", "looks", "mismatch",
    "persons_needed", "place", "postgres_place", "power_at", "radius", "sides", "smallest_lift", "tuning",
]  # fmt: skip
