"""Every page that a role reaches from its menu: answers, keeps the policy, fits a phone, speaks Spanish, can be read by everybody."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from tests.browser.conftest import Site
from tests.browser.pages import PHONE, WIDER, serious, settled, sign_in, watched

pytestmark = pytest.mark.browser

# role -> how many pages to look at; what the roles share is looked at by the first.
ROLES = {
    "supervisor": 18, "agente": 6, "gerente": 10, "estrategia": 10, "cumplimiento": 8, "backoffice": 10, "despacho2": 6, "admin": 10,
}  # fmt: skip
ENGLISH = re.compile(r"\b(the|sign|page|account|not found|error)\b", re.IGNORECASE)
LEFT_OUT = ("/cuenta/salir/", "/static/", "/api/", "mailto:", "tel:")
# One of a kind is enough: ids, and the page of a list.
KIND = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|/\d+/")


def kind(path: str) -> str:
    return KIND.sub("*", path)


def links(page: Any, url: str) -> list[str]:
    found = page.eval_on_selector_all("a[href]:not([download])", "all => all.map(a => a.getAttribute('href'))")
    inside = []
    for href in found:
        parts = urlsplit(urljoin(page.url, href))
        if f"{parts.scheme}://{parts.netloc}" == url and not any(word in href for word in LEFT_OUT) and "export" not in parts.path:
            inside.append(parts.path)
    return list(dict.fromkeys(inside))


# What other roles were shown; a role looks at what is new first.
SEEN: set[str] = set()


@pytest.mark.parametrize("role", ROLES)
def test_every_page_that_a_role_reaches_is_sound(role: str, site: Site, chromium: Any) -> None:
    wrong: list[str] = []
    looked = 0
    with watched(chromium, viewport=PHONE) as seen:
        page = seen.page
        sign_in(page, site.url, f"{role}@demo.example")
        assert "/cuenta/entrar" not in page.url, "could not sign in"
        waiting = links(page, site.url)
        asked: set[str] = set()
        while waiting and looked < ROLES[role]:
            path = waiting.pop(next((n for n, one in enumerate(waiting) if kind(one) not in SEEN | asked), 0))
            if kind(path) in asked:
                continue
            asked.add(kind(path))
            wrong += look(seen, f"{site.url}{path}", path)
            waiting += links(page, site.url)
            looked += 1
        SEEN.update(asked)
    assert looked >= 4, "the menu leads nowhere"
    assert not wrong, "\n".join(wrong)


def look(seen: Any, address: str, path: str) -> list[str]:
    page, wrong = seen.page, []
    seen.errors.clear()
    answer = page.goto(address)
    settled(page)
    if answer is None or answer.status != 200:
        return [f"{path}: status {answer and answer.status}"]
    wrong += [f"{path}: console {error[:300]}" for error in seen.errors]
    wrong += [f"{path}: policy {violation}" for violation in seen.violations()]
    if (wider := page.evaluate(WIDER)) > 0:
        wrong.append(f"{path}: {wider} px wider than a phone")
    title = page.title()
    if len(title) < 5 or ENGLISH.search(title) or page.get_attribute("html", "lang") != "es":
        wrong.append(f"{path}: title {title!r}")
    return wrong


MAIN = {
    "supervisor": ["/", "/cuentas/", "account", "/turno/", "/jornadas/"],
    "agente": ["/cola/", "/agenda/", "/mi-cuenta/", "/ayuda/"],
    "backoffice": ["/cargas/", "/cargas/nueva/", "/pagos/", "/carteras/"],
    "gerente": ["/envios/", "/buzon/", "/plantillas/", "/indicadores/", "/bitacora/", "/duplicados/"],
    "admin": ["/usuarios/", "/ajustes/"],
    "estrategia": ["/estrategia/"],
    "cumplimiento": ["/normas/"],
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_main_pages_can_be_read_by_everybody(scheme: str, site: Site, chromium: Any) -> None:
    wrong, looked = [], 0
    for role, paths in MAIN.items():
        with watched(chromium, color_scheme=scheme) as seen:
            page = seen.page
            if role == "supervisor":
                page.goto(f"{site.url}/cuenta/entrar/")
                wrong += [f"/cuenta/entrar/ {scheme}: {one}" for one in serious(page)]
            sign_in(page, site.url, f"{role}@demo.example")
            for path in paths:
                if path == "account":
                    page.goto(f"{site.url}/cuentas/?dpd_min=30")
                    path = first_account(page)
                answer = page.goto(f"{site.url}{path}")
                settled(page)
                if answer.status != 200:
                    wrong.append(f"{path}: status {answer.status}")
                    continue
                looked += 1
                wrong += [f"{kind(path)} {scheme}: {one}" for one in serious(page)]
    assert looked > 15
    assert not wrong, "\n".join(wrong)


def first_account(page: Any) -> str:
    found = page.eval_on_selector_all("main a[href^='/cuentas/']", "all => all.map(a => a.getAttribute('href'))")
    return next(href for href in found if re.fullmatch(r"/cuentas/[0-9a-f-]{36}/", href))
