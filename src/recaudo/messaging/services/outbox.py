"""The outbox: released actions become messages, at the second of sending and not before.

    choose     planned actions of released waves and those made by hand, most urgent first
    board      some of different persons at once, a *flight*: the persons' locks, taken or left to whoever holds them (never waited for);
               the gate gives Permits or refuses; the messages are written `in_flight` in the same transaction, which commits: a crash from
               here on leaves a mark
    fly        with the persons' locks again, and a share of the traffic: what came in between stops its message; the others are handed
               over all at once. Whatever stops a person or everybody takes those locks: it comes before the hand-over or after it
    settle     sent, failed or unknown, in the transaction of the hand-over; the action gets its outcome

Nothing is kept in between: dispatchers share the work through the locks alone, and one that is killed leaves at most a flight behind.
Its fate is not known: `sweep` tries it again under the same key where the provider is idempotent, and never elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q

from recaudo.casework import services as casework
from recaudo.casework.models import Action, ContactPause, Wave
from recaudo.casework.permit import Permit, PermitExpired
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.messaging.adapters import NotSent, Outgoing, Transport, transport
from recaudo.messaging.models import Message, Template
from recaudo.messaging.services import pace
from recaudo.messaging.services.inbox import apply_waiting
from recaudo.messaging.services.letters import Facts, approved, compose, facts_of, with_not_me
from recaudo.messaging.services.links import one_click
from recaudo.messaging.services.rendering import Merge, line, render, says, used, value_of
from recaudo.store import tenancy
from recaudo.store.keys import derived
from recaudo.store.locks import hold_persons, share_traffic
from recaudo.workforce.models import Tenant, User

WRITTEN = ("sms", "im", "email")
CHUNK = 200
LEASE = timedelta(minutes=5)
# A person's own message opens a day in which free text may answer it (WhatsApp's customer service window).
SESSION = timedelta(hours=24)
MAX_ATTEMPTS = 5
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 60, 3600
# A dispatcher does not wait longer than this for a slot of a limited provider; it looks again later.
PATIENCE_SECONDS = 2.0
# A planned action older than this belongs to a day long gone.
OLDEST = timedelta(days=40)
Clock = Callable[[], datetime]
PAUSED = "HOUSE-PAUSE"
NO_TEMPLATE = "no_template"
# providers that send the template as it was approved with them
FIXED_TEXT = frozenset({"whatsapp_cloud"})
# providers whose options are a setting of their own
OWN_OPTIONS = {"http": "SMS_HTTP", "whatsapp_cloud": "WHATSAPP"}


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


@dataclass(slots=True)
class _Seat:
    """A message on its way: what to send, what allows it, and what became of it."""

    message: Message
    reply: casework.Reply
    permit: Permit
    outgoing: Outgoing
    provider_id: str = ""
    problem: NotSent | None = None

    @property
    def action(self) -> Action:
        return self.reply.action


class Carriers:
    """The transports of one dispatch, opened when first needed, and how many messages each takes at once."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], Transport] = {}
        self._crew: ThreadPoolExecutor | None = None

    def of(self, channel: str, provider: str) -> Transport:
        if (channel, provider) not in self._open:
            self._open[channel, provider] = transport(channel, provider, options(channel))
        return self._open[channel, provider]

    def at_once(self, channel: str) -> int:
        return pace.limits(channel).at_once

    def each(self, work: Callable[[_Seat], None], seats: Sequence[_Seat]) -> None:
        """Do something for every seat, all at the same time."""
        if len(seats) == 1:
            work(seats[0])
            return
        if self._crew is None:
            self._crew = ThreadPoolExecutor(64, thread_name_prefix="carrier")
        list(self._crew.map(work, seats))

    def close(self) -> None:
        if self._crew is not None:
            self._crew.shutdown()


def options(channel: str = "email") -> dict[str, Any]:
    """What this deployment says to its provider of a channel."""
    if settings.PROVIDERS[channel] in OWN_OPTIONS:
        return dict(getattr(settings, OWN_OPTIONS[settings.PROVIDERS[channel]]))
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
    done, own, clock = Dispatched(), carriers or Carriers(), clock or (lambda: at)
    try:
        for channel in WRITTEN:
            _channel(tenant, channel, own, limit=limit, clock=clock, keep_on=keep_on, done=done)
    finally:
        if carriers is None:
            own.close()
    _report(tenant, done, clock())
    return done


