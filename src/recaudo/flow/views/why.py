"""Por qué: the explanation of one account's treatment, as a page and as a fragment of the account's page."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from recaudo.flow.forms import DayForm
from recaudo.flow.queries import why as queries
from recaudo.flow.views.links import link
from recaudo.flow.words import OUTCOME_TONE
from recaudo.kernel.problems import NotFound
from recaudo.portfolio.models import Account
from recaudo.ui.access import allow


@allow("portfolio.view")
@require_safe
def why(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = Account.objects.select_related("holder", "portfolio", "creditor").filter(pk=account_id).first()
    if account is None:
        raise NotFound()
    form = DayForm(request.GET)
    on = form.cleaned_data["dia"] if form.is_valid() else None
    template = "flow/_why.html" if request.htmx else "flow/why.html"  # type: ignore[attr-defined]
    context = {"account": account, "days": queries.days_kept(), "chosen": on, "account_url": link(request.user, "desk:account", account.id)}
    try:
        found = queries.why(account, zone=request.zone, on=on)  # type: ignore[attr-defined]
    except queries.NotDecided as problem:
        return render(request, template, {**context, "problem": problem})
    context |= {
        "why": found, "tone": OUTCOME_TONE.get(found.outcome, "muted"), "run_url": link(request.user, "flow:run", found.run_id),
        "used": [line for line in found.facts if line.used], "unused": [line for line in found.facts if not line.used],
        "needs_strategy": link(request.user, "strategy:strategies"), "law_url": link(request.user, "law:rules"),
    }  # fmt: skip
    return render(request, template, context)
