"""What an outcome brings about: promise, hold, dispute, contact point, opt-out, callback. One small function per effect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from recaudo.agreements import services as agreements
from recaudo.casework.catalogue import Disposition
from recaudo.casework.models import Action, Case
from recaudo.casework.services.gate import refused, verdict_for
from recaudo.casework.services.holds import open_dispute, open_hold
from recaudo.casework.services.outcome import Outcome
from recaudo.casework.services.pending import cancel_pending
from recaudo.casework.services.search import wrong_party
from recaudo.casework.words import CALLBACK, CALLBACK_PRIORITY
from recaudo.journal import services as journal
from recaudo.kernel.contact import Purpose
from recaudo.kernel.problems import Problem
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, ContactPoint, Person
from recaudo.store.fields import blind_index

CALLBACK_LIFE = timedelta(days=1)
# The same number under another name.
TWINS = {"phone": ("phone", "im"), "im": ("phone", "im")}
OPT_OUT_CHANNELS = {"call": ["call", "prerecorded"], "prerecorded": ["call", "prerecorded"]}
POINT_REASON = {"opted_out": "opt_out"}


class CallbackInPast(Problem):
    code = "callback_in_past"
    message = "La cita debe ser en el futuro: revise la fecha y la hora."


@dataclass(frozen=True, slots=True)
class Setting:
    """Where an outcome happens."""

    action: Action
    person: Person
    account: Account | None
    case: Case
    by: Any
    at: datetime
    on: date


def apply(disposition: Disposition, outcome: Outcome, setting: Setting) -> None:
    """Everything that the disposition brings about, in the transaction that records it."""
    if disposition.opens_promise:
        _promise(outcome, setting)
    if disposition.hold is not None:
        _hold(disposition, outcome, setting)
    if disposition.point_status:
        _point(disposition, setting)
    if disposition.opts_out:
        _opt_out(setting)
    if outcome.contact_kind and outcome.contact_value.strip():
        _new_contact(disposition, outcome, setting)
    if disposition.effect == "preference" and outcome.wish:
        _wish(disposition, outcome, setting)
    if outcome.callback_at is not None:
        schedule_callback(setting, outcome.callback_at)


def _promise(outcome: Outcome, setting: Setting) -> None:
    assert setting.account is not None and outcome.amount_minor is not None and outcome.due_on is not None  # outcome.check saw to it
    promise = agreements.make_promise(
        account=setting.account, person=setting.person, amount_minor=outcome.amount_minor, due_on=outcome.due_on,
        channel=setting.action.channel, by=setting.by, at=setting.at, on=setting.on, means=outcome.means, action_id=setting.action.id,
    )  # fmt: skip
    setting.action.promise_id = promise.id
    cancel_pending(
        reason="promise", by=setting.by, at=setting.at, account_id=setting.account.id, keep_purposes=[Purpose.REMINDER, Purpose.RECEIPT]
    )


def _hold(disposition: Disposition, outcome: Outcome, setting: Setting) -> None:
    rule = disposition.hold
    assert rule is not None
    account = setting.account if rule.scope == "account" else None
    hold = open_hold(
        person=setting.person, account=account, kind=rule.kind, reason=f"{disposition.code} {disposition.label_es}",
        until_at=setting.at + timedelta(days=rule.days) if rule.days else None, by=setting.by, at=setting.at, action_id=setting.action.id,
    )  # fmt: skip
    if disposition.dispute:
        text = outcome.details.get("disputed", "") or outcome.note
        open_dispute(
            person=setting.person, account=setting.account, kind=disposition.dispute, text=text.strip(), hold=hold, by=setting.by,
            at=setting.at,
        )  # fmt: skip


def _point(disposition: Disposition, setting: Setting) -> None:
    """The contact point, and the same number in its other guise, take the status; what waits for them stops."""
    status = disposition.point_status
    point = ContactPoint.objects.filter(id=setting.action.contact_point_id).first() if setting.action.contact_point_id else None
    if point is None:
        return
    if status == "wrong_party":
        wrong_party(
            contact_point=point, channel=setting.action.channel, evidence=f"{disposition.code} {disposition.label_es}, en la gestión {setting.action.id}",
            by=setting.by, at=setting.at, action_id=setting.action.id,
        )  # fmt: skip
        return
    points = twins(point) if status in POINT_REASON else [point]
    for one in points:
        portfolio.set_contact_point_status(
            one, status=status, by=setting.by, at=setting.at, reason=f"gestión {setting.action.id}"
        )
    if status in POINT_REASON or status == "invalid":
        cancel_pending(
            reason=POINT_REASON.get(status, "replaced"), by=setting.by, at=setting.at, person_id=setting.person.id,
            contact_point_ids=[one.id for one in points],
        )  # fmt: skip


def twins(point: ContactPoint) -> list[ContactPoint]:
    """The point and the person's other points with the same value: a number is a phone and a messaging address."""
    kinds = TWINS.get(point.kind, (point.kind,))
    indexes = [blind_index(point.value, kind) for kind in kinds]
    return list(ContactPoint.objects.filter(person_id=point.person_id, value_index__in=indexes))


