"""The table editor in a real browser: Spanish throughout, nothing against the policy, and what is typed is checked and kept."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Site
from tests.browser.pages import DESKTOP, serious, settled, sign_in, watched

pytestmark = pytest.mark.browser
READY = "html[data-editor=ready]"


def open_editor(page: Any, site: Site, table: str) -> None:
    page.goto(f"{site.url}/estrategia/")
    page.click("tbody tr >> nth=0 >> a.strong")
    page.wait_for_load_state()
    page.goto(f"{page.url}editor/?tabla={table}")
    page.wait_for_selector(READY)


def draft_of(page: Any, site: Site, note: str) -> None:
    page.goto(f"{site.url}/estrategia/")
    page.click("tbody tr >> nth=0 >> a.strong")
    settled(page)
    page.click("button[data-dialog=draft]")
    page.fill("dialog[open] textarea", note)
    page.click("dialog[open] button.btn-primary")
    page.wait_for_selector("text=Borrador creado")


def cell(page: Any, key: str) -> Any:
    return page.locator(f'#tables [data-element-id="{key}"]')


def write(page: Any, key: str, text: str) -> None:
    cell(page, key).click()
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    cell(page, "channel_r5_i1").click()


def test_a_cell_is_chosen_checked_mended_and_kept(site: Site, chromium: Any) -> None:
    with watched(chromium, viewport=DESKTOP) as seen:
        page = seen.page
        sign_in(page, site.url, "estrategia@demo.example")
        draft_of(page, site, "Por el editor")
        open_editor(page, site, "channel")
        assert page.locator(".bjs-powered-by").is_visible(), "the watermark of bpmn.io stays"
        # Chosen from the dictionary, added to what is there.
        cell(page, "channel_r2_i1").click()
        page.wait_for_selector("#cell-options:not([hidden])")
        page.click("#cell-options .cell-option:has-text('Llamada de ejecutivo')")
        assert cell(page, "channel_r2_i1").inner_text().replace("\n", " ") == '"REMIND_SMS", "CALL_AGENT"'
        # Typed as people type it.
        write(page, "channel_r3_o1", "Correo")
        page.wait_for_function("() => document.querySelector('#tables [data-element-id=channel_r3_o1]').innerText.includes('\"email\"')")
        # Wrong: said beside the table and on the cell.
        write(page, "channel_r4_o1", "Paloma")
        page.wait_for_selector("#editor-findings >> text=Paloma")
        assert "is-wrong" in (cell(page, "channel_r4_o1").get_attribute("class") or "")
        page.click("#editor-save")
        page.wait_for_selector("#editor-said:has-text('No se guardó')")
        write(page, "channel_r4_o1", "Correo")
        page.wait_for_selector("#editor-count:has-text('Todo se entiende')")
        page.click("#editor-save")
        page.wait_for_selector("#editor-said:has-text('Guardado')")
        page.reload()
        page.wait_for_selector(READY)
        assert cell(page, "channel_r3_o1").inner_text().strip() == '"email"'
        assert page.evaluate("[...window.recaudoEditor.untranslated]") == []
        assert not seen.violations() and [one for one in seen.errors if "409" not in one and "422" not in one] == []


def test_every_part_that_opens_is_in_spanish_and_within_the_policy(site: Site, chromium: Any) -> None:
    with watched(chromium, viewport=DESKTOP) as seen:
        page = seen.page
        sign_in(page, site.url, "estrategia@demo.example")
        draft_of(page, site, "Partes del editor")
        open_editor(page, site, "risk")
        for table in ("risk", "segment", "treatment", "priority"):
            page.click(f"[data-open-table={table}]")
            page.wait_for_selector(f"[data-open-table={table}][aria-current=true]")
            for target in ("#tables th.input-cell >> nth=0", "#tables th.output-cell >> nth=0"):
                page.locator(target).dblclick()
                page.keyboard.press("Escape")
            page.locator("#tables td.rule-index >> nth=1").click(button="right")
            page.wait_for_selector(".context-menu, .dmn-context-menu, .dms-context-menu")
            page.keyboard.press("Escape")
            page.mouse.click(3, 3)
        assert page.evaluate("[...window.recaudoEditor.untranslated]") == []
        assert not seen.violations() and not seen.errors


def test_who_only_reads_sees_the_tables_and_cannot_change_them(site: Site, chromium: Any) -> None:
    with watched(chromium, viewport=DESKTOP) as seen:
        page = seen.page
        sign_in(page, site.url, "supervisor@demo.example")
        open_editor(page, site, "channel")
        assert not page.locator("#editor-save").count()
        for table in ("channel", "risk", "channel"):
            page.click(f"[data-open-table={table}]")
            page.wait_for_selector(f"[data-open-table={table}][aria-current=true]")
            types = set(page.locator("#tables .input-variable, #tables .output-variable").all_inner_texts())
            assert page.locator("#tables .decision-table-name").inner_text() == page.locator(f"[data-open-table={table}]").inner_text()
            assert types and not types & {"string", "number", "boolean", "date"}, types
        cell(page, "channel_r2_o1").click()
        page.keyboard.type("x")
        assert cell(page, "channel_r2_o1").inner_text().strip() in ('"sms"', '"email"')
        assert not page.locator("#tables [contenteditable=true]").count()
        assert not seen.violations() and not seen.errors
        assert not [one for one in serious(page) if "#tables" not in one and "dmn" not in one and "tjs" not in one]
