"""Getting in without being let in: guessing, pretending another address, walking around the second step, keeping an old cookie (check 29).

The plain stories of signing in are in tests/contexts/workforce/test_signing_in.py.
"""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client
from tests.cast import PASSWORD, Cast, make_cast

from recaudo.store import tenancy

ENTER, SECOND = "/cuenta/entrar/", "/cuenta/2fa/authenticate/"
INSIDE = ("/mi-cuenta/", "/cuentas/", "/cola/", "/cuenta/clave/cambiar/", "/cuenta/2fa/", "/cuenta/2fa/totp/activate/",
          "/cuenta/2fa/recovery-codes/", "/api/openapi.json")  # fmt: skip


@pytest.fixture
def people(db: Any) -> Cast:
    cache.clear()  # attempts per minute are counted there
    return make_cast()


def sign_in(client: Client, email: str, password: str = PASSWORD, **extra: Any) -> Any:
    return client.post(ENTER, {"login": email, "password": password}, **extra)


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.fixture
def seed(people: Cast) -> str:
    """Ana has the second step; its seed."""
    client = Client()
    sign_in(client, people.ana.email)
    client.post("/cuenta/confirmar/", {"password": PASSWORD, "next": "/cuenta/2fa/totp/activate/"})
    secret = client.get("/cuenta/2fa/totp/activate/").context["form"].secret
    assert client.post("/cuenta/2fa/totp/activate/", {"code": code_of(secret)}).status_code == 302
    cache.clear()
    return secret


def is_inside(client: Client) -> bool:
    return client.get("/mi-cuenta/").status_code == 200


def test_failures_from_pretended_addresses_count_together(people: Cast) -> None:
    for number in range(django_settings.AXES_FAILURE_LIMIT):
        pretended = {"HTTP_X_FORWARDED_FOR": f"203.0.113.{number}", "HTTP_X_REAL_IP": f"198.51.100.{number}", "HTTP_FORWARDED": f"for=192.0.2.{number}"}
        sign_in(Client(), people.ana.email, "mala-mala-mala", **pretended)
    assert sign_in(Client(), people.ana.email, PASSWORD, HTTP_X_FORWARDED_FOR="203.0.113.200").status_code == 429


def test_a_cookie_kept_from_before_signing_out_opens_nothing(people: Cast) -> None:
    client, thief = Client(), Client()
    sign_in(client, people.ana.email)
    thief.cookies["sessionid"] = client.cookies["sessionid"].value
    assert is_inside(thief)
    client.post("/cuenta/salir/")
    assert not is_inside(thief)


def test_an_invented_session_key_is_not_taken_on(people: Cast) -> None:
    client = Client()
    client.cookies["sessionid"] = "a" * 32
    sign_in(client, people.ana.email)
    assert client.cookies["sessionid"].value != "a" * 32 and is_inside(client)


def test_signing_in_as_somebody_else_leaves_nothing_of_the_first(people: Cast) -> None:
    client = Client()
    sign_in(client, people.ana.email)
    first = client.cookies["sessionid"].value
    client.post("/cuenta/salir/")
    sign_in(client, people.beto.email)
    old = Client()
    old.cookies["sessionid"] = first
    assert not is_inside(old)
    assert people.ana.name not in client.get("/mi-cuenta/").content.decode()


def test_what_a_person_may_is_asked_at_every_click(people: Cast) -> None:
    client = Client()
    sign_in(client, people.ignacio.email)
    assert client.get("/usuarios/").status_code == 200
    with tenancy.acting(people.tenant.id):
        people.ignacio.roles = ["call_agent"]
        people.ignacio.save(update_fields=["roles"])
    assert client.get("/usuarios/").status_code == 403


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(people: Cast) -> None:
    client = Client()
    sign_in(client, people.ana.email)
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
    assert cookie["max-age"] == "" and cookie["expires"] == "", "closing the browser ends it"


@pytest.mark.parametrize("path", INSIDE)
def test_a_password_alone_opens_no_page_of_who_has_the_second_step(path: str, people: Cast, seed: str) -> None:
    client = Client()
    assert SECOND in sign_in(client, people.ana.email)["Location"]
    for answer in (client.get(path), client.post(path, {"next": "/"})):
        assert answer.status_code in {302, 401, 403, 405}, (path, answer.status_code)
        assert answer.status_code != 302 or answer["Location"].startswith((ENTER, SECOND)), answer["Location"]


def test_the_half_signed_in_browser_cannot_confirm_itself_in(people: Cast, seed: str) -> None:
    client = Client()
    sign_in(client, people.ana.email)
    client.post("/cuenta/confirmar/", {"password": PASSWORD, "next": "/"})
    client.post("/cuenta/2fa/reauthenticate/", {"code": "000000"})
    client.post("/cuenta/2fa/totp/deactivate/")
    assert not is_inside(client)
    assert Authenticator.objects.filter(user_id=people.ana.id, type="totp").exists()


def test_a_code_serves_once(people: Cast, seed: str) -> None:
    code = code_of(seed)
    first, second = Client(), Client()
    sign_in(first, people.ana.email)
    assert first.post(SECOND, {"code": code}).status_code == 302 and is_inside(first)
    sign_in(second, people.ana.email)
    assert second.post(SECOND, {"code": code}).status_code == 200 and not is_inside(second)


def test_codes_cannot_be_guessed_in_one_sitting(people: Cast, seed: str) -> None:
    client = Client()
    sign_in(client, people.ana.email)
    for number in range(40):
        client.post(SECOND, {"code": f"{number:06}"}, HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")
    client.post(SECOND, {"code": code_of(seed)})
    assert not is_inside(client), "forty wrong codes, and the forty-first was still asked for"


def test_codes_cannot_be_guessed_from_many_computers(people: Cast, seed: str) -> None:
    for number in range(40):
        client = Client(REMOTE_ADDR=f"203.0.113.{number}")
        sign_in(client, people.ana.email)
        client.post(SECOND, {"code": f"{number:06}"})
    last = Client(REMOTE_ADDR="203.0.113.200")
    sign_in(last, people.ana.email)
    last.post(SECOND, {"code": code_of(seed)})
    assert not is_inside(last), "forty wrong codes, and the forty-first was still asked for"


def test_taking_the_second_step_off_asks_for_the_password_again(people: Cast, seed: str) -> None:
    client = Client()
    sign_in(client, people.ana.email)
    client.post(SECOND, {"code": code_of(seed)})
    session = client.session
    for method in session.get("account_authentication_methods", []):
        method["at"] -= 3600
    session.save()
    client.post("/cuenta/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(user_id=people.ana.id, type="totp").exists()


@pytest.mark.parametrize("code", ["", "0", "000000", " ", "null", "0" * 400, "' OR 1=1 --", "۱۲۳۴۵۶", "\x00\x00\x00\x00\x00\x00"])
def test_no_strange_code_opens(code: str, people: Cast, seed: str) -> None:
    client = Client(raise_request_exception=False)
    sign_in(client, people.ana.email)
    assert client.post(SECOND, {"code": code}).status_code in {200, 302, 429}
    assert not is_inside(client)
