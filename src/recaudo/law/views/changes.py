"""Values of the law that the organisation changes: one rule with its form, the proposals, and what becomes of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from recaudo.engine.comply import Rule, value_on
from recaudo.kernel.problems import NotFound, Problem
from recaudo.law import queries, rulebook, services, words
from recaudo.law.forms import ChangeForm, EndForm
from recaudo.law.queries import Rules
from recaudo.law.services.changes import rule_of
from recaudo.law.views.clock import today_of
from recaudo.ui.access import allow


@allow("law.view")
@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    rows = queries.acts()
    found = queries.proposals(rows)
    toggles = queries.rules(changes=()).toggles
    shown = [(one, queries.diff(one, rows, toggles=toggles), *words.CHANGE_STATE[one.state]) for one in reversed(found)]
    context = {"rows": shown, "names": queries.names_of(found), "trouble": queries.trouble_of(rows), "acts": len(rows), "head": rows[-1].hash.hex() if rows else ""}
    return render(request, "law/changes.html", context)


@allow("law.view")
@require_safe
def change(request: HttpRequest, change_id: UUID) -> HttpResponse:
    return _change_page(request, change_id, EndForm())


@allow("law.view")
@require_safe
def rule(request: HttpRequest, rule_id: str) -> HttpResponse:
    """One rule with its values and, for whoever may propose, the form that changes them."""
    in_force = queries.rules()
    found, value = _rule(request, rule_id, in_force)
    form = ChangeForm(rule=found, value=value, initial={"since": today_of(request)})
    return _rule_page(request, found, in_force, form)


@allow("law.edit")
@require_POST
def propose(request: HttpRequest, rule_id: str) -> HttpResponse:
    in_force = queries.rules()
    found, value = _rule(request, rule_id, in_force)
    form = ChangeForm(request.POST, rule=found, value=value)
    if not form.is_valid():
        return _rule_page(request, found, in_force, form, status=422)
    given = form.cleaned_data
    try:
        made = services.propose_change(
            rule_id=rule_id, values=form.values(), since=given["since"], until=given["until"], source=form.source_given, reason=given["reason"],
            on=today_of(request), by=request.user, at=timezone.now(),
        )  # fmt: skip
    except Problem as problem:
        form.add_error(None, problem.text)
        return _rule_page(request, found, in_force, form, status=problem.status)
    messages.success(request, "La propuesta quedó firmada. No cambia nada hasta que la apruebe otra persona.")
    return redirect("law:change", made.id)


@allow("law.approve")
@require_POST
def approve(request: HttpRequest, change_id: UUID) -> HttpResponse:
    services.approve_change(change_id, by=request.user, at=timezone.now())
    messages.success(request, "Aprobado: lo obedece el próximo contacto desde el día en que rige.")
    return redirect("law:change", change_id)


@allow("law.edit|law.approve")
@require_POST
def withdraw(request: HttpRequest, change_id: UUID) -> HttpResponse:
    services.withdraw_change(change_id, by=request.user, at=timezone.now())
    messages.success(request, "La propuesta se retiró.")
    return redirect("law:change", change_id)


@allow("law.edit")
@require_POST
def end(request: HttpRequest, change_id: UUID) -> HttpResponse:
    form = EndForm(request.POST)
    if not form.is_valid():
        return _change_page(request, change_id, form, status=422)
    made = services.propose_end(change_id=change_id, reason=form.cleaned_data["reason"], by=request.user, at=timezone.now())
    messages.success(request, "Quedó propuesto terminar el cambio; falta que otra persona lo apruebe.")
    return redirect("law:change", made.id)


def _rule(request: HttpRequest, rule_id: str, in_force: Rules) -> tuple[Rule, dict[str, Any]]:
    """A rule under the changes in force, and its value today with the options resolved. Raises NotFound."""
    try:
        found = rule_of(rule_id, in_force.changes)
    except Problem as problem:
        raise NotFound() from problem
    return found, rulebook.resolved(value_on(found, today_of(request)) or {}, in_force.toggles)


def _rule_page(request: HttpRequest, found: Rule, in_force: Rules, form: ChangeForm, *, status: int = 200) -> HttpResponse:
    mine = [one for one in queries.proposals() if one.rule == found.id]
    reading = rulebook.reading(found, in_force.book, on=today_of(request), toggles=in_force.toggles)
    place = "" if found.jurisdiction == rulebook.COMMON else in_force.book.documents[found.jurisdiction].name
    context = {
        "rule": found,
        "place": place,
        "form": form,
        "reading": reading,
        "toggles": reading.toggles,
        "history": [(one, *words.CHANGE_STATE[one.state]) for one in reversed(mine)],
        "is_waiting": any(one.state == "waiting" for one in mine),
        "names": queries.names_of(mine),
    }
    return render(request, "law/rule.html", context, status=status)


def _change_page(request: HttpRequest, change_id: UUID, form: EndForm, *, status: int = 200) -> HttpResponse:
    rows = queries.acts()
    known = queries.proposals(rows)
    found = next((one for one in known if one.id == change_id), None)
    if found is None:
        raise NotFound()
    target = next((one for one in known if one.id == found.ends), None)
    seen = queries.impacts(found.id)
    context = {
        "change": found,
        "target": target,
        "diff": queries.diff(found, rows, toggles=queries.rules(changes=()).toggles),
        "state": words.CHANGE_STATE[found.state],
        "names": queries.names_of([*known]),
        "seen": seen,
        "i_saw": any(one.seen_by_id == request.user.id for one in seen),
        "mine": request.user.id,
        "form": form,
        "trouble": queries.trouble_of(rows),
        "in_force_since_past": found.since is not None and found.since <= today_of(request),
    }
    return render(request, "law/change.html", context, status=status)
