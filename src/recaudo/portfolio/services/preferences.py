"""When and how a person wants to be reached: what they said, or who answered for them. The gate obeys it as it obeys a consent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from django.db import transaction

from recaudo.journal import services as journal
from recaudo.kernel.contact import CHANNEL_ES, Channel
from recaudo.kernel.problems import Problem
from recaudo.portfolio.models import Person, Preference
from recaudo.store import locks

DAYS_ES: dict[str, str] = {
    "mon": "lunes", "tue": "martes", "wed": "miércoles", "thu": "jueves", "fri": "viernes", "sat": "sábado", "sun": "domingo",
}  # fmt: skip
LANGUAGE_ES: dict[str, str] = {"es": "Español", "pt": "Portugués", "en": "Inglés"}
SAID_BY_ES: dict[str, str] = {"debtor": "La propia persona", "third_party": "Quien atendió por ella", "creditor": "El acreedor"}


class BadPreference(Problem):
    code = "bad_preference"
    message = "La preferencia no se guardó: {reason}"


@transaction.atomic
def save_preference(
    *, person: Person, by: Any, at: datetime, channel: str = "", days: Sequence[str] = (), from_time: time | None = None,
    until_time: time | None = None, avoid: bool = False, source: str = "debtor",
) -> Preference:  # fmt: skip
    """Write down a wish; a later one for the same channel and sense takes its place.

    channel               empty = whatever the channel
    days                  mon to sun; none = every day
    from_time, until_time the person's clock, end-exclusive; absent = the whole day
    avoid                 then and there they do not want to be reached; otherwise only then and there
    Without days and hours a channel is *the* channel: the others rest.
    Raises                BadPreference
    """
    if channel and channel not in {one.value for one in Channel}:
        raise BadPreference(reason=f"el canal «{channel}» no se conoce.")
    if unknown := set(days) - DAYS_ES.keys():
        raise BadPreference(reason=f"el día «{min(unknown)}» no se conoce.")
    if source not in SAID_BY_ES:
        raise BadPreference(reason=f"el origen «{source}» no se conoce.")
    if from_time is not None and until_time is not None and from_time >= until_time:
        raise BadPreference(reason="la hora de inicio debe ser anterior a la de término.")
    if not (channel or days or from_time or until_time):
        raise BadPreference(reason="diga el canal, los días o las horas.")
    locks.hold_person(person.id)
    Preference.objects.filter(person=person, channel=channel, avoid=avoid).delete()
    wish: Preference = Preference.objects.create(
        person=person, channel=channel, days=[day for day in DAYS_ES if day in days], from_time=from_time, until_time=until_time, avoid=avoid,
        source=source, created_at=at,
    )  # fmt: skip
    _record(wish, by, at, "saved")
    return wish


@transaction.atomic
def drop_preference(wish: Preference, *, by: Any, at: datetime) -> None:
    """The person no longer wants it so. A second time changes nothing."""
    locks.hold_person(wish.person_id)
    if Preference.objects.filter(id=wish.id).delete()[0]:
        _record(wish, by, at, "dropped")


@transaction.atomic
def set_language(person: Person, *, language: str, by: Any, at: datetime) -> Person:
    """The language in which the person wants to be spoken to. Raises BadPreference."""
    if language not in LANGUAGE_ES:
        raise BadPreference(reason=f"el idioma «{language}» no se conoce.")
    if Person.objects.filter(id=person.id).exclude(language=language).update(language=language):
        journal.record("preference.changed", by=by, at=at, subject="person", subject_id=person.id, change="language", language=language)
    person.language = language
    return person


def in_words(*, channel: str, days: Sequence[str], from_time: time | None, until_time: time | None, avoid: bool = False) -> str:
    """A wish as people read it: «Llamada · lunes, martes · de 18:00 a 20:00»."""
    hours = ""
    if from_time or until_time:
        hours = f"de {from_time or time(0):%H:%M} a {f'{until_time:%H:%M}' if until_time else '24:00'}"
    parts = [CHANNEL_ES.get(channel, ""), ", ".join(DAYS_ES[day] for day in days if day in DAYS_ES), hours]
    said = " · ".join(part for part in parts if part)
    return f"No contactar: {said}" if avoid else said


def _record(wish: Preference, by: Any, at: datetime, change: str) -> None:
    journal.record(
        "preference.changed", by=by, at=at, subject="person", subject_id=wish.person_id, preference_id=wish.id, change=change,
        channel=wish.channel, days=wish.days, from_time=wish.from_time, until_time=wish.until_time, avoid=wish.avoid, source=wish.source,
    )  # fmt: skip
