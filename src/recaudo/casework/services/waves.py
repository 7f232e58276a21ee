"""Waves: what a run prepared on one channel waits for a second person before it goes out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from recaudo.casework.models import Action, Wave
from recaudo.casework.services.pending import cancel_pending
from recaudo.journal import services as journal
from recaudo.kernel.problems import NotFound, Problem
from recaudo.store import tenancy

# What machines send. Calls and visits are work of people: they need no release.
SENT_CHANNELS = ("sms", "im", "email", "letter", "prerecorded", "push")


class SamePerson(Problem):
    code = "wave_same_person"
    message = "Quien preparó el envío, o aprobó la estrategia con que se preparó, no puede liberarlo: pídalo a otra persona."
    status = 403


class AlreadyReviewed(Problem):
    code = "wave_already_reviewed"
    message = "Otra persona revisó este envío mientras tanto. Mírelo de nuevo: ahora puede liberarlo usted."
    status = 409


class NotWaiting(Problem):
    code = "wave_not_waiting"
    message = "Este envío ya fue liberado o retirado."
    status = 409


@transaction.atomic
def open_waves(*, run_id: UUID, on: date, channels: Iterable[str], prepared_by_id: UUID | None, at: datetime) -> None:
    """Empty waves of a run for the channels that machines send, so that its messages are written with their wave at once.

    prepared_by_id  who answers for what is sent: whoever ran the day, or approved the strategy it was prepared with; None = nobody
                    known, and then two people release it (see `release_wave`)
    """
    values = {
        "tenant": tenancy.tenant_id(), "run": run_id, "on": on, "at": at, "by": prepared_by_id,
        "channels": sorted(set(channels) & set(SENT_CHANNELS)),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO casework_wave (id, tenant_id, created_at, run_id, \"on\", channel, action_count, status, prepared_by_id)"
            " SELECT recaudo_uuid7(), %(tenant)s, %(at)s, %(run)s, %(on)s, channel, 0, 'awaiting_release', %(by)s"
            " FROM unnest(%(channels)s::text[]) AS channel ON CONFLICT (tenant_id, run_id, channel) DO NOTHING",
            values,
        )


@transaction.atomic
def prepare_waves(*, run_id: UUID, on: date, by: Any, at: datetime, prepared_by_id: UUID | None = None) -> list[Wave]:
    """Gather the planned messages of a run, one wave per channel, and count them. Doing it again adds nothing twice.

    prepared_by_id  as in `open_waves`, when that is somebody other than `by`
    """
    pending = Action.objects.filter(run_id=run_id, status="planned", wave_id=None, channel__in=SENT_CHANNELS)
    channels = set(pending.values_list("channel", flat=True).distinct())
    if channels:
        open_waves(run_id=run_id, on=on, channels=channels, prepared_by_id=by.id or prepared_by_id, at=at)
    values = {"tenant": tenancy.tenant_id(), "run": run_id}
    with connection.cursor() as cursor:
        if channels:
            cursor.execute(
                "UPDATE casework_action a SET wave_id = w.id FROM casework_wave w"
                " WHERE w.tenant_id = %(tenant)s AND w.run_id = %(run)s AND w.status = 'awaiting_release' AND a.tenant_id = %(tenant)s"
                " AND a.run_id = %(run)s AND a.channel = w.channel AND a.status = 'planned' AND a.wave_id IS NULL",
                values,
            )
        cursor.execute(
            "UPDATE casework_wave w SET action_count = s.n FROM (SELECT wave_id, count(*) AS n FROM casework_action"
            " WHERE tenant_id = %(tenant)s AND run_id = %(run)s AND wave_id IS NOT NULL GROUP BY wave_id) s"
            " WHERE w.tenant_id = %(tenant)s AND w.id = s.wave_id AND w.action_count <> s.n",
            values,
        )
        counted = cursor.rowcount
    waves = list(Wave.objects.filter(run_id=run_id, action_count__gt=0).order_by("channel"))
    if counted:
        counts = {w.channel: w.action_count for w in waves}
        journal.record("wave.prepared", by=by, at=at, subject="run", subject_id=run_id, actions=sum(counts.values()), waves=counts)
    return waves


def has_room_in_wave(*, run_id: UUID, channel: str) -> bool:
    """Whether a message can still join what a run sends on a channel: nobody has let it go or taken it back."""
    return not Wave.objects.filter(run_id=run_id, channel=channel).exclude(status="awaiting_release").exists()


@transaction.atomic
def join_wave(action: Action, *, on: date, prepared_by_id: UUID | None, at: datetime) -> Wave:
    """Put one planned message of a run into its wave, which is made when the run had none on that channel.

    Raises  NotWaiting when the wave was released or withdrawn meanwhile
    """
    if action.run_id is None:
        raise NotWaiting()
    open_waves(run_id=action.run_id, on=on, channels=[action.channel], prepared_by_id=prepared_by_id, at=at)
    wave = _waiting(Wave.objects.get(run_id=action.run_id, channel=action.channel))
    wave.action_count += 1
    wave.save(update_fields=["action_count"])
    Action.objects.filter(id=action.id).update(wave_id=wave.id)
    action.wave_id = wave.id
    return wave


@transaction.atomic
def release_wave(wave: Wave, *, by: Any, at: datetime, only_review: bool = False) -> Wave:
    """Let a wave go out; somebody other than who prepared it.

    A wave that nobody is known to have prepared takes two people: the first only answers for it (it goes on waiting), another
    one releases it.

    only_review  who asks saw it without anybody who answers for it, and meant to be the first
    Raises       SamePerson, AlreadyReviewed, NotWaiting, NotFound
    """
    fresh = _waiting(wave)
    if only_review and fresh.prepared_by_id is not None:
        raise AlreadyReviewed()
    if fresh.prepared_by_id is None:
        fresh.prepared_by_id = by.id
        fresh.save(update_fields=["prepared_by_id"])
        journal.record("wave.reviewed", by=by, at=at, subject="wave", subject_id=fresh.id, channel=fresh.channel, actions=fresh.action_count)
        return fresh
    if fresh.prepared_by_id == by.id:
        raise SamePerson()
    fresh.status, fresh.released_by_id, fresh.released_at = "released", by.id, at
    fresh.save(update_fields=["status", "released_by_id", "released_at"])
    journal.record("wave.released", by=by, at=at, subject="wave", subject_id=fresh.id, channel=fresh.channel, actions=fresh.action_count)
    return fresh


@transaction.atomic
def withdraw_wave(wave: Wave, *, reason: str = "withdrawn", note: str = "", by: Any, at: datetime) -> Wave:
    """Take a wave back before it is released; its actions are cancelled. Raises NotWaiting, NotFound.

    reason  a code of words.CANCEL_ES;  note  why, in words, for the journal
    """
    fresh = _waiting(wave)
    fresh.status = "withdrawn"
    fresh.save(update_fields=["status"])
    cancelled = cancel_pending(reason=reason, by=by, at=at, wave_id=fresh.id)
    journal.record("wave.withdrawn", by=by, at=at, subject="wave", subject_id=fresh.id, channel=fresh.channel, actions=cancelled, note=note[:200])
    return fresh


def _waiting(wave: Wave) -> Wave:
    fresh: Wave | None = Wave.objects.select_for_update().filter(id=wave.id).first()
    if fresh is None:
        raise NotFound()
    if fresh.status != "awaiting_release":
        raise NotWaiting()
    return fresh
