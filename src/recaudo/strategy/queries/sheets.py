"""A version as the sheets of a workbook."""

from __future__ import annotations

from datetime import datetime

from recaudo.engine import decide
from recaudo.engine.decide.model import Decision, Rule, Table
from recaudo.engine.facts import FACTS, TYPE_ES
from recaudo.strategy.adapters import xlsx
from recaudo.strategy.queries.lenient import Words, shown
from recaudo.strategy.queries.tables import Column, chain, columns_of, reason_label, words_of
from recaudo.strategy.words import POLICY_ES, decision_es

_KIND_ES = {"string": "texto", "number": "número", "boolean": "sí o no", "date": "fecha", "date and time": "fecha y hora", "": "cualquier tipo"}


def workbook(model: decide.Model, *, created_at: datetime) -> bytes:
    """All tables of a model as XLSX: a sheet per table, in the order in which they decide."""
    sheets = [sheet_of(model, model.decision(name)) for name in table_names(model)]
    return xlsx.written(sheets, created_at=created_at)


def table_names(model: decide.Model) -> list[str]:
    """The tables of a model, those that others need first."""
    return [step.name for stage in chain(model) for step in stage if model.decision(step.name).table is not None]


def sheet_of(model: decide.Model, decision: Decision) -> xlsx.Sheet:
    table = decision.table
    assert table is not None
    policy = table.policy + table.aggregation
    columns = columns_of(table, decision.name)
    words = [words_of(model, decision, column) for column in columns]
    heads = [
        *(xlsx.SheetColumn("Entonces" if column.is_output else "Si", column.label, hint_of(column), *_listed(one)) for column, one in zip(columns, words, strict=True)),
        xlsx.SheetColumn("Porque", reason_label(table), "El motivo, en palabras que un ejecutivo pueda leer"),
    ]
    rows = [(rule.id, texts_of(rule, words)) for rule in table.rules]
    return xlsx.Sheet(decision.name, decision_es(decision.name), policy, POLICY_ES.get(policy, policy), heads, rows)


def texts_of(rule: Rule, words: list[Words]) -> list[str]:
    """The cells of a rule as a person would write them, with its reason last."""
    return [*(shown(one, cell.text) for one, cell in zip(words, (*rule.inputs, *rule.outputs), strict=True)), rule.annotation]


def hint_of(column: Column) -> str:
    """What a column takes: «número entero, días; vacío es cualquiera»."""
    fact = None if column.is_output else FACTS.get(column.source)
    kind = TYPE_ES[fact.type] if fact else _KIND_ES.get(column.kind, column.kind)
    unit = f", {fact.unit}" if fact and fact.unit else ""
    empty = "" if column.is_output else "; vacío es cualquiera"
    return f"{kind}{unit}{empty}"


def _listed(words: Words) -> tuple[list[str], bool]:
    if words.kind == "boolean":
        return ["sí", "no"], False
    return sorted(words.codes.values()), words.is_output and not words.is_open


def table_of(model: decide.Model, name: str) -> tuple[Decision, Table]:
    """A decision and its table. Raises UnknownDecision."""
    decision = model.decision(name)
    assert decision.table is not None
    return decision, decision.table
