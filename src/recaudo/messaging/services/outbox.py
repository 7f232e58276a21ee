"""The outbox: released actions become messages, at the second of sending and not before.

    choose     planned actions of released waves and those made by hand, most urgent first, in chunks
    claim      one at a time: the person's lock, taken or left at once to whoever holds it (never waited for)
    ask        the gate: casework.clear gives a Permit or refuses, in the same transaction that
    write      writes the message `in_flight` and commits: a crash from here on leaves a mark
    send       outside any transaction, at once
    settle     sent, failed or unknown; the action gets its outcome

Nothing is kept in between: two dispatchers share the work through the locks alone, and one that is killed leaves at most one message
in flight. Its fate is not known: `sweep` tries it again under the same key where the provider is idempotent, and never elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q

from recaudo.casework import services as casework
from recaudo.casework.models import Action, ContactPause, Wave
from recaudo.casework.permit import Permit
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.messaging.adapters import NotSent, Outgoing, Transport, transport
from recaudo.messaging.models import Message, Template
from recaudo.messaging.services.inbox import apply_waiting
from recaudo.messaging.services.letters import Facts, approved, compose, facts_of
from recaudo.messaging.services.links import one_click
from recaudo.messaging.services.rendering import line, render, says
from recaudo.store import tenancy
from recaudo.store.keys import derived
from recaudo.workforce.models import Tenant, User

WRITTEN = ("sms", "im", "email")
CHUNK = 50
LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 5
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 60, 3600
# A planned action older than this belongs to a day long gone.
OLDEST = timedelta(days=40)
Clock = Callable[[], datetime]
PAUSED = "HOUSE-PAUSE"
NO_TEMPLATE = "no_template"


class NoTemplate(Problem):
    code = "no_template"
    message = "No hay una plantilla aprobada «{code}» para este canal: apruébela en Plantillas."
    status = 409


@dataclass(slots=True)
class Dispatched:
    """What one dispatch did, in messages. `postponed` wait for another time, `busy` for another process."""

    sent: int = 0
    refused: int = 0
    postponed: int = 0
    failed: int = 0
    unknown: int = 0
    busy: int = 0
    by_rule: dict[str, int] = field(default_factory=dict)

    @property
    def handed(self) -> int:
        """Messages that were given to a provider."""
        return self.sent + self.failed + self.unknown


@dataclass(frozen=True, slots=True)
class _Flight:
    """A message on its way: what to send, and where to write what became of it."""

    message: Message
    action: Action
    permit: Permit
    outgoing: Outgoing


class Carriers:
    """The transports of one dispatch, opened when first needed."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], Transport] = {}

    def of(self, channel: str, provider: str) -> Transport:
        if (channel, provider) not in self._open:
            self._open[channel, provider] = transport(channel, provider, options())
        return self._open[channel, provider]


def options() -> dict[str, Any]:
    """What this deployment says to its providers."""
    return {
        "host": settings.EMAIL_HOST, "port": settings.EMAIL_PORT, "user": settings.EMAIL_HOST_USER,
        "password": settings.EMAIL_HOST_PASSWORD, "tls": settings.EMAIL_USE_TLS, "sender": settings.DEFAULT_FROM_EMAIL,
        "timeout_seconds": settings.EMAIL_TIMEOUT,
    }  # fmt: skip


def dispatch(
    tenant: Tenant, *, at: datetime, limit: int = 1000, clock: Clock | None = None, carriers: Carriers | None = None,
    keep_on: Callable[[], bool] = lambda: True,
) -> Dispatched:  # fmt: skip
    """Send what is released and lawful now, up to `limit` messages. Call outside a transaction.

    clock   asked again for every message, so that a slow provider does not carry us past the closing of a window; None: always `at`
    keep_on  asked between two messages: a process that must end does not begin another

    The law, holds, payments, opt-outs and the pause button are asked for every single message, in the transaction that marks it
    in flight, a moment before it goes.
    """
    done, carriers, clock = Dispatched(), carriers or Carriers(), clock or (lambda: at)
    for channel in WRITTEN:
        seen: set[UUID] = set()
        while done.handed < limit and keep_on():
            with tenancy.acting(tenant.id):
                chunk = _chosen(channel, at=clock(), size=min(CHUNK, limit - done.handed), seen=seen)
            if not chunk:
                break
            seen |= {action_id for action_id, _ in chunk}
            for action_id, person_id in chunk:
                if not keep_on():
                    break
                _one(tenant, action_id, person_id, carriers, at=clock(), by=journal.SYSTEM, done=done)
    _report(tenant, done, clock())
    return done