def _channel(
    tenant: Tenant, channel: str, carriers: Carriers, *, limit: int, clock: Clock, keep_on: Callable[[], bool], done: Dispatched
) -> None:
    """Flight after flight of one channel, until there is nothing more, or the provider has trouble."""
    name, seen = pace.provider_of(channel), set[UUID]()
    while done.handed < limit and keep_on():
        with tenancy.acting(tenant.id):
            waiting = _chosen(channel, at=clock(), size=min(CHUNK, limit - done.handed), seen=seen)
        if not waiting:
            return
        while waiting and done.handed < limit and keep_on():
            free, on_trial = pace.may_ask(name, at=clock())
            if not free or not _has_room(channel, name):
                return
            size = 1 if on_trial else min(carriers.at_once(channel), limit - done.handed)
            boarding, waiting = _different(waiting, size)
            seen |= {action_id for action_id, _ in boarding}
            _flight(tenant, [action_id for action_id, _ in boarding], carriers, clock=clock, by=journal.SYSTEM, done=done)


def _has_room(channel: str, name: str) -> bool:
    """Wait a moment for a limited provider's next slot. False when too many are ahead."""
    if pace.limits(channel).per_second is None:
        return True
    ahead = pace.backlog_seconds(name)
    if ahead > PATIENCE_SECONDS:
        return False
    time.sleep(max(0.0, ahead - pace.LATE_SECONDS))
    return True


def _different(waiting: list[tuple[UUID, UUID]], size: int) -> tuple[list[tuple[UUID, UUID]], list[tuple[UUID, UUID]]]:
    """The next few, each of another person, and the rest in order: the second message of a person depends on the first."""
    taken: list[tuple[UUID, UUID]] = []
    rest: list[tuple[UUID, UUID]] = []
    persons: set[UUID] = set()
    for one in waiting:
        if len(taken) < size and one[1] not in persons:
            persons.add(one[1])
            taken.append(one)
        else:
            rest.append(one)
    return taken, rest


def send_now(tenant: Tenant, action_id: UUID, *, at: datetime) -> Dispatched:
    """Send one message that a person asked for, without waiting for the dispatcher. Call outside a transaction."""
    done = Dispatched()
    with tenancy.acting(tenant.id):
        action = Action.objects.filter(id=action_id).first()
    if action is not None:
        _flight(tenant, [action.id], Carriers(), clock=lambda: at, by=journal.SYSTEM, done=done)
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
            seat = _recover(tenant, message_id, created_at, person_id, carriers, at=at, done=done)
        if seat is not None:
            _fly(tenant, [seat], carriers, clock=lambda: at, done=done)
    _report(tenant, done, at)
    return done


def back_off(attempts: int) -> timedelta:
    """How long to wait after so many attempts (1, 2, ...): twice as long each time, an hour at most."""
    return timedelta(seconds=min(FIRST_WAIT_SECONDS * 2 ** (attempts - 1), LONGEST_WAIT_SECONDS))


def _chosen(channel: str, *, at: datetime, size: int, seen: set[UUID]) -> list[tuple[UUID, UUID]]:
    """Actions that may go out now, with their persons. What is paused is not even looked at: it stays planned."""
    scopes = _paused_scopes()
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


def _flight(tenant: Tenant, action_ids: list[UUID], carriers: Carriers, *, clock: Clock, by: Any, done: Dispatched) -> None:
    with tenancy.acting(tenant.id):
        seats = _board(tenant, action_ids, at=clock(), by=by, done=done)
    if seats:
        _fly(tenant, seats, carriers, clock=clock, done=done)


def _board(tenant: Tenant, action_ids: list[UUID], *, at: datetime, by: Any, done: Dispatched) -> list[_Seat]:
    """Ask the gate and, with its Permits, write the messages that are about to go."""
    paused = _paused_scopes()
    actions = [one for one in _free(action_ids, done) if not paused & {"all", f"channel:{one.channel}", f"creditor:{one.creditor_id}"}]
    templates = approved(actions)
    for action in [one for one in actions if (one.template, one.channel) not in templates]:
        casework.cancel_action(action, reason=NO_TEMPLATE, by=by, at=at)
        actions.remove(action)
        done.failed += 1
    if not actions:
        return []
    facts, authors = facts_of(actions), _authors(actions)
    merges = {one.id: compose(tenant, one, facts, at=at, by_name=authors.get(one.id, "")) for one in actions}
    requests = [_request(one, templates[one.template, one.channel], merges[one.id]) for one in actions]
    replies = casework.clear_many(requests, at=at, by=by)
    written: list[tuple[Action, Template, Merge, casework.Reply]] = []
    for action in actions:
        reply, merge = replies.get(action.id), merges[action.id]
        if reply is None:
            done.busy += 1
        elif reply.refusal is not None:
            _refused(reply.action, reply.refusal, done)
        else:
            assert reply.permit is not None and merge is not None  # no Permit for a written channel without a point and an account
            written.append((reply.action, templates[action.template, action.channel], merge, reply))
    return _write(written, facts, at=at)


