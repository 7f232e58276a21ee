"""Users, their roles, and invitations."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recaudo.journal import queries as journal
from recaudo.kernel.permissions import PERMISSIONS, ROLES
from recaudo.kernel.problems import NotAllowed, NotFound, Problem
from recaudo.ui.access import allow, everyone
from recaudo.workforce import mail, queries, services
from recaudo.workforce.forms import AcceptForm, InviteForm, TokenForm, UserFilters, UserForm
from recaudo.workforce.models import Invitation, User

PAGE_SIZE = 50
STATES = {"": True, "active": True, "inactive": False, "all": None}


@allow("user.view")
@require_safe
def users(request: HttpRequest) -> HttpResponse:
    form = UserFilters(request.GET or None)
    chosen: dict[str, Any] = form.cleaned_data if form.is_bound and form.is_valid() else {}
    agency = chosen.get("agency")
    found = queries.staff(
        text=chosen.get("q", ""), role=chosen.get("role", ""), agency_id=agency.id if agency else None,
        is_active=STATES[chosen.get("state", "")],
    )  # fmt: skip
    context = {
        "form": form,
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "roles": ROLES,
        "invitations": queries.open_invitations(at=timezone.now())[:PAGE_SIZE] if request.user.may("user.edit") else [],
    }
    return render(request, "workforce/users.html", context)


@allow("user.view")
@require_safe
def roles(request: HttpRequest) -> HttpResponse:
    """The catalogue: what each role is and may do."""
    return render(request, "workforce/roles.html", {"roles": ROLES.values(), "permissions": PERMISSIONS})


@allow("user.edit")
@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            invitation, token = services.invite(
                email=given["email"], name=given["name"], roles=given["roles"], agency=given["agency"], by=request.user,
                at=timezone.now(),
            )  # fmt: skip
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            return _invited(request, invitation, token)
    return render(request, "workforce/invite.html", {"form": form, "roles": ROLES})


def _invited(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    link = settings.PUBLIC_URL.rstrip("/") + reverse("workforce:accept", args=[token])
    organisation = queries.organisation(request.user.tenant_id)
    is_sent = mail.send_invitation(invitation, link=link, organisation=organisation.name, by_name=request.user.name)
    is_by_server = is_sent and bool(settings.EMAIL_HOST)
    return render(request, "workforce/invited.html", {"invitation": invitation, "link": link, "is_sent": is_by_server})


@allow("user.edit")
@require_POST
def withdraw_invitation(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    invitation = Invitation.objects.filter(pk=invitation_id, accepted_at=None).first()
    if invitation is None:
        raise NotFound()
    services.withdraw_invitation(invitation, by=request.user, at=timezone.now())
    messages.success(request, "La invitación se retiró; su enlace ya no sirve.")
    return redirect("workforce:users")


@everyone
@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """The link of an invitation. Open: nobody here has an account yet."""
    now = timezone.now()
    try:
        invitation = services.find_invitation(token, at=now)
    except services.InvitationNotValid:
        return render(request, "workforce/accept_gone.html", status=404)
    form = AcceptForm(request.POST or None, initial={"name": invitation.name})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            services.accept_invitation(token, name=given["name"], password=given["password"], at=now)
        except services.WeakPassword as problem:
            form.add_error("password", problem.text)
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, "Bienvenido. Entre con su correo y la contraseña que eligió.")
            return redirect("account_login")
    context = {
        "form": form,
        "email": invitation.email,
        "organisation_name": queries.organisation(invitation.tenant_id).name,
        "role_names": queries.role_names(invitation.roles),
    }
    return render(request, "workforce/accept.html", context)


@allow("user.view")
@require_http_methods(["GET", "POST"])
def user(request: HttpRequest, user_id: UUID) -> HttpResponse:
    person = _person(user_id)
    may_edit = request.user.may("user.edit")
    start = {"name": person.name, "roles": person.roles, "agency": person.agency_id}
    form = UserForm(request.POST or None, initial=start)
    if request.method == "POST":
        if not may_edit:
            raise NotAllowed()
        if form.is_valid() and _change(request, person, form):
            return redirect("workforce:user", user_id=person.id)
    context = {
        "person": person,
        "form": form if may_edit else None,
        "is_oneself": person == request.user,
        "roles": [ROLES[code] for code in person.roles if code in ROLES],
        "permissions": [PERMISSIONS[name] for name in PERMISSIONS if name in person.permissions],
        "tokens": queries.tokens_of(person),
        "token_form": TokenForm() if may_edit and person.may("api.use") else None,
        "now": timezone.now(),
        "events": [(event, journal.title(event)) for event in journal.trail(subject_id=person.id)[:15]],
    }
    return render(request, "workforce/user.html", context)


def _change(request: HttpRequest, person: User, form: UserForm) -> bool:
    given = form.cleaned_data
    try:
        services.change_user(
            person, name=given["name"], roles=given["roles"], agency=given["agency"], by=request.user, at=timezone.now()
        )
    except Problem as problem:
        form.add_error(None, problem.text)
        return False
    messages.success(request, "Los cambios valen desde su próximo clic.")
    return True


@allow("user.edit")
@require_POST
def deactivate(request: HttpRequest, user_id: UUID) -> HttpResponse:
    try:
        services.deactivate_user(_person(user_id), by=request.user, at=timezone.now())
    except (services.NotOneself, services.LastAdministrator) as problem:
        messages.error(request, problem.text)
    else:
        messages.success(request, "La persona ya no puede entrar; sus sesiones se cerraron.")
    return redirect("workforce:user", user_id=user_id)


@allow("user.edit")
@require_POST
def reactivate(request: HttpRequest, user_id: UUID) -> HttpResponse:
    services.reactivate_user(_person(user_id), by=request.user, at=timezone.now())
    messages.success(request, "La persona puede entrar de nuevo con su contraseña de antes.")
    return redirect("workforce:user", user_id=user_id)


def _person(user_id: UUID) -> User:
    person = queries.staff(is_active=None).filter(pk=user_id).first()
    if person is None:
        raise NotFound()
    return person
