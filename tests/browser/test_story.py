"""The day of three people, in a browser: the supervisor understands, the agent works, the back office loads a file."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.browser.clock import NOW
from tests.browser.conftest import Site
from tests.browser.pages import settled, sign_in, watched
from tests.browser.test_crawl import first_account

pytestmark = pytest.mark.browser


def test_the_supervisor_sees_the_day_and_why_an_account_is_treated_so(site: Site, chromium: Any) -> None:
    with watched(chromium) as seen:
        page = seen.page
        sign_in(page, site.url, "supervisor@demo.example")
        page.goto(f"{site.url}/")
        settled(page)
        day = page.inner_text("main")
        assert "400" in day or re.search(r"\b3\d\d\b", day), "how many accounts the day decided"
        page.goto(f"{site.url}/cuentas/?dpd_min=30")
        page.click(f"main a[href='{first_account(page)}']")
        page.wait_for_selector("text=Ver la explicación completa")
        page.click("text=Ver la explicación completa")
        settled(page)
        why = page.inner_text("main")
        assert re.search(r"fila \d+ de \d+", why), "the row of the table that fired"
        assert "la fila pide" in why or "Esta fila vale para todas" in why, "what the row asked for"
        assert "da lo mismo que se guardó" in why, "the decision is made again from the facts that were kept"
        assert not seen.errors and not seen.violations()


def take(page: Any) -> None:
    """«Siguiente», and begin the call that the law allows now."""
    if page.locator("#outcome").count() == 0:
        if "/cola/" in page.url:
            page.click("button:has-text('Siguiente')")
        settled(page)
    if page.locator("#outcome").count() == 0:
        page.locator("#gestion button:has-text('Llamar')").first.click()
    page.wait_for_selector("#outcome")


def identify(page: Any) -> None:
    """Before a word about the debt: what the person confirmed."""
    assert "Le llamo en nombre de" not in page.inner_text("#gestion")
    for data in ("name", "id_end"):
        page.check(f"#identity [value={data}]")
    page.click("#identity button")
    settled(page)
    assert "Le llamo en nombre de" in page.inner_text("#gestion")


def choose(page: Any, code: str) -> None:
    with page.expect_response(lambda answer: "/resultado/" in answer.url):
        page.select_option("#outcome [name=disposition]", code)
    page.wait_for_function("() => !document.querySelector('.htmx-request')")
    settled(page)


def save(page: Any) -> None:
    page.click("#outcome button:text-is('Guardar')")
    page.wait_for_load_state()
    settled(page)
    assert page.locator("#outcome").count() == 0, page.inner_text("#outcome")


def test_the_agent_works_three_accounts(site: Site, chromium: Any) -> None:
    with watched(chromium) as seen:
        page = seen.page
        sign_in(page, site.url, "agente@demo.example")
        worked = []
        for code in ("NC01", "PP01", "TC06"):
            page.goto(f"{site.url}/cola/")
            take(page)
            worked.append(page.url)
            if code == "PP01":
                identify(page)
            choose(page, code)
            if code == "PP01":
                page.fill("[name=amount]", suggestion(page, "amount"))
                page.fill("[name=due_on]", (NOW + timedelta(days=3)).date().isoformat())
            if page.locator("[name=callback_at]").count():
                page.fill("[name=callback_at]", f"{(NOW + timedelta(days=1)).date().isoformat()}T12:00")
            page.fill("[name=note]", f"Gestión de prueba {code}.")
            save(page)
            assert f"Gestión de prueba {code}." in page.inner_text("main"), "what was written is in the history"
            if code == "PP01":
                assert "Promesa vigente" in page.inner_text("main")
                assert "27 nov 2026" in page.inner_text("[aria-label=Cuenta]").lower(), "three days from the day of the world"
            release(page)
        page.goto(f"{site.url}/cola/")
        assert re.search(r"Gestiones hechas\s+3", page.inner_text("[aria-label='Mi día']"), re.IGNORECASE)
        assert not seen.errors and not seen.violations()


def suggestion(page: Any, name: str) -> str:
    return page.locator(f"#suggest-{name} option").first.get_attribute("value")


def release(page: Any) -> None:
    if (button := page.locator("button:has-text('Liberar caso')")).count():
        button.first.click()
        page.wait_for_load_state()


def test_the_back_office_loads_a_file_with_ten_mistakes_and_takes_the_refusals(site: Site, chromium: Any) -> None:
    with watched(chromium) as seen:
        page = seen.page
        sign_in(page, site.url, "backoffice@demo.example")
        page.goto(f"{site.url}/cargas/nueva/")
        page.set_input_files("[name=file]", str(site.files / "ejemplo_con_errores.csv"))
        choice = page.locator("[name=layout] option", has_text=re.compile("tarjetas-mx")).first.get_attribute("value")
        page.select_option("[name=layout]", choice)
        page.click("button:has-text('Continuar')")
        page.click("button:has-text('revisar todo el archivo')")
        page.wait_for_selector("text=Rechazadas")
        found = page.inner_text("#state")
        assert re.search(r"Rechazadas\s+10", found, re.IGNORECASE) and re.search(r"Aceptadas\s+20", found, re.IGNORECASE), found
        with page.expect_download() as download:
            page.click("a[download]:has-text('CSV')")
        text = Path(download.value.path()).read_text(encoding="utf-8-sig")
        rows = list(csv.reader(io.StringIO(text), dialect=csv.Sniffer().sniff(text.splitlines()[0])))
        place = [name.casefold() for name in rows[0]].index("motivo")
        assert len(rows) == 11 and all(row[place].strip() for row in rows[1:]), "each refused row has its reason beside it"
        page.click("button:has-text('Aplicar 20 filas')")
        page.wait_for_selector("text=Se aplicaron 20 filas")
        assert not seen.errors and not seen.violations()