def _free(action_ids: list[UUID], done: Dispatched) -> list[Action]:
    """Those that are still planned and whose person nobody works at this moment, in the order given."""
    persons = dict(Action.objects.filter(id__in=action_ids, status="planned").values_list("id", "person_id"))
    held = casework.hold_free(persons.values())
    done.busy += sum(person not in held for person in persons.values())
    fresh = Action.objects.filter(id__in=[key for key, person in persons.items() if person in held], status="planned").in_bulk()
    return [fresh[key] for key in action_ids if key in fresh]


def _paused_scopes() -> set[str]:
    return set(ContactPause.objects.filter(resumed_at=None).values_list("scope", flat=True))


def _request(action: Action, template: Template, merge: Merge | None) -> casework.Request:
    said = says(f"{template.subject}\n{template.body}", merge) if merge else frozenset()
    return casework.Request(action.id, action.contact_point_id, said)


def _authors(actions: Iterable[Action]) -> dict[UUID, str]:
    """Who wrote by hand, by action; the machine's own messages are answered for by the organisation's setting."""
    by_hand = {one.id: one.by_id for one in actions if one.run_id is None and one.by_id is not None}
    names = dict(User.objects.filter(id__in=set(by_hand.values())).values_list("id", "name")) if by_hand else {}
    return {key: names.get(by, "") for key, by in by_hand.items()}


def _write(boarding: list[tuple[Action, Template, Merge, casework.Reply]], facts: Facts, *, at: datetime) -> list[_Seat]:
    """The messages, in flight. The key of each comes from its action: a repeated step makes no second one."""
    keys = {action.id: derived(action.created_at.date(), action.tenant_id, "message", action.id) for action, *_ in boarding}
    known = {one.id: one for one in Message.objects.filter(id__in=list(keys.values()), created_at__in=[a.created_at for a, *_ in boarding])}
    talking = _talking([action for action, *_ in boarding], at)
    seats, new = [], []
    for action, template, merge, reply in boarding:
        assert reply.permit is not None
        point = facts.points[action.contact_point_id]
        message = known.get(keys[action.id]) or Message(id=keys[action.id], created_at=action.created_at)
        message.action_id, message.person_id, message.account_id = action.id, reply.permit.person_id, action.account_id
        message.contact_point_id, message.channel = reply.permit.contact_point_id, reply.permit.channel
        message.provider, message.template_id = settings.PROVIDERS[reply.permit.channel], template.id
        in_session = message.contact_point_id in talking
        message.to, message.to_hint = point.value, point.hint
        message.subject, message.body = line(template.subject, merge) or None, _body(template, merge, reply, in_session=in_session)
        message.status, message.reason, message.leased_until, message.expires_at = "in_flight", "", at + LEASE, action.expires_at
        new.append(message) if keys[action.id] not in known else message.save()
        seats.append(_Seat(message, reply, reply.permit, _outgoing(message, template, merge, in_session=in_session)))
    Message.objects.bulk_create(new)
    return seats


def _body(template: Template, merge: Merge, reply: casework.Reply, *, in_session: bool) -> str:
    """What is sent. A first contact through the point offers «no soy yo», where we write the text: a template at Meta has its own button."""
    body, channel = render(template.body, merge), reply.action.channel
    fixed = settings.PROVIDERS[channel] in FIXED_TEXT and not in_session
    first = not any(one.direction == "out" and one.contact_point_id == reply.action.contact_point_id for one in reply.known.history)
    return with_not_me(body, merge, channel) if first and not fixed else body


