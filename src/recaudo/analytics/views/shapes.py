"""Rows of engine.measure in the shape that templates and charts draw. No number is computed here but the change of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from recaudo.analytics.queries import BANDS, NOBODY, of
from recaudo.analytics.words import BETTER_DOWN, BETTER_UP, NOTES, WEEKDAYS, cut_es, number_es
from recaudo.engine.facts import BUCKET_ES
from recaudo.engine.measure import KPIS, UNIT_ES, Kpi, Row
from recaudo.kernel.money import minor_digits, shown

THIN = "\u00a0"  # between thousands, as the rest of the product writes
ENDS = (*BUCKET_ES, "PAID", "SOLD", "RECALLED")


@dataclass(frozen=True, slots=True)
class Figure:
    """One value of an indicator. delta_es is empty without a period before; tone is good, bad or nothing."""

    currency: str
    value_es: str
    numerator_es: str
    denominator_es: str
    has_data: bool
    delta_es: str = ""
    direction: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """An indicator with its definition and a figure per currency (one without, when it adds no money)."""

    kpi: Kpi
    unit_es: str
    note: str
    figures: tuple[Figure, ...]

    @property
    def first(self) -> Figure:
        return self.figures[0]

    @property
    def has_data(self) -> bool:
        return any(figure.has_data and figure.value_es != "—" for figure in self.figures)


def card(key: str, rows: Sequence[Row], before: Sequence[Row]) -> Card:
    kpi = KPIS[key]
    earlier = {row.group.get("currency", ""): row for row in of(before, key)}
    figures = tuple(_figure(kpi, row, earlier.get(row.group.get("currency", ""))) for row in of(rows, key))
    return Card(kpi, UNIT_ES[kpi.unit], NOTES.get(key, ""), figures or (Figure("", "—", "", "", False),))


def _figure(kpi: Kpi, row: Row, before: Row | None) -> Figure:
    currency = row.group.get("currency", "")
    change = row.value - before.value if before and row.value is not None and before.value is not None else None
    direction = "" if change is None or change == 0 else "up" if change > 0 else "down"
    good = {"up": kpi.id in BETTER_UP, "down": kpi.id in BETTER_DOWN}.get(direction, False)
    bad = {"up": kpi.id in BETTER_DOWN, "down": kpi.id in BETTER_UP}.get(direction, False)
    return Figure(
        currency, value_es(kpi, row), part_es(kpi, kpi.numerator.sql, row.numerator, currency),
        part_es(kpi, kpi.denominator.sql if kpi.denominator else "", row.denominator, currency), row.has_data,
        _delta_es(kpi, change, before, currency), direction, "good" if good else "bad" if bad else "",
    )  # fmt: skip


def value_es(kpi: Kpi, row: Row) -> str:
    """The value as people read it; a dash, never 0, when there is nothing to divide by."""
    return number_es(kpi, row.value, row.group.get("currency", ""))


def part_es(kpi: Kpi, sql: str, amount: int | Decimal | None, currency: str) -> str:
    """A numerator or denominator: money where it adds amounts, else a count."""
    if amount is None:
        return ""
    if "_minor" in sql and "count(" not in sql and "dpd1" not in sql and currency:
        return shown(int(amount), currency)
    return f"{amount:,.0f}".replace(",", THIN) if amount == int(amount) else f"{amount:,.2f}".replace(",", THIN).replace(".", ",")


def _delta_es(kpi: Kpi, change: Decimal | None, before: Row | None, currency: str) -> str:
    if change is None or before is None:
        return ""
    if kpi.unit == "percent":
        return f"{abs(change) * 100:.1f} pp".replace(".", ",")
    if kpi.unit == "money" and before.value:
        return f"{abs(change / before.value) * 100:.0f} %"
    return number_es(kpi, abs(change), currency)


def currencies(rows: Sequence[Row]) -> list[str]:
    """Currencies with anything overdue at the start or the end."""
    found = {row.group["currency"] for row in rows if "currency" in row.group}
    return sorted(found)


def matrix(rows: Sequence[Row], *, key: str, currency: str = "") -> dict[str, Any] | None:
    """The migration of buckets: columns, and per starting bucket its cells (share, text) and what it held."""
    kpi, found = KPIS[key], [row for row in of(rows, key) if row.has_data and row.group.get("currency", "") == currency]
    if not found:
        return None
    ends = [code for code in ENDS if any(row.group["bucket1"] == code for row in found)]
    starts = [code for code in BUCKET_ES if any(row.group["bucket0"] == code for row in found)]
    cells = {(row.group["bucket0"], row.group["bucket1"]): row for row in found}
    lines = []
    for start in starts:
        line = [cells.get((start, end)) for end in ends]
        base = next(row.denominator for row in line if row)
        lines.append({
            "name": BUCKET_ES[start], "base": part_es(kpi, kpi.denominator.sql if kpi.denominator else "", base, currency),
            "cells": [(number_es(kpi, row.value, "") if row else "·", start == end, cut_es("bucket1", end)) for row, end in zip(line, ends, strict=True)],
        })  # fmt: skip
    chart = {
        "type": "heatmap", "format": "percent", "columns": [cut_es("bucket1", end) for end in ends], "rows": [BUCKET_ES[start] for start in starts],
        "cells": [[x, y, _share(cells.get((start, end)))] for y, start in enumerate(starts) for x, end in enumerate(ends)],
    }  # fmt: skip
    return {"ends": [cut_es("bucket1", end) for end in ends], "lines": lines, "chart": chart}


def _share(row: Row | None) -> float | None:
    return round(float(row.value), 4) if row and row.value is not None else None


def distribution(rows: Sequence[Row]) -> dict[str, Any] | None:
    """K-04 by bucket: a series per currency, and the one that counts accounts."""
    whole = [row for row in of(rows, "K-04") if row.has_data]
    counted = {row.group["bucket1"]: row for row in of(rows, "K-04c") if row.has_data}
    codes = [code for code in BUCKET_ES if code in counted]
    if not codes:
        return None
    series = [{"name": "Cuentas", "data": [_share(counted.get(code)) for code in codes], "tone": "muted"}]
    for place, currency in enumerate(currencies(whole)):
        by = {row.group["bucket1"]: row for row in whole if row.group["currency"] == currency}
        series.append({"name": f"Saldo vencido {currency}", "data": [_share(by.get(code)) or 0 for code in codes], "tone": str(("brand", "accent", "info", "warn", "bad")[place % 5])})
    return {"type": "bar", "format": "percent", "categories": [BUCKET_ES[code] for code in codes], "series": series}


def by_bucket(rows: Sequence[Row], keys: Sequence[tuple[str, str]]) -> dict[str, Any] | None:
    """Indicators by starting bucket as bars; one that adds money has a series per currency."""
    found = [row for key, _ in keys for row in of(rows, key) if row.has_data and row.value is not None]
    codes = [code for code in BUCKET_ES if any(row.group.get("bucket0") == code for row in found)]
    if not codes:
        return None
    series = []
    for key, name in keys:
        for currency in currencies(of(found, key)) or [""]:
            by = {row.group["bucket0"]: row for row in of(found, key) if row.group.get("currency", "") == currency}
            if by:
                series.append({"name": f"{name} {currency}".strip(), "data": [_share(by.get(code)) for code in codes]})
    return {"type": "bar", "format": "percent", "categories": [BUCKET_ES[code] for code in codes], "series": series}


def hours(rows: Sequence[Row]) -> dict[str, Any] | None:
    """Contact rate by hour and weekday, on the person's clock."""
    found = [row for row in rows if row.has_data and row.value is not None]
    if not found:
        return None
    first, last = min(row.group["hour"] for row in found), max(row.group["hour"] for row in found)
    by = {(row.group["weekday"], row.group["hour"]): row for row in found}
    days = [day for day in range(1, 8) if any(key[0] == day for key in by)]
    columns = list(range(first, last + 1))
    best = max((row for row in found if row.denominator and row.denominator >= 10), key=lambda row: (row.value or 0, row.denominator or 0), default=None)
    return {
        "chart": {
            "type": "heatmap", "format": "percent", "columns": [f"{hour} h" for hour in columns], "rows": [WEEKDAYS[day - 1] for day in days],
            "cells": [[x, y, _share(by.get((day, hour)))] for y, day in enumerate(days) for x, hour in enumerate(columns) if (day, hour) in by],
        },
        "best": f"{WEEKDAYS[best.group['weekday'] - 1]} a las {best.group['hour']} h: {number_es(KPIS['K-34'], best.value, '')} de {best.denominator} intentos" if best else "",
    }  # fmt: skip


