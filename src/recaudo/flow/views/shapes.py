"""Figures of a run in the shape that templates and charts draw. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from recaudo.engine.facts import BUCKET_ES, HOUR_ES
from recaudo.flow.models import Run
from recaudo.flow.queries.runs import Figures, rule_text
from recaudo.flow.words import OUTCOME_ES, OUTCOME_TONE, STEP_ES, TREATMENT_ES
from recaudo.kernel.contact import CHANNEL_ES

ONE_MORE = {
    "call": "Una llamada más", "sms": "Un SMS más", "im": "Un WhatsApp más", "email": "Un correo más", "visit": "Una visita más",
    "letter": "Una carta más", "prerecorded": "Un mensaje de voz más",
}  # fmt: skip


def funnel(figures: Figures, listed: str) -> list[dict[str, Any]]:
    """Each stage with its share of all accounts and what fell out before it."""
    lines = []
    for name, count, lost, outcome in figures.stages:
        share = round(100 * count / figures.accounts, 1) if figures.accounts else 0
        lines.append({
            "name": name, "count": count, "share": share, "lost": lost, "lost_es": OUTCOME_ES.get(outcome, ""),
            "lost_url": _filtered(listed, resultado=outcome) if lost and outcome else "",
            "url": _filtered(listed, resultado="planned") if name.startswith("Con capacidad") else listed if not outcome else "",
        })  # fmt: skip
    return lines


def channels(figures: Figures, listed: str) -> list[dict[str, Any]]:
    """Channels with what was opened, what could have been, and what one more place would be worth."""
    lines = []
    for channel in sorted(set(figures.capacity) | set(figures.opened_by_channel), key=lambda one: -figures.opened_by_channel.get(one, 0)):
        opened, capacity = figures.opened_by_channel.get(channel, 0), figures.capacity.get(channel)
        if not opened and not capacity:
            continue
        price = figures.prices.get(channel)
        lines.append({
            "channel": channel, "opened": opened, "capacity": capacity, "used": round(100 * opened / capacity) if capacity else None,
            "price": price, "is_free": bool(capacity) and opened < (capacity or 0), "more": ONE_MORE.get(channel, "Un lugar más"), "url": _filtered(listed, canal=channel) if opened else "",
        })  # fmt: skip
    return lines


def terms(run: Run, figures: Figures, floor_names: Mapping[str, str]) -> dict[str, Any]:
    """What the plan kept to besides capacity, how good it can be at most, and what an hour of an executive would add.

    floor_names  names of the portfolios or agencies that have a floor, by id
    """
    counts = run.counts
    price, pace = figures.prices.get("call") or 0.0, counts.get("calls_per_hour")
    floors = [
        {"name": floor_names.get(key, "que ya no existe"), "wanted": wanted, "done": counts.get("floors_done", {}).get(key, 0)}
        for key, wanted in counts.get("floors", {}).items()
    ]
    return {
        "value": counts.get("value"), "bound": counts.get("bound"), "gap": counts.get("gap"), "budget": counts.get("budget_minor"),
        "spent": counts.get("spent_minor"), "currency": counts.get("currency", ""), "floors": floors, "has_prices": bool(figures.prices),
        "hour": price * pace if price and pace else None, "pace": pace,
        "shortfalls": [shortfall(one, floor_names) for one in counts.get("shortfalls", ())],
    }  # fmt: skip


def hours(run: Run) -> dict[str, Any]:
    """The calls by hour band: places, calls, contacts expected and what one more place is worth; empty without a model of hours."""
    said = run.counts.get("hours") or {}
    lines = [
        {"name": HOUR_ES[band], **one, "used": round(100 * one["calls"] / one["places"]) if one["places"] else 0, "is_free": one["calls"] < one["places"]}
        for band in HOUR_ES if (one := said.get("bands", {}).get(band))
    ]  # fmt: skip
    return {**said, "lines": lines, "more": max(round(said["contacts"] - said["spread"], 1), 0)} if lines else {}


def shortfall(one: Mapping[str, Any], floor_names: Mapping[str, str]) -> str:
    """What had to be done and did not fit, and what to relax, as a sentence."""
    lacking = [CHANNEL_ES.get(name, name).lower() for name in one["lacking"] if name != "budget"]
    if one["kind"] == "floor":
        asked = f"Cobertura de «{floor_names.get(one['name'], 'que ya no existe')}»: se pedían {one['wanted']} personas por día y se trabajan {one['done']}."
        lower = "baje el mínimo"
    else:
        asked = f"Contactos obligados por {CHANNEL_ES.get(one['name'], one['name']).lower()}: se pedían {one['wanted']} y caben {one['done']}."
        lower = "quite obligaciones"
    if lacking:
        why = f"No queda capacidad en {' ni en '.join(lacking)}: amplíela o {lower}."
    elif "budget" in one["lacking"]:
        why = f"No queda presupuesto: súbalo o {lower}."
    else:
        why = f"No hay más personas que la estrategia quiera contactar y la norma permita hoy: revise la estrategia o {lower}."
    return f"{asked} {why}"


def refused(figures: Figures, listed: str) -> list[dict[str, Any]]:
    """Rules that refused, most first, as people read them."""
    return [
        {"rule": rule_text(code), "count": count, "url": _filtered(listed, regla=code)} for code, count in figures.refused.items()
    ]


def outcomes(figures: Figures, listed: str) -> list[dict[str, Any]]:
    return [
        {"code": code, "label": OUTCOME_ES.get(code, code), "tone": OUTCOME_TONE.get(code, "muted"), "count": count,
         "url": _filtered(listed, resultado=code), "share": round(100 * count / figures.accounts, 1) if figures.accounts else 0}
        for code, count in figures.outcomes.items()
    ]  # fmt: skip


def treatments(figures: Figures, listed: str) -> dict[str, Any]:
    """Accounts by treatment as a chart."""
    return _bars(figures.treatments, TREATMENT_ES, listed, "tratamiento", "Cuentas")


def buckets(figures: Figures, listed: str) -> dict[str, Any]:
    """Accounts by bucket as a chart, from current to written off."""
    ordered = {code: figures.buckets[code] for code in BUCKET_ES if code in figures.buckets}
    return {**_bars(ordered, BUCKET_ES, listed, "tramo", "Cuentas"), "type": "bar"}


def seconds(run: Run) -> dict[str, Any]:
    """Seconds of each step as a chart."""
    steps = [step for step in STEP_ES if step in run.seconds]
    return {
        "type": "bar-horizontal", "format": "decimal", "categories": [STEP_ES[step].capitalize() for step in steps],
        "series": [{"name": "Segundos", "data": [round(run.seconds[step], 2) for step in steps], "tone": "brand"}],
    }  # fmt: skip


def _bars(counts: Mapping[str, int], names: Mapping[str, str], listed: str, parameter: str, series: str) -> dict[str, Any]:
    return {
        "type": "bar-horizontal", "categories": [names.get(code, code) for code in counts],
        "series": [{"name": series, "data": list(counts.values()), "tone": "brand"}],
        **({"href": [_filtered(listed, **{parameter: code}) for code in counts]} if listed else {}),
    }  # fmt: skip


def _filtered(listed: str, **query: str) -> str:
    return f"{listed}?{urlencode(query)}" if listed else ""
