"""Ana signs in, somebody else tries to; the second step; everything is in the journal of her organisation."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from tests.cast import PASSWORD, Cast, make_cast

from recaudo.journal.models import Event
from recaudo.store import tenancy
from recaudo.workforce import services
from recaudo.workforce.models import User


@pytest.fixture
def people(db: Any) -> Cast:
    """The cast, with nobody acting: as when a browser arrives."""
    cache.clear()  # attempts per minute are counted there
    return make_cast()


def sign_in(client: Client, email: str, password: str = PASSWORD, **extra: Any) -> Any:
    return client.post("/cuenta/entrar/", {"login": email, "password": password}, **extra)


def events(people: Cast, name: str) -> list[Event]:
    with tenancy.acting(people.tenant.id):
        return list(Event.objects.filter(name=name))


def test_ana_signs_in_and_lands_where_her_role_starts(people: Cast) -> None:
    client = Client()
    answer = sign_in(client, people.ana.email)
    assert answer.status_code == 302
    assert client.get(answer["Location"]).status_code in {200, 302}
    assert [event.by_id for event in events(people, "user.signed_in")] == [people.ana.id]


def test_the_session_key_changes_at_sign_in(people: Cast) -> None:
    client = Client()
    client.get("/cuenta/entrar/")
    session = client.session
    session["planted"] = "yes"
    session.save()
    planted = session.session_key
    client.cookies["sessionid"] = planted
    sign_in(client, people.ana.email)
    assert client.session.session_key != planted
    thief = Client()
    thief.cookies["sessionid"] = planted
    assert thief.get("/mi-cuenta/").status_code == 302


def test_a_wrong_password_is_told_in_spanish_and_kept_in_the_journal(people: Cast) -> None:
    answer = sign_in(Client(), people.ana.email, "otra-clave-cualquiera")
    page = answer.content.decode()
    assert answer.status_code == 200 and "no son correct" in page
    assert [event.subject_id for event in events(people, "user.sign_in_failed")] == [people.ana.id]


def test_an_unknown_address_gets_the_same_answer_and_no_event(people: Cast) -> None:
    known = sign_in(Client(), people.ana.email, "otra-clave-cualquiera").content.decode()
    unknown = sign_in(Client(), "nadie@valle.example", "otra-clave-cualquiera").content.decode()
    strip = lambda page: re.sub(r'(value|csrf)[^>]*>', ">", page)  # noqa: E731
    assert strip(known) == strip(unknown)
    assert len(events(people, "user.sign_in_failed")) == 1


def test_too_many_failures_lock_the_address_even_for_the_right_password(people: Cast, settings: Any) -> None:
    client = Client()
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = sign_in(client, people.ana.email, "mala-mala-mala")
    assert answer.status_code == 429 and "bloqueado" in answer.content.decode()
    # A header that anybody can write does not make it another computer; nor does another way of writing the address.
    for spoofed in ({"HTTP_X_FORWARDED_FOR": "203.0.113.9"}, {}):
        assert sign_in(client, people.ana.email.upper(), PASSWORD, **spoofed).status_code == 429
    assert sign_in(Client(), people.beto.email).status_code == 302


def test_signing_out_is_a_post_and_is_kept(people: Cast) -> None:
    client = Client()
    sign_in(client, people.ana.email)
    assert client.get("/cuenta/salir/").status_code == 200
    assert client.get("/mi-cuenta/").status_code == 200
    client.post("/cuenta/salir/")
    assert client.get("/mi-cuenta/").status_code == 302
    assert len(events(people, "user.signed_out")) == 1


def test_closing_all_sessions_ends_the_other_browser_at_once(people: Cast) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        sign_in(client, people.ana.email)
        assert client.get("/mi-cuenta/").status_code == 200
    here.post("/mi-cuenta/sesiones/cerrar/")
    assert there.get("/mi-cuenta/").status_code == 302
    assert here.get("/mi-cuenta/").status_code == 302
    assert len(events(people, "user.sessions_closed")) == 1


def test_a_new_password_ends_the_other_browser_and_keeps_this_one(people: Cast) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        sign_in(client, people.ana.email)
    new = "otra-frase-larga-22"
    given = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert here.post("/cuenta/clave/cambiar/", given).status_code == 302
    assert here.get("/mi-cuenta/").status_code == 200
    assert there.get("/mi-cuenta/").status_code == 302
    assert sign_in(Client(), people.ana.email).status_code == 200
    assert sign_in(Client(), people.ana.email, new).status_code == 302


def test_a_deactivated_person_is_out_at_the_next_click_and_cannot_return(people: Cast) -> None:
    client = Client()
    sign_in(client, people.ana.email)
    with tenancy.acting(people.tenant.id):
        services.deactivate_user(people.ana, by=people.ignacio, at=timezone.now())
    assert client.get("/mi-cuenta/").status_code == 302
    again = Client()
    sign_in(again, people.ana.email)
    assert again.get("/mi-cuenta/").status_code == 302


def test_a_session_left_alone_ends(people: Cast, settings: Any) -> None:
    client = Client()
    sign_in(client, people.ana.email)
    client.get("/mi-cuenta/")
    session = client.session
    session["seen_at"] -= settings.SESSION_IDLE_SECONDS + 61
    session.save()
    assert client.get("/mi-cuenta/").status_code == 302
    assert client.get("/mi-cuenta/").status_code == 302


def test_a_password_reset_link_works_once_and_points_home_whatever_the_host(people: Cast, settings: Any) -> None:
    settings.PUBLIC_URL = "https://cobranza.example"
    client = Client(HTTP_HOST="localhost")
    assert client.post("/cuenta/clave/recuperar/", {"email": people.ana.email}).status_code == 302
    body = mail.outbox[0].body
    link = re.search(r"https://cobranza\.example(/cuenta/clave/recuperar/\S+)", body)
    assert link, body
    assert "Cambie su contraseña" in mail.outbox[0].subject
    page = client.get(link[1], follow=True)
    assert "Elija una contraseña nueva" in page.content.decode()
    new = "frase-nueva-muy-larga-9"
    done = client.post(page.request["PATH_INFO"], {"password1": new, "password2": new}, follow=True)
    assert "Contraseña guardada" in done.content.decode()
    assert "ya no sirve" in Client().get(link[1], follow=True).content.decode()
    assert sign_in(Client(), people.ana.email, new).status_code == 302


def test_asking_for_a_reset_does_not_say_whether_the_address_exists(people: Cast) -> None:
    known = Client().post("/cuenta/clave/recuperar/", {"email": people.ana.email})
    unknown = Client().post("/cuenta/clave/recuperar/", {"email": "nadie@valle.example"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert [message.to for message in mail.outbox] == [[people.ana.email]]


def confirm(client: Client) -> None:
    answer = client.post("/cuenta/confirmar/", {"password": PASSWORD, "next": "/cuenta/2fa/totp/activate/"})
    assert answer.status_code in {200, 302}


def totp_now(secret: str) -> str:
    import time

    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def test_the_second_step_guards_the_account_and_its_seed_is_not_readable_in_the_database(people: Cast) -> None:
    from allauth.mfa.models import Authenticator

    client = Client()
    sign_in(client, people.ana.email)
    assert "/cuenta/confirmar/" in client.get("/cuenta/2fa/totp/activate/")["Location"], "a session left open is enough"
    confirm(client)
    page = client.get("/cuenta/2fa/totp/activate/")
    assert "data:image/svg+xml" in page.content.decode()
    secret = page.context["form"].secret
    assert client.post("/cuenta/2fa/totp/activate/", {"code": totp_now(secret)}).status_code == 302
    kept = Authenticator.objects.get(user_id=people.ana.id, type="totp")
    assert secret not in str(kept.data)
    cache.clear()  # the code just used may not be used again within its half minute; another browser, another code
    other = Client()
    answer = sign_in(other, people.ana.email)
    assert "/cuenta/2fa/authenticate/" in answer["Location"]
    assert other.get("/mi-cuenta/").status_code == 302, "a password alone opened the account"
    assert other.post("/cuenta/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert other.post("/cuenta/2fa/authenticate/", {"code": totp_now(secret)}).status_code == 302
    assert other.get("/mi-cuenta/").status_code == 200


def test_a_recovery_code_works_once(people: Cast) -> None:
    from allauth.mfa.models import Authenticator

    client = Client()
    sign_in(client, people.ana.email)
    confirm(client)
    secret = client.get("/cuenta/2fa/totp/activate/").context["form"].secret
    client.post("/cuenta/2fa/totp/activate/", {"code": totp_now(secret)})
    code = Authenticator.objects.get(user_id=people.ana.id, type="recovery_codes").wrap().get_unused_codes()[0]
    cache.clear()
    first, second = Client(), Client()
    sign_in(first, people.ana.email)
    assert first.post("/cuenta/2fa/authenticate/", {"code": code}).status_code == 302
    sign_in(second, people.ana.email)
    assert second.post("/cuenta/2fa/authenticate/", {"code": code}).status_code == 200
    assert second.get("/mi-cuenta/").status_code == 302


def test_nobody_signs_up_or_changes_the_address_by_themselves(people: Cast) -> None:
    assert "invitación" in Client().get("/cuenta/por-invitacion/").content.decode()
    taken = Client().post("/cuenta/por-invitacion/", {"email": "nueva@valle.example", "password1": "clave-larga-larga-1"})
    assert taken.status_code == 200
    with tenancy.identifying():
        assert not User.objects.filter(email="nueva@valle.example").exists()
    client = Client()
    sign_in(client, people.ana.email)
    for path in ("/cuenta/email/", "/cuenta/correo/", "/cuenta/signup/"):
        assert client.get(path).status_code == 404


def test_a_session_ends_after_twelve_hours_however_busy(people: Cast) -> None:
    client = Client()
    sign_in(client, people.ana.email)
    client.get("/mi-cuenta/")
    session = client.session
    session["begun_at"] -= 12 * 3600 + 1
    session.save()
    assert client.get("/mi-cuenta/").status_code == 302
    assert client.get("/mi-cuenta/").status_code == 302
