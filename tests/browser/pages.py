"""Opening pages and watching what a person would not see: console errors, policy violations, sideways scroll."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PASSWORD = "demostracion-2026"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
# Set before any script of the page runs; the policy forbids inline scripts, not the driver's.
WATCH = """
window.__violations = [];
document.addEventListener('securitypolicyviolation', e => window.__violations.push(e.violatedDirective + ' ' + e.blockedURI));
"""
WIDER = "() => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
SPANISH = re.compile(r"[a-záéíóúñ]", re.IGNORECASE)


@dataclass
class Watched:
    """A page of a signed-in person, and what went wrong on it."""

    page: Any
    errors: list[str] = field(default_factory=list)

    def violations(self) -> list[str]:
        found: list[str] = self.page.evaluate("window.__violations || []")
        return found


@contextmanager
def watched(browser: Any, *, viewport: dict[str, int] = DESKTOP, **options: Any) -> Iterator[Watched]:
    context = browser.new_context(viewport=viewport, locale="es-MX", timezone_id="America/Mexico_City", **options)
    context.set_default_timeout(15_000)
    context.add_init_script(WATCH)
    page = context.new_page()
    seen = Watched(page)
    page.on("console", lambda message: seen.errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    try:
        yield seen
    finally:
        context.close()


def sign_in(page: Any, url: str, mail: str) -> None:
    page.goto(f"{url}/cuenta/entrar/")
    page.fill("[name=login]", mail)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit], form button[type=submit]")
    page.wait_for_load_state()


def serious(page: Any) -> list[str]:
    """What axe finds of WCAG A and AA that is serious or critical: rule, and the first element."""
    # By the driver, past the policy of the page.
    page.evaluate(AXE.read_text(encoding="utf-8") + "; true")
    found = page.evaluate(
        "() => axe.run(document, {runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}})"
    )
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:160]} ({len(one['nodes'])})"
        for one in found["violations"] if one["impact"] in {"serious", "critical"}
    ]  # fmt: skip


def settled(page: Any) -> None:
    """Wait for what the page asks for by itself when it opens."""
    page.wait_for_load_state("load")
    page.wait_for_function("() => !document.querySelector('.htmx-request') && document.fonts.status === 'loaded'")