def send_now(tenant: Tenant, action_id: UUID, *, at: datetime) -> Dispatched:
    """Send one message that a person asked for, without waiting for the dispatcher. Call outside a transaction."""
    done = Dispatched()
    with tenancy.acting(tenant.id):
        action = Action.objects.filter(id=action_id).first()
    if action is not None:
        _one(tenant, action.id, action.person_id, Carriers(), at=at, by=journal.SYSTEM, done=done)
        _report(tenant, done, at)
    return done


def sweep(tenant: Tenant, *, at: datetime, limit: int = 500, carriers: Carriers | None = None) -> Dispatched:
    """Settle messages that a crash left in flight. Call outside a transaction.

    An idempotent provider gets them again under the same key, if the gate still allows it; everywhere else they stay `unknown`,
    counted as made: the careful side. Messages whose action was stopped while they waited are marked so.
    """
    done, carriers = Dispatched(), carriers or Carriers()
    with tenancy.acting(tenant.id):
        _mark_stopped()
        lost = list(Message.objects.filter(status="in_flight", leased_until__lt=at).order_by("id")[:limit].values_list("id", "created_at", "person_id"))
    for message_id, created_at, person_id in lost:
        with tenancy.acting(tenant.id):
            flight = _recover(tenant, message_id, created_at, person_id, carriers, at=at, done=done)
        if flight is not None:
            _fly(flight, carriers, tenant, at, done)
    _report(tenant, done, at)
    return done


def back_off(attempts: int) -> timedelta:
    """How long to wait after so many attempts (1, 2, ...): twice as long each time, an hour at most."""
    return timedelta(seconds=min(FIRST_WAIT_SECONDS * 2 ** (attempts - 1), LONGEST_WAIT_SECONDS))


def _chosen(channel: str, *, at: datetime, size: int, seen: set[UUID]) -> list[tuple[UUID, UUID]]:
    """Actions that may go out now, with their persons. What is paused is not even looked at: it stays planned."""
    scopes = set(ContactPause.objects.filter(resumed_at=None).values_list("scope", flat=True))
    if scopes & {"all", f"channel:{channel}"}:
        return []
    creditors = [UUID(scope.partition(":")[2]) for scope in scopes if scope.startswith("creditor:")]
    waiting = Wave.objects.filter(status="released").values("id")
    found = (
        Action.objects.filter(Q(wave_id__in=waiting) | Q(wave_id=None, run_id=None), status="planned", channel=channel, direction="out")
        .filter(Q(not_before_at=None) | Q(not_before_at__lte=at), Q(expires_at=None) | Q(expires_at__gt=at))
        .filter(template__gt="", created_at__gte=at - OLDEST, case_id__isnull=False)
        .exclude(creditor_id__in=creditors)
        .exclude(id__in=seen)
        .order_by("-priority", "id")
    )
    return list(found.values_list("id", "person_id")[:size])


def _one(
    tenant: Tenant, action_id: UUID, person_id: UUID, carriers: Carriers, *, at: datetime, by: Any, done: Dispatched
) -> None:
    with tenancy.acting(tenant.id):
        flight = _board(tenant, action_id, person_id, at=at, by=by, done=done)
    if flight is not None:
        _fly(flight, carriers, tenant, at, done)


def _take(person_id: UUID) -> bool:
    """The gate's own lock of the person, if nobody has it: whoever works the person now comes first."""
    with connection.cursor() as cursor:
        key = f"person:{tenancy.tenant_id()}:{person_id}"
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 11))", [key])
        return bool(cursor.fetchone()[0])


def _board(tenant: Tenant, action_id: UUID, person_id: UUID, *, at: datetime, by: Any, done: Dispatched) -> _Flight | None:
    """Ask the gate and, with its Permit, write the message that is about to go. None when it does not go."""
    if not _take(person_id):
        done.busy += 1
        return None
    action = Action.objects.filter(id=action_id, status="planned").first()
    if action is None or casework.is_paused(channel=action.channel, creditor_id=action.creditor_id):
        return None
    facts, template = facts_of([action]), approved([action]).get((action.template, action.channel))
    if template is None:
        casework.cancel_action(action, reason=NO_TEMPLATE, by=by, at=at)
        done.failed += 1
        return None
    return _cleared(tenant, action, template, facts, at=at, by=by, done=done)


