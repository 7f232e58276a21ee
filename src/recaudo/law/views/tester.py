"""The permission tester: a question about nobody."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from recaudo.law import queries
from recaudo.law.forms import TesterForm
from recaudo.law.views.clock import today_of, zone_of
from recaudo.ui.access import allow

FIRST_HOUR = "10:00"


@allow("law.view")
@require_safe
def tester(request: HttpRequest) -> HttpResponse:
    is_asked = "pais" in request.GET
    form = TesterForm(request.GET if is_asked else None, initial=_first_question(request))
    found = None
    if is_asked and form.is_valid():
        clock = zone_of(request)
        found = queries.answer(form.question(clock=clock), queries.rules(), clock=clock)
    asked = form.cleaned_data["hora"] if found else None
    # A mark on the first day, in half hours; text, because a decimal comma is no length.
    mark = f"{(asked.hour * 60 + asked.minute) / queries.SLOT_MINUTES:.2f}" if asked else ""
    return render(request, "law/tester.html", {"form": form, "answer": found, "mark": mark})


def _first_question(request: HttpRequest) -> dict[str, Any]:
    return {
        "canal": "call", "proposito": "collection", "persona": "debtor", "dia": today_of(request), "hora": FIRST_HOUR,
        "pais": request.organisation.country, "region": "*",
    }  # fmt: skip
