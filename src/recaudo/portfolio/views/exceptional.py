"""Exceptional events: proposed, approved by another person, and the accounts that they affected."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recaudo.kernel.problems import NotFound, Problem
from recaudo.portfolio import queries, services
from recaudo.portfolio.forms import EndForm, ExceptionalEventForm, MarkForm, MarkListForm, ReasonForm
from recaudo.portfolio.models import Account, EventMark, ExceptionalEvent
from recaudo.ui.access import allow
from recaudo.ui.lookup import one
from recaudo.workforce import queries as workforce

PAGE_SIZE = 50


@allow("portfolio.view")
@require_safe
def events(request: HttpRequest) -> HttpResponse:
    lines = queries.event_lines(on=services.local_day(timezone.now()))
    return render(request, "portfolio/exceptional_events.html", {"lines": lines, "today": services.local_day(timezone.now())})


@allow("strategy.edit")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    form = ExceptionalEventForm(request.POST or None, initial={"from_on": services.local_day(timezone.now())})
    if request.method == "POST" and form.is_valid():
        try:
            made = services.propose_event(by=request.user, at=timezone.now(), **form.cleaned_data)
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, "Suceso propuesto: falta que otra persona lo apruebe.")
            return redirect("portfolio:exceptional-event", made.id)
    return render(request, "portfolio/exceptional_new.html", {"form": form}, status=422 if form.is_bound else 200)


@allow("portfolio.view")
@require_safe
def event(request: HttpRequest, exceptional_id: UUID) -> HttpResponse:
    return _page(request, _event(exceptional_id))


@allow("portfolio.view")
@require_safe
def comparison(request: HttpRequest, exceptional_id: UUID) -> HttpResponse:
    """A fragment: the affected beside the rest."""
    found = _event(exceptional_id)
    groups = queries.event_groups(found, on=services.local_day(timezone.now()))
    return render(request, "portfolio/_exceptional_groups.html", {"groups": groups, "event": found})


@allow("portfolio.edit")
@require_POST
def mark_list(request: HttpRequest, exceptional_id: UUID) -> HttpResponse:
    found, form = _event(exceptional_id), MarkListForm(request.POST)
    if not form.is_valid():
        return _page(request, found, list_form=form, status=422)
    try:
        listed = services.mark_listed(found, text=form.cleaned_data["lines"], by=request.user, at=timezone.now())
    except Problem as problem:
        form.add_error("lines", problem.text)
        return _page(request, found, list_form=form, status=422)
    if listed.refused:
        return _page(request, found, listed=listed, list_form=MarkListForm(initial={"lines": "\n".join(text for _, text, _ in listed.refused)}))
    messages.success(request, f"Cuentas marcadas: {listed.marked}.")
    return redirect("portfolio:exceptional-event", found.id)


@allow("strategy.approve")
@require_POST
def approve(request: HttpRequest, exceptional_id: UUID) -> HttpResponse:
    return _done(request, _event(exceptional_id), services.approve_event, "Suceso aprobado: ya se pueden marcar cuentas.")


@allow("strategy.approve|strategy.edit")
@require_POST
def reject(request: HttpRequest, exceptional_id: UUID) -> HttpResponse:
    """Refuse an event; whoever may not approve can only take back their own."""
    found = _event(exceptional_id)
    if not request.user.may("strategy.approve") and found.proposed_by_id != request.user.id:
        raise NotFound()
    return _done(request, found, services.reject_event, "El suceso no se usará.", answer=request.POST.get("reason", "")[:200])


@allow("strategy.approve")
@require_POST
def end(request: HttpRequest, exceptional_id: UUID) -> HttpResponse:
    found, form = _event(exceptional_id), EndForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Escriba el último día que cuenta.")
        return redirect("portfolio:exceptional-event", found.id)
    return _done(request, found, services.end_event, "Se fijó el término del suceso.", on=form.cleaned_data["until_on"])


@allow("portfolio.view")
@require_http_methods(["GET", "POST"])
def account_events(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """A fragment of the account page: what events affected it; with hold.open, one more mark or its proof."""
    account = _account(account_id)
    if request.method == "GET":
        return _fragment(request, account)
    if not request.user.may("hold.open"):
        raise NotFound()
    open_events = queries.events_for(account, on=services.local_day(timezone.now()))
    form = MarkForm(request.POST, events=open_events)
    if form.is_valid():
        typed = form.cleaned_data
        chosen = next(one for one in open_events if str(one.id) == typed["event"])
        try:
            services.mark_affected(
                chosen, account=account, evidence_kind=typed["evidence_kind"], evidence=typed["evidence"], by=request.user, at=timezone.now()
            )
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            return _fragment(request, account)
    return _fragment(request, account, form=form)


@allow("hold.release")
@require_POST
def withdraw(request: HttpRequest, account_id: UUID, mark_id: UUID) -> HttpResponse:
    account = _account(account_id)
    mark = one(EventMark.objects.all(), id=mark_id, account_id=account.id)
    try:
        services.withdraw_mark(mark, reason=request.POST.get("reason", ""), by=request.user, at=timezone.now())
    except Problem as problem:
        return _fragment(request, account, refused=problem.text)
    return _fragment(request, account)


def _done(request: HttpRequest, found: ExceptionalEvent, service: Any, told: str, **typed: Any) -> HttpResponse:
    try:
        service(found, by=request.user, at=timezone.now(), **typed)
    except Problem as problem:
        messages.error(request, problem.text)
    else:
        messages.success(request, told)
    return redirect("portfolio:exceptional-event", found.id)


def _page(request: HttpRequest, found: ExceptionalEvent, *, status: int = 200, **more: Any) -> HttpResponse:
    marks = list(queries.marks_of_event(found, after=_uuid(request.GET.get("after", "")))[: PAGE_SIZE + 1])
    today = services.local_day(timezone.now())
    people = [key for key in (found.proposed_by_id, found.decided_by_id) if key]
    context = {
        "event": found, "marks": marks[:PAGE_SIZE], "next_cursor": str(marks[PAGE_SIZE - 1].id) if len(marks) > PAGE_SIZE else "", "today": today,
        "names": dict(workforce.users().filter(id__in=people).values_list("id", "name")), "is_open": found.is_approved and (found.until_on is None or found.until_on >= today),
        "list_form": MarkListForm(), "end_form": EndForm(initial={"until_on": today}), "reject_form": ReasonForm(), "own": request.user.id, **more,
    }  # fmt: skip
    return render(request, "portfolio/exceptional_event.html", context, status=status)


def _fragment(request: HttpRequest, account: Account, *, form: MarkForm | None = None, refused: str = "") -> HttpResponse:
    today = services.local_day(timezone.now())
    open_events = queries.events_for(account, on=today)
    context = {
        "account": account, "marks": queries.marks_of(account.id), "events": open_events, "form": form or MarkForm(events=open_events), "today": today,
        "refused": refused,
    }  # fmt: skip
    return render(request, "portfolio/_account_events.html", context)


def _event(exceptional_id: UUID) -> ExceptionalEvent:
    found: ExceptionalEvent = one(ExceptionalEvent.objects.select_related("creditor", "portfolio"), id=exceptional_id)
    return found


def _account(account_id: UUID) -> Account:
    found: Account = one(Account.objects.select_related("portfolio", "holder"), id=account_id)
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
