"""Every role before every route, generated from the URL configuration; and who is not signed in before all of them.

A new route without a row in rights.py fails: somebody must decide who may.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from tests.cast import Cast, _user, make_cast
from tests.contexts.project import rights

from recaudo.kernel.permissions import ROLES
from recaudo.store import tenancy
from recaudo.workforce.models import User

EVERY_ROUTE = {**dict.fromkeys(rights.IDENTITY), **dict.fromkeys(rights.RIGHTS), **dict.fromkeys(rights.API)}
REFUSED = 403


def routes() -> dict[str, URLPattern]:
    return dict(_walk(get_resolver(), ""))


def _walk(resolver: URLResolver, namespace: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern, inner)
        else:
            assert pattern.name, f"a route without a name cannot be decided about: {pattern.pattern}"
            yield f"{namespace}{pattern.name}", pattern


def path_of(name: str, pattern: URLPattern, known: dict[str, Any]) -> str:
    """An address of the route, with things of the cast where a parameter names one, else an id of nothing."""
    converters = pattern.pattern.converters
    if hasattr(pattern.pattern, "regex") and not converters:
        groups = pattern.pattern.regex.groupindex
        return reverse(name, kwargs=dict.fromkeys(groups, "abc123"))
    values = {key: known.get(key, _any(type(converter).__name__)) for key, converter in converters.items()}
    return reverse(name, kwargs=values)


def _any(converter: str) -> Any:
    return {"UUIDConverter": uuid4(), "IntConverter": 7}.get(converter, "nada")


def known_things(cast: Cast) -> dict[str, UUID]:
    account, person = cast.accounts["maria"], cast.people["maria"]
    return {
        "account_id": account.id, "person_id": person.id, "portfolio_id": account.portfolio_id,
        "creditor_id": account.creditor_id, "user_id": cast.ana.id, "agency_id": cast.agencies["NORTE"].id,
    }  # fmt: skip


def may(role: str, permission: str) -> bool:
    return any(name in ROLES[role].permissions for name in permission.split("|"))


@pytest.fixture
def people(db: Any) -> Cast:
    """The cast, with nobody acting: each request brings its own tenant."""
    return make_cast()


def signed_in(cast: Cast, roles: list[str], agency: bool = False) -> Client:
    with tenancy.acting(cast.tenant.id):
        user: User = _user(cast.tenant.id, f"rol-{uuid4().hex[:8]}", "Persona", roles, cast.agencies["NORTE"] if agency else None)
    client = Client(raise_request_exception=False)
    with tenancy.identifying():
        client.force_login(user, backend="recaudo.workforce.backends.StaffBackend")
    return client


def test_every_route_has_its_row_and_every_row_its_route() -> None:
    found = routes()
    missing = sorted(found.keys() - EVERY_ROUTE.keys())
    assert not missing, f"decide who may open these, in tests/contexts/project/rights.py: {missing}"
    gone = sorted(EVERY_ROUTE.keys() - found.keys())
    assert not gone, f"rows without a route: {gone}"


def test_every_view_says_what_its_row_says() -> None:
    found = routes()
    said = {name: getattr(found[name].callback, "permission", None) for name in rights.RIGHTS if name in found}
    assert said == {name: rights.RIGHTS[name] for name in said}
    assert {name for name, word in said.items() if word == "open"} == rights.ANYBODY


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_opens_what_its_permissions_say_and_nothing_else(role: str, people: Cast) -> None:
    known, wrong = known_things(people), []
    client = signed_in(people, [role], agency=ROLES[role].is_agency)
    for name, pattern in routes().items():
        permission = rights.RIGHTS.get(name)
        if permission is None or permission == "open" or name == "home":
            continue
        path = path_of(name, pattern, known)
        status = client.get(path).status_code
        is_allowed = permission == "signed_in" or may(role, permission)
        is_allowed = is_allowed and (name not in rights.ALSO or may(role, rights.ALSO[name]))
        # 404 is also the answer for what an agency may not see, 405 for what only takes a POST.
        # The root is refused by leading to where the role starts.
        expected = {200, 302, 404, 405} if is_allowed else {302} if path == "/" else {REFUSED}
        if status not in expected:
            wrong.append((name, permission, status))
    assert not wrong


@pytest.mark.parametrize("role", sorted(ROLES))
def test_the_programs_interface_opens_to_who_may_use_it(role: str, people: Cast) -> None:
    known, wrong = known_things(people), []
    client = signed_in(people, [role], agency=ROLES[role].is_agency)
    for name, pattern in routes().items():
        if name not in rights.API:
            continue
        status = client.get(path_of(name, pattern, known)).status_code
        permission = rights.API[name]
        is_allowed = may(role, "api.use") and (not permission or may(role, permission))
        expected = {200, 404, 405, 422} if is_allowed else {401, 403, 404, 405}
        if status not in expected:
            wrong.append((name, permission, status))
    assert not wrong


def test_who_is_not_signed_in_gets_the_allow_list_and_nothing_else(people: Cast) -> None:
    known, wrong = known_things(people), []
    client = Client(raise_request_exception=False)
    for name, pattern in routes().items():
        answer = client.get(path_of(name, pattern, known))
        is_open = rights.IDENTITY.get(name, name in rights.ANYBODY)
        to_sign_in = answer.status_code == 302 and answer["Location"].startswith("/cuenta/entrar/")
        if is_open and answer.status_code not in {200, 302, 404}:
            wrong.append((name, answer.status_code))
        if not is_open and not to_sign_in and answer.status_code not in {401, 403, 404, 405}:
            wrong.append((name, answer.status_code))
        if not is_open and answer.status_code == 200:
            wrong.append((name, "open to anybody"))
    assert not wrong


def test_a_view_without_a_word_is_refused(people: Cast) -> None:
    """The protection itself: forgetting the mark closes the view, to everybody."""
    from django.http import HttpRequest, HttpResponse
    from django.test import RequestFactory

    from recaudo.project.middleware import ActingTenant

    def forgotten(request: HttpRequest) -> HttpResponse:
        return HttpResponse("abierto")

    forgotten.__module__ = "recaudo.somewhere.views"
    request = RequestFactory().get("/algo/")
    with tenancy.acting(people.tenant.id):
        request.user = people.ignacio
        refused = ActingTenant(forgotten).process_view(request, forgotten, (), {})
    assert refused is not None and refused.status_code == REFUSED


def test_an_unsafe_request_without_its_token_is_refused_on_every_route(people: Cast) -> None:
    known, wrong = known_things(people), []
    client = signed_in(people, sorted(code for code, role in ROLES.items() if not role.is_agency))
    client.handler.enforce_csrf_checks = True
    for name, pattern in routes().items():
        if name in rights.WITHOUT_CSRF:
            continue
        for headers in ({}, {"HTTP_HX_REQUEST": "true"}):
            answer = client.post(path_of(name, pattern, known), {"x": "1"}, **headers)
            if answer.status_code not in {403, 404, 405}:
                wrong.append((name, answer.status_code))
            if answer.status_code in {404, 405} and name not in rights.API:
                wrong.append((name, answer.status_code))
    assert not wrong
