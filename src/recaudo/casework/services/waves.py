"""Waves: what a run prepared on one channel waits for a second person before it goes out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from recaudo.casework.models import Wave
from recaudo.casework.services.pending import cancel_pending
from recaudo.journal import services as journal
from recaudo.kernel.problems import NotFound, Problem
from recaudo.store import tenancy

# What machines send. Calls and visits are work of people: they need no release.
SENT_CHANNELS = ("sms", "im", "email", "letter", "prerecorded", "push")


class SamePerson(Problem):
    code = "wave_same_person"
    message = "Quien preparó el envío no puede liberarlo: pídalo a otra persona."
    status = 403


class NotWaiting(Problem):
    code = "wave_not_waiting"
    message = "Este envío ya fue liberado o retirado."
    status = 409


@transaction.atomic
def prepare_waves(*, run_id: UUID, on: date, by: Any, at: datetime) -> list[Wave]:
    """Gather the planned messages of a run, one wave per channel. Doing it again adds nothing twice."""
    values = {"tenant": tenancy.tenant_id(), "run": run_id, "on": on, "at": at, "by": by.id, "channels": list(SENT_CHANNELS)}
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO casework_wave (id, tenant_id, created_at, run_id, \"on\", channel, action_count, status, prepared_by_id)"
            " SELECT recaudo_uuid7(), %(tenant)s, %(at)s, %(run)s, %(on)s, channel, 0, 'awaiting_release', %(by)s"
            " FROM casework_action WHERE tenant_id = %(tenant)s AND run_id = %(run)s AND status = 'planned'"
            " AND wave_id IS NULL AND channel = ANY(%(channels)s) GROUP BY channel"
            " ON CONFLICT (tenant_id, run_id, channel) DO NOTHING",
            values,
        )
        cursor.execute(
            "UPDATE casework_action a SET wave_id = w.id FROM casework_wave w"
            " WHERE w.tenant_id = %(tenant)s AND w.run_id = %(run)s AND w.status = 'awaiting_release' AND a.tenant_id = %(tenant)s"
            " AND a.run_id = %(run)s AND a.channel = w.channel AND a.status = 'planned' AND a.wave_id IS NULL",
            values,
        )
        taken = cursor.rowcount
        cursor.execute(
            "UPDATE casework_wave w SET action_count = s.n FROM (SELECT wave_id, count(*) AS n FROM casework_action"
            " WHERE tenant_id = %(tenant)s AND run_id = %(run)s AND wave_id IS NOT NULL GROUP BY wave_id) s"
            " WHERE w.tenant_id = %(tenant)s AND w.id = s.wave_id AND w.action_count <> s.n",
            values,
        )
    waves = list(Wave.objects.filter(run_id=run_id).order_by("channel"))
    if taken:
        journal.record("wave.prepared", by=by, at=at, subject="run", subject_id=run_id, actions=taken, waves={w.channel: w.action_count for w in waves})
    return waves


@transaction.atomic
def release_wave(wave: Wave, *, by: Any, at: datetime) -> Wave:
    """Let a wave go out; somebody other than who prepared it. Raises SamePerson, NotWaiting, NotFound."""
    fresh = _waiting(wave)
    if fresh.prepared_by_id is not None and fresh.prepared_by_id == by.id:
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
