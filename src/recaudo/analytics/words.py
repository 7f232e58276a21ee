"""How indicators are grouped, and which way is good."""

from __future__ import annotations

from decimal import Decimal

from recaudo.engine.facts import BUCKET_ES, PRODUCT_ES, STAGE_ES
from recaudo.engine.measure import Kpi
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.money import shown

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Calidad de cartera", ("K-02", "K-03", "K-05", "K-09", "K-07", "K-22", "K-23")),
    ("Dinero", ("K-61", "K-62")),
    ("Contacto", ("K-30", "K-31", "K-32", "K-33", "K-34", "K-35", "K-36", "K-37", "K-38", "K-39")),
    ("Promesas", ("K-50", "K-51", "K-52", "K-53", "K-54", "K-55", "K-56")),
)
BETTER_UP = frozenset({
    "K-07", "K-09", "K-30", "K-31", "K-34", "K-35", "K-36", "K-37", "K-38", "K-50", "K-51", "K-52", "K-53", "K-54", "K-61", "K-62",
})  # fmt: skip
BETTER_DOWN = frozenset({"K-02", "K-03", "K-05", "K-22", "K-23", "K-39", "K-55", "K-56"})
CUTS: dict[str, str] = {
    "portfolio": "Cartera", "creditor": "Acreedor", "product": "Producto", "currency": "Moneda", "bucket0": "Tramo al inicio",
    "bucket1": "Tramo al cierre", "stage0": "Etapa al inicio", "channel": "Canal", "agent": "Ejecutivo", "on": "Día", "arm": "Brazo de experimento",
}  # fmt: skip
# Which cuts each base table knows; the columns of its account are there too.
ACCOUNT_CUTS = ("portfolio", "creditor", "product", "currency", "bucket0", "bucket1", "stage0", "arm")
TABLE_CUTS: dict[str, tuple[str, ...]] = {
    "accounts": ACCOUNT_CUTS, "attempts": (*ACCOUNT_CUTS, "channel", "agent"), "promises": (*ACCOUNT_CUTS, "channel", "agent"),
    "payments": (*ACCOUNT_CUTS, "on"), "headroom": (), "costs": ACCOUNT_CUTS,
}  # fmt: skip
END_ES = {"PAID": "Pagada", "SOLD": "Vendida", "RECALLED": "Retirada"}
WEEKDAYS = ("Lun", "Mar", "Mié", "Jue", "Vie", "Sáb", "Dom")
NOTES: dict[str, str] = {
    "K-02": "Con más de 90 días de atraso.", "K-03": "Con más de 30 días de atraso.", "K-23": "Sin ningún intento en 30 días.",
    "K-33": "Se mide contra el tope de la organización por persona en siete días (Normas).",
    "K-62": "Puede pasar de 100 %: también cuenta lo que pagan cuentas que estaban al corriente.",
    "K-53": "Se tolera que falte hasta 5 %; cuentan las que ya vencieron con su gracia.",
}  # fmt: skip


def cut_es(cut: str, value: object) -> str:
    """The value of a cut as people read it."""
    names = {
        "bucket0": BUCKET_ES, "bucket1": {**BUCKET_ES, **END_ES}, "stage0": STAGE_ES, "channel": CHANNEL_ES, "product": PRODUCT_ES,
    }  # fmt: skip
    text = "" if value is None else str(value)
    if not text:
        return {"agent": "Sin ejecutivo", "arm": "Fuera de experimentos"}.get(cut, "Sin dato")
    return names.get(cut, {}).get(text, text)


def number_es(kpi: Kpi, value: Decimal | None, currency: str) -> str:
    """The value of an indicator as people read it; a dash, never 0, when there is none."""
    if value is None:
        return "—"
    if kpi.unit == "percent":
        return f"{value * 100:.1f} %".replace(".", ",")
    if kpi.unit == "money":
        return shown(int(value), currency) if currency else f"{value:,.0f}"
    digits = 0 if kpi.unit == "count" else 1 if kpi.unit == "days" else 2
    text = f"{value:.{digits}f}".replace(".", ",")
    return f"{text} días" if kpi.unit == "days" else text
