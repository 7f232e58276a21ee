"""Reads of the people who work: the organisation, its users, teams, agencies, and how much can be done in a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from recaudo.kernel.permissions import ROLES
from recaudo.kernel.problems import Problem
from recaudo.workforce.models import Agency, ApiToken, Capacity, Invitation, Team, Tenant, User

ADMINISTRATOR = "tenant_admin"
# What an organisation plans by the day; the other channels need nobody's time.
CAPACITY_CHANNELS = ("call", "im", "sms", "email", "letter", "visit")
KEPT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Organisation:
    """The organisation of a request. `zone` is an IANA name; what is not set in its settings has the careful value."""

    id: UUID
    name: str
    country: str
    zone: str
    currency: str
    is_demo: bool


class WhichOrganisation(Problem):
    code = "which_organisation"
    message = "{what} Las que hay: {slugs}."
    status = 404


def tenant_of(slug: str | None) -> Tenant:
    """The organisation of a name, or the only one there is. Raises WhichOrganisation."""
    found = list(Tenant.objects.order_by("slug"))
    chosen = [tenant for tenant in found if tenant.slug == slug] if slug else found
    if len(chosen) == 1:
        return chosen[0]
    what = f"No hay una organización «{slug}»." if slug else "Hay varias organizaciones: indique una con --tenant." if found else "Aún no hay organizaciones."
    raise WhichOrganisation(what=what, slugs=", ".join(tenant.slug for tenant in found) or "ninguna")


def organisation(tenant_id: UUID) -> Organisation:
    """The organisation, kept for a minute by each process: every page asks for it."""
    kept: Organisation | None = cache.get(_key(tenant_id))
    if kept is None:
        kept = read_organisation(Tenant.objects.get(pk=tenant_id))
        cache.set(_key(tenant_id), kept, KEPT_SECONDS)
    return kept


def read_organisation(tenant: Tenant) -> Organisation:
    return Organisation(
        id=tenant.id,
        name=tenant.name,
        country=tenant.country,
        zone=tenant.zone,
        currency=tenant.currency,
        is_demo=bool(tenant.settings.get("is_demo", False)),
    )


def forget_organisation(tenant_id: UUID) -> None:
    """After a change: this process shows it at once, the others within a minute."""
    cache.delete(_key(tenant_id))


def _key(tenant_id: UUID) -> str:
    return f"workforce.organisation.{tenant_id}"


def capacity_on(day: date, *, agency_id: UUID | None = None) -> dict[str, int]:
    """Units of work that each channel can do on a day: {channel: units}; channels never planned are absent.

    agency_id  the agency's own capacity; None: that of the organisation
    """
    newest = (
        Capacity.objects.filter(agency_id=agency_id, weekday=day.weekday(), valid_from__lte=day)
        .order_by("channel", "-valid_from")
        .distinct("channel")
    )
    return dict(newest.values_list("channel", "units"))


def capacity_table(day: date, *, agency_id: UUID | None = None) -> dict[str, list[int]]:
    """Units in force on a day for each channel and weekday: {channel: [Monday .. Sunday]}, 0 where nothing was said."""
    newest = (
        Capacity.objects.filter(agency_id=agency_id, valid_from__lte=day)
        .order_by("channel", "weekday", "-valid_from")
        .distinct("channel", "weekday")
    )
    table = {channel: [0] * 7 for channel in CAPACITY_CHANNELS}
    for row in newest:
        table.setdefault(row.channel, [0] * 7)[row.weekday] = row.units
    return table


def coming_capacity(day: date) -> list[date]:
    """Days after this one from which another capacity counts."""
    later = Capacity.objects.filter(agency_id=None, valid_from__gt=day).order_by("valid_from")
    return list(later.values_list("valid_from", flat=True).distinct())


def staff(*, text: str = "", role: str = "", agency_id: UUID | None = None, is_active: bool | None = None) -> QuerySet[User]:
    """The tenant's users by name, with `has_second_factor`."""
    from allauth.mfa.models import Authenticator

    factor = Authenticator.objects.filter(user_id=OuterRef("pk"), type=Authenticator.Type.TOTP)
    found = users().select_related("agency").annotate(has_second_factor=Exists(factor)).order_by("name", "id")
    if text:
        found = found.filter(Q(name__icontains=text) | Q(email__icontains=text))
    if role:
        found = found.filter(roles__contains=[role])
    if agency_id:
        found = found.filter(agency_id=agency_id)
    if is_active is not None:
        found = found.filter(is_active=is_active)
    return found


def users() -> QuerySet[User]:
    """Users of the tenant we act in. `User.objects` itself is not filtered: signing in comes before the tenant."""
    from recaudo.store import tenancy

    return User.objects.filter(tenant_id=tenancy.tenant_id())


def administrators() -> QuerySet[User]:
    return users().filter(roles__contains=[ADMINISTRATOR], is_active=True)


def open_invitations(*, at: datetime) -> QuerySet[Invitation]:
    """Not accepted and not expired, newest first."""
    return Invitation.objects.filter(accepted_at=None, expires_at__gt=at).select_related("agency").order_by("-created_at")


def teams() -> QuerySet[Team]:
    return (
        Team.objects.select_related("supervisor", "agency").annotate(member_count=Count("teammember")).order_by("name")
    )


def agencies() -> QuerySet[Agency]:
    found: QuerySet[Agency] = Agency.objects.annotate(user_count=Count("user")).order_by("name")
    return found


def tokens_of(user: User) -> list[ApiToken]:
    """The tokens of a user that were not revoked, newest first; expired ones too."""
    return list(ApiToken.objects.filter(user=user, revoked_at=None).order_by("-created_at"))


def role_names(roles: list[str]) -> list[str]:
    """The Spanish names of roles, in the order of the catalogue."""
    return [role.name_es for code, role in ROLES.items() if code in roles]
