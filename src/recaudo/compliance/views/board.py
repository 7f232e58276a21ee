"""The compliance dashboard and the lists behind its numbers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from recaudo.casework.words import HOLD_ES, HOUSE_RULE_ES
from recaudo.compliance.queries import board as queries
from recaudo.compliance.queries.controls import Case, Scope, look
from recaudo.compliance.views.clock import zone_of
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.problems import NotFound
from recaudo.law import words as law_words
from recaudo.law.queries import rules
from recaudo.portfolio.services import local_day
from recaudo.ui.access import allow

TITLES: dict[str, tuple[str, str]] = {
    "pedidos": ("Permisos pedidos", "Cada vez que se preguntó si un contacto podía hacerse, con la respuesta."),
    "negados": ("Contactos negados", "Cada permiso que se pidió para un contacto y la respuesta fue no."),
    "al-enviar": ("Negados al momento de enviar", "La jornada los había planeado; algo cambió y el permiso del último segundo los detuvo."),
    "sin-usar": ("Permisos que vencieron sin usarse", "Se concedieron y el contacto no llegó a hacerse."),
    "al-filo": ("Contactos al filo del horario", "Se hicieron en los últimos diez minutos de la ventana permitida."),
    "suspensiones": ("Suspensiones vigentes", "Personas y cuentas que hoy no se contactan."),
    "margen": ("Personas por contactos que les quedan", "Con la norma y el tope de la casa, en los últimos siete días."),
}


@allow("compliance.view")
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    found = queries.board(rules(), on=local_day(now), at=now, zone=zone_of(request))
    busiest = max((line.month + line.planned for line in found.refusals), default=1)
    context = {
        "board": found, "standing": found.standing, "near": found.near,
        "refusals": [
            (line, HOUSE_RULE_ES.get(line.rule, ""), _trend(line.week, line.week_before), 100 * (line.month + line.planned) // max(busiest, 1))
            for line in found.refusals[:12]
        ],
        "refused_week": sum(line.week for line in found.refusals), "refused_month": sum(line.month for line in found.refusals),
        "planned_month": sum(line.planned for line in found.refusals), "chart": _chart(found.by_day) if any(day[1] or day[2] for day in found.by_day) else None,
        "headroom": [
            (one, [(n, count, 100 * count // max(one.persons, 1)) for n, count in enumerate(one.left)], one.left[0]) for one in found.headroom
        ],
        "most": queries.MOST_SHOWN, "heads": range(queries.MOST_SHOWN), "in_force": [(one, *_confidence(one.confidence)) for one in found.in_force],
        "unusual": _unusual(today=local_day(now), zone=zone_of(request)), "is_verified_late": found.standing.verified_at is None or now - found.standing.verified_at > timedelta(days=30),
    }  # fmt: skip
    return render(request, "compliance/board.html", context)


@allow("compliance.view")
@require_safe
def board_list(request: HttpRequest, kind: str) -> HttpResponse:
    """The rows behind a number: one of TITLES."""
    if kind not in TITLES:
        raise NotFound()
    now = timezone.now()
    today, zone = local_day(now), zone_of(request)
    country, rule = request.GET.get("pais", "")[:2].upper(), request.GET.get("regla", "")[:40]
    if kind == "suspensiones":
        rows = queries.holds(at=now)
    elif kind == "margen":
        left = request.GET.get("quedan", "0")
        rows = queries.without_headroom(rules(), on=today, zone=zone, country=country, left=min(int(left), queries.MOST_SHOWN) if left.isdecimal() and len(left) < 3 else 0)
    else:
        rows = queries.permits(kind, at=now, rule=rule, days=queries.DAYS if request.GET.get("dias") == "30" else queries.SHORT)
    title, says = TITLES[kind]
    context = {
        "kind": kind, "title": title, "says": says, "rule": rule, "country": country, "left": request.GET.get("quedan", ""), "limit": queries.LISTED,
        "rows": [(one, CHANNEL_ES.get(one.channel, one.channel), HOLD_ES.get(one.rule, HOUSE_RULE_ES.get(one.rule, one.rule))) for one in rows],
    }  # fmt: skip
    return render(request, "compliance/board_list.html", context)


def _unusual(*, today: date, zone: str) -> list[Case]:
    """Quarantines of the week that look like somebody silencing a number: by one person too many, or of what they themselves had added."""
    found = look(["quarantine_many", "quarantine_own"], Scope(today - timedelta(days=queries.SHORT), today + timedelta(days=1), today, zone), rules())
    return [case for one in found.values() for case in one.cases]


def _trend(now: int, before: int) -> str:
    return "up" if now > before else "down" if now < before else ""


def _confidence(code: str) -> tuple[str, str]:
    known: dict[str, tuple[str, str]] = {
        "house": law_words.HOUSE_CONFIDENCE, "change": ("cambio firmado", "info"), "pending": ("fuente por encontrar", "bad"), **law_words.CONFIDENCE,
    }  # fmt: skip
    return known.get(code, (code, "muted"))


def _chart(days: Any) -> dict[str, Any]:
    return {
        "type": "stacked", "categories": [f"{day:%d/%m}" for day, _, _ in days],
        "series": [
            {"name": "Permitidos", "tone": "brand", "data": [allowed for _, _, allowed in days]},
            {"name": "Negados", "tone": "bad", "data": [refused for _, refused, _ in days]},
        ],
    }  # fmt: skip
