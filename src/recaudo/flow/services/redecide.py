"""One account decided again because something happened: a payment, a promise, an answer, a hold.

The version that decided it this morning (that of its arm, in an experiment) decides again by the reference evaluator, on the facts of
the morning with what changed since laid over them. When the treatment, the channel, the offer or the template come out otherwise, planned actions that
no longer fit are cancelled, a new one is opened when the strategy wants it and the channel has places left today, and the change is
written down as `account.redecided`. Nothing listens to that event: re-deciding cannot cause itself.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pyarrow as pa
from django.db import connection
from django.db.models import Q

from recaudo.casework import services as casework
from recaudo.casework.models import Action
from recaudo.casework.queries import dossiers
from recaudo.engine import decide
from recaudo.engine.facts import FACTS
from recaudo.flow.queries.now import READ_NOW, facts_now
from recaudo.flow.queries.why import decider, model_of, redecisions
from recaudo.flow.services.stops import stop_of
from recaudo.journal import services as journal
from recaudo.journal.services import SYSTEM
from recaudo.kernel.contact import Purpose
from recaudo.kernel.problems import Problem
from recaudo.kernel.time import day_at
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, ContactPoint
from recaudo.store import tenancy
from recaudo.strategy import queries as strategy
from recaudo.strategy.models import Snapshot, StrategyVersion
from recaudo.workforce import queries as workforce
from recaudo.workforce.models import Tenant

log = logging.getLogger(__name__)

# What makes a decision another one. The segment, the size or the priority may move without anything to do.
WEIGHTY = ("treatment", "channel", "offer", "template")
POINT_OF = {
    "call": "phone_id", "prerecorded": "phone_id", "sms": "sms_id", "im": "im_id", "email": "email_id", "visit": "address_id",
    "letter": "address_id",
}  # fmt: skip
# What is read of the morning's photo: not what is asked of the database again.
NEEDED = (*(name for name in FACTS if name not in READ_NOW), *WEIGHTY, *sorted(set(POINT_OF.values())), "agency_id", "decided_by", "arm", "is_holdout")
# Cancelled for these reasons, an account may be worked otherwise the same day; for any other (a hold, an opt-out, the wrong person) not.
MILD = ("payment", "promise", "redecided", "replaced", "reassigned")
PROMISE_REMINDER = "recordatorio_promesa"
STOPPED_BY = {"HOUSE-OVERRIDE": "by_hand", "HOUSE-TOLERANCE": "small", "HOUSE-PACE": "pace"}  # to words.NOT_OPENED_ES
# Before the morning's run has left its photo there is nothing to lay the facts over; after a damaged one, neither.
UNREADABLE = (Problem, OSError, pa.ArrowInvalid)


@dataclass(frozen=True, slots=True)
class Redecided:
    """What changed for an account. before, after: the decisions of WEIGHTY by name; rows: numbers of the rules that won, by decision.

    not_opened  why no new action was opened although a contact is wanted (a key of words.NOT_OPENED_ES), or ""
    """

    account_id: UUID
    before: dict[str, Any]
    after: dict[str, Any]
    rows: dict[str, list[int]]
    reason: str
    cancelled: int
    opened: str
    not_opened: str


@dataclass(frozen=True, slots=True)
class _Machine:
    """The product acting on an account that is placed with an agency: its people read the line in their journal too."""

    agency_id: UUID | None
    id: UUID | None = None
    name: str = SYSTEM.name


@dataclass(frozen=True, slots=True)
class _Case:
    """An account on the way through: the morning's row with today's facts over it, and what the version says of it."""

    account: Account
    snapshot: Snapshot
    version: StrategyVersion
    row: dict[str, Any]
    found: decide.Explanation
    at: datetime


def redecide(account_id: UUID, *, cause: str, at: datetime, acts: bool = True) -> Redecided | None:
    """Decide an account again, in the transaction that is open. Runs as the organisation, whoever caused it.

    cause     the name of the event
    acts      False where the event itself stops contact, and cancels by its own rule: then the change is only written down
    Returns   None when the day was not run, the account was not in it or owes nothing now, or nothing weighty changed
    """
    on = portfolio.local_day(at)
    with tenancy.acting(tenancy.tenant_id()):
        case = _decide(account_id, on=on, at=at)
        if case is None:
            return None
        before = _before(case, on)
        after = {name: case.found.outputs.get(name) for name in WEIGHTY if name in case.found.outputs}
        if all(before.get(name) == value for name, value in after.items()):
            return None
        cancelled = _cancel(case, on) if acts else 0
        opened, not_opened = _open(case, on) if acts else ("", "stopped")
        done = Redecided(
            account_id, before, after, _rows(case.found), case.found.decision("treatment").reason if "treatment" in after else "", cancelled,
            opened, not_opened,
        )
        agency = case.row.get("agency_id")
        journal.record(
            "account.redecided", by=_Machine(UUID(agency) if agency else None), at=at, subject="account", subject_id=account_id, cause=cause,
            run_id=case.snapshot.run_id, version_sha256=case.version.sha256, version_number=case.version.number, arm=case.row.get("arm"),
            **{name: value for name, value in asdict(done).items() if name != "account_id"},
        )  # fmt: skip
    return done


def open_again(account_id: UUID, *, at: datetime) -> str:
    """Open what the strategy wants for an account now, when a way is free that was not in the morning. Returns its channel, or "".

    In the transaction that is open; runs as the organisation. All that keeps a new decision from opening keeps this too.
    """
    on = portfolio.local_day(at)
    with tenancy.acting(tenancy.tenant_id()):
        case = _decide(account_id, on=on, at=at)
        return _open(case, on)[0] if case else ""


def free_places(on: date, *, zone: str) -> dict[str, int]:
    """Places that nobody has taken today, by channel; full ones are absent. Whoever else gives places waits for the transaction."""
    found = {channel: units - _used(channel, on, day_at(on, zone)) for channel, units in workforce.capacity_on(on).items()}
    return {channel: count for channel, count in found.items() if count > 0}


def _decide(account_id: UUID, *, on: date, at: datetime) -> _Case | None:
    try:
        kept = strategy.snapshot_row(account_id, on=on, columns=NEEDED)
        if kept is None:
            return None
        snapshot, row = kept
        version = decider(snapshot, row)
        model, compiled = model_of(version.sha256, version.xml)
    except UNREADABLE as problem:
        # What happened must be written down whether or not the morning can be read: the next day decides on it.
        log.warning("account not decided again: %s", type(problem).__name__)
        return None
    now = facts_now(account_id, on=on, at=at)
    if now is None:
        return None
    row = {**row, **now}
    found = decide.evaluate(model, {name: row.get(name) for name in compiled.facts}, compiled.facts)
    account = Account.objects.select_related("holder").get(pk=account_id)
    return _Case(account, snapshot, version, row, found, at)


def _before(case: _Case, on: date) -> dict[str, Any]:
    last = next(iter(redecisions(case.account.id, on=on, limit=1)), None)
    known: Mapping[str, Any] = last.detail["after"] if last else case.row
    return {name: known.get(name) for name in WEIGHTY if name in known}


def _rows(found: decide.Explanation) -> dict[str, list[int]]:
    return {trace.name: list(trace.winners) for trace in found.decisions if trace.winners}


def _cancel(case: _Case, on: date) -> int:
    """Cancel what the run planned for the account and the decision no longer wants. What people agreed on (a callback) stays."""
    wanted = {case.found.outputs.get("channel"), case.found.outputs.get("fallback_channel")}
    planned = Action.objects.filter(account_id=case.account.id, status="planned", direction="out", run_id__isnull=False, planned_on=on)
    if case.row["promise_active"]:
        planned = planned.exclude(purpose=Purpose.REMINDER)  # a promise does not stop what helps to keep it
    misfits = [
        one for one in planned
        if one.channel not in wanted or one.treatment != case.found.outputs.get("treatment") or one.template != case.found.outputs.get("template")
    ]  # fmt: skip
    for one in misfits:
        casework.cancel_action(one, reason="redecided", by=SYSTEM, at=case.at)
    return len(misfits)


def _open(case: _Case, on: date) -> tuple[str, str]:
    """Open one action on the first way that is free. Returns its channel, or why there is none."""
    outputs, person = case.found.outputs, case.account.holder
    ways = [way for way in dict.fromkeys((outputs.get("channel"), outputs.get("fallback_channel"))) if way in POINT_OF]
    if not ways:
        return "", ""
    reminds = outputs.get("template") == PROMISE_REMINDER
    if case.row["hold_active"] or case.row["dispute_active"]:
        return "", "stopped"
    if not reminds and (case.row["promise_active"] or case.row.get("is_holdout")):
        return "", "promise" if case.row["promise_active"] else "control"
    tenant = Tenant.objects.get(pk=case.account.tenant_id)
    if (rule := stop_of(case.account, case.row, tenant=tenant, on=on, at=case.at)) and not (reminds and rule != "HOUSE-OVERRIDE"):
        return "", STOPPED_BY[rule]
    today = Action.objects.filter(person_id=person.id, direction="out")
    if today.filter(planned_on=on, status="cancelled").exclude(cancelled_reason__in=MILD).exists():
        return "", "stopped"
    if today.filter(Q(planned_on=on, status__in=("planned", "in_progress")) | Q(is_attempt=True, occurred_at__gte=day_at(on, tenant.zone))).exists():
        return "", "contacted"
    return _first_free(case, on, tenant.zone, ways)


def _first_free(case: _Case, on: date, zone: str, ways: Sequence[str]) -> tuple[str, str]:
    capacity = workforce.capacity_on(on)
    known = dossiers([case.account.holder_id], at=case.at)[case.account.holder_id]
    why = "point"
    for channel in ways:
        point = ContactPoint.objects.filter(pk=case.row.get(POINT_OF[channel]), person_id=case.account.holder_id).first()
        if point is None or point.status in casework.UNUSABLE:
            continue
        if casework.shut(known, _question(case, channel, point), at=case.at) is not None:
            why = "wish"
            continue
        if _used(channel, on, day_at(on, zone)) >= capacity.get(channel, 0):
            why = "capacity"
            continue
        if channel in casework.SENT_CHANNELS and not casework.has_room_in_wave(run_id=case.snapshot.run_id, channel=channel):
            why = "wave"
            continue
        _write(case, on, zone, channel, point.id)
        return channel, ""
    return "", why


def _question(case: _Case, channel: str, point: ContactPoint) -> casework.Question:
    """As the gate will be asked about the action that would be opened."""
    account, agency = case.account, case.row.get("agency_id")
    return casework.Question(
        channel=channel, purpose=_purpose(case), account_id=account.id, creditor_id=account.creditor_id, role="holder", point=point,
        tenant_id=account.tenant_id, collector_id=UUID(agency) if agency else account.tenant_id,
    )  # fmt: skip


def _purpose(case: _Case) -> Purpose:
    reminds = case.row["overdue_minor"] <= 0 or case.found.outputs.get("template") == PROMISE_REMINDER
    return Purpose.REMINDER if reminds else Purpose.COLLECTION


def _used(channel: str, on: date, begins: datetime) -> int:
    """Places of the channel that the day has taken. Whoever opens after us, on any channel, waits for our commit: two cannot take the
    last one, and two that look at channels in another order cannot wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 23))", [f"places:{tenancy.tenant_id()}:{on}"])
    mine = Action.objects.filter(channel=channel, direction="out")
    ahead = mine.filter(planned_on=on, status__in=("planned", "in_progress")).count()
    return ahead + mine.filter(occurred_at__gte=begins, status="done", is_attempt=True).count()


def _write(case: _Case, on: date, zone: str, channel: str, point: UUID) -> None:
    outputs, agency = case.found.outputs, case.row.get("agency_id")
    template = str(outputs.get("template") or "")
    with tenancy.acting(tenancy.tenant_id(), UUID(agency) if agency else None):
        action = casework.open_action(
            person=case.account.holder, account=case.account, channel=channel, purpose=_purpose(case),
            contact_point_id=point, treatment=str(outputs.get("treatment") or ""), template="" if template == "none" else template,
            planned_on=on, expires_at=day_at(on + timedelta(days=1), zone), priority=int(outputs.get("priority") or 0),
            run_id=case.snapshot.run_id, by=SYSTEM, at=case.at,
        )  # fmt: skip
    if channel in casework.SENT_CHANNELS:
        casework.join_wave(action, on=on, prepared_by_id=case.version.decided_by_id, at=case.at)
