"""Teams, agencies and capacity."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from recaudo.journal import services as journal
from recaudo.kernel.problems import NotFound, Problem
from recaudo.workforce import queries
from recaudo.workforce.models import Agency, Capacity, Team, TeamMember, User

LARGEST_UNITS = 100_000_000


class NameTaken(Problem):
    code = "name_taken"
    message = "Ya hay un equipo con ese nombre. Elija otro."


class CodeTaken(Problem):
    code = "code_taken"
    message = "Ya hay un despacho con ese código. Elija otro."


class WrongCapacity(Problem):
    code = "wrong_capacity"
    message = "La capacidad va de 0 a cien millones de unidades por día y canal. Revise {channel}."


class CapacityInThePast(Problem):
    code = "capacity_in_the_past"
    message = "La capacidad vale desde hoy o un día posterior: lo que ya pasó no se cambia."


@transaction.atomic
def save_team(
    team: Team | None,
    *,
    name: str,
    channel: str,
    members: Collection[User],
    by: Any,
    at: datetime,
    supervisor: User | None = None,
    agency: Agency | None = None,
) -> Team:
    """Make a team (team None) or change it. Raises NameTaken."""
    name = name.strip()
    if Team.objects.filter(name__iexact=name).exclude(pk=team.pk if team else None).exists():
        raise NameTaken()
    team = team or Team(created_at=at)
    team.name, team.channel, team.supervisor, team.agency = name, channel, supervisor, agency
    team.save()
    wanted = {user.id for user in members}
    TeamMember.objects.filter(team=team).exclude(user_id__in=wanted).delete()
    present = set(TeamMember.objects.filter(team=team).values_list("user_id", flat=True))
    TeamMember.objects.bulk_create(TeamMember(team=team, user_id=user_id, created_at=at) for user_id in wanted - present)
    journal.record(
        "team.changed", by=by, at=at, subject="team", subject_id=team.id, channel=channel, members=sorted(map(str, wanted))
    )
    return team


@transaction.atomic
def save_agency(
    agency: Agency | None,
    *,
    name: str,
    code: str,
    country: str,
    by: Any,
    at: datetime,
    registry_id: str = "",
    address_phone: str = "",
    is_active: bool = True,
) -> Agency:
    """Make an agency (agency None) or change it. Raises CodeTaken."""
    code = code.strip().upper()
    if Agency.objects.filter(code__iexact=code).exclude(pk=agency.pk if agency else None).exists():
        raise CodeTaken()
    agency = agency or Agency(created_at=at)
    agency.name, agency.code, agency.country = name.strip(), code, country.upper()
    agency.registry_id, agency.address_phone, agency.is_active = registry_id.strip(), address_phone.strip(), is_active
    agency.save()
    journal.record(
        "agency.changed", by=by, at=at, subject="agency", subject_id=agency.id, code=code, is_active=is_active
    )
    return agency


@transaction.atomic
def set_capacity(
    units: Mapping[str, Sequence[int]], *, valid_from: date, today: date, by: Any, at: datetime, agency_id: UUID | None = None
) -> int:
    """Units of work a day by channel and weekday, from a day on. Returns how many cells changed.

    units       {channel: [Monday .. Sunday]}; what equals the capacity in force that day is not written again
    valid_from  today or later: the past stays as it was
    Raises      WrongCapacity, CapacityInThePast, NotFound (no such agency)
    """
    if valid_from < today:
        raise CapacityInThePast()
    if agency_id and not Agency.objects.filter(pk=agency_id).exists():
        raise NotFound()
    before = queries.capacity_table(valid_from, agency_id=agency_id)
    changed: dict[str, list[int]] = {}
    for channel, week in units.items():
        if len(week) != 7 or not all(0 <= count <= LARGEST_UNITS for count in week):
            raise WrongCapacity(channel=channel)
        for weekday, count in enumerate(week):
            if before.get(channel, [0] * 7)[weekday] == count:
                continue
            Capacity.objects.update_or_create(
                channel=channel, weekday=weekday, valid_from=valid_from, agency_id=agency_id,
                defaults={"units": count}, create_defaults={"units": count, "created_at": at},
            )  # fmt: skip
            changed.setdefault(channel, [*week])
    if changed:
        journal.record(
            "capacity.changed", by=by, at=at, subject="capacity", subject_id=agency_id, valid_from=valid_from, units=changed
        )
    return sum(a != b for channel, week in changed.items() for a, b in zip(before.get(channel, [0] * 7), week, strict=True))
