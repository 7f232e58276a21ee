"""Inviting people to the team, and what changes about them afterwards."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet

from recaudo.journal import services as journal
from recaudo.kernel.permissions import ROLES
from recaudo.kernel.problems import NotFound, Problem
from recaudo.store import tenancy
from recaudo.workforce import queries
from recaudo.workforce.models import Agency, ApiToken, Invitation, User
from recaudo.workforce.services.programs import revoke_token

INVITATION_DAYS = 7
TOKEN_BYTES = 32


class EmailTaken(Problem):
    code = "email_taken"
    message = "Ese correo ya no se puede usar: pertenece a una cuenta. Use otro, o reactive la cuenta que ya existe."


class WrongEmail(Problem):
    code = "wrong_email"
    message = "El correo no está bien escrito. Revíselo: debe parecerse a nombre@empresa.com."


class WeakPassword(Problem):
    code = "weak_password"
    message = "La contraseña no es segura: {reasons}"


class UnknownRole(Problem):
    code = "unknown_role"
    message = "Elija al menos un rol de la lista."


class AgencyRoleMismatch(Problem):
    code = "agency_role_mismatch"
    message = (
        "Los roles de despacho son sólo para gente de un despacho, y ésta sólo puede tener esos. Elija un despacho, o "
        "otros roles."
    )


class NotOneself(Problem):
    code = "not_oneself"
    message = "Nadie cambia sus propios roles ni se desactiva: pídalo a otro administrador."
    status = 403


class LastAdministrator(Problem):
    code = "last_administrator"
    message = "Es la única persona que administra la organización. Nombre antes a otra."


class InvitationNotValid(Problem):
    code = "invitation_not_valid"
    message = "La invitación ya se usó, venció o no existe. Pida una nueva a su administrador."
    status = 404


@transaction.atomic
def invite(
    *, email: str, name: str, roles: list[str], by: Any, at: datetime, agency: Agency | None = None
) -> tuple[Invitation, str]:
    """Make a way in for a new member of the team. Returns it and its token, which is kept nowhere.

    An earlier open invitation of the same address stops working.
    Raises  WrongEmail, EmailTaken, UnknownRole, AgencyRoleMismatch
    """
    email = check_email(email)
    check_roles(roles, agency)
    Invitation.objects.filter(email__iexact=email, accepted_at=None, expires_at__gt=at).update(expires_at=at)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation = Invitation.objects.create(
        email=email, name=name.strip(), roles=sorted(roles), agency=agency, token_hash=_hash(token), invited_by=by,
        expires_at=at + timedelta(days=INVITATION_DAYS), created_at=at,
    )  # fmt: skip
    journal.record(
        "user.invited", by=by, at=at, subject="invitation", subject_id=invitation.id, roles=sorted(roles),
        agency=agency.id if agency else None,
    )  # fmt: skip
    return invitation, token


@transaction.atomic
def withdraw_invitation(invitation: Invitation, *, by: Any, at: datetime) -> None:
    """The link stops working at once."""
    invitation.expires_at = at
    invitation.save(update_fields=["expires_at"])
    journal.record("invitation.withdrawn", by=by, at=at, subject="invitation", subject_id=invitation.id)


@transaction.atomic
def find_invitation(token: str, *, at: datetime) -> Invitation:
    """The open invitation of a token, across tenants: whoever holds it does not say whose it is.

    Raises  InvitationNotValid, the same for used, expired and unknown
    """
    with tenancy.identifying():
        # Not through the tenant's manager: somebody signed in elsewhere may open a link of this organisation.
        everywhere: QuerySet[Invitation] = QuerySet(Invitation)
        waiting = everywhere.select_for_update().filter(token_hash=_hash(token), accepted_at=None, expires_at__gt=at)
        invitation = waiting.first()
    if invitation is None:
        raise InvitationNotValid()
    return invitation


@transaction.atomic
def accept_invitation(token: str, *, name: str, password: str, at: datetime) -> User:
    """The invited person chooses name and password, and is in the team. The token does not work again.

    Raises  InvitationNotValid, EmailTaken, WeakPassword
    """
    invitation = find_invitation(token, at=at)
    email = check_email(invitation.email)
    with tenancy.identifying(), tenancy.acting(invitation.tenant_id):
        user = User(
            tenant_id=invitation.tenant_id, email=email, name=name.strip(), roles=invitation.roles,
            agency_id=invitation.agency_id, created_at=at,
        )  # fmt: skip
        check_password(password, user=user)
        user.set_password(password)
        user.save()
        Invitation.objects.filter(pk=invitation.pk).update(accepted_at=at)
        journal.record("user.joined", by=user, at=at, subject="user", subject_id=user.id, roles=user.roles)
    return user


@transaction.atomic
def change_user(
    user: User, *, name: str, roles: list[str], by: Any, at: datetime, agency: Agency | None = None
) -> User:
    """Name, roles and agency of somebody else; takes effect at the person's next click.

    Raises  NotOneself (own roles or agency), LastAdministrator, UnknownRole, AgencyRoleMismatch
    """
    user = _locked(user)
    check_roles(roles, agency)
    before = {"name": user.name, "roles": sorted(user.roles), "agency": user.agency_id}
    after = {"name": name.strip(), "roles": sorted(roles), "agency": agency.id if agency else None}
    rights_change = (before["roles"], before["agency"]) != (after["roles"], after["agency"])
    if rights_change and user.id == by.id:
        raise NotOneself()
    if queries.ADMINISTRATOR in user.roles and queries.ADMINISTRATOR not in roles:
        _require_another_administrator(user)
    if before == after:
        return user
    user.name, user.roles, user.agency = name.strip(), sorted(roles), agency
    user.save(update_fields=["name", "roles", "agency"])
    journal.record(
        "user.changed", by=by, at=at, subject="user", subject_id=user.id,
        roles=[before["roles"], after["roles"]], agency=[before["agency"], after["agency"]],
        is_name_changed=before["name"] != after["name"],
    )  # fmt: skip
    return user


@transaction.atomic
def deactivate_user(user: User, *, by: Any, at: datetime) -> User:
    """The person is out at once: open sessions end at their next request.

    Raises  NotOneself, LastAdministrator
    """
    user = _locked(user)
    if user.id == by.id:
        raise NotOneself()
    if queries.ADMINISTRATOR in user.roles:
        _require_another_administrator(user)
    if user.is_active:
        user.is_active, user.session_round = False, user.session_round + 1
        user.save(update_fields=["is_active", "session_round"])
        # For good: who comes back is not followed by tokens that somebody may have kept.
        for token in ApiToken.objects.filter(user=user, revoked_at=None):
            revoke_token(token, by=by, at=at)
        journal.record("user.deactivated", by=by, at=at, subject="user", subject_id=user.id)
    return user


@transaction.atomic
def reactivate_user(user: User, *, by: Any, at: datetime) -> User:
    user = _locked(user)
    if not user.is_active:
        user.is_active = True
        user.save(update_fields=["is_active"])
        journal.record("user.reactivated", by=by, at=at, subject="user", subject_id=user.id)
    return user


def check_email(email: str) -> str:
    """The address as it is kept, lower case. Raises WrongEmail, EmailTaken (in whatever organisation)."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise WrongEmail() from None
    with tenancy.identifying():
        if User.objects.filter(email__iexact=email).exists():
            raise EmailTaken()
    return email


def check_password(password: str, *, user: User) -> None:
    """Raises WeakPassword with what is wrong."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise WeakPassword(reasons=" ".join(error.messages)) from None


def check_roles(roles: list[str], agency: Agency | None) -> None:
    """Raises UnknownRole, AgencyRoleMismatch.

    Row security narrows what a person of an agency sees; a role of the agency without one would see everything.
    """
    if not roles or not set(roles) <= ROLES.keys():
        raise UnknownRole()
    if any(ROLES[role].is_agency != (agency is not None) for role in roles):
        raise AgencyRoleMismatch()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _locked(user: User) -> User:
    """The row as it is now, held until the end: two administrators cannot remove each other at once."""
    # Administrators first and always in the same order, so that the count below is true and nobody waits in a circle.
    list(queries.administrators().select_for_update().order_by("id").values_list("id", flat=True))
    found = queries.users().select_for_update(of=("self",)).filter(pk=user.pk).first()
    if found is None:
        raise NotFound()
    return found


def _require_another_administrator(user: User) -> None:
    if user.is_active and not queries.administrators().exclude(pk=user.pk).exists():
        raise LastAdministrator()