def speed(attempts: Sequence[Row], contacts: Sequence[Row]) -> dict[str, Any] | None:
    """How many accounts were first tried, and first reached, in each band of days after falling due."""
    tried = {row.group.get("first_attempt"): row.denominator for row in attempts if row.has_data}
    reached = {row.group.get("first_contact"): row.denominator for row in contacts if row.has_data}
    if not tried and not reached:
        return None
    names = [*(name for _, name in BANDS), NOBODY]
    return {
        "type": "bar", "categories": ["Aún no" if name == NOBODY else name for name in names],
        "series": [{"name": "Primer intento", "data": [int(tried.get(name) or 0) for name in names], "tone": "info"},
                   {"name": "Primer contacto", "data": [int(reached.get(name) or 0) for name in names], "tone": "brand"}],
    }  # fmt: skip


def money_by_day(rows: Sequence[Row], start: date, end: date) -> list[tuple[str, dict[str, Any]]]:
    """K-61 by day, a chart per currency."""
    charts = []
    for currency in currencies([row for row in rows if row.has_data]):
        by = {row.group["on"]: row for row in rows if row.has_data and row.group["currency"] == currency}
        days = sorted(by)
        charts.append((currency, {
            "type": "bar", "format": "money", "currency": currency if len(currency) == 3 and currency not in {"UVT", "UDI"} else "USD",
            "decimals": minor_digits(currency), "categories": [f"{day:%d/%m}" for day in days],
            "series": [{"name": "Recuperado", "data": [int(by[day].value or 0) for day in days], "tone": "good"}],
        }))  # fmt: skip
    return charts


def early(rows: Sequence[Row]) -> list[Figure]:
    """Recovery of the early stage (S-061), a figure per currency."""
    return [_figure(KPIS["K-62"], row, None) for row in of(rows, "K-62") if row.has_data and row.group.get("stage0") == "early"]


def bars(kpi: Kpi, rows: Sequence[Row], cut: str) -> dict[str, Any] | None:
    """One indicator by one cut, most first: what the page of an indicator draws."""
    found = [row for row in rows if row.value is not None][:30]
    if not found:
        return None
    currency = found[0].group.get("currency", "")
    form = {"percent": "percent", "money": "money", "days": "days", "ratio": "decimal"}.get(kpi.unit, "integer")
    return {
        "type": "bar-horizontal" if cut != "on" else "bar", "format": form, **({"currency": currency, "decimals": minor_digits(currency)} if form == "money" else {}),
        "categories": [cut_es(cut, row.group.get(cut)) if cut else "Todo" for row in found], "series": [{"name": kpi.label_es, "data": [float(row.value or 0) for row in found], "tone": "brand"}],
    }  # fmt: skip
