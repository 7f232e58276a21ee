"""The test mailbox: what the sandbox carried, as the person would see it, with what the person would do; and answers that wait."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from recaudo.casework.models import Action
from recaudo.journal import services as journal
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.problems import NotFound
from recaudo.messaging import queries, services
from recaudo.messaging.forms import ReplyForm
from recaudo.messaging.models import Message, Template
from recaudo.portfolio.models import Account, ContactPoint, Person
from recaudo.store.keys import uuid7
from recaudo.ui.access import allow
from recaudo.ui.lookup import one

CHANNELS = ("im", "sms", "email")
ANSWERS_SHOWN = 50
KINDS = {"delivered": "Entregado", "read": "Leído", "failed": "No llegó"}


@allow("message.view")
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    channel = request.GET.get("canal", "")
    found = queries.conversations(channel=channel if channel in CHANNELS else "")
    context = {**_shell(found, channel), "answers": _answers()}
    return render(request, "messaging/mailbox.html", context)


@allow("message.view")
@require_safe
def conversation(request: HttpRequest, person_id: UUID, channel: str) -> HttpResponse:
    person, written = _conversation(person_id, channel)
    journal.record("person.viewed", by=request.user, at=timezone.now(), subject="person", subject_id=person.id, page="mailbox")
    chosen = request.GET.get("canal", "")
    context = {
        **_shell(queries.conversations(channel=chosen if chosen in CHANNELS else ""), chosen),
        **_thread_context(person, channel, written), "answers": [],
    }  # fmt: skip
    return render(request, "messaging/_phone.html" if request.htmx else "messaging/mailbox.html", context)


@allow("message.send")
@require_POST
def reply(request: HttpRequest, person_id: UUID, channel: str) -> HttpResponse:
    """What the person would answer, taken exactly as a provider would bring it."""
    person, written = _conversation(person_id, channel)
    last = next((message for message in reversed(written) if message.direction == "out"), None)
    if last is None:
        raise NotFound()
    point = one(ContactPoint.objects.select_related("person"), id=last.contact_point_id)
    services.receive(point=point, channel=channel, provider="sandbox", text=request.POST.get("text", ""), at=timezone.now(), reply_to=last)
    return _again(request, person, channel)


@allow("message.send")
@require_POST
def simulate(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """A receipt as the sandbox's provider would send it: delivered, read, failed."""
    message = one(Message.objects.filter(provider="sandbox", direction="out").defer("to", "body"), id=message_id)
    kind = request.POST.get("kind", "")
    if kind not in KINDS:
        raise NotFound()
    services.record_receipt(
        provider="sandbox", event_id=str(uuid7()), provider_message_id=message.provider_id, kind=kind, at=timezone.now(),
        detail={"code": "simulado"},
    )  # fmt: skip
    return _again(request, one(Person.objects.all(), id=message.person_id), message.channel)


@allow("message.view")
@require_safe
def message(request: HttpRequest, message_id: UUID) -> HttpResponse:
    found = one(Message.objects.all(), id=message_id)
    journal.record("person.viewed", by=request.user, at=timezone.now(), subject="person", subject_id=found.person_id, page="message")
    context = {
        "message": found,
        "person": one(Person.objects.all(), id=found.person_id),
        "account": Account.objects.select_related("creditor").filter(id=found.account_id).first(),
        "account_url": account_url(found.account_id),
        "action": Action.objects.filter(id=found.action_id).first(),
        "template": Template.objects.filter(id=found.template_id).first(),
    }
    return render(request, "messaging/message.html", context)


@allow("message.send|work.take")
@require_POST
def attend(request: HttpRequest, message_id: UUID) -> HttpResponse:
    services.attend(one(Message.objects.all(), id=message_id), by=request.user, at=timezone.now())
    messages.success(request, "La respuesta quedó atendida.")
    return redirect("messaging:mailbox")


def account_url(account_id: UUID | None) -> str:
    """Where the account's page is; nothing while there is none."""
    if account_id is None:
        return ""
    try:
        return reverse("desk:account", args=[account_id])
    except NoReverseMatch:
        return ""


def _again(request: HttpRequest, person: Person, channel: str) -> HttpResponse:
    if not request.htmx:
        return redirect("messaging:conversation", person.id, channel)
    written = queries.thread(person_id=person.id, channel=channel)
    return render(request, "messaging/_phone.html", _thread_context(person, channel, written))


def _conversation(person_id: UUID, channel: str) -> tuple[Person, list[Message]]:
    if channel not in CHANNELS:
        raise NotFound()
    written = queries.thread(person_id=person_id, channel=channel)
    if not written:
        raise NotFound()
    return one(Person.objects.all(), id=person_id), written


def _shell(found: list[Message], channel: str) -> dict[str, Any]:
    people = dict(Person.objects.filter(id__in={row.person_id for row in found}).values_list("id", "name"))
    return {
        "conversations": [(row, people.get(row.person_id, "—")) for row in found],
        "channel": channel,
        "channels": [(code, CHANNEL_ES[code]) for code in CHANNELS],
    }


def _thread_context(person: Person, channel: str, written: list[Message]) -> dict[str, Any]:
    last_out = next((row for row in reversed(written) if row.direction == "out"), None)
    account_id = next((row.account_id for row in reversed(written) if row.account_id), None)
    link = None
    if last_out is not None and last_out.contact_point_id:
        link = services.stop_link(last_out.tenant_id, last_out.contact_point_id, channel, on=timezone.now().date())
    return {
        "person": person, "channel_code": channel, "thread": written, "last_out": last_out, "reply_form": ReplyForm(auto_id=False),
        "account_url": account_url(account_id), "stop_path": link[link.index("/baja/") :] if link else "", "kinds": KINDS,
    }  # fmt: skip


def _answers() -> list[tuple[Message, str, str]]:
    """Answers that wait, with the person's name and where their account is; an answer without one leads to the person's first."""
    found = list(queries.answers_waiting().defer("to")[:ANSWERS_SHOWN])
    people = dict(Person.objects.filter(id__in={row.person_id for row in found}).values_list("id", "name"))
    lost = {row.person_id for row in found if row.account_id is None}
    first = dict(Account.objects.filter(holder_id__in=lost).order_by("dpd").values_list("holder_id", "id"))
    return [(row, people.get(row.person_id, "—"), account_url(row.account_id or first.get(row.person_id))) for row in found]
