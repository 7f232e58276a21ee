"""Values in quarantine as screens show them: what each covers, and what was proposed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from recaudo.portfolio.models import ContactPoint, Person, Quarantine, QuarantineRelease
from recaudo.workforce import queries as workforce

Cursor = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class QuarantineLine:
    """A quarantine in the list.

    person    who was looked for there; None when they are out of reach of who asks (another agency heard it)
    persons   how many records of persons, within reach, it covers now
    """

    quarantine: Quarantine
    person: Person | None
    persons: int
    waiting: bool


@dataclass(frozen=True, slots=True)
class Covered:
    """A person whose contact point is in quarantine, and what was said about releasing it, newest first."""

    person: Person
    points: tuple[ContactPoint, ...]
    releases: tuple[tuple[QuarantineRelease, str, str], ...]

    @property
    def waiting(self) -> QuarantineRelease | None:
        return next((one for one, _, _ in self.releases if one.is_approved is None), None)

    @property
    def is_released(self) -> bool:
        return any(one.is_approved and one.revoked_at is None for one, _, _ in self.releases)


def quarantines(*, after: Cursor | None = None, limit: int = 50) -> list[QuarantineLine]:
    """Newest report first. Four queries: joined with the person, row security would hide what another agency heard."""
    found = Quarantine.objects.order_by("-last_at", "-id")
    if after is not None:
        found = found.filter(Q(last_at__lt=after[0]) | Q(last_at=after[0], id__lt=after[1]))
    rows = list(found[:limit])
    indexes = {bytes(index): row.id for row in rows for index in (row.value_index, row.twin_index) if index}
    persons: dict[UUID, set[UUID]] = {}
    held = ContactPoint.objects.filter(value_index__in=list(indexes), status="wrong_party").values_list("value_index", "person_id")
    for index, person_id in held:
        persons.setdefault(indexes[bytes(index)], set()).add(person_id)
    waiting = set(QuarantineRelease.objects.filter(quarantine__in=rows, is_approved=None).values_list("quarantine_id", flat=True))
    sought = Person.objects.only("id", "name").in_bulk({row.person_id for row in rows})
    return [QuarantineLine(row, sought.get(row.person_id), len(persons.get(row.id, ())), row.id in waiting) for row in rows]


def quarantine_detail(quarantine: Quarantine) -> list[Covered]:
    """The persons within reach that a quarantine covers, with proposals and the names of who made and decided them. Three queries."""
    points: dict[UUID, list[ContactPoint]] = {}
    indexes = [bytes(index) for index in (quarantine.value_index, quarantine.twin_index) if index]
    for point in ContactPoint.objects.filter(value_index__in=indexes).defer("value").select_related("person").order_by("person__name", "kind"):
        points.setdefault(point.person_id, []).append(point)
    releases = list(QuarantineRelease.objects.filter(quarantine=quarantine).order_by("-created_at", "-id"))
    ids = {key for one in releases for key in (one.proposed_by_id, one.decided_by_id) if key}
    names = dict(workforce.users().filter(id__in=ids).values_list("id", "name"))
    return [
        Covered(
            mine[0].person, tuple(mine),
            tuple((one, names.get(one.proposed_by_id, "—"), names.get(one.decided_by_id, "") if one.decided_by_id else "") for one in releases if one.person_id == person_id),
        )
        for person_id, mine in points.items()
    ]  # fmt: skip


def releases_waiting() -> int:
    """Proposals that wait for a second person."""
    return int(QuarantineRelease.objects.filter(is_approved=None).count())


def points_of(person_id: UUID) -> QuerySet[ContactPoint]:
    """How a person can be reached, most trusted first; values stay sealed."""
    return ContactPoint.objects.filter(person_id=person_id).defer("value").order_by("-ownership_score", "kind")


def quarantine_cursor(text: str) -> Cursor | None:
    try:
        at, _, last = text.partition("~")
        return datetime.fromisoformat(at), UUID(last)
    except ValueError:
        return None
