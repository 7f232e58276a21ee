"""Teams, agencies, capacity and settings."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from recaudo.kernel.problems import NotAllowed, NotFound, Problem
from recaudo.kernel.time import local
from recaudo.ui.access import allow
from recaudo.workforce import queries, services
from recaudo.workforce.forms import WEEKDAYS, AgencyForm, CapacityForm, SettingsForm, TeamForm
from recaudo.workforce.models import Agency, Team, Tenant


@allow("user.view")
@require_safe
def teams(request: HttpRequest) -> HttpResponse:
    return render(request, "workforce/teams.html", {"teams": queries.teams(), "agencies": queries.agencies()})


@allow("user.edit")
@require_http_methods(["GET", "POST"])
def team(request: HttpRequest, team_id: UUID | None = None) -> HttpResponse:
    found = _one(Team, team_id)
    form = TeamForm(request.POST) if request.method == "POST" else TeamForm.of(found) if found else TeamForm()
    if _saved(request, form, lambda given: services.save_team(found, **given, by=request.user, at=timezone.now())):
        messages.success(request, "El equipo quedó guardado.")
        return redirect("workforce:teams")
    return render(request, "workforce/group.html", {"form": form, "found": found, "noun": "equipo"})


@allow("user.edit")
@require_http_methods(["GET", "POST"])
def agency(request: HttpRequest, agency_id: UUID | None = None) -> HttpResponse:
    found = _one(Agency, agency_id)
    initial = {name: getattr(found, name) for name in AgencyForm.base_fields} if found else None
    form = AgencyForm(request.POST if request.method == "POST" else None, initial=initial)
    if _saved(request, form, lambda given: services.save_agency(found, **given, by=request.user, at=timezone.now())):
        messages.success(request, "El despacho quedó guardado.")
        return redirect("workforce:teams")
    return render(request, "workforce/group.html", {"form": form, "found": found, "noun": "despacho"})


@allow("user.view|work.assign|setting.edit")
@require_http_methods(["GET", "POST"])
def capacity(request: HttpRequest) -> HttpResponse:
    """How much each channel can do on each weekday, now and from the days that were announced."""
    today = local(timezone.now(), request.zone).date()  # type: ignore[attr-defined]
    may_edit = request.user.may("setting.edit") or request.user.may("work.assign")
    table = queries.capacity_table(today)
    form = CapacityForm(request.POST or None, table=table, initial={"valid_from": today})
    if request.method == "POST" and not may_edit:
        raise NotAllowed()

    def change(given: dict[str, Any]) -> None:
        services.set_capacity(
            form.units(), valid_from=form.first_day, today=today, by=request.user, at=timezone.now()
        )

    if _saved(request, form, change):
        messages.success(request, "La capacidad quedó guardada. La próxima jornada la usa.")
        return redirect("workforce:capacity")
    context = {
        "form": form, "weekdays": WEEKDAYS, "may_edit": may_edit, "totals": {c: sum(week) for c, week in table.items()},
        "today_weekday": today.weekday(),
        "coming": [(day, queries.capacity_table(day)) for day in queries.coming_capacity(today)[:3]],
    }  # fmt: skip
    return render(request, "workforce/capacity.html", context)


@allow("setting.edit")
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    tenant = Tenant.objects.get(pk=request.user.tenant_id)
    now = queries.read_organisation(tenant)
    start = {
        "name": now.name, "zone": now.zone, "currency": now.currency,
        "day_at": tenant.settings.get("day_at", ""),
        "sender_agent": tenant.settings.get("sender", {}).get("agent", ""),
        "sender_contact": tenant.settings.get("sender", {}).get("address_phone", ""),
        "usd_rates": ", ".join(f"{code} {rate}" for code, rate in tenant.settings.get("usd_rates", {}).items()),
    }  # fmt: skip
    form = SettingsForm(request.POST if request.method == "POST" else None, initial=start)
    if _saved(request, form, lambda given: services.change_settings(tenant, **given, by=request.user, at=timezone.now())):
        messages.success(request, "Los ajustes quedaron guardados.")
        return redirect("workforce:settings")
    american = sorted(zone for zone in zoneinfo.available_timezones() if zone.startswith("America/"))
    return render(request, "workforce/settings.html", {"form": form, "tenant": tenant, "now": now, "zones": american})


def _saved(request: HttpRequest, form: forms.Form, save: Callable[[dict[str, Any]], Any]) -> bool:
    """Whether the form was sent, was sound, and the service took it; what the service says becomes the form's error."""
    if request.method != "POST" or not form.is_valid():
        return False
    try:
        save(form.cleaned_data)
    except Problem as problem:
        form.add_error(None, problem.text)
        return False
    return True


def _one(model: type[Any], key: UUID | None) -> Any:
    if key is None:
        return None
    found = model.objects.filter(pk=key).first()
    if found is None:
        raise NotFound()
    return found
