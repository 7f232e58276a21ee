"""Without a mouse: from signing in to an outcome that is kept."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Site
from tests.browser.pages import PASSWORD, settled, watched

pytestmark = pytest.mark.browser
STEPS = 120


def tab_to(page: Any, selector: str) -> None:
    """Press Tab until the focus is there."""
    for _ in range(STEPS):
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached with Tab on {page.url}")


def test_an_outcome_is_recorded_without_a_mouse(site: Site, chromium: Any) -> None:
    with watched(chromium) as seen:
        page = seen.page
        page.goto(f"{site.url}/cuenta/entrar/")
        tab_to(page, "[name=login]")
        page.keyboard.type("agente2@demo.example")
        tab_to(page, "[name=password]")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/cola/")
        settled(page)
        page.keyboard.press("n")
        page.wait_for_url("**/cuentas/**")
        settled(page)
        if not page.locator("#outcome").count():
            tab_to(page, "#gestion form button")
            page.keyboard.press("Enter")
            page.wait_for_selector("#outcome")
        settled(page)
        tab_to(page, "#outcome [name=disposition]")
        with page.expect_response(lambda answer: "disposition=NC01" in answer.url):
            page.keyboard.type("NC01")
            page.wait_for_function("() => document.querySelector('#outcome [name=disposition]').value === 'NC01'")
            page.keyboard.press("Tab")
        page.wait_for_function("() => !document.querySelector('.htmx-request')")
        settled(page)
        tab_to(page, "#outcome [name=note]")
        page.keyboard.type("Sin respuesta, por teclado.")
        tab_to(page, "#outcome button:not([name])")
        page.keyboard.press("Enter")
        page.wait_for_load_state()
        page.wait_for_selector("text=Sin respuesta, por teclado.")
        assert not page.locator("#outcome").count()
        assert not seen.errors and not seen.violations()