def _talking(actions: Iterable[Action], at: datetime) -> set[UUID]:
    """The contact points from which somebody wrote on the messaging channel within the last day: the window is the number's."""
    points = {one.contact_point_id for one in actions if one.channel == "im"}
    if not points:
        return set()
    since = at - SESSION  # the window counts from when they wrote, not from when we heard of it
    wrote = Message.objects.filter(
        contact_point_id__in=points, channel="im", direction="in", created_at__gt=since, created_at__lte=at, delivered_at__gt=since
    )
    return set(wrote.values_list("contact_point_id", flat=True))


def _outgoing(message: Message, template: Template, merge: Merge, *, in_session: bool) -> Outgoing:
    values = tuple((name, value_of(merge, name)) for name in dict.fromkeys(used(template.body)))
    return Outgoing(
        str(message.id), message.to, message.body, message.subject or "", one_click(merge.enlace_baja), template.code, template.language,
        values, in_session,
    )  # fmt: skip


def _fly(tenant: Tenant, seats: list[_Seat], carriers: Carriers, *, clock: Clock, done: Dispatched) -> None:
    """Hand messages over and write what became of each, while the persons' locks are held: nothing can stop them in between."""
    limits = pace.limits(seats[0].message.channel)
    name = f"{seats[0].message.channel}:{seats[0].message.provider}"
    with tenancy.acting(tenant.id):
        hold_persons(seat.message.person_id for seat in seats)
        share_traffic()
        at = clock()
        stands = casework.still_stands((seat.reply for seat in seats), at=at)
        going = [seat for seat in seats if seat.action.id in stands and _holds(seat, at)]
        for seat in seats:
            if seat not in going:
                _stay(seat, done)
        if going:
            _hand_over(going, carriers, limits, name)
            _settle(tenant, going, carriers, at=at, done=done)
    _tell_pace(name, going, at)


def _holds(seat: _Seat, at: datetime) -> bool:
    """Whether the Permit serves exactly this message, still now."""
    message = seat.message
    try:
        seat.permit.check(
            action_id=seat.action.id, person_id=message.person_id, channel=message.channel, purpose=seat.action.purpose,
            contact_point_id=message.contact_point_id, at=at,
        )  # fmt: skip
    except PermitExpired:
        return False
    return True


def _stay(seat: _Seat, done: Dispatched) -> None:
    """Something came in between, or too much time went by: the message was not handed over; its action is asked about again."""
    _update(seat.message, status="queued", reason="", leased_until=None)
    casework.put_back(seat.action)
    done.postponed += 1


def _hand_over(seats: list[_Seat], carriers: Carriers, limits: pace.Limits, name: str) -> None:
    """All at once; with a limit, each in its own slot. Who misses its slot takes another."""
    if limits.per_second is None:
        carriers.each(lambda seat: _carry(seat, carriers), seats)
        return
    missed = list(seats)
    while missed:
        first, began = pace.take_slots(name, len(missed), limits.per_second), time.monotonic()
        slots = {id(seat): began + first + number / limits.per_second for number, seat in enumerate(missed)}
        late: list[_Seat] = []

        def in_its_slot(seat: _Seat, slots: dict[int, float] = slots, late: list[_Seat] = late) -> None:
            time.sleep(max(0.0, slots[id(seat)] - time.monotonic()))
            if time.monotonic() - slots[id(seat)] > pace.LATE_SECONDS:
                late.append(seat)
            else:
                _carry(seat, carriers)

        carriers.each(in_its_slot, missed)
        missed = late


def _carry(seat: _Seat, carriers: Carriers) -> None:
    """Give one message to its provider. A fault of the adapter itself counts as an unknown fate: the message may have left."""
    try:
        seat.provider_id = carriers.of(seat.message.channel, seat.message.provider).send(seat.outgoing)
    except NotSent as problem:
        seat.problem = problem
    except Exception as fault:
        seat.problem = NotSent("unknown", type(fault).__name__)


def _settle(tenant: Tenant, seats: list[_Seat], carriers: Carriers, *, at: datetime, done: Dispatched) -> None:
    sent = [seat for seat in seats if seat.problem is None]
    if sent:
        _note_sent(sent, at)
        casework.close_sent([seat.permit for seat in sent], at=at, by=journal.SYSTEM)
        apply_waiting([seat.message for seat in sent], at=at)
        done.sent += len(sent)
    for seat in seats:
        if seat.problem is not None:
            keyed = carriers.of(seat.message.channel, seat.message.provider).idempotent
            _not_sent(seat, seat.problem, at, done, knows_keys=keyed)


