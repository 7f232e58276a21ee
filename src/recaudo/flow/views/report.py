"""The report of a simulation in the shape that the page and the PDF draw. Nothing is decided here."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import typst

from recaudo.flow.models import WhatIf
from recaudo.flow.queries.runs import rule_text
from recaudo.flow.queries.whatif import NOTHING
from recaudo.flow.words import OUTCOME_ES, OUTCOME_SHORT, decided_es
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.money import shown
from recaudo.strategy.words import decision_es

STATE_ES = {"waiting": "En espera", "running": "En curso", "finished": "Terminada", "failed": "Falló"}
STATE_TONE = {"waiting": "muted", "running": "info", "finished": "ok", "failed": "bad"}
STEPS = ("hechos", "decidir old", "norma old", "capacidad old", "decidir new", "norma new", "capacidad new", "comparar", "esperar", "guardar")
STEP_ES = {
    "hechos": "leer los hechos de ese día", "decidir old": "decidir con la primera versión", "norma old": "preguntar a las normas",
    "capacidad old": "ajustar a la capacidad", "decidir new": "decidir con la segunda versión", "norma new": "preguntar a las normas",
    "capacidad new": "ajustar a la capacidad", "comparar": "comparar", "esperar": "estimar la recuperación", "guardar": "guardar las listas",
}  # fmt: skip
MOST_MOVES = 12
ORDER = ("planned", "refused", "over_capacity", "over_budget", "person_already_chosen", "rest", "agency", "legal", "control")


def name_es(name: str) -> str:
    return {"outcome": "Qué pasaría", "refused_rule": "Norma", "planned_channel": "Canal planeado"}.get(name) or decision_es(name)


def state(found: WhatIf) -> dict[str, Any]:
    at = STEPS.index(found.step) if found.step in STEPS else 0
    return {
        "state_es": STATE_ES.get(found.status, found.status), "state_tone": STATE_TONE.get(found.status, "muted"), "step_es": STEP_ES.get(found.step, ""),
        "percent": round(100 * at / len(STEPS)), "is_moving": found.status in ("waiting", "running"), "total_seconds": sum(found.seconds.values()),
    }  # fmt: skip


def report(found: WhatIf, listed: str) -> dict[str, Any]:
    """What the page shows. listed: the address of the lists, empty for who may not see accounts."""
    result = found.result
    old, new = (result["sides"][side] for side in ("old", "new"))
    share = result["changed"] / result["accounts"] if result["accounts"] else None
    return {
        "result": result, "share": share, "changed_url": _url(listed, changed="1"), "lines": _lines(result, listed),
        "channels": _channels(old, new, listed), "refused": _refused(old, new, listed), "dimensions": [_dimension(one, listed) for one in result["dimensions"]],
        "money": _money(result), "without_cost": [CHANNEL_ES.get(one, one) for one in sorted({*old["without_cost"], *new["without_cost"]})],
        "learned": result["past"], "chart": _chart(old, new),
    }  # fmt: skip


def _lines(result: dict[str, Any], listed: str) -> list[dict[str, Any]]:
    """The funnel side by side: wanted, refused by the law, over capacity, planned."""
    old, new = (result["sides"][side] for side in ("old", "new"))
    lines = [_pair("Contactos que la estrategia quiere", old["wanted"], new["wanted"], "")]
    for code in ORDER:
        counts = [side["outcomes"].get(code, 0) for side in (old, new)]
        if any(counts):
            lines.append(_pair(OUTCOME_ES.get(code, code), *counts, listed, "outcome", code))
    return lines


def _pair(label: str, old: int, new: int, listed: str, column: str = "", value: str = "") -> dict[str, Any]:
    return {
        "label": label, "old": old, "new": new, "delta": new - old, "less": old - new,
        "old_url": _url(listed, **{f"old_{column}": value}) if old else "", "new_url": _url(listed, **{f"new_{column}": value}) if new else "",
    }  # fmt: skip


def _channels(old: dict[str, Any], new: dict[str, Any], listed: str) -> list[dict[str, Any]]:
    lines = []
    for channel in sorted({*old["planned"], *new["planned"], *(one for one, units in old["capacity"].items() if units)}, key=lambda one: CHANNEL_ES.get(one, one)):
        line = _pair(CHANNEL_ES.get(channel, channel), old["planned"].get(channel, 0), new["planned"].get(channel, 0), listed, "planned_channel", channel)
        lines.append({**line, "channel": channel, "capacity": old["capacity"].get(channel, 0), "old_price": old["prices"].get(channel), "new_price": new["prices"].get(channel)})
    return lines


def _refused(old: dict[str, Any], new: dict[str, Any], listed: str) -> list[dict[str, Any]]:
    codes = sorted({*old["refused"], *new["refused"]}, key=lambda code: -max(old["refused"].get(code, 0), new["refused"].get(code, 0)))
    return [{**_pair("", old["refused"].get(code, 0), new["refused"].get(code, 0), listed, "refused_rule", code), "rule": rule_text(code)} for code in codes]


def _dimension(one: dict[str, Any], listed: str) -> dict[str, Any]:
    name = one["name"]
    text = (lambda value: OUTCOME_SHORT.get(value or "", "Nada")) if name == "outcome" else (lambda value: decided_es(name, value or None))
    moves = [
        {"old": text(old), "new": text(new), "count": count, "balance": balance, "url": _url(listed, **{f"old_{name}": old or NOTHING, f"new_{name}": new or NOTHING})}
        for old, new, count, balance in one["moves"][:MOST_MOVES]
    ]  # fmt: skip
    totals = [_pair(text(value), old, new, listed, name, value or NOTHING) for value, (old, new) in sorted(one["totals"].items(), key=lambda item: -max(item[1]))]
    return {
        "name": name, "label": name_es(name), "changed": one["changed"], "balance": one["balance_minor"], "moves": moves, "totals": totals,
        "more": len(one["moves"]) - len(moves), "url": _url(listed, **{f"changed_{name}": "1"}),
    }  # fmt: skip


def _money(result: dict[str, Any]) -> dict[str, Any]:
    old, new = (result["sides"][side] for side in ("old", "new"))
    return {
        "currency": result["currency"], "cost_currency": result["cost_currency"], "old_cost": old["cost_minor"], "new_cost": new["cost_minor"],
        "cost_delta": new["cost_minor"] - old["cost_minor"], "old": _whole(old["expected"]), "new": _whole(new["expected"]), "change": _whole(result["expected_change"]),
        "is_known": bool(old["expected"]["accounts"]),
    }  # fmt: skip


def _whole(expected: dict[str, Any]) -> dict[str, Any]:
    """Money in whole minor units."""
    return {**expected, **{name: round(expected[name]) for name in ("mean", "low", "high")}}


def _chart(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    codes = [code for code in ORDER if old["outcomes"].get(code) or new["outcomes"].get(code)]
    return {
        "type": "bar-horizontal", "categories": [OUTCOME_SHORT.get(code, code) for code in codes],
        "series": [{"name": "Antes", "data": [old["outcomes"].get(code, 0) for code in codes], "tone": "muted"},
                   {"name": "Después", "data": [new["outcomes"].get(code, 0) for code in codes], "tone": "brand"}],
    }  # fmt: skip


def _url(listed: str, **query: str) -> str:
    return f"{listed}?{urlencode(query)}" if listed and all(query) else ""


_HEAD = """
#set page(paper: "a4", margin: 2cm, footer: context [#set text(8pt, fill: gray); #FOOT #h(1fr) #counter(page).display("1 / 1", both: true)])
#set text(lang: "es", size: 10pt)
#set table(stroke: 0.4pt + luma(200), inset: 5pt)
#show heading.where(level: 1): set text(16pt)
"""


def pdf(found: WhatIf, *, old: str, new: str, organisation: str) -> bytes:
    """The report as PDF/A: figures side by side, without any account."""
    data = report(found, "")
    result, money = found.result, data["money"]
    foot = f"{organisation} · simulación {str(found.pk)[:8]} · foto {found.snapshot_sha[:12]}"
    parts = [
        _HEAD.replace("#FOOT", _text(foot)), f"= {_text('¿Qué cambiaría?')}",
        _text(f"La {new} en lugar de la {old}, sobre las {_n(result['accounts'])} cuentas del {found.on:%d/%m/%Y}. Cambian {_n(result['changed'])}. No cambia nada en la operación."),
        "== De la cartera a las gestiones", _table(["", "Antes", "Después", "Diferencia"], [[one["label"], _n(one["old"]), _n(one["new"]), _signed(one["delta"])] for one in data["lines"]]),
        "== Por canal", _table(["Canal", "Capacidad", "Antes", "Después"], [[one["label"], _n(one["capacity"]), _n(one["old"]), _n(one["new"])] for one in data["channels"]]),
        "== Lo que las normas no permiten", _table(["Regla", "Antes", "Después"], [[f"{one['rule'].text_es} ({one['rule'].code})", _n(one["old"]), _n(one["new"])] for one in data["refused"]]),
        "== Costo y recuperación esperada", _table(["", "Antes", "Después"], [
            ["Costo de los contactos", shown(money["old_cost"], money["cost_currency"]), shown(money["new_cost"], money["cost_currency"])],
            ["Recuperación esperada", *(_expected(money[side], money["currency"]) for side in ("old", "new"))],
        ]),
        _text(f"Estimada en {found.horizon_days} días con lo que pagaron {_n(result['past']['seen'])} cuentas parecidas; intervalo de 95 %. Es una asociación, no un efecto: sólo un experimento mide el efecto."),
    ]  # fmt: skip
    for one in data["dimensions"]:
        if one["moves"]:
            parts += [f"== {_text(one['label'])}", _table(["De", "A", "Cuentas"], [[move["old"], move["new"], _n(move["count"])] for move in one["moves"]])]
    content: bytes = typst.compile("\n\n".join(parts).encode(), format="pdf")
    return content


def _expected(side: dict[str, Any], currency: str) -> str:
    if not side["accounts"]:
        return "sin datos suficientes"
    return f"{shown(side['mean'], currency)} (de {shown(side['low'], currency)} a {shown(side['high'], currency)})"


def _table(head: list[str], rows: list[list[str]]) -> str:
    columns = ", ".join(["1fr", *["auto"] * (len(head) - 1)])
    cells = ", ".join(f"[{_text(cell)}]" for row in rows for cell in row)
    titles = ", ".join(f"[*{_text(cell)}*]" if cell else "[]" for cell in head)
    return f"#table(columns: ({columns}), table.header({titles}), {cells})" if rows else _text("Nada.")


def _text(text: str) -> str:
    """Plain words for Typst: as a string in code, so that nothing in it is markup."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'#"{quoted}"'


def _n(count: int) -> str:
    return f"{count:,}".replace(",", ".")


def _signed(count: int) -> str:
    return f"+{_n(count)}" if count > 0 else f"−{_n(-count)}" if count < 0 else "0"
