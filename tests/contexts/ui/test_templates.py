"""Rules that every page keeps: nothing inline (the content policy would block it), a title, a token in every form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template import engines

SOURCE = Path(__file__).resolve().parents[3] / "src" / "recaudo"
PAGES = sorted(path for path in SOURCE.glob("*/templates/**/*.html"))
INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:", re.IGNORECASE)


def ids(path: Path) -> str:
    return str(path.relative_to(SOURCE))


@pytest.mark.parametrize("path", PAGES, ids=ids)
def test_a_page_compiles_and_holds_nothing_inline(path: Path) -> None:
    text = path.read_text()
    assert not INLINE.search(text), INLINE.search(text)
    engines["django"].from_string(text)


@pytest.mark.parametrize("path", PAGES, ids=ids)
def test_a_form_that_posts_has_its_token(path: Path) -> None:
    for form in re.findall(r"<form\b[^>]*method=[\"']?post.*?</form>", path.read_text(), re.IGNORECASE | re.DOTALL):
        assert "{% csrf_token %}" in form or "hx-post" in form, form[:160]


def test_the_search_for_inline_code_finds_it() -> None:
    for planted in ("<script>x()</script>", '<p style="color:red">', '<a onclick="x()">', '<a href="javascript:x()">'):
        assert INLINE.search(planted)
    assert not INLINE.search('<script type="module" src="/static/vendor/app.js"></script>')


def test_every_icon_a_page_asks_for_is_in_the_sprite() -> None:
    listed = {line.strip() for line in (SOURCE / "ui/assets/icons.txt").read_text().splitlines()}
    wanted = {name: ids(path) for path in PAGES for name in re.findall(r'{% icon "([a-z0-9-]+)"', path.read_text())}
    assert not {name: page for name, page in wanted.items() if name not in listed}
