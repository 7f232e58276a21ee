"""The page that runs the law again over recorded contacts, its lists, and the note that somebody saw a proposal's effect."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from recaudo.compliance.forms import day_field
from recaudo.compliance.queries import replay as queries
from recaudo.compliance.services.replay import IMPACT_DAYS, show_impact
from recaudo.compliance.views.clock import zone_of
from recaudo.journal import services as journal
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.problems import NotAllowed
from recaudo.law import queries as law
from recaudo.ui.access import allow
from recaudo.ui.export import Cell, csv_response
from recaudo.workforce import queries as workforce
from recaudo.workforce.models import Agency

PAGE = 50
PAGE_DAYS = 92
COLUMNS = ("gestion", "persona", "cuenta", "canal", "pais", "fecha_hora", "despacho", "agente", "regla_vigente", "regla_comparada")
KINDS = {"regla": "rule", "despacho": "agency_id", "agente": "by_id"}


class ReplayForm(forms.Form):
    """A period, and the version of the rules to try beside the one in force."""

    desde = day_field("Desde")
    hasta = day_field("Hasta")
    version = forms.ChoiceField(label="Reglas")
    dia = day_field("O como regían el", required=False, help_text="Deja la lista sin efecto.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        waiting = queries.proposals()
        choices: list[Any] = [(queries.NOW, "Lo que rige hoy"), (queries.DELIVERED, "Como se entregan, sin decisiones propias")]
        self.fields["version"].choices = choices + ([("Propuestas en espera", waiting)] if waiting else [])  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        first, last = given.get("desde"), given.get("hasta")
        if first and last and first > last:
            self.add_error("hasta", "El período termina antes de empezar.")
        elif first and last and (last - first).days >= PAGE_DAYS:
            self.add_error("hasta", f"En pantalla, hasta {PAGE_DAYS} días; para más use «recaudo law replay».")
        return given

    @property
    def key(self) -> str:
        day = self.cleaned_data.get("dia")
        return day.isoformat() if day else str(self.cleaned_data["version"])


@allow("compliance.view")
@require_safe
def replay(request: HttpRequest) -> HttpResponse:
    form = _form(request)
    if not form.is_valid():
        return render(request, "compliance/replay.html", {"form": form, "found": None}, status=422)
    names = _names()
    found = _run(request, form, names)
    shown, chosen = _filtered(found, request)
    page = max(int(request.GET["pagina"]), 1) if re.fullmatch("[0-9]{1,6}", request.GET.get("pagina", "")) else 1
    context = {
        "form": form,
        "found": found,
        "is_compared": found.before.key != found.after.key,
        "proposal": found.after.subject_id,
        "tables": [("Por regla", "regla", found.by_rule), ("Por despacho", "despacho", found.by_agency), ("Por agente", "agente", found.by_agent)],
        "rows": [_row(one, names) for one in shown.slice((page - 1) * PAGE, PAGE).to_pylist()],
        "row_count": shown.num_rows,
        "page": page,
        "has_more": shown.num_rows > page * PAGE,
        "chosen": chosen,
        "impact_days": IMPACT_DAYS,
        "version_before": found.before.rules.version,
        "version_after": found.after.rules.version,
    }
    return render(request, "compliance/replay.html", context)


@allow("list.export")
@require_safe
def replay_csv(request: HttpRequest) -> HttpResponseBase:
    """The contacts behind the numbers, as CSV: identifiers, no names."""
    if not request.user.may("compliance.view"):
        raise NotAllowed()
    form = _form(request)
    if not form.is_valid():
        return render(request, "compliance/replay.html", {"form": form, "found": None}, status=422)
    names = _names()
    found = _run(request, form, names)
    shown, _ = _filtered(found, request)
    zone = ZoneInfo(zone_of(request))
    return csv_response(
        f"repeticion-{found.from_on:%Y%m%d}-{found.until_on:%Y%m%d}", COLUMNS, _lines(shown, names, zone),
        record=lambda count: journal.record("list.exported", by=request.user, at=timezone.now(), list="replay", format="csv", rows=count),
    )  # fmt: skip


@allow("law.approve")
@require_POST
def replay_seen(request: HttpRequest) -> HttpResponse:
    """Note that whoever approves saw the effect of a proposal over the last days."""
    proposal = request.POST.get("propuesta", "")
    found = show_impact(proposal=proposal, on=_today(request), zone=zone_of(request), by=request.user, at=timezone.now())
    messages.success(request, f"Queda constancia de que lo vio: de {found.action_count} contactos, {found.now_refused} se habrían rechazado y {found.now_allowed} permitido.")
    change = law.proposal(UUID(proposal))
    return redirect("law:change", change.id) if change else redirect("law:choice", law.decision_name(UUID(proposal)))


def _form(request: HttpRequest) -> ReplayForm:
    today = _today(request)
    given = request.GET.copy()
    given.setdefault("desde", (today - timedelta(days=IMPACT_DAYS - 1)).isoformat())
    given.setdefault("hasta", today.isoformat())
    given.setdefault("version", given.get("propuesta", queries.NOW))
    return ReplayForm(given)


def _run(request: HttpRequest, form: ReplayForm, names: dict[str, str]) -> queries.Replay:
    zone, given = zone_of(request), form.cleaned_data
    before, after = queries.version_of(queries.NOW, zone=zone), queries.version_of(form.key, zone=zone)
    return queries.replay(from_on=given["desde"], until_on=given["hasta"] + timedelta(days=1), before=before, after=after, zone=zone, names=names)


def _filtered(found: queries.Replay, request: HttpRequest) -> tuple[pa.Table, dict[str, str]]:
    """The contacts refused by either version, narrowed to a rule, agency or agent, or to those that a change turns."""
    rows = found.rows.filter(pc.or_(pc.is_valid(found.rows["rule_before"]), pc.is_valid(found.rows["rule_after"])))
    chosen = {name: request.GET[name] for name in KINDS if name in request.GET}
    for name, value in chosen.items():
        rows = rows.filter(pc.equal(pc.fill_null(rows[KINDS[name]], ""), value))
    turn = {"rechazados": "now_refused", "permitidos": "now_allowed"}.get(request.GET.get("giro", ""))
    if turn:
        rows = rows.filter(rows[turn])
        chosen["giro"] = request.GET["giro"]
    return rows.sort_by([("at", "descending")]), chosen


def _row(one: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {
        **one, "channel_es": CHANNEL_ES.get(one["channel"], one["channel"]), "agency": names.get(one["agency_id"] or "", ""),
        "agent": names.get(one["by_id"] or "", ""),
    }  # fmt: skip


def _lines(rows: pa.Table, names: dict[str, str], zone: ZoneInfo) -> Iterator[Sequence[Cell]]:
    for batch in rows.to_batches(5000):
        for one in batch.to_pylist():
            yield (
                one["action_id"], one["person_id"], one["debt_id"], one["channel"], one["country"], one["at"].astimezone(zone).isoformat(timespec="seconds"),
                names.get(one["agency_id"] or "", ""), names.get(one["by_id"] or "", ""), one["rule_before"], one["rule_after"],
            )  # fmt: skip


def _names() -> dict[str, str]:
    """Agencies and users by id; what has neither is the organisation itself, or the product by its schedule."""
    names = {str(key): name for key, name in Agency.objects.values_list("id", "name")}
    names |= {str(key): name for key, name in workforce.users().values_list("id", "name")}
    return {**names, "": "La organización o el programa"}


def _today(request: HttpRequest) -> date:
    return timezone.now().astimezone(ZoneInfo(zone_of(request))).date()
