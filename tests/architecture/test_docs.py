"""The generated reference is in step with the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from recaudo.project import reference

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", list(reference.pages()))
def test_the_reference_is_not_stale(name):
    assert (FOLDER / name).read_text(encoding="utf-8") == reference.pages()[name], "run `make docs`"