def _note_sent(seats: list[_Seat], at: datetime) -> None:
    """The messages as sent, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE messaging_message m SET status = 'sent', provider_id = v.provider_id, sent_at = %s, leased_until = NULL,"
            " attempts = attempts + 1 FROM unnest(%s::uuid[], %s::timestamptz[], %s::text[]) v(id, created_at, provider_id)"
            " WHERE m.tenant_id = %s AND m.id = v.id AND m.created_at = v.created_at",
            [at, [s.message.id for s in seats], [s.message.created_at for s in seats], [s.provider_id[:120] for s in seats],
             tenancy.tenant_id()],
        )  # fmt: skip
    for seat in seats:
        seat.message.status, seat.message.provider_id, seat.message.sent_at = "sent", seat.provider_id[:120], at


def _tell_pace(name: str, seats: list[_Seat], at: datetime) -> None:
    """Whether the provider as a whole answers, for every dispatcher to know."""
    down = [seat.problem for seat in seats if seat.problem is not None and seat.problem.everybody]
    if down:
        pace.failed(name, at=at, after_seconds=max((one.after_seconds or 0 for one in down), default=0))
    elif any(seat.problem is None for seat in seats):
        pace.answered(name)


def _not_sent(seat: _Seat, problem: NotSent, at: datetime, done: Dispatched, *, knows_keys: bool) -> None:
    message, action, attempts = seat.message, seat.action, seat.message.attempts + 1
    if problem.kind == "retry" and problem.everybody:
        # The provider is down for all: no attempt of this message, which keeps its place.
        _update(message, status="queued", reason=problem.reason, leased_until=None)
        casework.put_back(action)
        done.postponed += 1
    elif problem.kind == "unknown" and knows_keys and attempts < MAX_ATTEMPTS:
        # It may have left; the same key has no second effect, so the sweep asks again. Until then its slot stays taken.
        _update(message, reason=problem.reason, attempts=attempts, leased_until=at + back_off(attempts))
        done.postponed += 1
    elif problem.kind == "retry" and attempts < MAX_ATTEMPTS:
        wait = timedelta(seconds=problem.after_seconds) if problem.after_seconds else back_off(attempts)
        _update(message, status="queued", reason=problem.reason, attempts=attempts, leased_until=None, not_before_at=at + wait)
        casework.put_back(action, not_before_at=at + wait)
        done.postponed += 1
    elif problem.kind == "unknown":
        _update(message, status="unknown", reason=problem.reason, attempts=attempts, leased_until=None)
        _close(action, seat.permit, "DG01", at)
        done.unknown += 1
    else:
        _update(message, status="failed", reason=problem.reason, attempts=attempts, leased_until=None)
        # A refused address is bad for good; a provider that would not take it for hours says nothing about the address.
        _close(action, seat.permit, "DG06" if problem.kind == "permanent" else "DG07", at)
        done.failed += 1


def _recover(
    tenant: Tenant, message_id: UUID, created_at: datetime, person_id: UUID, carriers: Carriers, *, at: datetime, done: Dispatched
) -> _Seat | None:
    if not casework.hold_free([person_id]):
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
    name = f"{message.channel}:{message.provider}"
    if carriers.of(message.channel, message.provider).idempotent and message.attempts < MAX_ATTEMPTS:
        if not pace.may_ask(name, at=at)[0]:
            return None  # it waits, under its key, until the provider answers again
        seat = _again(tenant, message, action, at=at)
        if seat is not None:
            return seat
    _update(message, status="unknown", reason="el envío se interrumpió", leased_until=None, attempts=message.attempts + 1)
    _close(action, held, "DG01", at)
    done.unknown += 1
    return None


def _again(tenant: Tenant, message: Message, action: Action, *, at: datetime) -> _Seat | None:
    """The same message under the same key, if it is still lawful and wanted; else None and its fate stays unknown."""
    if casework.is_paused(channel=action.channel, creditor_id=action.creditor_id):
        return None
    facts = facts_of([action])
    merge = compose(tenant, action, facts, at=at)
    template = Template.objects.filter(id=message.template_id).first()
    if merge is None or template is None:
        return None
    said = _request(action, template, merge).content
    reply = casework.clear_again(action=action, at=at, by=journal.SYSTEM, content=said)
    if reply.permit is None:
        return None
    _update(message, leased_until=at + LEASE)
    # The very text that may have gone out: under one key there is one message.
    return _Seat(message, reply, reply.permit, _outgoing(message, template, merge, in_session=False))


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