def _cleared(
    tenant: Tenant, action: Action, template: Template, facts: Facts, *, at: datetime, by: Any, done: Dispatched
) -> _Flight | None:
    point = facts.points.get(action.contact_point_id) if action.contact_point_id else None
    merge = compose(tenant, action, facts, at=at, by_name=_author(action))
    said = says(f"{template.subject}\n{template.body}", merge) if merge else frozenset()
    try:
        permit = casework.clear(action=action, contact_point=point, at=at, by=by, content=said)
    except casework.ContactRefused as refusal:
        _refused(action, refusal, done)
        return None
    assert point is not None and merge is not None  # no Permit for a written channel without a contact point and an account
    message = _written(action, template, permit, at=at, to=point.value, hint=point.hint, subject=line(template.subject, merge),
                       body=render(template.body, merge))  # fmt: skip
    outgoing = Outgoing(str(message.id), point.value, message.body, message.subject or "", one_click(merge.enlace_baja))
    return _Flight(message, action, permit, outgoing)


def _author(action: Action) -> str:
    """Who wrote by hand; the machine's own messages are answered for by the organisation's setting."""
    if action.run_id is not None or action.by_id is None:
        return ""
    return User.objects.filter(id=action.by_id).values_list("name", flat=True).first() or ""


def _written(
    action: Action, template: Template, permit: Permit, *, at: datetime, to: str, hint: str, subject: str, body: str
) -> Message:
    """The message of an action, in flight. Its key comes from the action: a repeated step makes no second one."""
    key = derived(action.created_at.date(), action.tenant_id, "message", action.id)
    message: Message = Message.objects.filter(id=key, created_at=action.created_at).first() or Message(id=key, created_at=action.created_at)
    fresh = message._state.adding
    message.action_id, message.person_id, message.account_id = action.id, permit.person_id, action.account_id
    message.contact_point_id, message.channel = permit.contact_point_id, permit.channel
    message.provider, message.template_id = settings.PROVIDERS[permit.channel], template.id
    sealed: dict[str, str | None] = {"to": to, "subject": subject or None, "body": body}
    for name, text in sealed.items():
        setattr(message, name, text)
    message.to_hint = hint
    message.status, message.reason, message.leased_until, message.expires_at = "in_flight", "", at + LEASE, action.expires_at
    message.save(force_insert=fresh)
    return message


def _fly(flight: _Flight, carriers: Carriers, tenant: Tenant, at: datetime, done: Dispatched) -> None:
    """Hand one message to its provider, outside any transaction, and write what became of it.

    A fault of the adapter itself counts as an unknown fate: the message may have left.
    """
    message, permit = flight.message, flight.permit
    try:
        permit.check(
            action_id=flight.action.id, person_id=message.person_id, channel=message.channel, purpose=flight.action.purpose,
            contact_point_id=message.contact_point_id, at=at,
        )  # fmt: skip
        provider_id = carriers.of(message.channel, message.provider).send(flight.outgoing)
    except NotSent as problem:
        with tenancy.acting(tenant.id):
            _not_sent(flight, problem, at, done)
    except Problem:
        raise
    except Exception as fault:
        with tenancy.acting(tenant.id):
            _not_sent(flight, NotSent("unknown", type(fault).__name__), at, done)
    else:
        with tenancy.acting(tenant.id):
            _update(message, status="sent", provider_id=provider_id, sent_at=at, leased_until=None, attempts=message.attempts + 1)
            _close(flight.action, flight.permit, "DG01", at)
            apply_waiting(message, at=at)
        done.sent += 1


def _not_sent(flight: _Flight, problem: NotSent, at: datetime, done: Dispatched) -> None:
    message, action, attempts = flight.message, flight.action, flight.message.attempts + 1
    if problem.kind == "retry" and attempts < MAX_ATTEMPTS:
        wait = timedelta(seconds=problem.after_seconds) if problem.after_seconds else back_off(attempts)
        _update(message, status="queued", reason=problem.reason, attempts=attempts, leased_until=None, not_before_at=at + wait)
        casework.put_back(action, not_before_at=at + wait)
        done.postponed += 1
    elif problem.kind == "unknown":
        _update(message, status="unknown", reason=problem.reason, attempts=attempts, leased_until=None)
        _close(action, flight.permit, "DG01", at)
        done.unknown += 1
    else:
        _update(message, status="failed", reason=problem.reason, attempts=attempts, leased_until=None)
        # A refused address is bad for good; a provider that would not take it for hours says nothing about the address.
        _close(action, flight.permit, "DG06" if problem.kind == "permanent" else "DG07", at)
        done.failed += 1


