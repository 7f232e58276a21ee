"""The facts that models give: one column for each target, empty where no model is in force."""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa

from recaudo.engine import score
from recaudo.strategy.queries.scores import ABOUT, FACT_OF, in_force, overrides


def add_scores(db: duckdb.DuckDBPyConnection, *, on: date) -> dict[str, str]:
    """Add the probability of each target to the workspace's `facts`. Returns the version of each model that was used.

    What a person said of an account counts instead of the card until it ends, also where no model is in force.
    """
    models, said = in_force(), overrides(on=on)
    for target, fact in FACT_OF.items():
        db.execute(f'ALTER TABLE facts ADD COLUMN "{fact}" DOUBLE').fetchall()
        if target in models:
            card = score.from_json(models[target].card)
            db.execute(f'UPDATE facts SET "{fact}" = {score.sql(card)} WHERE {ABOUT[target]}').fetchall()
        if said.get(target):
            accounts = pa.table({"account_id": [str(key) for key in said[target]], "probability": list(said[target].values())})
            db.register("said", accounts)
            db.execute(f'UPDATE facts SET "{fact}" = s.probability FROM said s WHERE facts.account_id::VARCHAR = s.account_id').fetchall()
            db.unregister("said")
    return {target: model.version for target, model in models.items()}
