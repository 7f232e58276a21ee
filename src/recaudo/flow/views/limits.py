"""The budget of the day and the floors of coverage, beside the capacity."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from recaudo.flow.forms import LimitsForm
from recaudo.flow.queries import limits as queries
from recaudo.flow.services import limits as services
from recaudo.flow.views.links import link
from recaudo.kernel.money import minor_digits
from recaudo.kernel.problems import NotAllowed, Problem
from recaudo.kernel.time import local
from recaudo.portfolio.models import Portfolio
from recaudo.ui.access import allow
from recaudo.workforce.models import Tenant


@allow("user.view|setting.edit")
@require_http_methods(["GET", "POST"])
def limits(request: HttpRequest) -> HttpResponse:
    """What the plan of a day keeps to besides capacity. Read by the organisation's staff, set by who runs the day or its settings."""
    user: Any = request.user
    may_edit = user.may("setting.edit") or user.may("day.run")
    if request.method == "POST" and not may_edit:
        raise NotAllowed()
    tenant = Tenant.objects.get(pk=user.tenant_id)
    today = local(timezone.now(), request.zone).date()  # type: ignore[attr-defined]
    scopes, now = queries.scopes(), queries.amounts_on(today)
    digits = minor_digits(tenant.currency)
    currencies = dict(Portfolio.objects.values_list("pk", "currency"))
    form = LimitsForm(
        request.POST or None, scopes=scopes, digits=digits, currencies=currencies, initial={"valid_from": today, **_shown(now, digits, currencies)}
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.set_limits(tenant, form.amounts(), valid_from=form.cleaned_data["valid_from"], today=today, by=user, at=timezone.now())
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, "El presupuesto, las coberturas, los montos y los plazos quedaron guardados. La próxima jornada los usa.")
            return redirect("flow:limits")
    costs = queries.unit_costs(tenant)
    context = {
        "form": form, "may_edit": may_edit, "currency": tenant.currency, "costs": sorted(costs.items()), "costs_url": link(user, "flow:what-ifs"),
        "coming": [(day, _told(queries.amounts_on(day), scopes, tenant.currency, currencies)) for day in queries.coming(today)[:3]],
    }  # fmt: skip
    return render(request, "flow/limits.html", context)


def _shown(amounts: dict[tuple[str, UUID | None], int], digits: int, currencies: dict[UUID, str]) -> dict[str, Any]:
    """The form's values of what is in force."""
    shown: dict[str, Any] = {}
    for (kind, scope), amount in amounts.items():
        places = digits if kind == "budget" else minor_digits(currencies[scope]) if kind == "tolerance" and scope in currencies else 0
        shown[f"{kind}_{scope}" if scope else kind] = Decimal(amount).scaleb(-places) if places else amount
    return shown


def _told(
    amounts: dict[tuple[str, UUID | None], int], scopes: dict[str, list[tuple[UUID, str]]], currency: str, currencies: dict[UUID, str]
) -> list[dict[str, Any]]:
    known = {key: name for listed in scopes.values() for key, name in listed}
    return [
        {"kind": kind, "name": known.get(scope, "") if scope else "", "amount": amount, "currency": currencies.get(scope, currency) if scope else currency}
        for (kind, scope), amount in sorted(amounts.items(), key=lambda item: (queries.KINDS.index(item[0][0]), str(item[0][1])))
    ]
