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
    act = InterruptingAct.objects.filter(id=act_id, account_id=found.id).first()
    if act is None:
        raise NotFound()
    casework.withdraw_act(act, by=request.user, at=timezone.now())
    return _fragment(request, found, ActForm())


def _fragment(request: HttpRequest, account: Account, form: ActForm) -> HttpResponse:
    now = timezone.now()
    context: dict[str, Any] = {
        "account": account, "clock": queries.prescription(account, at=now), "acts": casework.acts_of(account.id), "act_es": casework.ACT_ES, "form": form,
    }  # fmt: skip
    return render(request, "desk/_prescription.html", context)
