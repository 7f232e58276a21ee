"""The simulator: ask for two versions over a day, see what each would do, and the accounts behind every number."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recaudo.flow.forms import CostsForm, WhatIfForm
from recaudo.flow.models import WhatIf
from recaudo.flow.queries import whatif as queries
from recaudo.flow.queries.runs import rule_text
from recaudo.flow.services import whatif as services
from recaudo.flow.services.basis import basis_on, changed_since
from recaudo.flow.services.experiments import tenant_now
from recaudo.flow.services.request import request_what_if
from recaudo.flow.views import report
from recaudo.flow.views.links import link
from recaudo.flow.words import OUTCOME_ES, OUTCOME_SHORT, OUTCOME_TONE, decided_es
from recaudo.journal import services as journal
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.money import Money
from recaudo.kernel.problems import NotAllowed, Problem
from recaudo.strategy import queries as strategy
from recaudo.ui.access import allow
from recaudo.ui.export import Cell, list_response
from recaudo.workforce import services as workforce

PAGE_SIZE = 50
DAYS = 62
COLUMNS = ["Cuenta", "Cartera", "Tramo", "Días de atraso", "Vencido", "Saldo", "Moneda", "Segmento antes", "Segmento después", "Tratamiento antes",
           "Tratamiento después", "Canal antes", "Canal después", "Oferta antes", "Oferta después", "Resultado antes", "Resultado después",
           "Norma antes", "Norma después"]  # fmt: skip


@allow("strategy.view")
@require_http_methods(["GET", "POST"])
def what_ifs(request: HttpRequest) -> HttpResponse:
    days = list(strategy.snapshots()[:DAYS])
    versions = [one for two in strategy.strategies() for one in strategy.versions(two).exclude(status="rejected")]
    form = WhatIfForm(request.POST or None, versions=versions, snapshots=days, initial=_initial(request, versions))
    if request.method == "POST" and form.is_valid():
        try:
            found = _ask(request, form)
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            return redirect("flow:what-if", found.pk)
    names = {one.pk: f"Versión {one.number}" for one in versions}
    shas, basis = {one.pk: one.sha256 for one in versions}, basis_on(timezone.now())
    lines = [
        {"found": one, "old": names.get(one.old_version_id, "—"), "new": names.get(one.new_version_id, "—"), "stale": _stale(one, basis, shas), **report.state(one)}
        for one in queries.what_ifs()[:30]
    ]
    context = {"form": form, "lines": lines, "may_ask": len(versions) > 1 and bool(days), "costs": _costs_form(), "may_cost": request.user.may("setting.edit")}
    return render(request, "flow/what_ifs.html", context, status=422 if form.errors else 200)


def _initial(request: HttpRequest, versions: list[Any]) -> dict[str, str]:
    active = next((str(one.pk) for one in versions if one.status == "active"), "")
    wanted = request.GET.get("version", "")
    others = [str(one.pk) for one in versions if str(one.pk) != active]
    new = wanted if wanted in others else next(iter(others), "")
    against = request.GET.get("against", "")
    return {"old": against if against in {str(one.pk) for one in versions} and against != new else active, "new": new, "horizon": "30"}


def _ask(request: Any, form: WhatIfForm) -> WhatIf:
    data = form.cleaned_data
    snapshot = strategy.snapshots().get(on=data["day"])
    at = timezone.now()
    found = services.ask(
        old=strategy.version_by_id(UUID(data["old"])), new=strategy.version_by_id(UUID(data["new"])), snapshot=snapshot,
        horizon_days=int(data["horizon"]), by=request.user, at=at,
    )  # fmt: skip
    if found.status == "waiting":
        if snapshot.row_count <= services.AT_ONCE:
            found = services.work_out(tenant_now(), found.pk, by=request.user, clock=timezone.now)
        else:
            request_what_if(found, by=request.user)
    return found


@allow("strategy.view")
@require_safe
def what_if(request: HttpRequest, what_if_id: UUID) -> HttpResponse:
    found = queries.what_if_by_id(what_if_id)
    context = {"found": found, **report.state(found), **_versions(request, found)}
    if found.status == "finished":
        shas = {one.pk: one.sha256 for side in ("old", "new") if (one := context.get(side))}
        context["stale"] = _stale(found, basis_on(timezone.now()), shas)
        listed = link(request.user, "flow:what-if-accounts", found.pk) if request.user.may("portfolio.view") else ""
        context |= report.report(found, listed)
    return render(request, "flow/what_if.html", context)


@allow("strategy.view")
@require_safe
def state(request: HttpRequest, what_if_id: UUID) -> HttpResponse:
    """The box that says how far a simulation is, asked for while a worker works on it."""
    found = queries.what_if_by_id(what_if_id)
    response = render(request, "flow/_what_if_state.html", {"found": found, **report.state(found)})
    if found.status in {"finished", "failed"}:
        response["HX-Refresh"] = "true"
    return response


@allow("strategy.view")
@require_safe
def pdf(request: HttpRequest, what_if_id: UUID) -> HttpResponse:
    """The report to share: figures only, no account."""
    found = queries.what_if_by_id(what_if_id)
    if found.status != "finished":
        return redirect("flow:what-if", found.pk)
    names = _versions(request, found)
    content = report.pdf(found, old=names["old_name"], new=names["new_name"], organisation=tenant_now().name)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="simulacion-{found.on}.pdf"'
    journal.record("list.exported", by=request.user, at=timezone.now(), list="simulacion-pdf", rows=0)
    return response


@allow("portfolio.view")
@require_safe
def accounts(request: HttpRequest, what_if_id: UUID) -> HttpResponse:
    if not request.user.may("strategy.view"):
        raise NotAllowed()
    found = queries.what_if_by_id(what_if_id)
    where = _where(request)
    rows, cursor = queries.lines(found, where, after=request.GET.get("after", "")[:40], limit=PAGE_SIZE)
    context = {
        "found": found, "rows": [_line(one) for one in rows], "next_cursor": cursor, "previous_cursor": "", "said": _said(where),
        "count_text": f"{intcomma(queries.count(found, where))} cuentas", **_versions(request, found),
    }  # fmt: skip
    return render(request, "flow/what_if_accounts.html", context)


@allow("list.export")
@require_safe
def export(request: HttpRequest, what_if_id: UUID) -> HttpResponseBase:
    if not (request.user.may("strategy.view") and request.user.may("portfolio.view")):
        raise NotAllowed()
    found = queries.what_if_by_id(what_if_id)
    return list_response(request.GET.get("formato"), f"simulacion-{found.on}", COLUMNS, _cells(found, _where(request)), record=partial(_record, request))


@allow("setting.edit")
@require_POST
def costs(request: HttpRequest) -> HttpResponse:
    form = CostsForm(request.POST)
    if form.is_valid():
        workforce.set_unit_costs(tenant_now(), costs=form.costs(), by=request.user, at=timezone.now())
        messages.success(request, "Los costos por contacto se guardaron. Las simulaciones que siguen los usan.")
    else:
        messages.error(request, "Los costos no se guardaron: escriba números positivos con hasta cuatro decimales.")
    return redirect("flow:what-ifs")


def _costs_form() -> CostsForm:
    return CostsForm(initial={f"cost_{channel}": cost for channel, cost in tenant_now().settings.get("unit_costs", {}).items()})


def _record(request: Any, count: int) -> None:
    journal.record("list.exported", by=request.user, at=timezone.now(), list="simulacion", rows=count)


def _versions(request: Any, found: WhatIf) -> dict[str, Any]:
    """The two versions by name; one that is gone is said to be."""
    told: dict[str, Any] = {}
    for side, key in (("old", found.old_version_id), ("new", found.new_version_id)):
        try:
            version = strategy.version_by_id(key)
        except Problem:
            told[f"{side}_name"], told[f"{side}_url"] = "versión borrada", ""
        else:
            told[f"{side}_name"], told[f"{side}_url"] = f"versión {version.number}", link(request.user, "strategy:version", key)
            told[side] = version
    return told


def _stale(found: WhatIf, basis: dict[str, str], shas: dict[UUID, str]) -> list[str]:
    """What a finished simulation rests on and is another now, in Spanish. shas: of the versions as they are now."""
    if found.status != "finished":
        return []
    told = changed_since(found.result.get("basis"), basis)
    edited = any(shas.get(key, sha) != sha for key, sha in zip((found.old_version_id, found.new_version_id), found.result["sha"], strict=True))
    return ["las tablas de una de las dos versiones", *told] if edited else told


def _where(request: HttpRequest) -> dict[str, str]:
    known = {*queries.FILTERS, *queries.CHANGED, "changed"}
    return {name: value[:60] for name, value in request.GET.items() if name in known and value}


def _said(where: dict[str, str]) -> list[str]:
    """The filters of a list in words."""
    told = []
    for name, value in where.items():
        if name == "changed":
            told.append("Cambian en algo")
        elif name.startswith("changed_"):
            told.append(f"Cambian de {report.name_es(name.removeprefix('changed_')).lower()}")
        else:
            side, column = name.split("_", 1)
            told.append(f"{report.name_es(column)} {'antes' if side == 'old' else 'después'}: {_value(column, value)}")
    return told


def _value(column: str, value: str | None) -> str:
    if value in (None, queries.NOTHING):
        return "ninguno"
    if column == "outcome":
        return OUTCOME_ES.get(str(value), str(value))
    if column == "refused_rule":
        return rule_text(str(value)).text_es
    if column == "planned_channel":
        return CHANNEL_ES.get(str(value), str(value))
    return decided_es(column, value)


def _line(one: queries.Line) -> dict[str, Any]:
    row = one.row
    changes = [
        (report.name_es(name), _value(name, row[f"old_{name}"]), _value(name, row[f"new_{name}"]))
        for name in queries.DIMENSIONS if f"old_{name}" in row and row[f"old_{name}"] != row[f"new_{name}"]
    ]  # fmt: skip
    outcomes = [(OUTCOME_SHORT.get(row[f"{side}_outcome"], ""), OUTCOME_TONE.get(row[f"{side}_outcome"], "muted"), row[f"{side}_refused_rule"]) for side in ("old", "new")]
    return {"account": one.account, "row": row, "changes": changes, "outcomes": outcomes}


def _cells(found: WhatIf, where: dict[str, str]) -> Iterator[list[Cell]]:
    for one in queries.all_lines(found, where):
        row = one.row
        if one.account is None:
            continue
        pairs = [_value(name, row.get(f"{side}_{name}")) for name in ("segment", "treatment", "channel", "offer", "outcome") for side in ("old", "new")]
        yield [
            one.account.number, one.account.portfolio.name, row["bucket"], row["dpd"], Money(row["overdue_minor"], row["currency"]).decimal(),
            Money(row["balance_minor"], row["currency"]).decimal(), row["currency"], *pairs, row["old_refused_rule"], row["new_refused_rule"],
        ]  # fmt: skip
