"""Rules for measuring, invented and seeded, in two languages: a DMN file, and the JDM of zen-engine for the same decisions.

`strategy()` is three chained tables of 40, 80 and 20 rules and an expression over fourteen facts; `one_table(rules)` a table of eight
conditions. Tables take the first rule that matches; half of the conditions are open, and the last rule is for all.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from itertools import pairwise

from recaudo.engine.decide.write import ColumnDraft, ExpressionDraft, RuleDraft, TableDraft, document
from recaudo.engine.facts import BUCKET_ES, FACTS, KIND_ES, PRODUCT_ES, STAGE_ES

SEGMENTS = [f"S{place:02d}" for place in range(1, 13)]
TREATMENTS = [f"T{place:02d}" for place in range(1, 16)]
CHANNELS = ["call", "sms", "im", "email", "visit", "none"]
# What a column of texts may hold; else (low, high) of a number, or nothing for yes and no.
TEXTS = {
    "product": list(PRODUCT_ES), "kind": list(KIND_ES), "stage": list(STAGE_ES), "bucket": list(BUCKET_ES), "segment": SEGMENTS, "treatment": TREATMENTS,
}  # fmt: skip
SPANS = {"overdue_minor": 900_000, "balance_minor": 900_000}
SPAN = 200
FEEL = {"text": "string", "integer": "number", "money": "number", "rate": "number", "boolean": "boolean"}
PRIORITY = "floor(balance_minor / 100000) + dpd * 2 - (if promise_active then 50 else 0)"
PRIORITY_JDM = "floor(balance_minor / 100000) + dpd * 2 - (promise_active ? 50 : 0)"


@dataclass(frozen=True)
class Drawn:
    """A table as texts that both languages read: quoted words, numbers, `>= n`, `[a..b)`, true and false; "-" accepts all."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    rules: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]


def strategy() -> tuple[bytes, str]:
    """The DMN file and the JDM of the same decisions."""
    tables = [
        _draw("segment", 40, ("product", "stage", "dpd", "overdue_minor", "risk_score", "kind"), {"segment": SEGMENTS}),
        _draw(
            "action", 80,
            ("segment", "promise_active", "promises_broken_90d", "days_since_contact", "attempts_7d", "has_phone", "has_im", "bucket"),
            {"treatment": TREATMENTS, "channel": CHANNELS},
        ),
        _draw("terms", 20, ("segment", "treatment", "balance_minor", "months_on_book"), {"offer": ["O1", "O2", "O3"], "discount": [0, 5, 10, 20]}),
    ]  # fmt: skip
    facts = tuple(dict.fromkeys(name for table in tables for name in table.inputs if name in FACTS))
    drafts: list[TableDraft | ExpressionDraft] = [_feel(table) for table in tables]
    drafts.append(ExpressionDraft("priority", PRIORITY, "number", ["balance_minor", "dpd", "promise_active"]))
    return document("medida", {name: FEEL[FACTS[name].type] for name in facts}, drafts), _jdm(tables)


def one_table(rules: int) -> bytes:
    """A DMN file with one table of eight conditions."""
    inputs = ("product", "stage", "bucket", "dpd", "overdue_minor", "risk_score", "attempts_7d", "promise_active")
    table = _draw("action", rules, inputs, {"treatment": TREATMENTS, "channel": CHANNELS})
    return document("medida", {name: FEEL[FACTS[name].type] for name in inputs}, [_feel(table)])


def _draw(name: str, count: int, inputs: tuple[str, ...], outputs: dict[str, list[str] | list[int]]) -> Drawn:
    dice = random.Random(f"{name} {count}")
    rules = [
        (tuple(_cell(dice, one) for one in inputs), tuple(json.dumps(dice.choice(values)) for values in outputs.values()))
        for _ in range(count - 1)
    ]  # fmt: skip
    rest = (("-",) * len(inputs), tuple(json.dumps(values[-1]) for values in outputs.values()))
    return Drawn(name, inputs, tuple(outputs), (*rules, rest))


def _cell(dice: random.Random, column: str) -> str:
    if dice.random() < 0.5:
        return "-"
    if column in TEXTS:
        return ", ".join(json.dumps(one) for one in sorted(dice.sample(TEXTS[column], dice.randint(1, 2))))
    if FACTS[column].type == "boolean":
        return dice.choice(("true", "false"))
    low, high = sorted(dice.sample(range(0, SPANS.get(column, SPAN), SPANS.get(column, SPAN) // 40), 2))
    return dice.choice((f">= {low}", f"< {high}", f"[{low}..{high})"))


def _feel(table: Drawn) -> TableDraft:
    columns = [ColumnDraft(name, FEEL[FACTS[name].type] if name in FACTS else "string") for name in table.inputs]
    # An earlier table with two results is a context: its names are reached through it.
    columns = [ColumnDraft("action.treatment", "string") if one.expression == "treatment" else one for one in columns]
    requires = ["action" if name == "treatment" else name for name in table.inputs]
    outputs = [ColumnDraft(name, "number" if name == "discount" else "string") for name in table.outputs]
    rules = [RuleDraft(cells, results, f"Motivo {number}") for number, (cells, results) in enumerate(table.rules, 1)]
    return TableDraft(table.name, columns, outputs, rules, "F", requires)


def _jdm(tables: list[Drawn]) -> str:
    nodes: list[dict[str, object]] = [{"id": "in", "name": "in", "type": "inputNode", "content": {}}]
    nodes += [{"id": table.name, "name": table.name, "type": "decisionTableNode", "content": _jdm_table(table)} for table in tables]
    expression = {"expressions": [{"id": "p", "key": "priority", "value": PRIORITY_JDM}], "passThrough": True}
    nodes += [{"id": "priority", "name": "priority", "type": "expressionNode", "content": expression}]
    nodes += [{"id": "out", "name": "out", "type": "outputNode", "content": {}}]
    for node in nodes:
        node["position"] = {"x": 0, "y": 0}
    names = [str(node["id"]) for node in nodes]
    edges = [{"id": f"{one}-{two}", "sourceId": one, "targetId": two, "type": "edge"} for one, two in pairwise(names)]
    return json.dumps({"nodes": nodes, "edges": edges})


def _jdm_table(table: Drawn) -> dict[str, object]:
    inputs = [{"id": f"i{place}", "name": name, "field": name} for place, name in enumerate(table.inputs)]
    outputs = [{"id": f"o{place}", "name": name, "field": name} for place, name in enumerate(table.outputs)]
    rules = [
        {"_id": f"r{number}"} | {f"i{place}": "" if cell == "-" else cell for place, cell in enumerate(cells)}
        | {f"o{place}": result for place, result in enumerate(results)}
        for number, (cells, results) in enumerate(table.rules, 1)
    ]  # fmt: skip
    return {
        "hitPolicy": "first", "inputs": inputs, "outputs": outputs, "rules": rules, "passThrough": True, "inputField": None,
        "outputPath": None, "executionMode": "single",
    }  # fmt: skip
