"""The account page and what can be done on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recaudo.casework import services as casework
from recaudo.casework.models import Dispute, Hold
from recaudo.casework.queries.timeline import PAGE as TIMELINE_PAGE
from recaudo.casework.services import ContactRefused
from recaudo.casework.words import CANCEL_ES, DISPUTE_ES
from recaudo.desk import queries, services
from recaudo.desk.forms import (
    STAGE_ES,
    STATUS_ES,
    DisputeForm,
    HoldForm,
    InboundForm,
    InsistForm,
    NoteForm,
    OutcomeForm,
    PromiseForm,
    ReasonForm,
    ResolveForm,
    until_at,
)
from recaudo.desk.queries import AccountPage
from recaudo.desk.script import Script, script
from recaudo.desk.views.lookup import account_of, action_of, note_seen, point_of, zone_of
from recaudo.desk.views.queue import go
from recaudo.engine.facts import PRODUCT_ES
from recaudo.kernel.problems import NotFound, Problem
from recaudo.kernel.time import local
from recaudo.ui.access import allow

# What a source did not send and a stated rule filled in (`account.derived`).
DERIVED_ES = {
    "dpd": "días de atraso", "due_on": "vencimiento", "overdue": "vencido", "instalments_overdue": "cuotas vencidas",
    "next_due_on": "próximo vencimiento", "next_amount": "próxima cuota", "worst_status_6m": "peor atraso en 6 meses",
    "last_payment_on": "fecha del último pago",
}  # fmt: skip


@allow("portfolio.view")
@require_safe
def account(request: HttpRequest, account_id: UUID) -> HttpResponse:
    return _page(request, account_id)


@allow("person.view")
@require_safe
def history(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """A further page of the timeline, as a fragment."""
    moments = queries.history(account_id, before=_key(request.GET.get("antes", "")))
    return render(
        request,
        "desk/_timeline.html",
        {"moments": moments, "account_id": account_id, "more": len(moments) == TIMELINE_PAGE},
    )


@allow("work.take")
@require_POST
def call(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Ask the gate for a call to a number. The refusal is shown, and stays written."""
    found, point, now = account_of(account_id), point_of(request.POST.get("medio", "")), timezone.now()
    rest, insist = queries.rest_of(found, on=local(now, request.zone).date()), InsistForm(request.POST)
    if rest is not None and not insist.is_valid():
        shown = insist if "reason" in request.POST else InsistForm()
        return _page(request, account_id, rest=rest, insist_form=shown, insist_point=point, status=409)
    insisted = {"rest": rest.why_es, "reason": insist.cleaned_data["reason"]} if rest is not None else {}
    try:
        services.start_call(account=found, person=point.person, point=point, by=request.user, at=now, **insisted)
    except ContactRefused as problem:
        return _page(request, account_id, refused=problem, status=problem.status)
    return redirect("desk:account", account_id)


