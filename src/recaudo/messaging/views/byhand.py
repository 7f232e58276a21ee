"""A message by hand, from an account: choose, look, ask the gate, send. A fragment for the account page; a page by itself too."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from recaudo.journal import services as journal
from recaudo.messaging import queries, services
from recaudo.messaging.forms import SendForm
from recaudo.messaging.models import Template
from recaudo.messaging.services import Draft
from recaudo.messaging.services.byhand import POINT_KIND
from recaudo.messaging.views.mailbox import account_url
from recaudo.portfolio.models import Account, ContactPoint
from recaudo.ui.access import allow
from recaudo.ui.lookup import one
from recaudo.workforce.models import Tenant

UNUSABLE = ("invalid", "wrong_party", "opted_out")


@allow("message.send")
@require_http_methods(["GET", "POST"])
def send(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = one(Account.objects.select_related("holder", "creditor"), id=account_id)
    form = _form(request, account)
    if request.method == "POST" and form.is_valid():
        draft = _draft(request, account, form)
        if draft.answer.allowed and draft.point is not None:
            action = services.queue_message(account=account, template=draft.template, point=draft.point, by=request.user, at=timezone.now())
            _go(account.tenant_id, action.id, draft.template.channel)
            messages.success(request, "El mensaje está saliendo; la norma se revisa una vez más al enviarlo.")
            return redirect(account_url(account.id) or "messaging:mailbox")
        return _page(request, account, form, draft)
    journal.record("person.viewed", by=request.user, at=timezone.now(), subject="person", subject_id=account.holder_id, page="send")
    return _page(request, account, form, None)


@allow("message.send")
@require_safe
def preview(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """A fragment: the message as it would read, to whom, and the gate's word."""
    account = one(Account.objects.select_related("holder", "creditor"), id=account_id)
    form = _form(request, account)
    draft = _draft(request, account, form) if form.is_valid() else None
    return render(request, "messaging/_draft.html", {"draft": draft})


def _go(tenant_id: UUID, action_id: UUID, channel: str) -> None:
    """After the commit, and only into the test mailbox: a real provider's pace is the worker's business, not a page's."""
    if settings.PROVIDERS.get(channel) == "sandbox":
        transaction.on_commit(lambda: services.send_now(Tenant.objects.get(id=tenant_id), action_id, at=timezone.now()))


def _form(request: HttpRequest, account: Account) -> SendForm:
    given = request.POST if request.method == "POST" else request.GET if "template" in request.GET else None
    kinds = set(POINT_KIND.values())
    points = ContactPoint.objects.filter(person_id=account.holder_id, kind__in=kinds).exclude(status__in=UNUSABLE).defer("value")
    return SendForm(given, templates=queries.sendable(), points=points.order_by("-ownership_score", "id"))


def _draft(request: HttpRequest, account: Account, form: SendForm) -> Draft:
    template: Template = form.cleaned_data["template"]
    kind = POINT_KIND[template.channel]
    chosen: ContactPoint | None = form.cleaned_data["point"]
    point = chosen if chosen is not None and chosen.kind == kind else None
    if point is None:
        point = form.fields["point"].queryset.filter(kind=kind).first()  # type: ignore[attr-defined]
    tenant = Tenant.objects.get(id=account.tenant_id)
    return services.draft(tenant, account=account, template=template, point=point, at=timezone.now(), by=request.user)


def _page(request: HttpRequest, account: Account, form: SendForm, draft: Draft | None) -> HttpResponse:
    context: dict[str, Any] = {"account": account, "form": form, "draft": draft, "account_url": account_url(account.id)}
    return render(request, "messaging/_send.html" if request.htmx else "messaging/send.html", context)
