"""Score: what a person will probably do, as cards that anybody can read and check.

Words   a *card* adds points for the bin that each fact falls in; their sum is the log-odds of the target within a horizon.
        A *reason* is what one fact added or took compared with the average account
Does    trains cards (binned logistic regression), applies them to tables and in SQL with the same result, explains one account,
        measures (rank, calibration, drift, fairness), pools rates of few attempts towards those of their kind,
        and learns by what channel and at what hour a person is best reached
Not     knows no tables, no clock and no protected attribute: a card is refused one as a fact, fairness gets them apart
"""

from recaudo.engine.score.card import (
    Card,
    Feature,
    Reason,
    from_json,
    is_protected,
    probabilities,
    reasons,
    score_of,
    sql,
    to_json,
)
from recaudo.engine.score.measure import Fairness, OneOutcome, Quality, drift, fairness, quality
from recaudo.engine.score.pool import best, pooled
from recaudo.engine.score.reach import (
    BANDS,
    Family,
    NotAReach,
    Rate,
    Reach,
    TooFewAttempts,
    learn,
    reach_from_json,
    reach_to_json,
)
from recaudo.engine.score.train import (
    ConstantTarget,
    NothingToLearn,
    ProtectedFact,
    TooFewRows,
    Trained,
    outcome,
    train,
)

__all__ = [
    "BANDS",
    "Card",
    "ConstantTarget",
    "Fairness",
    "Family",
    "Feature",
    "NotAReach",
    "NothingToLearn",
    "OneOutcome",
    "ProtectedFact",
    "Quality",
    "Rate",
    "Reach",
    "Reason",
    "TooFewAttempts",
    "TooFewRows",
    "Trained",
    "best",
    "drift",
    "fairness",
    "from_json",
    "is_protected",
    "learn",
    "outcome",
    "pooled",
    "probabilities",
    "quality",
    "reach_from_json",
    "reach_to_json",
    "reasons",
    "score_of",
    "sql",
    "to_json",
    "train",
]
