"""How fast, and whether at all, a provider is asked: one row per provider, shared by every dispatcher of the installation.

Two things are kept. *Slots*: with a limit of N a second each message gets an instant of its own, 1/N apart (the generic cell rate
algorithm on the database's clock); who comes later than `LATE_SECONDS` to its slot takes another, so that in any span of t seconds at
most N·(t + LATE_SECONDS) + 1 messages leave, however many dispatchers run and however they stall. *Trouble*: while a provider as a whole
does not answer, nobody asks; each failed try doubles the wait, up to `LONGEST_SECONDS`, and then one message tries first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from recaudo.messaging.models import Pace

LATE_SECONDS = 0.25
FIRST_SECONDS, LONGEST_SECONDS = 15, 300
AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """What a provider was agreed to take: messages a second (None = no limit), and how many are handed over at once."""

    per_second: float | None
    at_once: int


def provider_of(channel: str) -> str:
    """channel:provider, the name of a provider's row."""
    return f"{channel}:{settings.PROVIDERS[channel]}"


def limits(channel: str) -> Limits:
    """The deployment's limits of a channel. With a limit no flight takes more than a quarter of a second of slots."""
    said = settings.PROVIDER_LIMITS.get(channel, {})
    per_second = float(said["per_second"]) if said.get("per_second") else None
    at_once = max(1, int(said.get("at_once") or AT_ONCE))
    return Limits(per_second, at_once if per_second is None else max(1, min(at_once, int(per_second * LATE_SECONDS))))


def take_slots(name: str, count: int, per_second: float) -> float:
    """Reserve so many slots in a row. Returns how many seconds from now the first one is; the others follow 1/per_second apart.

    Call outside a transaction: the row is free again at once.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO messaging_pace AS p (name, next_at, failures) VALUES (%(name)s, clock_timestamp() + %(span)s, 0)
            ON CONFLICT (name) DO UPDATE SET next_at = greatest(p.next_at, clock_timestamp()) + %(span)s
            RETURNING extract(epoch FROM next_at - %(span)s - clock_timestamp())
            """,
            {"name": name, "span": timedelta(seconds=count / per_second)},
        )
        return max(0.0, float(cursor.fetchone()[0]))


def backlog_seconds(name: str) -> float:
    """How far ahead slots are taken already; 0 = the next one is free."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM next_at - clock_timestamp()) FROM messaging_pace WHERE name = %s", [name])
        row = cursor.fetchone()
    return max(0.0, float(row[0])) if row and row[0] is not None else 0.0


def may_ask(name: str, *, at: datetime) -> tuple[bool, bool]:
    """Whether the provider may be asked now, and whether it is on trial: then with one message."""
    row = Pace.objects.filter(name=name).values_list("failures", "resumes_at").first()
    if row is None or not row[0]:
        return True, False
    return row[1] is None or row[1] <= at, True


@transaction.atomic
def failed(name: str, *, at: datetime, after_seconds: int | None = None) -> datetime:
    """The provider as a whole did not answer (or asked for a pause). Returns when it may be asked again."""
    Pace.objects.get_or_create(name=name)
    row = Pace.objects.select_for_update().get(name=name)
    if row.failures and row.resumes_at and row.resumes_at > at:
        return row.resumes_at  # another dispatcher saw the same failure
    wait = min(FIRST_SECONDS * 2 ** min(row.failures, 10), LONGEST_SECONDS)
    row.failures, row.resumes_at = row.failures + 1, at + timedelta(seconds=max(wait, min(after_seconds or 0, 24 * 3600)))
    row.save(update_fields=["failures", "resumes_at"])
    return row.resumes_at


def answered(name: str) -> None:
    """The provider took a message: trouble is over."""
    Pace.objects.filter(name=name, failures__gt=0).update(failures=0, resumes_at=None)
