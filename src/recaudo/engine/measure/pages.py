"""What each KPI means, for the screen that is one click away from a number and for the reference page."""

from __future__ import annotations

from recaudo.engine.measure.catalogue import KPIS
from recaudo.engine.measure.kpi import UNIT_ES


def describe() -> list[dict[str, str]]:
    """One dict a KPI: id, label, unit (code), unit_es, grain, sentence, formula; in the order of the dictionary."""
    return [
        {
            "id": kpi.id, "label": kpi.label_es, "unit": kpi.unit, "unit_es": UNIT_ES[kpi.unit], "grain": kpi.grain_es,
            "sentence": kpi.sentence_es, "formula": kpi.formula,
        }
        for kpi in KPIS.values()
    ]  # fmt: skip


def markdown() -> str:
    """The reference page of the KPIs, in Spanish."""
    head = [
        "# Indicadores", "", "La fórmula es el contrato; el nombre puede variar por país. Generado desde `engine/measure`.",
        "Nunca se suman monedas distintas. Sin datos o con denominador cero se muestra «—», no 0 %.", "",
        "| Id | Indicador | Unidad | Por | Qué dice | Fórmula |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    lines = [f"| {one['id']} | {one['label']} | {one['unit_es']} | {one['grain']} | {one['sentence']} | `{one['formula']}` |" for one in describe()]
    return "\n".join([*head, *lines]) + "\n"
