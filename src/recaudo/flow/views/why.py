"""Por qué: the explanation of one account's treatment, as a page and as a fragment of the account's page."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from recaudo.compliance import services as compliance
from recaudo.flow.forms import DayForm, ReviewForm
from recaudo.flow.queries import why as queries
from recaudo.flow.views.links import link
from recaudo.flow.words import OUTCOME_TONE
from recaudo.kernel.problems import NotFound
from recaudo.law.queries import rules
from recaudo.portfolio.models import Account
from recaudo.portfolio.services import local_day
from recaudo.ui.access import allow
from recaudo.ui.lookup import one


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
        found = queries.why(account, zone=request.zone, at=timezone.now(), on=on)  # type: ignore[attr-defined]
    except queries.NotDecided as problem:
        return render(request, template, {**context, "problem": problem})
    context |= {
        "why": found, "tone": OUTCOME_TONE.get(found.outcome, "muted"), "run_url": link(request.user, "flow:run", found.run_id),
        "used": [line for line in found.facts if line.used], "unused": [line for line in found.facts if not line.used],
        "needs_strategy": link(request.user, "strategy:strategies"), "law_url": link(request.user, "law:rules"), "review_form": ReviewForm(),
    }  # fmt: skip
    return render(request, template, context)


@allow("work.take|complaint.manage")
@require_POST
def review(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """The person does not accept what a machine decided about them: register that they ask for somebody to look at it."""
    account, form, now = one(Account.objects.select_related("holder"), id=account_id), ReviewForm(request.POST), timezone.now()
    if not form.is_valid():
        messages.error(request, "Elija por dónde lo pidió y escriba sus razones.")
        return redirect("flow:why", account_id)
    made = compliance.receive_request(
        person=account.holder, kind="human_review", channel=form.cleaned_data["channel"], received_on=local_day(now), rules=rules(), by=request.user,
        text=f"Cuenta {account.number}. {form.cleaned_data['text']}", at=now, on=local_day(now),
    )  # fmt: skip
    messages.success(request, f"Se registró con el folio {made.folio}: una persona la revisa y responde a más tardar el {made.due_on:%d/%m/%Y}.")
    return redirect("flow:why", account_id)
