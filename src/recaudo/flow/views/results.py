"""The result of an experiment in the shape that the pages draw. Nothing is decided here."""

from __future__ import annotations

from typing import Any

from recaudo.engine.experiment import MIN_PERSONS
from recaudo.engine.facts import FACTS
from recaudo.portfolio.queries import COUNTRY_ES
from recaudo.strategy.models import Experiment
from recaudo.strategy.words import CONTAMINATED_ES, METRIC_ES

VERDICT_ES = {"better": "Mejor", "worse": "Peor", "unclear": "Sin diferencia clara", "no_data": "Sin datos suficientes"}
VERDICT_TONE = {"better": "ok", "worse": "bad", "unclear": "muted", "no_data": "muted"}
FACT_ES = {"country": "País", "stage": "Etapa", "portfolio_code": "Cartera", "product": "Producto", "bucket": "Tramo", "currency": "Moneda", "kind": "Tipo de deudor"}


def short(one: Experiment) -> dict[str, Any]:
    """For the list: the verdict of the first comparison and how many were drawn and seen."""
    first = next(iter(one.result.get("comparisons", [])), None)
    found = first[one.metric] if first else None
    return {
        "drawn": sum(one.result.get("drawn", {}).values()), "seen": sum(arm["persons"] for arm in one.result.get("arms", {}).values()),
        "uplift": found, "verdict_es": VERDICT_ES[found["verdict"]] if found else "", "verdict_tone": VERDICT_TONE[found["verdict"]] if found else "muted",
    }  # fmt: skip


def result(one: Experiment) -> dict[str, Any]:
    names = {arm.code: arm.name for arm in one.arms.all()}
    control = one.arms.all()[0]
    kept = one.result
    seen = sum(arm["persons"] for arm in kept.get("arms", {}).values())
    return {
        **short(one), "result": kept, "control": control, "metric_es": METRIC_ES[one.metric], "planned": one.planned_count, "base": one.base_bp / 10_000,
        "lift": one.lift_bp / 10_000, "alpha": one.alpha_bp / 10_000, "power": one.power_bp / 10_000, "progress": min(seen / one.planned_count, 1) if one.planned_count else 0,
        "rows": [_row(code, name, kept, one) for code, name in names.items()], "comparisons": [_comparison(found, names, one) for found in kept.get("comparisons", [])],
        "mismatch_es": names.get(kept.get("mismatch", ""), ""), "least": MIN_PERSONS,
        "contaminated": [
            {"arm": names.get(arm, arm), "why": CONTAMINATED_ES.get(why, why), "count": count}
            for arm, reasons in sorted(kept.get("contaminated", {}).items()) for why, count in sorted(reasons.items())
        ],
    }  # fmt: skip


def scope(one: Experiment) -> list[tuple[str, str]]:
    """Who takes part, in words."""
    told = {"country": COUNTRY_ES, **{fact: FACTS[fact].values for fact in one.scope if fact in FACTS and fact != "country"}}
    return [(FACT_ES.get(fact, fact), ", ".join(told.get(fact, {}).get(value, value) for value in values)) for fact, values in one.scope.items()]


def _row(code: str, name: str, kept: dict[str, Any], one: Experiment) -> dict[str, Any]:
    found = kept.get("arms", {}).get(code, {})
    persons = found.get("persons", 0)
    return {
        "name": name, "drawn": kept.get("drawn", {}).get(code, 0), **found, "persons": persons, "rate": found["paid"] / persons if persons else None,
        "attempts_each": found["attempts"] / persons if persons else None, "money_each": found["money"] // persons if persons and found["money"] is not None else None,
        "net": found["money"] - found["cost"] if persons and found["money"] is not None else None,
    }  # fmt: skip


def _comparison(found: dict[str, Any], names: dict[str, str], one: Experiment) -> dict[str, Any]:
    main, net = _known(found[one.metric]), found["net"]
    treated = main["treated"]["persons"]
    return {
        "arm": names.get(found["arm"], found["arm"]), "main": main, "other": _known(found["recovered" if one.metric == "paid" else "paid"]), "net": net,
        "other_es": METRIC_ES["recovered" if one.metric == "paid" else "paid"], "clean": _known(found["clean"]), "verdict_es": VERDICT_ES[main["verdict"]], "verdict_tone": VERDICT_TONE[main["verdict"]],
        "net_total": round(net["added"]) if net["low"] is not None else None, "net_low": _round(net["added_low"]), "net_high": _round(net["added_high"]),
        "treated": treated, "sentence": _sentence(names.get(found["arm"], ""), main, one), "chart": _chart(found["looks"]),
    }  # fmt: skip


def _known(found: dict[str, Any]) -> dict[str, Any]:
    """Nobody seen is no zero."""
    sides = {side: {**found[side], "mean": found[side]["mean"] if found[side]["persons"] else None} for side in ("treated", "control")}
    return {**found, **sides, "difference": found["difference"] if all(side["persons"] for side in sides.values()) else None}


def _round(value: float | None) -> int | None:
    return None if value is None else round(value)


def _sentence(name: str, main: dict[str, Any], one: Experiment) -> str:
    if main["low"] is None:
        return f"Todavía no hay bastantes personas con su plazo cumplido en cada brazo (hacen falta {MIN_PERSONS})."
    points = f"{abs(100 * main['difference']):.1f}".replace(".", ",")
    between = f"entre {_points(main['low'])} y {_points(main['high'])} puntos"
    way = "más" if main["difference"] >= 0 else "menos"
    if main["verdict"] == "unclear":
        return f"«{name}» va {points} puntos por {'arriba' if main['difference'] >= 0 else 'abajo'}, pero el intervalo ({between}) incluye el cero: aún no se sabe."
    return f"«{name}» recupera {points} puntos {way} que la comparación ({between}): la diferencia no se explica por azar."


def _points(value: float) -> str:
    return f"{100 * value:+.1f}".replace(".", ",").replace("-", "−")


def _chart(looks: list[list[Any]]) -> dict[str, Any]:
    """The difference and its interval, look by look, in points."""
    known = [look for look in looks if look[2] is not None]
    points = [[round(100 * look[place], 2) for look in known] for place in (1, 2, 3)]
    return {
        "type": "line", "format": "decimal", "categories": [f"{look[0][8:]}/{look[0][5:7]}" for look in known], "target": 0, "target_name": "sin diferencia",
        "series": [
            {"name": "Diferencia (puntos)", "data": points[0], "tone": "brand"},
            {"name": "Desde", "data": points[1], "tone": "muted", "dashed": True},
            {"name": "Hasta", "data": points[2], "tone": "muted", "dashed": True},
        ],
    } if known else {}  # fmt: skip