def _opt_out(setting: Setting) -> None:
    channels = OPT_OUT_CHANNELS.get(setting.action.channel, [setting.action.channel])
    portfolio.give_consent(
        person=setting.person, kind="channel_optout", channels=channels, source="debtor", evidence=f"gestión {setting.action.id}",
        by=setting.by, at=setting.at,
    )  # fmt: skip
    for channel in channels:
        cancel_pending(reason="opt_out", by=setting.by, at=setting.at, person_id=setting.person.id, channel=channel)


def _new_contact(disposition: Disposition, outcome: Outcome, setting: Setting) -> None:
    portfolio.save_contact_point(
        person=setting.person, kind=outcome.contact_kind, value=outcome.contact_value.strip(),
        source="debtor" if disposition.is_rpc else "third_party", by=setting.by, at=setting.at,
    )  # fmt: skip


def _wish(disposition: Disposition, outcome: Outcome, setting: Setting) -> None:
    wish = outcome.wish
    portfolio.save_preference(
        person=setting.person, channel=wish.channel, days=wish.days, from_time=wish.from_time, until_time=wish.until_time,
        source="debtor" if disposition.is_rpc else "third_party", by=setting.by, at=setting.at,
    )  # fmt: skip


def schedule_callback(setting: Setting, callback_at: datetime) -> Action:
    """Plan a call at the time that the person asked for, if it will be lawful then. Raises ContactRefused, CallbackInPast."""
    if callback_at <= setting.at:
        raise CallbackInPast()
    point = _phone(setting)
    answer = verdict_for(
        person_id=setting.person.id, account_id=setting.action.account_id, creditor_id=setting.action.creditor_id, channel="call",
        contact_point=point, at=callback_at, role=setting.action.party_role, treatment=CALLBACK,
    )  # fmt: skip
    if not answer.allowed:
        raise refused(answer)
    action = Action.objects.create(
        case_id=setting.case.id, person_id=setting.person.id, account_id=setting.action.account_id, creditor_id=setting.action.creditor_id,
        contact_point_id=point.id if point else None, party_role=setting.action.party_role, channel="call", purpose=Purpose.COLLECTION,
        treatment=CALLBACK, planned_on=portfolio.local_day(callback_at), not_before_at=callback_at, expires_at=callback_at + CALLBACK_LIFE,
        priority=CALLBACK_PRIORITY, by_id=setting.by.id, agency_id=setting.action.agency_id, created_at=setting.at,
    )  # fmt: skip
    setting.action.next_at = callback_at
    setting.case.next_at = min(filter(None, (setting.case.next_at if _ahead(setting) else None, callback_at)))
    setting.case.save(update_fields=["next_at"])
    journal.record(
        "callback.scheduled", by=setting.by, at=setting.at, subject="action", subject_id=action.id, person_id=setting.person.id,
        callback_at=callback_at,
    )  # fmt: skip
    return action


def _phone(setting: Setting) -> ContactPoint | None:
    """The phone of this very call, else the person's most trusted one that still serves."""
    usable = ContactPoint.objects.filter(person=setting.person, kind="phone", status__in=["unverified", "valid", "stale"])
    same = usable.filter(id=setting.action.contact_point_id).first() if setting.action.contact_point_id else None
    return same or usable.order_by("-ownership_score").first()


def _ahead(setting: Setting) -> bool:
    return setting.case.next_at is not None and setting.case.next_at > setting.at
