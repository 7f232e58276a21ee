"""The frame around every page, as Sofía, Ana and Carmen see it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.cast import Cast

from recaudo.kernel.permissions import PERMISSIONS
from recaudo.ui.context import SHORTCUTS
from recaudo.ui.help import SECTIONS
from recaudo.ui.navigation import MENU
from recaudo.workforce.models import User


def as_user(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="recaudo.workforce.backends.StaffBackend")
    return client


def menu_of(cast: Cast, name: str) -> set[str]:
    groups = as_user(getattr(cast, name)).get("/mi-cuenta/").context["menu"]
    return {item["entry"].label for _, items in groups for item in items}


def test_the_menu_holds_what_the_role_opens(cast: Cast) -> None:
    assert {"Bitácora", "Usuarios y roles"} <= menu_of(cast, "carmen")
    assert not {"Bitácora", "Usuarios y roles", "Ajustes"} & menu_of(cast, "ana")
    assert "Ajustes" in menu_of(cast, "ignacio") and "Ajustes" not in menu_of(cast, "sofia")


def test_every_line_of_the_menu_leads_to_a_page_its_permission_opens(cast: Cast) -> None:
    from django.urls import resolve

    for entry in MENU:
        view = resolve(reverse(entry.name)).func
        assert set(entry.permission.split("|")) <= set(view.permission.split("|")), entry


def test_the_current_page_is_marked_once(cast: Cast) -> None:
    page = as_user(cast.carmen).get("/usuarios/roles/").content.decode()
    nav = page.split('aria-label="Menú principal"')[1].split("</nav>")[0]
    assert nav.count('aria-current="page"') == 1


@pytest.mark.parametrize(("theme", "shown"), [("dark", "dark"), ("light", "light"), ("auto", "light")])
def test_the_theme_is_kept_with_the_person(theme: str, shown: str, cast: Cast) -> None:
    client = as_user(cast.ana)
    back = client.post("/mi-cuenta/apariencia/", {"theme": theme, "next": "/mi-cuenta/?x=1"})
    assert back["Location"] == "/mi-cuenta/?x=1"
    page = as_user(cast.ana).get("/mi-cuenta/").content.decode()
    assert f'data-bs-theme="{shown}" data-theme-choice="{theme}"' in page
    assert User.objects.get(pk=cast.ana.pk).theme == theme


def test_an_unknown_theme_is_refused_with_a_page(cast: Cast) -> None:
    answer = as_user(cast.ana).post("/mi-cuenta/apariencia/", {"theme": "<b>rosa</b>"})
    assert answer.status_code == 422 and "Esa apariencia no existe" in answer.content.decode()


def test_shortcuts_are_in_the_help_and_on_the_links_and_never_twice(cast: Cast) -> None:
    page = as_user(cast.carmen).get("/mi-cuenta/").content.decode()
    assert 'data-key="g b"' in page and 'id="shortcuts"' in page and 'data-key="?"' in page
    assert len(set(SHORTCUTS.values())) == len(SHORTCUTS)
    assert SHORTCUTS.keys() <= {entry.name for entry in MENU}


def test_a_page_can_be_used_without_seeing_it(cast: Cast) -> None:
    page = as_user(cast.carmen).get("/usuarios/").content.decode()
    assert 'class="skip-link" href="#main"' in page and 'id="main"' in page and '<html lang="es"' in page
    assert page.count("<h1") == 1


def test_somebody_elsewhere_gets_plain_answers(cast: Cast) -> None:
    client = as_user(cast.ana)
    missing = client.get("/no-existe/")
    assert missing.status_code == 404 and "No existe o no está a su alcance" in missing.content.decode()
    refused = client.get("/ajustes/")
    assert refused.status_code == 403 and "Su rol no permite" in refused.content.decode()
    fragment = client.get("/ajustes/", HTTP_HX_REQUEST="true").content.decode()
    assert "<html" not in fragment and "Su rol no permite" in fragment
    assert Client().get("/no-existe/").status_code == 404


def test_a_page_that_expired_says_so_in_spanish(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.ana, backend="recaudo.workforce.backends.StaffBackend")
    answer = client.post("/mi-cuenta/apariencia/", {"theme": "dark"})
    assert answer.status_code == 403 and "La página venció" in answer.content.decode()


def test_help_tells_each_role_what_it_may_do(cast: Cast) -> None:
    ana = as_user(cast.ana).get("/ayuda/").content.decode()
    carmen = as_user(cast.carmen).get("/ayuda/").content.decode()
    assert "¿Quién hizo qué?" in carmen and "¿Quién hizo qué?" not in ana
    for topic in (topic for section in SECTIONS for topic in section.topics):
        assert not topic.permission or set(topic.permission.split("|")) <= PERMISSIONS.keys()


def test_the_root_leads_to_where_the_role_starts(cast: Cast) -> None:
    answer = as_user(cast.carmen).get("/")
    assert answer.status_code in {200, 302}
    assert Client().get("/")["Location"].startswith("/cuenta/entrar/")


def test_the_clock_of_a_page_is_the_organisations(cast: Cast) -> None:
    page = as_user(cast.carmen).get(f"/usuarios/{cast.ana.id}/").content.decode()
    assert "24 nov 2026 11:00" in page, "17:00 UTC is 11:00 in Mexico City"


def test_a_browser_finds_the_picture_of_the_house_signed_in_or_not(cast: Cast) -> None:
    for client in (Client(), as_user(cast.ana)):
        answer = client.get("/favicon.ico")
        assert answer.status_code == 302
        picture = client.get(answer["Location"])
        assert picture.status_code == 200 and picture["Content-Type"] == "image/svg+xml"
        assert picture.getvalue().startswith(b"<svg")