def _recover(
    tenant: Tenant, message_id: UUID, created_at: datetime, person_id: UUID, carriers: Carriers, *, at: datetime, done: Dispatched
) -> _Flight | None:
    if not _take(person_id):
        done.busy += 1
        return None
    message = Message.objects.filter(id=message_id, created_at=created_at, status="in_flight", leased_until__lt=at).first()
    if message is None:
        return None
    action = Action.objects.filter(id=message.action_id).first()
    if action is None or action.status != "in_progress":
        _update(message, status="unknown", reason="la gestión terminó por otro lado", leased_until=None)
        return None
    held = casework.permit_of(action, at=at)
    if carriers.of(message.channel, message.provider).idempotent:
        flight = _again(tenant, message, action, at=at)
        if flight is not None:
            return flight
    _update(message, status="unknown", reason="el envío se interrumpió", leased_until=None, attempts=message.attempts + 1)
    _close(action, held, "DG01", at)
    done.unknown += 1
    return None


def _again(tenant: Tenant, message: Message, action: Action, *, at: datetime) -> _Flight | None:
    """The same message under the same key, if it is still lawful and wanted; else None and its fate stays unknown."""
    if casework.is_paused(channel=action.channel, creditor_id=action.creditor_id):
        return None
    facts = facts_of([action])
    point = facts.points.get(action.contact_point_id) if action.contact_point_id else None
    merge = compose(tenant, action, facts, at=at)
    template = Template.objects.filter(id=message.template_id).first()
    if merge is None or template is None or point is None:
        return None
    said = says(f"{template.subject}\n{template.body}", merge)
    try:
        permit = casework.clear(action=action, contact_point=point, at=at, by=journal.SYSTEM, content=said)
    except casework.ContactRefused:
        return None
    _update(message, leased_until=at + LEASE)
    # The very text that may have gone out: under one key there is one message.
    outgoing = Outgoing(str(message.id), message.to, message.body, message.subject or "", one_click(merge.enlace_baja))
    return _Flight(message, action, permit, outgoing)


def _refused(action: Action, refusal: casework.ContactRefused, done: Dispatched) -> None:
    """The gate said no and wrote it down: the action waits for its next lawful moment or has ended."""
    done.by_rule[refusal.rule] = done.by_rule.get(refusal.rule, 0) + 1
    if refusal.rule == PAUSED:
        casework.put_back(action)  # the button was pressed in this very moment: work stays planned
    if action.status == "planned":
        done.postponed += 1
    else:
        done.refused += 1


def _close(action: Action, permit: Permit, code: str, at: datetime) -> None:
    casework.close_action(action, outcome=casework.Outcome(disposition=code), permit=permit, by=journal.SYSTEM, at=at)


def _mark_stopped() -> None:
    """Messages that waited for another try and whose action was stopped meanwhile. They are few: only those that wait are read."""
    waiting = list(Message.objects.filter(status="queued").values_list("action_id", flat=True)[:5000])
    for was, becomes in (("cancelled", "cancelled"), ("refused", "blocked"), ("expired", "expired")):
        stopped = list(Action.objects.filter(id__in=waiting, status=was).values_list("id", flat=True))
        Message.objects.filter(action_id__in=stopped, status="queued").update(status=becomes, leased_until=None)


def _report(tenant: Tenant, done: Dispatched, at: datetime) -> None:
    if done.handed or done.refused:
        with tenancy.acting(tenant.id):
            journal.record(
                "messages.sent", by=journal.SYSTEM, at=at, sent=done.sent, refused=done.refused, postponed=done.postponed,
                failed=done.failed, unknown=done.unknown, by_rule=done.by_rule,
            )  # fmt: skip


def _update(message: Message, **changes: Any) -> None:
    # The key of a partitioned table is (id, created_at): naming both reads one partition.
    Message.objects.filter(pk=message.pk, created_at=message.created_at).update(**changes)
    for name, value in changes.items():
        setattr(message, name, value)
