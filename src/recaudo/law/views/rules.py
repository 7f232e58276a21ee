"""The law as it stands for the tenant: every country, and the rules of one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from recaudo.kernel.problems import NotFound
from recaudo.law import queries, rulebook, words
from recaudo.law.forms import DayForm
from recaudo.law.views.clock import today_of
from recaudo.ui.access import allow


@allow("law.view")
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    in_force = queries.rules()
    found = queries.countries(in_force, on=today_of(request))
    context = {
        "used": [one for one in found if one.portfolio_count],
        "others": [one for one in found if not one.portfolio_count],
        "undecided": queries.undecided(found),
        "waiting": queries.waiting(),
        "version": in_force.version,
        "problems": in_force.problems,
    }
    return render(request, "law/rules.html", context)


@allow("law.view")
@require_safe
def jurisdiction(request: HttpRequest, jurisdiction: str) -> HttpResponse:
    in_force = queries.rules()
    book = in_force.book
    if jurisdiction not in book.jurisdictions:
        raise NotFound()
    form = DayForm(request.GET if "dia" in request.GET else None, initial={"dia": today_of(request)})
    on = form.cleaned_data["dia"] if form.is_bound and form.is_valid() else today_of(request)
    pack = book.pack(jurisdiction, toggles=in_force.toggles)
    read = rulebook.readings(pack, book, on=on)
    law = [one for one in read if not one.is_house]
    ruling = [one for one in law if one.state == "in_force"]
    context = {
        "form": form,
        "on": on,
        "is_today": on == today_of(request),
        "document": pack.chain[0],
        "status": words.STATUS[pack.chain[0].meta["status"]],
        "parents": pack.chain[1:],
        "themes": [(title, rows) for title, types in words.THEMES.items() if (rows := [one for one in ruling if one.type in types])],
        "house": [one for one in read if one.is_house and one.state == "in_force"],
        "pending": [one for one in law if one.state == "pending"],
        "future": [one for one in law if one.state == "future"],
        "past": [one for one in law if one.state in {"past", "off"}],
        "ruling_count": len(ruling),
        "verified_count": sum(one.is_primary for one in ruling),
        "unverified": [one for one in ruling if one.is_unverified],
        "confidence": [(words.CONFIDENCE[code], meaning) for code, meaning in words.CONFIDENCE_MEANING.items()],
        "version": in_force.version,
    }
    return render(request, "law/jurisdiction.html", context)
