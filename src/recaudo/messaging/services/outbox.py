"""The outbox: released actions become messages, at the second of sending and not before.

    claim      planned actions of released waves, in chunks, SKIP LOCKED
    ask        the gate, for each one: casework.clear gives a Permit or refuses
    write      the message, `in_flight`, and commit: a crash from here on leaves a mark
    send       outside any transaction
    settle     sent, failed or unknown; the action gets its outcome

A message whose fate is not known is never sent again by itself unless its provider is idempotent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from recaudo.agreements.models import Promise
from recaudo.casework import services as casework
from recaudo.casework.models import Action, Wave
from recaudo.casework.permit import Permit
from recaudo.journal import services as journal
from recaudo.kernel.money import shown
from recaudo.kernel.problems import Problem
from recaudo.messaging.adapters import NotSent, Outgoing, Transport, transport
from recaudo.messaging.models import Message, Template
from recaudo.messaging.services.links import stop_link
from recaudo.messaging.services.rendering import Merge, render
from recaudo.portfolio.models import Account, ContactPoint, Person
from recaudo.store import tenancy
from recaudo.store.keys import derived
from recaudo.workforce.models import Tenant

WRITTEN = ("sms", "im", "email")
CHUNK = 50
LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 5
PRODUCT_ES = {"credit_card": "tarjeta", "instalment_loan": "crédito", "invoice": "factura", "other": "cuenta"}


class NoTemplate(Problem):
    code = "no_template"
    message = "No hay una plantilla aprobada «{code}» para {channel}."


@dataclass(slots=True)
class Dispatched:
    """What one dispatch did."""

    sent: int = 0
    refused: int = 0
    postponed: int = 0
    failed: int = 0
    unknown: int = 0
    by_rule: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Flight:
    """A message on its way: what to send, and where to write what became of it."""

    message: Message
    action: Action
    permit: Permit
    outgoing: Outgoing


def dispatch(tenant: Tenant, *, at: datetime, limit: int = 1000) -> Dispatched:
    """Send what is released and lawful now, up to `limit` messages. Call outside a transaction.

    The law, holds, payments and the pause button are asked again for every single message, in the transaction that marks it
    in flight; so what arrives one second earlier still stops it.
    """
    done = Dispatched()
    carriers: dict[str, Transport] = {}
    for channel in WRITTEN:
        while done.sent + done.failed + done.unknown < limit:
            with tenancy.acting(tenant.id):
                flights, asked = _claim(tenant, channel, at, done)
            for flight in flights:
                _fly(flight, carriers, tenant, at, done)
            if not asked:
                break
    if done.sent:
        with tenancy.acting(tenant.id):
            journal.record("messages.sent", by=journal.SYSTEM, at=at, sent=done.sent, refused=done.refused, by_rule=done.by_rule)
    return done


def send_now(tenant: Tenant, action: Action, *, at: datetime, by: Any) -> Message:
    """Send one message that a person asked for. Call outside a transaction. Raises ContactRefused, NoTemplate."""
    with tenancy.acting(tenant.id):
        locked = Action.objects.select_for_update().get(pk=action.pk, created_at=action.created_at)
        templates = _templates([locked])
        flight = _board(tenant, locked, templates, at, by)
    done = Dispatched()
    _fly(flight, {}, tenant, at, done)
    return flight.message


def sweep(tenant: Tenant, *, at: datetime) -> int:
    """Messages left in flight by a crash: tried again where the provider is idempotent, else `unknown`. Returns how many."""
    swept = 0
    with tenancy.acting(tenant.id):
        lost = Message.objects.select_for_update(skip_locked=True).filter(status="in_flight", leased_until__lt=at)
        for message in lost[:500]:
            carrier = _carrier({}, message.channel, message.provider)
            swept += 1
            if carrier.idempotent:
                message.status, message.leased_until = "leased", None
                message.save(update_fields=["status", "leased_until"])
                Action.objects.filter(pk=message.action_id, status="in_progress").update(status="planned")
            else:
                message.status, message.reason = "unknown", "el proceso se interrumpió durante el envío"
                message.save(update_fields=["status", "reason"])
    return swept


def _claim(tenant: Tenant, channel: str, at: datetime, done: Dispatched) -> tuple[list[_Flight], int]:
    ready = Q(wave_id__in=Wave.objects.filter(status="released").values("id")) | Q(wave_id=None)
    actions = list(
        Action.objects.select_for_update(skip_locked=True)
        .filter(ready, status="planned", channel=channel, direction="out", template__gt="", created_at__gte=at - timedelta(days=40))
        .filter(Q(not_before_at=None) | Q(not_before_at__lte=at))
        .order_by("-priority", "id")[:CHUNK]
    )
    templates = _templates(actions)
    flights = []
    for action in actions:
        try:
            flights.append(_board(tenant, action, templates, at, journal.SYSTEM))
        except casework.ContactRefused as refusal:
            _refuse(action, refusal, at, done)
        except NoTemplate as problem:
            casework.cancel(action, reason="sin plantilla", by=journal.SYSTEM, at=at, note=problem.text)
            done.failed += 1
    return flights, len(actions)


def _board(tenant: Tenant, action: Action, templates: dict[tuple[str, str], Template], at: datetime, by: Any) -> _Flight:
    """Ask the gate and, with its Permit, write the message that is about to go."""
    template = templates.get((action.template, action.channel))
    if template is None:
        raise NoTemplate(code=action.template, channel=action.channel)
    point = ContactPoint.objects.select_related("person").filter(pk=action.contact_point_id).first()
    permit = casework.clear(action=action, contact_point=point, at=at, by=by)
    assert point is not None  # no Permit without a contact point
    text = compose(tenant, action, point.person, point, at=at)
    message_id = derived(action.created_at.date(), tenant.id, "message", action.id)
    link = text.enlace_baja
    message, _ = Message.objects.update_or_create(
        id=message_id, created_at=action.created_at, tenant_id=tenant.id,
        defaults={
            "action_id": action.id, "person_id": action.person_id, "account_id": action.account_id,
            "contact_point_id": point.id, "channel": action.channel, "provider": settings.PROVIDERS[action.channel],
            "template_id": template.id, "to": point.value, "to_hint": point.hint,
            "subject": render(template.subject, text), "body": render(template.body, text), "status": "in_flight",
            "leased_until": at + LEASE,
        },
    )  # fmt: skip
    Action.objects.filter(pk=action.pk, created_at=action.created_at).update(status="in_progress")
    action.status = "in_progress"
    outgoing = Outgoing(str(message_id), point.value, message.body, message.subject or "", link)
    return _Flight(message, action, permit, outgoing)


def _fly(flight: _Flight, carriers: dict[str, Transport], tenant: Tenant, at: datetime, done: Dispatched) -> None:
    """Hand one message to its provider, outside any transaction, and write what became of it."""
    message = flight.message
    try:
        provider_id = _carrier(carriers, message.channel, message.provider).send(flight.outgoing)
    except NotSent as problem:
        with tenancy.acting(tenant.id):
            _not_sent(flight, problem, at, done)
        return
    with tenancy.acting(tenant.id):
        _update(message, status="sent", provider_id=provider_id, sent_at=at, leased_until=None, attempts=message.attempts + 1)
        casework.close_action(
            flight.action, outcome=casework.Outcome(disposition="DG01"), permit=flight.permit, by=journal.SYSTEM, at=at
        )
    done.sent += 1


def _not_sent(flight: _Flight, problem: NotSent, at: datetime, done: Dispatched) -> None:
    message, attempts = flight.message, flight.message.attempts + 1
    if problem.kind == "retry" and attempts < MAX_ATTEMPTS:
        wait = timedelta(seconds=problem.after_seconds or 60 * 2**attempts)
        _update(message, status="queued", reason=problem.reason, attempts=attempts, leased_until=None)
        _update_action(flight.action, status="planned", not_before_at=at + wait)
        done.postponed += 1
    elif problem.kind == "unknown":
        _update(message, status="unknown", reason=problem.reason, attempts=attempts)
        casework.close_action(
            flight.action, outcome=casework.Outcome(disposition="DG01"), permit=flight.permit, by=journal.SYSTEM, at=at
        )
        done.unknown += 1
    else:
        _update(message, status="failed", reason=problem.reason, attempts=attempts, leased_until=None)
        casework.close_action(
            flight.action, outcome=casework.Outcome(disposition="DG06"), permit=flight.permit, by=journal.SYSTEM, at=at
        )
        done.failed += 1


def _refuse(action: Action, refusal: casework.ContactRefused, at: datetime, done: Dispatched) -> None:
    """The gate said no: wait for the next lawful moment if there is one before the action expires, else it ends refused."""
    rule = refusal.data["rule"]
    done.by_rule[rule] = done.by_rule.get(rule, 0) + 1
    later = refusal.data.get("next_allowed_at")
    if later and (action.expires_at is None or later < action.expires_at):
        _update_action(action, not_before_at=later)
        done.postponed += 1
    else:
        _update_action(action, status="refused", permit_rule=rule)
        done.refused += 1


def compose(tenant: Tenant, action: Action, person: Person, point: ContactPoint, *, at: datetime) -> Merge:
    """What a message about an account says, from the balances of this moment."""
    account = Account.objects.select_related("creditor").get(pk=action.account_id)
    promise = Promise.objects.filter(account=account, status="active").first()
    creditor = account.creditor
    due = account.next_due_on if account.dpd == 0 else account.oldest_due_on
    return Merge(
        nombre=person.name.split()[0].title() if person.kind == "natural" else person.name,
        acreedor=creditor.name,
        producto=PRODUCT_ES.get(account.product, "cuenta"),
        cuenta=account.number[-4:] if account.product != "invoice" else account.number,
        saldo=shown(account.overdue_minor, account.currency),
        saldo_total=shown(account.balance_minor, account.currency),
        vence=_day(due),
        dias=str(account.dpd),
        promesa_monto=shown(promise.amount_minor, promise.currency) if promise else "",
        promesa_fecha=_day(promise.due_on) if promise else "",
        referencia=account.pay_reference,
        como_pagar=creditor.how_to_pay,
        quejas=creditor.complaint_contact,
        organizacion=tenant.name,
        hoy=_day(at.date()),
        enlace_baja=stop_link(tenant.id, point.id, action.channel),
    )


_MONTHS = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic")


def _day(value: date | None) -> str:
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}" if value else ""


def _templates(actions: list[Action]) -> dict[tuple[str, str], Template]:
    codes = {action.template for action in actions}
    found: QuerySet[Template] = Template.objects.filter(code__in=codes, status="approved", language="es")
    return {(template.code, template.channel): template for template in found}


def _carrier(carriers: dict[str, Transport], channel: str, provider: str) -> Transport:
    key = f"{channel}/{provider}"
    if key not in carriers:
        options = {
            "host": settings.EMAIL_HOST, "port": settings.EMAIL_PORT, "user": settings.EMAIL_HOST_USER,
            "password": settings.EMAIL_HOST_PASSWORD, "tls": settings.EMAIL_USE_TLS, "sender": settings.DEFAULT_FROM_EMAIL,
            "timeout_seconds": settings.EMAIL_TIMEOUT,
        }  # fmt: skip
        carriers[key] = transport(channel, provider, options)
    return carriers[key]


def _update(message: Message, **changes: Any) -> None:
    # The key of a partitioned table is (id, created_at): naming both reads one partition.
    Message.objects.filter(pk=message.pk, created_at=message.created_at).update(**changes)
    for name, value in changes.items():
        setattr(message, name, value)


def _update_action(action: Action, **changes: Any) -> None:
    Action.objects.filter(pk=action.pk, created_at=action.created_at).update(**changes)
