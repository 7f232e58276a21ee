"""The prescription clock of an account: where it stands, and what interrupted it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from recaudo.casework import services as casework
from recaudo.casework.models import InterruptingAct
from recaudo.desk import queries
from recaudo.desk.forms import ActForm
from recaudo.desk.views.lookup import account_of
from recaudo.kernel.problems import NotFound, Problem
from recaudo.portfolio.models import Account
from recaudo.ui.access import allow
from recaudo.ui.lookup import one


@allow("portfolio.view")
@require_http_methods(["GET", "POST"])
def prescription(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """A fragment of the account page; with hold.open, one more act."""
    found = account_of(account_id)
    form = ActForm(request.POST or None)
    if request.method == "POST":
        if not request.user.may("hold.open"):
            raise NotFound()
        if form.is_valid():
            typed = form.cleaned_data
            try:
                casework.record_act(
                    account=found, kind=typed["kind"], on=typed["on"], evidence=typed["evidence"], by=request.user, at=timezone.now()
                )
            except Problem as problem:
                form.add_error(None, problem.text)
            else:
                form = ActForm()
    return _fragment(request, found, form)


@allow("hold.release")
@require_POST
def act_withdraw(request: HttpRequest, account_id: UUID, act_id: UUID) -> HttpResponse:
    found = account_of(account_id)
    casework.withdraw_act(one(InterruptingAct.objects.all(), id=act_id, account_id=found.id), by=request.user, at=timezone.now())
    return _fragment(request, found, ActForm())


def _fragment(request: HttpRequest, account: Account, form: ActForm) -> HttpResponse:
    acts = casework.acts_of(account.id)
    context: dict[str, Any] = {
        "account": account, "clock": queries.prescription(account, acts, at=timezone.now()), "acts": acts, "act_es": casework.ACT_ES, "form": form,
    }  # fmt: skip
    return render(request, "desk/_prescription.html", context)