@allow("work.take")
@require_safe
def rest(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """A fragment: that the strategy leaves this account in peace today; nothing when it does not."""
    found = queries.rest_of(account_of(account_id), on=local(timezone.now(), request.zone).date())
    return render(request, "desk/_rest.html", {"rest": found})


@allow("work.take")
@require_POST
def inbound(request: HttpRequest, account_id: UUID) -> HttpResponse:
    found, form = account_of(account_id), InboundForm(request.POST)
    if not form.is_valid():
        return _page(request, account_id, status=422)
    services.register_inbound(
        account=found, person=found.holder, channel=form.cleaned_data["channel"], by=request.user, at=timezone.now()
    )
    return redirect("desk:account", account_id)


@allow("work.take")
@require_http_methods(["GET", "POST"])
def outcome(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """GET: the fields that a disposition asks for, as a fragment. POST: close the action with its outcome."""
    action = action_of(action_id, request)
    now = timezone.now()
    page = queries.account_page(action.account_id, user_id=request.user.id, at=now)
    form = _outcome_form(request, page, action.channel, request.POST if request.method == "POST" else request.GET)
    if request.method == "GET":
        return render(request, "desk/_outcome.html", {"outcome_form": _unbound(form), "action": action, "page": page})
    if form.is_valid():
        try:
            if "siguiente" in request.POST:
                return go(request, services.finish_and_next(action, outcome=form.outcome(), by=request.user, at=now))
            services.finish(action, outcome=form.outcome(), by=request.user, at=now)
        except Problem as problem:
            form.add_error(None, _explained(problem, form.zone))
        else:
            messages.success(request, "Resultado guardado.")
            return redirect("desk:account", action.account_id)
    return _page(request, page.account.id, outcome_form=form, status=422)


@allow("work.take")
@require_POST
def identity(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """What the person confirmed: from here on the script may speak of the debt."""
    action = action_of(action_id, request)
    try:
        casework.check_identity(action=action, checked=request.POST.getlist("dato"), by=request.user, at=timezone.now())
    except Problem as problem:
        messages.error(request, problem.text)
    else:
        messages.success(request, "Identidad verificada: ya puede hablar de la cuenta.")
    return redirect("desk:account", action.account_id)


@allow("promise.record")
@require_POST
def promise(request: HttpRequest, account_id: UUID) -> HttpResponse:
    found = account_of(account_id)
    form = PromiseForm(request.POST, account=found)
    if form.is_valid():
        typed = form.cleaned_data
        try:
            services.promise_at_the_desk(
                account=found, person=found.holder, amount_minor=typed["amount"], due_on=typed["due_on"], means=typed["means"],
                channel=typed["channel"], by=request.user, at=timezone.now(),
            )  # fmt: skip
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, "Promesa registrada: la cobranza de esta cuenta espera hasta su fecha.")
            return redirect("desk:account", account_id)
    return _page(request, account_id, promise_form=form, status=422)


@allow("hold.open")
@require_POST
def hold(request: HttpRequest, account_id: UUID) -> HttpResponse:
    found, form = account_of(account_id), HoldForm(request.POST)
    if form.is_valid():
        typed = form.cleaned_data
        try:
            casework.open_hold(
                person=found.holder, account=found if typed["scope"] == "account" else None, kind=typed["kind"], reason=typed["reason"],
                until_at=until_at(typed["until_on"], request.zone), by=request.user, at=timezone.now(),
            )  # fmt: skip
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, "Suspensión aplicada: lo pendiente se canceló.")
            return redirect("desk:account", account_id)
    return _page(request, account_id, hold_form=form, status=422)


@allow("hold.release")
@require_POST
def hold_release(request: HttpRequest, account_id: UUID, hold_id: UUID) -> HttpResponse:
    found = account_of(account_id)
    held = Hold.objects.filter(id=hold_id, person_id=found.holder_id).first()
    if held is None:
        raise NotFound()
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Escriba por qué se libera la suspensión.")
        return redirect("desk:account", account_id)
    casework.release_hold(held, reason=form.cleaned_data["reason"], by=request.user, at=timezone.now())
    messages.success(request, "Suspensión liberada.")
    return redirect("desk:account", account_id)


@allow("hold.open")
@require_POST
def dispute(request: HttpRequest, account_id: UUID) -> HttpResponse:
    found, form = account_of(account_id), DisputeForm(request.POST)
    if not form.is_valid():
        return _page(request, account_id, dispute_form=form, status=422)
    typed = form.cleaned_data
    casework.open_dispute(
        person=found.holder, account=found, kind=typed["kind"], text=typed["text"], by=request.user, at=timezone.now()
    )
    messages.success(request, "Aclaración abierta: la cobranza de esta cuenta se detiene mientras se revisa.")
    return redirect("desk:account", account_id)


@allow("hold.release")
@require_POST
def dispute_resolve(request: HttpRequest, account_id: UUID, dispute_id: UUID) -> HttpResponse:
    found = account_of(account_id)
    claim = Dispute.objects.filter(id=dispute_id, person_id=found.holder_id).first()
    form = ResolveForm(request.POST)
    if claim is None:
        raise NotFound()
    if not form.is_valid():
        messages.error(request, "Elija la resolución y escriba la respuesta.")
        return redirect("desk:account", account_id)
    casework.resolve_dispute(
        claim,
        status=form.cleaned_data["status"],
        resolution=form.cleaned_data["resolution"],
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, "Aclaración resuelta.")
    return redirect("desk:account", account_id)


@allow("work.take|person.edit")
@require_POST
def note(request: HttpRequest, account_id: UUID) -> HttpResponse:
    found, form = account_of(account_id), NoteForm(request.POST)
    if form.is_valid():
        casework.add_note(
            person=found.holder, account=found, text=form.cleaned_data["text"], by=request.user, at=timezone.now()
        )
        messages.success(request, "Nota guardada.")
    else:
        messages.error(request, "Escriba la nota.")
    return redirect("desk:account", account_id)


def _page(
    request: Any, account_id: UUID, *, status: int = 200, refused: ContactRefused | None = None, **forms: Any
) -> HttpResponse:
    now = timezone.now()
    page = queries.account_page(account_id, user_id=request.user.id, at=now)
    sees_person = request.user.may("person.view")
    if sees_person:
        note_seen(request, page.person, now)
    moments = queries.page_timeline(page) if sees_person else []
    context = {
        "page": page, "account": page.account, "person": page.person, "case": page.case, "action": page.action,
        "moments": moments, "more": len(moments) == TIMELINE_PAGE, "account_id": page.account.id,
        "sees_person": sees_person, "masked_id": _masked_id(page) if sees_person else "",
        "person_zone": zone_of(page.person, request), "now": now, "refused": refused,
        "script": _script(request, page, now) if request.user.may("work.take") else None,
        "status_es": STATUS_ES.get(page.account.status, page.account.status), "stage_es": STAGE_ES.get(page.account.stage, page.account.stage),
        "product_es": PRODUCT_ES.get(page.account.product, page.account.product), "statuses": STATUS_ES, "disputes_es": DISPUTE_ES,
        "derived": [DERIVED_ES.get(name, name) for name in page.account.derived],
        "is_locked_by_other": _locked_by_other(page, request, now), "cancel_es": CANCEL_ES,
        "inbound_form": InboundForm(), "note_form": NoteForm(), "release_form": ReasonForm(), "resolve_form": ResolveForm(),
        "hold_form": HoldForm(), "dispute_form": DisputeForm(), "promise_form": PromiseForm(account=page.account),
        "outcome_form": _outcome_form(request, page, page.action.channel, None) if page.action else None,
        "identified": [casework.IDENTITY_ES.get(one, one) for one in page.checked], "identity_form": list(casework.IDENTITY_ES.items()),
        **forms,
    }  # fmt: skip
    return render(request, "desk/account.html", context, status=status)


def _outcome_form(request: Any, page: AccountPage, channel: str, data: Any) -> OutcomeForm:
    zone = zone_of(page.person, request)
    return OutcomeForm(
        data, channel=channel, account=page.account, zone=zone, may_ask_reason=page.may_ask_reason,
        today=casework.day_of(page.person, timezone.now()),
    )  # fmt: skip


def _unbound(form: OutcomeForm) -> OutcomeForm:
    """The same fields and what was typed so far, without complaints: nobody has sent it yet."""
    form.is_bound = False
    form.initial = {name: value for name, value in form.data.items() if name in form.fields}
    return form


def _script(request: Any, page: AccountPage, now: datetime) -> Script:
    account = page.account
    return script(
        agent=request.user.name, organisation=request.organisation.name, creditor=account.creditor.name, person=page.person.name,
        id_type=page.person.id_type, product=account.product, balance_minor=account.balance_minor, overdue_minor=account.overdue_minor,
        currency=account.currency, dpd=account.dpd, on=account.accrued_on or now.date(), pay_reference=account.pay_reference,
        may_ask_reason=page.may_ask_reason, promise_due_on=page.promise.due_on if page.promise else None,
    )  # fmt: skip


def _masked_id(page: AccountPage) -> str:
    text = page.person.national_id
    return f"{page.person.id_type} ···{text[-3:]}" if text else ""


def _locked_by_other(page: AccountPage, request: HttpRequest, now: datetime) -> bool:
    case = page.case
    return bool(case and case.locked_until and case.locked_until > now and case.locked_by_id != request.user.id)


def _explained(problem: Problem, zone: str) -> str:
    if isinstance(problem, ContactRefused) and problem.next_allowed_at is not None:
        return f"{problem.text} Próxima hora permitida: {local(problem.next_allowed_at, zone):%d/%m/%Y %H:%M}, hora de la persona."
    return problem.text


def _key(text: str) -> tuple[datetime, UUID] | None:
    try:
        at, _, last = text.partition("~")
        return datetime.fromisoformat(at), UUID(last)
    except ValueError:
        return None
