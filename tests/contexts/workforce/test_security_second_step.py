"""Codes of the second step cannot be tried until one fits, and nobody is kept out by a stranger's failures."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client
from tests.cast import PASSWORD, Cast, make_cast
from tests.contexts.workforce.test_signing_in import totp_now

from recaudo.journal.models import Event
from recaudo.store import tenancy

SECOND, AGAIN = "/cuenta/2fa/authenticate/", "/cuenta/2fa/reauthenticate/"
WRONG = "not a code"


@pytest.fixture
def people(db: Any) -> Cast:
    cache.clear()
    return make_cast()


@pytest.fixture
def seed(people: Cast) -> str:
    """Ana's second step is on; what makes its codes."""
    client = enter(people.ana)
    client.post("/cuenta/confirmar/", {"password": PASSWORD, "next": "/cuenta/2fa/totp/activate/"})
    secret: str = client.get("/cuenta/2fa/totp/activate/").context["form"].secret
    assert client.post("/cuenta/2fa/totp/activate/", {"code": totp_now(secret)}).status_code == 302
    return secret


def enter(person: Any, address: str = "127.0.0.1", password: str = PASSWORD) -> Client:
    client = Client(REMOTE_ADDR=address)
    client.post("/cuenta/entrar/", {"login": person.email, "password": password})
    return client


def is_inside(client: Client) -> bool:
    return client.get("/mi-cuenta/").status_code == 200


def test_wrong_codes_lock_the_second_step_whatever_the_address_and_the_process(people: Cast, seed: str) -> None:
    for number in range(django_settings.AXES_FAILURE_LIMIT):
        cache.clear()  # another process knows nothing of this one's memory
        enter(people.ana, f"203.0.113.{number}").post(SECOND, {"code": WRONG})
    cache.clear()
    last = enter(people.ana, "198.51.100.1")
    answer = last.post(SECOND, {"code": totp_now(seed)})
    assert not is_inside(last)
    assert "Demasiados" in answer.content.decode() or answer.status_code == 429


def test_a_right_code_forgets_the_wrong_ones(people: Cast, seed: str) -> None:
    client = enter(people.ana)
    for _ in range(2):
        for _ in range(django_settings.AXES_FAILURE_LIMIT - 1):
            client.post(SECOND, {"code": WRONG})
        assert client.post(SECOND, {"code": totp_now(seed)}).status_code == 302
        assert is_inside(client)
        client = enter(people.ana)
        cache.clear()  # so that the same code may be used again


def test_every_wrong_code_is_in_the_journal(people: Cast, seed: str) -> None:
    enter(people.ana).post(SECOND, {"code": WRONG})
    with tenancy.acting(people.tenant.id):
        failed = Event.objects.get(name="user.sign_in_failed")
    assert failed.subject_id == people.ana.id and not re.search(WRONG, str(failed.detail))


def test_codes_asked_for_again_are_counted_too(people: Cast, seed: str) -> None:
    client = enter(people.ana)
    client.post(SECOND, {"code": totp_now(seed)})
    for _ in range(django_settings.AXES_FAILURE_LIMIT):
        client.post(AGAIN, {"code": WRONG})
    cache.clear()
    answer = client.post(AGAIN, {"code": totp_now(seed)})
    assert answer.status_code in {200, 429}, "one more was taken"


def test_nobody_is_kept_out_by_a_strangers_failures(people: Cast) -> None:
    for number in range(4):
        for _ in range(django_settings.AXES_FAILURE_LIMIT):
            enter(people.ana, f"203.0.113.{number}", "mala-mala-mala")
    assert is_inside(enter(people.ana, "198.51.100.1"))
