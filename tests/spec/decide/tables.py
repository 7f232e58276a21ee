"""Small models for the tests of this folder."""

from __future__ import annotations

from collections.abc import Sequence

from recaudo.engine.decide import Model, read
from recaudo.engine.decide.write import ColumnDraft, RuleDraft, TableDraft, document

FACTS = {"dpd": "integer", "product": "text", "rate": "rate", "ok": "boolean", "day": "date", "other": "integer"}
FEEL = {
    "integer": "number",
    "money": "number",
    "rate": "number",
    "text": "string",
    "boolean": "boolean",
    "date": "date",
}


def model_of(
    inputs: Sequence[str],
    rules: Sequence[tuple[Sequence[str], Sequence[str]]],
    *,
    policy: str = "F",
    outputs: Sequence[ColumnDraft] = (ColumnDraft("act"),),
    extra: Sequence[str] = (),
) -> Model:
    """One table `act` over facts of FACTS; a rule is (cells, outputs)."""
    facts = dict.fromkeys([*(name.split()[0] for name in inputs), *extra])
    columns = [ColumnDraft(name, FEEL[FACTS[name.split()[0]]]) for name in inputs]
    drafts = [RuleDraft(cells, results, f"Motivo {place}") for place, (cells, results) in enumerate(rules, 1)]
    table = TableDraft("act", columns, outputs, drafts, policy, list(facts))
    return read(document("prueba", {name: FEEL[FACTS[name]] for name in facts}, [table]))
